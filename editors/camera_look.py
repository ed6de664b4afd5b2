"""What the camera did to a photo's pixels, measured in the photo itself: its grain, and how soft its edges are."""

import numpy as np

from wt.types import Float, UInt8

USUAL_BLUR = 0.6
"""Of a photo that shows no edge; see blur_px."""
LEAST_BLUR, MOST_BLUR = 0.45, 4.0
"""A sharpened photo may seem to have none; what is painted in would then look cut out."""
LEAST_STEEP = 4.0
"""Grey levels per pixel; what is flatter is shading or texture."""
OVER_GRAIN = 6.0
"""An edge is steeper than this many times the grain."""
SHARPER = 40
"""This percentile of the edges counts: shadows and round things are soft in every photo."""
_REBLUR = 1.0
_DIFFERENCE = 1 / 3
"""Variance that central differences add to an edge, in square pixels."""


def noise_level(photo: UInt8[np.ndarray, "h w 3"]) -> float:
    """Standard deviation of the photo's noise in grey levels, from its flattest pixels (Immerkaer 1996)."""
    import cv2

    grey = photo.mean(axis=2).astype(np.float32)
    if min(grey.shape) < 8:
        return 0.5
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    answer = np.abs(cv2.filter2D(grey, -1, kernel)[2:-2, 2:-2])
    return float(np.clip(np.percentile(answer, 30) / (6 * 0.385), 0.2, 6.0))


def blur_px(photo: UInt8[np.ndarray, "h w 3"], otherwise: float = USUAL_BLUR) -> float:
    """Standard deviation, in pixels, of the blur that the photo's sharper edges show; `otherwise` where it has none.

    A known blur flattens a sharp edge more than a soft one, by sqrt(1 + known^2 / own^2) (Zhuo and Sim 2011).
    """
    import cv2

    grey = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(np.float32)
    steep = _slope(grey)
    crest = steep == cv2.dilate(steep, np.ones((3, 3), np.uint8))
    edges = crest & (steep > max(LEAST_STEEP, OVER_GRAIN * noise_level(photo), 3 * float(steep.mean())))
    if edges.sum() < 20:
        return otherwise
    ratio = steep[edges] / np.maximum(_slope(cv2.GaussianBlur(grey, (0, 0), _REBLUR))[edges], 1e-3)
    own = _REBLUR**2 / np.maximum(ratio**2 - 1, 1e-3) - _DIFFERENCE
    return float(np.clip(np.sqrt(max(float(np.percentile(own, SHARPER)), 0.0)), LEAST_BLUR, MOST_BLUR))


def softened(values: Float[np.ndarray, "h w *c"], blur: float) -> Float[np.ndarray, "h w *c"]:
    """Blurred by so many pixels (standard deviation)."""
    import cv2

    return cv2.GaussianBlur(values, (0, 0), blur) if blur > 0.15 else values


def _slope(grey: Float[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    import cv2

    across, down = (cv2.Sobel(grey, cv2.CV_32F, *axis, ksize=1, scale=0.5) for axis in ((1, 0), (0, 1)))
    return cv2.magnitude(across, down)
