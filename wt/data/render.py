"""A picture of a world and what lies behind every pixel of it: shaded rgb, and peeled depth and instances in layers.

Colours follow the physical order: linear radiance (wt/data/shade.py), averaged over 2 x 2 samples a pixel, then the
camera (wt/data/film.py). Depth and instances are those of the pixel centres' rays, with nothing averaged.
"""

from dataclasses import dataclass

import numpy as np

from wt.data.film import develop
from wt.data.mesh import Camera, World
from wt.data.peel import Solids, peel, world_rays
from wt.data.shade import Surface, albedo, ambient_light, direct_light, look, mirrored, part_colours
from wt.geometry.camera import rays
from wt.types import Bool, Float, Int, UInt8


@dataclass(frozen=True)
class Rendering:
    """`depth` is z in the camera frame (NaN no surface), `instance` the index into the world's instances (-1 none)."""

    rgb: UInt8[np.ndarray, "h w 3"]
    depth: Float[np.ndarray, "layers h w"]
    instance: Int[np.ndarray, "layers h w"]
    alpha: Bool[np.ndarray, "h w"]
    camera: Camera


def render(
    world: World,
    camera: Camera,
    *,
    num_layers: int = 6,
    shadows: bool = True,
    ambient_occlusion: int = 16,
    rng: np.random.Generator | None = None,
    solids: Solids | None = None,
    backdrop: int | None = None,
    union: bool = True,
    film: np.random.Generator | None = None,
) -> Rendering:
    """Photograph `world` and peel it.

    Args:
        ambient_occlusion: hemisphere rays for each 2 x 2 pixels; 0 lights everything evenly from around.
        rng: draws shadow jitter, exposure and sensor noise; seed 0 if none is given.
        solids: `Solids(world.instances)` of an earlier view of the same world.
        backdrop: grey level for pixels whose centre sees nothing; the sky where None.
        union: drop surfaces inside another part of the same instance (wt/data/peel.py); only for closed meshes.
        film: draws exposure, tint and blur instead of `rng`, so that the frames of a clip can share them.
    """
    rng = rng or np.random.default_rng(0)
    solids = solids or Solids(world.instances)
    peeled = peel(solids, camera, num_layers, union=union)
    alpha = np.isfinite(peeled.depth[0])
    linear, coverage = radiance(
        world, camera, solids, shadows=shadows, ambient_occlusion=ambient_occlusion, sky=backdrop is None, rng=rng
    )
    if backdrop is not None:
        # An object cut out of a photo brings no sky along its rim: there the samples that met the object speak alone.
        linear = linear / np.maximum(coverage, 1e-6)[..., None]
    rgb = develop(linear, alpha, film or rng, grain=rng)
    if backdrop is not None:
        rgb = np.where(alpha[..., None], rgb, np.uint8(backdrop))
    return Rendering(rgb, peeled.depth, peeled.instance, alpha, camera)


def radiance(
    world: World,
    camera: Camera,
    solids: Solids,
    *,
    shadows: bool = True,
    ambient_occlusion: int = 16,
    supersample: int = 2,
    sky: bool = True,
    rng: np.random.Generator,
) -> tuple[Float[np.ndarray, "h w 3"], Float[np.ndarray, "h w"]]:
    """(linear rgb, share of the pixel's samples that met a surface); the other samples give the sky, or black."""
    k = camera.intrinsics
    height, width = k.height, k.width
    colours = part_colours(solids, rng)
    light, highlight, centre = _lighting(world, camera, solids, colours, shadows, ambient_occlusion, rng)

    fine = k.resized(width * supersample, height * supersample)
    origin, directions = world_rays(camera, _by_pixel(rays(fine), supersample))
    seen = look(solids, origin, directions)
    near = _same_surface(centre, seen, supersample**2, (height, width), k.fx)
    emission = np.array([part.material.emission for part in solids.parts], np.float32)
    glow = np.where(seen.hit, emission[seen.part], 0)[:, None]
    linear = albedo(solids, seen) * (light[near] + glow) + highlight[near]
    missed = ~seen.hit
    linear[missed] = 0
    if sky and world.sky is not None and missed.any():
        linear[missed] = world.sky(-seen.towards_eye[missed])
    shape = (height, width, supersample**2)
    return linear.reshape(*shape, 3).mean(axis=2), seen.hit.reshape(shape).mean(axis=2)


def _lighting(
    world: World,
    camera: Camera,
    solids: Solids,
    colours: np.ndarray,
    shadows: bool,
    ambient_occlusion: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, Surface]:
    """Irradiance and highlights at the pixel centres [hw, 3], and the surface there."""
    k = camera.intrinsics
    shape = (k.height, k.width)
    origin, directions = world_rays(camera, rays(k).reshape(-1, 3))
    centre = look(solids, origin, directions)
    direct, highlight = direct_light(world, solids, centre, shadows=shadows, rng=rng)
    highlight += mirrored(world, solids, colours, centre, rng)
    both = _smoothed(np.concatenate([direct, highlight], axis=1), centre, shape, k.fx, (1, 2))
    direct, highlight = both[:, :3], both[:, 3:]
    if ambient_occlusion == 0:
        return direct + world.ambient.astype(np.float32), highlight, centre
    half = k.resized(max(k.width // 2, 1), max(k.height // 2, 1))
    half_shape = (half.height, half.width)
    origin, directions = world_rays(camera, rays(half).reshape(-1, 3))
    coarse = look(solids, origin, directions)
    around = ambient_light(world, solids, colours, coarse, ambient_occlusion, rng)
    around = _smoothed(around, coarse, half_shape, half.fx, (1, 2))
    return direct + _enlarged(around, coarse, half_shape, half.fx, centre, shape), highlight, centre


def _by_pixel(directions: np.ndarray, factor: int) -> np.ndarray:
    """[h f, w f, 3] -> [h w f f, 3]: the samples of one pixel beside each other."""
    height, width = directions.shape[0] // factor, directions.shape[1] // factor
    blocks = directions.reshape(height, factor, width, factor, 3).transpose(0, 2, 1, 3, 4)
    return blocks.reshape(-1, 3)


def _agreement(
    a_point: np.ndarray, a_normal: np.ndarray, a_depth: np.ndarray, b_point: np.ndarray, b_normal: np.ndarray, fx: float
) -> np.ndarray:
    """How far b lies on a's surface, 0..1: same plane within a pixel and a half, same normal."""
    off = np.abs(np.einsum("...k,...k->...", a_normal, b_point - a_point))
    turn = np.maximum(np.einsum("...k,...k->...", a_normal, b_normal), 0)
    plane = np.maximum(1 - off / (1.5 * np.maximum(a_depth, 1e-3) / fx), 0)
    turn *= turn
    turn *= turn
    return plane * turn * turn


def _smoothed(
    values: np.ndarray, surface: Surface, shape: tuple[int, int], fx: float, steps: tuple[int, ...]
) -> np.ndarray:
    """Average over 3 x 3 neighbours `step` pixels apart that lie on the same surface, once for each step."""
    point, normal = surface.point.reshape(*shape, 3), surface.normal.reshape(*shape, 3)
    depth = surface.depth.reshape(shape)
    grid = values.reshape(*shape, -1)
    for step in steps:
        total, weight = grid.copy(), np.ones((*shape, 1), np.float32)
        for dy, dx in ((0, 1), (1, 0), (1, 1), (1, -1)):
            here, there = _overlap(shape, dy * step, dx * step)
            w = _agreement(point[here], normal[here], depth[here] * step, point[there], normal[there], fx)[..., None]
            total[here] += w * grid[there]
            total[there] += w * grid[here]
            weight[here] += w
            weight[there] += w
        grid = total / weight
    return grid.reshape(values.shape)


def _overlap(shape: tuple[int, int], dy: int, dx: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Slices of the pixels that have a neighbour at (dy, dx), and of those neighbours; dy >= 0."""
    height, width = shape
    rows, rows_there = slice(0, height - dy), slice(dy, height)
    if dx >= 0:
        return (rows, slice(0, width - dx)), (rows_there, slice(dx, width))
    return (rows, slice(-dx, width)), (rows_there, slice(0, width + dx))


def _enlarged(
    values: np.ndarray, coarse: Surface, shape: tuple[int, int], fx: float, fine: Surface, fine_shape: tuple[int, int]
) -> np.ndarray:
    """Coarse values on the fine grid: the four nearest, weighted by how far they lie on the same surface."""
    rows = (np.arange(fine_shape[0]) + 0.5) * shape[0] / fine_shape[0] - 0.5
    columns = (np.arange(fine_shape[1]) + 0.5) * shape[1] / fine_shape[1] - 0.5
    total = np.zeros((len(fine.point), 3), np.float32)
    weight = np.zeros((len(fine.point), 1), np.float32)
    for dy in (0, 1):
        for dx in (0, 1):
            y = np.clip(np.floor(rows).astype(int) + dy, 0, shape[0] - 1)
            x = np.clip(np.floor(columns).astype(int) + dx, 0, shape[1] - 1)
            near = (y[:, None] * shape[1] + x[None, :]).ravel()
            bilinear = np.maximum(1 - np.abs(rows - y), 0.05)[:, None] * np.maximum(1 - np.abs(columns - x), 0.05)
            w = _agreement(fine.point, fine.normal, fine.depth, coarse.point[near], coarse.normal[near], fx)
            w = ((w + 1e-4) * bilinear.ravel() * coarse.hit[near]).astype(np.float32)[:, None]
            total += w * values[near]
            weight += w
    return total / np.maximum(weight, 1e-8)


def _same_surface(centre: Surface, seen: Surface, samples: int, shape: tuple[int, int], fx: float) -> np.ndarray:
    """For every colour sample the pixel whose centre lies on the same surface: its own, else the best neighbour."""
    pixel = np.repeat(np.arange(len(centre.point)), samples)
    rest = np.flatnonzero(seen.hit & (seen.part != centre.part[pixel]))
    if len(rest) == 0:
        return pixel
    row, column = np.divmod(pixel[rest], shape[1])
    best, found = pixel[rest].copy(), np.zeros(len(rest), np.float32)
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            near = np.clip(row + dy, 0, shape[0] - 1) * shape[1] + np.clip(column + dx, 0, shape[1] - 1)
            args = seen.point[rest], seen.normal[rest], seen.depth[rest], centre.point[near], centre.normal[near], fx
            w = _agreement(*args) * centre.hit[near]
            w = np.where(centre.part[near] == seen.part[rest], w + 0.1, w)
            better = w > found
            best[better], found[better] = near[better], w[better]
    pixel[rest] = best
    return pixel
