"""The frames of a clip as the photo pane works on them, one at a time, and as a strip."""

import io
from dataclasses import replace

import numpy as np
from PIL import Image

from app.work import Selection, Work
from wt.clips.clip import Clip
from wt.images import Photo, resize_mask, resize_rgb
from wt.types import Bool, UInt8

THUMB_PX = 88
"""Height of a frame in the strip; the page shows it at half of that."""
_SELECTED = (124, 92, 255)


def still(clip: Clip, frame: int) -> Photo:
    """A frame as the photo that is clicked on and may be lifted by itself."""
    return Photo(clip.frames[frame], None, (), clip.name)


def held(work: Work) -> Clip | None:
    """The clip with what is selected in the frame of the moment, once it is known in the others."""
    clip, mask = work.clip, work.selection.mask
    if clip is None or clip.masks is None or mask is None or np.array_equal(mask, clip.masks[work.frame]):
        return clip
    masks = clip.masks.copy()
    masks[work.frame] = mask
    return clip.masked(masks)


def selection(clip: Clip, frame: int, level: int) -> Selection:
    """What is selected in a frame of a clip whose thing was followed."""
    mask = None if clip.masks is None else clip.masks[frame]
    return Selection(base=mask if mask is not None and mask.any() else None, level=level)


def strip(work: Work) -> tuple[bytes, str] | None:
    """All frames side by side, what is selected tinted, as (JPEG, media type); None without a clip."""
    clip = held(work)
    if clip is None:
        return None
    width = max(1, round(THUMB_PX * clip.width / clip.height))
    rows = []
    for index, frame in enumerate(clip.frames):
        small = resize_rgb(frame, width, THUMB_PX)
        mask = clip.masks[index] if clip.masks is not None else None
        if mask is None and index == work.frame:
            mask = work.selection.mask
        rows.append(small if mask is None else _tinted(small, resize_mask(mask, width, THUMB_PX)))
    buffer = io.BytesIO()
    Image.fromarray(np.concatenate(rows, axis=1)).save(buffer, "JPEG", quality=88)
    return buffer.getvalue(), "image/jpeg"


def _tinted(rgb: UInt8[np.ndarray, "h w 3"], mask: Bool[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w 3"]:
    tinted = rgb.astype(np.float32)
    tinted[mask] = 0.55 * tinted[mask] + 0.45 * np.array(_SELECTED)
    tinted[~mask] *= 0.8
    return tinted.astype(np.uint8)


def rejoined(work: Work, clip: Clip) -> Work:
    """Saved work with its clip again; the frame of the moment is the one that is its photo."""
    assert work.photo is not None
    frame = next((index for index, one in enumerate(clip.frames) if np.array_equal(one, work.photo.rgb)), 0)
    return replace(work, clip=clip, frame=frame)
