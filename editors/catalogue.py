"""The offline editor: paints an asset of the procedural catalogue into the photo, at true size, lit like the photo.

It is a 2D editor. The geometry that is placed comes from the object model's look at the edited photo; the asset's mesh
never enters the scene. It only tells where the truth is, so that the placement's error can be stated.
"""

import zlib
from dataclasses import dataclass, replace

import numpy as np

from editors.camera_look import blur_px
from editors.catalogue_assets import as_high, make, sized
from editors.composite import compose, render_layer
from editors.light import LightEstimate, estimate_light
from editors.segment.refine import to_photo
from editors.stance import Stance, closeness, nearer, stance, support_area
from wt.data.film import decode_srgb
from wt.data.mesh import Asset, Camera, pose
from wt.data.peel import Solids, peel
from wt.errors import WtError
from wt.geometry.camera import Intrinsics, rays
from wt.scene.scene import CAMERA_HEIGHT_M, Scene, on_grid
from wt.types import Bool, Float, UInt8

NAME = "catalogue"
LICENCE = "Apache-2.0"
MAX_RENDER_PX = 480
"""A larger object is rendered at this size and enlarged."""
YAW = 0.45
"""An asset faces the camera to within this many radians."""
MOST_HIDDEN = 0.7
"""If the scene's depth would hide more of the asset than this, the depth is taken to be wrong."""
SQUARE = 0.01
_MIN_SIDE_PX = 10
_MIN_GRID_PX = 12


@dataclass(frozen=True, eq=False)
class Painting:
    """What the catalogue painted."""

    rgb: UInt8[np.ndarray, "h w 3"]
    mask: Bool[np.ndarray, "h w"]
    """The asset's visible pixels."""
    region: Bool[np.ndarray, "h w"]
    """Every pixel that may have changed: the asset and its shadow."""
    true_centroid: Float[np.ndarray, "3"]
    """Mean of all surfaces along the rays of the asset's visible pixels, camera frame, scene units."""
    true_size: float
    """Longest side of the asset's box in scene units."""
    height_m: float
    """Of the asset as it was painted."""
    heading_deg: float
    """See Stance."""
    support: str
    """What it stands on: "floor", "surface", "wall", "ceiling", or "guess" without a floor."""


@dataclass(frozen=True)
class _Window:
    """A crop of the photo and the camera that renders it, perhaps at fewer pixels."""

    left: int
    top: int
    right: int
    bottom: int
    camera: Intrinsics
    """What renders: square pixels."""
    scene_camera: Intrinsics
    """The scene's K on the same pixels."""

    @property
    def slices(self) -> tuple[slice, slice]:
        return slice(self.top, self.bottom), slice(self.left, self.right)


def paint(
    scene: Scene,
    photo: UInt8[np.ndarray, "h w 3"],
    family: str,
    at: tuple[float, float],
    *,
    colour: str | None = None,
    material: str | None = None,
    size: str | None = None,
    seed: int = 0,
    height_m: float | None = None,
    heading_deg: float | None = None,
    camera_height_m: float = CAMERA_HEIGHT_M,
) -> Painting:
    """Paint one asset; pixels outside the region keep their bytes.

    Args:
        scene: gives K, the floor, depth for occlusion and contact, and the light.
        photo: what is painted on; a copy is returned.
        family: one of editors.catalogue_assets.MADE.
        at: (u, v) in photo pixels where it shall stand.
        colour, material: names the catalogue knows.
        size: of editors.catalogue_assets.SIZES or HEIGHTS; None is the true size.
        seed: which of the family's many variants, and how it is turned.
        height_m: the height it shall have instead; a flat thing such as a rug keeps its size.
        heading_deg: where its front shall look instead, see Stance.heading_deg.
        camera_height_m: how high the camera is taken to have stood, which gives a relative scene its metres.

    Raises:
        WtError: the asset is unknown, would be outside the picture, too small to see, or hidden.
    """
    rng = np.random.default_rng([seed, zlib.crc32(family.encode())])  # things of one seed do not all look alike
    asset = sized(make(family, rng, colour=colour, material=material), size)
    height, width = photo.shape[:2]
    turn = float(rng.uniform(-YAW, YAW))
    asset = as_high(asset, height_m)
    stand = stance(scene, (at[0] / width, at[1] / height), asset.attachment, turn, camera_height_m)
    if heading_deg is not None:
        stand = stand.headed(heading_deg)
    if asset.attachment == "wall" and stand.support != "wall":
        # Leaning on nothing: it stands with its back to where the wall would be.
        low, _ = asset.bounds()
        asset = asset.transformed(pose(0.0, 0.0, -float(low[2])))
    return _paint(scene, photo, asset, stand, (at[0] / width, at[1] / height), rng)


def _paint(
    scene: Scene,
    photo: UInt8[np.ndarray, "h w 3"],
    asset: Asset,
    stand: Stance,
    at: tuple[float, float],
    rng: np.random.Generator,
) -> Painting:
    height, width = photo.shape[:2]
    window = _window(asset, stand, scene.intrinsics.resized(width, height))
    truth = peel(Solids((asset,)), Camera(window.camera, stand.cam_from_local), 6).depth
    if not np.isfinite(truth[0]).any():
        raise WtError(_unseen(asset, 0))
    low, high = asset.bounds()
    reach = float((high - low).max())
    ground = support_area(scene, stand, at)
    support = ground * closeness(scene, stand, 1.5 * reach)
    light = estimate_light(scene, stand.up, support > 0.5)
    layer = render_layer(asset, stand, light, _ground(scene, support, light), window.camera, rng)
    # Things do not run through each other: what hides the asset lies before all of it.
    front = float(np.nanpercentile(truth[0], 3))
    hidden = to_photo(_tidy(nearer(scene, stand, front) & ~ground), photo)[window.slices]
    shown = _softened(~hidden if _believable(hidden, layer.coverage) else np.ones_like(hidden))
    catches = _enlarged(support, photo.shape[:2])[window.slices]
    around = photo[window.slices]
    patch, coverage, shade = compose(around, layer, shown, catches, blur_px(around, blur_px(photo)), rng)
    result, mask = photo.copy(), np.zeros((height, width), bool)
    region = np.zeros((height, width), bool)
    result[window.slices] = patch
    mask[window.slices] = coverage > 0.5
    region[window.slices] = (coverage > 0) | (shade < 1)
    if mask.sum() < _MIN_SIDE_PX**2 or on_grid(mask, scene.intrinsics).sum() < _MIN_GRID_PX:
        raise WtError(_unseen(asset, int(mask.sum())))
    centroid = _centroid(truth, mask, window) * stand.units_per_metre
    size = reach * stand.units_per_metre
    return Painting(result, mask, region, centroid, size, float(high[2] - low[2]), stand.heading_deg, stand.support)


def _unseen(asset: Asset, pixels: int) -> str:
    return (
        f"The {asset.name} would cover {pixels} pixels there: it is too far away, outside the picture or hidden by "
        "something nearer. Click a place further to the front."
    )


def _window(asset: Asset, stand: Stance, whole: Intrinsics) -> _Window:
    """The photo's pixels around the asset and its shadow."""
    low, high = asset.bounds()
    margin = 0.45 * float((high - low).max())
    low, high = low - margin, high + margin
    square = squared(whole, stand.origin)
    corners = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    points = corners @ stand.cam_from_local[:3, :3].T + stand.cam_from_local[:3, 3]
    near = 0.05
    pixels = points[:, :2] / np.maximum(points[:, 2:], near) * (square.fx, square.fy) + (square.cx, square.cy)
    limit = np.array([whole.width, whole.height])
    left, top = np.clip(np.floor(pixels.min(axis=0)), 0, limit).astype(int)
    right, bottom = np.clip(np.ceil(pixels.max(axis=0)), 0, limit).astype(int)
    if points[:, 2].max() < near or right - left < _MIN_SIDE_PX or bottom - top < _MIN_SIDE_PX:
        raise WtError(_unseen(asset, 0))
    box = (int(left), int(top), int(right - left), int(bottom - top))
    shrink = min(1.0, MAX_RENDER_PX / max(box[2:]))
    size = (max(round(box[2] * shrink), 1), max(round(box[3] * shrink), 1))
    cameras = [camera.cropped(*box).resized(*size) for camera in (square, whole)]
    return _Window(int(left), int(top), int(right), int(bottom), *cameras)


def squared(camera: Intrinsics, origin: Float[np.ndarray, "3"]) -> Intrinsics:
    """The camera with square pixels, as every photo has; `origin` keeps its pixel.

    A fitted K may be wrong by more in one axis than in the other, and what is painted with it would look squashed.
    """
    if abs(camera.fx / camera.fy - 1) < SQUARE:
        return camera
    focal = float(np.sqrt(camera.fx * camera.fy))
    x, y = origin[:2] / origin[2]
    return replace(
        camera, fx=focal, fy=focal, cx=camera.cx + (camera.fx - focal) * x, cy=camera.cy + (camera.fy - focal) * y
    )


def _ground(scene: Scene, support: Float[np.ndarray, "h w"], light: LightEstimate) -> Float[np.ndarray, "3"]:
    """Albedo of the support surface from its colour in the photo."""
    near = support > 0.5
    if near.sum() < 10:
        return np.full(3, 0.3)
    colour = np.median(decode_srgb(scene.rgb[near].astype(np.float64) / 255), axis=0)
    return np.clip(colour / (light.ambient + 0.6 * light.sun), 0.04, 0.7)


def _tidy(mask: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "h w"]:
    """Without the crumbs of noisy depth."""
    import cv2

    kernel = np.ones((3, 3), np.uint8)
    opened = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, kernel)
    count, pieces, stats, _ = cv2.connectedComponentsWithStats(cv2.morphologyEx(opened, cv2.MORPH_CLOSE, kernel))
    large = stats[:, cv2.CC_STAT_AREA] >= 0.0015 * mask.size
    large[0] = False
    return large[pieces] if count > 1 else np.zeros(mask.shape, bool)


def _believable(hidden: Bool[np.ndarray, "h w"], coverage: Float[np.ndarray, "rh rw"]) -> bool:
    """Whether something nearer may hide this much: the person pointed at a place that can be seen."""
    import cv2

    asset = cv2.resize(coverage.astype(np.float32), hidden.shape[::-1], interpolation=cv2.INTER_LINEAR) > 0.5
    return bool((hidden & asset).sum() <= MOST_HIDDEN * asset.sum())


def _softened(mask: Bool[np.ndarray, "h w"]) -> Float[np.ndarray, "h w"]:
    """An edge of about a pixel."""
    import cv2

    return cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 0.8)


def _enlarged(values: Float[np.ndarray, "h w"], shape: tuple[int, int]) -> Float[np.ndarray, "rh rw"]:
    import cv2

    smooth = cv2.GaussianBlur(values.astype(np.float32), (0, 0), 1.0)
    return np.clip(cv2.resize(smooth, shape[::-1], interpolation=cv2.INTER_LINEAR), 0, 1)


def _centroid(
    depth: Float[np.ndarray, "layers h w"], mask: Bool[np.ndarray, "rh rw"], window: _Window
) -> Float[np.ndarray, "3"]:
    """Mean camera-space point, metres, of all surfaces on the visible pixels."""
    import cv2

    size = (window.camera.width, window.camera.height)
    visible = cv2.resize(mask[window.slices].astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    hit = np.isfinite(depth) & visible
    points = rays(window.scene_camera)[None] * np.where(hit, depth, 0.0)[..., None]
    return points[hit].mean(axis=0)
