"""Selection on the photo: clicks, boxes and strokes to masks."""

from pathlib import Path

from editors.segment.base import Mask, Segmenter

__all__ = ["Mask", "Segmenter", "new_segmenter"]


def new_segmenter(checkpoint: str | Path | None = None, *, device: str = "auto") -> Segmenter:
    """A segmenter of one's own: it remembers a photo, so it must not be shared.

    Args:
        checkpoint: a segment-anything checkpoint; None uses the superpixel segmenter, which needs no download.
        device: for segment-anything.

    Raises:
        WtError: the checkpoint cannot be used.
    """
    if checkpoint is not None:
        from editors.segment.sam import load_sam

        return load_sam(Path(checkpoint), device)
    from editors.segment.superpixel import SuperpixelSegmenter

    return SuperpixelSegmenter()
