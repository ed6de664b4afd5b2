"""The files of one object for a person to take away: its textured mesh, or what stands in where TRELLIS is missing."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wt.errors import WtError
from wt.exports.gltf import Gltf
from wt.files import write_atomic
from wt.meshes.watertight import watertight
from wt.scene.scene import Scene
from wt.trellis.installed import MissingWeights, installed, missing
from wt.trellis.structure import picture, sparse_structure
from wt.trellis.textured import textured
from wt.types import UInt8


@dataclass(frozen=True)
class Bundle:
    """What was written, and what a person should know of it."""

    files: list[Path]
    notes: list[str]


def write_bundle(
    scene: Scene,
    ident: int,
    photo: UInt8[np.ndarray, "ph pw 3"] | None,
    folder: Path,
    on_stage: Callable[[str], None],
) -> Bundle:
    """The textured mesh as GLB; without a TRELLIS or its weights the voxels for one elsewhere, and our closed mesh.

    Raises:
        WtError: the photo itself, or what `textured` says where a TRELLIS is installed.
    """
    trellis, stem, why = installed(), f"object-{ident}", missing()
    if trellis is not None:
        try:
            made = textured(scene, ident, photo, on_stage=on_stage)
        except MissingWeights:
            why = f"{trellis.name} is installed here but its weights are not. Whoever runs this studio can fetch them."
        else:
            fits = made.fits
            fit = f"{fits.silhouette_iou:.0%} of the outline, {fits.near_share:.0%} of the surface fit."
            return Bundle([write_atomic(folder / f"{stem}_textured.glb", made.glb())], [f"{made.by}: {fit}"])
    on_stage("Voxels")
    thing = scene[ident]
    files, notes = sparse_structure(thing).save(folder, stem), [why]
    buffer = io.BytesIO()
    picture(thing, photo).save(buffer, "PNG")
    files.append(write_atomic(folder / f"{stem}_picture.png", buffer.getvalue()))
    on_stage("Closed mesh")
    try:
        mesh = watertight(thing, scene.intrinsics)
    except WtError as error:
        return Bundle(files, [*notes, f"The voxels for it are in the zip. {error}"])
    gltf = Gltf()
    closed = gltf.pack(gltf.node(name=mesh.name, mesh=gltf.triangles(mesh)), {})
    files.append(write_atomic(folder / f"{stem}_closed.glb", closed))
    return Bundle(files, [*notes, "The voxels for it and our own closed mesh are in the zip."])
