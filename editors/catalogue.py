"""The offline editor: paints an asset of the procedural catalogue into the photo, at true size, lit like the photo.

It is a 2D editor. The geometry that is placed comes from the object model's look at the edited photo; the asset's mesh
never enters the scene. It only tells where the truth is, so that the placement's error can be stated.
"""

from dataclasses import dataclass

import numpy as np

from editors.light import LightEstimate, estimate_light
from editors.stance import Stance, stance
from wt.data.assets import FAMILIES, make_asset
from wt.data.film import decode_srgb, encode_srgb
from wt.data.mesh import Asset, Camera, Light, World
from wt.data.peel import Solids, peel, world_rays
from wt.data.render import radiance
from wt.errors import WtError
from wt.geometry.camera import Intrinsics, rays
from wt.scene.scene import Scene, on_grid
from wt.types import Bool, Float, UInt8

NAME = "catalogue"
LICENCE = "Apache-2.0"
MAX_RENDER_PX = 640
"""A larger object is rendered at this size and enlarged."""
SHADOW_SAMPLES = 24
SHADOW_STRENGTH = 0.75
NEARER = 0.92
"""A scene surface hides the asset where its depth is below this share of the asset's; noise of the lift is smaller."""
SIZES = {"tiny": 0.4, "small": 0.65, "large": 1.4, "big": 1.4, "huge": 2.0, "tall": 1.3}
_MIN_SIDE_PX = 10


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
    support: str


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
) -> Painting:
    """Paint one asset.

    Args:
        scene: gives K, the floor, depth for occlusion and contact, and the light.
        photo: what is painted on; a copy is returned.
        family: key of wt.data.assets.FAMILIES.
        at: (u, v) in photo pixels where it shall stand.
        colour, material: names the catalogue knows.
        size: key of SIZES; None is the true size.

    Raises:
        WtError: the asset is unknown, would be outside the picture, too small to see, or hidden.
    """
    if family not in FAMILIES:
        raise WtError(f"The catalogue has no {family!r}. It has: {', '.join(sorted(FAMILIES))}.")
    rng = np.random.default_rng([seed, 11])
    asset = make_asset(family, rng, colour=colour, material=material)
    asset = asset.moved(scale=SIZES.get(size or "", 1.0))
    height, width = photo.shape[:2]
    stand = stance(scene, (at[0] / width, at[1] / height), asset.attachment, turn=float(rng.uniform(-0.5, 0.5)))
    if asset.attachment == "wall":
        stand = stance(scene, (at[0] / width, at[1] / height), "wall")
    return _paint(scene, photo, asset, stand, rng)


def _paint(
    scene: Scene, photo: UInt8[np.ndarray, "h w 3"], asset: Asset, stand: Stance, rng: np.random.Generator
) -> Painting:
    height, width = photo.shape[:2]
    whole = scene.intrinsics.resized(width, height)
    window = _window(asset, stand, whole)
    camera = Camera(window, stand.cam_from_local)
    solids = Solids((asset,))
    light = estimate_light(scene, stand.cam_from_local[:3, 2])
    linear, coverage = radiance(
        _world(asset, light, stand), camera, solids, ambient_occlusion=24, sky=False, supersample=3, rng=rng
    )
    truth = peel(solids, camera, 6)
    metres = 1.0 / stand.units_per_metre
    behind = _scene_depth(scene, window, whole) * metres
    with np.errstate(invalid="ignore"):
        hidden = behind < NEARER * np.where(np.isfinite(truth.depth[0]), truth.depth[0], np.inf)
    hidden &= np.isfinite(truth.depth[0])
    coverage = np.where(hidden, 0.0, coverage)
    visible = coverage > 0.5
    box = _pixels(window, whole)
    result, mask, region = photo.copy(), np.zeros((height, width), bool), np.zeros((height, width), bool)
    shade = _shadow(solids, light, stand, window, behind)
    patch = decode_srgb(_cut(photo, box, window).astype(np.float64) / 255.0)
    painted = patch * shade[..., None]
    # radiance() leaves the share of the samples that missed as black: it is premultiplied.
    keep = np.where(hidden, 0.0, 1.0)[..., None]
    painted = painted * (1.0 - coverage[..., None]) + linear * keep
    painted = encode_srgb(np.clip(painted, 0.0, 1.0)) * 255.0 + rng.normal(0.0, 0.8, painted.shape) * visible[..., None]
    changed = (coverage > 0.004) | (shade < 0.985)
    _put(result, np.clip(np.rint(painted), 0, 255).astype(np.uint8), changed, box)
    _put(mask, visible, visible, box)
    _put(region, changed, changed, box)
    mask &= region
    seen = int(on_grid(mask, scene.intrinsics).sum())
    if mask.sum() < _MIN_SIDE_PX**2 or seen < 12:
        raise WtError(
            f"The {asset.name} would cover {int(mask.sum())} pixels there: it is too far away, outside the picture or "
            "hidden by something nearer. Click a place further to the front."
        )
    centroid = _centroid(truth.depth, visible, window) * stand.units_per_metre
    low, high = asset.bounds()
    return Painting(result, mask, region, centroid, float((high - low).max()) * stand.units_per_metre, stand.support)


def _world(asset: Asset, light: LightEstimate, stand: Stance) -> World:
    """The asset alone under the photo's light, in its own frame."""
    local = stand.cam_from_local[:3, :3].T
    sun = Light("sun", light.sun, direction=-(local @ light.direction), radius=0.12)
    ambient = light.ambient

    def sky(directions: np.ndarray) -> np.ndarray:
        # Light from below has bounced off the floor once.
        return ambient * np.where(directions[:, 2:] > 0, 1.0, 0.45)

    return World((asset,), (sun,), 0.5 * ambient, sky)


def _window(asset: Asset, stand: Stance, whole: Intrinsics) -> Intrinsics:
    """The crop of the photo's camera around the asset and its shadow, at a size that is quick to render."""
    low, high = asset.bounds()
    grown = 0.35 * float((high - low).max())
    low, high = low - grown, high + grown
    low[2] = min(low[2] + grown, 0.0) - 0.02
    corners = np.array([[x, y, z] for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    points = corners @ stand.cam_from_local[:3, :3].T + stand.cam_from_local[:3, 3]
    nearest = 0.05
    if points[:, 2].max() < nearest:
        raise WtError("That place is behind the camera. Click a place further to the front.")
    pixels = points[:, :2] / np.maximum(points[:, 2:], nearest) * (whole.fx, whole.fy) + (whole.cx, whole.cy)
    x0, y0 = (int(np.clip(np.floor(v), 0, n)) for v, n in zip(pixels.min(0), (whole.width, whole.height)))
    x1, y1 = (int(np.clip(np.ceil(v), 0, n)) for v, n in zip(pixels.max(0), (whole.width, whole.height)))
    if x1 - x0 < _MIN_SIDE_PX or y1 - y0 < _MIN_SIDE_PX:
        raise WtError(
            f"The {asset.name} would be {max(x1 - x0, 0)} x {max(y1 - y0, 0)} pixels there, too small or outside the "
            "picture. Click a place further to the front."
        )
    crop = whole.cropped(x0, y0, x1 - x0, y1 - y0)
    shrink = min(1.0, MAX_RENDER_PX / max(crop.width, crop.height))
    return crop.resized(max(round(crop.width * shrink), 1), max(round(crop.height * shrink), 1))


def _pixels(window: Intrinsics, whole: Intrinsics) -> tuple[int, int, int, int]:
    """x0, y0, x1, y1 in the photo of what the window shows."""
    sx, sy = whole.fx / window.fx, whole.fy / window.fy
    x0, y0 = round(whole.cx - window.cx * sx), round(whole.cy - window.cy * sy)
    return x0, y0, x0 + round(window.width * sx), y0 + round(window.height * sy)


def _cut(photo: np.ndarray, box: tuple[int, int, int, int], window: Intrinsics) -> np.ndarray:
    import cv2

    x0, y0, x1, y1 = box
    return cv2.resize(photo[y0:y1, x0:x1], (window.width, window.height), interpolation=cv2.INTER_AREA)


def _put(image: np.ndarray, patch: np.ndarray, where: np.ndarray, box: tuple[int, int, int, int]) -> None:
    """Write the window's patch into the photo where `where` holds."""
    import cv2

    x0, y0, x1, y1 = box
    size = (x1 - x0, y1 - y0)
    inside = cv2.resize(where.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    full = cv2.resize(patch.astype(np.uint8), size, interpolation=cv2.INTER_LINEAR)
    target = image[y0:y1, x0:x1]
    target[inside] = full[inside].astype(image.dtype)


def _scene_depth(scene: Scene, window: Intrinsics, whole: Intrinsics) -> Float[np.ndarray, "h w"]:
    """The scene's visible depth on the window's pixels, inf where there is none."""
    depth, grid = scene.visible_depth(), scene.intrinsics
    x0, y0, x1, y1 = _pixels(window, whole)
    columns = (x0 + (np.arange(window.width) + 0.5) * (x1 - x0) / window.width) * grid.width / whole.width
    rows = (y0 + (np.arange(window.height) + 0.5) * (y1 - y0) / window.height) * grid.height / whole.height
    rows, columns = (np.clip(x.astype(int), 0, n - 1) for x, n in ((rows, grid.height), (columns, grid.width)))
    found = depth[rows[:, None], columns[None]].astype(np.float64)
    return np.where(np.isfinite(found), found, np.inf)


def _shadow(
    solids: Solids, light: LightEstimate, stand: Stance, window: Intrinsics, behind: np.ndarray
) -> Float[np.ndarray, "h w"]:
    """Factor on the photo's light: what the asset takes away from the surface it stands on (contact and sun shadow)."""
    camera = Camera(window, stand.cam_from_local)
    origin, directions = world_rays(camera, rays(window).reshape(-1, 3))
    direction = directions.astype(np.float64)
    plane = 1 if stand.support == "wall" else 2
    with np.errstate(divide="ignore", invalid="ignore"):
        reach = -origin[plane] / direction[:, plane]
    depth = behind.reshape(-1)
    # Only where the scene's own surface lies near the support plane: not on a wall far behind, not on a nearer thing.
    near = np.isfinite(reach) & (reach > 0) & (abs(depth - reach) < 0.12 * reach)
    points = origin + np.where(near, reach, 0.0)[:, None] * direction
    up = np.zeros(3)
    up[plane] = -1.0 if plane == 1 else 1.0
    points = points + 0.004 * up
    share = np.zeros(len(points))
    index = np.flatnonzero(near)
    towards = stand.cam_from_local[:3, :3].T @ light.direction
    rng = np.random.default_rng(0)
    for _ in range(SHADOW_SAMPLES):
        around = rng.normal(size=3)
        around /= np.linalg.norm(around)
        around = around * 0.98 + up  # cosine-weighted about up
        share[index] += 0.5 * solids.occluded(points[index], np.tile(around, (len(index), 1)))
        soft = towards + rng.normal(0, 0.15, 3)
        share[index] += 0.5 * (solids.occluded(points[index], np.tile(soft, (len(index), 1))) & (soft @ up > 0))
    share = (share / SHADOW_SAMPLES).reshape(behind.shape)
    import cv2

    blur = max(window.width, window.height) / 110.0
    return 1.0 - SHADOW_STRENGTH * cv2.GaussianBlur(share, (0, 0), max(blur, 0.6))


def _centroid(
    depth: Float[np.ndarray, "layers h w"], visible: np.ndarray, window: Intrinsics
) -> Float[np.ndarray, "3"]:
    """Mean camera-space point, metres, of all hits on visible pixels."""
    hit = np.isfinite(depth) & visible
    points = rays(window)[None] * np.where(hit, depth, 0.0)[..., None]
    return points[hit].mean(axis=0)
