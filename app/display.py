"""How the cached scene is shown in 3D, as one immutable value; changing it never runs a network."""

from dataclasses import dataclass
from typing import Any, get_args

from wt.errors import WtError
from wt.scene.cloud import Colouring, Hidden
from wt.scene.colour_maps import COLOUR_MAPS

BUDGETS = (100_000, 300_000, 1_000_000)
EVERY_POINT = 0
"""As a budget: no limit."""


@dataclass(frozen=True)
class Display:
    """What a person chose under the 3D view."""

    layers: tuple[int, ...] | None = None
    """Layers to show; None shows all."""
    colour: str = "photo"
    hidden: str = "grey"
    colour_map: str = "turbo"
    point_scale: float = 1.0
    """1 is the footprint of one pixel of the grid."""
    budget: int | None = None
    """Points sent to the browser at most, or EVERY_POINT; None is what the studio was started with."""
    flyers: int | None = None
    """Strength of the edge-flyer filter whose finds are marked; None marks nothing."""
    light: bool = False
    """A light ground instead of a dark one."""
    frustum: bool = False
    """Whether the photo's camera is shown."""
    axes: bool = False

    def __post_init__(self) -> None:
        """Refuse what no part of the page offers: once kept, it would fail in every view that follows.

        Raises:
            WtError: a colouring, colour map or strength that does not exist.
        """
        names = (self.colour in get_args(Colouring), self.hidden in get_args(Hidden), self.colour_map in COLOUR_MAPS)
        if not all(names) or not 0 <= (self.flyers or 0) <= 100:
            raise WtError("The 3D view cannot be shown like that, so it stays as it is. Reload the page.")

    def same_points(self, other: "Display") -> bool:
        """Whether the same points in the same colours are shown."""
        return self._points() == other._points()

    def limit(self, usual: int, total: int) -> int:
        """How many of `total` points are sent where `usual` is what the studio was started with."""
        budget = usual if self.budget is None else self.budget
        return total if budget == EVERY_POINT else min(budget, total)

    def _points(self) -> tuple[Any, ...]:
        return (self.layers, self.colour, self.hidden, self.colour_map, self.budget, self.flyers)


def budget_words(budget: int) -> str:
    """A number of points as a pill says it."""
    if budget == EVERY_POINT:
        return "All"
    return f"{budget / 1e6:g}M" if budget >= 1_000_000 else f"{budget / 1e3:g}k"


def budgets(usual: int) -> tuple[int, ...]:
    """What can be chosen, smallest first: the round numbers, what the studio was started with, and all."""
    return (*sorted({*BUDGETS, usual}), EVERY_POINT)
