"""Putting a rendered asset into a photo: differential rendering on a stand-in for the surface it stands on.

The asset is rendered together with a grey slab where the scene's support surface is. What the slab loses against its
unshadowed self is the shadow (Debevec 1998): the photo is multiplied by that ratio where the scene really has the
support surface, and the asset, which has received the slab's occlusion and bounced light, is laid over it.
"""

from dataclasses import dataclass

import numpy as np

from editors.camera_look import noise_level, softened
from editors.light import LightEstimate
from editors.stance import Stance
from wt.data.film import decode_srgb, encode_srgb
from wt.data.mesh import Asset, Camera, Light, Material, Part, World
from wt.data.peel import Solids, world_rays
from wt.data.primitives import box
from wt.data.render import radiance
from wt.geometry.camera import Intrinsics, rays
from wt.types import Bool, Float, UInt8

SOFT_SUN = 0.22
"""Tangent of the key light's radius: lamps and windows are large, noon suns are not."""
BELOW = 0.45
"""Light from below, as a share of that from above: it has bounced off the ground once."""
UNSEEN_SHADE = 0.025
RENDER_BLUR = 0.29
"""Standard deviation of a rendered pixel's own square, in its pixels."""
_GAP = 0.0015
_SAMPLES = 2
_COVER_SAMPLES = 4


@dataclass(frozen=True, eq=False)
class Layer:
    """What is laid over the photo inside a window of its pixels."""

    colour: Float[np.ndarray, "h w 3"]
    """Linear radiance of the asset, multiplied by `coverage`."""
    coverage: Float[np.ndarray, "h w"]
    shade: Float[np.ndarray, "h w"]
    """Factor on the light of the support surface, at most 1."""


def render_layer(
    asset: Asset,
    stand: Stance,
    light: LightEstimate,
    ground: Float[np.ndarray, "3"],
    window: Intrinsics,
    rng: np.random.Generator,
) -> Layer:
    """Render the asset on its slab.

    Args:
        asset: in its own frame, metres.
        stand: its pose, and what it stands on.
        light: of the photo.
        ground: albedo of the support surface, linear rgb.
        window: the camera of the pixels wanted.
        rng: jitters shadow rays.
    """
    camera = Camera(window, stand.cam_from_local)
    slab = _slab(asset, stand.support, ground)
    world = _world((asset, slab), light, stand)
    solids = Solids(world.instances)
    both, _ = radiance(world, camera, solids, ambient_occlusion=16, supersample=_SAMPLES, sky=False, rng=rng)
    coverage, slab_share = _shares(solids, camera)
    bare = ground * _irradiance(light, stand)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = (both / bare).mean(axis=2)
    only_slab = (coverage == 0) & (slab_share > 0.99)
    # Behind the asset's rim the slab is as dark as right beside it.
    shade = np.clip(_spread(np.where(only_slab, ratio, 0.0), only_slab), 0.0, 1.0)
    return Layer(
        _asset_colour(both, coverage, slab_share, only_slab),
        coverage,
        np.where(slab_share + coverage > 0.5, shade, 1.0),
    )


def _asset_colour(
    both: Float[np.ndarray, "h w 3"],
    coverage: Float[np.ndarray, "h w"],
    slab_share: Float[np.ndarray, "h w"],
    only_slab: Bool[np.ndarray, "h w"],
) -> Float[np.ndarray, "h w 3"]:
    """The asset's part of each pixel; a rim's colour is that right inside it, for its own has the slab in it."""
    import cv2

    under = _spread(np.where(only_slab[..., None], both, 0.0), only_slab)
    own = np.clip(both - slab_share[..., None] * under, 0.0, None)  # of what is too thin to have an inside
    solid = coverage > 0.99
    inside = _spread(np.where(solid[..., None], both, 0.0), solid) * coverage[..., None]
    near = cv2.GaussianBlur(solid.astype(np.float64), (0, 0), 1.0)[..., None] > 0.05
    return np.where(solid[..., None], both, np.where(near, inside, own)) * (coverage > 0)[..., None]


def compose(
    photo: UInt8[np.ndarray, "h w 3"],
    layer: Layer,
    shown: Float[np.ndarray, "h w"],
    support: Float[np.ndarray, "h w"],
    blur: float,
    rng: np.random.Generator,
) -> tuple[UInt8[np.ndarray, "h w 3"], Float[np.ndarray, "h w"], Float[np.ndarray, "h w"]]:
    """Lay the layer over a window of the photo, at the photo's resolution.

    Args:
        photo: the window's pixels.
        layer: of the same window at any resolution.
        shown: 1 where the asset would be seen, 0 where something nearer hides it.
        support: 1 where the photo shows the support surface, so that a shadow can fall on it.
        blur: standard deviation of the photo's own blur in pixels.
        rng: draws the photo's noise for the asset.

    Returns:
        the new pixels, the asset's visible coverage, and the shade that was applied.
    """
    import cv2

    height, width = photo.shape[:2]
    rendered = RENDER_BLUR * width / layer.coverage.shape[1]
    missing = float(np.sqrt(max(blur**2 - rendered**2, 0.0)))

    def enlarged(values: np.ndarray) -> np.ndarray:
        large = cv2.resize(values.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
        return softened(large, missing)

    covered = np.clip(enlarged(layer.coverage), 0, 1)
    coverage = covered * shown
    loss = (1.0 - np.clip(enlarged(layer.shade), 0, 1)) * support * shown
    # The far end of the occlusion is below what one sees; leaving it out keeps the region near the asset.
    shade = 1.0 - np.maximum(loss - UNSEEN_SHADE, 0) / (1 - UNSEEN_SHADE)
    linear = decode_srgb(photo.astype(np.float32) / 255)
    # The asset alone: what is bright in the photo was bent by its own camera.
    bent = shoulder(enlarged(layer.colour) / np.maximum(covered, 1e-3)[..., None])
    result = linear * shade[..., None] * (1 - coverage[..., None]) + bent * coverage[..., None]
    encoded = encode_srgb(result) * 255
    grain = rng.normal(0.0, noise_level(photo), photo.shape[:2])[..., None] * coverage[..., None]
    pixels = np.clip(np.rint(encoded + grain), 0, 255).astype(np.uint8)
    untouched = (coverage < 0.004) & (shade > 0.998)
    return (
        np.where(untouched[..., None], photo, pixels),
        np.where(untouched, 0, coverage),
        np.where(untouched, 1, shade),
    )


def shoulder(linear: Float[np.ndarray, "*n 3"], knee: float = 0.7) -> Float[np.ndarray, "*n 3"]:
    """The identity up to the knee, then bent so that bright light nears 1 without being cut."""
    over = np.maximum(linear - knee, 0)
    return np.where(linear > knee, knee + (1 - knee) * over / (over + (1 - knee)), linear)


def _world(instances: tuple[Asset, ...], light: LightEstimate, stand: Stance) -> World:
    local = stand.cam_from_local[:3, :3].T
    sun = Light("sun", light.sun * np.pi, direction=-(local @ light.direction), radius=SOFT_SUN)
    up = local @ stand.up

    def sky(directions: np.ndarray) -> np.ndarray:
        return light.ambient * np.where((directions @ up)[:, None] > 0, 1.0, BELOW)

    return World(instances, (sun,), 0.6 * light.ambient, sky)


def _irradiance(light: LightEstimate, stand: Stance) -> Float[np.ndarray, "3"]:
    """Irradiance over pi on the bare support surface."""
    facing = max(float(light.direction @ stand.normal), 0.0)
    level = 0.5 + 0.5 * float(stand.normal @ stand.up)  # share of the upper hemisphere that the surface sees
    return light.sun * facing + light.ambient * (level + BELOW * (1 - level))


def _slab(asset: Asset, support: str, ground: Float[np.ndarray, "3"]) -> Asset:
    """A plate in the support plane, three times as large as the asset."""
    low, high = asset.bounds()
    reach = 3.0 * float((high - low).max())
    albedo = ground.astype(np.float32)
    thick = 0.02
    if support == "wall":
        shell = box(2 * reach, thick, 2 * reach).at(0, thick / 2 + _GAP, -reach)
    elif support == "ceiling":
        shell = box(2 * reach, 2 * reach, thick).at(0, 0, _GAP)
    else:
        shell = box(2 * reach, 2 * reach, thick).at(0, 0, -thick - _GAP)
    material = Material(lambda points, normals: np.broadcast_to(albedo, points.shape), 0.0, 1.0)
    return Asset("ground", (Part(shell.vertices, shell.faces, material),), asset.attachment)


def _shares(solids: Solids, camera: Camera) -> tuple[Float[np.ndarray, "h w"], Float[np.ndarray, "h w"]]:
    """Shares of each pixel's samples that meet the asset (instance 0) and the slab (instance 1)."""
    k = camera.intrinsics
    fine = k.resized(k.width * _COVER_SAMPLES, k.height * _COVER_SAMPLES)
    origin, directions = world_rays(camera, rays(fine).reshape(-1, 3))
    hits = solids.first_hits(np.broadcast_to(origin, directions.shape), directions)
    instance = np.where(hits.triangle >= 0, solids.triangle_instance[np.maximum(hits.triangle, 0)], -1)
    blocks = instance.reshape(k.height, _COVER_SAMPLES, k.width, _COVER_SAMPLES)
    return (blocks == 0).mean(axis=(1, 3)), (blocks == 1).mean(axis=(1, 3))


def _spread(values: np.ndarray, known: Bool[np.ndarray, "h w"]) -> np.ndarray:
    """Known values, lightly smoothed, and beyond them a blend of the nearest ones."""
    import cv2

    sigmas, result, weight = (1.0, 3.0, 9.0), np.zeros(values.shape), np.zeros(known.shape)
    for sigma in sigmas:
        share = cv2.GaussianBlur(known.astype(np.float64), (0, 0), sigma)
        blurred = cv2.GaussianBlur(values.astype(np.float64), (0, 0), sigma)
        take = np.clip(share * 20, 0, 1) * (1 - weight)
        safe = np.maximum(share, 1e-9)
        result += (take / safe)[..., None] * blurred if values.ndim == 3 else take / safe * blurred
        weight += take
    rest = 1 - weight
    if known.any():
        mean = values[known].mean(axis=0)
        result += rest[..., None] * mean if values.ndim == 3 else rest * mean
    return result
