"""A clip as a sheet to look at: its frames, their depth, true, frame by frame and steady, and how depth changes."""

from dataclasses import dataclass

import numpy as np

from wt.evaluation.metrics import Fit
from wt.evaluation.report import figure
from wt.evaluation.samples import Case
from wt.evaluation.worst import NOTHING, assembled, coloured
from wt.types import Bool, Float, UInt8

COLUMNS = 6
"""Frames that are shown."""
LARGEST_CHANGE = 0.1
"""Of the thing's longest side, from a frame to the next: drawn strongest."""
_NEARER, _FARTHER = np.array([200.0, 40.0, 30.0]), np.array([30.0, 80.0, 200.0])


@dataclass(frozen=True, eq=False)
class Shown:
    """What is kept of a clip: layer 0 alone."""

    name: str
    rgb: UInt8[np.ndarray, "t h w 3"]
    depth: dict[str, Float[np.ndarray, "t h w"]]
    """True, frame by frame and steady, in one gauge; NaN beside the thing."""
    valid: Bool[np.ndarray, "t h w"]
    unit: float
    jitter: tuple[float, float]
    """As it was and steady."""

    @property
    def ratio(self) -> float:
        """What is left of the jitter."""
        return self.jitter[1] / self.jitter[0]


class ClipSheet:
    """Collects clips, and draws the one of which the middle share of jitter is left."""

    def __init__(self) -> None:
        self.shown: list[Shown] = []

    def add(self, case: Case, before: Fit, after: Fit) -> None:
        """A clip with two fits, as it was lifted and made steady."""
        true = [reference.truth for reference in before.references]
        stacks = {"true": true, "frame by frame": before.aligned, "steady": after.aligned}
        valid = np.stack(before.valid)
        depth = {
            name: np.where(valid, np.stack([points[0, ..., 2] for points in frames]), np.nan).astype(np.float32)
            for name, frames in stacks.items()
        }
        rgb = np.stack([truth.rgb for truth in case.frames])
        jitter = (before.jitter.layer0, after.jitter.layer0)
        self.shown.append(Shown(case.name, rgb, depth, valid, before.references[0].unit, jitter))

    def picture(self) -> UInt8[np.ndarray, "h w 3"]:
        """The sheet."""
        ranked = sorted(self.shown, key=lambda shown: shown.ratio)
        return sheet(ranked[len(ranked) // 2])


def sheet(shown: Shown) -> UInt8[np.ndarray, "h w 3"]:
    """Rows: photo; depth, near is hot, on one scale; its change to the next frame, red nearer, blue farther away."""
    frames = np.unique(np.linspace(0, len(shown.rgb) - 2, COLUMNS).round().astype(int))
    window = _window(shown.valid)
    low, high = (float(value) for value in np.nanpercentile(shown.depth["true"], (1, 99)))
    cells = [[shown.rgb[frame][window] for frame in frames]]
    names = [[f"frame {frame + 1}" for frame in frames]]
    for name, depth in shown.depth.items():
        cells.append([coloured(depth[frame][window], low, high) for frame in frames])
        names.append([f"depth, {name}"] * len(frames))
    for name, depth in shown.depth.items():
        changes = [(depth[frame + 1] - depth[frame])[window] / shown.unit for frame in frames]
        cells.append([_change(change) for change in changes])
        names.append([f"change, {name}"] * len(frames))
    title = (
        f"{shown.name}: jitter of the visible surface {figure(shown.jitter[0])} frame by frame, "
        f"{figure(shown.jitter[1])} steady\n"
        f"change of depth to the next frame: red nearer, blue farther away, strongest at {LARGEST_CHANGE:g} of the "
        "longest side"
    )
    return assembled(cells, names, title)


def _window(valid: Bool[np.ndarray, "t h w"]) -> tuple[slice, slice]:
    """Rows and columns that the thing sweeps over, as a square as far as the picture reaches."""
    rows, columns = (np.nonzero(valid.any(axis=(0, other)))[0] for other in (2, 1))
    side = max(np.ptp(rows), np.ptp(columns)) + 1
    starts = [max(0, (line[0] + line[-1] + 1 - side) // 2) for line in (rows, columns)]
    return slice(starts[0], starts[0] + side), slice(starts[1], starts[1] + side)


def _change(values: Float[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w 3"]:
    """White where depth stays."""
    share = np.nan_to_num(np.clip(values / LARGEST_CHANGE, -1, 1))[..., None]
    strong = np.where(share < 0, _NEARER, _FARTHER)
    colours = 255 + (strong - 255) * np.abs(share)
    return np.where(np.isfinite(values)[..., None], colours, NOTHING).round().astype(np.uint8)
