"""`python -m wt clip`: a video becomes a sequence of layered points."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from wt.cli.common import (
    LOG,
    Subparsers,
    Timer,
    add_command,
    flat,
    log_steps,
    names,
    peak_rss_mb,
    pixel,
    read_mask,
    write_png,
)
from wt.clips.choice import FRAMES, Choice
from wt.clips.clip import Clip
from wt.clips.read import read_clip
from wt.errors import WtError
from wt.exports.axes import AXES
from wt.flow import SAMPLERS
from wt.images import Photo
from wt.types import Bool

Follow = Callable[..., np.ndarray]
"""(frames, frame of the selection, click or None, mask or None, on_frame) -> masks of all frames, bool [t, h, w]."""


def register(subparsers: Subparsers, follow: Follow) -> None:
    """Add the parser; `follow` selects a thing in one frame and finds it in the others."""
    parser = add_command(subparsers, "clip", lambda arguments: run(arguments, follow), "Lift a moving clip.")
    parser.add_argument(
        "video", type=Path, help="MP4, MOV, WebM, GIF, animated WebP, a folder or zip of pictures, or a .wtc"
    )
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for the results")
    which = parser.add_argument_group("which frames")
    which.add_argument("--frames", type=int, default=FRAMES, help=f"how many at most ({FRAMES})")
    which.add_argument("--start", type=float, default=0.0, metavar="S", help="seconds into the film (0)")
    which.add_argument("--end", type=float, metavar="S", help="seconds into the film (its end)")
    which.add_argument("--every", type=int, metavar="N", help="every N-th frame from the start (spread over all)")
    what = parser.add_argument_group("what is lifted")
    what.add_argument("--at", type=pixel, metavar="U,V", help="click the thing: a place in --frame, in its pixels")
    what.add_argument("--mask", type=Path, help="picture of the frames' size, white where the thing is in --frame")
    what.add_argument("--frame", type=int, default=0, help="the frame that --at or --mask is of, of those taken (0)")
    parser.add_argument("--model", default="wt-o-mini", help="registry name or file (wt-o-mini, frame by frame)")
    parser.add_argument("--steps", type=int, help="sampling steps (the model's default)")
    parser.add_argument("--seed", type=int, default=42, help="the same seed gives the same result (42)")
    parser.add_argument("--sampler", choices=SAMPLERS, default="euler", help="how the flow is followed (euler)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (auto)")
    parser.add_argument(
        "--steady",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="let depth change as the thing's motion in the pictures says, else as the model answers frame by frame",
    )
    parser.add_argument("--clean", action="store_true", help="take out points that hang between near and far surfaces")
    parser.add_argument(
        "--formats",
        type=lambda text: "all" if text == "all" else [part.strip() for part in text.split(",") if part.strip()],
        default="all",
        help="comma-separated: ply, glb, npz, mp4, wtc, manifest; or all (all)",
    )
    parser.add_argument("--axes", choices=AXES, default="opencv", help="of the PLY files (opencv)")


def run(arguments: argparse.Namespace, follow: Follow) -> dict[str, Any]:
    """Read, select, lift, export."""
    from wt.clips.export import FORMATS, export_clip

    if arguments.formats != "all" and not set(arguments.formats) <= set(FORMATS):
        raise WtError(f"--formats knows {', '.join(FORMATS)} for clips; got {','.join(arguments.formats)}.")
    timer = Timer()
    choice = Choice(count=arguments.frames, start_s=arguments.start, end_s=arguments.end, every=arguments.every)
    clip = read_clip(arguments.video, choice)
    for note in clip.notes:
        LOG.info("%s: %s", clip.name, note)
    timer.lap("read")
    clip = selected(clip, arguments, follow)
    timer.lap("select")
    from wt.lift import load

    lifter = load(arguments.model, device=arguments.device)
    timer.lap("load")
    lifts = lifter.lift_clip(
        list(clip.frames),
        None if clip.masks is None else list(clip.masks),
        steps=arguments.steps,
        seed=arguments.seed,
        sampler=arguments.sampler,
        steady=arguments.steady,
        on_step=log_steps("lift"),
    )
    clip = clip.with_lifts(lifts)
    if arguments.clean:
        clip = clip.cleaned()
    timer.lap("lift")
    manifest = {
        "models": [{"name": lifter.name, "licence": lifter.licence}],
        "steps": arguments.steps or lifter.default_steps,
        "sampler": arguments.sampler,
        "steady": arguments.steady,
        "clean": arguments.clean,
    }
    written = export_clip(clip, arguments.out, arguments.formats, manifest=manifest, axes=arguments.axes)
    files = [*flat(written), *mask_pictures(clip, arguments.out)]
    timer.lap("write")
    k = clip.lifted[0].intrinsics
    return {
        "model": lifter.name,
        "together": lifter.kind == "dynamic",
        "clip": [clip.width, clip.height],
        "frames": len(clip),
        "fps": round(clip.fps, 3),
        "grid": [k.width, k.height],
        "layers": len(clip.lifted[0].points),
        "units": clip.lifted[0].units,
        "points": [int(one.surfaces().sum()) for one in clip.lifted],
        "masks": None if clip.masks is None else [round(float(mask.mean()), 4) for mask in clip.masks],
        "seconds": timer.seconds,
        "peak_rss_mb": peak_rss_mb(),
        "licence": lifter.licence,
        "notes": list(clip.notes),
        "files": names(files),
    }


def selected(clip: Clip, arguments: argparse.Namespace, follow: Follow) -> Clip:
    """The clip with the masks that were asked for; its own, if none were.

    Raises:
        WtError: a click outside, a mask of another size, no such frame.
    """
    if arguments.at is None and arguments.mask is None:
        return clip
    if not 0 <= arguments.frame < len(clip):
        raise WtError(f"--frame {arguments.frame} is not one of the {len(clip)} frames that were taken, from 0 on.")
    if arguments.at is not None and not (0 <= arguments.at[0] < clip.width and 0 <= arguments.at[1] < clip.height):
        raise WtError(
            f"--at {arguments.at[0]:g},{arguments.at[1]:g} lies outside the frames, which are {clip.width} x "
            f"{clip.height} pixels. Give a place inside them."
        )
    mask: Bool[np.ndarray, "h w"] | None = None
    if arguments.mask is not None:
        mask = read_mask(arguments.mask, Photo(clip.frames[arguments.frame], name=clip.name))

    def said(done: int, total: int) -> None:
        LOG.info("select: frame %d of %d", done, total)

    return clip.masked(follow(clip.frames, arguments.frame, arguments.at, mask, said))


def mask_pictures(clip: Clip, out: Path) -> list[Path]:
    """masks/frame_0000.png and so on, white where the thing is."""
    masks = () if clip.masks is None else clip.masks
    return [write_png(out / "masks" / f"frame_{index:04d}.png", mask) for index, mask in enumerate(masks)]
