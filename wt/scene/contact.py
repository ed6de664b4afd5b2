"""Does a placed object stand on something: the contact gap, and a snap that closes it without leaving the pixels."""

from dataclasses import replace

import numpy as np

from wt.errors import WtError
from wt.scene.objects import Placed
from wt.scene.pose import bottom_level, lowest, solid_points
from wt.scene.scene import Scene
from wt.types import Bool, Float

_REACH = 0.2
"""How far around the lowest points support is looked for, as a share of the object's size."""
_PATCH = 0.1
"""Points whose heights differ by less than this share of the object's size lie on one level."""
_PATCH_POINTS = 12
_PATCH_SHARE = 0.3
"""A level under an object must hold this share of the points under it."""


def contact_gap(
    points: Float[np.ndarray, "layers h w 3"], present: Bool[np.ndarray, "layers h w"], scene: Scene
) -> float:
    """Signed distance along up from the support surface to the object's lowest points, in scene units.

    Positive: the object floats; negative: it is sunk in. The support is the scene's visible surface around and under
    the lowest points, or the fitted floor where nothing is seen there; NaN if there is neither.
    """
    up = scene.up()
    body = solid_points(points, present)
    if len(body) < 10:
        return float("nan")
    ground = _support_level(body, up, scene)
    return float("nan") if ground is None else bottom_level(body, up) - ground


def snap_contact(placed: Placed, scene: Scene) -> Placed:
    """Slide the object along its rays until it stands on the surface below it.

    All points are multiplied by one factor about the camera, so they keep their pixels and the object its
    proportions; its size and distance change together.

    Raises:
        WtError: no support is seen near the object, or it is more than a factor of two away.
    """
    up = scene.up()
    factor = 1.0
    for _ in range(12):
        points = (placed.points * np.float32(factor)).astype(np.float32)
        gap = contact_gap(points, placed.present, scene)
        if not np.isfinite(gap):
            raise WtError("There is no floor or surface near the object to stand it on. Move it by hand instead.")
        level = bottom_level(solid_points(points, placed.present), up)
        if abs(level) < 1e-9:
            break
        step = (level - gap) / level
        if not 0.5 <= factor * step <= 2:
            raise WtError(
                f"The surface below is too far away: the object would change its size by {factor * step:.2f}. "
                "Move it by hand instead."
            )
        factor *= step
        if abs(step - 1) < 1e-5:
            break
    points = (placed.points.astype(np.float64) * factor).astype(np.float32)
    residuals = {**placed.residuals, "contact_gap": contact_gap(points, placed.present, scene)}
    return replace(placed, points=points, scale=placed.scale * factor, shift=placed.shift * factor, residuals=residuals)


def _support_level(body: Float[np.ndarray, "n 3"], up: Float[np.ndarray, "3"], scene: Scene) -> float | None:
    """Height along `up` of the scene's surface near the bottom points, else of the highest one below the object."""
    level, size = bottom_level(body, up), float(np.ptp(body, axis=0).max())
    ground = seen_points(scene)
    height, flat, plan = ground @ up, _flat(ground, up), _flat(body, up)
    foot = plan[lowest(body, up)]
    close = _within(flat, foot, _REACH * size) & (np.abs(height - level) < 0.5 * size)
    if close.sum() >= _PATCH_POINTS:
        return half_sample_mode(height[close])
    patch = _highest_patch(height[_within(flat, plan, 0.0) & (height < level)], _PATCH * size)
    if patch is not None:
        return patch
    plane = scene.floor()
    return None if plane is None else -plane.offset


def _flat(points: Float[np.ndarray, "n 3"], up: Float[np.ndarray, "3"]) -> Float[np.ndarray, "n 3"]:
    return points - (points @ up)[:, None] * up


def _within(points: Float[np.ndarray, "n 3"], body: Float[np.ndarray, "m 3"], reach: float) -> Bool[np.ndarray, " n"]:
    low, high = body.min(axis=0) - reach, body.max(axis=0) + reach
    return ((points >= low) & (points <= high)).all(axis=1)


def seen_points(scene: Scene) -> Float[np.ndarray, "n 3"]:
    """The visible surfaces of everything that is shown, where it is now, float64."""
    shown = [thing for thing in (scene.background, *scene.objects) if thing.visible]
    return np.concatenate([solid_points(thing.world_points()[:1], thing.present[:1]) for thing in shown])


def _highest_patch(heights: Float[np.ndarray, " n"], step: float) -> float | None:
    """Level of the highest surface that lies flat, if there is one; a wall spreads over all heights."""
    if len(heights) < _PATCH_POINTS:
        return None
    slot = ((heights - heights.min()) / step).astype(int)
    count = np.bincount(slot)
    flat = np.flatnonzero(count >= max(_PATCH_POINTS, _PATCH_SHARE * len(heights)))
    return half_sample_mode(heights[np.abs(slot - flat[-1]) <= 1]) if len(flat) else None


def half_sample_mode(values: Float[np.ndarray, " n"]) -> float:
    """Median of the densest half: a wall behind the object or the floor beside its table does not pull it."""
    values = np.sort(values)
    half = len(values) // 2
    start = int((values[half:] - values[: len(values) - half]).argmin())
    return float(np.median(values[start : start + half + 1]))
