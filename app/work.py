"""What a person has made so far, as immutable values: undo is keeping the old one."""

from collections.abc import Callable
from dataclasses import dataclass, field, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from app.models import Kind
from editors.segment.named import Thing
from wt.clips.clip import Clip
from wt.depth import DepthMap
from wt.images import Photo
from wt.scene.scene import Scene
from wt.types import Bool, UInt8

LEVELS = ("part", "middle", "object")
MOST_NAMED = 60
MOST_STATES, MOST_BYTES = 60, 1 << 30
"""Of one history; what several states share counts once."""


@dataclass(frozen=True, eq=False)
class Selection:
    """A mask and how it came about: a painted or loaded base, joined with what the clicks of the moment propose."""

    base: Bool[np.ndarray, "h w"] | None = None
    points: tuple[tuple[float, float, bool], ...] = ()
    """(x, y, positive) in photo pixels."""
    box: tuple[float, float, float, float] | None = None
    """left, top, right, bottom in photo pixels."""
    candidates: tuple[Bool[np.ndarray, "h w"], ...] = ()
    """Part, middle, object."""
    level: int = 2
    found: tuple[Thing, ...] = ()
    """What the words that were looked for may mean; the base is one of them."""
    at: int = 0
    """Which of them."""

    @property
    def mask(self) -> Bool[np.ndarray, "h w"] | None:
        """The selected pixels; None if there are none."""
        proposed = self.candidates[min(self.level, len(self.candidates) - 1)] if self.candidates else None
        parts = [part for part in (self.base, proposed) if part is not None]
        if not parts:
            return None
        mask = parts[0] if len(parts) == 1 else parts[0] | parts[1]
        return mask if mask.any() else None

    def painted(self, mask: Bool[np.ndarray, "h w"]) -> "Selection":
        """The mask as a new base; clicks so far are settled."""
        return Selection(base=mask, level=self.level)

    def stepped(self, at: int) -> "Selection":
        """Another of the things that were found; after the last one comes the first."""
        at %= len(self.found)
        return Selection(base=self.found[at].mask, level=self.level, found=self.found, at=at)


@dataclass(frozen=True, eq=False)
class Proposal:
    """An edit that has run and waits for accept or discard."""

    prompt: str
    scene: Scene
    photo_after: UInt8[np.ndarray, "h w 3"]
    region: Bool[np.ndarray, "h w"]
    operations: tuple[Any, ...]
    placed: tuple[Any, ...]
    """`wt.Placed` of every new object, in the order of the scene's newest objects."""
    report: dict[str, Any]
    at: tuple[float, float] | None
    seed: int


@dataclass(frozen=True, eq=False)
class Work:
    """One moment of a person's work."""

    project: str = ""
    """Unguessable name of the project that this is a moment of; every opened photo or file begins one."""
    photo: Photo | None = None
    """As it was opened."""
    rgb: UInt8[np.ndarray, "h w 3"] | None = None
    """The photo with all accepted edits."""
    selection: Selection = field(default_factory=Selection)
    named: tuple[Thing, ...] = ()
    """What the person named on the photo, in the order in which they did."""
    sky: Bool[np.ndarray, "h w"] | None = None
    """Sky suggested for this photo; None until it was looked for, all False if there is none."""
    keep_sky_out: bool = True
    depth: DepthMap | None = None
    """Known depth of the photo's pixels, which guides a lift."""
    models: dict[Kind, str] = field(default_factory=dict)
    """Name of the model that the next lifts of a kind use; the command line's for a kind that is not in it."""
    scene: Scene | None = None
    lift: dict[str, Any] = field(default_factory=dict)
    """Model, kind, steps, seed, seconds of the lift that made the scene."""
    pin: tuple[float, float] | None = None
    """Where the next object shall stand, in photo pixels."""
    proposal: Proposal | None = None
    edits: tuple[dict[str, Any], ...] = ()
    """Accepted edits in order, as they go into the manifest."""
    clip: Clip | None = None
    """What moves; `photo` is then one of its frames."""
    frame: int = 0
    """Which of them."""

    @property
    def stem(self) -> str:
        """The photo's name as the first part of a file's name."""
        title = Path(self.photo.name).stem if self.photo else ""
        return "".join(c if c.isalnum() else "-" for c in title).strip("-") or "scene"

    @property
    def mask_name(self) -> str:
        """Of the file that holds the selection."""
        return f"{self.stem}-mask.png"

    @property
    def file_name(self) -> str:
        """Of the file that holds the whole project."""
        return f"{self.stem}.wts"

    @property
    def shown_scene(self) -> Scene | None:
        """What the 3D view shows: a proposal if there is one."""
        return self.proposal.scene if self.proposal else self.scene

    @property
    def shown_rgb(self) -> UInt8[np.ndarray, "h w 3"] | None:
        """What the photo pane shows."""
        return self.proposal.photo_after if self.proposal else self.rgb

    @property
    def rays(self) -> Bool[np.ndarray, "h w"] | None:
        """Pixels that a lift of the whole photo uses; None means all."""
        if self.keep_sky_out and self.sky is not None and self.sky.any():
            return ~self.sky
        return None


class History:
    """Every state in order, with the name of the step that led to it."""

    def __init__(self, work: Work | None = None, limit: int = MOST_STATES, most_bytes: int = MOST_BYTES) -> None:
        self._states: list[tuple[str, Work]] = [("Start", work or Work())]
        self._at = 0
        self._forgotten = 0
        """How many of the oldest states are gone; a state's number counts them too, so that it stays the same."""
        self._limit, self._most_bytes = limit, most_bytes

    @property
    def now(self) -> Work:
        """The present state."""
        return self._states[self._at][1]

    @property
    def undo_label(self) -> str:
        """What undo would take back; empty if nothing."""
        return self._states[self._at][0] if self._at else ""

    @property
    def redo_label(self) -> str:
        """What redo would bring back; empty if nothing."""
        return self._states[self._at + 1][0] if self._at + 1 < len(self._states) else ""

    @property
    def at(self) -> int:
        """Number of the present state."""
        return self._forgotten + self._at

    @property
    def steps(self) -> tuple[tuple[int, str], ...]:
        """(number, label) of every state that can be reached, oldest first; numbers above `at` were undone."""
        return tuple((self._forgotten + index, label) for index, (label, _) in enumerate(self._states))

    @property
    def scene_before(self) -> Scene | None:
        """The scene under the edit that waits, else the one before the last accepted edit; None if it is not known."""
        now = self.now
        if now.proposal is not None:
            return now.scene
        for _, work in reversed(self._states[: self._at]):
            if work.photo is now.photo and len(work.edits) < len(now.edits):
                return work.scene
        return None

    def push(self, label: str, work: Work) -> None:
        """A new state after the present one; what had been undone is gone, and so are the oldest that are too many."""
        del self._states[self._at + 1 :]
        self._states.append((label, work))
        gone = len(self._states) - self._kept()
        del self._states[:gone]
        self._forgotten += gone
        self._at = len(self._states) - 1

    def amend(self, change: Callable[[Work], Work]) -> None:
        """Change the present state without a step of its own (found facts such as a sky suggestion)."""
        label, work = self._states[self._at]
        self._states[self._at] = (label, change(work))

    def undo(self) -> str:
        """Go back one step; the label of the step taken back, empty if there was none."""
        label = self.undo_label
        self._at = max(self._at - 1, 0)
        return label

    def redo(self) -> str:
        """Go forward one step; its label, empty if there was none."""
        label = self.redo_label
        if label:
            self._at += 1
        return label

    def go(self, number: int) -> str:
        """Make the state of this number the present one; its label, empty if there is no such state."""
        label = dict(self.steps).get(number, "")
        if label:
            self._at = number - self._forgotten
        return label

    def _kept(self) -> int:
        """How many of the newest states there is room for; the last one stays, whatever it weighs."""
        known, size = set[int](), 0
        for count, (_, work) in enumerate(reversed(self._states)):
            size += _bytes_of(work, known)
            if count and (count == self._limit or size > self._most_bytes):
                return count
        return len(self._states)


def _bytes_of(value: Any, known: set[int]) -> int:
    """Of all arrays in a state, except for what is known already; that is added to it."""
    if id(value) in known:
        return 0
    if isinstance(value, np.ndarray):
        while isinstance(value.base, np.ndarray):
            value = value.base  # a view keeps the whole
        new = id(value) not in known
        known.add(id(value))
        return value.nbytes if new else 0
    if isinstance(value, tuple | list):
        parts = list(value)
    elif isinstance(value, dict):
        parts = list(value.values())
    elif is_dataclass(value):
        parts = [getattr(value, name) for name in value.__dataclass_fields__]
    else:
        return 0
    known.add(id(value))
    return sum(_bytes_of(part, known) for part in parts)
