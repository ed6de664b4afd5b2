"""Results of one request with several seeds, kept beside the history until one of them is chosen."""

import secrets
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from app import pictures
from app.work import Work
from wt.scene.spread import depth_pictures, depth_spread

COUNT = 4
Step = Literal["geometry", "edit"]


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a lift or an edit would make of the work."""

    step: Step
    label: str
    """Of its step in the history."""
    seed: int
    of: Work
    """What it was computed from."""
    change: dict[str, Any]
    """Fields of `Work`: scene and lift, or the proposal."""
    message: str

    def fits(self, now: Work) -> bool:
        """Whether it is still about this work: a lift needs its photo, an edit its scene too."""
        return now.rgb is self.of.rgb and (self.step == "geometry" or now.scene is self.of.scene)

    def applied(self, now: Work) -> Work:
        """The work with it."""
        return replace(now, **self.change)


@dataclass(frozen=True, eq=False)
class Variant:
    """One outcome and how it is told from the others."""

    outcome: Outcome
    card: bytes
    """JPEG."""
    note: str


@dataclass(frozen=True, eq=False)
class Variants:
    """Outcomes to choose from; in no project file, and of this moment's photo and scene only."""

    step: Step
    of: Work
    rows: tuple[Variant, ...] = ()
    at: int | None = None
    """Which one the page shows; None shows the work as it is."""
    ident: str = field(default_factory=lambda: secrets.token_hex(4))

    def fits(self, now: Work) -> bool:
        """Whether photo and scene are still those that they were made from, and no edit waits."""
        return now.rgb is self.of.rgb and now.scene is self.of.scene and now.proposal is None

    def seen(self, now: Work) -> Work:
        """The work as it would be with the one that is shown."""
        return now if self.at is None else self.rows[self.at].outcome.applied(now)

    def with_one_more(self, outcome: Outcome) -> "Variants":
        """Another one, drawn and compared with the first."""
        first = self.rows[0].outcome if self.rows else outcome
        draw = _lift_card if self.step == "geometry" else _edit_card
        return replace(self, rows=(*self.rows, Variant(outcome, *draw(outcome, first))))

    def card(self, name: str) -> bytes | None:
        """The picture of that name."""
        return next((row.card for row in self.rows if self.name_of(row) == name), None)

    def name_of(self, row: Variant) -> str:
        """Of its picture; another run's has another one."""
        return f"{self.ident}-{row.outcome.seed}"


def _lift_card(outcome: Outcome, first: Outcome) -> tuple[bytes, str]:
    scene, like = outcome.change["scene"], first.change["scene"]
    card = pictures.small(depth_pictures(scene, like))
    if outcome is first:
        return card, "the first"
    seen, hidden = depth_spread(scene, like)
    return card, f"{_share(seen)} · {_share(hidden)}"


def _edit_card(outcome: Outcome, first: Outcome) -> tuple[bytes, str]:
    proposal, like = outcome.change["proposal"], first.change["proposal"]
    same = outcome is not first and np.array_equal(proposal.photo_after, like.photo_after)
    return pictures.small(pictures.close_up(proposal.photo_after, proposal.region)), "like the first" if same else ""


def _share(value: float | None) -> str:
    return "—" if value is None else f"{value * 100:.1f} %"
