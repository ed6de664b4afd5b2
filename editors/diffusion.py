"""Text edits by a diffusers pipeline: FLUX.2-klein-4B (Apache-2.0), whole-picture or masked, four steps.

Nothing is downloaded unless `download=True`, which is the person's explicit act. The pipeline may also be a folder.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from wt.errors import Cancelled, WtError
from wt.types import Bool, UInt8

KLEIN = "black-forest-labs/FLUX.2-klein-4B"
MULTIPLE = 16
"""Klein's VAE and patching need sides that are multiples of this; other sizes would be cropped by the pipeline."""
MAX_PIXELS = 1024 * 1024
"""Above one megapixel the pipeline shrinks the picture by itself, so we do it first and know by how much."""
_RESIDENT_BYTES = 22e9


class DiffusionEditor:
    """FLUX.2-klein behind the editor protocol: pixels, mask and prompt in, pixels out."""

    name = "FLUX.2-klein-4B"
    licence = "Apache-2.0"
    offline = False

    def __init__(
        self, source: str | Path = KLEIN, *, device: str = "auto", download: bool = False, steps: int = 4
    ) -> None:
        """Args:
        source: hub repository or a folder written by `save_pretrained`.
        device: "auto", "cuda", "mps" or "cpu".
        download: allow fetching the weights (about 15 GB) from the hub.
        steps: denoising steps; the distilled model wants 4.
        """
        self.source, self.device, self.download, self.steps = str(source), device, download, steps
        self._pipelines: dict[str, Any] = {}

    def edit(
        self,
        image: UInt8[np.ndarray, "h w 3"],
        mask: Bool[np.ndarray, "h w"] | None,
        prompt: str,
        *,
        seed: int = 0,
        on_step: Callable[[int, int], None] | None = None,
    ) -> UInt8[np.ndarray, "h w 3"]:
        """Edit the picture as the prompt says; with a mask, repaint only there.

        The whole picture passes through the VAE, so pixels outside the mask change a little: `editors.register.repair`
        puts the photo back there. `on_step(done, total)` may raise `Cancelled`, which stops within one step.

        Raises:
            WtError: empty prompt, weights not at hand, or the device ran out of memory.
        """
        import torch

        if not prompt.strip():
            raise WtError("The prompt is empty. Write what to change, for example: add a red chair.")
        height, width = image.shape[:2]
        fitted = fit_size(width, height)
        pipeline = self._pipeline("inpaint" if mask is not None else "edit")

        def step_end(pipe: Any, index: int, timestep: Any, kwargs: dict) -> dict:
            if on_step is not None:
                on_step(index + 1, pipe.num_timesteps)
            return kwargs

        call = {
            "prompt": prompt,
            "image": Image.fromarray(image).resize(fitted, Image.Resampling.LANCZOS),
            "width": fitted[0],
            "height": fitted[1],
            "num_inference_steps": self.steps,
            "guidance_scale": 1.0,
            "generator": torch.Generator("cpu").manual_seed(seed),
            "callback_on_step_end": step_end,
        }
        if mask is not None:
            call |= {"mask_image": Image.fromarray(mask).convert("L").resize(fitted), "strength": 1.0}
        try:
            result = pipeline(**call).images[0]
        except Cancelled:
            pipeline.maybe_free_model_hooks()
            raise
        except torch.OutOfMemoryError as error:
            self._pipelines.clear()
            torch.cuda.empty_cache()
            raise WtError(
                f"{self.name} ran out of memory on {width} x {height} pixels. Close other programs or shrink the photo."
            ) from error
        return np.asarray(result.convert("RGB").resize((width, height), Image.Resampling.LANCZOS))

    def _pipeline(self, kind: str) -> Any:
        """The edit or the inpaint pipeline; both share one copy of the weights."""
        if kind in self._pipelines:
            return self._pipelines[kind]
        import diffusers

        classes: dict[str, Any] = {"edit": diffusers.Flux2KleinPipeline, "inpaint": diffusers.Flux2KleinInpaintPipeline}
        pipe: Any
        if self._pipelines:
            loaded = next(iter(self._pipelines.values()))
            pipe = classes[kind](**loaded.components, is_distilled=loaded.config.is_distilled)
        else:
            pipe = self._load(classes[kind])
        pipe.set_progress_bar_config(disable=True)
        self._pipelines[kind] = pipe
        return pipe

    def _load(self, pipeline_class: Any) -> Any:
        import torch

        device = self.device
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        dtype = torch.float32 if device == "cpu" and Path(self.source).is_dir() else torch.bfloat16
        try:
            pipe = pipeline_class.from_pretrained(self.source, dtype=dtype, local_files_only=not self.download)
        except (OSError, ValueError) as error:
            raise WtError(
                f"{self.name} is not on this machine ({self.source}). Allow the download of about 15 GB, give a folder "
                "that holds it, or use the offline catalogue editor."
            ) from error
        if device != "cuda":
            return pipe.to(device)
        # All parts together need about 22 GB; with less, one part at a time is on the GPU.
        if torch.cuda.mem_get_info()[0] < _RESIDENT_BYTES:
            pipe.enable_model_cpu_offload()
            return pipe
        return pipe.to(device)


def fit_size(width: int, height: int) -> tuple[int, int]:
    """The nearest size, at most a megapixel, whose sides are multiples of `MULTIPLE`, at least 64."""
    scale = min(1.0, (MAX_PIXELS / (width * height)) ** 0.5)

    def nearest(side: int) -> int:
        return max(64, int(side * scale / MULTIPLE + 0.5) * MULTIPLE)

    return nearest(width), nearest(height)
