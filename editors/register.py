"""Repair of a 2D edit: measure the shift and zoom that the editor introduced, undo them, keep the outside untouched.

A 2D editor often moves the whole picture by a pixel or zooms it by a per cent. The geometry is lifted from the edited
photo, so that shift would become an error in 3D.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from wt.errors import WtError
from wt.types import Bool, Float, UInt8

MAX_SHIFT = 0.05
"""Of the long side, and never less than `MIN_LIMIT_PX`: an edit that moved further shows another picture."""
MIN_LIMIT_PX = 24.0
MAX_ZOOM = 0.06
MIN_AGREEING = 0.25
"""Share of the details outside the region that must be found again where one shift and zoom put them."""
_SURE_AGREEING = 0.6
_SIDE_PX = 1280
_MOST_DETAILS = 800
_FEWEST_DETAILS = 16
"""With fewer there is nothing to measure by, and the edit counts as not moved."""
_WINDOW_PX = 21
_SAME_CORNER_PX = 0.5
_SAME_PX = 0.15
"""Below this the edit is taken as not moved, and is not resampled."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What the photo shows at x, the edit shows at `zoom * (x - centre) + centre + shift_px` (pixels)."""

    shift_px: tuple[float, float]
    zoom: float
    agreeing: float
    """Share of the followed details that this explains to a pixel, 1 is perfect."""


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

    Corners of the photo are followed (Lucas and Kanade's flow on pyramids, OpenCV) back and forth, starting from the
    shift that phase correlation gives, or from none where few then agree, and one shift and zoom is fitted to those
    that agree. A picture with next to no structure outside the region counts as not moved.

    Raises:
        WtError: it moved further than can be undone, or shows another picture.
    """
    if np.array_equal(photo[~region], edited[~region]):
        return UNMOVED
    height, width = region.shape
    scale = min(1.0, _SIDE_PX / max(height, width))
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    outside = _outside(region, size)
    before, after = (_details(picture, size) for picture in (photo, edited))
    corners = _corners(before, outside)
    if len(corners) < _FEWEST_DETAILS:
        return UNMOVED
    fit = _fit(corners, _follow(before, after, corners, _start(before, after, outside)), size)
    if fit[0] < _SURE_AGREEING:
        fit = max(fit, _fit(corners, _follow(before, after, corners, np.zeros(2)), size))
    agreeing, zoom, x, y = fit
    registration = Registration((x / scale, y / scale), zoom, agreeing)
    _refuse_beyond_limits(registration, max(height, width))
    return registration


def _outside(region: Bool[np.ndarray, "h w"], size: tuple[int, int]) -> Bool[np.ndarray, "sh sw"]:
    """Where a detail may be taken: the window around it must not reach into the region."""
    import cv2

    inside = cv2.resize(region.astype(np.uint8), size, interpolation=cv2.INTER_AREA)
    return cv2.dilate(inside, np.ones((_WINDOW_PX, _WINDOW_PX), np.uint8)) == 0


def _details(picture: UInt8[np.ndarray, "h w 3"], size: tuple[int, int]) -> UInt8[np.ndarray, "sh sw"]:
    """Grey levels less their surroundings' mean: a drift of colour or of exposure is no movement."""
    import cv2

    grey = cv2.cvtColor(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY).astype(np.float32)
    return np.clip(np.rint(grey - cv2.blur(grey, (41, 41)) + 128), 0, 255).astype(np.uint8)


def _corners(picture: UInt8[np.ndarray, "h w"], outside: Bool[np.ndarray, "h w"]) -> Float[np.ndarray, "n 2"]:
    import cv2

    found = cv2.goodFeaturesToTrack(picture, _MOST_DETAILS, 0.01, 7, mask=outside.astype(np.uint8), blockSize=5)
    return np.zeros((0, 2), np.float32) if found is None else found[:, 0]


def _start(
    before: UInt8[np.ndarray, "h w"], after: UInt8[np.ndarray, "h w"], outside: Bool[np.ndarray, "h w"]
) -> Float[np.ndarray, "2"]:
    """The shift by phase correlation: right to a few pixels where there is no zoom, perhaps wrong where there is."""
    import cv2

    one, other = (np.where(outside, picture, 128).astype(np.float32) for picture in (before, after))
    shift, _ = cv2.phaseCorrelate(one, other, cv2.createHanningWindow(before.shape[::-1], cv2.CV_32F))
    return np.array(shift)


def _follow(
    before: UInt8[np.ndarray, "h w"],
    after: UInt8[np.ndarray, "h w"],
    corners: Float[np.ndarray, "n 2"],
    start: Float[np.ndarray, "2"],
) -> Float[np.ndarray, "n 2"]:
    """Where `after` shows the corners of `before`; NaN for those that are not found again on the way back."""
    import cv2

    options: dict[str, Any] = {
        "winSize": (_WINDOW_PX, _WINDOW_PX),
        "maxLevel": 4,
        "criteria": (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 40, 1e-3),
        "flags": cv2.OPTFLOW_USE_INITIAL_FLOW,
    }
    guess = (corners + start).astype(np.float32)
    followed, there, _ = cv2.calcOpticalFlowPyrLK(before, after, corners, guess, **options)
    returned, back, _ = cv2.calcOpticalFlowPyrLK(after, before, followed, corners.copy(), **options)
    same = np.linalg.norm(returned - corners, axis=1) < _SAME_CORNER_PX
    both = np.asarray(there, dtype=bool) & np.asarray(back, dtype=bool)
    return np.where(both & same[:, None], followed, np.nan)


def _fit(
    corners: Float[np.ndarray, "n 2"], followed: Float[np.ndarray, "n 2"], size: tuple[int, int]
) -> tuple[float, float, float, float]:
    """(share of the corners that agree to a pixel, zoom, x, y fitted to these by least squares)."""
    import cv2

    known = np.isfinite(followed).all(axis=1)
    if known.sum() < _FEWEST_DETAILS:
        return 0.0, 1.0, 0.0, 0.0
    centre = (np.array(size) - 1) / 2  # pixel centres at integers, as OpenCV has them
    a, b = (points[known].astype(np.float64) - centre for points in (corners, followed))
    _, inliers = cv2.estimateAffinePartial2D(a, b, method=cv2.RANSAC, ransacReprojThreshold=1.0, maxIters=4000)
    agree = np.zeros(len(a), bool) if inliers is None else inliers.ravel().astype(bool)
    share = float(agree.sum() / len(corners))
    if agree.sum() < _FEWEST_DETAILS:
        return share, 1.0, 0.0, 0.0
    a, b = a[agree], b[agree]
    spread = a - a.mean(axis=0)
    zoom = float((spread * (b - b.mean(axis=0))).sum() / (spread**2).sum())
    x, y = b.mean(axis=0) - zoom * a.mean(axis=0)
    return share, zoom, float(x), float(y)


def _refuse_beyond_limits(registration: Registration, side: int) -> None:
    (x, y), zoom = registration.shift_px, registration.zoom
    limit = max(MIN_LIMIT_PX, MAX_SHIFT * side)
    if registration.agreeing < MIN_AGREEING:
        raise WtError(
            f"The 2D editor changed the whole picture: only {registration.agreeing:.0%} of the photo's details are "
            "found again. Say it in other words, try another seed, or click where to change something; nothing is lost."
        )
    if max(abs(x), abs(y)) > limit or abs(zoom - 1) > MAX_ZOOM:
        raise WtError(
            f"The 2D editor moved the picture by {x:.1f}, {y:.1f} pixels and zoomed it by {zoom - 1:+.1%}, more than "
            f"can be undone ({limit:.0f} pixels, {MAX_ZOOM:.0%}). Try another seed, or another editor; nothing is lost."
        )


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
