"""What the photo pane shows, encoded for the browser: the photo, the photo before an edit, the overlay."""

import io

import numpy as np
from PIL import Image, ImageDraw

from app import contour
from app.work import Work
from editors.segment.masks import enlarged, grown
from wt.images import resize_mask
from wt.scene.outline import outlines
from wt.types import Bool, UInt8

SELECTED = (124, 92, 255)
CHANGED = (255, 171, 64)
SKY = (64, 180, 255)
FOUND = (255, 214, 102)
_CONTEXT = 1.6
"""Width of a close-up over that of what it shows."""
_CLOSEST_PX = 96


def encode(work: Work, name: str, outlined: tuple[int, ...] = ()) -> tuple[bytes, str] | None:
    """(bytes, media type) of one of the pictures "photo", "before", "overlay"; None if there is none.

    Args:
        outlined: ids of the objects whose outline the overlay shows.
    """
    if work.rgb is None or work.shown_rgb is None:
        return None
    if name == "photo":
        return jpeg(work.shown_rgb), "image/jpeg"
    if name == "before":
        return jpeg(before(work)), "image/jpeg"
    if name == "overlay":
        canvas = overlay(work)
        if work.shown_scene is not None:
            for ident in outlined:
                contour.draw(canvas, outlines(work.shown_scene, ident), work.shown_scene.intrinsics)
        return png(canvas), "image/png"
    return None


def before(work: Work) -> UInt8[np.ndarray, "h w 3"]:
    """What "compare" shows on its left: the photo before the pending edit, else the photo as it was opened."""
    assert work.photo is not None
    assert work.rgb is not None
    return work.rgb if work.proposal else work.photo.rgb


def overlay(work: Work) -> UInt8[np.ndarray, "h w 4"]:
    """Selection, sky and the region of a pending edit, tinted, with a crisp edge."""
    assert work.rgb is not None
    canvas = np.zeros((*work.rgb.shape[:2], 4), np.uint8)
    if work.proposal is not None:
        if not work.proposal.placed:  # new objects have an outline of their own
            _tint(canvas, work.proposal.region, CHANGED, 0)
        return canvas
    if work.keep_sky_out and work.sky is not None and work.scene is None:
        _tint(canvas, work.sky, SKY, 70)
    for number, thing in enumerate(work.selection.found):
        if number != work.selection.at:
            _tint(canvas, thing.mask, FOUND, 0)
    if work.selection.mask is not None:
        _tint(canvas, work.selection.mask, SELECTED, 90)
    return canvas


def stroke(size: tuple[int, int], path: list[tuple[float, float]], diameter: float) -> Bool[np.ndarray, "h w"]:
    """A round brush drawn along a path of photo pixels, as a mask of (width, height)."""
    image = Image.new("L", size)
    draw = ImageDraw.Draw(image)
    radius = max(diameter / 2, 0.5)
    if len(path) > 1:
        draw.line(path, fill=255, width=max(round(diameter), 1), joint="curve")
    for x, y in path:
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return np.asarray(image) > 0


def mask_from(image: Image.Image, size: tuple[int, int]) -> Bool[np.ndarray, "h w"]:
    """A mask picture (white or opaque is selected) brought to (width, height)."""
    if image.mode in ("RGBA", "LA") and np.asarray(image.getchannel("A")).min() < 255:
        values = np.asarray(image.getchannel("A"))
    else:
        values = np.asarray(image.convert("L"))
    return resize_mask(values > 127, *size)


def mask_png(work: Work) -> bytes | None:
    """The selection as a PNG of the photo file's own size, white inside; None if nothing is selected."""
    mask, photo = work.selection.mask, work.photo
    if mask is None or photo is None:
        return None
    full = enlarged(mask, *photo.original) if photo.original else mask
    return png(full.astype(np.uint8) * 255)


def jpeg(rgb: UInt8[np.ndarray, "h w 3"]) -> bytes:
    """Quality 92, no chroma subsampling: this is what the person judges edges by."""
    buffer = io.BytesIO()
    Image.fromarray(rgb).save(buffer, "JPEG", quality=92, subsampling=0)
    return buffer.getvalue()


def thumbnail(rgb: UInt8[np.ndarray, "h w 3"]) -> bytes:
    """A small JPEG for a list."""
    image = Image.fromarray(rgb)
    image.thumbnail((160, 160))
    return jpeg(np.asarray(image))


def close_up(rgb: UInt8[np.ndarray, "h w 3"], region: Bool[np.ndarray, "h w"]) -> UInt8[np.ndarray, "ch cw 3"]:
    """The photo around a region, as 4:3 and with a little context; all of it if the region is empty."""
    height, width = region.shape
    rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
    if not len(rows):
        return rgb
    tall, wide = np.ptp(rows) + 1, np.ptp(columns) + 1
    side = max(_CONTEXT * max(wide, tall * 4 / 3), _CLOSEST_PX)
    crop_w, crop_h = min(round(side), width), min(round(side * 3 / 4), height)
    left = int(np.clip((columns[0] + columns[-1] + 1 - crop_w) // 2, 0, width - crop_w))
    top = int(np.clip((rows[0] + rows[-1] + 1 - crop_h) // 2, 0, height - crop_h))
    return rgb[top : top + crop_h, left : left + crop_w]


def small(rgb: UInt8[np.ndarray, "h w 3"], side: int = 360) -> bytes:
    """A JPEG of the size of a card, or of another longer side."""
    image = Image.fromarray(rgb)
    image.thumbnail((side, side))
    return jpeg(np.asarray(image))


def png(pixels: UInt8[np.ndarray, "h w *c"]) -> bytes:
    """Lossless, lightly packed."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def _tint(
    canvas: UInt8[np.ndarray, "h w 4"], mask: Bool[np.ndarray, "h w"], colour: tuple[int, int, int], fill: int
) -> None:
    canvas[mask] = (*colour, fill)
    width = max(1, round(max(mask.shape) / 500))
    canvas[grown(mask, width) & ~grown(mask, -width)] = (*colour, 255)
