"""Which frames of a file a clip is made of, and what was read of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wt.errors import WtError
from wt.images import MAX_SIDE
from wt.types import Bool, UInt8

FRAMES = 16
"""What the dynamic models were trained on."""
MAX_SECONDS = 600.0
"""A longer film is refused, unless start and end say which part is meant."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Up to `count` frames between two times: every n-th from the start on, or spread over all of it."""

    count: int = FRAMES
    start_s: float = 0.0
    end_s: float | None = None
    every: int | None = None
    """None: spread."""
    max_side: int = MAX_SIDE
    """Longer frames are shrunk to this."""

    def __post_init__(self) -> None:
        if not 2 <= self.count <= 64:
            raise WtError(f"A clip is made of 2 to 64 frames; got {self.count}.")
        if self.every is not None and self.every < 1:
            raise WtError(f"Every how many frames one is taken must be at least 1; got {self.every}.")
        if self.start_s < 0 or (self.end_s is not None and self.end_s <= self.start_s):
            end = "the end" if self.end_s is None else f"{self.end_s:g} s"
            raise WtError(f"The part of a film must have a length; got {self.start_s:g} s to {end}.")

    def of(self, times_s: Sequence[float], name: str) -> list[int]:
        """Indices, ascending, of the frames to take of a file whose frames are shown at these ascending times.

        Raises:
            WtError: fewer than two frames lie in that part, or it is too long.
        """
        times = np.asarray(times_s, dtype=np.float64) - (times_s[0] if len(times_s) else 0.0)
        end = np.inf if self.end_s is None else self.end_s
        inside = np.flatnonzero((times >= self.start_s - 1e-6) & (times <= end + 1e-6))
        if len(inside) < 2:
            part = "" if len(inside) == len(times) else " in the part that was asked for"
            frames = "one frame" if len(inside) == 1 else "no frames"
            raise WtError(f"{name} holds {frames}{part}; a clip needs two or more. Open a single picture as a photo.")
        span = float(times[inside[-1]] - times[inside[0]])
        if span > MAX_SECONDS:
            raise WtError(
                f"{name} is {span / 60:.0f} minutes long, more than the {MAX_SECONDS / 60:.0f} that are read. Give the "
                "part that is meant (--start and --end), or cut it first."
            )
        if self.every is not None:
            return [int(index) for index in inside[:: self.every][: self.count]]
        spread = np.linspace(0, len(inside) - 1, min(self.count, len(inside)))
        return [int(index) for index in inside[spread.round().astype(int)]]


@dataclass(frozen=True, eq=False)
class Taken:
    """What was read."""

    frames: list[UInt8[np.ndarray, "h w 3"]]
    times_s: list[float]
    """When each frame is shown."""
    notes: list[str]
    masks: list[Bool[np.ndarray, "h w"]] | None = None
    """What the file's own transparency keeps."""

    @property
    def fps(self) -> float:
        """Frames a second that show the motion as it was."""
        span = self.times_s[-1] - self.times_s[0]
        return float(np.clip((len(self.times_s) - 1) / span, 0.1, 240)) if span > 0 else 8.0
