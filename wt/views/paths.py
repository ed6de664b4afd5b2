"""Camera paths: orbit, dolly, spiral, look-around and keyframes, each a list of views that begins at the photo's own.

How far a path goes is a share of what the scene allows: six layers show what lies behind the first surfaces, not a room
behind the camera, so that the default steps aside by a quarter of the depth of what is near.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wt.errors import WtError
from wt.geometry.camera import Intrinsics
from wt.scene.scene import Scene
from wt.types import Float
from wt.views.view import View

ASIDE = 0.25
"""How far the camera goes aside by default, as a share of the depth of what is near."""
AHEAD = 0.35
"""And how far ahead."""
_NEAR_PERCENTILE = 10
_FULL_TURN = 180.0
"""From this amplitude on an orbit goes all the way round."""
LOOK_DEGREES = 6.0
MAX_FRAMES = 1024
_TURNTABLE_NEAREST = 2.5
"""How many radii of what is turned its camera keeps away."""
_TURNTABLE_FILL = 0.9
"""Share of the picture's shorter side that it may take."""


@dataclass(frozen=True)
class Surroundings:
    """What a path needs to know of a scene, scene units."""

    middle: Float[np.ndarray, "3"]
    """What an orbit turns about."""
    near: float
    """Depth of what is near: a tenth of the photo's visible surface is nearer."""
    up: Float[np.ndarray, "3"]
    """Unit vector."""

    @classmethod
    def of(cls, scene: Scene, about: int | None = None) -> "Surroundings":
        """Of a scene; an orbit turns about an object's middle, or the point ahead of the camera at the middle depth.

        Raises:
            WtError: no such object, or nothing is seen.
        """
        depth = scene.visible_depth()
        depth = depth[np.isfinite(depth)]
        if not len(depth):
            raise WtError("Nothing of the scene is left to draw. Show at least one object.")
        near = float(np.percentile(depth, _NEAR_PERCENTILE))
        middle = np.array([0.0, 0.0, float(np.median(depth))])
        if about is not None:
            points = scene[about].world_points()[scene[about].present].astype(np.float64)
            middle = (points.min(axis=0) + points.max(axis=0)) / 2
        return cls(middle, near, np.asarray(scene.up(), dtype=np.float64))

    @property
    def orbit_degrees(self) -> float:
        """The turn about the middle that takes the camera aside by the default."""
        share = ASIDE * self.near / float(np.linalg.norm(self.middle))
        return float(np.degrees(np.arcsin(min(share, 1.0))))


def orbit(around: Surroundings, intrinsics: Intrinsics, frames: int, degrees: float | int) -> list[View]:
    """Turn about the middle, to one side, to the other and back; from 180 degrees on, once all the way round.

    Args:
        around: what is turned about.
        intrinsics: of every view.
        frames: how many views.
        degrees: amplitude to either side.
    """
    turn = _phases(frames)
    angles = 360 * turn if degrees >= _FULL_TURN else degrees * np.sin(2 * np.pi * turn)
    return [View(intrinsics, _about(around.middle, around.up * np.radians(angle))) for angle in angles]


def dolly(around: Surroundings, intrinsics: Intrinsics, frames: int, share: float | int) -> list[View]:
    """Straight ahead by a share of the near depth, and back (negative: backwards first)."""
    way = around.near * share
    return [View(intrinsics, _at(0, 0, way * (1 - np.cos(2 * np.pi * t)) / 2)) for t in _phases(frames)]


def spiral(around: Surroundings, intrinsics: Intrinsics, frames: int, share: float | int) -> list[View]:
    """A circle beside the photo's camera, a little ahead and back, with the eye kept on the middle."""
    radius = around.near * share
    views = []
    for t in _phases(frames):
        swell = np.sin(np.pi * t) ** 2
        aside, lift = radius * swell * np.sin(4 * np.pi * t), radius * swell * (1 - np.cos(4 * np.pi * t)) / 4
        views.append(View(intrinsics, _looking(_at(aside, -lift, radius * swell), around)))
    return views


def look(around: Surroundings, intrinsics: Intrinsics, frames: int, degrees: float | int) -> list[View]:
    """The camera stays and looks about: left, right, a little up and down."""
    from scipy.spatial.transform import Rotation

    views = []
    for t in _phases(frames):
        yaw, pitch = degrees * np.sin(2 * np.pi * t), 0.4 * degrees * np.sin(4 * np.pi * t)
        pose = np.eye(4)
        pose[:3, :3] = (
            Rotation.from_rotvec(-around.up * np.radians(yaw)) * Rotation.from_euler("x", pitch, degrees=True)
        ).as_matrix()
        views.append(View(intrinsics, pose))
    return views


def keyframes(poses: Sequence[Float[np.ndarray, "4 4"]], intrinsics: Intrinsics, frames: int) -> list[View]:
    """Through the poses in order: places by a Catmull-Rom curve, rotations by slerp, at an even pace.

    Args:
        poses: camera to world, at least two.
        intrinsics: of every view.
        frames: how many views, the first and the last pose included.

    Raises:
        WtError: fewer than two poses, or one that is no pose.
    """
    from scipy.interpolate import CubicHermiteSpline
    from scipy.spatial.transform import Rotation, Slerp

    if len(poses) < 2:
        raise WtError(f"A path through keyframes needs at least two of them; got {len(poses)}. Add another one.")
    matrices = np.stack([View(intrinsics, pose).camera_to_world for pose in poses])
    places, turns = matrices[:, :3, 3], Rotation.from_matrix(matrices[:, :3, :3])
    knots = np.arange(len(poses), dtype=float)
    padded = np.concatenate([places[:1], places, places[-1:]])
    curve = CubicHermiteSpline(knots, places, (padded[2:] - padded[:-2]) / 2)
    at = _evenly(places, turns, _shares(frames))
    found = np.tile(np.eye(4), (frames, 1, 1))
    found[:, :3, 3], found[:, :3, :3] = curve(at), Slerp(knots, turns)(at).as_matrix()
    return [View(intrinsics, pose) for pose in found]


def turntable(
    points: Float[np.ndarray, "n 3"], intrinsics: Intrinsics, frames: int, *, up: Float[np.ndarray, "3"]
) -> list[View]:
    """Once all round some points, which fill the picture, from the height from which the photo looks at them.

    Args:
        points: in the scene's frame.
        intrinsics: whose size the views have; focal length and centre are set so that the points fit.
        frames: how many views.
        up: unit vector that is turned about.
    """
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    radius = float(np.linalg.norm(points - middle, axis=1).max())
    distance = max(float(np.linalg.norm(middle)), _TURNTABLE_NEAREST * radius)
    focal = _TURNTABLE_FILL * min(intrinsics.width, intrinsics.height) / 2 * np.sqrt((distance / radius) ** 2 - 1)
    camera = Intrinsics(focal, focal, intrinsics.width / 2, intrinsics.height / 2, intrinsics.width, intrinsics.height)
    start = _facing(middle * (1 - distance / float(np.linalg.norm(middle))), middle, up)
    return [View(camera, _about(middle, up * 2 * np.pi * t) @ start) for t in _phases(frames)]


@dataclass(frozen=True)
class CameraPath:
    """A path by its name, for people who choose."""

    label: str
    make: Callable[..., list[View]]
    unit: str
    """Of its amplitude."""
    safe: Callable[[Surroundings], float]
    """The amplitude that a scene allows."""


PATHS: dict[str, CameraPath] = {
    "orbit": CameraPath("Orbit", orbit, "degrees", lambda around: around.orbit_degrees),
    "dolly": CameraPath("Dolly", dolly, "share of the near depth", lambda around: AHEAD),
    "spiral": CameraPath("Spiral", spiral, "share of the near depth", lambda around: ASIDE),
    "look": CameraPath("Look around", look, "degrees", lambda around: LOOK_DEGREES),
}


def path_named(
    name: str,
    scene: Scene,
    intrinsics: Intrinsics,
    frames: int,
    *,
    amplitude: float | int | None = None,
    about: int | None = None,
) -> list[View]:
    """One of PATHS through a scene.

    Args:
        name: a key of PATHS.
        scene: whose depth sets the default amplitude.
        intrinsics: of every view.
        frames: how many views.
        amplitude: in the path's own unit; what the scene allows by default.
        about: id of the object that is turned about.

    Raises:
        WtError: no such path or object, or a number that cannot be.
    """
    if name not in PATHS:
        raise WtError(f"There is no camera path {name!r}. Choose from {', '.join(PATHS)}, or give a file of keyframes.")
    _checked(frames)
    if amplitude is not None and not np.isfinite(amplitude):
        raise WtError(f"The amplitude of a camera path must be a finite number; got {amplitude}.")
    path, around = PATHS[name], Surroundings.of(scene, about)
    return path.make(around, intrinsics, frames, path.safe(around) if amplitude is None else amplitude)


def read_keyframes(path: Path) -> list[Float[np.ndarray, "4 4"]]:
    """Poses of a JSON file: a list of 4 x 4 matrices camera to world, or of objects with `camera_to_world`; the same
    under "frames" or "keyframes".

    Raises:
        WtError: unreadable, or not that.
    """
    try:
        told: Any = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(told, dict):
            told = told["keyframes"] if "keyframes" in told else told["frames"]
        rows = [row["camera_to_world"] if isinstance(row, dict) else row for row in told]
        poses = [np.array(row, dtype=np.float64) for row in rows]
        if any(pose.shape != (4, 4) for pose in poses):
            raise ValueError("not every pose is a 4 x 4 matrix")
        return poses
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise WtError(
            f"{path.name} does not hold camera keyframes ({error}). It needs a JSON list of 4 x 4 matrices, camera to "
            "world, OpenCV axes."
        ) from error


def _checked(frames: int) -> int:
    if not 1 <= frames <= MAX_FRAMES:
        raise WtError(f"A camera path has 1 to {MAX_FRAMES} frames; got {frames}.")
    return frames


def _phases(frames: int) -> Float[np.ndarray, " frames"]:
    """0 to 1 over a path that comes back: the frame after the last would be the first, so that it loops."""
    return np.arange(_checked(frames)) / frames


def _shares(frames: int) -> Float[np.ndarray, " frames"]:
    """0 to 1, both included."""
    return np.linspace(0, 1, _checked(frames))


def _at(x: float | int, y: float | int, z: float) -> Float[np.ndarray, "4 4"]:
    pose = np.eye(4)
    pose[:3, 3] = x, y, z
    return pose


def _about(pivot: Float[np.ndarray, "3"], turn: Float[np.ndarray, "3"]) -> Float[np.ndarray, "4 4"]:
    """The photo's camera carried about a point by a rotation vector: the point keeps its place in the picture."""
    from scipy.spatial.transform import Rotation

    pose = np.eye(4)
    pose[:3, :3] = Rotation.from_rotvec(turn).as_matrix()
    pose[:3, 3] = pivot - pose[:3, :3] @ pivot
    return pose


def _facing(
    place: Float[np.ndarray, "3"], target: Float[np.ndarray, "3"], up: Float[np.ndarray, "3"]
) -> Float[np.ndarray, "4 4"]:
    """A camera at a place that looks at a target and is held upright."""
    ahead = (target - place) / np.linalg.norm(target - place)
    right = np.cross(ahead, up)
    right = right / np.linalg.norm(right) if np.linalg.norm(right) > 1e-6 else np.array([1.0, 0.0, 0.0])
    pose = np.eye(4)
    pose[:3, :3] = np.stack([right, np.cross(ahead, right), ahead], axis=1)
    pose[:3, 3] = place
    return pose


def _looking(pose: Float[np.ndarray, "4 4"], around: Surroundings) -> Float[np.ndarray, "4 4"]:
    """The camera turned as little as brings the middle back to where the photo shows it."""
    from scipy.spatial.transform import Rotation

    wanted = around.middle - pose[:3, 3]
    pose[:3, :3] = Rotation.align_vectors(wanted[None], around.middle[None])[0].as_matrix()
    return pose


def _evenly(
    places: Float[np.ndarray, "n 3"], turns: Any, shares: Float[np.ndarray, " frames"]
) -> Float[np.ndarray, " frames"]:
    """The knots' parameter at even shares of the way, on which a turn counts as the way it moves the middle ground."""
    legs = np.linalg.norm(np.diff(places, axis=0), axis=1)
    reach = max(float(legs.max()), 1e-9)
    legs = legs + reach * (turns[:-1].inv() * turns[1:]).magnitude() + 1e-9 * reach
    along = np.concatenate([[0.0], np.cumsum(legs)])
    return np.interp(shares * along[-1], along, np.arange(len(places), dtype=float))
