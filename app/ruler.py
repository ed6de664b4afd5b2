"""The ruler in one visitor's 3D view: up to two points of the scene, and what the line between them measures."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from wt.scene.scene import Scene


@dataclass(frozen=True, eq=False)
class Ruler:
    """Points in the scene's camera frame and units; they belong to the geometry that they were picked on."""

    picking: bool = False
    """Whether the next clicks in the view set its ends."""
    ends: tuple[np.ndarray, ...] = ()
    """Float64 [3] each; at most two."""
    of: tuple[Any, Any] = (None, None)
    """Layers and camera of the scene."""

    @property
    def length(self) -> float | None:
        """In scene units; None without two ends."""
        return float(np.linalg.norm(self.ends[1] - self.ends[0])) if len(self.ends) == 2 else None

    def fits(self, scene: Scene | None) -> bool:
        """Whether it measures this scene's geometry."""
        return scene is not None and self.of[0] is scene.layers and self.of[1] is scene.intrinsics

    def words(self, scene: Scene) -> str:
        """Its length as the label in the view says it."""
        return "" if self.length is None else in_units(self.length, scene.metres_per_unit())


def in_units(length: float, metres: float | None) -> str:
    """A length with its unit: metres where the scene knows them, else scene units."""
    return f"{length:.3f} units" if metres is None else f"{length * metres:.3f} m"


def geometry_of(scene: Scene) -> tuple[Any, Any]:
    """What a ruler belongs to."""
    return scene.layers, scene.intrinsics
