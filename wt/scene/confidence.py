"""How far a placement can be trusted: good, fair or poor, with the reason in words."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from wt.scene.pose import solid_points
from wt.scene.scene import Scene
from wt.scene.support import find_support

Level = Literal["good", "fair", "poor"]
LIMITS: dict[str, tuple[float, float]] = {"depth": (0.1, 0.3), "reprojection": (0.02, 0.05), "contact": (0.05, 0.15)}
"""Largest figure, as a share of the object's size, that is still good, and that is still fair."""


@dataclass(frozen=True)
class Confidence:
    """The worst of the figures decides."""

    level: Level
    reasons: tuple[str, ...] = ()
    """A sentence for every figure that is not good."""
    contact: float = math.inf
    """Distance to the nearest support, scene units; infinite without one."""


def confidence(scene: Scene, ident: int) -> Confidence:
    """Judge an inserted object by its residuals and its contact, each relative to its size.

    The depth residual is taken times the object's distance over its longest side, the reprojection over its longest
    side in pixels, the contact as the distance to the nearest floor, surface or wall. Residuals of the solve say
    nothing about where a person moved the object, so then only the contact counts.
    """
    thing = scene[ident]
    body = solid_points(thing.world_points(), thing.present)
    size = float(np.ptp(body, axis=0).max())
    shares, support = {}, find_support(scene, ident)
    if not thing.moved:
        rows, columns = np.nonzero(thing.present.any(axis=0))
        residuals = thing.info.get("residuals", {})
        shares["depth"] = residuals.get("depth", math.nan) * float(np.median(body[:, 2])) / size
        extent_px = max(np.ptp(rows), np.ptp(columns)) + 1
        shares["reprojection"] = residuals.get("reprojection_px", math.nan) / float(extent_px)
    contact = math.inf if support is None else support.distance
    shares["contact"] = contact / size
    worst, reasons = 0, []
    for name, share in shares.items():
        grade = sum(share > limit for limit in LIMITS[name])
        worst = max(worst, grade)
        if grade:
            reasons.append(_reason(name, share))
    return Confidence(("good", "fair", "poor")[worst], tuple(reasons), contact)


def _reason(name: str, share: float) -> str:
    if name == "contact" and math.isinf(share):
        return "No floor, surface or wall was found near it."
    told = {
        "depth": "Its depth differs from the photo's by {} of its size.",
        "reprojection": "Its points miss their pixels by {} of its size.",
        "contact": "It is {} of its size away from the surface that it should touch.",
    }
    return told[name].format(f"{share * 100:.0f} %")
