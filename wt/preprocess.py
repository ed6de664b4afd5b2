"""A photo made ready for the network: mask, square crop, background, resize (ARCHITECTURE section 3). 8-bit arrays."""

import math
from dataclasses import dataclass

import numpy as np

from wt.errors import WtError
from wt.geometry.camera import Intrinsics
from wt.types import Bool, Float, UInt8

CROP_FILL = 2 / 3
"""Of the published object models."""
GREY = (128, 128, 128)
NEAR_WHITE = 245
FALLBACK_FOCAL = 500 / 512
"""Focal length over side where no camera can be fitted (section 3.4)."""


@dataclass(frozen=True, slots=True)
class SquareCrop:
    """A square of the photo's pixels; parts outside the photo count as empty."""

    top: int
    left: int
    side: int

    def cut(self, picture: UInt8[np.ndarray, "h w *c"]) -> UInt8[np.ndarray, "side side *c"]:
        """The square's pixels, zero outside the picture."""
        out = np.zeros((self.side, self.side, *picture.shape[2:]), dtype=picture.dtype)
        top, left = max(self.top, 0), max(self.left, 0)
        inside = picture[top : max(self.top + self.side, 0), left : max(self.left + self.side, 0)]
        rows, columns = inside.shape[:2]
        out[top - self.top : top - self.top + rows, left - self.left : left - self.left + columns] = inside
        return out


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the network is given."""

    rgb: Float[np.ndarray, "3 s s"]
    """float32 in [0, 1]."""
    mask: Bool[np.ndarray, "s s"]
    """Valid rays, the same for every layer."""


def near_white_alpha(rgb: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w"] | None:
    """Alpha of an object on a near-white background, or None if this is not such a picture (section 3.1)."""
    white = np.asarray((rgb >= NEAR_WHITE).all(axis=-1))
    border = np.concatenate([white[0], white[-1], white[1:-1, 0], white[1:-1, -1]])
    if border.mean() < 0.95 or not 0.10 < white.mean() < 0.95:
        return None
    return np.where(white, 0, 255).astype(np.uint8)


def object_crop(alpha: UInt8[np.ndarray, "h w"], fill: float = CROP_FILL) -> SquareCrop:
    """The square around the foreground (alpha > 127), whose longer side takes `fill` of its side (section 3.2)."""
    return union_crop([alpha], fill)


def union_crop(alphas: list[UInt8[np.ndarray, "_ _"]], fill: float = CROP_FILL) -> SquareCrop:
    """One square for all frames of a clip: around the union of their foreground boxes (section 3.5)."""
    boxes = [_box(alpha > 127) for alpha in alphas]
    found = np.array([box for box in boxes if box is not None])
    if not len(found):
        height, width = (min(alpha.shape[axis] for alpha in alphas) for axis in (0, 1))
        side = min(height, width)
        return SquareCrop((height - side) // 2, (width - side) // 2, side)
    top, left = found[:, :2].min(axis=0).tolist()
    bottom, right = found[:, 2:].max(axis=0).tolist()
    side = math.ceil(max(bottom - top + 1, right - left + 1) / fill)
    # Python's round is half-to-even, as the release's.
    return SquareCrop(round((top + bottom) / 2 - side / 2), round((left + right) / 2 - side / 2), side)


def _box(foreground: Bool[np.ndarray, "h w"]) -> tuple[int, int, int, int] | None:
    rows, columns = np.flatnonzero(foreground.any(axis=1)), np.flatnonzero(foreground.any(axis=0))
    if not len(rows):
        return None
    return int(rows[0]), int(columns[0]), int(rows[-1]), int(columns[-1])


def blend(
    rgb: UInt8[np.ndarray, "h w 3"], alpha: UInt8[np.ndarray, "h w"], colour: tuple[int, int, int]
) -> UInt8[np.ndarray, "h w 3"]:
    """The photo over a plain background, float32, truncated to 8 bits (section 3.3)."""
    a = alpha[..., None].astype(np.float32) / np.float32(255)
    mixed = rgb.astype(np.float32) * a + np.asarray(colour, dtype=np.float32) * (1 - a)
    return np.clip(mixed, 0, 255).astype(np.uint8)


def resize_pair(
    rgb: UInt8[np.ndarray, "h w 3"], alpha: UInt8[np.ndarray, "h w"], side: int, erode: int = 0
) -> tuple[UInt8[np.ndarray, "s s 3"], Bool[np.ndarray, "s s"]]:
    """Colour by OpenCV's fixed-point bilinear, alpha by its nearest neighbour and > 127, then eroded (section 3.4)."""
    import cv2

    colour = cv2.resize(rgb, (side, side), interpolation=cv2.INTER_LINEAR)
    # OpenCV's nearest neighbour rounds the scale, so where floor(i n / side) is exact it may pick the pixel before.
    mask = np.asarray(cv2.resize(alpha, (side, side), interpolation=cv2.INTER_NEAREST)) > 127
    if erode > 0:
        square = np.ones((2 * erode + 1, 2 * erode + 1), dtype=np.uint8)
        mask = cv2.erode(mask.astype(np.uint8), square, iterations=1) > 0
    return np.asarray(colour, dtype=np.uint8), mask


def prepare(
    rgb: UInt8[np.ndarray, "h w 3"],
    alpha: UInt8[np.ndarray, "h w"],
    side: int,
    *,
    crop: SquareCrop | None = None,
    background: tuple[int, int, int] | None = None,
    erode: int = 0,
) -> Prepared:
    """Crop, blend over the background, resize; without a crop the whole photo is squeezed (sections 3.2-3.4)."""
    if crop is not None:
        rgb, alpha = crop.cut(rgb), crop.cut(alpha)
    if background is not None:
        rgb = blend(rgb, alpha, background)
    colour, mask = resize_pair(rgb, alpha, side, erode)
    return Prepared(_to_unit(colour), mask)


def prepare_frame(
    rgb: UInt8[np.ndarray, "h w 3"],
    alpha: UInt8[np.ndarray, "h w"],
    side: int,
    crop: SquareCrop,
    *,
    background: tuple[int, int, int] | None = GREY,
    erode: int = 0,
) -> Prepared:
    """A frame of a clip on its shared square: resized first, then the background painted hard (section 3.5)."""
    colour, mask = resize_pair(crop.cut(rgb), crop.cut(alpha), side, erode)
    if background is not None:
        colour = np.where(mask[..., None], colour, np.asarray(background, dtype=np.uint8))
    return Prepared(_to_unit(colour), mask)


def fallback_intrinsics(side: int) -> Intrinsics:
    """The camera to show where none can be fitted (section 3.4)."""
    return Intrinsics(side * FALLBACK_FOCAL, side * FALLBACK_FOCAL, side / 2, side / 2, side, side)


def require_foreground(alpha: UInt8[np.ndarray, "h w"], minimum: int = 64) -> None:
    """Refuse an empty or a hopelessly small selection.

    Raises:
        WtError: fewer than `minimum` pixels above 127.
    """
    count = int((alpha > 127).sum())
    if count == 0:
        raise WtError(
            "Nothing is selected: the mask is empty. Click an object, draw a box, or use an image with alpha."
        )
    if count < minimum:
        raise WtError(f"The selection has {count} pixels; at least {minimum} are needed. Select a larger object.")


def _to_unit(rgb: UInt8[np.ndarray, "s s 3"]) -> Float[np.ndarray, "3 s s"]:
    return np.ascontiguousarray(rgb.transpose(2, 0, 1)).astype(np.float32) / np.float32(255)
