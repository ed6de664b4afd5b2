"""Fast solid noise and box-projected images: what the textures are made of. Frame: object space, metres."""

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

from wt.errors import WtError
from wt.types import Float, Shaped

_CELLS = 32
_IMAGE_SIDE = 384


@cache
def _lattice() -> np.ndarray:
    """One table of random values for all noise; a texture differs by where in the table it starts."""
    return np.random.default_rng(20261122).random(_CELLS**3, dtype=np.float32)


def value_noise(points: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n"]:
    """Smooth noise in [0, 1], cells of size 1, repeats every 32."""
    points = points.astype(np.float32, copy=False)
    floor = np.floor(points)
    u = points - floor
    u = u * u * (3.0 - 2.0 * u)
    cell = floor.astype(np.int32) & (_CELLS - 1)
    after = (cell + 1) & (_CELLS - 1)
    x0, x1 = cell[:, 0] * (_CELLS * _CELLS), after[:, 0] * (_CELLS * _CELLS)
    y0, y1 = cell[:, 1] * _CELLS, after[:, 1] * _CELLS
    z0, z1 = cell[:, 2], after[:, 2]
    table = _lattice()
    planes = []
    for x in (x0, x1):
        lines = []
        for y in (y0, y1):
            base = x + y
            a = table[base + z0]
            lines.append(a + (table[base + z1] - a) * u[:, 2])
        planes.append(lines[0] + (lines[1] - lines[0]) * u[:, 1])
    return planes[0] + (planes[1] - planes[0]) * u[:, 0]


def fractal_noise(points: Float[np.ndarray, "n 3"], octaves: int = 4, gain: float = 0.5) -> Float[np.ndarray, "n"]:
    """Sum of octaves of noise, mean 0, about [-1, 1]."""
    points = points.astype(np.float32, copy=False)
    total = np.zeros(len(points), np.float32)
    weight, norm = 1.0, 0.0
    for octave in range(octaves):
        total += weight * (value_noise(points * np.float32(2.03**octave) + np.float32(7.7 * octave)) * 2.0 - 1.0)
        norm += weight
        weight *= gain
    return total * np.float32(1.7 / norm)


def cell_random(cells: Shaped[np.ndarray, "n d"], channels: int = 1) -> Float[np.ndarray, "n c"]:
    """One random number per channel in [0, 1] for every cell of whole numbers (tiles, bricks, planks)."""
    key = np.zeros(len(cells), np.uint32)
    for i in range(cells.shape[1]):
        key = (key ^ cells[:, i].astype(np.int64).astype(np.uint32)) * np.uint32(0x9E3779B1)
        key ^= key >> np.uint32(15)
    out = np.empty((len(cells), channels), np.float32)
    for c in range(channels):
        mixed = (key + np.uint32(0x85EBCA6B * (c + 1) & 0xFFFFFFFF)) * np.uint32(0xC2B2AE35)
        out[:, c] = (mixed ^ (mixed >> np.uint32(16))).astype(np.float32) * np.float32(2.0**-32)
    return out


def box_uv(points: Float[np.ndarray, "n 3"], normals: Float[np.ndarray, "n 3"]) -> tuple[np.ndarray, np.ndarray]:
    """Box projection: uv [n,2] in metres (v is up where the surface is upright) and the axis [n] looked along."""
    axis = np.argmax(np.abs(normals) + np.array([0.0, 0.01, 0.02]), axis=1)
    u = np.where(axis == 0, points[:, 1], points[:, 0])
    v = np.where(axis == 2, points[:, 1], points[:, 2])
    return np.stack([u, v], -1), axis


def sample_image(image: Float[np.ndarray, "h w c"], uv: Float[np.ndarray, "n 2"]) -> Float[np.ndarray, "n c"]:
    """Bilinear look-up with mirrored repeats; uv in image sides, v runs upwards."""
    h, w = image.shape[:2]

    def folded(values: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        position = np.abs((values - 1.0) % 2.0 - 1.0) * (size - 1)
        low = np.minimum(position.astype(np.int32), size - 2)
        return low, low + 1, (position - low).astype(np.float32)[:, None]

    x0, x1, fx = folded(uv[:, 0], w)
    y0, y1, fy = folded(1.0 - uv[:, 1], h)
    flat = image.reshape(h * w, -1)
    top = flat[y0 * w + x0] * (1 - fx) + flat[y0 * w + x1] * fx
    low = flat[y1 * w + x0] * (1 - fx) + flat[y1 * w + x1] * fx
    return top * (1 - fy) + low * fy


@cache
def leaves_image(seed: int, power: float = 3.0, discs: int = 900) -> Float[np.ndarray, "h w 1"]:
    """Dead leaves: overlapping discs with radii of a power law, as an index image in [0, 1] (each disc one value)."""
    rng = np.random.default_rng(seed)
    side = 256
    image = np.full((side, side), 0.5, np.float32)
    low, high = 3.0, 70.0
    exponent = 1.0 - power
    radii = (low**exponent + rng.random(discs) * (high**exponent - low**exponent)) ** (1.0 / exponent)
    for radius, (cx, cy), value in zip(radii, rng.random((discs, 2)) * side, rng.random(discs)):
        x0, x1 = max(int(cx - radius), 0), min(int(cx + radius) + 2, side)
        y0, y1 = max(int(cy - radius), 0), min(int(cy + radius) + 2, side)
        gx, gy = np.arange(x0, x1) - cx, np.arange(y0, y1) - cy
        image[y0:y1, x0:x1][gx[None] ** 2 + gy[:, None] ** 2 < radius**2] = value
    return image[..., None]


PHOTOS = (
    "astronaut.png", "brick.png", "chelsea.png", "coffee.png", "grass.png", "gravel.png", "rocket.jpg",
    "motorcycle_left.png", "hubble_deep_field.jpg", "moon.png", "color.png",
)  # fmt: skip
"""Photographs that ship inside scikit-image's wheel."""


@cache
def photo(name: str) -> Float[np.ndarray, "h w 3"]:
    """One of PHOTOS as linear rgb float32, long side at most 384. Raises WtError when scikit-image is not installed."""
    from importlib.util import find_spec

    spec = find_spec("skimage")
    if spec is None or spec.origin is None:
        raise WtError("Photo textures come with scikit-image, which is not installed; run: pip install scikit-image")
    with Image.open(Path(spec.origin).parent / "data" / name) as opened:
        opened.thumbnail((_IMAGE_SIDE, _IMAGE_SIDE))
        srgb = np.asarray(opened.convert("RGB"), np.float32) / 255.0
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).astype(np.float32)
