"""Matter: paint, wood, stone, cloth, hide, metal, basketwork."""

import numpy as np

from wt.data.mesh import Texture
from wt.data.noise import box_uv, cell_random, fractal_noise, value_noise
from wt.data.palette import FABRICS, LEATHERS, METALS, STONES, VIVID, WALLS, WOODS, Colour, mixed, rgb_of, shade
from wt.data.textures.blending import blend, offset_of, second, times


def plain(rng: np.random.Generator, colour: Colour = None, amount: float = 0.05) -> Texture:
    """One colour with a faint large and small variation, as paint, plaster and plastic have."""
    rgb, offset = rgb_of(colour, rng), offset_of(rng)
    slow, fast = rng.uniform(1.0, 4.0), rng.uniform(15.0, 50.0)

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        variation = fractal_noise(points * slow + offset, 2) + 0.5 * (value_noise(points * fast + offset) - 0.5)
        return times(rgb, 1.0 + amount * variation)

    return texture


def wood(rng: np.random.Generator, colour: Colour = None, axis: int = 2) -> Texture:
    """Grain along `axis` (0, 1, 2 for x, y, z): rings around a far centre line, streaks and pores."""
    rgb = rgb_of(colour, rng, WOODS)
    dark, offset = shade(rgb, rng.uniform(0.45, 0.75)), offset_of(rng)
    stretch = np.full(3, 1.0)
    stretch[axis] = rng.uniform(0.05, 0.12)
    centre = rng.normal(0.0, 0.25, 3)
    rings, wobble = rng.uniform(14.0, 45.0), rng.uniform(0.02, 0.07)
    across = [i for i in range(3) if i != axis]

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        local = points * stretch
        bend = fractal_noise(local * 5.0 + offset, 2) * wobble
        distance = np.sqrt(((points[:, across] - centre[across]) ** 2).sum(axis=1)) + bend
        ring = (distance * rings) % 1.0
        streak = value_noise(local * 90.0 + offset)
        return blend(rgb, dark, 0.5 * ring**3 + 0.38 * streak + 0.15 * bend / wobble)

    return texture


def marble(rng: np.random.Generator, colour: Colour = None) -> Texture:
    """Veins of a darker tone through a clouded ground."""
    rgb, offset = rgb_of(colour, rng, STONES), offset_of(rng)
    vein, frequency = mixed(rgb, second(rgb, rng), rng.uniform(0.35, 0.8)), rng.uniform(1.2, 4.0)
    direction, sharp = rng.normal(size=3), rng.uniform(3.0, 9.0)

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        cloud = fractal_noise(points * frequency + offset, 4)
        line = 1.0 - np.abs(np.sin(points @ direction * frequency + 4.0 * cloud))
        return times(blend(rgb, vein, line**sharp), 1.0 + 0.08 * cloud)

    return texture


def speckle(rng: np.random.Generator, colour: Colour = None, size: float | None = None) -> Texture:
    """Terrazzo and granite: chips of other colours in a ground."""
    rgb, offset = rgb_of(colour, rng, STONES + WALLS), offset_of(rng)
    chips = np.array(
        [mixed(rgb, rgb_of(None, rng, STONES + VIVID), rng.uniform(0.3, 0.9)) for _ in range(4)], np.float32
    )
    frequency, level = 1.0 / (size or 10 ** rng.uniform(-2.1, -1.4)), rng.uniform(0.6, 0.75)

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        local = points * frequency + offset
        is_chip = value_noise(local) > level
        pick = cell_random(np.round(local * 0.5))[:, 0]
        return np.where(is_chip[:, None], chips[(pick * 3.999).astype(np.int32)], rgb).astype(np.float32)

    return texture


def weave(rng: np.random.Generator, colour: Colour = None, size: float | None = None) -> Texture:
    """Woven cloth: threads over and under, a little uneven."""
    rgb, offset = rgb_of(colour, rng, FABRICS), offset_of(rng)
    pitch, depth = size or rng.uniform(0.004, 0.012), rng.uniform(0.1, 0.35)
    other = mixed(rgb, second(rgb, rng), rng.uniform(0.0, 0.3))

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        uv = box_uv(points, normals)[0] / pitch
        over = np.floor(uv).sum(axis=1) % 2 == 0
        inner = uv % 1.0 - 0.5
        profile = np.where(over, inner[:, 0], inner[:, 1]) ** 2 * 4.0
        uneven = fractal_noise(points * 7.0 + offset, 3)
        body = np.where(over[:, None], rgb, other)
        return times(body, 1.0 - depth * profile + 0.12 * uneven)

    return texture


def carpet(rng: np.random.Generator, colour: Colour = None) -> Texture:
    """Pile: fine grain over slow wear."""
    rgb, offset = rgb_of(colour, rng, FABRICS), offset_of(rng)
    grain, depth = rng.uniform(60.0, 160.0), rng.uniform(0.25, 0.6)

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        fine = value_noise(points * grain + offset) - 0.5
        return times(rgb, 1.0 + depth * fine + 0.1 * fractal_noise(points * 3.0 + offset, 3))

    return texture


def leather(rng: np.random.Generator, colour: Colour = None) -> Texture:
    """Pebbled hide with worn, lighter patches."""
    rgb, offset = rgb_of(colour, rng, LEATHERS), offset_of(rng)
    worn, grain = shade(mixed(rgb, np.full(3, 0.4), 0.12), 1.35), rng.uniform(50.0, 110.0)

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        pebble = value_noise(points * grain + offset)
        wear = 0.4 + 0.55 * fractal_noise(points * 4.0 + offset, 3)
        return times(blend(rgb, worn, wear), 0.82 + 0.3 * pebble)

    return texture


def brushed(rng: np.random.Generator, colour: Colour = None, axis: int = 2) -> Texture:
    """Metal with fine lines along `axis`."""
    rgb, offset = rgb_of(colour, rng, METALS), offset_of(rng)
    stretch = np.full(3, 80.0)
    stretch[axis] = 3.0
    amount = rng.uniform(0.03, 0.15)

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        lines = value_noise(points * stretch + offset) - 0.5
        return times(rgb, 1.0 + amount * 2.0 * lines + 0.05 * fractal_noise(points * 3.0 + offset, 2))

    return texture


def wicker(rng: np.random.Generator, colour: Colour = None, size: float | None = None) -> Texture:
    """Basketwork: thick bands over and under."""
    rgb = rgb_of(colour, rng, WOODS)
    pitch, dark = size or rng.uniform(0.015, 0.03), shade(rgb, 0.35)

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        uv, _ = box_uv(points, normals)
        uv = uv / np.array([pitch * 1.6, pitch * 0.7])
        shift = np.floor(uv[:, 1]) % 2
        bulge = np.abs((uv[:, 0] + shift * 0.5) % 1.0 - 0.5) * 2.0
        gap = np.abs(uv[:, 1] % 1.0 - 0.5) * 2.0
        return blend(rgb, dark, 0.75 * bulge**3 + 0.6 * gap**4)

    return texture
