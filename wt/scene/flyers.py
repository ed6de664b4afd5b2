"""Edge flyers of a scene: which points a filter of some strength would drop, and the scene without them."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from wt.errors import WtError
from wt.geometry.edge_flyers import SOFT_LAYER_0, EdgeFlyerFilter
from wt.scene.scene import Scene
from wt.types import Bool

MIDDLE = 50
"""The strength at which the filter is the release's preset for clips."""
_REACH = 4.0
"""Its limits are so many times wider at strength 0, and narrower at 100."""


def filter_of(strength: float | int) -> EdgeFlyerFilter:
    """The published filter with every limit scaled: 0 takes only what hangs alone, 50 is the preset, 100 the strictest.

    Raises:
        WtError: not between 0 and 100.
    """
    if not 0 <= strength <= 100:
        raise WtError(f"The strength of the filter lies between 0 and 100; got {strength}.")
    factor = _REACH ** ((MIDDLE - strength) / MIDDLE)

    def scaled(limits: object) -> tuple[float, ...]:
        assert isinstance(limits, tuple)
        return tuple(factor * limit for limit in limits)

    preset = SOFT_LAYER_0
    return replace(preset, depth_share=scaled(preset.depth_share), deviations=scaled(preset.deviations))


def flyers(scene: Scene, strength: float | int) -> dict[int, Bool[np.ndarray, "layers h w"]]:
    """Object id -> its surfaces that the filter would drop, for what is shown; 0 is the photo."""
    using, found = filter_of(strength), {}
    for thing in (scene.background, *scene.objects):
        if thing.visible:
            _, kept = using(np.nan_to_num(thing.points), thing.present)
            found[thing.id] = thing.present & ~kept
    return found


def without(scene: Scene, dropped: Mapping[int, Bool[np.ndarray, "layers h w"]]) -> Scene:
    """The scene with these surfaces no longer present; no point is moved.

    Raises:
        WtError: an object would lose all of its surfaces.
    """
    things = []
    for thing in (scene.background, *scene.objects):
        gone = dropped.get(thing.id)
        if gone is None or not (gone & thing.present).any():
            things.append(thing)
            continue
        present = thing.present & ~gone
        if not present.any():
            raise WtError(f"That would take every point of {thing.name!r}. Use a lower strength.")
        things.append(replace(thing, present=present))
    return replace(scene, background=things[0], objects=tuple(things[1:]))
