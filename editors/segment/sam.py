"""Selection by segment-anything, where the person has a checkpoint: the same interface as the superpixel segmenter."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from editors.segment.base import LABELS, Box, Mask, Point, check_prompt
from wt.errors import WtError
from wt.types import Bool, UInt8

if TYPE_CHECKING:
    from segment_anything.modeling import Sam

ENCODERS = {"vit_b": 12, "vit_l": 24, "vit_h": 32}
"""Model type -> number of encoder blocks, by which a checkpoint's type is recognised."""


class SamSegmenter:
    """`SamPredictor`: the photo is encoded once (slow), every click is decoded alone (fast)."""

    name = "segment-anything"
    licence = "Apache-2.0"

    def __init__(self, model: "Sam", device: str = "cpu") -> None:
        from segment_anything import SamPredictor

        self._predictor = SamPredictor(model.to(device).eval())
        self._shape: tuple[int, int] | None = None
        self._rgb: np.ndarray | None = None

    @property
    def model(self) -> "Sam":
        """The network itself; several segmenters may share it, a photo's features are kept outside of it."""
        return self._predictor.model

    def set_image(self, rgb: UInt8[np.ndarray, "h w 3"]) -> None:
        """Run the image encoder."""
        self._predictor.set_image(np.ascontiguousarray(rgb))
        self._shape, self._rgb = (rgb.shape[0], rgb.shape[1]), rgb

    def predict(self, points: Sequence[Point] = (), box: Box | None = None) -> list[Mask]:
        """SAM's three masks, smallest first; several prompts together are not ambiguous and give one mask thrice."""
        check_prompt(self._shape, points, box)
        coords = np.array([(x, y) for x, y, _ in points], np.float32) if points else None
        signs = np.array([int(positive) for *_, positive in points]) if points else None
        frame = None if box is None else np.array(box, np.float32)
        masks, scores, _ = self._predictor.predict(coords, signs, frame, multimask_output=True)
        order = np.argsort(masks.reshape(len(masks), -1).sum(axis=1))
        return [Mask(masks[i], float(np.clip(scores[i], 0, 1)), label) for i, label in zip(order, LABELS)]

    def suggest_sky(self) -> Bool[np.ndarray, "h w"] | None:
        """The sky does not need SAM: see editors/segment/sky.py."""
        from editors.segment.superpixel import SuperpixelSegmenter

        if self._rgb is None:
            raise WtError("The segmenter has no photo yet. Open one first.")
        other = SuperpixelSegmenter()
        other.set_image(self._rgb)
        return other.suggest_sky()


def load_sam(checkpoint: Path, device: str = "auto") -> SamSegmenter:
    """A published segment-anything checkpoint (vit_b, vit_l or vit_h; the file tells which).

    Raises:
        WtError: the file is missing, is not a tensor file, or is not one of the three.
    """
    import zipfile
    from _pickle import UnpicklingError

    import torch
    from segment_anything import sam_model_registry

    from wt.model.precision import pick_device

    if not checkpoint.is_file():
        raise WtError(f"There is no segment-anything checkpoint at {checkpoint}. Check the path.")
    try:
        state: dict[str, Any] = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except (UnpicklingError, zipfile.BadZipFile, RuntimeError, EOFError) as error:
        raise WtError(f"{checkpoint.name} is not a segment-anything checkpoint ({error}).") from error
    blocks = {name.split(".")[2] for name in state if name.startswith("image_encoder.blocks.")}
    kinds = [kind for kind, count in ENCODERS.items() if count == len(blocks)]
    if not kinds:
        raise WtError(f"{checkpoint.name} has {len(blocks)} encoder blocks; vit_b has 12, vit_l 24 and vit_h 32.")
    model = sam_model_registry[kinds[0]]()
    model.load_state_dict(state)
    return SamSegmenter(model, str(pick_device(device)))
