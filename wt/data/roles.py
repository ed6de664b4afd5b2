"""Which asset families can play which part in a world: found by words in their names, so that new ones flow in."""

from dataclasses import replace
from functools import cache

import numpy as np

from wt.data import assets
from wt.data.mesh import Asset, Part

WORDS: dict[str, tuple[str, ...]] = {
    "sofa": ("sofa", "couch"),
    "armchair": ("armchair",),
    "chair": ("chair", "stool"),
    "coffee_table": ("coffee_table", "side_table", "nightstand"),
    "table": ("table", "desk"),
    "bed": ("bed",),
    "shelf": ("shelf", "bookcase", "rack"),
    "cabinet": ("cabinet", "dresser", "wardrobe", "chest", "drawer", "fridge", "stove", "sideboard", "cupboard"),
    "lamp": ("lamp",),
    "plant": ("plant", "tree"),
    "rug": ("rug", "carpet"),
    "picture": ("picture", "painting", "mirror", "clock"),
    "vehicle": ("car", "truck", "van", "bus", "bicycle"),
    "animal": ("animal", "dog", "cat", "horse", "person", "bear", "duck", "toy"),
    "book": ("book",),
    "boxes": ("box", "crate", "stack"),
}
OUTDOORS = ("car", "truck", "van", "bus", "tree", "house", "building")
"""Families that no room holds at full size."""


def make(family: str, rng: np.random.Generator) -> Asset:
    """An asset of a family, `joined`."""
    return joined(assets.make_asset(family, rng))


def joined(asset: Asset) -> Asset:
    """An asset whose parts overlap where they touch.

    Two faces in the same plane have no order along a ray; parts that grow by a fraction of a millimetre become one
    solid under the union of wt/data/peel.py.
    """
    low, high = asset.bounds()
    margin = max(3e-4, 4e-4 * float((high - low).max()))
    return replace(asset, parts=tuple(_grown(part, margin) for part in asset.parts))


def _grown(part: Part, margin: float) -> Part:
    low, high = part.vertices.min(axis=0), part.vertices.max(axis=0)
    centre, half = (low + high) / 2, np.maximum((high - low) / 2, 1e-6)
    return replace(part, vertices=centre + (part.vertices - centre) * (1 + margin / half))


@cache
def families(role: str) -> tuple[str, ...]:
    """The training families of a role, by whole words of their names; empty when there are none yet."""
    held_out = getattr(assets, "HELD_OUT_FAMILIES", ())
    found = [name for name in assets.FAMILIES if name not in held_out]
    return tuple(name for name in found if any(_matches(name, word) for word in WORDS[role]))


@cache
def all_families(held_out: bool) -> tuple[str, ...]:
    """Every family for training, or with `held_out` those kept for evaluation (every family where none is kept)."""
    kept = getattr(assets, "HELD_OUT_FAMILIES", ())
    names = tuple(name for name in assets.FAMILIES if (name in kept) == held_out)
    return names or tuple(assets.FAMILIES)


def attached(rng: np.random.Generator, attachment: str, tries: int = 12, indoors: bool = True) -> Asset | None:
    """A random asset that belongs on the floor, a table, a wall or the ceiling."""
    for _ in range(tries):
        name = str(rng.choice(all_families(False)))
        if indoors and any(_matches(name, word) for word in OUTDOORS):
            continue
        if _attachment(name) == attachment:
            return make(name, rng)
    return None


def of_role(rng: np.random.Generator, role: str) -> Asset | None:
    """A random asset that plays a role, None where no family does."""
    names = families(role)
    return make(str(rng.choice(names)), rng) if names else None


@cache
def _attachment(name: str) -> str:
    return assets.make_asset(name, np.random.default_rng(0)).attachment


def _matches(name: str, word: str) -> bool:
    padded = "_" + name.replace(" ", "_") + "_"
    return f"_{word}_" in padded or f"_{word}s_" in padded or (len(word) > 4 and word in name)
