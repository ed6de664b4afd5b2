"""The pinhole camera of a photo: intrinsics, pixel centres, rays, projection and its inverse.

OpenCV axes (+x right, +y down, +z forward), camera at the origin, pixel centres at +0.5, depth is z.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from wt.errors import WtError
from wt.types import Float


@dataclass(frozen=True, slots=True)
class Intrinsics:
    """K in pixels of a `width` x `height` grid, zero skew, pixel centres at +0.5."""

    fx: float
    fy: float
    cx: float
    cy: float
    width: int
    height: int
    residual_px: float = math.nan
    """RMS reprojection error of the fit in pixels of this grid; NaN if K was given, not fitted."""

    def __post_init__(self) -> None:
        for name in ("fx", "fy", "cx", "cy", "residual_px"):  # a NumPy scalar or an int is as good
            object.__setattr__(self, name, float(getattr(self, name)))
        for name in ("width", "height"):
            object.__setattr__(self, name, int(getattr(self, name)))
        numbers = (self.fx, self.fy, self.cx, self.cy)
        if not all(math.isfinite(n) for n in numbers) or self.fx <= 0 or self.fy <= 0:
            raise WtError(
                f"A camera needs positive, finite focal lengths in pixels; got fx={self.fx}, fy={self.fy}, "
                f"cx={self.cx}, cy={self.cy}. Lift again or type a focal length."
            )
        if self.width < 1 or self.height < 1:
            raise WtError(f"A camera grid needs at least one pixel; got {self.width} x {self.height}.")

    @classmethod
    def from_fov(cls, fov_x_deg: float | int, width: int, height: int) -> "Intrinsics":
        """Square pixels, centred principal point, horizontal field of view in degrees."""
        if not 0 < fov_x_deg < 180:
            raise WtError(f"A field of view must lie between 0 and 180 degrees; got {fov_x_deg}.")
        f = width / (2 * math.tan(math.radians(fov_x_deg) / 2))
        return cls(f, f, width / 2, height / 2, width, height)

    @property
    def fov_x_deg(self) -> float:
        """Horizontal field of view in degrees, 2 atan(width / 2 fx) (ARCHITECTURE section 16)."""
        return math.degrees(2 * math.atan(self.width / (2 * self.fx)))

    @property
    def fov_y_deg(self) -> float:
        """Vertical field of view in degrees, as for a centred principal point."""
        return math.degrees(2 * math.atan(self.height / (2 * self.fy)))

    def matrix(self) -> Float[np.ndarray, "3 3"]:
        """K as a float64 matrix."""
        return np.array([[self.fx, 0, self.cx], [0, self.fy, self.cy], [0, 0, 1]], dtype=np.float64)

    def resized(self, width: int, height: int) -> "Intrinsics":
        """The same camera on the same picture resampled to `width` x `height` (exact with centres at +0.5)."""
        sx, sy = width / self.width, height / self.height
        residual = self.residual_px * math.sqrt((sx * sx + sy * sy) / 2)
        return Intrinsics(self.fx * sx, self.fy * sy, self.cx * sx, self.cy * sy, width, height, residual)

    def cropped(self, left: float | int, top: float | int, width: int, height: int) -> "Intrinsics":
        """The camera of the crop whose first pixel's corner is at (left, top); it may reach outside the picture."""
        return replace(self, cx=self.cx - left, cy=self.cy - top, width=width, height=height)


def pixel_centres(height: int, width: int) -> Float[np.ndarray, "h w 2"]:
    """(u, v) of every pixel's centre, float64; the only place that knows about +0.5."""
    u, v = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    return np.stack([u, v], axis=-1)


def rays(intrinsics: Intrinsics) -> Float[np.ndarray, "h w 3"]:
    """Directions through the pixel centres of the grid, float64, scaled to z = 1: a point is depth * ray."""
    k = intrinsics
    uv = pixel_centres(k.height, k.width)
    x, y = (uv[..., 0] - k.cx) / k.fx, (uv[..., 1] - k.cy) / k.fy
    return np.stack([x, y, np.ones_like(x)], axis=-1)


def project(points: Float[np.ndarray, "*n 3"], intrinsics: Intrinsics) -> Float[np.ndarray, "*n 2"]:
    """Pixel coordinates (u, v) of camera-space points, float64; NaN for points that are NaN or not in front."""
    p = np.asarray(points, dtype=np.float64)
    z = np.where(p[..., 2] > 0, p[..., 2], np.nan)
    u = intrinsics.fx * p[..., 0] / z + intrinsics.cx
    v = intrinsics.fy * p[..., 1] / z + intrinsics.cy
    return np.stack([u, v], axis=-1)


def unproject(depth: Float[np.ndarray, "*n h w"], intrinsics: Intrinsics) -> Float[np.ndarray, "*n h w 3"]:
    """Lift depth maps (z, not distance along the ray) of the camera's grid to camera-space points.

    The dtype is kept; NaN depth gives NaN points.

    Raises:
        WtError: the depth map is not on the camera's grid.
    """
    if depth.shape[-2:] != (intrinsics.height, intrinsics.width):
        raise WtError(
            f"unproject: the depth map is {depth.shape[-1]} x {depth.shape[-2]} but the camera's grid is "
            f"{intrinsics.width} x {intrinsics.height}. Use Intrinsics.resized or .cropped first."
        )
    return (rays(intrinsics) * np.asarray(depth, dtype=np.float64)[..., None]).astype(depth.dtype)
