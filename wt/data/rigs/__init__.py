"""Which parts of an asset move, and about what: doors, drawers, lids, flaps, wheels, propellers, lamp arms, limbs.

The families of wt/data/assets do not name their parts, so a rig finds them by their order or by where they lie. A
family without a rig, or an asset of it that has not the parts that its rig knows, moves as a whole only.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from wt.data.mesh import Asset
from wt.data.motion import Joint
from wt.data.rigs import containers, cupboards, devices, living, vehicles
from wt.data.rigs.rig import Rig

RIGS: dict[str, Callable[[Rig], None]] = {
    "figure": living.figure, "toy animal": living.toy_animal, "robot": living.robot,
    **dict.fromkeys(("car", "truck", "bus", "train", "aeroplane"), vehicles.vehicle), "ball": vehicles.ball,
    **dict.fromkeys(("cabinet", "nightstand", "wardrobe", "fridge"), cupboards.cupboard),
    "stove": cupboards.stove, "washing machine": cupboards.washing_machine,
    **dict.fromkeys(("jar", "pot", "teapot"), containers.lidded), "box": containers.box_,
    "bin": containers.bin_, "bucket": containers.bucket, "suitcase": containers.suitcase,
    "laptop": devices.laptop, "monitor": devices.monitor, "table lamp": devices.table_lamp, "clock": devices.clock,
    "office chair": devices.office_chair, "ladder": devices.ladder,
}  # fmt: skip
"""Family -> its rule."""


def rigged(asset: Asset, rng: np.random.Generator) -> tuple[Asset, tuple[Joint, ...]]:
    """The asset and its joints, in its present frame; cupboards get an inside, which the asset at rest lacks."""
    rig = Rig(asset, rng)
    RIGS.get(asset.name, lambda _: None)(rig)
    return replace(asset, parts=tuple(rig.parts)), tuple(rig.joints)
