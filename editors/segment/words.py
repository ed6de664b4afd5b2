"""Finding things on a photo by words: a zero-shot detector's boxes, which a segmenter turns into masks."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from editors.segment.base import Box, Mask
from wt.errors import WtError
from wt.types import Bool, UInt8

THRESHOLD = 0.3
"""Least score of a hit."""
MOST_HITS = 12
_SAME = 0.7
"""Overlap (IoU) above which two boxes are of one thing."""
_LICENCES = {"grounding-dino": "Apache-2.0"}
"""By the beginning of a model's name."""


@dataclass(frozen=True)
class Hit:
    """Where something that was asked for may be."""

    label: str
    """The words that it answers to."""
    score: float
    box: Box


class Detector:
    """GroundingDINO, or another zero-shot detector of transformers that is asked the same way."""

    def __init__(self, model: Any, processor: Any, name: str) -> None:
        self.name = name
        self.licence = next((terms for start, terms in _LICENCES.items() if name.startswith(start)), "see its card")
        self._model, self._processor = model.eval(), processor

    def find(self, rgb: UInt8[np.ndarray, "h w 3"], words: str) -> list[Hit]:
        """What of the words is seen, the surest first.

        Args:
            rgb: the photo.
            words: a noun phrase, or several with commas between them.

        Returns:
            At most MOST_HITS hits; boxes in photo pixels, inside the photo.
        """
        import torch
        from torchvision.ops import clip_boxes_to_image, nms, remove_small_boxes

        labels = [part.strip() for part in words.split(",") if part.strip()]
        if not labels:
            return []
        size = (rgb.shape[0], rgb.shape[1])
        inputs = self._processor(images=rgb, text=[labels], return_tensors="pt").to(self._model.device)
        with torch.inference_mode():
            seen = self._model(**inputs)
        found = self._processor.post_process_grounded_object_detection(seen, threshold=THRESHOLD, target_sizes=[size])
        boxes = clip_boxes_to_image(found[0]["boxes"].float(), size)
        scores, texts = found[0]["scores"].float(), found[0]["text_labels"]
        kept = remove_small_boxes(boxes, 1.0)
        kept = kept[nms(boxes[kept], scores[kept], _SAME)][:MOST_HITS]
        return [Hit(_tidy(texts[i]) or words, float(scores[i]), tuple(boxes[i].tolist())) for i in kept.tolist()]


def load_detector(source: str, device: str = "auto", *, allow_download: bool = False) -> Detector:
    """A detector from a folder or from the hub.

    Args:
        source: a folder that transformers saved, or a name on the hub such as IDEA-Research/grounding-dino-tiny.
        device: as for `wt.load`.
        allow_download: fetch missing weights from the hub: the person's explicit act.

    Raises:
        WtError: it is not on this machine, or is no such model.
    """
    from transformers import AutoModelForZeroShotObjectDetection, AutoProcessor

    from wt.model.precision import pick_device

    local: dict[str, Any] = {"local_files_only": not allow_download}
    try:
        processor = AutoProcessor.from_pretrained(source, **local)
        model: Any = AutoModelForZeroShotObjectDetection.from_pretrained(source, **local)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise WtError(
            f"The words model {Path(source).name} could not be loaded. Give the folder of one, or a name on the hub "
            "such as IDEA-Research/grounding-dino-tiny (0.7 GB), together with --allow-download the first time."
        ) from error
    return Detector(model.to(pick_device(device)), processor, Path(source).name)


def _tidy(label: str) -> str:
    """Without the tokens that stand between the words."""
    return " ".join(re.sub(r"\[[A-Z]+\]|[.,]", " ", label).split())


def filling(masks: list[Mask], box: Box) -> Bool[np.ndarray, "h w"]:
    """Of the masks that a segmenter offers for a box, the one that fills it best."""
    return max(masks, key=lambda found: _agreement(found, box)).mask


def _agreement(found: Mask, box: Box) -> float:
    """Overlap (IoU) of a mask's extent with the box."""
    ys, xs = np.nonzero(found.mask)
    if not len(xs):
        return 0.0
    low, high = np.array([xs.min(), ys.min()]), np.array([xs.max() + 1, ys.max() + 1])
    shared = np.clip(np.minimum(high, box[2:]) - np.maximum(low, box[:2]), 0, None).prod()
    return float(shared / ((high - low).prod() + (box[2] - box[0]) * (box[3] - box[1]) - shared))
