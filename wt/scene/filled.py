"""Colours for what the photo does not show: each hidden surface takes that of the nearest visible one."""

from weakref import WeakKeyDictionary

import numpy as np

from wt.scene.objects import SceneObject
from wt.types import Bool, Float, UInt8

DEPTH_WEIGHT = 3.0
"""A step in log depth counts this many times a step sideways: a wall behind a cupboard takes its colour from the wall
beside it, not from the cupboard's front."""
_BLENDED = 4
_FILLED: WeakKeyDictionary[SceneObject, UInt8[np.ndarray, "layers h w 3"]] = WeakKeyDictionary()


def filled_colours(thing: SceneObject) -> UInt8[np.ndarray, "layers h w 3"]:
    """sRGB of every layer: the photo's where a surface is the first of its ray, the nearest visible ones' behind it.

    Nearest in direction and log depth, before any transform; the four nearest are blended by their closeness. Worked
    out once an object.
    """
    if thing not in _FILLED:
        _FILLED[thing] = _filled(thing)
    return _FILLED[thing]


def first_surfaces(present: Bool[np.ndarray, "layers h w"]) -> Bool[np.ndarray, "layers h w"]:
    """The nearest surface of every ray, as the camera sees it."""
    return present & (np.cumsum(present, axis=0) == 1)


def _filled(thing: SceneObject) -> UInt8[np.ndarray, "layers h w 3"]:
    from scipy.spatial import cKDTree

    colours = np.repeat(thing.rgb[None], len(thing.points), axis=0)
    visible = first_surfaces(thing.present)
    hidden = thing.present & ~visible
    if not hidden.any():
        return colours
    count = min(_BLENDED, int(visible.sum()))
    tree = cKDTree(_seen_from_camera(thing.points[visible]))
    distance, index = tree.query(_seen_from_camera(thing.points[hidden]), k=np.arange(1, count + 1))
    closeness = 1 / np.maximum(distance, 1e-6)
    weights = closeness / closeness.sum(axis=1, keepdims=True)
    near = colours[visible][index].astype(np.float32)
    colours[hidden] = np.rint((near * weights[..., None]).sum(axis=1)).astype(np.uint8)
    return colours


def _seen_from_camera(points: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 3"]:
    """Slopes of the ray and weighted log depth: distances in it do not depend on the scene's scale."""
    z = np.maximum(points[:, 2:], 1e-9)
    return np.concatenate([points[:, :2] / z, DEPTH_WEIGHT * np.log(z)], axis=1)
