"""Depth of a clip's pixels made steady over time: what is left of the flicker from frame to frame is averaged away."""

from collections.abc import Sequence

import numpy as np

from wt.errors import WtError
from wt.types import Bool, Float


def steady(
    points: Sequence[Float[np.ndarray, "layers h w 3"]], valid: Sequence[Bool[np.ndarray, "h w"]], frames: float
) -> list[Float[np.ndarray, "layers h w 3"]]:
    """Every point moved along its ray to the mean log-depth that its pixel and layer have in the frames around.

    The same pixel is meant, not the same place on the thing: fast motion is softened as flicker is.

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
    from scipy.ndimage import gaussian_filter1d

    z = np.stack([p[..., 2] for p in points]).astype(np.float64)
    counts = np.stack(valid) & np.isfinite(z).all(axis=1) & (z > 0).all(axis=1)
    logs = np.log(np.where(counts[:, None], z, 1.0))
    # Outside the clip there is nothing: the weights there are 0, not those of its ends again.
    total = gaussian_filter1d(counts.astype(np.float64), frames, axis=0, mode="constant")
    mean = gaussian_filter1d(logs, frames, axis=0, mode="constant") / np.maximum(total, 1e-12)[:, None]
    factor = np.where(counts[:, None], np.exp(mean - logs), 1.0)
    return [(p * f[..., None]).astype(p.dtype) for p, f in zip(points, factor, strict=True)]
