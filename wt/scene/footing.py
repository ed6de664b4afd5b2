"""What an object that is being placed rests on: the plane that the scene showed at its foot before the edit."""

from dataclasses import dataclass

import numpy as np

from wt.geometry.camera import rays
from wt.scene.contact import half_sample_mode
from wt.scene.gauge import grown, huber_weights
from wt.scene.scene import Scene
from wt.types import Bool, Float

_LOWEST = 0.35
"""The foot is looked for in this share of the object's rows, from its bottom."""
_AROUND = 0.15
"""How far around the foot the scene is looked at, as a share of the object's height in pixels; at least 4 pixels."""
_MIN_FOOT = 3
_MIN_PIXELS = 12
_ON_FLOOR = 0.1
"""Relative difference of depth up to which what is seen at the foot is the floor."""
_IN_FRONT = 0.9
"""Something nearer than this share of the plane's depth, right below the object, hides where it stands."""
_LEAST_ERROR = 0.02
"""Of the touching points, relative to their depth: a foot is no sharper than its pixels."""
_TOUCHING = 0.005
"""Share of the object's points that may lie behind the plane; the next one touches it."""
_SOLVES = 8


@dataclass(frozen=True, eq=False)
class Footing:
    """Every point of an object beside the plane that it rests on, along its ray."""

    z_object: Float[np.ndarray, " n"]
    """Of all surfaces of the object, in the object model's own depth, float64."""
    z_plane: Float[np.ndarray, " n"]
    """z in scene units, float64; infinite where a ray does not meet the plane in front of the camera."""
    error: float
    """Relative uncertainty of the plane's depth at the foot."""

    def shift(self, scale: float) -> float:
        """The t with which z' = scale * z + t lets the object touch the plane from the camera's side; inf if none."""
        gap = np.sort(self.z_plane - scale * self.z_object)
        return float(gap[int(_TOUCHING * len(gap))])


def footing(
    scene: Scene, depth: Float[np.ndarray, "layers h w"], body: Bool[np.ndarray, "layers h w"]
) -> Footing | None:
    """The plane at the foot of an object: the floor, a level surface such as a table top, or a wall.

    It is fitted to the scene's visible surface around the object's lowest pixels: many more pixels than touch it.

    Args:
        scene: before the object is in it.
        depth: the object's layers on the scene's grid, in any unit.
        body: which of them are surfaces.

    Returns:
        None where the foot is not seen: cut off by the picture's edge, behind something, or over nothing.
    """
    mask = body[0]
    foot, reach = _foot(mask), max(4, round(_AROUND * np.count_nonzero(mask.any(axis=1))))
    seen = scene.visible_depth().astype(np.float64)
    near = grown(foot, reach) & np.isfinite(seen)
    if foot.sum() < _MIN_FOOT or near.sum() < _MIN_PIXELS:
        return None
    plane, error = _plane(scene, seen, near)
    below = near & ~grown(mask, 1) & np.maximum.accumulate(foot, axis=0)
    if below.any() and np.median(seen[below] / plane[below]) < _IN_FRONT:
        return None
    z_plane = np.broadcast_to(plane, depth.shape)[body]
    return Footing(depth[body].astype(np.float64), z_plane, float(np.hypot(error, _LEAST_ERROR)))


def _foot(mask: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """The lowest pixel of every column, where that is near the object's bottom and not on the picture's edge."""
    rows = np.nonzero(mask.any(axis=1))[0]
    foot = mask & (np.cumsum(mask[::-1], axis=0)[::-1] == 1)
    if len(rows):
        foot[: int(rows[-1] - _LOWEST * (np.ptp(rows) + 1))] = False
    foot[-1] = False
    return foot


def _plane(
    scene: Scene, seen: Float[np.ndarray, "h w"], near: Bool[np.ndarray, "h w"]
) -> tuple[Float[np.ndarray, "h w"], float]:
    """(depth on every ray, relative error on the pixels `near`): the floor before a level plane before any plane."""
    directions, up, floor = rays(scene.intrinsics), scene.up(), scene.floor()
    points = directions[near] * seen[near][:, None]
    level = half_sample_mode(points @ up)
    found = [_depth(directions @ up, level), _depth(directions @ _normal(directions[near], seen[near]), 1.0)]
    if floor is not None:
        found.insert(0, _depth(directions @ floor.normal, -floor.offset))
    errors = [float(np.median(np.abs(depth[near] / seen[near] - 1))) for depth in found]
    if floor is not None and errors[0] < _ON_FLOOR:
        return found[0], errors[0]
    # A free plane always fits better; only where it does so by far is it a wall and not a noisy table top.
    chosen = -2 if errors[-2] <= 2 * errors[-1] else -1
    return found[chosen], errors[chosen]


def _normal(directions: Float[np.ndarray, "n 3"], depth: Float[np.ndarray, " n"]) -> Float[np.ndarray, "3"]:
    """a of the plane a . p = 1: linear in the inverse depth, 1 / z = a . ray; Huber-weighted relative errors."""
    weights = np.ones_like(depth)
    for _ in range(_SOLVES):
        root = np.sqrt(weights) * depth
        normal = np.linalg.lstsq(directions * root[:, None], root / depth, rcond=None)[0]
        weights = huber_weights(np.abs(directions @ normal * depth - 1))
    return np.asarray(normal, dtype=np.float64)


def _depth(along: Float[np.ndarray, "h w"], offset: float) -> Float[np.ndarray, "h w"]:
    """Depth of the plane n . p = offset on rays with n . ray = `along`."""
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = offset / along
    return np.where(depth > 0, depth, np.inf)
