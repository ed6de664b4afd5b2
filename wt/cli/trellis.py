"""`python -m wt trellis`: an object's voxels for TRELLIS, and its textured mesh where a TRELLIS is installed."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wt.cli.common import LOG, Subparsers, add_command, names
from wt.errors import WtError
from wt.files import write_atomic

if TYPE_CHECKING:
    import numpy as np

    from wt.scene.scene import Scene


def register(subparsers: Subparsers) -> None:
    """Add the parser."""
    parser = add_command(
        subparsers, "trellis", run, "Write an object's voxels for TRELLIS, and its textured mesh if one is installed."
    )
    parser.add_argument("scene", type=Path, help="scene.wts of lift, edit or the app")
    parser.add_argument("--object", type=int, help="id of the object (the only one)")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for the files")
    parser.add_argument("--photo", type=Path, help="the photo that was lifted, for finer textures")
    parser.add_argument("--pipeline", help="TRELLIS.2: 512, 1024, 1024_cascade or 1536_cascade (1024_cascade)")
    parser.add_argument("--resolution", type=int, help="voxels along a side (32 or 64, as the pipeline needs)")
    parser.add_argument("--weights", help="folder of its weights, or a name on the hub (its authors')")
    parser.add_argument("--allow-download", action="store_true", help="fetch the weights if they are not here")
    parser.add_argument("--device", default="cuda", help="where TRELLIS runs (cuda)")
    parser.add_argument("--seed", type=int, default=42, help="the same seed gives the same mesh (42)")
    parser.add_argument("--coords-only", action="store_true", help="write the voxels, run nothing")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """The files, and of a textured mesh how well it fits the object."""
    from wt.scene.scene import Scene
    from wt.trellis.installed import TRELLIS2, installed, missing, resolution_of
    from wt.trellis.structure import picture, sparse_structure

    scene = Scene.load(arguments.scene)
    thing = scene[_only(scene) if arguments.object is None else arguments.object]
    trellis = installed()
    side = arguments.resolution or resolution_of(trellis or TRELLIS2, arguments.pipeline)
    if side not in (32, 64):
        raise WtError(f"TRELLIS begins with 32 or 64 voxels along a side; got --resolution {side}.")
    structure, photo = sparse_structure(thing, side), _photo(arguments.photo)
    stem = f"object-{thing.id}"
    files = structure.save(arguments.out, stem)
    files.append(arguments.out / f"{stem}_picture.png")
    picture(thing, photo).save(files[-1])
    result: dict[str, Any] = {
        "object": thing.name,
        "voxels": len(structure.coords),
        "resolution": side,
        "trellis": trellis.name if trellis else None,
    }
    if trellis is None or arguments.coords_only:
        LOG.info("The voxels are written." if arguments.coords_only else f"The voxels are written. {missing()}")
        return {**result, "files": names(files)}
    made = _textured(arguments, scene, thing.id, photo)
    files.append(write_atomic(arguments.out / f"{stem}_textured.glb", made.glb()))
    return {**result, "by": made.by, "fits": asdict(made.fits), "files": names(files)}


def _only(scene: "Scene") -> int:
    if len(scene.objects) == 1:
        return scene.objects[0].id
    listed = ", ".join(f"{thing.id} {thing.name}" for thing in scene.objects) or "none"
    raise WtError(f"Say which object with --object ID. Objects of this scene: {listed}.")


def _photo(path: Path | None) -> "np.ndarray | None":
    from wt.images import MAX_PIXELS, open_photo

    return None if path is None else open_photo(path, max_side=MAX_PIXELS).rgb


def _textured(arguments: argparse.Namespace, scene: "Scene", ident: int, photo: "np.ndarray | None") -> Any:
    from wt.trellis.textured import textured

    return textured(
        scene,
        ident,
        photo,
        pipeline=arguments.pipeline,
        weights=arguments.weights,
        seed=arguments.seed,
        device=arguments.device,
        allow_download=arguments.allow_download,
        on_stage=LOG.info,
    )
