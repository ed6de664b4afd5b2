"""The models that a person may lift with: what the page tells of each before it is loaded.

Whether one is on this machine and how it is loaded, `wt.lift` knows; a test holds this table against its registry.
"""

from dataclasses import dataclass
from pathlib import PurePath
from typing import Literal

Kind = Literal["scene", "object"]
KINDS: tuple[Kind, ...] = ("scene", "object")


@dataclass(frozen=True)
class Model:
    """One line of the choice."""

    name: str
    """On the page and in saved work; a file goes by its last part, so that no visitor is told where it lies."""
    source: str
    """What `wt.load` takes."""
    title: str
    terms: str
    """Whose it is, and its licence."""
    size: str = ""
    """Of published ones, whose weights are no part of this program."""
    steps: int | None = None
    """Its own number of steps; None: known once it is loaded."""

    @property
    def label(self) -> str:
        """What a person chooses."""
        return f"{self.title} · {self.terms}"


def _ours(name: str) -> Model:
    return Model(name, name, name, "ours, Apache-2.0")


def _published(name: str, size: str) -> Model:
    return Model(name, name, "World Tracing (published)", "CC BY-NC-ND 4.0", size, 20)


KNOWN: dict[Kind, tuple[Model, ...]] = {
    "scene": (_ours("wt-s-mini"), _published("world-tracing-scene", "1.5 B parameters")),
    "object": (_ours("wt-o-mini"), _published("world-tracing-object", "1.7 B parameters")),
}


CLIP_MODELS = ("world-tracing-dynamic",)
"""Those that see all frames of a clip at once, and are the better for it: wt-d-mini is not yet, as its card says."""


def named(source: str, kind: Kind) -> Model:
    """The model that a command line means by a name, a file or a place on the hub."""
    known = next((model for model in KNOWN[kind] if model.name == source), None)
    name = source if source.startswith("hf://") else PurePath(source).name
    return known or Model(name, source, name, "from the command line")
