"""The families of assets: procedural furniture and household things with true sizes, each draw different.

An asset stands in the frame of wt.data.mesh (z up, metres, front to -y); every part is a closed mesh.
"""

from collections.abc import Callable

import numpy as np

from wt.data.assets import (
    beds,
    decor,
    household,
    kitchen,
    lamps,
    plants,
    seating,
    storage,
    tables,
    tableware,
    toys,
    vehicles,
)
from wt.data.assets.kit import MATERIALS
from wt.data.mesh import Asset, Attachment
from wt.data.palette import COLOURS, Colour
from wt.errors import WtError

_FAMILIES: dict[str, tuple[Callable[..., Asset], Attachment, float]] = {
    "chair": (seating.chair, "floor", 0.9),
    "armchair": (seating.armchair, "floor", 0.85),
    "sofa": (seating.sofa, "floor", 0.85),
    "stool": (seating.stool, "floor", 0.5),
    "bench": (seating.bench, "floor", 0.5),
    "table": (tables.table, "floor", 0.74),
    "coffee table": (tables.coffee_table, "floor", 0.4),
    "desk": (tables.desk, "floor", 0.74),
    "shelf": (storage.shelf, "floor", 1.6),
    "cabinet": (storage.cabinet, "floor", 0.8),
    "wardrobe": (storage.wardrobe, "floor", 2.0),
    "box": (storage.box_, "floor", 0.3),
    "stack of boxes": (storage.box_stack, "floor", 0.8),
    "crate": (storage.crate, "floor", 0.3),
    "basket": (storage.basket, "floor", 0.35),
    "mug": (tableware.mug, "table", 0.1),
    "cup": (tableware.cup, "table", 0.07),
    "plate": (tableware.plate, "table", 0.03),
    "bowl": (tableware.bowl, "table", 0.08),
    "bottle": (tableware.bottle, "table", 0.26),
    "vase": (tableware.vase, "table", 0.28),
    "jar": (tableware.jar, "table", 0.15),
    "teapot": (tableware.teapot, "table", 0.15),
    "glass": (tableware.glass, "table", 0.14),
    "pot": (tableware.pot, "table", 0.16),
    "candle": (tableware.candle, "table", 0.2),
    "torus": (tableware.ring, "table", 0.1),
    "toy animal": (toys.toy_animal, "floor", 0.3),
    "figure": (toys.figure, "floor", 1.7),
    "ball": (toys.ball, "floor", 0.25),
    "knot": (toys.knot_, "floor", 0.3),
    "building blocks": (toys.building_blocks, "table", 0.12),
    "robot": (toys.robot, "table", 0.22),
    "duck": (toys.duck, "table", 0.1),
    "car": (vehicles.car, "floor", 1.4),
    "truck": (vehicles.truck, "floor", 2.2),
    "train": (vehicles.train, "table", 0.12),
    "aeroplane": (vehicles.aeroplane, "table", 0.12),
    "plant": (plants.plant, "floor", 0.8),
    "cactus": (plants.cactus, "table", 0.15),
    "tree": (plants.tree, "floor", 4.0),
    "book": (decor.book, "table", 0.06),
    "picture": (decor.picture, "wall", 0.6),
    "mirror": (decor.mirror, "wall", 0.8),
    "rug": (decor.rug, "floor", 0.015),
    "curtain": (decor.curtain, "wall", 2.0),
    "clock": (decor.clock, "wall", 0.35),
    "guitar": (decor.guitar, "floor", 1.1),
    "sculpture": (decor.sculpture, "table", 0.25),
    "floor lamp": (lamps.floor_lamp, "floor", 1.6),
    "table lamp": (lamps.table_lamp, "table", 0.45),
    "ceiling lamp": (lamps.ceiling_lamp, "ceiling", 0.6),
    "bed": (beds.bed, "floor", 0.9),
    "monitor": (household.monitor, "table", 0.45),
    "television": (household.television, "table", 0.65),
    "laptop": (household.laptop, "table", 0.24),
    "bin": (household.bin_, "floor", 0.45),
    "suitcase": (household.suitcase, "floor", 0.65),
    "ladder": (household.ladder, "floor", 1.4),
    "traffic cone": (household.traffic_cone, "floor", 0.5),
    "barrel": (household.barrel, "floor", 0.75),
    "bucket": (household.bucket, "floor", 0.28),
    "radio": (household.radio, "table", 0.2),
    "office chair": (seating.office_chair, "floor", 1.0),
    "nightstand": (storage.nightstand, "floor", 0.55),
    "fridge": (kitchen.fridge, "floor", 1.5),
    "stove": (kitchen.stove, "floor", 0.9),
    "washing machine": (kitchen.washing_machine, "floor", 0.85),
    "sink": (kitchen.sink, "floor", 1.0),
    "jug": (tableware.jug, "table", 0.22),
    "bus": (vehicles.bus, "floor", 0.18),
    "house": (toys.house, "floor", 0.4),
    "cushion": (decor.cushion, "floor", 0.25),
}
FAMILIES: dict[str, Callable[..., Asset]] = {name: entry[0] for name, entry in _FAMILIES.items()}
"""Family name -> maker(rng, *, colour=None, material=None)."""
FAMILY_INFO: dict[str, tuple[Attachment, float]] = {name: entry[1:] for name, entry in _FAMILIES.items()}
"""Family name -> (where it belongs, typical height in metres)."""
HELD_OUT_FAMILIES: tuple[str, ...] = tuple(
    n for n in ("armchair", "wardrobe", "teapot", "traffic cone") if n in FAMILIES
)
"""Never shown in training: evaluation sees these shapes for the first time."""


def make_asset(family: str, rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """One asset of a family, every choice drawn from `rng`; `colour` (a name of COLOURS or linear rgb [3]) and
    `material` (a name of MATERIALS) set the main parts.

    Raises WtError for an unknown family, colour or material.
    """
    if family not in FAMILIES:
        raise WtError(f"There is no asset family {family!r}. Known: {', '.join(FAMILIES)}.")
    if material is not None and material not in MATERIALS:
        raise WtError(f"There is no material {material!r}. Known: {', '.join(MATERIALS)}.")
    if isinstance(colour, str) and colour.replace("gray", "grey") not in COLOURS:
        raise WtError(f"There is no colour {colour!r}. Known: {', '.join(COLOURS)}.")
    return FAMILIES[family](rng, colour=colour, material=material)


__all__ = ["COLOURS", "FAMILIES", "FAMILY_INFO", "HELD_OUT_FAMILIES", "MATERIALS", "make_asset"]
