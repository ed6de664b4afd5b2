"""Which diffusers pipelines are known as editors, and how each wants to be called."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from editors.base import Task
from wt.errors import WtError

MEGAPIXEL = 1024 * 1024
_SMALLEST_SIDE_PX = 64


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one family of pipelines edits."""

    title: str
    edit: str | None
    """Pipeline class that follows an instruction on the whole picture."""
    inpaint: str | None
    """Pipeline class that repaints a mask."""
    multiple: int
    """Sides must be multiples of this; other sizes would be cropped or refused by the pipeline."""
    pixels: int
    """The most that it takes, or exactly what it was trained for."""
    exactly: bool
    steps: int
    removes: bool = False
    """Whether "remove the lamp" is understood; what only describes pictures would paint one."""
    call: Mapping[str, Any] = field(default_factory=dict)
    """Further arguments of every call."""

    @property
    def tasks(self) -> frozenset[Task]:
        """What it can do, as editors.base.Editor.tasks."""
        can: dict[Task, bool] = {
            "edit": self.edit is not None,
            "inpaint": self.inpaint is not None,
            "remove": self.removes,
        }
        return frozenset(task for task, able in can.items() if able)

    def fit_size(self, width: int, height: int) -> tuple[int, int]:
        """The nearest (width, height) that the pipeline takes as it is."""
        scale = (self.pixels / (width * height)) ** 0.5
        scale = scale if self.exactly else min(1.0, scale)

        def nearest(side: int) -> int:
            return max(_SMALLEST_SIDE_PX, int(side * scale / self.multiple + 0.5) * self.multiple)

        return nearest(width), nearest(height)


_KLEIN = Recipe(
    "FLUX.2-klein", "Flux2KleinPipeline", "Flux2KleinInpaintPipeline", 16, MEGAPIXEL, False, 4, True,
    {"guidance_scale": 1.0},
)  # fmt: skip


def _qwen(pipeline: str) -> Recipe:
    call = {"true_cfg_scale": 4.0, "negative_prompt": " "}
    return Recipe("Qwen-Image-Edit", pipeline, None, 32, MEGAPIXEL, True, 40, True, call)


def _stable_diffusion(title: str, pipeline: str, pixels: int) -> Recipe:
    return Recipe(title, None, pipeline, 8, pixels, True, 25, False, {"guidance_scale": 7.5})


RECIPES = {
    "Flux2KleinPipeline": _KLEIN,
    "Flux2KleinInpaintPipeline": _KLEIN,
    "QwenImageEditPipeline": _qwen("QwenImageEditPipeline"),
    "QwenImageEditPlusPipeline": _qwen("QwenImageEditPlusPipeline"),
    "StableDiffusionXLInpaintPipeline": _stable_diffusion(
        "Stable Diffusion XL inpaint", "StableDiffusionXLInpaintPipeline", MEGAPIXEL
    ),
    "StableDiffusionInpaintPipeline": _stable_diffusion(
        "Stable Diffusion 1.5 inpaint", "StableDiffusionInpaintPipeline", 512 * 512
    ),
}
"""By the class that a folder's model_index.json names."""
LCM_STEPS = 4
LCM_CALL = {"guidance_scale": 1.0}
"""A latent consistency model has its guidance built in."""


def recipe_of(folder: Path) -> Recipe:
    """The recipe of a folder written by `save_pretrained`.

    Raises:
        WtError: no such folder, or a pipeline that is no editor.
    """
    named = pipeline_class(folder)
    if named not in RECIPES:
        raise WtError(f"{folder} is a {named}, which is no 2D editor known here. Known are: {', '.join(RECIPES)}.")
    return RECIPES[named]


def pipeline_class(folder: Path) -> str:
    """Name of the class that a folder written by `save_pretrained` was saved from.

    Raises:
        WtError: no such folder.
    """
    try:
        return str(json.loads((folder / "model_index.json").read_text())["_class_name"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WtError(
            f"{folder} holds no diffusers model (no readable model_index.json). Give the folder that has that file."
        ) from error
