"""What walls and floors are laid of, piece by piece: boards, bricks, tiles."""

import numpy as np

from wt.data.mesh import Texture
from wt.data.noise import box_uv, cell_random, fractal_noise, value_noise
from wt.data.palette import STONES, WALLS, WOODS, Colour, rgb_of, shade
from wt.data.textures.blending import blend, offset_of, second, times


def planks(rng: np.random.Generator, colour: Colour = None, axis: int | None = None) -> Texture:
    """A floor of boards along x or y, each with its own tone and grain, thin dark gaps, staggered ends."""
    rgb = rgb_of(colour, rng, WOODS)
    axis = int(rng.integers(2)) if axis is None else axis
    width, length, offset = rng.uniform(0.07, 0.22), rng.uniform(0.7, 1.9), offset_of(rng)
    contrast, gap, angle = rng.uniform(0.08, 0.28), rng.uniform(0.0015, 0.005), rng.uniform(0.02, 0.05)
    stretch = np.array([0.07, 1.0, 1.0]) if axis == 0 else np.array([1.0, 0.07, 1.0])

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        uv, _ = box_uv(points, normals)
        along, across = uv[:, axis], uv[:, 1 - axis] / width
        row = np.floor(across)
        along = along / length + cell_random(row[:, None])[:, 0]
        cell = np.stack([np.floor(along), row], -1)
        tone = 1.0 + contrast * (cell_random(cell)[:, 0] * 2.0 - 1.0)
        grain = value_noise(points * stretch * 60.0 + offset + cell[:, 1:] * 5.0) - 0.5
        slow = fractal_noise(points * stretch * 9.0 + offset + cell[:, 1:], 2)
        edge = np.minimum(np.abs(across - row - 0.5), 0.5) > 0.5 - gap / width
        edge |= (along % 1.0) * length < gap
        return times(rgb, np.where(edge, 0.35, tone * (1.0 + 0.16 * grain + angle * 3.0 * slow)))

    return texture


def brick(rng: np.random.Generator, colour: Colour = None) -> Texture:
    """Running bond with mortar, or painted in one colour."""
    painted = colour is not None or rng.random() < 0.3
    rgb = rgb_of(
        colour,
        rng,
        WALLS if painted else [np.array(c) for c in ((0.32, 0.11, 0.06), (0.4, 0.2, 0.12), (0.25, 0.13, 0.09))],
    )
    mortar = shade(rgb, 0.8) if painted else rgb_of(None, rng, STONES)
    length, height, joint, offset = (
        rng.uniform(0.19, 0.27),
        rng.uniform(0.06, 0.09),
        rng.uniform(0.007, 0.014),
        offset_of(rng),
    )

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        uv, _ = box_uv(points, normals)
        v = uv[:, 1] / height
        row = np.floor(v)
        u = uv[:, 0] / length + 0.5 * (row % 2)
        tone = cell_random(np.stack([np.floor(u), row], -1))[:, 0]
        is_mortar = ((u % 1.0) * length < joint) | ((v % 1.0) * height < joint)
        rough = 1.0 + 0.18 * fractal_noise(points * 22.0 + offset, 2)
        body = times(rgb, rough * (0.7 + (0.2 if painted else 0.6) * tone + (0.2 if painted else 0.0)))
        return np.where(is_mortar[:, None], times(mortar, rough), body)

    return texture


def tiles(rng: np.random.Generator, colour: Colour = None, size: float | None = None) -> Texture:
    """Square or oblong tiles with grout; sometimes two colours, sometimes marbled."""
    rgb, offset = rgb_of(colour, rng, STONES + WALLS), offset_of(rng)
    other = second(rgb, rng) if rng.random() < 0.25 else rgb
    side = size or float(rng.choice([0.1, 0.15, 0.2, 0.3, 0.45, 0.6]))
    sides = np.array([side * float(rng.choice([1.0, 1.0, 2.0])), side])
    grout, joint, spread = shade(rgb, rng.choice([0.45, 0.7, 1.3])), rng.uniform(0.003, 0.008), rng.uniform(0.02, 0.2)

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        uv = box_uv(points, normals)[0] / sides
        cell = np.floor(uv)
        tone = 1.0 + spread * (cell_random(cell)[:, 0] - 0.5)
        tone += 0.07 * fractal_noise(points * 6.0 + offset, 3)
        body = np.where((cell.sum(axis=1) % 2 == 0)[:, None], rgb, other)
        is_grout = (np.abs(uv - cell - 0.5) > 0.5 - joint / sides).any(axis=1)
        return np.where(is_grout[:, None], grout, times(body, tone)).astype(np.float32)

    return texture


def hexagons(rng: np.random.Generator, colour: Colour = None, size: float | None = None) -> Texture:
    """Six-sided tiles in a few tones."""
    rgb = rgb_of(colour, rng, STONES + WALLS)
    other, pitch = second(rgb, rng), size or rng.uniform(0.06, 0.25)
    step = np.array([1.0, np.sqrt(3.0)])

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        uv = box_uv(points, normals)[0] / pitch
        near = np.round(uv / step) * step
        shifted = (np.floor(uv / step) + 0.5) * step
        first = np.sum((uv - near) ** 2, axis=1) < np.sum((uv - shifted) ** 2, axis=1)
        centre = np.where(first[:, None], near, shifted)
        local = np.abs(uv - centre)
        edge = np.maximum(local[:, 0], local @ np.array([0.5, np.sqrt(0.75)]))
        pick = cell_random(np.round(centre * 2.0))[:, 0]
        body = blend(rgb, other, np.where(pick > 0.75, 0.8, 0.15 * pick))
        return np.where((edge > 0.47)[:, None], shade(rgb, 0.6), body).astype(np.float32)

    return texture
