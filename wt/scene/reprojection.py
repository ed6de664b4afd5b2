"""An object seen by the photo's camera from where it is now: its depth, and what lies under a click."""

import numpy as np

from wt.geometry.camera import Intrinsics, project
from wt.scene.cloud import PointCloud
from wt.scene.objects import SceneObject
from wt.types import Bool, Float

_MAX_GAP_PX = 15
_CLICK_PX = 2.5
"""How far a click may miss a point, in pixels of the grid at the point's depth."""
_PX_PER_DEPTH = 10.0
"""A point that lies as far again behind the first one is as good as one that misses the ray by so many pixels: of one
surface the point under the click is taken, of two on one ray the first."""


def nearest_depth(thing: SceneObject, grid: Intrinsics) -> Float[np.ndarray, "h w"]:
    """z of the object's nearest surface on every pixel, all layers, float32; infinite where it is not seen."""
    if not thing.moved:
        return np.where(thing.present, thing.points[..., 2], np.inf).min(axis=0, initial=np.inf)
    depth = np.full((grid.height, grid.width), np.inf, dtype=np.float32)
    points = thing.world_points()[thing.present]
    uv = project(points, grid)
    inside = (uv >= 0).all(axis=1) & (uv[:, 0] < grid.width) & (uv[:, 1] < grid.height)  # NaN compares False
    column, row = uv[inside].astype(int).T
    np.minimum.at(depth, (row, column), points[inside, 2])
    return _without_gaps(depth, _gap_px(thing, points))


def pick(
    cloud: PointCloud, origin: Float[np.ndarray, "3"], direction: Float[np.ndarray, "3"], grid: Intrinsics
) -> int | None:
    """Id of the object whose point is the first along a ray of any camera; None if the ray meets nothing."""
    along, _, hit = _along_ray(cloud, origin, direction, grid)
    return int(cloud.object_id[hit][along[hit].argmin()]) if hit.any() else None


def pick_point(
    cloud: PointCloud, origin: Float[np.ndarray, "3"], direction: Float[np.ndarray, "3"], grid: Intrinsics
) -> Float[np.ndarray, "3"] | None:
    """The point of the first surface that is nearest to a ray of any camera, float64; None if the ray meets nothing."""
    along, across_px, hit = _along_ray(cloud, origin, direction, grid)
    if not hit.any():
        return None
    cost = across_px[hit] + _PX_PER_DEPTH * (along[hit] / along[hit].min() - 1)
    return cloud.points[hit][cost.argmin()].astype(np.float64)


def _along_ray(
    cloud: PointCloud, origin: Float[np.ndarray, "3"], direction: Float[np.ndarray, "3"], grid: Intrinsics
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"], Bool[np.ndarray, " n"]]:
    """How far every point lies along a ray, and beside it in pixels at the point's depth; which ones a click hits."""
    towards = cloud.points.astype(np.float64) - origin
    along = towards @ (direction / np.linalg.norm(direction))
    across = np.sqrt(np.maximum((towards**2).sum(axis=1) - along**2, 0))
    across_px = across * min(grid.fx, grid.fy) / cloud.points[:, 2]
    return along, across_px, (along > 0) & (across_px < _CLICK_PX)


def _gap_px(thing: SceneObject, moved: Float[np.ndarray, "n 3"]) -> int:
    """Pixels between neighbours that were one apart before the object came nearer or grew, odd; turning adds some."""
    growth = np.cbrt(np.linalg.det(thing.transform[:3, :3]))
    with np.errstate(divide="ignore", invalid="ignore"):
        zoom = np.nanmedian(growth * thing.points[thing.present][:, 2] / np.maximum(moved[:, 2], 1e-9))
    return min(2 * int(np.ceil(zoom)) + 1, _MAX_GAP_PX)


def _without_gaps(depth: Float[np.ndarray, "h w"], size: int) -> Float[np.ndarray, "h w"]:
    """Gaps narrower than `size` between points, or through which a further surface shows, are closed; edges stay."""
    import cv2

    return cv2.morphologyEx(depth, cv2.MORPH_OPEN, np.ones((size, size), np.uint8))
