"""From the mask of one frame to the masks of all: optical flow carries it, the segmenter looks again, a guard decides.

Flow (DIS, Kroeger et al. 2016) knows how the pixels move but its errors add up; the segmenter sees each frame anew but
may mean another thing. So its answer counts only where it agrees with what was carried.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from editors.segment.base import Point, Segmenter
from editors.segment.graph import shrink
from editors.segment.refine import cut_in_band, to_photo
from wt.errors import WtError
from wt.images import resize_mask
from wt.types import Bool, Float, UInt8

LEAST_AGREEMENT = 0.75
"""Overlap (IoU) of the segmenter's answer with the carried mask, below which it means another thing."""
LEAST_PIXELS = 12
"""Of the working size; a smaller thing is out of sight."""
OnFrame = Callable[[int, int], None]
"""Told (frames done, frames in all) after each; may raise `Cancelled`."""


@dataclass(frozen=True)
class Carry:
    """How a mask is carried from a frame to the next."""

    snapped: bool = True
    """Whether the carried outline is drawn to the colours of the new frame."""
    looked: bool = False
    """Whether the segmenter is asked about each frame."""


def propagate(
    frames: UInt8[np.ndarray, "t h w 3"],
    mask: Bool[np.ndarray, "h w"],
    at: int = 0,
    *,
    segmenter: Segmenter | None = None,
    carry: Carry = Carry(),
    on_frame: OnFrame | None = None,
) -> Bool[np.ndarray, "t h w"]:
    """The masks of all frames of a clip from that of one of them.

    Args:
        frames: sRGB.
        mask: of the thing in frame `at`, which keeps it as it is.
        at: where to begin; frames before it are reached backwards.
        segmenter: one of its own (`fresh`): it is shown every frame. Without, flow and colours alone.
        carry: what is done on the way.
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
    done = 1
    for order in (range(at + 1, count), range(at - 1, -1, -1)):
        here, held = at, resize_mask(mask, small[at].shape[1], small[at].shape[0])
        for index in order:
            held = _followed(small[here], small[index], held, segmenter, carry)
            found[index] = to_photo(held, frames[index])
            here, done = index, done + 1
            if on_frame is not None:
                on_frame(done, count)
    return found


def agreement(one: Bool[np.ndarray, "h w"], other: Bool[np.ndarray, "h w"]) -> float:
    """Overlap of two masks (IoU); 1 if both are empty."""
    joint = int((one | other).sum())
    return float((one & other).sum() / joint) if joint else 1.0


def _followed(
    before: UInt8[np.ndarray, "h w 3"],
    frame: UInt8[np.ndarray, "h w 3"],
    held: Bool[np.ndarray, "h w"],
    segmenter: Segmenter | None,
    carry: Carry,
) -> Bool[np.ndarray, "h w"]:
    """The mask of the frame before, in this one."""
    carried = warped(held, flow(frame, before))
    if carried.sum() < LEAST_PIXELS:
        return np.zeros_like(held)
    if carry.looked and segmenter is not None:
        carried = _looked(frame, carried, segmenter)
    if carry.snapped:
        snapped = cut_in_band(frame, carried, [])
        carried = snapped if agreement(snapped, carried) >= LEAST_AGREEMENT else carried
    return carried


def flow(of: UInt8[np.ndarray, "h w 3"], to: UInt8[np.ndarray, "h w 3"]) -> Float[np.ndarray, "h w 2"]:
    """Where each pixel of one frame is in another: its place there less its place here, (x, y) in pixels."""
    import cv2

    grey = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (of, to)]
    return np.asarray(cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(*grey, None))


def warped(mask: Bool[np.ndarray, "h w"], motion: Float[np.ndarray, "h w 2"]) -> Bool[np.ndarray, "h w"]:
    """The mask where `motion` (of the new frame's pixels, to the old frame) has brought it."""
    import cv2

    height, width = mask.shape
    columns, rows = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    soft = cv2.remap(mask.astype(np.float32), columns + motion[..., 0], rows + motion[..., 1], cv2.INTER_LINEAR)
    return soft > 0.5


def _looked(
    frame: UInt8[np.ndarray, "h w 3"], carried: Bool[np.ndarray, "h w"], segmenter: Segmenter
) -> Bool[np.ndarray, "h w"]:
    """What the segmenter finds at places deep inside the carried mask, where that is the same thing."""
    segmenter.set_image(frame)
    found = [one.mask for one in segmenter.predict(_inside(carried))]
    best = max(found, key=lambda one: agreement(one, carried))
    return best if agreement(best, carried) >= LEAST_AGREEMENT else carried


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
