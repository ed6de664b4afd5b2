"""One view of a scene: a camera and where it stands."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from wt.errors import WtError
from wt.geometry.camera import Intrinsics
from wt.types import Float


@dataclass(frozen=True, eq=False)
class View:
    """A pinhole camera with a pose in the scene's frame: OpenCV axes, the photo's own camera is the identity."""

    intrinsics: Intrinsics
    camera_to_world: Float[np.ndarray, "4 4"] = field(default_factory=lambda: np.eye(4))
    """float64, a rotation and the camera's place in scene units."""

    def __post_init__(self) -> None:
        pose = np.array(self.camera_to_world, dtype=np.float64)
        turn = pose[:3, :3]
        rigid = np.isfinite(pose).all() and np.allclose(turn @ turn.T, np.eye(3), atol=1e-4)
        if not rigid or not np.linalg.det(turn) > 0 or not np.allclose(pose[3], [0, 0, 0, 1]):
            raise WtError("A camera's pose must be a rotation and a place: a 4 x 4 matrix whose last row is 0 0 0 1.")
        object.__setattr__(self, "camera_to_world", pose)

    @property
    def world_to_camera(self) -> Float[np.ndarray, "4 4"]:
        """The inverse of the pose, float64."""
        return np.linalg.inv(self.camera_to_world)

    def as_json(self) -> dict[str, Any]:
        """K, size, pose and its inverse, as every file states them."""
        k = self.intrinsics
        return {
            "width": k.width,
            "height": k.height,
            "K": k.matrix().tolist(),
            "camera_to_world": self.camera_to_world.tolist(),
            "world_to_camera": self.world_to_camera.tolist(),
        }


def filling(intrinsics: Intrinsics, width: int, height: int) -> Intrinsics:
    """The same camera for a picture of another shape that the photo fills: what does not fit is cut, evenly.

    Args:
        intrinsics: of the photo, on any grid.
        width, height: of the picture, pixels.
    """
    scale = max(width / intrinsics.width, height / intrinsics.height)
    whole = intrinsics.resized(round(intrinsics.width * scale), round(intrinsics.height * scale))
    return whole.cropped((whole.width - width) / 2, (whole.height - height) / 2, width, height)
