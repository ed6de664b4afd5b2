"""Depth of a clip's pixels made steady over time: what is left of the flicker from frame to frame is averaged away."""

from collections.abc import Sequence

import numpy as np

from wt.errors import WtError
from wt.types import Bool, Float

SAME = 0.1
"""Of log depth: a pixel whose depth changes by much more than a tenth shows something else, or moves for certain."""
REACH = 3
"""Standard deviations beyond which a frame does not count."""


def steady(
    points: Sequence[Float[np.ndarray, "layers h w 3"]], valid: Sequence[Bool[np.ndarray, "h w"]], frames: float
) -> list[Float[np.ndarray, "layers h w 3"]]:
    """Every point moved along its ray to the bilateral mean of its pixel's and layer's log depth in the frames around.

    The same pixel is meant, not the same place on the thing: slow motion in depth is softened as flicker is.

    Args:
        points: of all frames, camera space, on one grid.
        valid: the rays of each frame; the others neither count nor change.
        frames: standard deviation of the Gaussian weights, in frames; 0 changes nothing.

    Raises:
        WtError: a negative width.
    """
    if frames < 0:
        raise WtError(f"Steadying takes 0 frames or more; got {frames}.")
    if frames == 0 or len(points) < 2:
        return list(points)
    z = np.stack([p[..., 2] for p in points]).astype(np.float64)
    counts = (np.stack(valid) & np.isfinite(z).all(axis=1) & (z > 0).all(axis=1))[:, None]
    logs = np.log(np.where(counts, z, 1.0))
    total, drift = np.zeros_like(logs), np.zeros_like(logs)
    for step in range(-min(int(REACH * frames), len(z) - 1), min(int(REACH * frames), len(z) - 1) + 1):
        here, there = slice(max(-step, 0), len(z) - max(step, 0)), slice(max(step, 0), len(z) + min(step, 0))
        change = logs[there] - logs[here]
        weight = counts[there] * np.exp(-0.5 * ((step / frames) ** 2 + (change / SAME) ** 2))
        total[here] += weight
        drift[here] += weight * change
    factor = np.where(counts, np.exp(drift / np.maximum(total, 1e-12)), 1.0)
    return [(p * f[..., None]).astype(p.dtype) for p, f in zip(points, factor, strict=True)]
