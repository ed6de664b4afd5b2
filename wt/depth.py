"""A depth map from a file: phone LiDAR, a renderer's depth pass, any estimator's output. Read, checked, put on a photo.

Depth is z along the camera's axis, not distance along the ray. Nothing here knows about networks.
"""

import io
import math
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast, get_args

import numpy as np

from wt.errors import WtError
from wt.geometry.camera import Intrinsics
from wt.images import Photo, decoding, open_image, refuse_pixels
from wt.npy import read_header
from wt.types import Bool, Float, Shaped

DepthKind = Literal["metric", "relative", "disparity"]
"""metric: z in metres. relative: z up to one scale and one shift. disparity: 1 / z up to one scale and one shift."""
KINDS: tuple[DepthKind, ...] = get_args(DepthKind)

MILLIMETRE = 0.001
FAR = 1e6
"""What renderers write where a ray meets nothing (Blender: 1e10); deeper than this is unknown."""
FILM_DIAGONAL = math.hypot(36, 24)
MIN_KNOWN = 16
MAX_PIXELS = 40_000_000
"""Of a depth map: 8K fits."""
_ZIP = b"PK"
_ASPECT = 0.02
_ARRAY_KEYS = ("depth", "depth_map", "z", "disparity", "arr_0")
_EXR_NAMES = ("Z", "V", "DEPTH", "Y", "R")


@dataclass(frozen=True, eq=False, slots=True)
class DepthMap:
    """Known depth of a photo's pixels."""

    values: Float[np.ndarray, "h w"]
    """float32; NaN where unknown. Metres for metric depth, any unit otherwise (larger is nearer for disparity)."""
    kind: DepthKind = "metric"
    name: str = "depth map"
    notes: tuple[str, ...] = ()
    """How the file was understood, one sentence each, to be shown."""

    @property
    def known(self) -> Bool[np.ndarray, "h w"]:
        """Where there is a value."""
        return np.isfinite(self.values)

    def without(self, region: Bool[np.ndarray, "h w"]) -> "DepthMap":
        """Nothing known of the pixels of a region, such as one that was painted over."""
        return replace(self, values=np.where(region, np.float32(np.nan), self.values))

    def resized(self, width: int, height: int) -> "DepthMap":
        """On another grid by the nearest known pixel of each target pixel's own cell, so that no depth is mixed.

        Raises:
            WtError: another aspect, such as a depth map of the unrotated photo.
        """
        rows, columns = self.values.shape
        if (rows, columns) == (height, width):
            return self
        slack = _ASPECT + 1 / min(rows, columns, width, height)
        if abs(math.log(columns * height / (rows * width))) > slack:
            turned = " It looks turned by 90 degrees: rotate it." if (columns > rows) != (width > height) else ""
            raise WtError(
                f"{self.name} is {columns} x {rows} pixels, which is not the shape of the photo, {width} x {height}. "
                f"Give the depth of the whole, upright photo.{turned}"
            )
        return replace(self, values=_nearest_known(self.values, width, height))


def open_depth(
    path: str | Path,
    size: tuple[int, int] | None = None,
    *,
    kind: DepthKind | None = None,
    scale: float | None = None,
    name: str | None = None,
) -> DepthMap:
    """Read a depth map.

    Args:
        path: 16-bit PNG or TIFF (millimetres unless `scale` says otherwise, 0 and 65535 unknown), 8-bit grey picture
            (taken as disparity, as estimators paint it), float TIFF, EXR, .npy or .npz (metres; the array named depth
            or disparity, or the only one). NaN, infinity and 0 mean unknown.
        size: (width, height) of the upright photo; the map is put on its pixels.
        kind: what the numbers mean; None: disparity for 8-bit pictures and arrays of that name, otherwise metric.
        scale: metres per stored unit of metric depth; 0.001 for integer files by default, 1 for the others.
        name: what to call it in messages.

    Raises:
        WtError: unreadable, of another shape than the photo, empty, negative, or with numbers that mean nothing.
    """
    path = Path(path)
    name = name or path.name
    if scale is not None and not (math.isfinite(scale) and scale > 0):
        raise WtError(f"The depth scale is metres per stored unit, a positive number; got {scale}.")
    stored, suggested = _stored(path, name)
    kind = kind or suggested
    found = depth_map(stored, kind, name=name, scale=scale)
    return found if size is None else found.resized(*size)


def camera_of(photo: Photo) -> Intrinsics | None:
    """The camera that a photo's file tells of, to put known depth on its rays; None if it does not.

    From EXIF's 35 mm-equivalent focal length, whose frame has a diagonal of 43.27 mm; square pixels, centred. A photo
    that was cropped after it was taken may still carry its first camera's number.
    """
    if not photo.focal_35mm:
        return None
    focal = photo.focal_35mm * math.hypot(photo.width, photo.height) / FILM_DIAGONAL
    return Intrinsics(focal, focal, photo.width / 2, photo.height / 2, photo.width, photo.height)


def depth_map(
    stored: Shaped[np.ndarray, "h w"],
    kind: DepthKind = "metric",
    *,
    name: str = "depth map",
    scale: float | None = None,
) -> DepthMap:
    """Check stored numbers and give them their unit; see `open_depth`.

    Raises:
        WtError: nothing known, or negative metric depth.
    """
    whole = stored.dtype.kind in "iu"
    values = stored.astype(np.float64)
    unknown = ~np.isfinite(values) | (np.abs(values) > FAR)
    if kind != "disparity":
        unknown |= values == 0
    if stored.dtype == np.uint16 and kind == "metric":
        unknown |= stored == np.iinfo(np.uint16).max
    values = np.where(unknown, np.nan, values)
    known = int((~unknown).sum())
    if known < MIN_KNOWN:
        raise WtError(
            f"{name} holds a depth at {known} of its {values.size} pixels; the others are 0, infinite or not a number. "
            "Give a depth map with values."
        )
    lowest = float(np.nanmin(values))
    if kind == "metric" and lowest < 0:
        raise WtError(
            f"{name} holds negative depths (down to {lowest:.4g}). Depth is measured forward from the camera: change "
            "the sign, or say that it is relative."
        )
    if kind != "metric" and float(np.nanmax(values)) - lowest <= 1e-9 * max(abs(lowest), 1e-9):
        raise WtError(f"{name} holds the same number everywhere, which says nothing as {kind} depth.")
    notes: tuple[str, ...] = (f"{name} is read as {kind} depth.",)
    if kind == "metric":
        factor = (MILLIMETRE if whole else 1.0) if scale is None else scale
        values = values * factor
        middle = float(np.nanmedian(values))
        notes = (f"{name} is read as metric depth, {factor:g} m a unit; the middle of it is {middle:.3g} m away.",)
    return DepthMap(values.astype(np.float32), kind, name, notes)


def _stored(path: Path, name: str) -> tuple[np.ndarray, DepthKind]:
    """The file's numbers as they are, and what they most likely mean."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WtError(f"{name} could not be read ({error.strerror or error}). Check the path and try again.") from error
    suffix = path.suffix.lower()
    if suffix in (".npy", ".npz"):
        return _array(data, name)
    if suffix == ".exr":
        return _exr(path, name), "metric"
    return _picture(data, name)


def _array(data: bytes, name: str) -> tuple[np.ndarray, DepthKind]:
    key = ""
    try:
        if not data.startswith(_ZIP):
            return _flat(_numbers(io.BytesIO(data), name), name), "metric"
        with zipfile.ZipFile(io.BytesIO(data)) as bundle:
            keys = [member.removesuffix(".npy") for member in bundle.namelist()]
            key = next((k for k in _ARRAY_KEYS if k in keys), "")
            if not key and len(keys) != 1:
                raise WtError(f"{name} holds the arrays {keys[:9]}. Name the one with the depth 'depth'.")
            key = key or keys[0]
            with bundle.open(bundle.namelist()[keys.index(key)]) as stream:
                array = _numbers(cast(io.BufferedIOBase, stream), name)
    except (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise WtError(f"{name} is not a readable NumPy file of plain numbers ({error}). Save it again.") from error
    return _flat(array, name), "disparity" if key == "disparity" else "metric"


def _numbers(stream: io.BufferedIOBase, name: str) -> np.ndarray:
    """An .npy file's array, of which no more memory is taken than its limit and its bytes allow."""
    shape, fortran, dtype = read_header(stream)
    count = math.prod(shape)
    if count > MAX_PIXELS:
        raise WtError(f"{name} holds {count:,} numbers, more than {MAX_PIXELS:,}. Save a smaller depth map.")
    data = stream.read(count * dtype.itemsize)
    if len(data) < count * dtype.itemsize:
        raise ValueError(f"it is cut short: {len(data):,} bytes of {count * dtype.itemsize:,}")
    return np.frombuffer(data, dtype, count).reshape(shape, order="F" if fortran else "C")


def _exr(path: Path, name: str) -> np.ndarray:
    try:
        import OpenEXR
    except ImportError as error:
        raise WtError(
            f"{name} is an EXR file, and the package that reads them is not installed. Run: pip install OpenEXR. "
            "Or save the depth as a 16-bit PNG in millimetres."
        ) from error
    try:
        _refuse_window(OpenEXR.File(str(path), header_only=True).header(), name)
        channels = OpenEXR.File(str(path), separate_channels=True).channels()
    except (RuntimeError, OSError, ValueError, TypeError, LookupError, MemoryError) as error:
        reason = str(error).replace(str(path), name)
        raise WtError(f"{name} is not an EXR file that can be read ({reason}). Save it again.") from error
    # Layers are written before a dot: ViewLayer.Depth.Z.
    by_name = {key.upper().rsplit(".", 1)[-1]: channel.pixels for key, channel in channels.items()}
    found = next((by_name[key] for key in _EXR_NAMES if key in by_name), None)
    if found is None:
        raise WtError(f"{name} holds the channels {sorted(channels)}, none of which is a depth (Z, V, depth, Y or R).")
    return _flat(np.asarray(found), name)


def _refuse_window(header: dict[str, Any], name: str) -> None:
    """Before memory is taken for what the file claims."""
    (left, top), (right, bottom) = header["dataWindow"]
    width, height = int(right) - int(left) + 1, int(bottom) - int(top) + 1
    if min(width, height) < 1 or width * height * len(header["channels"]) > MAX_PIXELS * 4:
        raise WtError(f"{name} claims {width} x {height} pixels, which is not read. Save a smaller depth map.")


def _picture(data: bytes, name: str) -> tuple[np.ndarray, DepthKind]:
    with decoding(name, "Give a 16-bit PNG, TIFF, EXR, .npy or .npz.", "depth map"), open_image(data) as image:
        refuse_pixels(image, name, MAX_PIXELS)
        image.load()
        array, mode = np.asarray(image), image.mode
    if mode in ("P", "CMYK", "1"):
        raise WtError(
            f"{name} is a picture in {mode} colours, not depth. Save the depth as 16-bit grey in millimetres."
        )
    if mode.startswith("I"):  # Pillow widens some 16-bit files to 32 bits
        array = array.astype(np.uint16) if array.min() >= 0 and array.max() <= 65535 else array
    eight = array.dtype == np.uint8
    return _flat(array, name), "disparity" if eight else "metric"


def _flat(array: np.ndarray, name: str) -> np.ndarray:
    """[h, w]: axes of length 1 go, equal colour channels count once."""
    if array.dtype.kind not in "iuf":
        raise WtError(f"{name} holds {array.dtype} values, not depths. Save plain numbers.")
    colours = array.shape[2] if array.ndim == 3 else 0
    # Grey stored as colour, grey with alpha.
    if colours == 2 or (colours in (3, 4) and bool((array[..., :3] == array[..., :1]).all())):
        array = array[..., 0]
    array = array.squeeze()
    if array.ndim != 2 or min(array.shape) < 2:
        raise WtError(
            f"{name} has the shape {list(array.shape)}, not that of one depth map [height, width]. A colour picture of "
            "depth cannot be read back: save the numbers, such as a 16-bit grey PNG in millimetres."
        )
    return array


def _nearest_known(values: Float[np.ndarray, "h w"], width: int, height: int) -> Float[np.ndarray, "h2 w2"]:
    """The pixel under each target pixel's centre, or the first known one of its cell when the map is the finer one."""
    ratio = max(values.shape[0] / height, values.shape[1] / width)
    parts = min(max(math.ceil(ratio), 1), 4)
    places = sorted(((i + 0.5) / parts for i in range(parts)), key=lambda place: abs(place - 0.5))
    offsets = (
        [(0.5, 0.5), *((a, b) for a in places for b in places if (a, b) != (0.5, 0.5))] if parts > 1 else [(0.5, 0.5)]
    )
    out = np.full((height, width), np.nan, dtype=np.float32)
    for down, across in offsets:
        rows = ((np.arange(height) + down) * values.shape[0] / height).astype(int)
        columns = ((np.arange(width) + across) * values.shape[1] / width).astype(int)
        out = np.where(np.isfinite(out), out, values[rows[:, None], columns[None, :]])
    return out
