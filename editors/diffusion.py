"""Text edits by a diffusers pipeline: FLUX.2-klein, Qwen-Image-Edit, Stable Diffusion inpaint, the last also with LCM.

Which pipeline a folder holds is read from its model_index.json; `editors.registry` knows names and downloads.
"""

import logging
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from editors.base import OnStep
from editors.diffusion_loading import plan, put, read, use_lcm
from editors.diffusion_models import LCM_CALL, LCM_STEPS, recipe_of
from wt.errors import Cancelled, WtError
from wt.types import Bool, UInt8

log = logging.getLogger(__name__)


class DiffusionEditor:
    """A diffusers pipeline behind the editor protocol: pixels, mask and prompt in, pixels out."""

    offline = True

    def __init__(
        self,
        folder: str | Path,
        *,
        name: str = "",
        licence: str = "see the model's card",
        lcm: str | None = None,
        variant: str | None = None,
        allow_download: bool = False,
        device: str = "auto",
        steps: int | None = None,
    ) -> None:
        """Reads which model it is; its weights are loaded by the first edit.

        Args:
            folder: written by `save_pretrained`, or the hub's cache.
            name, licence: for the manifest; the name is the family's by default.
            lcm: LCM LoRA for Stable Diffusion, a folder or hub name.
            variant: of the weights' files.
            allow_download: let the LoRA be fetched.
            device: "auto", "cuda", "mps" or "cpu".
            steps: denoising steps; the model's own by default.

        Raises:
            WtError: not a folder of a known pipeline.
        """
        self.folder, self.recipe = Path(folder), recipe_of(Path(folder))
        self.name, self.licence, self.device = name or self.recipe.title, licence, device
        self.tasks = self.recipe.tasks
        self.steps = steps or (LCM_STEPS if lcm else self.recipe.steps)
        self._call = {**self.recipe.call, **(LCM_CALL if lcm else {})}
        self._lcm, self._variant, self._download = lcm, variant, allow_download
        self._pipelines: dict[str, Any] = {}

    def edit(
        self,
        image: UInt8[np.ndarray, "h w 3"],
        mask: Bool[np.ndarray, "h w"] | None,
        prompt: str,
        *,
        seed: int = 0,
        on_step: OnStep | None = None,
    ) -> UInt8[np.ndarray, "h w 3"]:
        """Edit the picture as the prompt says; with a mask, repaint only there if the model can.

        The whole picture passes through the VAE, so pixels outside the mask change a little: `editors.register.repair`
        puts the photo back there. `on_step(done, total)` may raise `Cancelled`, which stops within one step.

        Raises:
            WtError: empty prompt, no mask for a model that needs one, or the device ran out of memory.
        """
        if not prompt.strip():
            raise WtError("The prompt is empty. Write what to change, for example: add a red chair.")
        if mask is None and self.recipe.edit is None:
            raise WtError(
                f"{self.name} repaints a place that is marked. Click where to change something, or select it."
            )
        kind = "inpaint" if mask is not None and self.recipe.inpaint is not None else "edit"
        pipeline = self._pipeline(kind)
        call = self._arguments(image, mask if kind == "inpaint" else None, seed)
        return self._run(pipeline, {**call, "prompt": prompt, "callback_on_step_end": _telling(on_step)}, image)

    def _arguments(
        self, image: UInt8[np.ndarray, "h w 3"], mask: Bool[np.ndarray, "h w"] | None, seed: int
    ) -> dict[str, Any]:
        import torch

        fitted = self.recipe.fit_size(image.shape[1], image.shape[0])
        call = {
            "image": Image.fromarray(image).resize(fitted, Image.Resampling.LANCZOS),
            "width": fitted[0],
            "height": fitted[1],
            "num_inference_steps": self.steps,
            "generator": torch.Generator("cpu").manual_seed(seed),
            **self._call,
        }
        if mask is not None:
            call |= {"mask_image": Image.fromarray(mask).convert("L").resize(fitted), "strength": 1.0}
        return call

    def _run(
        self, pipeline: Any, call: dict[str, Any], image: UInt8[np.ndarray, "h w 3"]
    ) -> UInt8[np.ndarray, "h w 3"]:
        import torch

        height, width = image.shape[:2]
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
            ) from error.with_traceback(None)  # whose frames hold the memory
        return np.asarray(result.convert("RGB").resize((width, height), Image.Resampling.LANCZOS))

    def _pipeline(self, kind: str) -> Any:
        """The edit or the inpaint pipeline; both share one copy of the weights."""
        if kind in self._pipelines:
            return self._pipelines[kind]
        import diffusers

        wanted = getattr(diffusers, str(getattr(self.recipe, kind)))
        if self._pipelines:
            # By hand: `from_pipe` would take the hooks of memory offloading away.
            loaded = next(iter(self._pipelines.values()))
            pipe = wanted(**loaded.components, is_distilled=loaded.config.is_distilled)
            pipe.set_progress_bar_config(disable=True)
        else:
            pipe = self._load(wanted)
        self._pipelines[kind] = pipe
        return pipe

    def _load(self, pipeline_class: Any) -> Any:
        from wt.model.precision import pick_device

        device = pick_device(self.device)
        fit = plan(self.folder, device)
        log.info("Loading %s (%s, %s)", self.name, device.type, fit)
        pipe = read(pipeline_class, self.folder, device, fit, self._variant)
        if self._lcm is not None:
            use_lcm(pipe, self._lcm, allow_download=self._download)
        put(pipe, device, fit)
        return pipe


def _telling(on_step: OnStep | None) -> Any:
    def step_end(pipe: Any, index: int, timestep: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
        if on_step is not None:
            on_step(index + 1, pipe.num_timesteps)
        return kwargs

    return step_end
