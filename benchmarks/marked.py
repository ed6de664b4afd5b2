"""Photos with a visitor's own marker, and where markers are found again: nobody's may turn up in another one's results.

The marker is a patch of one of sixteen fully saturated colours on a grey photo, with the visitor's number on it as
black and white squares. In 2D both are read, in 3D the colours of the points.
"""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
SIZE = (640, 480)
MOST = 16
_PATCH = (40, 300, 200, 460)
"""left, top, right, bottom: on the floor of the photo, away from where objects are put."""
_CELL = 24
_LEAST_SHARE = 2e-3
"""A marker is there if so much of the picture, or of the points, has its colour; it covers a twelfth of the photo."""
_NEAR = 26


def colour(number: int) -> np.ndarray:
    """Sixteen hues, 22.5 degrees apart: the nearest two differ by 64 in some channel."""
    hue = number % MOST / MOST * 6
    ramp = [np.clip(abs((hue - offset) % 6 - 3) - 1, 0, 1) for offset in (0, 2, 4)]
    return np.round(np.array(ramp) * 255).astype(np.uint8)


def photo(number: int) -> np.ndarray:
    """A grey room with the marker of this visitor, uint8 [480, 640, 3]."""
    room = Image.open(ROOT / "assets" / "examples" / "room_desk.jpg").convert("L").resize(SIZE)
    rgb = np.repeat(np.asarray(room)[..., None], 3, axis=-1).copy()
    left, top, right, bottom = _PATCH
    rgb[top:bottom, left:right] = colour(number)
    for bit in range(4):
        x, y = _cell(bit)
        rgb[y : y + _CELL, x : x + _CELL] = 255 if number >> bit & 1 else 0
    return rgb


def save(number: int, folder: Path) -> Path:
    """The photo as a file that a visitor uploads."""
    path = folder / f"visitor-{number}.png"
    Image.fromarray(photo(number)).save(path)
    return path


def numbers(colours: np.ndarray) -> set[int]:
    """Whose markers are among these colours, uint8 [..., 3]."""
    flat = colours.reshape(-1, 3).astype(np.int16)
    vivid = flat[np.ptp(flat, axis=1) > 180]
    least = max(8, _LEAST_SHARE * len(flat))
    near = [(np.abs(vivid - colour(number).astype(np.int16)).max(axis=1) < _NEAR).sum() for number in range(MOST)]
    return {number for number in range(MOST) if near[number] >= least}


def written(rgb: np.ndarray) -> int:
    """The number that the squares of a picture of the whole photo tell."""
    scale = np.array(rgb.shape[1::-1]) / SIZE
    total = 0
    for bit in range(4):
        x, y = (np.array(_cell(bit)) + _CELL / 2) * scale
        total |= int(rgb[round(y), round(x)].mean() > 127) << bit
    return total


def in_picture(data: bytes) -> set[int]:
    """Whose markers an encoded picture shows, by colour and by number."""
    rgb = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    found = numbers(rgb)
    return found | {written(rgb)} if found else found


def in_zip(data: bytes) -> dict[str, set[int]]:
    """Whose markers the pictures and points of an export show; `manifest.json` must be readable."""
    found: dict[str, set[int]] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        for name in bundle.namelist():
            if Path(name).name in ("before.png", "after.png"):
                found[Path(name).name] = in_picture(bundle.read(name))
            elif Path(name).name == "layer_0.ply":
                found["layer_0.ply"] = numbers(ply_colours(bundle.read(name)))
            elif Path(name).name == "manifest.json":
                json.loads(bundle.read(name))
    return found


def ply_colours(data: bytes) -> np.ndarray:
    """Colours of a binary PLY of our own, uint8 [n, 3]."""
    head, _, body = data.partition(b"end_header\n")
    kinds = {"float": "<f4", "uchar": "u1", "int": "<i4", "double": "<f8", "ushort": "<u2"}
    lines = [line.split() for line in head.decode().splitlines()]
    count = next(int(line[2]) for line in lines if line[:2] == ["element", "vertex"])
    fields = [(line[2], kinds[line[1]]) for line in lines if line[0] == "property"]
    rows = np.frombuffer(body, np.dtype(fields), count)
    return np.stack([rows[name] for name in ("red", "green", "blue")], axis=-1)


def _cell(bit: int) -> tuple[int, int]:
    left, top, *_ = _PATCH
    return left + 16 + bit * (_CELL + 8), top + 24
