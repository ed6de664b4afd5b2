"""What passes from one operation of an edit to the next, and the figures that are reported of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from editors.register import Repair
from wt.errors import WtError
from wt.images import Photo
from wt.scene.objects import Placed
from wt.scene.scene import CAMERA_HEIGHT_M, Scene
from wt.types import Bool, UInt8

if TYPE_CHECKING:
    from wt.lift import Lifter

OnProgress = Callable[[int, int, str], None]
"""(done, total, what happens now); may raise wt.Cancelled."""


@dataclass(eq=False)
class Work:
    """The state that passes from one operation to the next."""

    scene: Scene
    rgb: UInt8[np.ndarray, "h w 3"]
    region: Bool[np.ndarray, "h w"]
    at: tuple[float, float] | None
    """The person's click, or the place of what a replacement took out; used up by the next new object."""
    mask: Bool[np.ndarray, "h w"] | None
    seed: int
    say: OnProgress
    camera_height_m: float = CAMERA_HEIGHT_M
    free: tuple[float, float] | None = None
    """Where something was removed: a new object without a place of its own goes there."""
    painted: int = 0
    """How many objects were painted so far."""
    placed: dict[int, tuple[Placed, dict[str, Any]]] = field(default_factory=dict)
    """New objects that are still there: id -> placement and its row in the report."""
    edits: list[dict[str, Any]] = field(default_factory=list)
    removals: list[dict[str, Any]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    editors: list[dict[str, str]] = field(default_factory=list)
    models: list[dict[str, str]] = field(default_factory=list)
    """Those that lifted something."""
    steps: list[dict[str, Any]] = field(default_factory=list)
    """In the order in which they ran: {"step", "model", "licence", "seconds"}."""

    def timed(self, name: str, began: float) -> None:
        """Add the seconds since `began` (of the monotonic clock) to a part of the work."""
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.monotonic() - began, 3)

    def lifted(self, step: str, lifter: "Lifter", began: float) -> None:
        """Credit a model that lifted, and its time."""
        self._ran(self.models, step, lifter.name, lifter.licence, began)

    def edited(self, name: str, licence: str, began: float) -> None:
        """Credit an editor that changed pixels, and its time."""
        self._ran(self.editors, "edit", name, licence, began)

    def _ran(self, credits: list[dict[str, str]], step: str, name: str, licence: str, began: float) -> None:
        self.timed(step, began)
        model = {"name": name, "licence": licence}
        if model not in credits:
            credits.append(model)
        seconds = round(time.monotonic() - began, 3)
        self.steps.append({"step": step, "model": name, "licence": licence, "seconds": seconds})


def start(
    scene: Scene,
    photo: Photo,
    at: tuple[float, float] | None,
    mask: Bool[np.ndarray, "h w"] | None,
    seed: int,
    on_progress: OnProgress | None,
) -> Work:
    """The state of an edit before its first operation.

    Raises:
        WtError: a place outside the photo, or a mask of another size.
    """
    shape = photo.rgb.shape[:2]
    if at is not None and not (0 <= at[0] <= shape[1] and 0 <= at[1] <= shape[0]):
        raise WtError(f"The place {at[0]:.0f},{at[1]:.0f} is outside the photo of {shape[1]} x {shape[0]} pixels.")
    if mask is not None and mask.shape != shape:
        raise WtError(f"The mask is {mask.shape[1]} x {mask.shape[0]} pixels, the photo {shape[1]} x {shape[0]}.")
    say = on_progress or (lambda done, total, message: None)
    return Work(scene, photo.rgb, np.zeros(shape, bool), at, mask, seed, say)


def steps(work: Work, words: str) -> Callable[..., None]:
    """What tells an editor's or a lifter's steps under these words."""
    return lambda done, total, *_: work.say(done, total, words)


def figures(fixed: Repair) -> dict[str, Any]:
    """What an edit did to the photo, for its report: drift in pixels, zoom, pixels outside, colours."""
    x, y = fixed.registration.shift_px
    return {
        "shift_px": [x, y],
        "zoom": fixed.registration.zoom,
        "changed_outside": fixed.changed_outside,
        "colour_drift": fixed.colour_drift,
    }


def worst(edits: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of the edit that moved most; changed pixels are added up."""
    if not edits:
        return {}
    worst = max(edits, key=lambda e: abs(e["shift_px"][0]) + abs(e["shift_px"][1]) + 100 * abs(e["zoom"] - 1))
    return {**worst, "changed_outside": sum(edit["changed_outside"] for edit in edits)}
