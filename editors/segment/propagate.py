"""From the mask of one frame to the masks of all: optical flow carries it, the colours of each frame draw its outline.

Flow (DIS, Kroeger et al. 2016) knows how the pixels move, but its errors add up. What has the colours of the first
mask's surroundings is dropped, and GrabCut in a band around what was carried draws the outline anew. A segmenter can
be asked about each frame besides; its answer counts where it agrees with what was carried. The built-in one makes masks
worse that way (benchmarks/propagation.py), so nothing asks it by itself.
"""

from collections.abc import Callable

import numpy as np

from editors.segment.base import Point, Segmenter
from editors.segment.graph import shrink
from editors.segment.refine import cut_in_band, fill_small_holes, to_photo
from wt.errors import WtError
from wt.images import resize_mask
from wt.types import Bool, Float, UInt8

LEAST_AGREEMENT = 0.75
"""Overlap (IoU) with the carried mask, below which what is found in a frame is another thing."""
FOREIGN = 2.0
"""Log of how much likelier a colour must be in the surroundings of the first mask than in it to be no part of it."""
_BINS, _BLUR_PX = 16, 5
LEAST_PIXELS = 12
"""Of the working size; a smaller thing is out of sight."""
OnFrame = Callable[[int, int], None]
"""Told (frames done, frames in all) after each; may raise `Cancelled`."""


def propagate(
    frames: UInt8[np.ndarray, "t h w 3"],
    mask: Bool[np.ndarray, "mh mw"],
    at: int = 0,
    *,
    segmenter: Segmenter | None = None,
    snapped: bool = True,
    on_frame: OnFrame | None = None,
) -> Bool[np.ndarray, "t h w"]:
    """The masks of all frames of a clip from that of one of them.

    Args:
        frames: sRGB.
        mask: of the thing in frame `at`, which keeps it as it is.
        at: where to begin; frames before it are reached backwards.
        segmenter: one of one's own (`fresh`), which is shown every frame; None asks none.
        snapped: whether the carried outline is drawn to the colours of each frame.
        on_frame: hears of progress.

    Raises:
        WtError: an empty mask, one of another size, or no such frame.
    """
    count, height, width = frames.shape[:3]
    if not 0 <= at < count:
        raise WtError(f"There is no frame {at}; the clip has frames 0 to {count - 1}.")
    if mask.shape != (height, width):
        raise WtError(f"The mask is {mask.shape[1]} x {mask.shape[0]} but the frames are {width} x {height} pixels.")
    if not mask.any():
        raise WtError("Nothing is selected in this frame. Click the thing first, then follow it.")
    small = [shrink(frame) for frame in frames]
    found = np.zeros((count, height, width), dtype=bool)
    found[at] = mask
    palette = Palette(small[at], resize_mask(mask, small[at].shape[1], small[at].shape[0]))
    done = 1
    for order in (range(at + 1, count), range(at - 1, -1, -1)):
        here, held = at, resize_mask(mask, small[at].shape[1], small[at].shape[0])
        for index in order:
            held = _followed(palette, small[here], small[index], held, segmenter, snapped=snapped)
            found[index] = to_photo(held, frames[index])
            here, done = index, done + 1
            if on_frame is not None:
                on_frame(done, count)
    return found


class Palette:
    """The colours inside and outside of the mask that a person gave, as smooth histograms."""

    def __init__(self, rgb: UInt8[np.ndarray, "h w 3"], mask: Bool[np.ndarray, "h w"]) -> None:
        inside, outside = (self._histogram(rgb[where]) for where in (mask, ~mask))
        self._ratio = np.log(outside) - np.log(inside)

    def foreign(self, rgb: UInt8[np.ndarray, "h w 3"]) -> Bool[np.ndarray, "h w"]:
        """Places whose colours belong to the surroundings, those beside them counted in."""
        import cv2

        ratio = self._ratio[tuple(np.moveaxis(rgb.astype(int) * _BINS // 256, -1, 0))]
        return np.asarray(cv2.blur(ratio.astype(np.float32), (_BLUR_PX, _BLUR_PX))) > FOREIGN

    @staticmethod
    def _histogram(colours: UInt8[np.ndarray, "n 3"]) -> Float[np.ndarray, "b b b"]:
        from scipy.ndimage import gaussian_filter

        counts = np.histogramdd(colours, bins=_BINS, range=[(0, 256)] * 3)[0]
        smooth = gaussian_filter(counts, 1.0) + 1e-4
        return smooth / smooth.sum()


def agreement(one: Bool[np.ndarray, "h w"], other: Bool[np.ndarray, "h w"]) -> float:
    """Overlap of two masks (IoU); 1 if both are empty."""
    joint = int((one | other).sum())
    return float((one & other).sum() / joint) if joint else 1.0


def _followed(
    palette: Palette,
    before: UInt8[np.ndarray, "h w 3"],
    frame: UInt8[np.ndarray, "h w 3"],
    held: Bool[np.ndarray, "h w"],
    segmenter: Segmenter | None,
    *,
    snapped: bool,
) -> Bool[np.ndarray, "h w"]:
    """The mask of the frame before, in this one."""
    carried = fill_small_holes(warped(held, flow(frame, before)) & ~palette.foreign(frame))
    if carried.sum() < LEAST_PIXELS:
        return np.zeros_like(held)
    if segmenter is not None:
        carried = _agreed(_looked(frame, carried, segmenter), carried)
    return _agreed(cut_in_band(frame, carried, []), carried) if snapped else carried


def _agreed(found: Bool[np.ndarray, "h w"], carried: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """What was found, unless that is another thing than what was carried."""
    return found if agreement(found, carried) >= LEAST_AGREEMENT else carried


def flow(of: UInt8[np.ndarray, "h w 3"], to: UInt8[np.ndarray, "h w 3"]) -> Float[np.ndarray, "h w 2"]:
    """Where each pixel of one frame is in another: its place there less its place here, (x, y) in pixels."""
    import cv2

    here, there = (cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (of, to))
    start = np.zeros((*here.shape, 2), np.float32)
    return np.asarray(cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(here, there, start))


def warped(mask: Bool[np.ndarray, "h w"], motion: Float[np.ndarray, "h w 2"]) -> Bool[np.ndarray, "h w"]:
    """The mask where `motion` (of the new frame's pixels, to the old frame) has brought it."""
    import cv2

    rows, columns = np.mgrid[: mask.shape[0], : mask.shape[1]].astype(np.float32)
    soft = cv2.remap(mask.astype(np.float32), columns + motion[..., 0], rows + motion[..., 1], cv2.INTER_LINEAR)
    return soft > 0.5


def _looked(
    frame: UInt8[np.ndarray, "h w 3"], carried: Bool[np.ndarray, "h w"], segmenter: Segmenter
) -> Bool[np.ndarray, "h w"]:
    """What the segmenter finds at places deep inside the carried mask."""
    segmenter.set_image(frame)
    return max((one.mask for one in segmenter.predict(_inside(carried))), key=lambda one: agreement(one, carried))


def _inside(mask: Bool[np.ndarray, "h w"], count: int = 3) -> list[Point]:
    """The deepest place inside a mask, then the deepest away from those before."""
    import cv2

    left, points = np.pad(mask, 1).astype(np.uint8), list[Point]()
    for _ in range(count):
        depth = cv2.distanceTransform(left, cv2.DIST_L2, 5)
        row, column = np.unravel_index(int(depth.argmax()), depth.shape)
        if depth[row, column] < 1:
            break
        points.append((column - 0.5, row - 0.5, True))
        cv2.circle(left, (int(column), int(row)), max(2, round(float(depth[row, column]))), 0, -1)
    return points
