"""Removal by LaMa (Suvorov and others 2022): a TorchScript file that fills a hole, also large ones and structure.

TorchScript is code. It is run only from a file that the person names, which must come from someone they trust.
"""

from pathlib import Path
from typing import Any

import numpy as np

from editors.base import OnStep, Task
from editors.holes import checked, filled_at, surroundings
from wt.errors import WtError
from wt.types import Bool, UInt8

LICENCE = "Apache-2.0 (code that you named)"
MULTIPLE = 8
"""Sides that the network takes; others are padded by mirroring."""
MAX_PIXELS = 1_200_000
MAX_HOLE_PIXELS = 250_000
"""Larger pictures and holes are filled at a smaller size, as it was trained on small ones."""


class LamaEditor:
    """Behind the editor protocol; the prompt is not read."""

    name = "LaMa"
    licence = LICENCE
    offline = True
    tasks: frozenset[Task] = frozenset({"remove"})

    def __init__(self, file: str | Path, *, device: str = "auto") -> None:
        """Args:
        file: TorchScript (big-lama.pt) that makes of a picture [1, 3, h, w] in 0 to 1 and a mask [1, 1, h, w], 1 where
            to fill, the filled picture [1, 3, h, w].
        device: "auto", "cuda", "mps" or "cpu".

        Raises:
            WtError: no such file.
        """
        self.file, self.device = Path(file), device
        self._model: Any = None
        if not self.file.is_file():
            raise WtError(f"There is no file {self.file}. Give the path of a TorchScript LaMa, such as big-lama.pt.")

    def edit(
        self,
        image: UInt8[np.ndarray, "h w 3"],
        mask: Bool[np.ndarray, "h w"] | None,
        prompt: str = "",
        *,
        seed: int = 0,
        on_step: OnStep | None = None,
    ) -> UInt8[np.ndarray, "h w 3"]:
        """Fill the mask; pixels outside keep their bytes, and the seed makes no difference.

        Raises:
            WtError: no mask, a mask of nearly everything, or a file that is no LaMa.
        """
        mask = checked(mask)
        if on_step is not None:
            on_step(0, 1)
        rows, columns = surroundings(mask)
        picture, hole = image[rows, columns], mask[rows, columns]
        result = image.copy()
        filled = filled_at(picture, hole, self._inpaint, MAX_PIXELS, MAX_HOLE_PIXELS)
        result[rows, columns] = np.where(hole[..., None], filled, picture)
        if on_step is not None:
            on_step(1, 1)
        return result

    def _inpaint(self, image: UInt8[np.ndarray, "h w 3"], hole: Bool[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w 3"]:
        import torch

        height, width = hole.shape
        pad = ((0, -height % MULTIPLE), (0, -width % MULTIPLE))
        padded = np.pad(image, (*pad, (0, 0)), mode="symmetric")
        model, device = self._loaded()
        picture = torch.from_numpy(padded).permute(2, 0, 1)[None].to(device).float() / 255
        mask = torch.from_numpy(np.pad(hole, pad, mode="symmetric"))[None, None].to(device).float()
        try:
            with torch.inference_mode():
                filled = model(picture, mask)[0, :, :height, :width].float().clamp(0, 1)
        except (RuntimeError, TypeError, IndexError) as error:
            reason = next(iter(str(error).splitlines()), "no reason given")
            raise WtError(
                f"{self.file.name} did not fill the hole ({reason}). It takes a picture and a mask and gives a "
                "picture if it is LaMa; the patchmatch remover needs no file."
            ) from error
        return (filled * 255).round().byte().permute(1, 2, 0).cpu().numpy()

    def _loaded(self) -> tuple[Any, Any]:
        """(network, device); read once."""
        import torch

        from wt.model.precision import pick_device

        device = pick_device(self.device)
        if self._model is None:
            try:
                self._model = torch.jit.load(str(self.file), map_location=device).eval()
            except (RuntimeError, ValueError) as error:
                raise WtError(
                    f"{self.file} is no TorchScript file. Give one such as big-lama.pt, or use patchmatch."
                ) from error
        return self._model, device
