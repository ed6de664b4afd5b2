"""The floor under a scene: a deterministic RANSAC plane, and the surface just below an object."""

from dataclasses import dataclass

import numpy as np

from wt.types import Float

CAMERA_UP = np.array([0.0, -1.0, 0.0])
_MAX_TILT_DEG = 35.0
_TRIALS = 300
_SAMPLE = 4000
_TOLERANCE = 0.025
"""A point is on the floor if its height is within this fraction of its depth."""
_MIN_SHARE = 0.05
"""A floor must explain at least this share of the points below the camera."""


@dataclass(frozen=True, eq=False)
class Plane:
    """Points p with normal . p + offset = 0; the unit normal points up, so `offset` is the camera's height."""

    normal: Float[np.ndarray, "3"]
    offset: float

    def heights(self, points: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n"]:
        """Signed height of points above the plane, float64."""
        return np.asarray(points, dtype=np.float64) @ self.normal + self.offset

    def __iter__(self):
        """Unpacks as (normal, offset)."""
        return iter((self.normal, self.offset))


def fit_floor(points: Float[np.ndarray, "n 3"]) -> Plane | None:
    """The lowest large plane below the camera whose normal is near the camera's up; None if there is none.

    Args:
        points: surfaces of the background, OpenCV camera frame, any unit.
    """
    below = points[np.isfinite(points).all(axis=1) & (points[:, 1] > 0) & (points[:, 2] > 0)].astype(np.float64)
    if len(below) < 50:
        return None
    rng = np.random.default_rng(0)
    if len(below) > _SAMPLE:
        below = below[rng.choice(len(below), _SAMPLE, replace=False)]
    best = _search(below, rng)
    if best is None:
        return None
    tolerance = _TOLERANCE
    for _ in range(12):
        error = np.abs(best.heights(below)) / below[:, 2]
        refined = _least_squares(below[error < tolerance])
        if refined is None or not _upright(refined.normal):
            break
        best = refined
        # Where the floor meets a wall, the wall's foot lies within any fixed tolerance and tilts the plane: close in.
        tolerance = min(tolerance, max(3.0 * float(np.median(error[error < tolerance])), 1e-4))
    return best if best.offset > 0 else None


def _search(points: Float[np.ndarray, "n 3"], rng: np.random.Generator) -> Plane | None:
    corners = points[rng.integers(0, len(points), (_TRIALS, 3))]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    solid = lengths > 1e-9 * (1 + np.abs(corners).max(axis=(1, 2))) ** 2
    normals = normals[solid] / lengths[solid, None]
    normals *= np.where(normals @ CAMERA_UP < 0, -1.0, 1.0)[:, None]
    upright = normals @ CAMERA_UP > np.cos(np.radians(_MAX_TILT_DEG))
    normals, anchors = normals[upright], corners[solid][upright][:, 0]
    if not len(normals):
        return None
    offsets = -(normals * anchors).sum(axis=1)
    heights = points @ normals.T + offsets
    tolerance = _TOLERANCE * points[:, 2:]
    on, under = (np.abs(heights) < tolerance).mean(axis=0), (heights < -2 * tolerance).mean(axis=0)
    # A table top can hold more pixels than the floor; the floor has next to nothing under it.
    score = np.where((on >= _MIN_SHARE) & (offsets > 0), on - 2 * under, -np.inf)
    winner = int(score.argmax())
    return Plane(normals[winner], float(offsets[winner])) if np.isfinite(score[winner]) else None


def _least_squares(points: Float[np.ndarray, "n 3"]) -> Plane | None:
    """Total least squares, each point weighted by 1 / depth, since errors grow with depth."""
    if len(points) < 10:
        return None
    weights = 1 / points[:, 2]
    centre = (points * weights[:, None]).sum(axis=0) / weights.sum()
    _, _, axes = np.linalg.svd((points - centre) * weights[:, None], full_matrices=False)
    normal = axes[2] * np.sign(axes[2] @ CAMERA_UP)
    return Plane(normal, float(-normal @ centre))


def _upright(normal: Float[np.ndarray, "3"]) -> bool:
    return bool(normal @ CAMERA_UP > np.cos(np.radians(_MAX_TILT_DEG)))
