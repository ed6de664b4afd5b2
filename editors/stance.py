"""Where an asset stands: the clicked pixel, the scene's surface there and the floor give a rigid pose in metres.

The local frame of a stance is the assets' own: z up along the floor's normal, metres, origin where the asset stands.
"""

from dataclasses import dataclass

import numpy as np

from wt.errors import WtError
from wt.scene.scene import Scene
from wt.types import Float

UNKNOWN_DISTANCE_M = 2.5
"""Without a floor the median depth of the scene is taken to be this far away."""
WINDOW = 4
"""Half side, in grid pixels, of the patch whose plane is the clicked surface."""
LEVEL = 0.75
"""A surface whose normal has at least this component along up can be stood on."""
TABLE_HEIGHT_M = 0.25
"""Below this a level surface counts as the floor, whose fitted plane is less noisy than the patch."""


@dataclass(frozen=True, eq=False)
class Stance:
    """`cam_from_local` is rigid, in metres; multiply by `units_per_metre` for the scene's units."""

    cam_from_local: Float[np.ndarray, "4 4"]
    units_per_metre: float
    support: str
    """"floor", "surface", "wall" or "guess"."""


def stance(scene: Scene, at: tuple[float, float], attachment: str, turn: float = 0.0) -> Stance:
    """The pose of an asset that shall stand (or hang) at a pixel.

    Args:
        scene: gives depth, K and the floor.
        at: (u, v) as fractions of the photo's width and height.
        attachment: "floor", "table", "wall" or "ceiling" (wt.data.mesh.Asset).
        turn: extra turn about up in radians; 0 faces the camera.

    Raises:
        WtError: there is no geometry near the pixel.
    """
    grid = scene.intrinsics
    u, v = at[0] * grid.width, at[1] * grid.height
    ray = np.array([(u - grid.cx) / grid.fx, (v - grid.cy) / grid.fy, 1.0])
    patch = _patch(scene, u, v)
    floor = scene.floor()
    up = floor.normal if floor is not None else np.array([0.0, -1.0, 0.0])
    metres = scene.metres_per_unit() or UNKNOWN_DISTANCE_M / float(np.nanmedian(scene.visible_depth()))
    surface = ray * float(np.median(patch[:, 2]))
    normal = _normal(patch)
    if attachment == "wall" and abs(normal @ up) < 0.6:
        facing = normal - (normal @ up) * up
        return _pose(surface, up, facing, metres, 0.0, "wall")
    support, point = "guess", surface
    height = None if floor is None else float(floor.heights(surface)) * metres
    if height is not None and height > TABLE_HEIGHT_M and normal @ up > LEVEL:
        support = "surface"
    elif floor is not None:
        reach = -floor.offset / float(ray @ up) if ray @ up < -1e-3 else np.inf
        if height is not None and height < TABLE_HEIGHT_M and reach < 2.0 * patch[:, 2].max():
            support, point = "floor", ray * reach  # the click is on the floor: its plane is less noisy than one pixel
        elif attachment != "ceiling":
            support, point = "floor", surface - float(floor.heights(surface)) * up  # under what was clicked
    towards = -point - (-point @ up) * up
    return _pose(point, up, towards, metres, turn, support)


def _patch(scene: Scene, u: float, v: float) -> Float[np.ndarray, "n 3"]:
    """Visible points of the background around a grid position."""
    grid, things = scene.intrinsics, scene.background
    row, column = (int(np.clip(x, 0, n - 1)) for x, n in ((v, grid.height), (u, grid.width)))
    for half in (WINDOW, 4 * WINDOW):
        rows = slice(max(row - half, 0), row + half + 1)
        columns = slice(max(column - half, 0), column + half + 1)
        points = things.points[0, rows, columns][things.present[0, rows, columns]].astype(np.float64)
        if len(points) >= 8:
            return points
    raise WtError("There is no surface where you clicked, only sky or a masked part. Click on the floor or a table.")


def _normal(points: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "3"]:
    """Unit normal of the patch's plane, towards the camera."""
    centred = points - points.mean(axis=0)
    normal = np.linalg.svd(centred, full_matrices=False)[2][2]
    return normal if normal @ points.mean(axis=0) < 0 else -normal


def _pose(point: np.ndarray, up: np.ndarray, front: np.ndarray, metres: float, turn: float, support: str) -> Stance:
    """The asset's front (-y) looks along `front`, then is turned about up."""
    y = -front / max(float(np.linalg.norm(front)), 1e-9)
    x = np.cross(y, up)
    x /= np.linalg.norm(x)
    y = np.cross(up, x)
    c, s = np.cos(turn), np.sin(turn)
    pose = np.eye(4)
    pose[:3, :3] = np.stack([c * x + s * y, c * y - s * x, up], axis=1)
    pose[:3, 3] = point * metres
    return Stance(pose, 1.0 / metres, support)
