"""Repair of a 2D edit: measure the shift and zoom that the editor introduced, undo them, keep the outside untouched.

A 2D editor often moves the whole picture by a pixel or zooms it by a per cent. The geometry is lifted from the edited
photo, so that shift would become an error in 3D.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from wt.types import Bool, Float, UInt8

_SAME_PX = 0.15
"""Below this the edit is taken as not moved, and is not resampled."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What the photo shows at x, the edit shows at `zoom * (x - centre) + centre + shift_px` (pixels)."""

    shift_px: tuple[float, float]
    zoom: float
    correlation: float
    """ECC correlation of the unchanged pixels after alignment, 1 is perfect."""


UNMOVED = Registration((0.0, 0.0), 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Repair:
    """An edit that is safe to lift."""

    rgb: UInt8[np.ndarray, "h w 3"]
    registration: Registration
    changed_outside: int
    """Pixels outside the region that differ from the photo: 0 by construction, counted all the same."""
    colour_drift: float
    """Mean absolute difference outside the region, in grey levels, before the composite."""


def measure(
    photo: UInt8[np.ndarray, "h w 3"], edited: UInt8[np.ndarray, "h w 3"], region: Bool[np.ndarray, "h w"]
) -> Registration:
    """Shift and zoom of `edited` against `photo`, from the pixels outside `region`.

    Maximises the enhanced correlation coefficient (Evangelidis and Psarakis 2008, OpenCV's ECC) over an affine map,
    from which the isotropic zoom and the shift of the image centre are read. A picture without structure outside the
    region (correlation not defined) counts as not moved.
    """
    import cv2

    height, width = region.shape
    scale = min(1.0, 640 / max(height, width))
    size = (round(width * scale), round(height * scale))
    fixed, moving = (
        cv2.cvtColor(cv2.resize(x, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY) for x in (photo, edited)
    )
    outside = cv2.resize((~region).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    outside = cv2.erode(outside, np.ones((9, 9), np.uint8)) * 255
    identity = UNMOVED
    if np.array_equal(fixed[outside > 0], moving[outside > 0]) or not outside.any():
        return identity
    warp: Any = np.eye(2, 3, dtype=np.float32)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 100, 1e-6)
    try:
        correlation, warp = cv2.findTransformECC(fixed, moving, warp, cv2.MOTION_AFFINE, criteria, outside, 5)
    except cv2.error:
        return identity
    zoom = float(np.sqrt(abs(np.linalg.det(warp[:, :2]))))
    # OpenCV's coordinates have pixel centres at integers; the centre of the image is what the shift is told for.
    centre = np.array([(size[0] - 1) / 2, (size[1] - 1) / 2])
    moved = (warp[:, :2] @ centre + warp[:, 2] - centre) / scale
    return Registration((float(moved[0]), float(moved[1])), zoom, float(correlation))


def undo(edited: UInt8[np.ndarray, "h w 3"], registration: Registration) -> UInt8[np.ndarray, "h w 3"]:
    """Resample `edited` onto the photo's pixels."""
    import cv2

    height, width = edited.shape[:2]
    shift, zoom = registration.shift_px, registration.zoom
    if max(abs(shift[0]), abs(shift[1]), abs(zoom - 1) * max(height, width) / 2) < _SAME_PX:
        return edited
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    offset = centre + shift - zoom * centre
    warp: Float[np.ndarray, "2 3"] = np.array([[zoom, 0, offset[0]], [0, zoom, offset[1]]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(edited, warp, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def repair(
    photo: UInt8[np.ndarray, "h w 3"],
    edited: UInt8[np.ndarray, "h w 3"],
    region: Bool[np.ndarray, "h w"],
    *,
    registered: bool = False,
) -> Repair:
    """Undo the editor's shift and zoom, then composite: inside `region` the edit, outside it the photo, bit for bit.

    Args:
        photo: the original.
        edited: the editor's output at the photo's size.
        region: True where the edit may show.
        registered: the editor works on the photo's own pixels (catalogue, PatchMatch), so nothing needs to be measured.
    """
    registration = UNMOVED if registered else measure(photo, edited, region)
    aligned = undo(edited, registration)
    outside = ~region
    drift = float(np.abs(aligned[outside].astype(np.int16) - photo[outside]).mean()) if outside.any() else 0.0
    result = np.where(region[..., None], aligned, photo)
    changed = int((result[outside] != photo[outside]).any(axis=-1).sum())
    return Repair(result, registration, changed, drift)


def repair_unmasked(
    photo: UInt8[np.ndarray, "h w 3"], edited: UInt8[np.ndarray, "h w 3"]
) -> tuple[Repair, Bool[np.ndarray, "h w"]]:
    """Like `repair` for an editor that chose the place itself; returns the region that it changed as well.

    The region is the largest blob of clear differences after the shift and zoom are undone, with a rim.
    """
    registration = measure(photo, edited, np.zeros(photo.shape[:2], bool))
    aligned = undo(edited, registration)
    region = changed_region(photo, aligned)
    fixed = repair(photo, aligned, region, registered=True)
    return Repair(fixed.rgb, registration, fixed.changed_outside, fixed.colour_drift), region


def changed_region(photo: UInt8[np.ndarray, "h w 3"], edited: UInt8[np.ndarray, "h w 3"]) -> Bool[np.ndarray, "h w"]:
    """Where a picture was clearly changed: one blob and a rim; empty if it was not."""
    import cv2

    size = max(3, round(max(photo.shape) * 0.006)) | 1
    # A VAE changes every pixel a little and edges more: only differences that survive a blur count.
    difference = cv2.GaussianBlur(np.abs(photo.astype(np.float32) - edited).max(axis=2), (size, size), 0)
    usual = float(np.median(difference))
    blob = (difference > max(20.0, 4 * usual)).astype(np.uint8)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * size + 1, 2 * size + 1))
    blob = cv2.morphologyEx(blob, cv2.MORPH_CLOSE, kernel)
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(blob)
    if count < 2:
        return np.zeros(blob.shape, bool)
    largest = pieces == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    return cv2.dilate(largest.astype(np.uint8), kernel) > 0
