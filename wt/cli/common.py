"""What the subcommands share: parsers of arguments, the opened photo, pictures and paths."""

import argparse
import logging
import resource
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from wt.errors import WtError
from wt.files import write_atomic
from wt.images import MAX_PIXELS, MAX_SIDE, Photo, open_photo, resize_mask
from wt.types import Bool, Shaped, UInt8

LOG = logging.getLogger("wt")
Command = Callable[[argparse.Namespace], dict[str, Any]]
Subparsers = Any
"""argparse's private type of `add_subparsers()`."""


def add_command(subparsers: Subparsers, name: str, run: Command, text: str) -> argparse.ArgumentParser:
    """A subparser with `--json` whose `run` is called by `python -m wt`."""
    parser = subparsers.add_parser(name, help=text, description=text)
    parser.add_argument("--json", action="store_true", help="print one JSON object, alone, on standard output")
    parser.set_defaults(run=run)
    return parser


def add_lift_arguments(parser: argparse.ArgumentParser, *, out_required: bool = True, many: bool = False) -> None:
    """What every command takes that lifts a photo, or `many`."""
    told = "JPEG, PNG, WebP or HEIC; its alpha, if it has one, is the mask"
    if many:
        told = f"{told}. Also several, a folder, or a pattern such as 'shots/*.jpg'"
    parser.add_argument("photo", type=Path, nargs="+" if many else None, help=told)
    parser.add_argument("-o", "--out", type=Path, required=out_required, help="folder for the results")
    parser.add_argument("--steps", type=int, help="sampling steps (the model's default)")
    parser.add_argument("--seed", type=int, default=42, help="the same seed gives the same result (42)")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or mps (auto)")
    add_formats(parser)


def add_formats(parser: argparse.ArgumentParser) -> None:
    """`--formats`."""
    from wt.exports.export import FORMATS, USUAL

    parser.add_argument(
        "--formats",
        type=lambda text: [part.strip() for part in text.split(",") if part.strip()],
        default=USUAL,
        help=f"comma-separated, any of {', '.join(FORMATS)}; or all ({','.join(USUAL)})",
    )


def pixel(text: str) -> tuple[float, float]:
    """argparse type of "U,V": a place in the photo's pixels, from its left and its top."""
    try:
        u, v = (float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"two numbers with a comma between them, such as 320,240; got {text!r}"
        ) from None
    return u, v


@dataclass(frozen=True)
class Opened:
    """A photo file, at most `MAX_SIDE` long for the models, and what was said about it in the file's own pixels."""

    photo: Photo
    full: Photo
    """Upright, at the file's own size; the same object as `photo` if that is small enough."""
    mask: Bool[np.ndarray, "h w"] | None
    at: tuple[float, float] | None
    """In pixels of `photo`."""

    @property
    def size(self) -> list[int]:
        """[width, height] of the upright file."""
        return [self.full.width, self.full.height]


def open_input(path: Path, mask: Path | None = None, at: tuple[float, float] | None = None) -> Opened:
    """Read a photo and, where given, a mask picture and a place, both in the file's pixels.

    Raises:
        WtError: unreadable files, a mask of another size or with nothing in it, a place outside.
    """
    full = open_photo(path, max_side=MAX_PIXELS)
    photo = full if max(full.width, full.height) <= MAX_SIDE else open_photo(path)
    for note in photo.notes:
        LOG.info("%s: %s", path.name, note)
    chosen = None
    if mask is not None:
        chosen = resize_mask(read_mask(mask, full), photo.width, photo.height)
    if at is not None:
        if not (0 <= at[0] < full.width and 0 <= at[1] < full.height):
            raise WtError(
                f"--at {at[0]:g},{at[1]:g} lies outside the photo, which is {full.width} x {full.height} pixels. "
                "Give a place inside it."
            )
        at = (at[0] * photo.width / full.width, at[1] * photo.height / full.height)
    return Opened(photo, full, chosen, at)


def read_mask(path: Path, photo: Photo) -> Bool[np.ndarray, "h w"]:
    """A mask picture of the photo's size: its alpha if it has one, else what is brighter than middle grey."""
    picture = open_photo(path, max_side=MAX_PIXELS)
    mask = picture.rgb.max(axis=-1) > 127 if picture.alpha is None else picture.alpha
    if mask.shape != (photo.height, photo.width):
        raise WtError(
            f"The mask {path.name} is {mask.shape[1]} x {mask.shape[0]} but the photo is {photo.width} x "
            f"{photo.height} pixels. They must be the same."
        )
    if not mask.any():
        raise WtError(f"The mask {path.name} selects nothing. White pixels are selected, black ones are not.")
    return mask


class Timer:
    """Seconds of the named parts of a command, in the order in which they end."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        """The time since the last lap belongs to `name`."""
        now = time.perf_counter()
        self.seconds[name] = round(self.seconds.get(name, 0.0) + now - self._last, 3)
        self._last = now


def log_steps(what: str) -> Callable[..., None]:
    """An `on_step` that writes progress to standard error, each step once."""
    last = 0

    def said(done: int, total: int, *_: Any) -> None:
        nonlocal last
        if done != last:
            LOG.info("%s: step %d of %d", what, done, total)
        last = done

    return said


def write_png(path: Path, picture: Shaped[np.ndarray, "h w *c"]) -> Path:
    """An 8-bit picture or a mask as PNG."""
    import io

    buffer = io.BytesIO()
    Image.fromarray(picture.astype(np.uint8) * 255 if picture.dtype == bool else picture).save(buffer, "PNG")
    return write_atomic(path, buffer.getvalue())


def peak_rss_mb() -> int:
    """Largest resident memory of this process so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1 << 20 if sys.platform == "darwin" else 1 << 10))


def names(paths: Iterable[Path]) -> list[str]:
    """Paths as strings with forward slashes, each once."""
    return list(dict.fromkeys(path.as_posix() for path in paths))


def flat(files: dict[str, list[Path]]) -> list[Path]:
    """The paths of an export, without their formats."""
    return [path for paths in files.values() for path in paths]


def full_size(
    changed: UInt8[np.ndarray, "h w 3"], region: Bool[np.ndarray, "h w"], full: Photo
) -> tuple[UInt8[np.ndarray, "fh fw 3"], Bool[np.ndarray, "fh fw"]]:
    """An edited photo and its region at the file's own size; outside the region its pixels are the file's."""
    height, width = full.height, full.width
    if changed.shape[:2] == (height, width):
        return changed, region
    large = np.asarray(Image.fromarray(changed).resize((width, height), Image.Resampling.BICUBIC))
    inside = resize_mask(region, width, height)
    return np.where(inside[..., None], large, full.rgb), inside
