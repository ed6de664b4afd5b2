"""Removal by PatchMatch (Barnes and others 2009), through pypatchmatch: the hole takes patches of the photo."""

from collections.abc import Callable

import numpy as np

from wt.errors import WtError
from wt.types import Bool, UInt8

MAX_HOLE = 0.7
"""Share of the photo above which there is nothing left to fill from."""
MAX_PIXELS = 500_000
MAX_HOLE_PIXELS = 40_000
"""Larger pictures and holes are filled at a smaller size: the time goes with both."""
MARGIN = 1.0
"""How far around the hole patches are looked for, in sizes of the hole."""


class PatchMatchEditor:
    """Behind the editor protocol; the prompt is not read."""

    name = "PatchMatch"
    licence = "MIT"
    offline = True

    def edit(
        self,
        image: UInt8[np.ndarray, "h w 3"],
        mask: Bool[np.ndarray, "h w"] | None,
        prompt: str = "",
        *,
        seed: int = 0,
        on_step: Callable[[int, int], None] | None = None,
    ) -> UInt8[np.ndarray, "h w 3"]:
        """Fill the mask; pixels outside keep their bytes.

        Raises:
            WtError: no mask, or a mask of nearly everything.
        """
        import patchmatch

        if mask is None or not mask.any():
            raise WtError("Nothing is selected to remove. Click the object first.")
        if mask.mean() > MAX_HOLE:
            raise WtError(
                f"The selection covers {mask.mean():.0%} of the photo; too little is left to fill it from. Select less."
            )
        if on_step is not None:
            on_step(0, 1)
        rows, columns = _surroundings(mask)
        patchmatch.set_random_seed(seed)
        filled = _filled(image[rows, columns], mask[rows, columns], patchmatch.inpaint)
        result = image.copy()
        result[rows, columns] = np.where(mask[rows, columns, None], filled, image[rows, columns])
        if on_step is not None:
            on_step(1, 1)
        return result


def _filled(
    image: UInt8[np.ndarray, "h w 3"], hole: Bool[np.ndarray, "h w"], inpaint: Callable[..., np.ndarray]
) -> UInt8[np.ndarray, "h w 3"]:
    """Fill at a size that takes seconds; a larger picture gets its fine grain back from the noise of its rest."""
    import cv2

    height, width = hole.shape
    factor = min(1.0, np.sqrt(MAX_PIXELS / (height * width)), np.sqrt(MAX_HOLE_PIXELS / hole.sum()))
    if factor > 0.9:
        return inpaint(np.ascontiguousarray(image), hole.astype(np.uint8) * 255, patch_size=3)
    size = (max(8, round(width * factor)), max(8, round(height * factor)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    covered = cv2.resize(hole.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    filled = inpaint(small, covered.astype(np.uint8) * 255, patch_size=3)
    large = cv2.resize(filled, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    # What shrinking took from the surroundings is missing in the hole as well.
    lost = image - cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    deviation = min(float(np.median(np.abs(lost[~hole]))) * 1.48, 6.0)
    grain = cv2.GaussianBlur(np.random.default_rng(0).normal(0, 1, hole.shape).astype(np.float32), (0, 0), 0.7)
    large += (grain * (deviation / max(float(grain.std()), 1e-6)))[..., None]
    return np.clip(np.rint(large), 0, 255).astype(np.uint8)


def _surroundings(mask: Bool[np.ndarray, "h w"]) -> tuple[slice, slice]:
    """The hole and as much around it again on every side: enough to fill from, and quick on large photos."""
    slices = []
    for axis in (1, 0):
        where = np.flatnonzero(mask.any(axis=axis))
        first, last, count = int(where[0]), int(where[-1]) + 1, mask.shape[1 - axis]
        margin = max(round(MARGIN * (last - first)), count // 5)
        slices.append(slice(max(first - margin, 0), min(last + margin, count)))
    return slices[0], slices[1]


def grown(mask: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """The mask and a rim of about 1.3 % of the long side: leftover edge pixels of the object would be copied in."""
    import cv2

    rim = max(3, round(max(mask.shape) * 0.013))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim + 1, 2 * rim + 1))
    return cv2.dilate(mask.astype(np.uint8), disc) > 0
