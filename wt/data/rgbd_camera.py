"""Cameras of RGB-D data sets: K as files state it, for pictures of any size.

K is (fx, fy, cx, cy) with pixel centres at +0.5. camera.json (keys fx, fy, cx, cy; if there width, height, depth_scale,
photographs) and intrinsics.txt (four numbers, or a matrix) follow that rule; calibrations of the data sets that
everybody knows put the centre of the first pixel at 0, so half a pixel is added to theirs (`published`).
"""

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wt.errors import WtError
from wt.types import Float

K = Float[np.ndarray, "4"]

_HALF_A_PIXEL = np.array([0.0, 0.0, 0.5, 0.5])


@dataclass(frozen=True, eq=False)
class Calibration:
    """A stated K and the picture size that it belongs to; None: whatever size the pictures have."""

    k: K
    size: tuple[int, int] | None = None

    def of(self, size: tuple[int, int], path: Path) -> K:
        """K for a picture of (width, height) pixels.

        Raises:
            WtError: another aspect than the calibration's.
        """
        if self.size is None or self.size == size:
            return self.k
        across, down = size[0] / self.size[0], size[1] / self.size[1]
        if abs(math.log(across / down)) > 0.02:
            raise WtError(
                f"{path} is {size[0]} x {size[1]} pixels, but K belongs to {self.size[0]} x {self.size[1]}, which is "
                "another shape. Write the K of these pictures into camera.json or intrinsics.txt."
            )
        return self.k * np.array([across, down, across, down])


@dataclass(frozen=True, eq=False)
class CameraPair:
    """What took the frames of a folder."""

    colour: Calibration
    depth: Calibration | None = None
    """The depth camera's own K; None: the depth lies over the picture."""
    depth_scale: float = 1000.0
    """Stored units per metre."""
    photographs: bool = True


def stated_camera(folder: Path, depth_scale: float) -> CameraPair | None:
    """The camera that a folder's camera.json or intrinsics.txt describes, if it has one.

    Raises:
        WtError: a file that does not describe a camera.
    """
    if (folder / "camera.json").is_file():
        return _json_camera(folder / "camera.json", depth_scale)
    if (folder / "intrinsics.txt").is_file():
        return CameraPair(Calibration(read_k(folder / "intrinsics.txt")), depth_scale=depth_scale)
    return None


def _json_camera(path: Path, depth_scale: float) -> CameraPair:
    try:
        stated = json.loads(path.read_text(encoding="utf-8"))
        k = _checked(np.array([float(stated[name]) for name in ("fx", "fy", "cx", "cy")]), path)
        size = (int(stated["width"]), int(stated["height"])) if "width" in stated else None
        scale, photographs = float(stated.get("depth_scale", depth_scale)), bool(stated.get("photographs", True))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise WtError(
            f"{path} does not describe a camera ({type(error).__name__}: {error}). It needs fx, fy, cx, cy, and may "
            "have width, height, depth_scale and photographs."
        ) from error
    if not (math.isfinite(scale) and scale > 0 and (size is None or min(size) > 0)):
        raise WtError(f"{path}: depth_scale, width and height must be positive.")
    return CameraPair(Calibration(k, size), depth_scale=scale, photographs=photographs)


def read_k(path: Path) -> K:
    """fx, fy, cx, cy of a text file: four numbers, or a 3 x 3 or 4 x 4 matrix.

    Raises:
        WtError: anything else.
    """
    numbers = read_numbers(path)
    if numbers.size in (9, 16):
        matrix = numbers.reshape(math.isqrt(numbers.size), -1)
        numbers = np.array([matrix[0, 0], matrix[1, 1], matrix[0, 2], matrix[1, 2]])
    return _checked(numbers, path)


def _checked(k: np.ndarray, path: Path) -> K:
    if k.shape != (4,) or not np.isfinite(k).all() or min(k[:2]) <= 0:
        raise WtError(
            f"{path} holds no K: four numbers fx fy cx cy, or a 3 x 3 or 4 x 4 matrix, with fx and fy above 0."
        )
    return k


def read_numbers(path: Path) -> Float[np.ndarray, "n"]:
    """All numbers of a text file in reading order.

    Raises:
        WtError: unreadable, or other words.
    """
    try:
        return np.array([float(word) for word in re.split(r"[\s,;\[\]]+", path.read_text(encoding="utf-8")) if word])
    except (OSError, ValueError) as error:
        raise WtError(f"{path} holds something else than numbers ({error}).") from error


def published(k: np.ndarray | tuple[float, ...], size: tuple[int, int] | None = None) -> Calibration:
    """A calibration that counts pixel centres from 0."""
    return Calibration(np.asarray(k, dtype=np.float64) + _HALF_A_PIXEL, size)
