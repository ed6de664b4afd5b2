"""Patterns in colours that go together, and crops of photographs: on anything printed, painted or woven."""

import numpy as np

from wt.data.mesh import Texture
from wt.data.noise import PHOTOS, box_uv, fractal_noise, leaves_image, photo, sample_image
from wt.data.palette import FABRICS, Colour, mixed, rgb_of, shade
from wt.data.textures.blending import blend, offset_of, second


def noise(rng: np.random.Generator, colour: Colour = None, size: float | None = None) -> Texture:
    """Clouds of two colours."""
    rgb, offset = rgb_of(colour, rng), offset_of(rng)
    other = mixed(rgb, second(rgb, rng), rng.uniform(0.25, 0.9))
    frequency, octaves, hard = (
        1.0 / (size or 10 ** rng.uniform(-1.6, -0.4)),
        int(rng.integers(2, 5)),
        rng.uniform(0.5, 2.5),
    )

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        return blend(rgb, other, 0.5 + hard * 0.5 * fractal_noise(points * frequency + offset, octaves) - 0.2)

    return texture


def stripes(rng: np.random.Generator, colour: Colour = None, width: float | None = None) -> Texture:
    """Parallel stripes in one direction of space, of two or three widths."""
    rgb = rgb_of(colour, rng)
    other, share = second(rgb, rng), rng.uniform(0.3, 0.7)
    period = 2.0 * (width or 10 ** rng.uniform(-1.9, -0.9))
    direction = np.eye(3)[rng.integers(3)] if rng.random() < 0.7 else rng.normal(size=3)
    direction = direction / np.linalg.norm(direction)
    thin = rng.random() < 0.4

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        phase = (points @ direction / period) % 1.0
        on = phase > share
        if thin:
            on |= np.abs(phase - share / 2) < 0.06
        return np.where(on[:, None], other, rgb).astype(np.float32)

    return texture


def checks(rng: np.random.Generator, colour: Colour = None, size: float | None = None) -> Texture:
    """A chessboard on every side of the object."""
    rgb = rgb_of(colour, rng)
    other, side = second(rgb, rng), size or 10 ** rng.uniform(-1.6, -0.7)

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        uv, _ = box_uv(points, normals)
        cells = np.floor(uv / side + 0.013).sum(axis=1)
        return np.where((cells % 2 == 0)[:, None], rgb, other).astype(np.float32)

    return texture


def dots(rng: np.random.Generator, colour: Colour = None, size: float | None = None) -> Texture:
    """Round dots on a staggered grid."""
    rgb = rgb_of(colour, rng)
    other, pitch, radius = second(rgb, rng), size or rng.uniform(0.03, 0.12), rng.uniform(0.15, 0.33)

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        uv = box_uv(points, normals)[0] / pitch
        uv[:, 0] += 0.5 * (np.floor(uv[:, 1]) % 2)
        on = np.sum((uv % 1.0 - 0.5) ** 2, axis=1) < radius**2
        return np.where(on[:, None], other, rgb).astype(np.float32)

    return texture


def plaid(rng: np.random.Generator, colour: Colour = None, size: float | None = None) -> Texture:
    """Tartan: bands that cross and add up."""
    rgb = rgb_of(colour, rng, FABRICS)
    other, third, pitch = second(rgb, rng), second(rgb, rng), size or rng.uniform(0.06, 0.25)

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        phase = (box_uv(points, normals)[0] / pitch) % 1.0
        wide = (phase > 0.55).sum(axis=1) * 0.42
        thin = (np.abs(phase - 0.25) < 0.04).any(axis=1, keepdims=True)
        return np.where(thin, third, blend(rgb, other, wide)).astype(np.float32)

    return texture


def herringbone(rng: np.random.Generator, colour: Colour = None, size: float | None = None) -> Texture:
    """Zigzag bands."""
    rgb = rgb_of(colour, rng, FABRICS)
    other, pitch = mixed(rgb, second(rgb, rng), rng.uniform(0.4, 1.0)), size or rng.uniform(0.02, 0.12)

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        uv = box_uv(points, normals)[0] / pitch
        zigzag = np.abs(uv[:, 0] % 2.0 - 1.0)
        return np.where(((uv[:, 1] + zigzag) % 1.0 > 0.5)[:, None], rgb, other).astype(np.float32)

    return texture


def leaves(rng: np.random.Generator, colour: Colour = None, size: float | None = None) -> Texture:
    """Dead leaves: overlapping discs with power-law sizes in a small palette; statistics like a natural picture's."""
    image = leaves_image(int(rng.integers(40)), float(rng.choice([2.2, 3.0])))
    side = size or 10 ** rng.uniform(-0.9, 0.3)
    base = rgb_of(colour, rng)
    tones = [shade(base, f) for f in (0.5, 0.75, 1.0, 1.35)]
    free = [rgb_of(None, rng) for _ in range(8)] if colour is None and rng.random() < 0.6 else [second(base, rng)]
    table = np.array(tones + free, np.float32)[rng.permutation(len(tones) + len(free))]

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        uv, axis = box_uv(points, normals)
        uv = uv / side + axis[:, None] * 0.37
        texels = np.abs((uv - 1.0) % 2.0 - 1.0) * (len(image) - 1)
        value = image[texels[:, 1].astype(np.int32), texels[:, 0].astype(np.int32), 0]
        return table[np.minimum((value * len(table)).astype(np.int32), len(table) - 1)]

    return texture


def photograph(rng: np.random.Generator, colour: Colour = None, size: float | None = None) -> Texture:
    """A crop of a real photograph, projected on every side; `colour` tints it."""
    name = PHOTOS[int(rng.integers(len(PHOTOS)))]
    side, corner, span = size or 10 ** rng.uniform(-0.7, 0.2), rng.random(2), rng.uniform(0.3, 1.0)
    tint = None if colour is None else rgb_of(colour, rng)

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        uv, axis = box_uv(points, normals)
        rgb = sample_image(photo(name), (uv / side) * span + corner + axis[:, None] * 0.31)
        if tint is not None:
            rgb = tint * (0.4 + 1.2 * rgb.mean(axis=1, keepdims=True))
        return np.clip(rgb, 0.01, 0.88).astype(np.float32)

    return texture
