"""Closed-form intrinsics from a layer-0 pointmap: two least squares (paper App. B, ARCHITECTURE section 16)."""

import math

import numpy as np

from wt.errors import WtError
from wt.geometry.camera import Intrinsics, pixel_centres
from wt.types import Bool, Float

MIN_PIXELS = 10
MIN_DEPTH = 1e-6
HUBER = 1.345
"""Huber's constant: 95 % efficiency on Gaussian residuals, in units of their robust sigma."""
_HUBER_STEPS = 30


def fit_intrinsics(
    points0: Float[np.ndarray, "h w 3"],
    alpha: Bool[np.ndarray, "h w"],
    *,
    robust: bool = False,
    square_pixels: bool = False,
) -> Intrinsics:
    """Fit K in pixels of the pointmap's own grid; `residual_px` is the RMS reprojection error over the pixels used.

    Args:
        points0: layer-0 points, OpenCV camera frame, any unit (K does not depend on it); NaN is ignored.
        alpha: valid rays.
        robust: Huber weights instead of equal ones (iteratively reweighted), for a few wild points.
        square_pixels: fx = fy, as in every photo that nobody squeezed: one unknown less for a noisy pointmap.

    Raises:
        WtError: fewer than 10 valid pixels, or points from which no camera follows.
    """
    if points0.shape[:2] != alpha.shape:
        raise WtError(f"fit_intrinsics: points are {points0.shape[:2]} but alpha is {alpha.shape}.")
    height, width = alpha.shape
    matrix, residual = solve(points0, alpha, robust=robust, square_pixels=square_pixels)
    if matrix is None:
        raise WtError(
            f"No camera can be fitted: {int(_usable(points0, alpha).sum())} pixels have a finite point in front of the "
            f"camera, spread over more than one column and row, and at least {MIN_PIXELS} are needed. "
            "Select a larger region or lift again."
        )
    (fx, _, cx), (_, fy, cy), _ = matrix.tolist()
    if fx <= 0 or fy <= 0:
        raise WtError(
            f"No camera can be fitted: the best focal lengths are fx={fx:.3g}, fy={fy:.3g} pixels, not both positive, "
            "so the points do not lie where their pixels look. Lift again, or use other weights."
        )
    return Intrinsics(fx, fy, cx, cy, width, height, residual)


def solve(
    points0: Float[np.ndarray, "h w 3"],
    alpha: Bool[np.ndarray, "h w"],
    *,
    robust: bool = False,
    square_pixels: bool = False,
) -> tuple[Float[np.ndarray, "3 3"] | None, float]:
    """The fit itself: (K float64 [3,3], RMS residual in pixels), or (None, nan) with too few or degenerate pixels.

    K is not checked: its focal lengths are whatever the points say (ARCHITECTURE section 16).
    """
    usable = _usable(points0, alpha)
    if usable.sum() < MIN_PIXELS:
        return None, math.nan
    points = points0[usable].astype(np.float64)
    pixels = pixel_centres(*alpha.shape)[usable]
    slopes = points[:, :2] / points[:, 2:]
    focal: list[float] = []
    centre: list[float] = []
    for axes in ([0, 1],) if square_pixels else ([0], [1]):
        line = _line(slopes[:, axes], pixels[:, axes], robust)
        if line is None:
            return None, math.nan
        focal += [line[0]] * len(axes)
        centre += line[1]
    (fx, fy), (cx, cy) = focal, centre
    error = slopes * (fx, fy) + (cx, cy) - pixels
    residual = math.sqrt(float((error**2).sum(axis=1).mean()))
    return np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]), residual


def _usable(points0: Float[np.ndarray, "h w 3"], alpha: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    with np.errstate(invalid="ignore"):
        return alpha & np.isfinite(points0).all(axis=-1) & (points0[..., 2] > MIN_DEPTH)


def _line(
    slopes: Float[np.ndarray, "n axes"], pixels: Float[np.ndarray, "n axes"], robust: bool
) -> tuple[float, tuple[float, ...]] | None:
    """pixel = f * slope + c, one f for all axes and one c for each, by (weighted) least squares.

    None if the slopes or the pixels do not vary.
    """
    if np.ptp(pixels, axis=0).min() < 0.5:  # one row or column of pixels: any focal length fits
        return None
    weights = np.ones(len(slopes))
    line = _weighted_line(slopes, pixels, weights)
    for _ in range(_HUBER_STEPS if robust else 0):
        if line is None:
            break
        error = np.sqrt(((line[0] * slopes + line[1] - pixels) ** 2).mean(axis=1))
        sigma = max(1.4826 * float(np.median(error)), 1e-9)
        weights = np.minimum(1.0, HUBER * sigma / np.maximum(error, 1e-12))
        previous, line = line, _weighted_line(slopes, pixels, weights)
        if line is not None and np.allclose(line[0], previous[0], rtol=1e-12, atol=0):
            break
    return line


def _weighted_line(
    x: Float[np.ndarray, "n axes"], y: Float[np.ndarray, "n axes"], weights: Float[np.ndarray, " n"]
) -> tuple[float, tuple[float, ...]] | None:
    w = weights[:, None]
    mean_x, mean_y = (w * x).sum(axis=0) / weights.sum(), (w * y).sum(axis=0) / weights.sum()
    variance = (w * (x - mean_x) ** 2).sum()
    # Centred sums are well conditioned; below this the slopes are constant to rounding.
    if not variance > 1e-20 * weights.sum() * (1 + (mean_x**2).sum()):
        return None
    gain = float((w * (x - mean_x) * (y - mean_y)).sum() / variance)
    return gain, tuple((mean_y - gain * mean_x).tolist())
