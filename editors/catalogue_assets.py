"""What the catalogue can make, each in its true size: the families of wt.data.assets, and vehicles as toys."""

import numpy as np

from wt.data.assets import FAMILIES, make_asset
from wt.data.mesh import Asset
from wt.errors import WtError

VEHICLES = {"car": 4.2, "truck": 6.0, "bus": 11.0}
"""Length in metres of a family that is drawn now in its true size and now as a toy: the word alone means a true one."""
TOYS = {"toy car": "car", "toy truck": "truck", "toy bus": "bus"}
TOY_LENGTH = 0.25
MADE = frozenset({*FAMILIES, *TOYS})
"""Every word that `make` takes."""
SIZES = {"tiny": 0.4, "small": 0.65, "large": 1.4, "huge": 2.0}
"""Factors on the true size; "tall" and "short" stretch the height alone."""
HEIGHTS = {"tall": 1.35, "short": 0.72}
FLAT = 0.2
"""The height of something flatter than this share of its longest side says nothing of its size."""


def make(what: str, rng: np.random.Generator, *, colour: str | None = None, material: str | None = None) -> Asset:
    """One asset, every choice drawn from `rng`.

    Raises:
        WtError: the word, the colour or the material is unknown.
    """
    if what not in MADE:
        raise WtError(f"The catalogue has no {what!r}. It has: {', '.join(sorted(MADE))}.")
    family = TOYS.get(what, what)
    asset = make_asset(family, rng, colour=colour, material=material)
    if family not in VEHICLES:
        return asset
    length, true = _longest(asset), VEHICLES[family]
    is_toy = length < true / 3
    if is_toy == (what in TOYS):
        return asset
    return asset.moved(scale=(TOY_LENGTH if what in TOYS else true) / length)


def sized(asset: Asset, size: str | None) -> Asset:
    """As large as a word of SIZES or HEIGHTS says; None is the true size."""
    if size in SIZES:
        return asset.moved(scale=SIZES[size])
    if size in HEIGHTS:
        return asset.transformed(np.diag([1.0, 1.0, HEIGHTS[size], 1.0]))
    return asset


def as_high(asset: Asset, height_m: float | None) -> Asset:
    """Scaled to a height; a flat thing such as a rug keeps its size."""
    low, high = asset.bounds()
    extent = high - low
    if height_m is None or extent[2] < FLAT * extent.max():
        return asset
    return asset.moved(scale=height_m / float(extent[2]))


def _longest(asset: Asset) -> float:
    low, high = asset.bounds()
    return float((high - low).max())
