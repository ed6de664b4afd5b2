"""Things that have a name: what the person named on the photo, and what was put into the scene."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from editors.segment.masks import enlarged
from editors.vocabulary import colours, nouns, singular
from wt.scene.objects import SceneObject
from wt.scene.scene import Scene
from wt.types import Bool

LONGEST_NAME = 60
_GONE = 0.6
"""Share of a thing's pixels that, once painted over, leave nothing of it."""


@dataclass(frozen=True, eq=False)
class Thing:
    """A name and its pixels."""

    name: str
    mask: Bool[np.ndarray, "h w"]
    """At photo size."""


def called(words: str, things: Sequence[Thing]) -> list[Thing]:
    """The things that the words may mean: those of exactly this name, else of the same sort and no other colour."""
    exact = [thing for thing in things if _plain(thing.name) == _plain(words)]
    return exact or [thing for thing in things if _alike(words, thing.name)]


def inserted(scene: Scene, shape: tuple[int, int]) -> list[Thing]:
    """The objects that were put into the scene, newest first, each where a photo of `shape` (height, width) shows it.

    What was painted later covers what was painted before; moving an object in 3D does not move it on the photo.
    """
    return [Thing(thing.name, _seen(scene, thing, shape)) for thing in reversed(scene.objects)]


def remaining(things: Sequence[Thing], region: Bool[np.ndarray, "h w"]) -> tuple[Thing, ...]:
    """The things that are still there after the photo was painted over in a region."""
    return tuple(thing for thing in things if (thing.mask & region).sum() < _GONE * thing.mask.sum())


def _seen(scene: Scene, thing: SceneObject, shape: tuple[int, int]) -> Bool[np.ndarray, "rh rw"]:
    own = np.any(thing.present, axis=0)
    for later in scene.objects:
        if later.id > thing.id:
            own = own & ~np.any(later.present, axis=0)
    return enlarged(own, shape[1], shape[0])


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())


def _alike(words: str, name: str) -> bool:
    asked, known = _tokens(words), _tokens(name)
    if not asked or not known or _sort(asked) != _sort(known):
        return False
    wanted, has = _colour(asked), _colour(known)
    return wanted is None or has is None or wanted == has


def _tokens(text: str) -> list[str]:
    return re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", text.casefold())


def _sort(tokens: list[str]) -> str:
    """The family of the noun at the end, whose other words mean the same; a noun that is not known is its own."""
    for start in range(max(len(tokens) - 3, 0), len(tokens)):
        phrase = " ".join(tokens[start:])
        for form in (phrase, singular(phrase)):
            if form in nouns():
                return nouns()[form]
    return singular(tokens[-1])


def _colour(tokens: list[str]) -> str | None:
    pairs = [" ".join(tokens[i : i + 2]) for i in range(len(tokens) - 1)]
    return next((colours()[word] for word in (*pairs, *tokens) if word in colours()), None)
