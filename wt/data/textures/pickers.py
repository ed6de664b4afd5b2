"""Every maker by name, and pickers that draw a believable one for a wall, a floor, a cloth, a metal."""

from collections.abc import Callable

import numpy as np

from wt.data.mesh import Texture
from wt.data.palette import FABRICS, METALS, STONES, WALLS, Colour, rgb_of
from wt.data.textures import building, materials, patterns

TEXTURES: dict[str, Callable[..., Texture]] = {
    maker.__name__: maker
    for maker in (
        materials.plain, patterns.noise, patterns.stripes, patterns.checks, patterns.dots, patterns.plaid,
        materials.wood, building.planks, materials.marble, building.brick, building.tiles, building.hexagons,
        materials.weave, patterns.herringbone, patterns.leaves, materials.speckle, materials.carpet,
        materials.leather, materials.brushed, materials.wicker, patterns.photograph,
    )
}  # fmt: skip
"""Name -> maker(rng, colour=None). Their order decides what a seed draws: a new one goes to the end."""
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
        return materials.plain(rng, tone, 0.04)
    if kind < 0.72:
        return wallpaper(rng, tone)
    if kind < 0.80:
        return building.brick(rng, colour)
    if kind < 0.85:
        return materials.wood(rng, colour, axis=int(rng.choice([0, 2])))
    return _pick(rng, tone, {"tiles": 0.4, "noise": 0.3, "marble": 0.15, "leaves": 0.1, "photograph": 0.05})


def wallpaper(rng: np.random.Generator, colour: Colour = None) -> Texture:
    """A quiet pattern: the second colour is near the first."""
    rgb = rgb_of(colour, rng, WALLS)
    pattern = [patterns.stripes, patterns.dots, patterns.leaves, patterns.checks][rng.integers(4)](rng, rgb)
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
        return building.planks(rng, colour)
    return materials.plain(rng, colour if colour is not None else rgb_of(None, rng, WALLS[:4], 0.05), 0.03)


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


def stone_texture(rng: np.random.Generator, colour: Colour = None) -> Texture:
    """Marble, granite, concrete."""
    return _pick(rng, rgb_of(colour, rng, STONES), {"marble": 0.4, "speckle": 0.3, "noise": 0.1, "plain": 0.2})


def metal_texture(rng: np.random.Generator, colour: Colour = None, axis: int = 2) -> Texture:
    """Brushed or painted metal."""
    if rng.random() < 0.6:
        return materials.brushed(rng, colour, axis)
    return materials.plain(rng, rgb_of(colour, rng, METALS), 0.03)
