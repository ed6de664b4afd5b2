"""Normals of a pointmap, from neighbouring pixels of one surface."""

import numpy as np

from wt.types import Bool, Float

MAX_STEP = 0.05
"""Neighbours belong to one surface if their distances from the camera differ by at most this share."""


def pixel_normals(
    points: Float[np.ndarray, "h w 3"], present: Bool[np.ndarray, "h w"], max_step: float | int = MAX_STEP
) -> Float[np.ndarray, "h w 3"]:
    """Unit normals that face the camera at the origin, float32, in the points' frame.

    A tangent along a row or a column is the sum of the steps to those of its two neighbours that are on the same
    surface, so that it never reaches across an edge.

    Returns:
        NaN where a point is missing, or has no such neighbour in its row or in its column.
    """
    p = np.where(present[..., None], points, np.nan).astype(np.float64)
    normals = np.cross(_tangent(p, 0, max_step), _tangent(p, 1, max_step))
    with np.errstate(invalid="ignore", divide="ignore"):
        normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
        away = (normals * p).sum(axis=-1) > 0
    normals[away] *= -1
    return normals.astype(np.float32)


def _tangent(p: Float[np.ndarray, "h w 3"], axis: int, max_step: float | int) -> Float[np.ndarray, "h w 3"]:
    """Sum of the usable steps along an axis; NaN where there is none."""
    step = np.diff(p, axis=axis)
    distance = np.linalg.norm(p, axis=-1)
    with np.errstate(invalid="ignore"):
        ahead, behind = np.delete(distance, 0, axis=axis), np.delete(distance, -1, axis=axis)
        usable = np.abs(ahead - behind) <= max_step * np.minimum(ahead, behind)  # NaN compares False
    step = np.where(usable[..., None], step, 0)
    pad = [(0, 0)] * 3
    pad[axis] = (0, 1)
    forward = np.pad(step, pad)
    pad[axis] = (1, 0)
    tangent = forward + np.pad(step, pad)
    none = ~np.pad(usable, [(0, 1) if a == axis else (0, 0) for a in range(2)])
    none &= ~np.pad(usable, [(1, 0) if a == axis else (0, 0) for a in range(2)])
    tangent[none] = np.nan
    return tangent
