"""Which files of a folder are RGB-D frames, and which camera took them.

    generic   rgb/ depth/ and camera.json or intrinsics.txt                          depth 1000 a metre
    TUM       rgb.txt and depth.txt (nearest time stamps), or associations.txt       depth 5000 a metre
    ScanNet   color/ depth/ intrinsic/intrinsic_color.txt, intrinsic_depth.txt       depth 1000 a metre
    NYU       nyu_images/ nyu_depths/, or *_colors + *_depth, rgb_* + sync_depth_*   depth 1000 a metre

A folder that is none of these may hold folders that are (sequences, scans, scenes): together they are one data set.

How their K is read, and which pixel rule it follows, is in wt/data/rgbd_camera.py.
"""

import logging
import math
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from wt.data.rgbd_camera import CameraPair, published, read_k, read_numbers, stated_camera
from wt.errors import WtError

LOG = logging.getLogger(__name__)

APART = 0.02
"""Seconds between a picture and its depth, at most (as TUM's own tool has it)."""
PICTURES = (".png", ".jpg", ".jpeg", ".ppm", ".webp", ".bmp")
DEPTHS = (".png", ".tif", ".tiff", ".pgm", ".npy")
VGA = (640, 480)
# Of 640 x 480, first pixel's centre at 0, as the data sets' own pages give them.
TUM_K = {
    "freiburg1": (517.3, 516.5, 318.6, 255.3),
    "freiburg2": (520.9, 521.0, 325.1, 249.7),
    "freiburg3": (535.4, 539.2, 320.1, 247.6),
}
TUM_DEFAULT_K = (525.0, 525.0, 319.5, 239.5)
NYU_K = (518.85790, 519.46961, 325.58245, 253.73617)

_COLOUR_FOLDERS = ("rgb", "color", "colour", "image", "images", "nyu_images")
_DEPTH_FOLDERS = ("depth", "depths", "nyu_depths")
_WORD = re.compile(r"(?:^|(?<=[._-]))(?:rgb|colou?rs?|images?|depths?|sync)(?=$|[._-])", re.IGNORECASE)


@dataclass(frozen=True)
class Pair:
    """The two files of a frame."""

    rgb: Path
    depth: Path


@dataclass(frozen=True, eq=False)
class Frames:
    """The frames of one folder."""

    folder: Path
    layout: str
    pairs: list[Pair] = field(repr=False)
    camera: CameraPair


def find_frames(folder: Path, depth: int = 2) -> list[Frames]:
    """The folder's frames, or those of the folders in it, `depth` levels down.

    Raises:
        WtError: no such folder, no known layout, no pairs, or no K.
    """
    if not folder.is_dir():
        raise WtError(f"{folder} is not a folder. Give the folder of an RGB-D data set.")
    found = _below(folder, depth)
    if not found:
        raise WtError(
            f"{folder} holds no RGB-D frames in a known layout: rgb/ and depth/ with camera.json or intrinsics.txt; "
            "TUM (rgb.txt, depth.txt); ScanNet (color/, depth/, intrinsic/); NYU (nyu_images/, nyu_depths/, or files "
            "*_colors and *_depth); or folders of these."
        )
    return found


def _below(folder: Path, depth: int) -> list[Frames]:
    for layout in (_tum, _scannet, _folder_pairs, _file_pairs):
        frames = layout(folder)
        if frames is not None:
            return [frames]
    if depth == 0:
        return []
    inner = sorted(child for child in folder.iterdir() if child.is_dir() and not child.name.startswith("."))
    return [frames for child in inner for frames in _below(child, depth - 1)]


def _tum(folder: Path) -> Frames | None:
    listed = next((folder / n for n in ("associations.txt", "association.txt") if (folder / n).is_file()), None)
    if listed is not None:
        pairs = [_associated(folder, row, listed) for row in _rows(listed, 4)]
    elif (folder / "rgb.txt").is_file() and (folder / "depth.txt").is_file():
        pairs = _nearest_in_time(folder, _rows(folder / "rgb.txt", 2), _rows(folder / "depth.txt", 2))
    else:
        return None
    if not pairs:
        raise WtError(f"{folder}: no picture has a depth within {APART} s of it. Are rgb.txt and depth.txt of one run?")
    camera = stated_camera(folder, 5000.0)
    if camera is None:
        series = next((name for name in TUM_K if name in folder.as_posix().lower()), None)
        camera = CameraPair(published(TUM_K.get(series or "", TUM_DEFAULT_K), VGA), depth_scale=5000.0)
        LOG.info("%s: no file says K; taken as TUM's %s camera", folder, series or "default")
    return Frames(folder, "TUM", pairs, camera)


def _associated(folder: Path, row: list[str], listed: Path) -> Pair:
    first, second = folder / row[1], folder / row[3]
    if "depth" in row[1].lower() and "depth" not in row[3].lower():
        first, second = second, first
    if not first.is_file() or not second.is_file():
        missing = first if not first.is_file() else second
        raise WtError(f"{listed} names {missing}, which is not there. Unpack the data set again.")
    return Pair(first, second)


def _nearest_in_time(folder: Path, colours: list[list[str]], depths: list[list[str]]) -> list[Pair]:
    """Every picture with the depth nearest in time, if that is near enough."""
    if not colours or not depths:
        return []
    when = np.array([float(row[0]) for row in depths])
    order = np.argsort(when, kind="stable")
    pairs = []
    for stamp, name in colours:
        after = int(np.searchsorted(when[order], float(stamp)))
        near = order[[max(after - 1, 0), min(after, len(order) - 1)]]
        best = min(near, key=lambda i: abs(when[i] - float(stamp)))
        if abs(when[best] - float(stamp)) <= APART:
            pairs.append(Pair(folder / name, folder / depths[best][1]))
    return pairs


def _rows(path: Path, columns: int) -> list[list[str]]:
    rows = [line.replace(",", " ").split() for line in path.read_text(encoding="utf-8").splitlines()]
    rows = [row[:columns] for row in rows if row and not row[0].startswith("#")]
    for row in rows:
        if len(row) < columns or not _is_number(row[0]):
            wanted = "TIME FILE" if columns == 2 else "TIME FILE TIME FILE"
            raise WtError(f"{path}: a line reads {' '.join(row)!r}; it should read {wanted}.")
    return rows


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _scannet(folder: Path) -> Frames | None:
    colour = _matrix_file(folder, "intrinsic", "color")
    if colour is None or not (folder / "color").is_dir() or not (folder / "depth").is_dir():
        return None
    own = _matrix_file(folder, "intrinsic", "depth")
    _check_same_place(folder)
    camera = CameraPair(published(read_k(colour)), None if own is None else published(read_k(own)))
    return Frames(folder, "ScanNet", _match(_files(folder / "color"), _files(folder / "depth", DEPTHS), folder), camera)


def _matrix_file(folder: Path, what: str, camera: str) -> Path | None:
    names = (f"{what}/{what}_{camera}.txt", f"{what}_{camera}.txt", f"{what}s_{camera}.txt")
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _check_same_place(folder: Path) -> None:
    """Depth and colour are one camera for us: theirs must stand at one place and look one way."""
    files = [_matrix_file(folder / "intrinsic", "extrinsic", camera) for camera in ("color", "depth")]
    poses = [np.eye(4) if file is None else read_numbers(file).reshape(4, 4) for file in files]
    between = np.linalg.inv(poses[0]) @ poses[1]
    if np.abs(between - np.eye(4)).max() > 2e-3:
        raise WtError(
            f"{folder}: the depth camera is not at the colour camera's place (extrinsic_depth.txt, "
            f"{np.linalg.norm(between[:3, 3]) * 1000:.1f} mm off). Lay the depth over the pictures first."
        )


def _folder_pairs(folder: Path) -> Frames | None:
    """A folder of pictures beside a folder of depth: generic with a K of its own, NYU by its names."""
    colours = next((folder / name for name in _COLOUR_FOLDERS if (folder / name).is_dir()), None)
    depths = next((folder / name for name in _DEPTH_FOLDERS if (folder / name).is_dir()), None)
    if colours is None or depths is None:
        return None
    camera, nyu = stated_camera(folder, 1000.0), colours.name.startswith("nyu")
    if camera is None and not nyu:
        raise WtError(
            f"{folder} has {colours.name}/ and {depths.name}/ but no K. Write fx fy cx cy in pixels of the pictures "
            "(centre of the first pixel at 0.5) into intrinsics.txt, or camera.json with those keys."
        )
    pairs = _match(_files(colours), _files(depths, DEPTHS), folder)
    return Frames(folder, "NYU" if nyu else "generic", pairs, camera or _nyu_camera(folder))


def _file_pairs(folder: Path) -> Frames | None:
    """Pictures and depth side by side in one folder, told apart by a word in their names."""
    depths = [path for path in _files(folder, DEPTHS) if "depth" in path.stem.lower()]
    colours = [path for path in _files(folder) if re.search(r"rgb|colou?r", path.stem, re.IGNORECASE)]
    if not depths or not colours:
        return None
    pairs = _match(colours, depths, folder)
    return Frames(folder, "NYU", pairs, stated_camera(folder, 1000.0) or _nyu_camera(folder))


def _nyu_camera(folder: Path) -> CameraPair:
    LOG.info("%s: no file says K; taken as NYU Depth V2's colour camera", folder)
    return CameraPair(published(NYU_K, VGA))


def _files(folder: Path, suffixes: tuple[str, ...] = PICTURES) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in suffixes and path.name[0] != ".")


def _match(colours: list[Path], depths: list[Path], folder: Path) -> list[Pair]:
    """Files whose names differ in words such as rgb or depth alone."""
    partner = {_key(path): path for path in depths}
    pairs = [Pair(path, partner[_key(path)]) for path in colours if _key(path) in partner]
    if not pairs:
        shown = [path.name for path in (*colours[:1], *depths[:1])]
        raise WtError(f"{folder}: no picture has a depth of the same name ({' and '.join(shown) or 'no files'}).")
    if len(pairs) < len(colours):
        LOG.warning(
            "%s: %d of %d pictures have no depth and are left out", folder, len(colours) - len(pairs), len(colours)
        )
    return pairs


def _key(path: Path) -> str:
    return _WORD.sub("", path.stem).strip("._-")
