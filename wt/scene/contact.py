"""Does a placed object stand on something: the contact gap, and a snap that closes it without leaving the pixels."""

from dataclasses import replace

import numpy as np

from wt.errors import WtError
from wt.scene.floor import CAMERA_UP
from wt.scene.objects import Placed
from wt.scene.scene import Scene
from wt.types import Bool, Float

_BOTTOM = 0.03
"""The object's lowest points: within this share of its height from the bottom."""
_REACH = 0.2
"""How far around the lowest points support is looked for, as a share of the object's size."""


def contact_gap(
    points: Float[np.ndarray, "layers h w 3"], present: Bool[np.ndarray, "layers h w"], scene: Scene
) -> float:
    """Signed distance along up from the support surface to the object's lowest points, in scene units.

    Positive: the object floats; negative: it is sunk in. The support is the scene's visible surface around and under
    the lowest points, or the fitted floor where nothing is seen there; NaN if there is neither.
    """
    up = _up(scene)
    body = points[present].astype(np.float64)
    body = body[np.isfinite(body).all(axis=1)]
    if len(body) < 10:
        return float("nan")
    heights = body @ up
    low, high = np.percentile(heights, (0.5, 99.5))
    size = float(np.ptp(body, axis=0).max())
    bottom = body[heights <= low + _BOTTOM * max(high - low, 1e-9)]
    level = float(np.median(bottom @ up))
    ground = _support_level(bottom, level, size, up, scene)
    return float("nan") if ground is None else level - ground


def snap_contact(placed: Placed, scene: Scene) -> Placed:
    """Slide the object along its rays until it stands on the surface below it.

    All points are multiplied by one factor about the camera, so they keep their pixels and the object its
    proportions; its size and distance change together.

    Raises:
        WtError: no support is seen near the object, or it is more than a factor of two away.
    """
    up = _up(scene)
    factor = 1.0
    for _ in range(12):
        points = (placed.points * np.float32(factor)).astype(np.float32)
        gap = contact_gap(points, placed.present, scene)
        if not np.isfinite(gap):
            raise WtError("There is no floor or surface near the object to stand it on. Move it by hand instead.")
        level = _bottom_level(points[placed.present], up)
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


def _up(scene: Scene) -> Float[np.ndarray, "3"]:
    plane = scene.floor()
    return CAMERA_UP if plane is None else plane.normal


def _bottom_level(body: Float[np.ndarray, "n 3"], up: Float[np.ndarray, "3"]) -> float:
    heights = body.astype(np.float64) @ up
    low, high = np.percentile(heights, (0.5, 99.5))
    return float(np.median(heights[heights <= low + _BOTTOM * max(high - low, 1e-9)]))


def _support_level(
    bottom: Float[np.ndarray, "n 3"], level: float, size: float, up: Float[np.ndarray, "3"], scene: Scene
) -> float | None:
    """Height along `up` of the scene's surface near the bottom points."""
    shown = [thing for thing in (scene.background, *scene.objects) if thing.visible]
    ground = np.concatenate([thing.world_points()[0][thing.present[0]] for thing in shown]).astype(np.float64)
    height = ground @ up
    flat = ground - height[:, None] * up
    foot = bottom - (bottom @ up)[:, None] * up
    reach = _REACH * size
    low, high = foot.min(axis=0) - reach, foot.max(axis=0) + reach
    close = (flat >= low).all(axis=1) & (flat <= high).all(axis=1) & (np.abs(height - level) < 0.5 * size)
    if close.sum() >= 12:
        return _half_sample_mode(height[close])
    plane = scene.floor()
    return None if plane is None else -plane.offset


def _half_sample_mode(values: Float[np.ndarray, " n"]) -> float:
    """Median of the densest half: a wall behind the object or the floor beside its table does not pull it."""
    values = np.sort(values)
    half = len(values) // 2
    start = int((values[half:] - values[: len(values) - half]).argmin())
    return float(np.median(values[start : start + half + 1]))
