"""Removal by PatchMatch (Barnes and others 2009), through pypatchmatch: the hole takes patches of the photo."""

from collections.abc import Callable

import numpy as np

from wt.errors import WtError
from wt.types import Bool, UInt8

MAX_HOLE = 0.7
"""Share of the photo above which there is nothing left to fill from."""
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
        hole = np.ascontiguousarray(mask[rows, columns]).astype(np.uint8) * 255
        filled = patchmatch.inpaint(np.ascontiguousarray(image[rows, columns]), hole, patch_size=3)
        result = image.copy()
        result[rows, columns] = np.where(mask[rows, columns, None], filled, image[rows, columns])
        if on_step is not None:
            on_step(1, 1)
        return result


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
