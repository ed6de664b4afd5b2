"""Temporal jitter of a clip: how wrongly depth changes from one frame to the next (ours; the paper has no such figure).

An error that stays is not jitter, and a motion that was followed exactly has none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from wt.types import Bool, Float


@dataclass(frozen=True)
class Jitter:
    """Medians of |dz - dz_true| over pixels and pairs of neighbouring frames, in the sample's unit; NaN of stills."""

    layer0: float
    all: float
    """Of all layers, repeats included."""


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
    return Jitter(_median(first), _median(every))


def _step(frames: Sequence[np.ndarray], now: int, both: Bool[np.ndarray, "h w"]) -> Float[np.ndarray, "layers n"]:
    """The change of depth since the frame before."""
    return frames[now][..., 2][:, both].astype(np.float64) - frames[now - 1][..., 2][:, both]


def _median(parts: list[np.ndarray]) -> float:
    values = np.concatenate(parts) if parts else np.zeros(0)
    return float(np.median(values)) if len(values) else float("nan")
