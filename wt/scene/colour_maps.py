"""Depth as colour: the two maps of the field, and the one scale that several pictures share."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

import numpy as np

from wt.errors import WtError
from wt.scene.objects import SceneObject
from wt.types import Float, UInt8

ColourMap = Literal["turbo", "magma"]
COLOUR_MAPS: tuple[ColourMap, ...] = get_args(ColourMap)


@dataclass(frozen=True)
class DepthScale:
    """A range of depth in scene units, spread evenly in log depth: near things keep their differences."""

    near: float
    far: float

    def place(self, z: Float[np.ndarray, "*n"]) -> Float[np.ndarray, "*n"]:
        """0 at `near` or nearer, 1 at `far` or further; NaN stays NaN."""
        with np.errstate(invalid="ignore"):
            share = np.log(np.maximum(z, 1e-9) / self.near) / max(math.log(self.far / self.near), 1e-9)
        return np.clip(share, 0, 1)

    def ticks(self, count: int = 5) -> tuple[float, ...]:
        """Depths at equal distances along the scale, near to far, scene units."""
        return tuple(float(depth) for depth in np.geomspace(self.near, self.far, count))


def depth_scale(things: Iterable[SceneObject]) -> DepthScale:
    """From the 2nd to the 98th percentile of the depth of all surfaces of the things, whatever layers are shown."""
    z = np.concatenate([np.zeros(0, np.float32), *(thing.world_points()[thing.present][:, 2] for thing in things)])
    z = z[z > 0]
    if not len(z):
        return DepthScale(1.0, 2.0)
    near, far = (float(value) for value in np.percentile(z, (2, 98)))
    return DepthScale(near, max(far, near * (1 + 1e-6)))


def depth_colours(
    z: Float[np.ndarray, "*n"], scale: DepthScale, colour_map: str = "turbo"
) -> UInt8[np.ndarray, "*n 3"]:
    """Near is the map's upper end (red, or pale yellow), far its lower; black where z is not finite."""
    known = np.isfinite(z)
    colours = mapped(1 - np.where(known, scale.place(z), 1), colour_map)
    return np.where(known[..., None], colours, np.uint8(0))


def mapped(value: Float[np.ndarray, "*n"], colour_map: str = "turbo") -> UInt8[np.ndarray, "*n 3"]:
    """Colours, sRGB, of values from 0 to 1: Turbo goes from blue to red, Magma from black to pale yellow.

    Raises:
        WtError: an unknown map.
    """
    if colour_map not in COLOUR_MAPS:
        raise WtError(f"There is no colour map {colour_map!r}. Choose from {', '.join(COLOUR_MAPS)}.")
    return _table(colour_map)[np.rint(np.clip(value, 0, 1) * 255).astype(int)]


@cache
def _table(colour_map: str) -> UInt8[np.ndarray, "256 3"]:
    import cv2

    numbers = {"turbo": cv2.COLORMAP_TURBO, "magma": cv2.COLORMAP_MAGMA}
    bgr = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[:, None], numbers[colour_map])
    return np.ascontiguousarray(bgr[:, 0, ::-1])
