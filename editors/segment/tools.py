"""What a hand does to a selection: paint, erase, grow, shrink, round off, fill, keep the main piece, load."""

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from editors.segment.refine import fill_small_holes
from wt.errors import WtError
from wt.images import resize_mask
from wt.types import Bool, Float


def stroke(
    mask: Bool[np.ndarray, "h w"], path: Sequence[tuple[float, float]], diameter: float | int, *, erase: bool = False
) -> Bool[np.ndarray, "h w"]:
    """A round brush (or eraser) drawn along a path of photo pixels, the first pixel's centre at 0.5.

    Args:
        path: (x, y); a single point is a dab, an empty path changes nothing.
        diameter: pixels, at least 1.
    """
    height, width = mask.shape
    image = Image.new("L", (width, height))
    draw = ImageDraw.Draw(image)
    radius = max(diameter / 2, 0.5)
    # ImageDraw counts from pixel centres.
    points = [(x - 0.5, y - 0.5) for x, y in path]
    if len(points) > 1:
        draw.line(points, fill=255, width=max(round(diameter), 1), joint="curve")
    for x, y in points:
        draw.ellipse((x - radius + 0.5, y - radius + 0.5, x + radius - 0.5, y + radius - 0.5), fill=255)
    draw.point([(round(x), round(y)) for x, y in points], fill=255)  # a disc of one pixel draws nothing
    drawn = np.asarray(image) > 0
    return mask & ~drawn if erase else mask | drawn


def grow(mask: Bool[np.ndarray, "h w"], pixels: float | int) -> Bool[np.ndarray, "h w"]:
    """All pixels within this distance of the mask; a negative distance takes as much away from its rim.

    The photo's edge is no rim: what touches it stays there when shrunk.
    """
    if pixels >= 0:
        return mask if not mask.any() else _distance(~mask) <= pixels
    return mask if mask.all() else _distance(mask) > -pixels


def shrink(mask: Bool[np.ndarray, "h w"], pixels: float | int) -> Bool[np.ndarray, "h w"]:
    """`grow` the other way."""
    return grow(mask, -pixels)


def feather(mask: Bool[np.ndarray, "h w"], pixels: float | int) -> Float[np.ndarray, "h w"]:
    """Weights from 0 to 1 (float32) that cross 0.5 at the mask's edge, over a band `2 * pixels` wide, for blending."""
    if pixels <= 0 or mask.all() or not mask.any():
        return mask.astype(np.float32)
    # Centres of pixels on either side of the edge lie half a pixel from it.
    signed = np.where(mask, _distance(mask) - 0.5, 0.5 - _distance(~mask))
    t = np.clip(signed / (2 * pixels) + 0.5, 0, 1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def smooth(mask: Bool[np.ndarray, "h w"], pixels: float | int) -> Bool[np.ndarray, "h w"]:
    """Round off: bays and spikes narrower than about `2 * pixels` go; straight edges stay."""
    import cv2

    blurred = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), max(pixels, 0.1), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(blurred) > 0.5


def fill_holes(mask: Bool[np.ndarray, "h w"], share: float = 1.0) -> Bool[np.ndarray, "h w"]:
    """Fill holes that do not reach the photo's edge and are smaller than `share` of the mask."""
    return fill_small_holes(mask, share)


def keep_largest(mask: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """The largest connected piece alone."""
    import cv2

    count, pieces, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count <= 2:
        return mask
    return np.asarray(pieces == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax()))


def mask_from_image(image: Image.Image, width: int, height: int) -> Bool[np.ndarray, "h w"]:
    """A mask picture of any size brought to the photo's: what is opaque, else what is white, is selected.

    Raises:
        WtError: nothing in it is selected.
    """
    alpha = np.asarray(image.convert("RGBA").getchannel("A")) if _has_alpha(image) else None
    values = alpha if alpha is not None and alpha.min() < 128 else _grey(image)
    mask = resize_mask(values > 127, width, height)
    if not mask.any():
        raise WtError("That mask is black everywhere. Load one that is white, or opaque, where the thing is.")
    return mask


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info


def _grey(image: Image.Image) -> np.ndarray:
    if not image.mode.startswith("I"):
        return np.asarray(image.convert("L"))
    values = np.asarray(image, dtype=np.float64)  # 16 bits: white is the top of its own range
    return values * 255 / (65535 if values.max() > 255 else 255)


def _distance(mask: Bool[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """Euclidean distance of each pixel of the mask to the nearest pixel outside it; 0 outside."""
    import cv2

    padded = np.ascontiguousarray(mask.astype(np.uint8))
    return np.asarray(cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE))
