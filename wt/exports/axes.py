"""Which way the axes of a file point; every file says it in words."""

from dataclasses import dataclass

import numpy as np

from wt.errors import WtError
from wt.types import Float

PIXEL_RULE = "the centre of the first pixel is at (0.5, 0.5); depth is z, not distance along the ray"


@dataclass(frozen=True, eq=False)
class Axes:
    """A right-handed frame with the photo's camera at its origin."""

    name: str
    label: str
    """For people who choose."""
    from_opencv: Float[np.ndarray, "3 3"]
    """A rotation: a column of the camera's OpenCV frame -> a column of this one."""
    text: str

    def apply(self, points: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
        """Points of the OpenCV camera frame in this frame, float32."""
        if self is OPENCV:
            return points.astype(np.float32, copy=False)
        return (points @ self.from_opencv.T).astype(np.float32)

    def camera_to_world(self) -> Float[np.ndarray, "4 4"]:
        """The pose of the photo's OpenCV camera in this frame, float64."""
        pose = np.eye(4)
        pose[:3, :3] = self.from_opencv
        return pose


OPENCV = Axes(
    "opencv",
    "OpenCV: y down, z forward",
    np.eye(3),
    "OpenCV camera: +x right, +y down, +z forward; camera at the origin; not recentred",
)
OPENGL = Axes(
    "opengl",
    "OpenGL: y up, z back",
    np.diag([1.0, -1.0, -1.0]),
    "OpenGL camera: +x right, +y up, -z forward; OpenCV (x, y, z) is written as (x, -y, -z)",
)
Z_UP = Axes(
    "z-up",
    "Blender: z up, y forward",
    np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]]),
    "z up: +x right, +y forward, +z up; OpenCV (x, y, z) is written as (x, z, -y)",
)
AXES = {axes.name: axes for axes in (OPENCV, OPENGL, Z_UP)}
"""What a person chooses from. Formats whose own standard fixes the axes keep those."""


def axes_named(name: str) -> Axes:
    """One of AXES.

    Raises:
        WtError: there is no such one.
    """
    if name not in AXES:
        raise WtError(f"There are no axes named {name!r}. Choose from {', '.join(AXES)}.")
    return AXES[name]
