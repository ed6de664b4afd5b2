"""Temporal jitter of a clip: how wrongly depth changes from one frame to the next (ours; the paper has no such figure).

An error that stays is not jitter, and a motion that was followed exactly has none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from wt.types import Bool, Float


@dataclass(frozen=True, eq=False)
class Jitter:
    """Medians of |dz - dz_true| over pixels and pairs of neighbouring frames, in the sample's unit; NaN of stills."""

    layer0: float
    all: float
    """Of all layers, repeats included."""
    errors: Float[np.ndarray, " n"] = field(default_factory=lambda: np.zeros(0, np.float32))
    """What `layer0` is the median of."""


def jitter(
    aligned: Sequence[Float[np.ndarray, "layers h w 3"]],
    truth: Sequence[Float[np.ndarray, "layers2 h w 3"]],
    valid: Sequence[Bool[np.ndarray, "h w"]],
    unit: float,
) -> Jitter:
    """The jitter of a clip whose frames share one alignment and one unit of length.

    A pixel counts where prediction and truth have a ray in both frames (`valid`).
    """
    first, every = [], []
    for now in range(1, len(aligned)):
        both = valid[now] & valid[now - 1]
        wrong = np.abs(_step(aligned, now, both) - _step(truth, now, both)) / unit
        first.append(wrong[0])
        every.append(wrong.ravel())
    return Jitter(median(first), median(every), np.concatenate([*first, np.zeros(0)]).astype(np.float32))


def _step(frames: Sequence[np.ndarray], now: int, both: Bool[np.ndarray, "h w"]) -> Float[np.ndarray, "layers n"]:
    """The change of depth since the frame before."""
    return frames[now][..., 2][:, both].astype(np.float64) - frames[now - 1][..., 2][:, both]


def median(parts: Sequence[np.ndarray]) -> float:
    """Of all values together; NaN of none."""
    values = np.concatenate(parts) if parts else np.zeros(0)
    return float(np.median(values)) if len(values) else float("nan")
