"""Where an object stands: its transform as a person reads it, and back. Pure, float64, OpenCV camera frame.

An object turns and grows about its own pivot, the middle of its base as it was solved.
"""

from dataclasses import dataclass, field, replace

import numpy as np

from wt.errors import WtError
from wt.scene.objects import SceneObject
from wt.types import Bool, Float

_BOTTOM = 0.03
"""The object's lowest points: within this share of its height from the bottom."""


@dataclass(frozen=True, eq=False)
class Pose:
    """A similarity about a pivot: x -> pivot + translation + scale * rotation (x - pivot); `Pose()` is as solved."""

    translation: Float[np.ndarray, "3"] = field(default_factory=lambda: np.zeros(3))
    """Of the pivot, in scene units."""
    rotation: Float[np.ndarray, "3 3"] = field(default_factory=lambda: np.eye(3))
    scale: float = 1.0

    def matrix(self, pivot: Float[np.ndarray, "3"]) -> Float[np.ndarray, "4 4"]:
        """As a transform of camera space, for `Scene.move`."""
        transform = np.eye(4)
        transform[:3, :3] = self.scale * self.rotation
        transform[:3, 3] = pivot + self.translation - transform[:3, :3] @ pivot
        return transform

    def moved(self, by: Float[np.ndarray, "3"]) -> "Pose":
        """Shifted, in scene units along the camera's axes."""
        return replace(self, translation=self.translation + by)

    def turned(self, axis: Float[np.ndarray, "3"], angle_deg: float | int) -> "Pose":
        """Turned about an axis through the pivot where it is now, by the right-hand rule."""
        from scipy.spatial.transform import Rotation

        turn = Rotation.from_rotvec(np.radians(angle_deg) * axis / np.linalg.norm(axis)).as_matrix()
        return replace(self, rotation=turn @ self.rotation)

    def scaled(self, factor: float | int) -> "Pose":
        """Larger or smaller about the pivot.

        Raises:
            WtError: the factor is not positive.
        """
        if not factor > 0:
            raise WtError(f"An object can be scaled by a positive factor only; got {factor:g}.")
        return replace(self, scale=self.scale * factor)

    def heading_deg(self, up: Float[np.ndarray, "3"]) -> float:
        """The part of the rotation that turns about `up`, counter-clockwise seen from above, -180 to 180."""
        from scipy.spatial.transform import Rotation

        *along, w = Rotation.from_matrix(self.rotation).as_quat()
        angle = np.degrees(2 * np.arctan2(np.dot(along, up), w))
        return float((angle + 180) % 360 - 180)


def pose_of(transform: Float[np.ndarray, "4 4"], pivot: Float[np.ndarray, "3"]) -> Pose:
    """The pose that a transform gives an object with this pivot; of a transform that also shears, the nearest."""
    linear = transform[:3, :3]
    left, _, right = np.linalg.svd(linear)
    scale = float(np.cbrt(np.linalg.det(linear)))
    return Pose(linear @ pivot + transform[:3, 3] - pivot, left @ right, scale)


@dataclass(frozen=True, eq=False)
class Stand:
    """The frame that an object is taken by: its origin is the pivot, its axes turn with the object."""

    position: Float[np.ndarray, "3"]
    axes: Float[np.ndarray, "3 3"]
    """Columns; of an object as solved, right, up and back towards the camera, level with the floor."""
    size: float = 0.0
    """Longest side of the object now, scene units."""
    spread: float = 1.0
    """How much further apart its points are than pixels at its depth: 1 as solved, more if larger or nearer."""

    @property
    def wxyz(self) -> Float[np.ndarray, "4"]:
        """The axes as a unit quaternion."""
        from scipy.spatial.transform import Rotation

        return np.roll(Rotation.from_matrix(self.axes).as_quat(), 1)

    def local(self, points: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 3"]:
        """Camera-space points in this frame, float32."""
        return ((points.astype(np.float64) - self.position) @ self.axes).astype(np.float32)


def stand_of(thing: SceneObject, up: Float[np.ndarray, "3"]) -> Stand:
    """The frame of an object where it is now."""
    pivot = pivot_of(thing, up)
    pose = pose_of(thing.transform, pivot)
    size = pose.scale * float(np.ptp(solid_points(thing.points, thing.present), axis=0).max())
    position = pivot + pose.translation
    spread = pose.scale * pivot[2] / max(position[2], 0.1 * pivot[2])
    return Stand(position, pose.rotation @ upright(up), size, float(spread))


def taken_to(
    thing: SceneObject, up: Float[np.ndarray, "3"], position: Float[np.ndarray, "3"], wxyz: Float[np.ndarray, "4"]
) -> Float[np.ndarray, "4 4"]:
    """The transform that brings an object's frame to this place and orientation; its scale stays."""
    from scipy.spatial.transform import Rotation

    pivot = pivot_of(thing, up)
    rotation = Rotation.from_quat(np.roll(wxyz, -1)).as_matrix() @ upright(up).T
    return Pose(position - pivot, rotation, pose_of(thing.transform, pivot).scale).matrix(pivot)


def pivot_of(thing: SceneObject, up: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3"]:
    """The middle of the object's base as it was solved, scene units; a few stray points do not move it."""
    body = solid_points(thing.points, thing.present)
    axes = upright(up)
    low, high = np.percentile(body @ axes, (1, 99), axis=0)
    middle = (low + high) / 2
    return axes @ np.array([middle[0], bottom_level(body, up), middle[2]])


def upright(up: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3 3"]:
    """Right, up and back towards the camera as columns: the camera's axes made level."""
    back = np.array([0.0, 0.0, -1.0]) + up[2] * up
    back /= np.linalg.norm(back)
    return np.stack([np.cross(up, back), up, back], axis=1)


def solid_points(
    points: Float[np.ndarray, "layers h w 3"], present: Bool[np.ndarray, "layers h w"]
) -> Float[np.ndarray, "n 3"]:
    """The finite points of real surfaces, float64."""
    body = points[present].astype(np.float64)
    return body[np.isfinite(body).all(axis=1)]


def lowest(body: Float[np.ndarray, "n 3"], up: Float[np.ndarray, "3"]) -> Bool[np.ndarray, " n"]:
    """Which points are the object's base."""
    heights = body @ up
    low, high = np.percentile(heights, (0.5, 99.5))
    return heights <= low + _BOTTOM * max(high - low, 1e-9)


def bottom_level(body: Float[np.ndarray, "n 3"], up: Float[np.ndarray, "3"]) -> float:
    """Height of the base along `up`."""
    return float(np.median(body[lowest(body, up)] @ up))
