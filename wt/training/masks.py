"""Imperfect masks: what a segmenter gets wrong, drawn once and applied to any mask (paper App. C, robust silhouettes).

Pixels that a wrong mask adds have no geometry of their own: they inherit the nearest valid ray's, and count less.
"""

from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

import numpy as np

from wt.types import Bool, Float

PSEUDO_WEIGHT = 0.3
"""Loss weight of pixels that a jittered mask adds: their geometry is their neighbour's."""
REACH = 3
"""How far, in source pixels, an added pixel looks for a valid ray."""
LEAST = 64
"""A mask that would keep fewer pixels, or less than half of them, is left as it is."""
_FIELD = 12

Fault = Literal["none", "grow", "shrink", "border", "thin", "fill", "holes"]
FAULTS: tuple[Fault, ...] = get_args(Fault)
_CHANCES = (0.4, 0.12, 0.12, 0.16, 0.07, 0.06, 0.07)


@dataclass(frozen=True)
class MaskJitter:
    """One drawn mistake; frames of a clip share one."""

    fault: Fault = "none"
    """grow, shrink: everywhere. border: grown here, shrunk there, ragged in between. thin: narrow parts are lost.
    fill: small holes and gaps are closed. holes: small ones are made."""
    radius: int = 1
    """Source pixels."""
    seed: int = 0
    """Of the mistake's own chance: where a border wanders, where holes are."""


def draw_jitter(rng: np.random.Generator) -> MaskJitter:
    """No mistake for 40 % of the samples, otherwise one of six of one or two pixels."""
    fault = FAULTS[int(rng.choice(len(FAULTS), p=_CHANCES))]
    return MaskJitter(fault, int(rng.integers(1, 3)), int(rng.integers(2**63)))


def jitter_mask(mask: Bool[np.ndarray, "h w"], jitter: MaskJitter) -> Bool[np.ndarray, "h w"]:
    """The mask with the mistake; unchanged if too little of it would be left."""
    changed = _changed(mask, jitter)
    kept = int((changed & mask).sum())
    return changed if kept >= max(LEAST, mask.sum() / 2) else mask


def with_mask(
    depth: Float[np.ndarray, "layers h w"], mask: Bool[np.ndarray, "h w"]
) -> tuple[Float[np.ndarray, "layers h w"], Float[np.ndarray, "h w"]]:
    """Depth and weight of a sample whose valid rays are said to be `mask`.

    Pixels without a surface take all layers of the nearest ray that has one, up to `REACH` away, at `PSEUDO_WEIGHT`;
    farther ones, and what the mask leaves out, weigh 0.
    """
    real = depth[0] > 0
    weight = (real & mask).astype(np.float32)
    rows, columns = np.nonzero(mask & ~real)
    if not len(rows):
        return depth, weight
    depth = depth.copy()
    height, width = real.shape
    for dy, dx in _nearest_first(REACH):
        r, c = rows + dy, columns + dx
        inside = (r >= 0) & (r < height) & (c >= 0) & (c < width)
        found = inside & real[r.clip(0, height - 1), c.clip(0, width - 1)]
        depth[:, rows[found], columns[found]] = depth[:, r[found], c[found]]
        weight[rows[found], columns[found]] = PSEUDO_WEIGHT
        rows, columns = rows[~found], columns[~found]
        if not len(rows):
            break
    return depth, weight


@cache
def _nearest_first(reach: int) -> list[tuple[int, int]]:
    """Steps to all pixels within a distance."""
    span = range(-reach, reach + 1)
    steps = [(dy, dx) for dy in span for dx in span if 0 < dy * dy + dx * dx <= reach * reach]
    return sorted(steps, key=lambda step: step[0] ** 2 + step[1] ** 2)


def _changed(mask: np.ndarray, jitter: MaskJitter) -> np.ndarray:
    radius, rng = jitter.radius, np.random.default_rng(jitter.seed)
    if jitter.fault == "grow":
        return _grown(mask, radius)
    if jitter.fault == "shrink":
        return _shrunk(mask, radius)
    if jitter.fault == "border":
        return _wandering(mask, radius, rng)
    if jitter.fault == "thin":
        return mask & _grown(_shrunk(mask, radius), radius)
    if jitter.fault == "fill":
        return mask | _shrunk(_grown(mask, radius), radius)
    if jitter.fault == "holes":
        return mask & ~_discs(mask, radius, rng)
    return mask


def _wandering(mask: np.ndarray, radius: int, rng: np.random.Generator) -> np.ndarray:
    """Grown where a coarse random field is high, shrunk where it is low, and every second border pixel in between."""
    field = rng.standard_normal((_FIELD, _FIELD), dtype=np.float32)
    rows, columns = (np.arange(size) * _FIELD // size for size in mask.shape)
    field = field[rows[:, None], columns]
    ragged = mask | (_grown(mask, 1) & (rng.random(mask.shape, dtype=np.float32) < 0.5))
    return np.where(field > 0.5, _grown(mask, radius), np.where(field < -0.5, _shrunk(mask, radius), ragged))


def _discs(mask: np.ndarray, radius: int, rng: np.random.Generator) -> np.ndarray:
    """One to four discs around pixels of the mask."""
    inside = np.flatnonzero(mask)
    discs = np.zeros(mask.shape, bool)
    for place in rng.choice(inside, min(int(rng.integers(1, 5)), len(inside)), replace=False):
        discs.flat[place] = True
    return _grown(discs, radius)


def _grown(mask: np.ndarray, radius: int) -> np.ndarray:
    """Every pixel within `radius` steps to a neighbour above, below, left or right."""
    for _ in range(radius):
        wider = mask.copy()
        wider[1:] |= mask[:-1]
        wider[:-1] |= mask[1:]
        wider[:, 1:] |= mask[:, :-1]
        wider[:, :-1] |= mask[:, 1:]
        mask = wider
    return mask


def _shrunk(mask: np.ndarray, radius: int) -> np.ndarray:
    return ~_grown(~mask, radius)
