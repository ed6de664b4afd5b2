"""A 2D or video model goes over rendered views: what no layer shows is painted, what was rendered stays if asked.

    python -m editors.novel_view FRAMES --model FOLDER --prompt "a sunny dining room" -o OUT

FRAMES is a folder of `python -m wt views`, FOLDER one of diffusers: a video model of `editors/video_models.py`, or an
inpainting model of `editors/diffusion_models.py`, which paints frame by frame and so flickers. Nothing is downloaded
unless --allow-download says so.
"""

import argparse
import importlib.util
import logging
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from editors.base import Editor, OnStep
from editors.diffusion import DiffusionEditor
from editors.diffusion_loading import fetch, plan, put, read
from editors.diffusion_models import pipeline_class
from editors.video_models import RECIPES, video_recipe_of
from wt.errors import WtError
from wt.images import resize_mask, resize_rgb
from wt.types import Bool, UInt8

log = logging.getLogger(__name__)

MARGIN_PX = 2
"""What was rendered within this of an empty pixel is painted too: its colour is an edge's, half of nothing."""
Frames = Sequence[UInt8[np.ndarray, "h w 3"]]
Masks = Sequence[Bool[np.ndarray, "h w"]]


class VideoPainter:
    """A diffusers video pipeline that goes over a rendered video."""

    def __init__(self, folder: str | Path, *, device: str = "auto", steps: int | None = None) -> None:
        """Reads which model it is; its weights are loaded by the first call.

        Raises:
            WtError: not a folder of a known pipeline, or a package that the pipeline needs is missing.
        """
        self.folder, self.recipe = Path(folder), video_recipe_of(Path(folder))
        self.name, self.device = self.recipe.title, device
        # Only the last part of the steps is taken, by the strength: at least one has to be left.
        self.steps = max(steps or self.recipe.steps, math.ceil(1 / self.recipe.call.get("strength", 1)))
        missing = [package for package in self.recipe.needs if importlib.util.find_spec(package) is None]
        if missing:
            raise WtError(f"{self.name} needs the package {missing[0]}. Run: pip install {missing[0]}.")
        self._pipeline: Any = None

    def paint(
        self,
        frames: Frames,
        seen: Masks,
        prompt: str,
        *,
        seed: int = 0,
        keep: bool = True,
        on_step: OnStep | None = None,
    ) -> list[UInt8[np.ndarray, "h w 3"]]:
        """The frames with what is not seen painted.

        Args:
            frames: rendered views, all of one size.
            seen: where something was rendered.
            prompt: what the scene is.
            seed: the same seed gives the same pixels.
            keep: put the rendered pixels back; without it a model that takes no masks smooths them too.
            on_step: told (done, total) after each step; may raise `Cancelled`.

        Raises:
            WtError: no frames, masks that do not fit, an empty prompt, or too little memory.
        """
        import torch

        _checked(frames, seen, prompt)
        pipeline = self._loaded()
        height, width = frames[0].shape[:2]
        multiple = self.recipe.multiple
        size = (max(width // multiple, 1) * multiple, max(height // multiple, 1) * multiple)
        padded = _padded(len(frames), self.recipe.frames_step)
        call: dict[str, Any] = {
            "video": [Image.fromarray(resize_rgb(frames[index], *size)) for index in padded],
            "prompt": prompt,
            "width": size[0],
            "height": size[1],
            "num_inference_steps": self.steps,
            "generator": torch.Generator("cpu").manual_seed(seed),
            "output_type": "np",
            "callback_on_step_end": _telling(on_step),
            **self.recipe.call,
        }
        if self.recipe.masked:
            call["mask"] = [Image.fromarray(resize_mask(~_inner(seen[index]), *size)).convert("L") for index in padded]
            call["num_frames"] = len(padded)
        try:
            video = np.asarray(pipeline(**call).frames[0])
        except torch.OutOfMemoryError as error:
            raise WtError(
                f"{self.name} ran out of memory on {len(frames)} frames of {width} x {height}. Render fewer or smaller "
                "ones."
            ) from error.with_traceback(None)  # whose frames hold the memory
        pixels = np.rint(np.clip(video[: len(frames)], 0, 1) * 255).astype(np.uint8)
        painted = [resize_rgb(picture, width, height) for picture in pixels]
        return [_kept(*each) for each in zip(painted, frames, seen, strict=True)] if keep else painted

    def _loaded(self) -> Any:
        if self._pipeline is None:
            import diffusers

            from wt.model.precision import pick_device

            device = pick_device(self.device)
            fit = plan(self.folder, device)
            log.info("Loading %s (%s, %s)", self.name, device.type, fit)
            self._pipeline = read(getattr(diffusers, self.recipe.pipeline), self.folder, device, fit)
            put(self._pipeline, device, fit)
        return self._pipeline


def paint_frames(
    frames: Frames, seen: Masks, editor: Editor, prompt: str, *, seed: int = 0, on_step: OnStep | None = None
) -> list[UInt8[np.ndarray, "h w 3"]]:
    """The frames with what is not seen painted one by one by an editor that inpaints or removes.

    The same seed for every frame, so that what stays empty from frame to frame is painted alike.

    Args:
        frames: rendered views.
        seen: where something was rendered; those pixels stay.
        editor: of `editors.registry`, or a `DiffusionEditor` of an inpainting model.
        prompt: what the scene is.
        seed: of every frame.
        on_step: told (frames done, all frames); may raise `Cancelled`.

    Raises:
        WtError: no frames, masks that do not fit, an empty prompt, or an editor that takes no mask.
    """
    _checked(frames, seen, prompt)
    if not editor.tasks & {"inpaint", "remove"}:
        raise WtError(f"{editor.name} does not paint into a mask. Choose an inpainting model.")
    painted = []
    for done, (frame, there) in enumerate(zip(frames, seen, strict=True)):
        empty = ~_inner(there)
        painted.append(_kept(editor.edit(frame, empty, prompt, seed=seed), frame, there) if empty.any() else frame)
        if on_step is not None:
            on_step(done + 1, len(frames))
    return painted


def _inner(seen: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """Seen, and not beside what is not."""
    import cv2

    empty = (~seen).astype(np.uint8)
    size = 2 * MARGIN_PX + 1
    return cv2.dilate(empty, np.ones((size, size), np.uint8)) == 0


def _kept(
    painted: UInt8[np.ndarray, "h w 3"], rendered: UInt8[np.ndarray, "h w 3"], seen: Bool[np.ndarray, "h w"]
) -> UInt8[np.ndarray, "h w 3"]:
    return np.where(_inner(seen)[..., None], rendered, painted)


def _checked(frames: Frames, seen: Masks, prompt: str) -> None:
    if not prompt.strip():
        raise WtError("The prompt is empty. Write what the scene is, for example: a sunny dining room.")
    if not frames or len(frames) != len(seen) or any(f.shape[:2] != s.shape for f, s in zip(frames, seen, strict=True)):
        raise WtError(f"Every frame needs a mask of its size; got {len(frames)} frames and {len(seen)} masks.")
    if len({frame.shape for frame in frames}) > 1:
        raise WtError("The frames are of several sizes. Render them in one.")


def _padded(count: int, step: int) -> list[int]:
    """Frame numbers with the last one repeated until there are a multiple of `step` and one more."""
    wanted = -(-max(count - 1, step) // step) * step + 1
    return [min(index, count - 1) for index in range(wanted)]


def _telling(on_step: OnStep | None) -> Any:
    def step_end(pipe: Any, index: int, timestep: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
        if on_step is not None:
            on_step(index + 1, pipe.num_timesteps)
        return kwargs

    return step_end


def read_frames(folder: Path) -> tuple[list[UInt8[np.ndarray, "h w 3"]], list[Bool[np.ndarray, "h w"]]]:
    """(frames, where something is seen) of a folder of `python -m wt views`.

    Raises:
        WtError: no such folder.
    """
    names = sorted(path.name for path in (folder / "rgb").glob("*.png"))
    try:
        frames = [np.asarray(Image.open(folder / "rgb" / name).convert("RGB")) for name in names]
        seen = [np.asarray(Image.open(folder / "mask" / name).convert("L")) > 127 for name in names]
    except OSError as error:
        raise WtError(f"{folder.name} is not a whole folder of frames ({error}). Run python -m wt views.") from error
    return frames, seen


def main(argv: Sequence[str] | None = None) -> int:
    """Paint a folder of frames, write the new ones and a video."""
    from wt.views.mp4 import write_mp4

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("frames", type=Path)
    parser.add_argument("--model", required=True, help="folder of a diffusers pipeline, or owner/name on the hub")
    parser.add_argument("--prompt", required=True)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fps", type=int, default=16)
    parser.add_argument("--repaint", action="store_true", help="do not put the rendered pixels back")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--allow-download", action="store_true")
    options = parser.parse_args(argv)
    try:
        frames, seen = read_frames(options.frames)
        folder = fetch(options.model, allow_download=options.allow_download)
        if pipeline_class(folder) in RECIPES:
            painter = VideoPainter(folder, device=options.device, steps=options.steps)
            painted = painter.paint(frames, seen, options.prompt, seed=options.seed, keep=not options.repaint)
        else:
            editor = DiffusionEditor(folder, device=options.device, steps=options.steps)
            painted = paint_frames(frames, seen, editor, options.prompt, seed=options.seed)
        (options.out / "rgb").mkdir(parents=True, exist_ok=True)
        for number, picture in enumerate(painted):
            Image.fromarray(picture).save(options.out / "rgb" / f"{number:04d}.png")
        write_mp4(painted, options.out / "path.mp4", options.fps)
    except WtError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
