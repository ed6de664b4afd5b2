"""Which diffusers video pipelines can go over rendered views, and how each wants to be called."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from editors.diffusion_models import pipeline_class
from wt.errors import WtError


@dataclass(frozen=True, slots=True)
class VideoRecipe:
    """How one family of pipelines takes a video."""

    title: str
    pipeline: str
    """Class of diffusers that is called, whatever class the folder was saved from."""
    masked: bool
    """Whether it takes masks and keeps what they leave out; the others change every pixel a little."""
    multiple: int
    """Sides must be multiples of this."""
    frames_step: int
    """Frames must be a multiple of this and one more."""
    steps: int
    call: Mapping[str, Any] = field(default_factory=dict)
    """Further arguments of every call."""
    needs: tuple[str, ...] = ()
    """Packages that the pipeline imports when it is called."""


_COGVIDEOX = VideoRecipe(
    "CogVideoX", "CogVideoXVideoToVideoPipeline", False, 16, 4, 30, {"strength": 0.6, "guidance_scale": 6.0}
)
_WAN = VideoRecipe(
    "Wan", "WanVideoToVideoPipeline", False, 16, 4, 30, {"strength": 0.5, "guidance_scale": 5.0}, ("ftfy",)
)
RECIPES: dict[str, VideoRecipe] = {
    "WanVACEPipeline": VideoRecipe("Wan VACE", "WanVACEPipeline", True, 16, 4, 30, {"guidance_scale": 5.0}, ("ftfy",)),
    "WanPipeline": _WAN,
    "WanVideoToVideoPipeline": _WAN,
    "CogVideoXPipeline": _COGVIDEOX,
    "CogVideoXVideoToVideoPipeline": _COGVIDEOX,
}
"""Class named in a folder's model_index.json -> recipe."""


def video_recipe_of(folder: Path) -> VideoRecipe:
    """The recipe of a pipeline's folder.

    Raises:
        WtError: no pipeline there, or one that is not known here.
    """
    name = pipeline_class(folder)
    if name not in RECIPES:
        raise WtError(f"{folder} is a {name}, which cannot go over a video. Known are: {', '.join(RECIPES)}.")
    return RECIPES[name]
