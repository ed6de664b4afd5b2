"""What selects things on a photo: set the photo once (slow), predict many times (fast)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from wt.errors import WtError
from wt.types import Bool, Float, UInt8

Point = tuple[float, float, bool]
"""(x, y, positive) in photo pixels, the first pixel's centre at 0.5."""
Box = tuple[float, float, float, float]
"""left, top, right, bottom in photo pixels."""
LABELS = ("part", "middle", "object")


@dataclass(frozen=True, eq=False)
class Mask:
    """A proposal: its pixels at photo size, how sure the segmenter is (0 to 1) and which level it is."""

    mask: Bool[np.ndarray, "h w"]
    score: float
    label: str
    """One of LABELS."""


@runtime_checkable
class Segmenter(Protocol):
    """Selects by clicks and boxes."""

    name: str
    licence: str

    def set_image(self, rgb: UInt8[np.ndarray, "h w 3"]) -> None:
        """Look at a photo; predictions are about it from now on."""
        ...

    def predict(self, points: Sequence[Point] = (), box: Box | None = None) -> list[Mask]:
        """Part, middle and object (in this order, smallest first) of what the clicks and the box point at.

        Raises:
            WtError: no photo was set, or there is neither a positive click nor a box.
        """
        ...

    def suggest_sky(self) -> Bool[np.ndarray, "h w"] | None:
        """The sky of the photo, None if none is seen."""
        ...

    def fresh(self) -> "Segmenter":
        """Another one, for somebody else's photo; they share the network."""
        ...


def ranked(masks: Bool[np.ndarray, "n h w"], scores: Float[np.ndarray, "n"]) -> list[Mask]:
    """What a network answers as part, middle and object: smallest first."""
    order = np.argsort(masks.reshape(len(masks), -1).sum(axis=1))
    return [Mask(masks[i], float(np.clip(scores[i], 0, 1)), label) for i, label in zip(order, LABELS)]


def check_prompt(shape: tuple[int, int] | None, points: Sequence[Point], box: Box | None) -> None:
    """Refuse what no segmenter can answer.

    Raises:
        WtError: no photo, nothing pointed at, a click outside the photo, an empty box.
    """
    if shape is None:
        raise WtError("No photo was given to the selection. Open a photo first.")
    if box is None and not any(positive for *_, positive in points):
        raise WtError("Nothing is pointed at. Click inside the thing, or draw a box around it.")
    height, width = shape
    for x, y, _ in points:
        if not (0 <= x < width and 0 <= y < height):
            raise WtError(f"The click ({x:.0f}, {y:.0f}) is outside the photo of {width} x {height} pixels.")
    if box is not None:
        left, top, right, bottom = box
        if min(right, width) - max(left, 0) < 1 or min(bottom, height) - max(top, 0) < 1:
            raise WtError("The box holds no pixel of the photo. Draw it from one corner of the thing to the opposite.")
