"""Selection by sam-mini: the network says what is meant, superpixels where its outline runs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from editors.segment.base import LABELS, Box, Mask, Point, check_prompt
from editors.segment.look import Look, Window, around
from editors.segment.refine import cut_in_band, to_photo
from editors.segment.superpixel import SuperpixelSegmenter
from wt.types import Bool, Float, UInt8

if TYPE_CHECKING:
    from segment_anything.modeling import Sam

_PULL = 0.1
"""How strongly the network ties a superpixel to the thing or to its surroundings."""
_SURE = 1e3


class SamMiniSegmenter:
    """Click to mask in about half a second, after about a second for a new photo; nothing is downloaded.

    The object is what the network finds, its outline on superpixels and edges; part and middle are what superpixels
    alone would cut out of it. Boxes are left to the superpixels, which are better at them (see the model card).
    """

    name = "sam-mini"
    licence = "Apache-2.0"

    def __init__(self, model: "Sam") -> None:
        self._model = model
        self._superpixels = SuperpixelSegmenter()
        self._rgb: np.ndarray | None = None

    def set_image(self, rgb: UInt8[np.ndarray, "h w 3"]) -> None:
        """Cut the photo into superpixels and run the image encoder."""
        self._superpixels.set_image(rgb)
        self._first = Look(self._model, rgb, (0, 0, rgb.shape[1], rgb.shape[0]))
        self._rgb = rgb

    def predict(self, points: Sequence[Point] = (), box: Box | None = None) -> list[Mask]:
        """Part, middle and object (see `Segmenter.predict`), part and middle inside the object."""
        rgb = self._rgb
        check_prompt(None if rgb is None else rgb.shape[:2], points, box)
        assert rgb is not None
        if box is not None:
            return self._superpixels.predict(points, box)
        chance = self._chance(rgb, points)
        whole = self._snapped(rgb, chance, points)
        inner = sorted((cut & whole for cut, _ in self._superpixels.cuts(points, None)[:2]), key=np.count_nonzero)
        found = zip((*inner, whole), LABELS)
        return [Mask(to_photo(cut, rgb), agreement(cut, chance), label) for cut, label in found]

    def suggest_sky(self) -> Bool[np.ndarray, "h w"] | None:
        """The sky does not need the network: see editors/segment/sky.py."""
        return self._superpixels.suggest_sky()

    def fresh(self) -> "SamMiniSegmenter":
        """A photo's features are kept outside of the network, so it can be shared."""
        return SamMiniSegmenter(self._model)

    def _chance(self, rgb: UInt8[np.ndarray, "h w 3"], points: Sequence[Point]) -> Float[np.ndarray, "h2 w2"]:
        """How likely each pixel of the superpixels' grid is meant: the mean of a look at the photo and a closer one."""
        first = self._first.chance(points, None)
        window = around(self._first.extent(first > 0.5), points, rgb.shape)
        if window is None:
            return first
        second = Look(self._model, rgb, window).chance(points, None)
        return (first + _laid(second, window, self._superpixels.graph.scale(rgb), first.shape)) / 2

    def _snapped(
        self, rgb: UInt8[np.ndarray, "h w 3"], chance: Float[np.ndarray, "h2 w2"], points: Sequence[Point]
    ) -> Bool[np.ndarray, "h2 w2"]:
        """The likely pixels with an outline along superpixels and edges."""
        graph = self._superpixels.graph
        across, down = graph.scale(rgb)
        clicks = [(graph.pixel(x * across, y * down), good) for x, y, good in points]
        keep, avoid = ([pixel for pixel, good in clicks if good is wanted] for wanted in (True, False))
        counts = np.bincount(graph.labels.ravel(), minlength=graph.count)
        pull = 2 * np.bincount(graph.labels.ravel(), chance.ravel(), graph.count) / counts - 1
        inside, outside = _PULL * np.clip(pull, 0, 1), _PULL * np.clip(-pull, 0, 1)
        # Where two clicks disagree about a superpixel, it is in, and grabCut divides it.
        for pixels, tied, free in ((avoid, outside, inside), (keep, inside, outside)):
            at = [int(graph.labels[row, column]) for column, row in pixels]
            tied[at], free[at] = _SURE, 0
        return cut_in_band(graph.rgb, (graph.random_walk(inside, outside) >= 0.5)[graph.labels], keep, avoid)


def agreement(mask: Bool[np.ndarray, "h w"], chance: Float[np.ndarray, "h w"]) -> float:
    """Overlap (IoU) of a mask with chances, 0 to 1: shared over joint mass."""
    joint = np.maximum(mask, chance).sum()
    return float(chance[mask].sum() / joint) if joint > 0 else 0.0


def _laid(
    part: Float[np.ndarray, "h w"], window: Window, scale: tuple[float, float], shape: tuple[int, ...]
) -> Float[np.ndarray, "h2 w2"]:
    """What was seen in a window of the photo on the whole working grid, 0 elsewhere."""
    import cv2

    left, top, right, bottom = (round(edge * scale[i % 2]) for i, edge in enumerate(window))
    whole = np.zeros(shape, part.dtype)
    whole[top:bottom, left:right] = cv2.resize(part, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    return whole


def load_sam_mini_segmenter(device: str = "auto") -> SamMiniSegmenter:
    """The segmenter with the weights of this repository.

    Raises:
        WtError: the file is missing, or is not sam-mini's.
    """
    from editors.segment.sam_mini import load_sam_mini
    from wt.model.precision import pick_device

    return SamMiniSegmenter(load_sam_mini().to(pick_device(device)))
