"""Folders of RGB-D frames as single-layer training samples (paper Eq. 4, App. C): a photo, its depth and K.

Depth is z. Layer 0 is what the sensor saw, the five layers behind it are empty, and `Source.single` keeps them out of
the loss. How folders are recognised, and which K they get, is in wt/data/rgbd_layouts.py.
"""

import logging
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from wt.data.rgbd_camera import K
from wt.data.rgbd_layouts import Frames, Pair, find_frames
from wt.data.source import Source
from wt.errors import WtError
from wt.types import Float, UInt8

LOG = logging.getLogger(__name__)

LAYERS = 6
SPARSE = 0.2
"""A frame with less depth than this share of its pixels is sparse: a driving LiDAR, not a depth camera."""
PHOTO_BOOST = 1.5
"""Weight of a data set of real photographs against one of renderings (App. C)."""
_ASPECT = 0.02


class RgbdFolder:
    """Random access to the frames of one data set: a folder in a known layout, or a folder of such folders."""

    def __init__(
        self,
        folder: str | Path,
        *,
        short_side: int = 256,
        depth_scale: float | None = None,
        photographs: bool | None = None,
    ) -> None:
        """Look for the frames; no picture is opened yet.

        Args:
            folder: the data set.
            short_side: larger frames are shrunk until their shorter side is this many pixels.
            depth_scale: stored units per metre; None: the layout's own (TUM 5000, else 1000, or as camera.json says).
            photographs: False for rendered pictures; None: as camera.json says, otherwise True.

        Raises:
            WtError: no such folder, no known layout, frames without partners, or no K.
        """
        self.folder = Path(folder)
        if short_side < 16:
            raise WtError(f"RGB-D frames need a shorter side of at least 16 pixels; got {short_side}.")
        if depth_scale is not None and not (math.isfinite(depth_scale) and depth_scale > 0):
            raise WtError(f"The depth scale is stored units per metre, a positive number; got {depth_scale}.")
        self.short_side, self.depth_scale = short_side, depth_scale
        self.sequences: list[Frames] = find_frames(self.folder)
        self._ends = np.cumsum([len(frames.pairs) for frames in self.sequences])
        stored = all(frames.camera.photographs for frames in self.sequences)
        self.photographs = stored if photographs is None else photographs
        layouts = ", ".join(sorted({frames.layout for frames in self.sequences}))
        LOG.info("%s: %d frames, layout %s", self.folder, len(self), layouts)

    def __len__(self) -> int:
        return int(self._ends[-1])

    def __getitem__(self, index: int) -> Source:
        """One frame, decoded and shrunk: depth in metres with 0 where unknown, K of the shrunk picture.

        Raises:
            WtError: a file that cannot be read, or depth of another shape than the picture.
        """
        if not 0 <= index < len(self):
            raise IndexError(index)
        which = int(np.searchsorted(self._ends, index, side="right"))
        frames = self.sequences[which]
        pair = frames.pairs[index - (int(self._ends[which - 1]) if which else 0)]
        rgb, native = read_colour(pair.rgb, self.short_side)
        size = (rgb.shape[1], rgb.shape[0])
        k = frames.camera.colour.of(native, pair.rgb)
        scale = self.depth_scale or frames.camera.depth_scale
        stored = read_depth(pair.depth, scale)
        k_depth = _depth_k(frames, k, native, stored, pair)
        k = _scaled(k, size[0] / native[0], size[1] / native[1])
        depth = np.zeros((LAYERS, *rgb.shape[:2]), np.float32)
        depth[0] = on_grid(stored, k_depth, k, size)
        sparse = bool((stored > 0).mean() < SPARSE)
        return Source(rgb, depth, k, single=True, photograph=self.photographs, sparse=sparse)


def mixing_weights(folders: Sequence[RgbdFolder]) -> Float[np.ndarray, "n"]:
    """Shares of data sets in a mix: by the root of their frames, real photographs half as much again (App. C)."""
    weights = np.array([math.sqrt(len(f)) * (PHOTO_BOOST if f.photographs else 1.0) for f in folders])
    return weights / weights.sum()


def read_colour(path: Path, short_side: int) -> tuple[UInt8[np.ndarray, "h w 3"], tuple[int, int]]:
    """The picture as it is stored (no turning by EXIF: K belongs to the stored one), shrunk, and its stored (w, h)."""
    try:
        with Image.open(path) as image:
            native = image.size
            factor = min(1.0, short_side / min(native))
            size = (max(round(native[0] * factor), 1), max(round(native[1] * factor), 1))
            image.draft("RGB", size)  # a JPEG is decoded at a half or a quarter at once, still at least this large
            rgb = image.convert("RGB")
    except UnidentifiedImageError as error:
        raise WtError(f"{path} is not a picture that can be read. Delete the frame, or save it again.") from error
    except (Image.DecompressionBombError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise WtError(f"{path} could not be read ({error}). Delete the frame, or save it again.") from error
    return np.asarray(rgb if rgb.size == size else rgb.resize(size, Image.Resampling.BOX)), native


def read_depth(path: Path, scale: float) -> Float[np.ndarray, "h w"]:
    """Depth in metres, float32, 0 where unknown: 0, the largest 16-bit number, negative, infinite or not a number.

    16-bit PNG or TIFF in 1 / `scale` metres; float TIFF and .npy in metres.
    """
    try:
        if path.suffix.lower() == ".npy":
            stored = np.load(path, allow_pickle=False)
        else:
            with Image.open(path) as image:
                stored = np.asarray(image)
    except UnidentifiedImageError as error:
        raise WtError(f"{path} is not a depth picture that can be read. Delete the frame.") from error
    except (Image.DecompressionBombError, OSError, SyntaxError, ValueError, EOFError) as error:
        raise WtError(f"{path} could not be read ({error}). Delete the frame, or save it again.") from error
    if stored.ndim != 2 or stored.dtype.kind not in "iuf" or stored.dtype.itemsize < 2:
        raise WtError(
            f"{path} holds {stored.dtype} values of shape {list(stored.shape)}, not depth. Depth frames are 16-bit "
            "grey PNG files (or .npy in metres); 8-bit pictures of depth are too coarse."
        )
    depth = stored.astype(np.float32)
    with np.errstate(invalid="ignore"):
        known = np.isfinite(depth) & (depth > 0)
        if stored.dtype.kind in "iu":
            known &= depth < np.iinfo(np.uint16).max
            depth /= scale
    return np.where(known, depth, np.float32(0))


def on_grid(
    depth: Float[np.ndarray, "h w"],
    k_depth: Float[np.ndarray, "4"],
    k: Float[np.ndarray, "4"],
    size: tuple[int, int],
) -> Float[np.ndarray, "h2 w2"]:
    """Depth as another camera at the same place sees it, on its (width, height) grid; 0 where nothing is known.

    Both look the same way, so a pixel's ray is the same for either: the depth pixel that it falls into is read, and
    where several depth pixels share one target pixel the known one nearest to its centre. Depths are never mixed.
    """
    rows, columns = depth.shape
    step = k_depth[:2] / k[:2]
    x = (np.arange(size[0]) + 0.5 - k[2]) * step[0] + k_depth[2]
    y = (np.arange(size[1]) + 0.5 - k[3]) * step[1] + k_depth[3]
    half = np.maximum(step / 2, 0.5) + 1e-9
    out = np.zeros((size[1], size[0]), np.float32)
    for down, across in _offsets(*half):
        r, c = np.floor(y + down).astype(np.int64), np.floor(x + across).astype(np.int64)
        held = (r >= 0) & (r < rows) & (abs(r + 0.5 - y) <= half[1])
        inside = held[:, None] & (c >= 0) & (c < columns) & (abs(c + 0.5 - x) <= half[0])
        found = depth[r.clip(0, rows - 1)[:, None], c.clip(0, columns - 1)]
        np.copyto(out, found, where=inside & (out == 0))
        if (out > 0).all():
            break
    return out


def _offsets(across: float, down: float) -> list[tuple[int, int]]:
    """Whole steps that may stay within half a target pixel of its centre, nearest first."""
    steps = [
        (dy, dx)
        for dy in range(-math.floor(down + 0.5), math.floor(down + 0.5) + 1)
        for dx in range(-math.floor(across + 0.5), math.floor(across + 0.5) + 1)
    ]
    return sorted(steps, key=lambda step: (step[0] ** 2 + step[1] ** 2, step))


def _depth_k(frames: Frames, k: K, native: tuple[int, int], stored: np.ndarray, pair: Pair) -> K:
    """The depth camera's K: its own, or the colour camera's on the depth's grid, for depth laid over the picture."""
    height, width = stored.shape
    if frames.camera.depth is not None:
        return frames.camera.depth.of((width, height), pair.depth)
    if abs(math.log(width * native[1] / (height * native[0]))) > _ASPECT:
        raise WtError(
            f"{pair.depth} is {width} x {height} pixels and {pair.rgb.name} {native[0]} x {native[1]}: not the same "
            "view. Lay the depth over the picture, or give the depth camera's own K (intrinsic/intrinsic_depth.txt)."
        )
    return _scaled(k, width / native[0], height / native[1])


def _scaled(k: K, across: float, down: float) -> K:
    return k * np.array([across, down, across, down])
