"""Solid and box-projected textures: callables (points [n,3] in metres, unit normals [n,3]) -> linear rgb [n,3].

Points and normals are those of the object's own frame.

Each maker draws its free choices (scale, offset, second colour) from `rng` once; the texture it returns is a pure
function. `colour` (a name, linear rgb, or None for a fitting palette) sets the dominant colour. TEXTURES lists the
makers; HELD_OUT_TEXTURES are kept for evaluation. Pickers (`wall_texture` ...) choose among believable ones.
"""

from collections.abc import Callable

import numpy as np

from wt.data.noise import PHOTOS, box_uv, cell_random, fractal_noise, leaves_image, photo, sample_image, value_noise
from wt.data.palette import FABRICS, LEATHERS, METALS, STONES, VIVID, WALLS, WOODS, Colour, mixed, rgb_of, shade

Texture = Callable[[np.ndarray, np.ndarray], np.ndarray]
Maker = Callable[..., Texture]


def _offset(rng: np.random.Generator) -> np.ndarray:
    return rng.random(3).astype(np.float32) * 32.0


def _blend(a: np.ndarray, b: np.ndarray, amount: np.ndarray) -> np.ndarray:
    return (a + (b - a) * np.clip(amount, 0.0, 1.0)[:, None]).astype(np.float32)


def _times(colour: np.ndarray, factor: np.ndarray) -> np.ndarray:
    return np.clip(colour * factor[:, None], 0.008, 0.9).astype(np.float32)


def _second(rgb: np.ndarray, rng: np.random.Generator, palette: list[np.ndarray] | None = None) -> np.ndarray:
    """A colour that goes with `rgb` and differs from it."""
    kind = rng.integers(3)
    if kind == 0:
        return shade(rgb, 0.35 if rgb.mean() > 0.2 else 3.0)
    if kind == 1:
        return mixed(rgb, np.full(3, 0.75 if rgb.mean() < 0.35 else 0.08), 0.75)
    return rgb_of(None, rng, palette)


def plain(rng: np.random.Generator, colour: Colour = None, amount: float = 0.05) -> Texture:
    """One colour with a faint large and small variation, as paint, plaster and plastic have."""
    rgb, offset = rgb_of(colour, rng), _offset(rng)
    slow, fast = rng.uniform(1.0, 4.0), rng.uniform(15.0, 50.0)

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        variation = fractal_noise(points * slow + offset, 2) + 0.5 * (value_noise(points * fast + offset) - 0.5)
        return _times(rgb, 1.0 + amount * variation)

    return texture


def noise(rng: np.random.Generator, colour: Colour = None, size: float | None = None) -> Texture:
    """Clouds of two colours."""
    rgb, offset = rgb_of(colour, rng), _offset(rng)
    other = mixed(rgb, _second(rgb, rng), rng.uniform(0.25, 0.9))
    frequency, octaves, hard = (
        1.0 / (size or 10 ** rng.uniform(-1.6, -0.4)),
        int(rng.integers(2, 5)),
        rng.uniform(0.5, 2.5),
    )

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        return _blend(rgb, other, 0.5 + hard * 0.5 * fractal_noise(points * frequency + offset, octaves) - 0.2)

    return texture


def stripes(rng: np.random.Generator, colour: Colour = None, width: float | None = None) -> Texture:
    """Parallel stripes in one direction of space, of two or three widths."""
    rgb = rgb_of(colour, rng)
    other, share = _second(rgb, rng), rng.uniform(0.3, 0.7)
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
    other, side = _second(rgb, rng), size or 10 ** rng.uniform(-1.6, -0.7)

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        uv, _ = box_uv(points, normals)
        cells = np.floor(uv / side + 0.013).sum(axis=1)
        return np.where((cells % 2 == 0)[:, None], rgb, other).astype(np.float32)

    return texture


def dots(rng: np.random.Generator, colour: Colour = None, size: float | None = None) -> Texture:
    """Round dots on a staggered grid."""
    rgb = rgb_of(colour, rng)
    other, pitch, radius = _second(rgb, rng), size or rng.uniform(0.03, 0.12), rng.uniform(0.15, 0.33)

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        uv = box_uv(points, normals)[0] / pitch
        uv[:, 0] += 0.5 * (np.floor(uv[:, 1]) % 2)
        on = np.sum((uv % 1.0 - 0.5) ** 2, axis=1) < radius**2
        return np.where(on[:, None], other, rgb).astype(np.float32)

    return texture


def plaid(rng: np.random.Generator, colour: Colour = None, size: float | None = None) -> Texture:
    """Tartan: bands that cross and add up."""
    rgb = rgb_of(colour, rng, FABRICS)
    other, third, pitch = _second(rgb, rng), _second(rgb, rng), size or rng.uniform(0.06, 0.25)

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        phase = (box_uv(points, normals)[0] / pitch) % 1.0
        wide = (phase > 0.55).sum(axis=1) * 0.42
        thin = (np.abs(phase - 0.25) < 0.04).any(axis=1, keepdims=True)
        return np.where(thin, third, _blend(rgb, other, wide)).astype(np.float32)

    return texture


def wood(rng: np.random.Generator, colour: Colour = None, axis: int = 2) -> Texture:
    """Grain along `axis` (0, 1, 2 for x, y, z): rings around a far centre line, streaks and pores."""
    rgb = rgb_of(colour, rng, WOODS)
    dark, offset = shade(rgb, rng.uniform(0.45, 0.75)), _offset(rng)
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
        return _blend(rgb, dark, 0.5 * ring**3 + 0.38 * streak + 0.15 * bend / wobble)

    return texture


def planks(rng: np.random.Generator, colour: Colour = None, axis: int | None = None) -> Texture:
    """A floor of boards along x or y, each with its own tone and grain, thin dark gaps, staggered ends."""
    rgb = rgb_of(colour, rng, WOODS)
    axis = int(rng.integers(2)) if axis is None else axis
    width, length, offset = rng.uniform(0.07, 0.22), rng.uniform(0.7, 1.9), _offset(rng)
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
        return _times(rgb, np.where(edge, 0.35, tone * (1.0 + 0.16 * grain + angle * 3.0 * slow)))

    return texture


def marble(rng: np.random.Generator, colour: Colour = None) -> Texture:
    """Veins of a darker tone through a clouded ground."""
    rgb, offset = rgb_of(colour, rng, STONES), _offset(rng)
    vein, frequency = mixed(rgb, _second(rgb, rng), rng.uniform(0.35, 0.8)), rng.uniform(1.2, 4.0)
    direction, sharp = rng.normal(size=3), rng.uniform(3.0, 9.0)

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        cloud = fractal_noise(points * frequency + offset, 4)
        line = 1.0 - np.abs(np.sin(points @ direction * frequency + 4.0 * cloud))
        return _times(_blend(rgb, vein, line**sharp), 1.0 + 0.08 * cloud)

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
        _offset(rng),
    )

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        uv, _ = box_uv(points, normals)
        v = uv[:, 1] / height
        row = np.floor(v)
        u = uv[:, 0] / length + 0.5 * (row % 2)
        tone = cell_random(np.stack([np.floor(u), row], -1))[:, 0]
        is_mortar = ((u % 1.0) * length < joint) | ((v % 1.0) * height < joint)
        rough = 1.0 + 0.18 * fractal_noise(points * 22.0 + offset, 2)
        body = _times(rgb, rough * (0.7 + (0.2 if painted else 0.6) * tone + (0.2 if painted else 0.0)))
        return np.where(is_mortar[:, None], _times(mortar, rough), body)

    return texture


def tiles(rng: np.random.Generator, colour: Colour = None, size: float | None = None) -> Texture:
    """Square or oblong tiles with grout; sometimes two colours, sometimes marbled."""
    rgb, offset = rgb_of(colour, rng, STONES + WALLS), _offset(rng)
    other = _second(rgb, rng) if rng.random() < 0.25 else rgb
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
        return np.where(is_grout[:, None], grout, _times(body, tone)).astype(np.float32)

    return texture


def hexagons(rng: np.random.Generator, colour: Colour = None, size: float | None = None) -> Texture:
    """Six-sided tiles in a few tones."""
    rgb = rgb_of(colour, rng, STONES + WALLS)
    other, pitch = _second(rgb, rng), size or rng.uniform(0.06, 0.25)
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
        body = _blend(rgb, other, np.where(pick > 0.75, 0.8, 0.15 * pick))
        return np.where((edge > 0.47)[:, None], shade(rgb, 0.6), body).astype(np.float32)

    return texture


def weave(rng: np.random.Generator, colour: Colour = None, size: float | None = None) -> Texture:
    """Woven cloth: threads over and under, a little uneven."""
    rgb, offset = rgb_of(colour, rng, FABRICS), _offset(rng)
    pitch, depth = size or rng.uniform(0.004, 0.012), rng.uniform(0.1, 0.35)
    other = mixed(rgb, _second(rgb, rng), rng.uniform(0.0, 0.3))

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        uv = box_uv(points, normals)[0] / pitch
        over = np.floor(uv).sum(axis=1) % 2 == 0
        inner = uv % 1.0 - 0.5
        profile = np.where(over, inner[:, 0], inner[:, 1]) ** 2 * 4.0
        uneven = fractal_noise(points * 7.0 + offset, 3)
        body = np.where(over[:, None], rgb, other)
        return _times(body, 1.0 - depth * profile + 0.12 * uneven)

    return texture


def herringbone(rng: np.random.Generator, colour: Colour = None, size: float | None = None) -> Texture:
    """Zigzag bands."""
    rgb = rgb_of(colour, rng, FABRICS)
    other, pitch = mixed(rgb, _second(rgb, rng), rng.uniform(0.4, 1.0)), size or rng.uniform(0.02, 0.12)

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
    free = [rgb_of(None, rng) for _ in range(8)] if colour is None and rng.random() < 0.6 else [_second(base, rng)]
    table = np.array(tones + free, np.float32)[rng.permutation(len(tones) + len(free))]

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        uv, axis = box_uv(points, normals)
        uv = uv / side + axis[:, None] * 0.37
        texels = np.abs((uv - 1.0) % 2.0 - 1.0) * (len(image) - 1)
        value = image[texels[:, 1].astype(np.int32), texels[:, 0].astype(np.int32), 0]
        return table[np.minimum((value * len(table)).astype(np.int32), len(table) - 1)]

    return texture


def speckle(rng: np.random.Generator, colour: Colour = None, size: float | None = None) -> Texture:
    """Terrazzo and granite: chips of other colours in a ground."""
    rgb, offset = rgb_of(colour, rng, STONES + WALLS), _offset(rng)
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


def carpet(rng: np.random.Generator, colour: Colour = None) -> Texture:
    """Pile: fine grain over slow wear."""
    rgb, offset = rgb_of(colour, rng, FABRICS), _offset(rng)
    grain, depth = rng.uniform(60.0, 160.0), rng.uniform(0.25, 0.6)

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        fine = value_noise(points * grain + offset) - 0.5
        return _times(rgb, 1.0 + depth * fine + 0.1 * fractal_noise(points * 3.0 + offset, 3))

    return texture


def leather(rng: np.random.Generator, colour: Colour = None) -> Texture:
    """Pebbled hide with worn, lighter patches."""
    rgb, offset = rgb_of(colour, rng, LEATHERS), _offset(rng)
    worn, grain = shade(mixed(rgb, np.full(3, 0.4), 0.12), 1.35), rng.uniform(50.0, 110.0)

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        pebble = value_noise(points * grain + offset)
        wear = 0.4 + 0.55 * fractal_noise(points * 4.0 + offset, 3)
        return _times(_blend(rgb, worn, wear), 0.82 + 0.3 * pebble)

    return texture


def brushed(rng: np.random.Generator, colour: Colour = None, axis: int = 2) -> Texture:
    """Metal with fine lines along `axis`."""
    rgb, offset = rgb_of(colour, rng, METALS), _offset(rng)
    stretch = np.full(3, 80.0)
    stretch[axis] = 3.0
    amount = rng.uniform(0.03, 0.15)

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        lines = value_noise(points * stretch + offset) - 0.5
        return _times(rgb, 1.0 + amount * 2.0 * lines + 0.05 * fractal_noise(points * 3.0 + offset, 2))

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
        return _blend(rgb, dark, 0.75 * bulge**3 + 0.6 * gap**4)

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


TEXTURES: dict[str, Maker] = {
    "plain": plain, "noise": noise, "stripes": stripes, "checks": checks, "dots": dots, "plaid": plaid, "wood": wood,
    "planks": planks, "marble": marble, "brick": brick, "tiles": tiles, "hexagons": hexagons, "weave": weave,
    "herringbone": herringbone, "leaves": leaves, "speckle": speckle, "carpet": carpet, "leather": leather,
    "brushed": brushed, "wicker": wicker, "photograph": photograph,
}  # fmt: skip
HELD_OUT_TEXTURES = ("hexagons", "plaid", "herringbone")
"""Never drawn unless asked for with `held_out=True`: evaluation sees them for the first time."""


def _pick(rng: np.random.Generator, colour: Colour, weights: dict[str, float]) -> Texture:
    names = list(weights)
    share = np.array(list(weights.values()))
    return TEXTURES[names[rng.choice(len(names), p=share / share.sum())]](rng, colour)


def any_texture(rng: np.random.Generator, colour: Colour = None, *, held_out: bool = False) -> Texture:
    """Any maker with equal chances; with `held_out` only those kept for evaluation."""
    names = [name for name in TEXTURES if (name in HELD_OUT_TEXTURES) == held_out]
    return TEXTURES[names[rng.integers(len(names))]](rng, colour)


def wall_texture(rng: np.random.Generator, colour: Colour = None, *, held_out: bool = False) -> Texture:
    """Mostly paint in off-white and pastel; some wallpaper, brick, panels."""
    if held_out:
        return any_texture(rng, rgb_of(colour, rng, WALLS), held_out=True)
    kind = rng.random()
    tone = rgb_of(colour, rng, WALLS, 0.06)
    if kind < 0.62:
        return plain(rng, tone, 0.04)
    if kind < 0.72:
        return wallpaper(rng, tone)
    if kind < 0.80:
        return brick(rng, colour)
    if kind < 0.85:
        return wood(rng, colour, axis=int(rng.choice([0, 2])))
    return _pick(rng, tone, {"tiles": 0.4, "noise": 0.3, "marble": 0.15, "leaves": 0.1, "photograph": 0.05})


def wallpaper(rng: np.random.Generator, colour: Colour = None) -> Texture:
    """A quiet pattern: the second colour is near the first."""
    rgb = rgb_of(colour, rng, WALLS)
    pattern = [stripes, dots, leaves, checks][rng.integers(4)](rng, rgb)
    strength = rng.uniform(0.12, 0.5)

    def texture(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
        return (rgb + (pattern(points, normals) - rgb) * strength).astype(np.float32)

    return texture


def floor_texture(rng: np.random.Generator, colour: Colour = None, *, held_out: bool = False) -> Texture:
    """Boards, tiles, carpet, stone."""
    if held_out:
        return any_texture(rng, rgb_of(colour, rng, STONES), held_out=True)
    weights = {"planks": 0.45, "tiles": 0.2, "carpet": 0.14, "marble": 0.05, "speckle": 0.07}
    return _pick(rng, colour, weights | {"noise": 0.03, "brick": 0.02, "checks": 0.02, "photograph": 0.02})


def ceiling_texture(rng: np.random.Generator, colour: Colour = None) -> Texture:
    """White plaster, sometimes boards."""
    if rng.random() < 0.1:
        return planks(rng, colour)
    return plain(rng, colour if colour is not None else rgb_of(None, rng, WALLS[:4], 0.05), 0.03)


def fabric_texture(rng: np.random.Generator, colour: Colour = None, *, held_out: bool = False) -> Texture:
    """Upholstery, curtains, cushions: mostly plain weave, some patterns."""
    if held_out:
        return any_texture(rng, rgb_of(colour, rng, FABRICS), held_out=True)
    tone = rgb_of(colour, rng, FABRICS) if rng.random() < 0.8 else rgb_of(colour, rng)
    return _pick(
        rng,
        tone,
        {"weave": 0.45, "carpet": 0.1, "plain": 0.2, "stripes": 0.1, "checks": 0.04, "dots": 0.04, "leaves": 0.07},
    )


def wood_texture(rng: np.random.Generator, colour: Colour = None, axis: int = 2) -> Texture:
    """Bare, stained or (with a colour that no wood has) painted wood."""
    return wood(rng, colour, axis)


def stone_texture(rng: np.random.Generator, colour: Colour = None) -> Texture:
    """Marble, granite, concrete."""
    return _pick(rng, rgb_of(colour, rng, STONES), {"marble": 0.4, "speckle": 0.3, "noise": 0.1, "plain": 0.2})


def metal_texture(rng: np.random.Generator, colour: Colour = None, axis: int = 2) -> Texture:
    """Brushed or painted metal."""
    return brushed(rng, colour, axis) if rng.random() < 0.6 else plain(rng, rgb_of(colour, rng, METALS), 0.03)


def leather_texture(rng: np.random.Generator, colour: Colour = None) -> Texture:
    """Hide."""
    return leather(rng, colour)
