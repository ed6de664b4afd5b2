"""`python -m wt lift`: a photo becomes a layered scene."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wt.cli.common import (
    Subparsers,
    Timer,
    add_command,
    add_lift_arguments,
    flat,
    log_steps,
    names,
    open_input,
    peak_rss_mb,
    write_png,
)

if TYPE_CHECKING:
    from wt.geometry.layers import LayeredPointmap


def register(subparsers: Subparsers) -> None:
    """Add the parser."""
    parser = add_command(subparsers, "lift", run, "Lift a photo, or one object in it, to a layered 3D scene.")
    add_lift_arguments(parser)
    parser.add_argument(
        "--model", default="wt-s-mini", help="wt-s-mini (whole photos), wt-o-mini (one object) or a file"
    )
    parser.add_argument(
        "--mask", type=Path, help="picture of the photo's size, white where selected: the object, or all but the sky"
    )


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Lift, write OUT/scene.wts, the exports and a picture of every layer's depth."""
    timer = Timer()
    opened = open_input(arguments.photo, arguments.mask)
    from wt.lift import load
    from wt.scene.export import export
    from wt.scene.scene import Scene

    lifter = load(arguments.model, device=arguments.device)
    timer.lap("load")
    layers = lifter.lift(
        opened.photo, opened.mask, steps=arguments.steps, seed=arguments.seed, on_step=log_steps("lift")
    )
    timer.lap("lift")
    scene = Scene.from_layers(layers)
    manifest = {
        "photo": {"name": opened.photo.name, "size": opened.size, "notes": list(opened.photo.notes)},
        "models": [{"name": lifter.name, "licence": lifter.licence}],
        "seeds": [arguments.seed],
        "steps": arguments.steps or lifter.default_steps,
    }
    written = export(scene, arguments.out, arguments.formats, manifest=manifest, before=opened.full.rgb)
    files = [scene.save(arguments.out / "scene.wts"), *flat(written), *depth_pictures(layers, arguments.out)]
    timer.lap("write")
    return {
        "model": lifter.name,
        "photo": opened.size,
        "grid": [layers.intrinsics.width, layers.intrinsics.height],
        "layers": len(layers.points),
        "points": int(scene.background.present.sum()),
        "units": layers.units,
        "intrinsics": asdict(layers.intrinsics),
        "seconds": timer.seconds,
        "peak_rss_mb": peak_rss_mb(),
        "licence": lifter.licence,
        "seed": arguments.seed,
        "notes": list(opened.photo.notes),
        "files": names(files),
    }


def depth_pictures(layers: "LayeredPointmap", out: Path) -> list[Path]:
    """OUT/depth_0.png and on: depth of every layer's real surfaces, near warm, far cold, all on one scale."""
    from wt.training.plots import depth_colours

    depth = np.where(layers.surfaces(), layers.depth, np.nan)
    low, high = (float(value) for value in np.nanpercentile(depth, (1, 99)))
    return [write_png(out / f"depth_{i}.png", depth_colours(layer, low, high)) for i, layer in enumerate(depth)]
