"""One thing in a scene, and what a placement hands to it."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from wt.errors import WtError
from wt.scene.floor import Plane, fit_floor
from wt.types import Bool, Float, UInt8


@dataclass(frozen=True, eq=False)
class SceneObject:
    """A stack of surfaces on the rays of the scene's camera; the photo itself is the object with id 0."""

    id: int
    name: str
    points: Float[np.ndarray, "layers h w 3"]
    """float32, OpenCV camera frame, scene units, exactly on the rays of K; NaN where the object has no ray."""
    present: Bool[np.ndarray, "layers h w"]
    """Real surfaces, not repeats."""
    rgb: UInt8[np.ndarray, "h w 3"]
    """Colours of layer 0, sRGB."""
    visible: bool = True
    transform: Float[np.ndarray, "4 4"] = field(default_factory=lambda: np.eye(4))
    """Camera space to camera space, float64; the identity leaves the object on its pixels."""
    info: dict[str, Any] = field(default_factory=dict)
    """What is known about where it came from: scale, shift, residuals, model, prompt (JSON values)."""

    def __post_init__(self) -> None:
        if self.points.shape[:3] != self.present.shape or self.rgb.shape[:2] != self.points.shape[1:3]:
            raise WtError(
                f"The parts of {self.name!r} must share one grid; got points {self.points.shape}, present "
                f"{self.present.shape}, rgb {self.rgb.shape}."
            )

    @property
    def moved(self) -> bool:
        """Whether the transform is not the identity, so that its points no longer lie on their pixels."""
        return not np.array_equal(self.transform, np.eye(4))

    @cached_property
    def floor(self) -> Plane | None:
        """The floor that is seen in it; fitted once for all scenes with this photo."""
        # Layer 0 alone: what a model guesses behind it may lie under the floor.
        return fit_floor(self.points[0][self.present[0]])

    def world_points(self) -> Float[np.ndarray, "layers h w 3"]:
        """The points after `transform`, float32; the very same array while the object has not been moved."""
        if not self.moved:
            return self.points
        rotation, shift = self.transform[:3, :3], self.transform[:3, 3]
        return (self.points.astype(np.float64) @ rotation.T + shift).astype(np.float32)

    def with_transform(self, transform: Float[np.ndarray, "4 4"]) -> "SceneObject":
        """A copy with another transform (absolute: it replaces the present one)."""
        transform = np.array(transform, dtype=np.float64)
        if not np.isfinite(transform).all() or not np.array_equal(transform[3], [0, 0, 0, 1]):
            raise WtError("A transform must be a finite 4 x 4 matrix whose last row is 0 0 0 1.")
        if not np.linalg.det(transform[:3, :3]) > 0:
            raise WtError("A transform must not squash or mirror the object; its determinant must be positive.")
        return replace(self, transform=transform)


@dataclass(frozen=True)
class Gauge:
    """Depth of an edited lift -> depth of the scene: z' = scale * z + shift, solved on unchanged pixels."""

    scale: float
    shift: float
    residual: float
    """Median of |z' - z_scene| / z_scene over the unchanged pixels."""
    pixels: int = 0
    """How many pixels the solve used."""


@dataclass(frozen=True, eq=False)
class Placed:
    """A lifted object brought to the scene, still on its pixels (DESIGN section 6)."""

    points: Float[np.ndarray, "layers h w 3"]
    """float32 on the rays of the scene's K, in scene units; NaN outside the object."""
    present: Bool[np.ndarray, "layers h w"]
    rgb: UInt8[np.ndarray, "h w 3"]
    scale: float
    """s of z' = s z + t."""
    shift: float
    """t, in scene units."""
    residuals: dict[str, float]
    """`depth`: median |z' - z_scene| / median z_scene in the region; `reprojection_px`: RMS distance of the points'
    projections from their pixels' centres; `contact_gap`: signed distance from the support surface to the object's
    lowest points, scene units, positive if it floats, NaN if no support was found."""
    gauge: Gauge
    proportion: float = 1.0
    """s0: the scale that keeps the object's proportions."""
    model: str = ""
    seed: int | None = None
