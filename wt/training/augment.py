"""Geometric augmentation of a rendered sample: a window of the source becomes the network's square, exactly.

The window is axis-aligned, so it is a crop and an anisotropic squeeze (what a photo of any aspect undergoes); a flip
mirrors the camera. Depth is read at the nearest source pixel and unprojected through the target pixel's centre with
the transformed K, so every target lies on its ray. Sources: paper App. C; ARCHITECTURE 3.2 (object crop).
"""

from dataclasses import dataclass

import numpy as np

from wt.errors import WtError
from wt.preprocess import CROP_FILL
from wt.types import Bool, Float, UInt8

PSEUDO_WEIGHT = 0.3
"""Loss weight of pixels that a jittered mask adds: their geometry is their neighbour's."""


@dataclass(frozen=True)
class Source:
    """One sample: rgb, peeled depth (z, 0 = no hit) and K = (fx, fy, cx, cy) in pixels of the source."""

    rgb: UInt8[np.ndarray, "h w 3"]
    depth: Float[np.ndarray, "layers h w"]
    k: Float[np.ndarray, "4"]
    single: bool = False
    """Only layer 0 is known (Eq. 4): an RGB-D frame."""
    photograph: bool = False
    """A real photograph, not a rendering."""
    sparse: bool = False
    """Few pixels have a depth (a driving LiDAR): never turned (App. C)."""


@dataclass(frozen=True)
class Window:
    """The part of the source that becomes the square: corner and size in source pixels; it may reach outside."""

    left: float | int
    top: float | int
    width: float | int
    height: float | int
    flip: bool = False


@dataclass(frozen=True)
class Target:
    """The geometry of a window on a side x side grid."""

    points: Float[np.ndarray, "layers s s 3"]
    """Forward-filled camera-space points (Eq. 2); 0 where `weight` is 0."""
    valid: Bool[np.ndarray, "layers s s"]
    """Real intersections, before the filling; a dilated mask's pseudo pixels inherit their neighbour's."""
    weight: Float[np.ndarray, "s s"]
    """1 on rays with a surface, PSEUDO_WEIGHT where a dilated mask added them, 0 elsewhere."""


def scene_window(side: int, rng: np.random.Generator, smallest: float = 0.6) -> Window:
    """60-100 % of each side, independently, anywhere; flipped half of the time."""
    width, height = rng.uniform(smallest, 1.0, 2) * side
    left, top = rng.uniform(0, side - width), rng.uniform(0, side - height)
    return Window(left, top, width, height, bool(rng.random() < 0.5))


def object_window(
    mask: Bool[np.ndarray, "h w"], rng: np.random.Generator | None = None, fill: float = CROP_FILL
) -> Window:
    """The crop around the mask (`wt.preprocess.object_crop`); with `rng` its side, place and aspect vary, and it flips.

    The mask's longer side takes `fill` of it, with `rng` down to five sixths of that.
    """
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        raise WtError("An object sample without a single visible pixel cannot be cropped. Generate it again.")
    longest = max(rows[-1] - rows[0], columns[-1] - columns[0]) + 1
    side = float(np.ceil(longest / fill))
    x, y = (columns[0] + columns[-1]) / 2, (rows[0] + rows[-1]) / 2
    if rng is None:
        return Window(np.round(x - side / 2), np.round(y - side / 2), side, side)
    side *= rng.uniform(0.95, 1.2)
    x, y = np.array([x, y]) + 0.5 + rng.uniform(-0.05, 0.05, 2) * side
    stretch = np.exp(rng.uniform(-0.04, 0.04))
    width, height = side * stretch, side / stretch
    return Window(x - width / 2, y - height / 2, width, height, bool(rng.random() < 0.5))


def source_index(window: Window, side: int, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Nearest source row and column of every target row and column, and which targets lie inside the source."""
    columns = np.floor(window.left + (np.arange(side) + 0.5) * window.width / side).astype(int)
    rows = np.floor(window.top + (np.arange(side) + 0.5) * window.height / side).astype(int)
    if window.flip:
        columns = columns[::-1]
    height, width = size
    inside = ((rows >= 0) & (rows < height))[:, None] & ((columns >= 0) & (columns < width))[None]
    return rows.clip(0, height - 1), columns.clip(0, width - 1), inside


def window_k(k: Float[np.ndarray, "4"], window: Window, side: int) -> Float[np.ndarray, "4"]:
    """K of the window's side x side grid; a flip mirrors the principal point."""
    sx, sy = side / window.width, side / window.height
    fx, fy, cx, cy = k
    cx = (cx - window.left) * sx
    return np.array([fx * sx, fy * sy, side - cx if window.flip else cx, (cy - window.top) * sy], dtype=np.float64)


def target(source: Source, window: Window, side: int, mask: Bool[np.ndarray, "h w"] | None = None) -> Target:
    """The window's geometry on a side x side grid.

    `mask` (source grid) replaces "has a surface" as the valid rays: pixels it adds take the nearest valid ray's depth
    within one pixel at PSEUDO_WEIGHT, pixels it drops are invalid.
    """
    depth = source.depth
    real = depth[0] > 0
    weight = real.astype(np.float32)
    if mask is not None:
        depth, weight = _with_mask(depth, real, mask)
    rows, columns, inside = source_index(window, side, real.shape)
    depth = depth[:, rows[:, None], columns[None]].astype(np.float32)
    weight = np.where(inside, weight[rows[:, None], columns[None]], np.float32(0))
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


def jitter_mask(mask: Bool[np.ndarray, "h w"], rng: np.random.Generator) -> Bool[np.ndarray, "h w"]:
    """The mask grown or shrunk by a pixel, everywhere or on a random half of its border; often left alone."""
    kind = rng.integers(6)
    if kind < 3:
        return mask
    grown, shrunk = _spread(mask), ~_spread(~mask)
    if kind == 3:
        return grown
    if kind == 4 and shrunk.sum() > 64:
        return shrunk
    coin = rng.random(mask.shape) < 0.5
    return mask ^ ((grown & ~mask) & coin)


def _spread(mask: np.ndarray) -> np.ndarray:
    """The mask and its four neighbours."""
    out = mask.copy()
    out[1:] |= mask[:-1]
    out[:-1] |= mask[1:]
    out[:, 1:] |= mask[:, :-1]
    out[:, :-1] |= mask[:, 1:]
    return out


def _with_mask(depth: np.ndarray, real: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    weight = (real & mask).astype(np.float32)
    rows, columns = np.nonzero(mask & ~real)
    if not len(rows):
        return depth, weight
    depth = depth.copy()
    height, width = real.shape
    for dy, dx in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        r, c = (rows + dy).clip(0, height - 1), (columns + dx).clip(0, width - 1)
        take = real[r, c] & (weight[rows, columns] == 0)
        depth[:, rows[take], columns[take]] = depth[:, r[take], c[take]]
        weight[rows[take], columns[take]] = PSEUDO_WEIGHT
    return depth, weight
