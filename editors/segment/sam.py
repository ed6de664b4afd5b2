"""Selection by segment-anything or MobileSAM, where the person has a checkpoint."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from editors.segment.base import Box, Mask, Point, check_prompt, ranked
from editors.segment.superpixel import sky_of
from wt.errors import WtError
from wt.types import Bool, UInt8

if TYPE_CHECKING:
    from segment_anything.modeling import Sam

ENCODERS = {"vit_b": 12, "vit_l": 24, "vit_h": 32}
"""Model type -> number of encoder blocks, by which a checkpoint's type is recognised."""


class SamSegmenter:
    """`SamPredictor`: the photo is encoded once (slow), every click is decoded alone (fast)."""

    licence = "Apache-2.0"

    def __init__(self, model: "Sam", device: str = "cpu", name: str = "segment-anything") -> None:
        from segment_anything import SamPredictor

        self.name = name
        self._predictor = SamPredictor(model.to(device).eval())
        self._rgb: np.ndarray | None = None

    def set_image(self, rgb: UInt8[np.ndarray, "h w 3"]) -> None:
        """Run the image encoder."""
        self._predictor.set_image(np.ascontiguousarray(rgb))
        self._rgb = rgb

    def predict(self, points: Sequence[Point] = (), box: Box | None = None) -> list[Mask]:
        """SAM's three masks, smallest first; several prompts together are not ambiguous and give one mask thrice."""
        check_prompt(None if self._rgb is None else self._rgb.shape[:2], points, box)
        coords = np.array([(x, y) for x, y, _ in points], np.float32) if points else None
        signs = np.array([int(positive) for *_, positive in points]) if points else None
        frame = None if box is None else np.array(box, np.float32)
        masks, scores, _ = self._predictor.predict(coords, signs, frame, multimask_output=True)
        return ranked(masks, scores)

    def suggest_sky(self) -> Bool[np.ndarray, "h w"] | None:
        """The sky does not need SAM: see editors/segment/sky.py."""
        return sky_of(self._rgb)

    def fresh(self) -> "SamSegmenter":
        """A photo's features are kept outside of the network, so it can be shared."""
        return SamSegmenter(self._predictor.model, str(self._predictor.device), self.name)


def load_sam(checkpoint: Path, device: str = "auto") -> SamSegmenter:
    """A published checkpoint of segment-anything (vit_b, vit_l, vit_h) or of MobileSAM; the file tells which.

    Raises:
        WtError: the file is missing, is not a tensor file, or is none of these.
    """
    import zipfile
    from _pickle import UnpicklingError

    import torch

    from wt.model.precision import pick_device

    if not checkpoint.is_file():
        raise WtError(f"There is no segment-anything checkpoint at {checkpoint}. Check the path.")
    try:
        state: dict[str, Any] = torch.load(checkpoint, map_location="cpu", weights_only=True)
        name, model = _network(state, checkpoint.name)
    except (UnpicklingError, zipfile.BadZipFile, RuntimeError, EOFError, AttributeError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise WtError(f"{checkpoint.name} is not a whole segment-anything checkpoint ({reason}).") from error
    return SamSegmenter(model, str(pick_device(device)), name)


def _network(state: dict[str, Any], file: str) -> tuple[str, "Sam"]:
    """(name, network) of a state dict."""
    from segment_anything import sam_model_registry

    from editors.segment import tiny_vit

    if any(name.startswith(tiny_vit.PREFIX) for name in state):
        model = tiny_vit.mobile_sam()
        model.load_state_dict(tiny_vit.renamed(state))
        return "MobileSAM", model
    blocks = {name.split(".")[2] for name in state if name.startswith("image_encoder.blocks.")}
    kinds = [kind for kind, count in ENCODERS.items() if count == len(blocks)]
    if not kinds:
        raise WtError(
            f"{file} has {len(blocks)} encoder blocks; vit_b has 12, vit_l 24 and vit_h 32, and it is no MobileSAM. "
            "Give one of the published files."
        )
    model = sam_model_registry[kinds[0]]()
    model.load_state_dict(state)
    return f"segment-anything {kinds[0]}", model
