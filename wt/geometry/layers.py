"""The layered pointmap: what a lift returns, and the two rules about its deeper layers (paper Eq. 1-2)."""

import io
import json
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wt.errors import WtError
from wt.files import write_atomic
from wt.geometry.camera import Intrinsics
from wt.types import Bool, Float, UInt8


@dataclass(frozen=True, eq=False, slots=True)
class LayeredPointmap:
    """An ordered stack of camera-space points for every pixel; layer 0 is what the camera sees.

    A deeper layer that repeats the layer before it means "this ray has ended" (Eq. 2): see `surfaces`.
    """

    points: Float[np.ndarray, "layers h w 3"]
    """float32, OpenCV camera frame, in `units`; NaN where `alpha` is False (the constructor sees to that)."""
    alpha: Bool[np.ndarray, "h w"]
    """Valid rays: False outside a segmented object and on sky."""
    rgb: UInt8[np.ndarray, "h w 3"]
    """The photo on the same grid, sRGB."""
    units: str
    """"relative" for scenes, the training renders' unit for objects, "metres" if known."""
    intrinsics: Intrinsics
    model: str = ""
    seed: int | None = None

    def __post_init__(self) -> None:
        grid = self.points.shape[1:3]
        if self.points.ndim != 4 or self.points.shape[0] < 1 or self.points.shape[3] != 3:
            raise WtError(f"A layered pointmap needs points [layers, height, width, 3]; got {self.points.shape}.")
        if self.alpha.shape != grid or self.rgb.shape != (*grid, 3):
            raise WtError(
                f"A layered pointmap's parts must share one grid; points are {grid[1]} x {grid[0]}, "
                f"alpha {self.alpha.shape[::-1]}, rgb {self.rgb.shape}."
            )
        if (self.intrinsics.height, self.intrinsics.width) != grid:
            raise WtError(
                f"The camera's grid is {self.intrinsics.width} x {self.intrinsics.height} but the points' grid is "
                f"{grid[1]} x {grid[0]}. Use Intrinsics.resized."
            )
        bad = int((~np.isfinite(self.points[:, self.alpha])).any(axis=(0, 2)).sum())
        if bad:
            raise WtError(f"{bad} of {int(self.alpha.sum())} valid rays hold points that are not finite. Lift again.")
        object.__setattr__(self, "points", np.where(self.alpha[..., None], self.points, np.nan).astype(np.float32))

    @property
    def depth(self) -> Float[np.ndarray, "layers h w"]:
        """z of every layer in `units`; NaN where `alpha` is False."""
        return self.points[..., 2]

    def surfaces(self, tol: float = 0.01) -> Bool[np.ndarray, "layers h w"]:
        """Which points are real surfaces, not repeats.

        Layer 0 counts on valid rays whose point lies in front of the camera. A deeper layer counts if it lies more
        than `tol` times the ray's layer-0 depth behind the last layer that counted; so a repeat of any earlier layer,
        and a layer that falls back in front of one, is not a surface.
        """
        if tol < 0:
            raise WtError(f"surfaces: the tolerance must not be negative; got {tol}.")
        return real_surfaces(self.depth, tol)

    def save(self, path: str | Path) -> Path:
        """Write a compressed .npz (no pickle), atomically; `load` reads it back bit for bit."""
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **self.arrays())
        return write_atomic(path, buffer.getvalue())

    def arrays(self) -> dict[str, Any]:
        """What `save` writes: points, alpha, rgb, and `meta`, a JSON text."""
        meta = {
            "format": "wt-layers",
            "version": 1,
            "units": self.units,
            "model": self.model,
            "seed": self.seed,
            "intrinsics": asdict(self.intrinsics),
            "frame": "OpenCV camera axes: +x right, +y down, +z forward; pixel centres at +0.5",
        }
        return {"points": self.points, "alpha": self.alpha, "rgb": self.rgb, "meta": np.array(json.dumps(meta))}

    @classmethod
    def load(cls, path: str | Path) -> "LayeredPointmap":
        """Read what `save` wrote.

        Raises:
            WtError: missing, damaged, or not a layered pointmap.
        """
        path = Path(path)
        try:
            with np.load(path, allow_pickle=False) as arrays:
                meta = json.loads(str(arrays["meta"]))
                return cls(
                    points=arrays["points"],
                    alpha=arrays["alpha"],
                    rgb=arrays["rgb"],
                    units=str(meta["units"]),
                    intrinsics=Intrinsics(**meta["intrinsics"]),
                    model=str(meta["model"]),
                    seed=meta["seed"],
                )
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise WtError(f"{path.name} is not a readable layered pointmap ({error}). Save it again.") from error


def real_surfaces(depth: Float[np.ndarray, "layers h w"], tol: float = 0.01) -> Bool[np.ndarray, "layers h w"]:
    """`LayeredPointmap.surfaces` on bare depth maps; NaN means no ray."""
    with np.errstate(invalid="ignore"):
        counted = np.zeros(depth.shape, dtype=bool)
        counted[0] = depth[0] > 0
        last = depth[0].copy()
        step = tol * depth[0]
        for layer in range(1, len(depth)):
            counted[layer] = counted[0] & (depth[layer] > last + step)
            last = np.where(counted[layer], depth[layer], last)
    return counted


def forward_fill(
    points: Float[np.ndarray, "layers h w 3"], valid: Bool[np.ndarray, "layers h w"]
) -> Float[np.ndarray, "layers h w 3"]:
    """Fill every empty intersection from the nearest earlier valid layer of its ray (paper Eq. 2).

    An empty intersection with no valid layer before it keeps what it had.
    """
    layer = np.arange(len(points))[:, None, None]
    source = np.maximum.accumulate(np.where(valid, layer, -1), axis=0)
    source = np.where(source < 0, layer, source)
    return np.take_along_axis(points, source[..., None], axis=0)
