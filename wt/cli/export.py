"""`python -m wt export`: a saved scene in other formats."""

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from wt.cli.common import LOG, Subparsers, add_command, add_formats, names
from wt.exports.axes import AXES
from wt.images import MAX_PIXELS, open_photo
from wt.scene.cloud import Hidden

if TYPE_CHECKING:
    from wt.scene.scene import Scene


def register(subparsers: Subparsers) -> None:
    """Add the parser."""
    parser = add_command(
        subparsers, "export", run, "Write a saved scene (.wts) as points, meshes, pictures, cameras, a viewer and more."
    )
    parser.add_argument("scene", type=Path, help="scene.wts of lift, edit or the app")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for the files")
    add_formats(parser)
    parser.add_argument("--photo", type=Path, help="the lifted photo, for formats that show it at its own size")
    parser.add_argument("--hidden", choices=get_args(Hidden), default="grey", help="colours behind layer 0 (grey)")
    told = "; ".join(f"{axes.name}: {axes.label}" for axes in AXES.values())
    axes_help = f"for formats whose standard leaves it open (opencv). {told}"
    parser.add_argument("--faces", type=int, metavar="N", help="triangles of the surfaces in one file at most (all)")
    parser.add_argument("--axes", choices=tuple(AXES), default="opencv", help=axes_help)


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Export, then read the files back and project every point to its pixel."""
    from wt.exports.export import export
    from wt.scene.scene import Scene

    scene = Scene.load(arguments.scene)
    photo = None if arguments.photo is None else open_photo(arguments.photo, max_side=MAX_PIXELS).rgb
    written = export(
        scene,
        arguments.out,
        arguments.formats,
        manifest=provenance(scene) if {"manifest", "all"} & set(arguments.formats) else None,
        before=photo,
        hidden=arguments.hidden,
        axes=arguments.axes,
        faces=arguments.faces,
        on_format=lambda name, done, total: LOG.info("%s: %d of %d", name, done + 1, total),
    )
    for note in written.notes:
        LOG.info("%s", note)
    errors = roundtrip(scene, written)
    return {
        "scene": arguments.scene.as_posix(),
        "units": scene.units,
        "axes": arguments.axes,
        "objects": [thing.name for thing in scene.objects],
        "files": {name: names(paths) for name, paths in written.items()},
        "notes": written.notes,
        "roundtrip_px": max(errors.values()),
        "roundtrip": errors,
    }


def roundtrip(scene: "Scene", written: dict[str, list[Path]]) -> dict[str, float]:
    """Format -> error in pixels, as read back from the files; of a cloud and a camera if none of them holds both."""
    from wt.exports.export import export
    from wt.exports.roundtrip import roundtrips

    errors = roundtrips(scene, written)
    if errors:
        return errors
    with tempfile.TemporaryDirectory() as folder:
        return roundtrips(scene, export(scene, folder, ("ply", "camera")))


def provenance(scene: "Scene") -> dict[str, Any]:
    """Models with their licences, seeds and prompts, as far as a saved scene knows them."""
    from wt.model.registry import MODELS

    made = [{"model": scene.layers.model, "seed": scene.layers.seed}, *(thing.info for thing in scene.objects)]
    models = dict.fromkeys(str(info["model"]) for info in made if info.get("model"))
    return {
        "prompts": [info["prompt"] for info in made if info.get("prompt")],
        "seeds": [info["seed"] for info in made if info.get("seed") is not None],
        "models": [{"name": name, "licence": MODELS[name].licence if name in MODELS else ""} for name in models],
    }
