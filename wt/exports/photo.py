"""The picture that shows the scene, with the camera of its pixels and the points that are seen in it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wt.exports.job import ExportJob
from wt.exports.pictures import png_bytes
from wt.geometry.camera import Intrinsics, project
from wt.types import Float, Int, UInt8

_SAME_SURFACE = 1e-3
"""Share of the depth within which a point is the surface that is seen."""


def photo_of(job: ExportJob) -> tuple[UInt8[np.ndarray, "ph pw 3"], Intrinsics]:
    """The photo after the edits, else before them, else on the scene's grid; and K in its pixels."""
    picture = job.after if job.after is not None else job.before
    picture = job.scene.rgb if picture is None else picture
    height, width = picture.shape[:2]
    return picture, job.scene.intrinsics.resized(width, height)


def write_photo(job: ExportJob, name: str = "images/photo.png") -> Path:
    """The picture as OUT/name."""
    return job.save(name, png_bytes(photo_of(job)[0]))


@dataclass(frozen=True, eq=False)
class SeenPoints:
    """Points of visible surfaces, OpenCV camera frame, and where they are seen."""

    points: Float[np.ndarray, "n 3"]
    """float32."""
    colours: UInt8[np.ndarray, "n 3"]
    """sRGB."""
    pixels: Float[np.ndarray, "n 2"]
    """(u, v) on the scene's grid, float64; a surface that was not moved is seen at a pixel's centre."""
    object_id: Int[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.points)


def seen_points(job: ExportJob, most: int) -> SeenPoints:
    """What of the layers 0 is not hidden from the camera, evenly thinned to at most `most` points."""
    cloud, k = job.scene.point_cloud(layers=[0], hidden=job.hidden), job.scene.intrinsics
    pixels = project(cloud.points, k)
    inside = (pixels >= 0).all(axis=1) & (pixels < [k.width, k.height]).all(axis=1)  # NaN compares False
    kept = np.flatnonzero(inside)
    column, row = pixels[kept].astype(int).T
    kept = kept[cloud.points[kept, 2] <= job.scene.visible_depth()[row, column] * (1 + _SAME_SURFACE)]
    if len(kept) > most:
        kept = kept[np.linspace(0, len(kept) - 1, most).astype(int)]
    at = pixels[kept]
    at_rest = np.isin(cloud.object_id[kept], [thing.id for thing in job.things if not thing.moved])
    at[at_rest] = np.floor(at[at_rest]) + 0.5
    return SeenPoints(cloud.points[kept], cloud.colours[kept], at, cloud.object_id[kept])
