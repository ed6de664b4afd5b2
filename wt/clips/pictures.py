"""Frames of an animated picture (GIF, WebP, PNG), or of pictures one after the other in a folder or a zip."""

import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from wt.clips.choice import Choice, Taken
from wt.errors import WtError
from wt.images import Photo, decoding, open_image, open_photo, refuse_pixels

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".heic", ".heif", ".bmp", ".tif", ".tiff")
"""Of the pictures in a folder or a zip."""
ANIMATED = ("GIF", "WEBP", "PNG")
MAX_ANIMATED = 4000
"""Frames of an animated picture that are looked through."""
_MAX_LOOKED = 4_000_000_000
"""Pixels of all of them: two thousand frames of full HD."""
PICTURES_FPS = 8.0
"""Pictures do not say when they are shown."""
_MAX_LISTED = 20_000
_MAX_BYTES = 128 << 20
"""Of one picture in a zip."""


def animated_frames(path: Path, choice: Choice) -> Taken:
    """The chosen frames of an animated picture; its transparency is the mask.

    Raises:
        WtError: damaged, too large, or fewer than two frames.
    """
    with decoding(path.name), open_image(path) as image:
        refuse_pixels(image, path.name)
        times = _times(image, path.name)
        chosen = choice.of(times, path.name)
        photos = [_frame(image, index, path.name, choice.max_side) for index in chosen]
    notes = [] if len(chosen) == len(times) else [f"{len(chosen)} of its {len(times)} frames are used."]
    return _taken(photos, [times[index] for index in chosen], notes)


def folder_frames(folder: Path, choice: Choice) -> Taken:
    """The chosen ones of a folder's pictures, in the order of their names (numbers count as numbers).

    Raises:
        WtError: fewer than two pictures, one that cannot be read, or several sizes.
    """
    paths = {path.name: path for path in folder.iterdir() if path.is_file()}
    return _sequence(folder.name, list(paths), lambda name: paths[name].read_bytes(), choice)


def zip_frames(path: Path, choice: Choice) -> Taken:
    """The same of the pictures in a zip, wherever in it they lie.

    Raises:
        WtError: as of `folder_frames`, or not a zip that can be read.
    """
    try:
        with zipfile.ZipFile(path) as bundle:
            names = [entry.filename for entry in bundle.infolist() if not entry.is_dir()]
            return _sequence(path.name, names, lambda name: _member(bundle, name), choice)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
        raise WtError(f"{path.name} is not a zip that can be read, or it is damaged ({error}).") from error


def picture_names(names: Sequence[str]) -> list[str]:
    """Those that are pictures, in order; hidden ones and the copies that macOS adds are left out."""
    shown = [name for name in names if not any(part.startswith((".", "__MACOSX")) for part in Path(name).parts)]
    return sorted((name for name in shown if Path(name).suffix.lower() in SUFFIXES), key=_natural)


def is_picture(path: Path, *, animated: bool = False) -> bool:
    """Whether it is a picture; with `animated`, one of more than one frame."""
    try:
        with decoding(path.name), open_image(path) as image:
            return not animated or (image.format in ANIMATED and bool(getattr(image, "is_animated", False)))
    except WtError as error:
        return not animated and isinstance(error.__cause__, Image.DecompressionBombError)


def _times(image: Image.Image, name: str) -> list[float]:
    """When each frame is shown; a frame without a duration stays for a tenth of a second, as browsers do."""
    count = getattr(image, "n_frames", 1)
    if count > MAX_ANIMATED:
        raise WtError(f"{name} holds {count:,} frames, more than the {MAX_ANIMATED:,} that are read. Cut it first.")
    if count * image.width * image.height > _MAX_LOOKED:
        raise WtError(
            f"{name} holds {count:,} frames of {image.width} x {image.height} pixels, which is too much to look "
            "through. Cut it, or make its frames smaller."
        )
    times, now = list[float](), 0.0
    for index in range(count):
        image.seek(index)
        image.load()  # WebP says how long a frame stays once it is decoded
        times.append(now)
        now += max(float(image.info.get("duration") or 0), 0.0) / 1000 or 0.1
    return times


def _frame(image: Image.Image, index: int, name: str, max_side: int) -> Photo:
    image.seek(index)
    return open_photo(image.convert("RGBA" if _has_alpha(image) else "RGB"), name, max_side=max_side)


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info


def _sequence(name: str, names: Sequence[str], read: Callable[[str], bytes], choice: Choice) -> Taken:
    if len(names) > _MAX_LISTED:
        raise WtError(f"{name} holds {len(names):,} files, more than the {_MAX_LISTED:,} that are looked through.")
    found = picture_names(names)
    if not found:
        raise WtError(f"There is no picture in {name}. Its frames shall be PNG, JPEG, WebP, HEIC or TIFF files.")
    times = [index / PICTURES_FPS for index in range(len(found))]
    chosen = choice.of(times, name)
    photos = [open_photo(read(found[index]), Path(found[index]).name, max_side=choice.max_side) for index in chosen]
    notes = [] if len(chosen) == len(found) else [f"{len(chosen)} of its {len(found)} pictures are used."]
    return _taken(photos, [times[index] for index in chosen], notes)


def _member(bundle: zipfile.ZipFile, name: str) -> bytes:
    with bundle.open(name) as stream:  # the size in the directory may lie, so reading itself is bounded
        data = stream.read(_MAX_BYTES + 1)
    if len(data) > _MAX_BYTES:
        raise WtError(f"{Path(name).name} in the zip unpacks to more than {_MAX_BYTES >> 20} MiB; it is refused.")
    return data


def _taken(photos: Sequence[Photo], times_s: list[float], notes: list[str]) -> Taken:
    sizes = sorted({(photo.width, photo.height) for photo in photos})
    if len(sizes) > 1:
        raise WtError(
            f"The frames of a clip must have one size; got {sizes[0][0]} x {sizes[0][1]} and {sizes[-1][0]} x "
            f"{sizes[-1][1]}. Resize them first."
        )
    told = list(dict.fromkeys([*notes, *(note for photo in photos for note in photo.notes)]))
    alphas = [photo.alpha for photo in photos]
    everything = np.ones((photos[0].height, photos[0].width), dtype=bool)
    masks = [everything if alpha is None else alpha for alpha in alphas] if any(a is not None for a in alphas) else None
    return Taken([photo.rgb for photo in photos], times_s, told, masks)


def _natural(name: str) -> list[tuple[int, int, str]]:
    """frame_2 before frame_10; a number is as long as its digits, then as large as they say."""
    parts = re.split("([0-9]+)", name)
    numbers = [part.lstrip("0") for part in parts]
    return [
        (0, len(number), number) if place % 2 else (1, 0, part.lower())
        for place, (part, number) in enumerate(zip(parts, numbers, strict=True))
    ]
