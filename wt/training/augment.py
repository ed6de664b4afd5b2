"""Geometric augmentation: a drawn window of a sample becomes the network's square, its geometry exactly with it.

What chance decides is one value, `Augmentation`; the frames of a clip share one. It becomes a `Window` of a picture or
around a mask, and the window gives colours (`wt.training.dataset.resample`), K and targets. Depth is read at the
nearest source pixel and unprojected through the target pixel's centre with the transformed K, so every target lies on
its ray. Sources: paper App. C; ARCHITECTURE 3.2 (object crop).
"""

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from wt.data.source import Source
from wt.errors import WtError
from wt.preprocess import CROP_FILL
from wt.training.masks import MaskJitter, draw_jitter, with_mask
from wt.training.window import Window, lean, source_index, window_k
from wt.types import Bool, Float


@dataclass(frozen=True)
class Augmentation:
    """What chance decides about the geometry and the mask of a sample, or of all frames of a clip."""

    size: tuple[float, float] = (1.0, 1.0)
    """Width and height of the window, as shares of the picture's (scenes) or of the plain crop's (objects)."""
    place: tuple[float, float] = (0.5, 0.5)
    """Where the window lies: from 0 to 1 in the room that is left (scenes), or how far it is moved, in crops, right and
    down (objects)."""
    flip: bool = False
    turn: float = 0.0
    """Radians, about the optical axis."""
    shear: float = 0.0
    mask: MaskJitter = field(default_factory=MaskJitter)


@dataclass(frozen=True)
class Ranges:
    """How far chance goes."""

    turned: float
    """Share of the samples that are turned; half as many, drawn apart, are sheared."""
    turn: float
    """Radians, at most."""
    shear: float
    """At most: right angles become wrong by so many radians."""


RANGES = {
    # Photos are held level, more or less, and their floors must come out level.
    "scene": Ranges(0.3, math.radians(8), 0.03),
    "object": Ranges(0.4, math.radians(20), 0.05),
}


@dataclass(frozen=True)
class Target:
    """The geometry of a window on a side x side grid."""

    points: Float[np.ndarray, "layers s s 3"]
    """Forward-filled camera-space points (Eq. 2); 0 where `weight` is 0."""
    valid: Bool[np.ndarray, "layers s s"]
    """Real intersections, before the filling; a dilated mask's pseudo pixels inherit their neighbour's."""
    weight: Float[np.ndarray, "s s"]
    """1 on rays with a surface, PSEUDO_WEIGHT where a dilated mask added them, 0 elsewhere."""


def draw_augmentation(
    kind: Literal["scene", "object"], rng: np.random.Generator, *, turns: bool = True
) -> Augmentation:
    """Crop, place, aspect, flip, turn, shear and (objects) a mistake of the mask.

    Scenes: 60-100 % of each side, independently, anywhere. Objects: a crop 5 % smaller to 20 % larger, moved by up to
    5 % of it, with sides up to 4 % longer and shorter. Half are flipped. `turns` is False for sparse frames.
    """
    flip, ranges = bool(rng.random() < 0.5), RANGES[kind]
    turned, sheared = rng.random(2) < (ranges.turned, ranges.turned / 2)
    turn, shear = rng.uniform(-1, 1, 2) * (ranges.turn * (turned and turns), ranges.shear * sheared)
    if kind == "scene":
        (width, height), (x, y) = rng.uniform(0.6, 1.0, 2), rng.random(2)
        return Augmentation((float(width), float(height)), (float(x), float(y)), flip, float(turn), float(shear))
    size, stretch = rng.uniform(0.95, 1.2), np.exp(rng.uniform(-0.04, 0.04))
    x, y = rng.uniform(-0.05, 0.05, 2) * size
    sides = (float(size * stretch), float(size / stretch))
    return Augmentation(sides, (float(x), float(y)), flip, float(turn), float(shear), draw_jitter(rng))


def scene_window(size: tuple[int, int], drawn: Augmentation | None = None, pixel_aspect: float = 1.0) -> Window:
    """The drawn part of a picture of (height, width) pixels, all of it inside; without a draw the whole picture."""
    extent = np.array([size[1], size[0]], dtype=np.float64)
    if drawn is None:
        return Window(0, 0, size[1], size[0])
    sides = extent * drawn.size
    reach = np.abs(lean(drawn.turn, drawn.shear, pixel_aspect)) @ sides
    # A turned rectangle needs more room than it has sides.
    shrunk = min(1.0, float((extent / reach).min()))
    sides, reach = sides * shrunk, reach * shrunk
    left, top = reach / 2 + (extent - reach) * drawn.place - sides / 2
    return _window(left, top, sides, drawn, pixel_aspect)


def object_window(
    mask: Bool[np.ndarray, "h w"],
    drawn: Augmentation | None = None,
    fill: float = CROP_FILL,
    pixel_aspect: float = 1.0,
) -> Window:
    """The crop around the mask (`wt.preprocess.object_crop`), drawn larger or smaller, moved, stretched, turned.

    The mask's longer side takes `fill` of the plain crop: the mask as the turned camera sees it.

    Raises:
        WtError: an empty mask.
    """
    if not mask.any():
        raise WtError("An object sample without a single visible pixel cannot be cropped. Generate it again.")
    leaning = lean(drawn.turn, drawn.shear, pixel_aspect) if drawn else np.eye(2)
    ends = np.linalg.inv(leaning) @ _row_ends(mask)
    low, high = ends.min(axis=1), ends.max(axis=1)
    side = float(np.ceil(((high - low).max() + 1) / fill))
    if drawn is None:
        left, top = np.round((low + high) / 2 - side / 2)
        return Window(left, top, side, side)
    middle = (low + high) / 2 + np.linalg.inv(leaning) @ (0.5, 0.5) + side * np.array(drawn.place)
    sides = side * np.array(drawn.size)
    left, top = leaning @ middle - sides / 2
    return _window(left, top, sides, drawn, pixel_aspect)


def _window(left: float, top: float, sides: np.ndarray, drawn: Augmentation, pixel_aspect: float) -> Window:
    width, height = (float(side) for side in sides)
    return Window(float(left), float(top), width, height, drawn.flip, drawn.turn, drawn.shear, pixel_aspect)


def _row_ends(mask: np.ndarray) -> np.ndarray:
    """[2, n] (column, row) of the first and the last pixel of every row: any box of theirs is the mask's."""
    rows = np.flatnonzero(mask.any(axis=1))
    first = mask[rows].argmax(axis=1)
    last = mask.shape[1] - 1 - mask[rows, ::-1].argmax(axis=1)
    return np.stack([np.concatenate([first, last]), np.concatenate([rows, rows])])


def target(source: Source, window: Window, side: int, mask: Bool[np.ndarray, "h w"] | None = None) -> Target:
    """The window's geometry on a side x side grid.

    `mask` (source grid) replaces "has a surface" as the valid rays: pixels it adds take the nearest valid ray's depth
    at PSEUDO_WEIGHT, pixels it drops are invalid (`wt.training.masks.with_mask`).
    """
    depth, weight = source.depth, (source.depth[0] > 0).astype(np.float32)
    if mask is not None:
        depth, weight = with_mask(depth, mask)
    rows, columns, inside = source_index(window, side, weight.shape)
    flat = rows * weight.shape[1] + columns
    depth = depth.reshape(len(depth), -1)[:, flat].astype(np.float32)
    weight = np.where(inside, weight.reshape(-1)[flat], np.float32(0))
    valid = (depth > 0) & (weight > 0)
    fx, fy, cx, cy = window_k(source.k, window, side)
    x = ((np.arange(side) + 0.5 - cx) / fx).astype(np.float32)
    y = ((np.arange(side) + 0.5 - cy) / fy).astype(np.float32)
    filled = fill_depth(depth, valid)
    return Target(np.stack([filled * x, filled * y[:, None], filled], axis=-1), valid, weight)


def fill_depth(
    depth: Float[np.ndarray, "layers h w"], valid: Bool[np.ndarray, "layers h w"]
) -> Float[np.ndarray, "layers h w"]:
    """Forward fill (Eq. 2) of depths; rays without a surface become 0."""
    filled = np.where(valid, depth, 0)
    for layer in range(1, len(filled)):
        np.copyto(filled[layer], filled[layer - 1], where=~valid[layer])
    return filled
