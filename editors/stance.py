"""Where an asset stands: the clicked pixel, the scene's surface there and the floor give a rigid pose in metres.

The local frame of a stance is the assets' own: z up along the floor's normal, metres, origin where the asset stands.
"""

from dataclasses import dataclass, replace

import numpy as np

from editors.light import surface_normals
from wt.data.mesh import pose
from wt.errors import WtError
from wt.geometry.camera import Intrinsics, rays
from wt.scene.floor import Plane
from wt.scene.scene import CAMERA_HEIGHT_M, Scene
from wt.types import Bool, Float

UNKNOWN_DISTANCE_M = 2.5
"""Without a floor the median depth of the scene is taken to be this far away."""
WINDOW = 0.022
"""Half side of the patch whose plane is the clicked surface, as a share of the grid's long side."""
LEVEL = 0.6
"""A surface whose normal has at least this component along up can be stood on."""
TABLE_HEIGHT = 1 / 6
"""Below this share of the camera's height a surface counts as the floor, whose fitted plane is less noisy."""
CEILING_M = 2.4
FARTHEST = 3.0
"""The floor's plane is believed at a pixel up to this many times as far as the surface that is seen there."""
FOOT_BELOW = 0.25
"""How far below a click, as a share of the photo's height, the foot of what was clicked may be."""
_CAMERA_UP = np.array([0.0, -np.cos(0.25), -np.sin(0.25)])
"""Up where no floor is found: most photos are held level and look down a little."""


@dataclass(frozen=True, eq=False)
class Stance:
    """`cam_from_local` is rigid, in metres; multiply by `units_per_metre` for the scene's units."""

    cam_from_local: Float[np.ndarray, "4 4"]
    units_per_metre: float
    support: str
    """"floor", "surface", "wall", "ceiling", or "guess" without a floor."""
    up: Float[np.ndarray, "3"]
    """Unit vector in the camera frame."""

    @property
    def normal(self) -> Float[np.ndarray, "3"]:
        """Of the support surface, towards the asset's side, camera frame."""
        if self.support == "wall":
            return -self.cam_from_local[:3, 1]
        return -self.up if self.support == "ceiling" else self.cam_from_local[:3, 2]

    @property
    def heading_deg(self) -> float:
        """Where the asset's front looks, about up: 0 towards the camera's plane, 90 to the photo's right."""
        front = -self.cam_from_local[:3, 1]
        right = np.array([1.0, 0.0, 0.0]) - self.up[0] * self.up
        right /= np.linalg.norm(right)
        return float(np.rad2deg(np.arctan2(front @ right, front @ np.cross(right, self.up))))

    def headed(self, heading_deg: float) -> "Stance":
        """Turned about up to that heading; what hangs on a wall stays flat on it."""
        if self.support == "wall":
            return self
        turn = pose(0.0, 0.0, 0.0, float(np.deg2rad(heading_deg - self.heading_deg)))
        return replace(self, cam_from_local=self.cam_from_local @ turn)

    @property
    def origin(self) -> Float[np.ndarray, "3"]:
        """Where the asset stands, camera frame, metres."""
        return self.cam_from_local[:3, 3]


def stance(
    scene: Scene,
    at: tuple[float, float],
    attachment: str,
    turn: float = 0.0,
    camera_height_m: float = CAMERA_HEIGHT_M,
) -> Stance:
    """The pose of an asset that shall stand (or hang) at a pixel.

    A wall asset hangs at the pixel, a ceiling asset hangs from it; everything else stands on what is there: on the
    floor, on a level surface above it, or on the floor below an upright surface. It faces the camera but for `turn`.

    Args:
        scene: gives depth, K and the floor.
        at: (u, v) as fractions of the photo's width and height.
        attachment: "floor", "table", "wall" or "ceiling" (wt.data.mesh.Asset).
        turn: extra turn about up in radians.
        camera_height_m: how high the camera is taken to have stood, which gives a relative scene its metres.

    Raises:
        WtError: there is no geometry near the pixel.
    """
    grid = scene.intrinsics
    u, v = at[0] * grid.width, at[1] * grid.height
    ray = np.array([(u - grid.cx) / grid.fx, (v - grid.cy) / grid.fy, 1.0])
    patch = _patch(scene, u, v)
    floor = scene.floor()
    up = _upright(floor.normal) if floor is not None else _CAMERA_UP
    metres = scene.metres_per_unit(camera_height_m) or UNKNOWN_DISTANCE_M / float(np.nanmedian(scene.visible_depth()))
    normal = _normal(patch)
    surface = ray * _depth_on_plane(patch, normal, ray)
    if attachment == "wall" and abs(normal @ up) < 0.75:
        return _pose(surface, up, normal - (normal @ up) * up, metres, 0.0, "wall")
    if attachment == "ceiling":
        # Not on the ceiling: it hangs above what was clicked, at the height of a usual room.
        if floor is not None and _height(floor, surface) * metres < 1.2:
            surface = surface + (CEILING_M / metres - _height(floor, surface)) * up
        return _pose(surface, up, _towards_camera(surface, up), metres, turn, "ceiling")
    support, point = "guess", surface
    if floor is not None:
        height = _height(floor, surface) / floor.offset
        level = normal @ up > LEVEL
        reach = -floor.offset / float(ray @ up) if ray @ up < -1e-3 else np.inf
        seen = reach < FARTHEST * surface[2]
        if seen and (height <= TABLE_HEIGHT or (level and _runs_into_floor(scene, floor, at))):
            support, point = "floor", ray * reach
        elif level:
            support = "surface"
        elif (foot := _foot(surface, up, floor, grid, v)) is not None:
            support, point = "floor", foot
        elif seen:
            support, point = "floor", ray * reach
    return _pose(point, up, _towards_camera(point, up), metres, turn, support)


def support_area(scene: Scene, stand: Stance, at: tuple[float, float]) -> Bool[np.ndarray, "h w"]:
    """Grid pixels that show the surface on which the asset stands, as far as it reaches from the place `at`.

    What lies in its plane, and what faces as it does and is connected with the place: lifted depth is wrong by some
    per cent of itself, so a floor is not flat.
    """
    import cv2

    points = scene.background.points[0].astype(np.float64) / stand.units_per_metre
    with np.errstate(invalid="ignore"):
        in_plane = np.abs((points - stand.origin) @ stand.normal) < 0.04 + 0.05 * points[..., 2]
    parallel = (
        cv2.morphologyEx(_parallel(scene, stand.normal).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
        > 0
    )
    area = _connected(parallel | in_plane, at).astype(np.uint8)
    return (cv2.morphologyEx(area, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8)) > 0) & scene.alpha


def closeness(scene: Scene, stand: Stance, reach_m: float) -> Float[np.ndarray, "h w"]:
    """1 up to `reach_m` from the asset, falling to 0 at twice that, measured in the plane of its support."""
    directions = rays(scene.intrinsics)
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = (stand.origin @ stand.normal) / (directions @ stand.normal)
        distance = np.linalg.norm(directions * depth[..., None] - stand.origin, axis=-1)
        return np.where(depth > 0, np.clip(2.0 - distance / reach_m, 0, 1), 0.0)


def nearer(scene: Scene, stand: Stance, depth_m: float) -> Bool[np.ndarray, "h w"]:
    """Grid pixels whose visible surface lies clearly before `depth_m`; the support among them hides nothing."""
    depth = scene.visible_depth().astype(np.float64) / stand.units_per_metre
    with np.errstate(invalid="ignore"):
        return depth < 0.93 * depth_m


def _parallel(scene: Scene, normal: Float[np.ndarray, "3"]) -> Bool[np.ndarray, "h w"]:
    """Grid pixels whose smoothed surface faces that way."""
    import cv2

    normals, valid = surface_normals(scene)
    facing = np.where(valid, normals @ normal, 0.0)
    total = cv2.boxFilter(facing, -1, (5, 5)) / np.maximum(cv2.boxFilter(valid.astype(np.float64), -1, (5, 5)), 1e-6)
    return valid & (total > 0.5)


def _connected(mask: Bool[np.ndarray, "h w"], at: tuple[float, float]) -> Bool[np.ndarray, "h w"]:
    """The piece of a mask that holds the place, or is within a few pixels of it."""
    import cv2

    height, width = mask.shape
    row, column = min(int(at[1] * height), height - 1), min(int(at[0] * width), width - 1)
    _, pieces = cv2.connectedComponents(mask.astype(np.uint8), connectivity=4)
    close = pieces[max(row - 3, 0) : row + 4, max(column - 3, 0) : column + 4]
    return np.isin(pieces, close[close > 0]) & mask


def _patch(scene: Scene, u: float, v: float) -> Float[np.ndarray, "n 3"]:
    """Visible points around a grid position that belong to the surface in its middle."""
    grid, things = scene.intrinsics, scene.background
    row, column = (int(np.clip(x, 0, n - 1)) for x, n in ((v, grid.height), (u, grid.width)))
    half = max(3, round(WINDOW * max(grid.width, grid.height)))
    for size in (half, 4 * half):
        rows = slice(max(row - size, 0), row + size + 1)
        columns = slice(max(column - size, 0), column + size + 1)
        points = things.points[0, rows, columns][things.present[0, rows, columns]].astype(np.float64)
        if len(points) >= 8:
            middle = things.points[0, row, column, 2]
            wanted = float(middle) if things.present[0, row, column] else float(np.median(points[:, 2]))
            same = np.abs(points[:, 2] - wanted) < 0.08 * wanted
            return points[same] if same.sum() >= 8 else points
    raise WtError("There is no surface where you clicked, only sky or a masked part. Click on the floor or a table.")


def _normal(points: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "3"]:
    """Unit normal of the patch's plane, towards the camera."""
    centred = points - points.mean(axis=0)
    normal = np.linalg.svd(centred, full_matrices=False)[2][2]
    return normal if normal @ points.mean(axis=0) < 0 else -normal


def _depth_on_plane(points: Float[np.ndarray, "n 3"], normal: Float[np.ndarray, "3"], ray: np.ndarray) -> float:
    """Depth at which the ray meets the patch's plane; the patch's median depth if it grazes it."""
    middle = float(np.median(points[:, 2]))
    facing = float(ray @ normal)
    if abs(facing) < 0.05:
        return middle
    depth = float(points.mean(axis=0) @ normal) / facing
    return depth if 0.9 * middle < depth < 1.1 * middle else middle


def _foot(
    surface: Float[np.ndarray, "3"], up: Float[np.ndarray, "3"], floor: Plane, grid: Intrinsics, v: float
) -> Float[np.ndarray, "3"] | None:
    """The floor below an upright surface that was clicked, unless that is far from the click or out of the picture."""
    foot = surface - _height(floor, surface) * up
    if foot[2] <= 0:
        return None
    below = grid.fy * foot[1] / foot[2] + grid.cy - v
    return foot if below < FOOT_BELOW * grid.height and v + below < grid.height else None


def _runs_into_floor(scene: Scene, floor: Plane, at: tuple[float, float]) -> bool:
    """Whether the level surface around a place is part of the floor, which lifted depth often bends up or down."""
    area = _connected(_parallel(scene, floor.normal), at)
    points = scene.background.points[0]
    with np.errstate(invalid="ignore"):
        on_floor = np.abs(floor.heights(points)) < 0.04 * points[..., 2]
    return bool((area & on_floor).sum() > 0.2 * area.sum())


def _height(floor: Plane, point: Float[np.ndarray, "3"]) -> float:
    return float(floor.heights(point[None])[0])


def _upright(normal: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3"]:
    """The floor's normal with most of its sideways lean taken out: photos are held level, fitted floors lean."""
    up = normal * (0.15, 1.0, 1.0)
    return up / np.linalg.norm(up)


def _towards_camera(point: Float[np.ndarray, "3"], up: Float[np.ndarray, "3"]) -> Float[np.ndarray, "3"]:
    return (point @ up) * up - point


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
    return Stance(pose, 1.0 / metres, support, up)
