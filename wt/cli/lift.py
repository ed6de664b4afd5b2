"""`python -m wt lift`: a photo becomes a layered scene; several photos, or a folder of them, a folder of scenes."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from wt.cli.batch import run_batch
from wt.cli.batch_files import is_batch
from wt.cli.common import (
    Opened,
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
from wt.depth import KINDS, DepthMap, camera_of, depth_map, open_depth
from wt.errors import WtError
from wt.flow import SAMPLERS
from wt.geometry.camera import Intrinsics
from wt.geometry.edge_flyers import without_edge_flyers
from wt.images import Photo

if TYPE_CHECKING:
    from wt.geometry.layers import LayeredPointmap
    from wt.lift import Lifter


def register(subparsers: Subparsers) -> None:
    """Add the parser."""
    told = (
        "Lift a photo, or one object in it, to a layered 3D scene. Of a folder or several photos each gets a folder of "
        "its own; a run that was stopped goes on where it was."
    )
    parser = add_command(subparsers, "lift", run, told)
    add_lift_arguments(parser, many=True)
    parser.add_argument(
        "--recursive", action="store_true", help="look through the folders below a folder too; OUT mirrors them"
    )
    parser.add_argument(
        "--model", default="wt-s-mini", help="wt-s-mini (whole photos), wt-o-mini (one object) or a file"
    )
    parser.add_argument(
        "--mask", type=Path, help="picture of the photo's size, white where selected: the object, or all but the sky"
    )
    parser.add_argument(
        "--seeds", type=int, default=1, help="lift with so many seeds from --seed on, each into OUT/seed_N (1)"
    )
    parser.add_argument(
        "--sampler", choices=SAMPLERS, default="euler", help="how the flow is followed (euler, as published)"
    )
    parser.add_argument(
        "--windows", type=int, help="the mean over so many windows of the photo: better and slower (the model's own)"
    )
    parser.add_argument(
        "--clean", action="store_true", help="take out points that hang between near and far surfaces (edge flyers)"
    )
    add_depth_arguments(parser)


def add_depth_arguments(parser: argparse.ArgumentParser) -> None:
    """Known depth of the visible surface, from a file or from an estimator, and the camera."""
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--depth",
        type=Path,
        help="known depth of the visible surface: 16-bit PNG in millimetres, EXR, TIFF, .npy or .npz in metres",
    )
    source.add_argument(
        "--depth-model", help="estimate the depth first: depth-anything, moge, or a folder or hub name of a depth model"
    )
    parser.add_argument(
        "--allow-download", action="store_true", help="let --depth-model fetch its weights if they are not here"
    )
    parser.add_argument(
        "--depth-kind",
        choices=KINDS,
        help="metric: metres; relative: depth up to scale and shift; disparity: 1 / depth up to scale and shift "
        "(disparity for 8-bit pictures, otherwise metric; a --depth-model says itself)",
    )
    parser.add_argument("--depth-scale", type=float, help="metres per stored unit of --depth (0.001 for integer files)")
    parser.add_argument(
        "--focal",
        type=float,
        help="the camera's focal length in pixels of the photo file (fitted to the result; with a depth "
        "map first what the estimator or the photo's EXIF says)",
    )


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Lift one photo, or every photo of a batch."""
    if arguments.seeds < 1:
        raise WtError(f"--seeds must be at least 1; got {arguments.seeds}.")
    if is_batch(arguments.photo):
        return run_batch(arguments, lambda lifter, path, out: lift(arguments, open_input(path), lifter, out, Timer()))
    timer = Timer()
    opened = open_input(arguments.photo[0], arguments.mask)
    from wt.lift import load

    lifter = load(arguments.model, device=arguments.device)
    timer.lap("load")
    return lift(arguments, opened, lifter, arguments.out, timer)


def lift(arguments: argparse.Namespace, opened: Opened, lifter: "Lifter", out: Path, timer: Timer) -> dict[str, Any]:
    """Write OUT/scene.wts, the exports and a picture of every layer's depth; of several seeds OUT/seed_N each."""
    depth, camera = known_depth(arguments, opened.photo)
    if depth is not None:
        timer.lap("depth")
    if arguments.focal is not None:
        camera = centred(arguments.focal, opened)
    elif depth is not None and camera is None:
        camera = camera_of(opened.photo)
    sweep = range(arguments.seed, arguments.seed + arguments.seeds)
    results = []
    for seed in sweep:
        layers = lifter.lift(
            opened.photo,
            opened.mask,
            steps=arguments.steps,
            seed=seed,
            sampler=arguments.sampler,
            windows=arguments.windows,
            depth=depth,
            intrinsics=camera,
            on_step=log_steps("lift"),
        )
        if arguments.clean:
            layers = without_edge_flyers(layers)
        timer.lap("lift")
        folder = out / f"seed_{seed}" if len(sweep) > 1 else out
        results.append(write(layers, folder, arguments, opened, lifter, depth))
        timer.lap("write")
    return {
        "model": lifter.name,
        "photo": opened.size,
        "grid": [layers.intrinsics.width, layers.intrinsics.height],
        "layers": len(layers.points),
        "units": layers.units,
        **results[0],
        "seeds": results,
        "seconds": timer.seconds,
        "peak_rss_mb": peak_rss_mb(),
        "licence": lifter.licence,
        "depth": None if depth is None else {"name": depth.name, "kind": depth.kind},
        "notes": notes_of(opened, depth),
        "files": [name for result in results for name in result["files"]],
    }


def write(
    layers: "LayeredPointmap",
    out: Path,
    arguments: argparse.Namespace,
    opened: Opened,
    lifter: "Lifter",
    depth: DepthMap | None,
) -> dict[str, Any]:
    """One lift's files, and what is said of it."""
    from wt.exports.export import export
    from wt.scene.scene import Scene

    scene = Scene.from_layers(layers)
    manifest = {
        "photo": {"name": opened.photo.name, "size": opened.size, "notes": notes_of(opened, depth)},
        "models": [{"name": lifter.name, "licence": lifter.licence}],
        "seeds": [layers.seed],
        "steps": arguments.steps or lifter.default_steps,
        "windows": 1 if depth is not None else arguments.windows or lifter.default_windows,
        "sampler": arguments.sampler,
        "clean": arguments.clean,
        **({} if depth is None else {"depth": {"name": depth.name, "kind": depth.kind}}),
    }
    written = export(scene, out, arguments.formats, manifest=manifest, before=opened.full.rgb)
    files = [scene.save(out / "scene.wts"), *flat(written), *depth_pictures(layers, out)]
    return {
        "seed": layers.seed,
        "points": int(scene.background.present.sum()),
        "intrinsics": asdict(layers.intrinsics),
        "files": names(files),
    }


def notes_of(opened: Opened, depth: DepthMap | None) -> list[str]:
    """What was noticed while the files were read."""
    return [*opened.photo.notes, *(() if depth is None else depth.notes)]


def known_depth(arguments: argparse.Namespace, photo: Photo) -> tuple[DepthMap | None, Intrinsics | None]:
    """The depth map that was asked for on the photo's pixels, and the camera where an estimator gives one.

    Raises:
        WtError: options without what they belong to, or a map that cannot be used.
    """
    if arguments.depth is not None:
        size = (photo.width, photo.height)
        return open_depth(arguments.depth, size, kind=arguments.depth_kind, scale=arguments.depth_scale), None
    if arguments.depth_scale is not None or (arguments.depth_model is None and arguments.depth_kind is not None):
        raise WtError("--depth-scale and --depth-kind say how to read a depth map. Give one with --depth FILE.")
    if arguments.depth_model is None:
        return None, None
    from wt.depth_models import estimate_depth

    found, camera = estimate_depth(
        arguments.depth_model, photo.rgb, allow_download=arguments.allow_download, device=arguments.device
    )
    if arguments.depth_kind is not None:
        found = depth_map(found.values, arguments.depth_kind, name=found.name, scale=1.0)
    return found, camera


def centred(focal: float, opened: Opened) -> Intrinsics:
    """A centred camera with a focal length in pixels of the upright file."""
    width, height = opened.full.width, opened.full.height
    return Intrinsics(focal, focal, width / 2, height / 2, width, height)


def depth_pictures(layers: "LayeredPointmap", out: Path) -> list[Path]:
    """OUT/depth_0.png and on: depth of every layer's real surfaces, near warm, far cold, all on one scale."""
    from wt.training.plots import depth_colours

    depth = np.where(layers.surfaces(), layers.depth, np.nan)
    low, high = (float(value) for value in np.nanpercentile(depth, (1, 99)))
    return [write_png(out / f"depth_{i}.png", depth_colours(layer, low, high)) for i, layer in enumerate(depth)]
