"""Contact snap of an object that was moved: onto the floor or the surface below it, or against a wall beside it."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from wt.scene.contact import contact_gap, seen_points
from wt.scene.pose import bottom_level, solid_points, upright
from wt.scene.scene import Scene
from wt.types import Float

_REACH = 0.5
"""A wall is looked for within this share of the object's size around it."""
_ON_WALL = 0.04
"""A point is on the wall if it is this close, as a share of the object's size."""
_MIN_POINTS = 30
_MIN_SHARE = 0.5
"""A wall must hold this share of the points beside the object."""
_TRIALS = 60


@dataclass(frozen=True, eq=False)
class Support:
    """The nearest surface that an object can rest on."""

    kind: Literal["floor", "surface", "wall"]
    """"surface" is whatever lies above the floor: a table top, a seat, a step."""
    shift: Float[np.ndarray, "3"]
    """What brings the object onto it, scene units, camera axes."""

    @property
    def distance(self) -> float:
        """Length of the shift."""
        return float(np.linalg.norm(self.shift))


def snap(scene: Scene, ident: int) -> tuple[Scene, Support | None]:
    """Put an object onto the nearest support, keeping its size and orientation.

    Returns:
        The new scene and what it rests on now; the same scene and None where no support is near.
    """
    support = find_support(scene, ident)
    if support is None:
        return scene, None
    transform = scene[ident].transform.copy()
    transform[:3, 3] += support.shift
    return scene.move(ident, transform), support


def find_support(scene: Scene, ident: int) -> Support | None:
    """The floor or surface below an object, or a wall within half its size, whichever is nearer."""
    rest = scene.remove(ident)
    thing = scene[ident]
    body = solid_points(thing.world_points(), thing.present)
    found = [support for support in (_below(scene, rest, ident), _wall(body, rest)) if support is not None]
    return min(found, key=lambda support: support.distance, default=None)


def _below(scene: Scene, rest: Scene, ident: int) -> Support | None:
    thing, up, floor = scene[ident], rest.up(), rest.floor()
    points = thing.world_points()
    gap = contact_gap(points, thing.present, rest)
    if not np.isfinite(gap):
        return None
    body = solid_points(points, thing.present)
    level, size = bottom_level(body, up) - gap, np.ptp(body, axis=0).max()
    on_floor = floor is not None and abs(level + floor.offset) < 0.05 * size
    return Support("floor" if on_floor else "surface", -gap * up)


def _wall(body: Float[np.ndarray, "n 3"], rest: Scene) -> Support | None:
    """A wall is a line on the ground plan, so that is what is fitted."""
    from skimage.measure import LineModelND, ransac

    axes, size = upright(rest.up()), np.ptp(body, axis=0).max()
    inside = body @ axes
    low, high = np.percentile(inside, (0.5, 99.5), axis=0)
    seen = seen_points(rest) @ axes
    reach = np.array([_REACH * size, 0, _REACH * size])
    # The floor itself would fill the plan: only what is as high as the object can be a wall to it.
    foot = np.array([0, 0.1 * (high[1] - low[1]), 0])
    plan = seen[((seen >= low - reach + foot) & (seen <= high + reach)).all(axis=1)][:, [0, 2]]
    if len(plan) < _MIN_POINTS:
        return None
    line, on = ransac(plan, LineModelND, 2, _ON_WALL * size, max_trials=_TRIALS, rng=0)
    if line is None or on.sum() < max(_MIN_POINTS, _MIN_SHARE * len(plan)):
        return None
    (origin, along), flat = line.params, inside[:, [0, 2]]
    normal = np.array([-along[1], along[0]])
    normal *= np.sign(-origin @ normal) or 1.0  # the camera sees the side that the object is on
    gap = float(np.percentile((flat - origin) @ normal, 0.5))
    return Support("wall", axes[:, [0, 2]] @ (-gap * normal))
