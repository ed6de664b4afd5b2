"""The photo itself as the texture of what is seen, sharper than colours on the grid's corners."""

from dataclasses import replace

import numpy as np

from wt.exports.job import ExportJob
from wt.images import resize_rgb
from wt.meshes.mesh import Mesh
from wt.meshes.texture import baked, photo_textured
from wt.scene.objects import SceneObject
from wt.types import UInt8

MAX_SIDE = 4096
"""Pixels of a texture's longer side; more is not drawn everywhere."""
SAME = 16.0
"""A picture shows a thing where, brought to the grid, it is nearer to the thing's colours than this, of 255."""
WINDOW = 5
"""Pixels of the grid over which that is judged."""


def textured_meshes(job: ExportJob) -> list[Mesh]:
    """`job.meshes`, layer 0 of each thing with the photo as its texture where the job has one."""
    return [_textured(job, mesh) if mesh.layer == 0 else mesh for mesh in job.meshes]


def baked_solid(job: ExportJob, mesh: Mesh) -> Mesh:
    """A closed mesh unwrapped, with the photo on what is seen of it; as it was where no picture shows its thing."""
    thing = job.scene[mesh.object_id]
    photo = picture_of(thing, job.pictures)
    return mesh if photo is None else baked(mesh, thing, job.scene.intrinsics, photo)


def _textured(job: ExportJob, mesh: Mesh) -> Mesh:
    """With the part of the photo that it shows."""
    thing, k = job.scene[mesh.object_id], job.scene.intrinsics
    photo = picture_of(thing, job.pictures)
    if photo is None:
        return mesh
    size = np.array([photo.shape[1], photo.shape[0]])
    place = np.asarray(photo_textured(mesh, thing, k, photo).uv) * size
    left, top = np.maximum(np.floor(place.min(axis=0)).astype(int) - 1, 0)
    right, bottom = np.minimum(np.ceil(place.max(axis=0)).astype(int) + 1, size)
    uv = (place - [left, top]) / [right - left, bottom - top]
    return replace(mesh, uv=uv.astype(np.float32), texture=photo[top:bottom, left:right].copy())


def picture_of(thing: SceneObject, pictures: list[UInt8[np.ndarray, "_h _w 3"]]) -> UInt8[np.ndarray, "ph pw 3"] | None:
    """The thing's layer 0 at the size of a picture that shows it; None if none does.

    What an edit painted over, or took away, is in one of the pictures and not in the other, and what was painted over
    twice is in neither: every pixel of the grid is taken from the picture that agrees best with the thing's own
    colours, and is those colours where none agrees.
    """
    import cv2

    if not pictures:
        return None
    height, width = thing.rgb.shape[:2]
    scale = min(1.0, MAX_SIDE / max(pictures[0].shape[:2]))
    ph, pw = (round(side * scale) for side in pictures[0].shape[:2])
    large = [cv2.resize(one, (pw, ph), interpolation=cv2.INTER_AREA) for one in pictures]
    kept = cv2.boxFilter(thing.present[0].astype(np.float32), -1, (WINDOW, WINDOW))
    apart = []
    for one in large:
        error = np.abs(resize_rgb(one, width, height).astype(np.float32) - thing.rgb).max(axis=2) * thing.present[0]
        apart.append(cv2.boxFilter(error, -1, (WINDOW, WINDOW)) / np.maximum(kept, 1e-6))
    best = np.argmin(apart, axis=0)
    if not (thing.present[0] & (np.min(apart, axis=0) <= SAME)).any():
        return None
    best[np.min(apart, axis=0) > SAME] = len(large)
    large.append(cv2.resize(thing.rgb, (pw, ph), interpolation=cv2.INTER_CUBIC))
    source = cv2.resize(best.astype(np.uint8), (pw, ph), interpolation=cv2.INTER_NEAREST)
    return np.take_along_axis(np.stack(large), source[None, ..., None].astype(int), axis=0)[0]
