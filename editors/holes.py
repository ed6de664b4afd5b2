"""What every editor that fills a hole needs: a checked mask, the hole's surroundings, and a size that takes seconds."""

from collections.abc import Callable

import numpy as np

from wt.errors import WtError
from wt.types import Bool, UInt8

MAX_HOLE = 0.7
"""Share of the photo above which there is nothing left to fill from."""
MARGIN = 1.0
"""How far around the hole is looked for what to fill it with, in sizes of the hole."""
Inpaint = Callable[[UInt8[np.ndarray, "h w 3"], Bool[np.ndarray, "h w"]], UInt8[np.ndarray, "h w 3"]]
"""(picture, hole) -> filled picture of the same size."""


def checked(mask: Bool[np.ndarray, "h w"] | None) -> Bool[np.ndarray, "h w"]:
    """The mask, if it can be filled.

    Raises:
        WtError: no mask, or a mask of nearly everything.
    """
    if mask is None or not mask.any():
        raise WtError("Nothing is selected to remove. Click the object first.")
    if mask.mean() > MAX_HOLE:
        raise WtError(
            f"The selection covers {mask.mean():.0%} of the photo; too little is left to fill it from. Select less."
        )
    return mask


def surroundings(mask: Bool[np.ndarray, "h w"]) -> tuple[slice, slice]:
    """The hole and as much around it again on every side: enough to fill from, and quick on large photos."""
    slices = []
    for axis in (1, 0):
        where = np.flatnonzero(mask.any(axis=axis))
        first, last, count = int(where[0]), int(where[-1]) + 1, mask.shape[1 - axis]
        margin = max(round(MARGIN * (last - first)), count // 5)
        slices.append(slice(max(first - margin, 0), min(last + margin, count)))
    return slices[0], slices[1]


def filled_at(
    image: UInt8[np.ndarray, "h w 3"],
    hole: Bool[np.ndarray, "h w"],
    inpaint: Inpaint,
    max_pixels: int,
    max_hole_pixels: int,
) -> UInt8[np.ndarray, "h w 3"]:
    """Fill at a size that takes seconds; a larger picture gets its fine grain back from the noise of its rest."""
    import cv2

    height, width = hole.shape
    factor = min(1.0, np.sqrt(max_pixels / (height * width)), np.sqrt(max_hole_pixels / hole.sum()))
    if factor > 0.9:
        return inpaint(image, hole)
    size = (max(8, round(width * factor)), max(8, round(height * factor)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    covered = cv2.resize(hole.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    # Networks answer outside the hole as well, where cubic enlarging would take it into the hole.
    filled = np.where(covered[..., None], inpaint(small, covered), small)
    large = cv2.resize(filled, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    # What shrinking took from the surroundings is missing in the hole as well.
    lost = image - cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    deviation = min(float(np.median(np.abs(lost[~hole]))) * 1.48, 6.0)
    grain = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 1, hole.shape).astype(np.float32), (0, 0), 0.7)
    large += (grain * (deviation / max(float(grain.std()), 1e-6)))[..., None]
    return np.clip(np.rint(large), 0, 255).astype(np.uint8)
