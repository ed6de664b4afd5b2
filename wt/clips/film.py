"""A clip as a film: the frames, and beside them the points from a camera that swings from side to side."""

from collections.abc import Iterator

import numpy as np

from wt.clips.clip import Clip
from wt.geometry.camera import Intrinsics
from wt.images import resize_rgb
from wt.scene.scene import Scene
from wt.types import Float, UInt8

SIDE = 480
"""Height of the film at most, in pixels."""
SWING_DEGREES = 30.0
"""To either side."""
LEAST_SECONDS = 4.0
"""A shorter clip is shown several times over, so that the camera need not rush."""
MARGIN = 1.25
"""How much wider than what moves the view is."""


def film_frames(clip: Clip, fps: int, hidden: str) -> Iterator[UInt8[np.ndarray, "h w 3"]]:
    """The film's pictures, of even sides, one after the other.

    Args:
        clip: with its lifts.
        fps: frames a second.
        hidden: colours of layers behind the first, "grey" or "photo".
    """
    from wt.views.rasterise import Rasteriser
    from wt.views.surfels import surfels_of
    from wt.views.view import View

    scenes = [Scene.from_layers(one) for one in clip.lifted]
    present = [scene.background.points[scene.background.present] for scene in scenes]
    height = 2 * (min(SIDE, clip.height) // 2)
    width = 2 * round(height * clip.width / clip.height / 2)
    middle, lens = _lens(np.concatenate(present), height)
    drawn = [Rasteriser(surfels_of(scene, hidden="grey" if hidden == "grey" else "photo")) if len(points) else None
             for scene, points in zip(scenes, present, strict=True)]  # fmt: skip
    rounds = max(1, int(np.ceil(LEAST_SECONDS * fps / len(clip))))
    for number in range(rounds * len(clip)):
        index, turn = number % len(clip), 2 * np.pi * number / (rounds * len(clip))
        view = View(lens, _about(middle, np.radians(SWING_DEGREES) * np.sin(turn)))
        raster = drawn[index]
        points = np.zeros((height, height, 3), np.uint8) if raster is None else raster.draw(view).rgb
        yield np.concatenate([resize_rgb(clip.frames[index], width, height), points], axis=1)


def _lens(points: Float[np.ndarray, "n 3"], side: int) -> tuple[Float[np.ndarray, "3"], Intrinsics]:
    """The middle of what moves, and a square camera that looks at it."""
    low, high = np.percentile(points, 1, axis=0), np.percentile(points, 99, axis=0)
    middle = (low + high) / 2
    radius = float(np.linalg.norm(high - low)) / 2 * MARGIN
    focal = side / 2 * float(np.linalg.norm(middle)) / max(radius, 1e-6)
    return middle, Intrinsics(focal, focal, side / 2, side / 2, side, side)


def _about(middle: Float[np.ndarray, "3"], angle: float) -> Float[np.ndarray, "4 4"]:
    """A camera as far from the middle as the photo's, looking at it, carried about it by an angle."""
    from scipy.spatial.transform import Rotation

    ahead = middle / np.linalg.norm(middle)
    right = np.cross([0.0, 1.0, 0.0], ahead)
    right /= np.linalg.norm(right)
    turn = Rotation.from_rotvec([0.0, -angle, 0.0]).as_matrix()
    pose = np.eye(4)
    pose[:3, :3] = turn @ np.stack([right, np.cross(ahead, right), ahead], axis=1)
    pose[:3, 3] = middle - turn @ middle
    return pose
