"""The floor under a scene: a deterministic RANSAC plane, and the surface just below an object."""

from dataclasses import dataclass

import numpy as np

from wt.types import Float

CAMERA_UP = np.array([0.0, -1.0, 0.0])
_MAX_TILT_DEG = 35.0
_ROLL_DEG = 12.0
"""Standard deviation of how far people hold a camera from level, sideways; up and down they look as they please."""
_TRIALS = 250
_SAMPLE = 3000
_REFINED = 6
_NEIGHBOURHOOD = 0.4
"""The corners of a trial lie within this share of their depth."""
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
    refined = [_refine(plane, below) for plane in _candidates(below, rng)]
    planes = [plane for plane in refined if plane is not None]
    if not planes:
        return None
    score = _score(np.array([p.normal for p in planes]), np.array([p.offset for p in planes]), below)
    return planes[int(score.argmax())] if np.isfinite(score.max()) else None


def _candidates(points: Float[np.ndarray, "n 3"], rng: np.random.Generator) -> list[Plane]:
    anchors = rng.integers(0, len(points), _TRIALS)
    distance = np.linalg.norm(points[anchors, None] - points[None], axis=2)
    # Corners from one neighbourhood: a floor that is mostly covered still gives many clean triples.
    near = np.where(distance < _NEIGHBOURHOOD * points[anchors, 2:], rng.random(distance.shape), -1)
    corners = points[np.concatenate([anchors[:, None], np.argpartition(near, -2, axis=1)[:, -2:]], axis=1)]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    solid = lengths > 1e-9 * (1 + np.abs(corners).max(axis=(1, 2))) ** 2
    normals = normals[solid] / lengths[solid, None]
    normals *= np.where(normals @ CAMERA_UP < 0, -1.0, 1.0)[:, None]
    upright = normals @ CAMERA_UP > np.cos(np.radians(_MAX_TILT_DEG))
    normals, feet = normals[upright], corners[solid][upright][:, 0]
    if not len(normals):
        return []
    offsets = -(normals * feet).sum(axis=1)
    score = _score(normals, offsets, points)
    best = [index for index in score.argsort()[::-1][:_REFINED] if np.isfinite(score[index])]
    return [Plane(normals[index], float(offsets[index])) for index in best]


def _score(
    normals: Float[np.ndarray, "k 3"], offsets: Float[np.ndarray, " k"], points: Float[np.ndarray, "n 3"]
) -> Float[np.ndarray, " k"]:
    """Soft share of points on each plane, the less the more it leans sideways, less a fine for points under it; -inf
    for what is no floor."""
    heights = (points @ normals.T + offsets) / points[:, 2:]
    on, under = np.exp(-0.5 * (heights / (_TOLERANCE / 2)) ** 2).mean(axis=0), (heights < -2 * _TOLERANCE).mean(axis=0)
    # A table top can hold far more pixels than the floor; the floor has next to nothing under it.
    level = np.exp(-0.5 * (np.degrees(np.arcsin(normals[:, 0].clip(-1, 1))) / _ROLL_DEG) ** 2)
    return np.where((on >= _MIN_SHARE) & (offsets > 0), on * level - 8 * np.maximum(under - 0.02, 0), -np.inf)


def _refine(plane: Plane, points: Float[np.ndarray, "n 3"]) -> Plane | None:
    """Least squares on inliers, closing in: a wall's foot lies within any fixed tolerance and would tilt the plane."""
    inlier = np.abs(plane.heights(points)) < _TOLERANCE * points[:, 2]
    tolerance = _TOLERANCE
    for _ in range(15):
        refined = _least_squares(points[inlier])
        if refined is None or not _upright(refined.normal):
            return None
        plane = refined
        error = np.abs(plane.heights(points)) / points[:, 2]
        tolerance = min(tolerance, max(3.0 * float(np.median(error[inlier])), 1e-4))
        inlier = error < tolerance
    return plane if plane.offset > 0 else None


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
