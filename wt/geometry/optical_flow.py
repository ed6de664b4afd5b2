"""Where the points of a thing go from frame to frame: dense optical flow, checked forwards against backwards."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from wt.geometry.camera import pixel_centres
from wt.types import Bool, Float, Int, UInt8

STRIDES = (1, 2, 4, 8)
"""Frames between the two of a pair: near ones are matched surely, far ones add up less error."""
MOST = 600
"""Matches of a pair; flow is so smooth that more of them say nothing new."""
LEAST = 50
"""A pair with fewer matches is left out."""
ASTRAY = 1.5 / 192
"""Of the frame's longer side: there and back again, a match may miss its beginning by so much."""


@dataclass(frozen=True, eq=False)
class Matches:
    """The same surface points in pairs of frames. Every pair has as many rows; what fills them up weighs nothing."""

    earlier: Int[np.ndarray, " pairs"]
    later: Int[np.ndarray, " pairs"]
    start: Float[np.ndarray, "pairs n 2"]
    """Pixel coordinates (u, v) in the earlier frame, centres at +0.5."""
    end: Float[np.ndarray, "pairs n 2"]
    """In the later one."""
    weight: Float[np.ndarray, "pairs n"]
    """Adds up to 1 in each pair."""


def match_frames(
    rgb: Sequence[UInt8[np.ndarray, "h w 3"]],
    valid: Sequence[Bool[np.ndarray, "h w"]],
    check: Callable[[], object] = lambda: None,
) -> Matches | None:
    """Matches between frames `STRIDES` apart, drawn at random from the thing's pixels (the same ones every time).

    Args:
        rgb: the frames.
        valid: where the thing is; what lies around it is flattened, so that it leads nowhere.
        check: called before every pair; may raise `Cancelled`.

    Returns:
        None where no pair of frames has enough of them.
    """
    import cv2

    dense = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)

    def flow(here: np.ndarray, there: np.ndarray) -> Float[np.ndarray, "h w 2"]:
        return np.asarray(dense.calc(here, there, np.zeros((*here.shape, 2), np.float32)))

    grey = [_grey(picture, mask) for picture, mask in zip(rgb, valid, strict=True)]
    pairs = []
    for stride in STRIDES:
        for earlier in range(len(grey) - stride):
            check()
            later = earlier + stride
            if min(valid[earlier].sum(), valid[later].sum()) < LEAST:
                continue
            back, there = flow(grey[later], grey[earlier]), flow(grey[earlier], grey[later])
            start, end = _agreeing(back, there, valid[earlier], valid[later])
            if len(start) >= LEAST:
                pairs.append((earlier, later, *_filled_up(start, end)))
    if not pairs:
        return None
    earlier_frames, later_frames, starts, ends, weights = zip(*pairs, strict=True)
    return Matches(
        np.array(earlier_frames), np.array(later_frames), np.stack(starts), np.stack(ends), np.stack(weights)
    )


def sampled(
    values: Float[np.ndarray, "h w"], valid: Bool[np.ndarray, "h w"], at: Float[np.ndarray, "*n 2"]
) -> tuple[Float[np.ndarray, "*n"], Bool[np.ndarray, "*n"]]:
    """(bilinear values at pixel coordinates (u, v), whether most of what was read is valid); 1 where it is not."""
    from scipy.ndimage import map_coordinates

    where = np.stack([at[..., 1], at[..., 0]]) - 0.5
    share = map_coordinates(valid.astype(np.float64), where, order=1)
    total = map_coordinates(np.where(valid, values, 0.0).astype(np.float64), where, order=1)
    known = share > 0.5
    return np.where(known, total / np.where(known, share, 1.0), 1.0), known


def _grey(rgb: UInt8[np.ndarray, "h w 3"], valid: Bool[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w"]:
    """Luma, with the background as far from the thing's own as can be: its outline moves with it."""
    import cv2

    grey = np.asarray(cv2.cvtColor(np.ascontiguousarray(rgb), cv2.COLOR_RGB2GRAY))
    dark = valid.any() and np.median(grey[valid]) <= 128
    return np.where(valid, grey, np.uint8(255 if dark else 0))


def _agreeing(
    back: Float[np.ndarray, "h w 2"],
    there: Float[np.ndarray, "h w 2"],
    earlier: Bool[np.ndarray, "h w"],
    later: Bool[np.ndarray, "h w"],
) -> tuple[Float[np.ndarray, "n 2"], Float[np.ndarray, "n 2"]]:
    """Starts and ends of at most `MOST` matches that come back to where they began."""
    rows, columns = np.nonzero(later)
    drawn = np.random.default_rng(0).permutation(len(rows))[: 3 * MOST]
    end = pixel_centres(*later.shape)[rows[drawn], columns[drawn]]
    start = end + back[rows[drawn], columns[drawn]]
    everywhere = np.ones(earlier.shape, bool)
    forward = np.stack([sampled(there[..., axis], everywhere, start)[0] for axis in (0, 1)], axis=-1)
    kept = np.linalg.norm(start + forward - end, axis=-1) < ASTRAY * max(earlier.shape)
    kept &= sampled(np.zeros(earlier.shape), earlier, start)[1]
    return start[kept][:MOST], end[kept][:MOST]


def _filled_up(
    start: Float[np.ndarray, "m 2"], end: Float[np.ndarray, "m 2"]
) -> tuple[Float[np.ndarray, "n 2"], Float[np.ndarray, "n 2"], Float[np.ndarray, " n"]]:
    count = len(start)
    rows = np.minimum(np.arange(MOST), count - 1)
    return start[rows], end[rows], np.where(np.arange(MOST) < count, 1.0 / count, 0.0)
