"""Selection by SAM 2.1 through transformers, from a folder or from the hub's cache."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from editors.segment.base import Box, Mask, Point, check_prompt, ranked
from editors.segment.superpixel import sky_of
from wt.errors import WtError
from wt.types import Bool, UInt8

LIGHT = "facebook/sam2.1-hiera-tiny"
"""The smallest of the four that were published, 156 MB."""


class Sam2Segmenter:
    """Like `SamSegmenter`: the photo is encoded once, every click is decoded alone."""

    licence = "Apache-2.0"

    def __init__(self, model: Any, processor: Any, name: str) -> None:
        self.name = name
        self._model, self._processor = model.eval(), processor
        self._rgb: np.ndarray | None = None
        self._features: Any = None

    def set_image(self, rgb: UInt8[np.ndarray, "h w 3"]) -> None:
        """Run the image encoder."""
        pixels = self._processor(images=rgb, return_tensors="pt")["pixel_values"]
        self._features = self._model.get_image_embeddings(pixels.to(self._model.device))
        self._rgb = rgb

    def predict(self, points: Sequence[Point] = (), box: Box | None = None) -> list[Mask]:
        """Its three masks, smallest first."""
        import torch

        shape = None if self._rgb is None else self._rgb.shape[:2]
        check_prompt(shape, points, box)
        prompt = self._processor(
            input_points=[[[[x, y] for x, y, _ in points]]] if points else None,
            input_labels=[[[int(positive) for *_, positive in points]]] if points else None,
            input_boxes=[[list(box)]] if box is not None else None,
            original_sizes=[list(shape or ())],
            return_tensors="pt",
        ).to(self._model.device)
        sizes = prompt.pop("original_sizes")
        with torch.inference_mode():
            found = self._model(image_embeddings=self._features, multimask_output=True, **prompt)
        masks = self._processor.post_process_masks(found.pred_masks, sizes)[0][0]
        return ranked(masks.cpu().numpy(), found.iou_scores[0, 0].float().cpu().numpy())

    def suggest_sky(self) -> Bool[np.ndarray, "h w"] | None:
        """The sky does not need SAM: see editors/segment/sky.py."""
        return sky_of(self._rgb)

    def fresh(self) -> "Sam2Segmenter":
        """A photo's features are kept outside of the network, so it can be shared."""
        return Sam2Segmenter(self._model, self._processor, self.name)


def load_sam2(source: str | Path, device: str = "auto", *, allow_download: bool = False) -> Sam2Segmenter:
    """A SAM 2 or 2.1 model.

    Args:
        source: a folder that transformers saved, or a name on the hub.
        device: as for `wt.load`.
        allow_download: fetch missing weights from the hub: the person's explicit act.

    Raises:
        WtError: it is not on this machine, or is no SAM 2.
    """
    from transformers import Sam2Model, Sam2Processor

    from wt.model.precision import pick_device

    local: dict[str, Any] = {"local_files_only": not allow_download}
    try:
        processor = Sam2Processor.from_pretrained(str(source), **local)
        model: Any = Sam2Model.from_pretrained(str(source), **local)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise WtError(
            f"{Path(source).name} could not be loaded as a SAM 2 model. Give a folder that holds one, or a name on the "
            "hub such as facebook/sam2.1-hiera-tiny, together with --allow-download the first time."
        ) from error
    return Sam2Segmenter(model.to(pick_device(device)), processor, Path(source).name)


def is_cached(source: str = LIGHT) -> bool:
    """Whether a model of the hub is on this machine."""
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(source, "model.safetensors"), str)
