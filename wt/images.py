"""A photo from a file, an upload or an array: decoded, upright, 8-bit RGB, with every conversion said aloud."""

import io
import math
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from wt.errors import WtError
from wt.types import Bool, UInt8

MAX_SIDE = 2048
"""A longer photo is shrunk to this; the models look at far fewer pixels."""
MIN_SIDE = 32
MAX_PIXELS = 120_000_000
"""Above this an image is refused before its pixels are decoded (a decompression bomb)."""
FORMATS = (
    *("JPEG", "MPO", "PNG", "WEBP", "HEIF", "AVIF", "TIFF", "GIF", "BMP", "DIB", "ICO", "JPEG2000", "PPM"),
    *("TGA", "QOI", "PSD", "SGI", "PCX"),
)
"""What is read of all that Pillow knows: plain pixels. Drawings are not (EPS would start a PostScript interpreter)."""


_DAMAGES = (OSError, SyntaxError, ValueError, EOFError, TypeError, LookupError, NotImplementedError, struct.error)
"""What Pillow's readers raise of a damaged file."""


@dataclass(frozen=True, slots=True)
class Photo:
    """An upright 8-bit photo."""

    rgb: UInt8[np.ndarray, "h w 3"]
    alpha: Bool[np.ndarray, "h w"] | None = None
    """True where the file's own alpha keeps the pixel; None if the file has no alpha, or an alpha that keeps all."""
    notes: tuple[str, ...] = ()
    """What was converted, one sentence each, to be shown."""
    name: str = "photo"
    focal_35mm: float | None = None
    """EXIF 35 mm-equivalent focal length in mm, if the file has one."""
    original: tuple[int, int] | None = None
    """(width, height) of the upright file where the photo was shrunk; None if it has the file's own size."""

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.rgb.shape[1]

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.rgb.shape[0]


def open_photo(
    source: str | Path | bytes | BinaryIO | Image.Image, name: str | None = None, *, max_side: int = MAX_SIDE
) -> Photo:
    """Decode a JPEG, PNG, WebP, HEIC or any other picture Pillow reads.

    EXIF rotation is applied, CMYK, 16-bit, palette, grey and animated files are converted, long sides are limited to
    `max_side`; each of these adds a sentence to `notes`.

    Raises:
        WtError: empty, truncated, not an image, smaller than `MIN_SIDE`, or larger than `MAX_PIXELS`.
    """
    if isinstance(source, Image.Image):
        return _convert(source, name or "photo", max_side)
    if isinstance(source, str | Path):
        name = name or Path(source).name
        try:
            source = Path(source).read_bytes()
        except OSError as error:
            raise WtError(
                f"{name} could not be read ({error.strerror or error}). Check the path and try again."
            ) from error
    name = name or "the file"
    data = source if isinstance(source, bytes) else source.read()
    if not data:
        raise WtError(f"{name} is empty (0 bytes). Choose a JPEG, PNG, WebP or HEIC photo.")
    with decoding(name, "Choose a JPEG, PNG, WebP or HEIC photo."), open_image(data) as image:
        _refuse_sizes(image, name)
        image.load()
        return _convert(image, name, max_side)


def open_image(source: bytes | Path) -> Image.Image:
    """A picture of one of the `FORMATS`, its pixels not yet decoded; use within `decoding`."""
    _register_heif()
    Image.init()
    formats = [name for name in FORMATS if name in Image.OPEN]
    return Image.open(io.BytesIO(source) if isinstance(source, bytes) else source, formats=formats)


@contextmanager
def decoding(name: str, instead: str = "Choose another file.", what: str = "picture") -> Iterator[None]:
    """Whatever Pillow says of a damaged or hostile picture becomes one sentence.

    Raises:
        WtError: not a picture, too large, damaged or cut short.
    """
    try:
        # Pillow warns at half the limit that it raises at, and of odd EXIF; our own limit decides, EXIF may be missing.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except UnidentifiedImageError as error:
        raise WtError(f"{name} is not a {what} that can be read. {instead}") from error
    except Image.DecompressionBombError as error:
        limit = MAX_PIXELS // 1_000_000
        raise WtError(f"{name} is too large to open: more than {limit} megapixels. Export a smaller copy.") from error
    except _DAMAGES as error:
        raise WtError(f"{name} is damaged or cut short ({error}). Try to save or download it again.") from error


def as_photo(image: Photo | Image.Image | np.ndarray, name: str = "photo") -> Photo:
    """A `Photo` from a PIL image or a uint8 array [h, w, 3] or [h, w, 4] (alpha becomes the mask).

    Raises:
        WtError: another type, dtype or shape.
    """
    if isinstance(image, Photo):
        return image
    if isinstance(image, Image.Image):
        return open_photo(image, name)
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] not in (3, 4):
        got = f"{image.dtype} {list(image.shape)}" if isinstance(image, np.ndarray) else type(image).__name__
        raise WtError(f"A photo must be a PIL image or a uint8 array [height, width, 3 or 4]; got {got}.")
    return open_photo(Image.fromarray(image), name)


def resize_rgb(rgb: UInt8[np.ndarray, "h w 3"], width: int, height: int) -> UInt8[np.ndarray, "h2 w2 3"]:
    """Antialiased resize to (width, height)."""
    if rgb.shape[:2] == (height, width):
        return rgb
    return np.asarray(
        Image.fromarray(rgb).resize(
            (width, height), Image.Resampling.BOX if width * 2 <= rgb.shape[1] else Image.Resampling.BILINEAR
        )
    )


def resize_mask(mask: Bool[np.ndarray, "h w"], width: int, height: int) -> Bool[np.ndarray, "h2 w2"]:
    """Nearest-neighbour resize to (width, height), pixel centres at +0.5."""
    rows = ((np.arange(height) + 0.5) * mask.shape[0] / height).astype(int)
    columns = ((np.arange(width) + 0.5) * mask.shape[1] / width).astype(int)
    return mask[rows[:, None], columns[None, :]]


def _register_heif() -> None:
    try:
        from pillow_heif import register_heif_opener
    except ImportError:  # HEIC files then get the "cannot be read" sentence; everything else works.
        return
    register_heif_opener()


def refuse_pixels(image: Image.Image, name: str, most: int = MAX_PIXELS) -> None:
    """Before they are decoded.

    Raises:
        WtError: there are more than `most`.
    """
    width, height = image.size
    if width * height > most:
        limit = most // 1_000_000
        raise WtError(
            f"{name} is {width} x {height} pixels, more than the {limit} megapixels allowed. Export a smaller copy."
        )


def _refuse_sizes(image: Image.Image, name: str) -> None:
    refuse_pixels(image, name)
    width, height = image.size
    if min(width, height) < MIN_SIDE:
        raise WtError(
            f"{name} is {width} x {height} pixels; the shorter side must be at least {MIN_SIDE}. Try a larger copy."
        )


def _convert(image: Image.Image, name: str, max_side: int) -> Photo:
    _refuse_sizes(image, name)
    notes = []
    focal = _focal_35mm(image)
    if (frames := getattr(image, "n_frames", 1)) > 1:
        notes.append(f"The file has {frames} frames; the first one is used.")
        image.seek(0)
    if image.getexif().get(ExifTags.Base.Orientation, 1) != 1:
        image = ImageOps.exif_transpose(image)
        notes.append("Rotated upright as its EXIF tag says.")
    image = _to_8_bit(image, notes)
    alpha, original = None, None
    if image.mode == "RGBA":
        kept = np.asarray(image.getchannel("A")) > 127
        if kept.any() and not kept.all():
            alpha = kept
            notes.append("Its transparent part is used as the mask.")
    if image.mode == "RGBA":
        image = image.convert("RGB")
    if max(image.size) > max_side:
        original, factor = image.size, max_side / max(image.size)
        width, height = (max(1, round(side * factor)) for side in original)
        image = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
        notes.append(f"Shrunk from {original[0]} x {original[1]} to {image.width} x {image.height} pixels.")
        alpha = None if alpha is None else resize_mask(alpha, *image.size)
        _refuse_sizes(image, name)
    return Photo(np.array(image.convert("RGB")), alpha, tuple(notes), name, focal, original)


def _focal_35mm(image: Image.Image) -> float | None:
    told = image.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.FocalLengthIn35mmFilm)
    try:
        focal = float(told or 0)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return focal if math.isfinite(focal) and focal > 0 else None


def _to_8_bit(image: Image.Image, notes: list[str]) -> Image.Image:
    """RGB, RGBA, or L: grey becomes colour once it is small."""
    mode = image.mode
    if mode in ("RGB", "RGBA"):
        return image
    if mode.startswith("I") or mode == "F":
        notes.append(f"Converted from {'16-bit' if mode.startswith('I') else 'floating point'} grey to 8-bit colour.")
        return Image.fromarray(_grey(np.array(image)))
    has_alpha = mode in ("LA", "PA", "La", "RGBa") or "transparency" in image.info
    words = {"CMYK": "CMYK", "P": "a palette", "PA": "a palette", "L": "grey", "LA": "grey", "1": "black and white"}
    notes.append(f"Converted from {words.get(mode, mode)} to RGB.")
    if mode == "L" and not has_alpha:
        return image
    return image.convert("RGBA" if has_alpha else "RGB")


def _grey(values: np.ndarray) -> UInt8[np.ndarray, "h w"]:
    """Of numbers of any size, which are changed in their place; whole ones above 255 are taken as 16 bits."""
    if values.dtype.kind != "f":
        shades = np.clip(values, 0, 65535, out=values)
        return (shades // 257 if values.max(initial=0) > 255 else shades).astype(np.uint8)
    np.nan_to_num(values, copy=False)
    values *= 255 / max(float(values.max(initial=0)), 1e-12)
    return np.clip(values, 0, 255, out=values).astype(np.uint8)
