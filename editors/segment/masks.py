"""What is done to a mask as a whole: larger, smaller, smoother, without holes, its largest piece. Pure functions."""

import numpy as np
from scipy import ndimage

from wt.types import Bool


def grown(mask: Bool[np.ndarray, "h w"], pixels: int) -> Bool[np.ndarray, "h w"]:
    """Larger by so many pixels on every side, or smaller if negative; the photo's border is no edge."""
    import cv2

    side = 2 * abs(pixels) + 1
    change = cv2.dilate if pixels > 0 else cv2.erode
    return change(mask.astype(np.uint8), np.ones((side, side), np.uint8)) > 0


def feathered(mask: Bool[np.ndarray, "h w"], pixels: int) -> Bool[np.ndarray, "h w"]:
    """The outline smoothed: blurred by a Gaussian whose standard deviation is `pixels`, then cut at one half.

    Corners become round and specks vanish; a straight edge stays where it is, at the photo's border too.
    """
    import cv2

    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), pixels, borderType=cv2.BORDER_REPLICATE)
    return soft > 0.5


def filled(mask: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """With everything that it encloses."""
    return ndimage.binary_fill_holes(mask)


def largest(mask: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """Its largest connected piece (corners connect); an empty mask stays empty."""
    import cv2

    _, pieces, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    areas = stats[:, cv2.CC_STAT_AREA]
    areas[0] = 0  # what is not selected
    return mask & (pieces == areas.argmax())


def enlarged(mask: Bool[np.ndarray, "h w"], width: int, height: int) -> Bool[np.ndarray, "h2 w2"]:
    """On a larger grid, with a smooth outline in place of stairs; shrunk by nearest pixels it is as it was."""
    import cv2

    return cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR) >= 0.5
