"""Edge flyers of the scene that is shown, worked out once a strength: the page is described more often than that."""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from wt.scene.flyers import flyers
from wt.scene.scene import Scene

_FOUND: WeakKeyDictionary[Scene, dict[int, "Found"]] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class Found:
    """What a filter would take."""

    surfaces: dict[int, np.ndarray]
    """Object id -> bool [layers, h, w]."""
    count: int


def found(scene: Scene, strength: int) -> Found:
    """As `wt.scene.flyers.flyers`, with the number of points."""
    known = _FOUND.setdefault(scene, {})
    if strength not in known:
        surfaces = flyers(scene, strength)
        known[strength] = Found(surfaces, sum(int(mask.sum()) for mask in surfaces.values()))
    return known[strength]
