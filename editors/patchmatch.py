"""Removal by PatchMatch (Barnes and others 2009), through pypatchmatch: the hole takes patches of the photo."""

import numpy as np

from editors.base import OnStep, Task
from editors.holes import checked, filled_at, surroundings
from wt.types import Bool, UInt8

MAX_PIXELS = 500_000
MAX_HOLE_PIXELS = 40_000
"""Larger pictures and holes are filled at a smaller size: the time goes with both."""


class PatchMatchEditor:
    """Behind the editor protocol; the prompt is not read."""

    name = "PatchMatch"
    licence = "MIT"
    offline = True
    tasks: frozenset[Task] = frozenset({"remove"})

    def edit(
        self,
        image: UInt8[np.ndarray, "h w 3"],
        mask: Bool[np.ndarray, "h w"] | None,
        prompt: str = "",
        *,
        seed: int = 0,
        on_step: OnStep | None = None,
    ) -> UInt8[np.ndarray, "h w 3"]:
        """Fill the mask; pixels outside keep their bytes.

        Raises:
            WtError: no mask, or a mask of nearly everything.
        """
        import patchmatch

        mask = checked(mask)
        if on_step is not None:
            on_step(0, 1)
        rows, columns = surroundings(mask)
        patchmatch.set_random_seed(seed)
        filled = filled_at(image[rows, columns], mask[rows, columns], _inpaint, MAX_PIXELS, MAX_HOLE_PIXELS)
        result = image.copy()
        result[rows, columns] = np.where(mask[rows, columns, None], filled, image[rows, columns])
        if on_step is not None:
            on_step(1, 1)
        return result


def _inpaint(image: UInt8[np.ndarray, "h w 3"], hole: Bool[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w 3"]:
    import patchmatch

    return patchmatch.inpaint(np.ascontiguousarray(image), hole.astype(np.uint8) * 255, patch_size=3)


def grown(mask: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """The mask and a rim of about 1.3 % of the long side: leftover edge pixels of the object would be copied in."""
    import cv2

    rim = max(3, round(max(mask.shape) * 0.013))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * rim + 1, 2 * rim + 1))
    return cv2.dilate(mask.astype(np.uint8), disc) > 0
