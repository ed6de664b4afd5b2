"""Selection on the photo: clicks, boxes, strokes and words to masks."""

import logging
from pathlib import Path

from editors.segment.base import Mask, Segmenter
from wt.errors import WtError

log = logging.getLogger(__name__)

__all__ = ["AUTO", "BUILT_IN", "SAM_MINI", "SUPERPIXELS", "Mask", "Segmenter", "new_segmenter"]

AUTO, BUILT_IN = "auto", "built-in"
SUPERPIXELS, SAM_MINI = "superpixels", "sam-mini"


def new_segmenter(source: str | Path = BUILT_IN, *, device: str = "auto", allow_download: bool = False) -> Segmenter:
    """A segmenter of one's own: it remembers a photo, so it must not be shared; `fresh` gives others their own.

    Args:
        source: "sam-mini" and "superpixels" come with this repository, and "built-in" is the first of them; "auto" is
            the smallest SAM 2.1 if it is on this machine or may be downloaded, else the built-in one; otherwise a
            checkpoint file of segment-anything or MobileSAM, a folder of SAM 2, or SAM 2's name on the hub.
        device: for the networks.
        allow_download: SAM 2 may be fetched from the hub; nothing is without it.

    Raises:
        WtError: what was asked for by name or path cannot be used.
    """
    if source in (BUILT_IN, SAM_MINI):
        return _sam_mini(device)
    if source == SUPERPIXELS:
        from editors.segment.superpixel import SuperpixelSegmenter

        return SuperpixelSegmenter()
    from editors.segment import sam2

    if source == AUTO:
        if not (allow_download or sam2.is_cached()):
            return _sam_mini(device)
        try:
            return sam2.load_sam2(sam2.LIGHT, device, allow_download=allow_download)
        except WtError as error:  # nobody named it, so there is nothing for a person to put right
            log.warning("%s The built-in segmenter is used.", error)
            return _sam_mini(device)
    path = Path(source).expanduser()
    if path.is_dir():
        return sam2.load_sam2(path, device)
    if not path.exists() and _is_hub_name(str(source)):
        return sam2.load_sam2(str(source), device, allow_download=allow_download)
    from editors.segment.sam import load_sam

    return load_sam(path, device)


def _sam_mini(device: str) -> Segmenter:
    from editors.segment.sam_mini_segmenter import load_sam_mini_segmenter

    return load_sam_mini_segmenter(device)


def _is_hub_name(source: str) -> bool:
    owner, slash, name = source.partition("/")
    return bool(owner.strip(".~") and slash and name) and "/" not in name and Path(name).suffix not in (".pth", ".pt")
