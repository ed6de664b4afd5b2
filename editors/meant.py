"""Which inserted object is meant: by its name, by a click, by a selection."""

import itertools

import numpy as np

from editors.vocabulary import colours, nouns
from wt.images import resize_mask
from wt.scene.objects import SceneObject
from wt.scene.scene import Scene, on_grid
from wt.types import Bool

MOST_COVERED = 0.6


def find_objects(scene: Scene, noun: str, colour: str | None = None) -> list[SceneObject]:
    """The inserted objects that may be called this, by name or another word for the same thing; newest first."""
    family = nouns().get(noun, noun)

    def fits(thing: SceneObject) -> bool:
        name = thing.name.lower()
        same = name in (noun, family) or name.endswith((f" {noun}", f" {family}"))
        return same and (colour is None or _coloured(name, colour))

    return [thing for thing in reversed(scene.objects) if fits(thing)]


def object_at(scene: Scene, at: tuple[float, float], shape: tuple[int, int]) -> SceneObject | None:
    """The nearest inserted object on a photo pixel (u, v) of a photo of `shape` (height, width)."""
    grid = scene.intrinsics
    column = min(int(at[0] * grid.width / shape[1]), grid.width - 1)
    row = min(int(at[1] * grid.height / shape[0]), grid.height - 1)
    here = [thing for thing in scene.objects if thing.visible and thing.present[:, row, column].any()]
    return min(here, key=lambda thing: float(thing.points[0, row, column, 2])) if here else None


def covered(scene: Scene, mask: Bool[np.ndarray, "rh rw"]) -> list[SceneObject]:
    """Inserted objects that lie mostly inside the mask."""
    inside = on_grid(mask, scene.intrinsics)
    things = []
    for thing in scene.objects:
        own = thing.present.any(axis=0)
        if own.any() and (own & inside).sum() > MOST_COVERED * own.sum():
            things.append(thing)
    return things


def footprint(thing: SceneObject, shape: tuple[int, int]) -> Bool[np.ndarray, "rh rw"]:
    """An object's pixels in a photo of `shape` (height, width)."""
    return resize_mask(np.any(thing.present, axis=0), shape[1], shape[0])


def _coloured(name: str, colour: str) -> bool:
    words = name.split()
    pairs = [" ".join(pair) for pair in itertools.pairwise(words)]
    said = [colours()[word] for word in (*pairs, *words) if word in colours()]
    return not said or said[0] == colour
