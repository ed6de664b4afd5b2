"""What known depth is worth: the model lifted with the true layer-0 depth, or with one that is 5 % off, and K.

Two rows a kind of depth: the guided lift, and `moved`, the model's lift without depth whose rays are only stretched so
that layer 0 lies on the known depth (hidden z' = hidden z * known z / own z): what guidance must beat.
"""

from typing import Any

import numpy as np
from PIL import Image

from wt.evaluation.samples import Truth
from wt.geometry.camera import rays
from wt.types import Float

DEPTHS = ("true", "noisy5")
ABSREL = 0.05
_BUMPS = 5
_PIXEL_SHARE = 1 / 3


def given_depth(truth: Truth, kind: str, seed: int) -> Float[np.ndarray, "h w"]:
    """The depth map that a lift of this sample is given, float32, NaN beside the valid rays.

    "noisy5" multiplies the truth by smooth bumps and pixel noise (a third of it), mean absolute relative error 5 %.
    """
    z = truth.points[0, ..., 2]
    if kind == "noisy5":
        rng = np.random.default_rng(seed)
        height, width = truth.alpha.shape
        coarse = Image.fromarray(rng.normal(size=(_BUMPS, _BUMPS)).astype(np.float32))
        bumps = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC), dtype=np.float64)
        pixels = rng.normal(size=truth.alpha.shape)
        error = (1 - _PIXEL_SHARE) * bumps / np.abs(bumps).mean() + _PIXEL_SHARE * pixels / np.abs(pixels).mean()
        error *= ABSREL / np.abs(error[truth.alpha]).mean()
        z = z * (1 + error.clip(-0.9))
    return np.where(truth.alpha, z, np.nan).astype(np.float32)


def moved(
    points: Float[np.ndarray, "layers h w 3"], depth: Float[np.ndarray, "h w"], truth: Truth
) -> Float[np.ndarray, "layers h w 3"]:
    """A lift without depth, stretched along the true rays so that its layer 0 has the known depth; float64."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = depth / points[0, ..., 2]
    return rays(truth.intrinsics) * (points[..., 2] * ratio)[..., None]


def guided_by(truth: Truth, kind: str, seed: int) -> dict[str, Any]:
    """Arguments of `Lifter.lift` for a sample with known depth and camera."""
    return {"depth": given_depth(truth, kind, seed), "intrinsics": truth.intrinsics}
