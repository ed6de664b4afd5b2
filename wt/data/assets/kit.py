"""What the asset families share: looks (which material for which part) and the builder that collects parts."""

from dataclasses import dataclass, field

import numpy as np

from wt.data.mesh import Asset, Attachment, Material, Part, Texture
from wt.data.palette import Colour
from wt.data.primitives import Shell
from wt.data.textures import materials, pickers

_FINISH: dict[str, tuple[float, float]] = {
    "wood": (0.04, 0.5), "metal": (0.45, 0.35), "fabric": (0.01, 0.9), "leather": (0.05, 0.45), "stone": (0.04, 0.5),
    "marble": (0.06, 0.25), "plastic": (0.04, 0.35), "ceramic": (0.06, 0.2), "glass": (0.1, 0.12),
    "paper": (0.01, 0.9), "rubber": (0.03, 0.6), "painted": (0.04, 0.55), "leaf": (0.03, 0.55), "carpet": (0.01, 0.95),
    "wicker": (0.02, 0.8),
}  # fmt: skip
"""Material name -> (specular reflectance, roughness)."""
MATERIALS: tuple[str, ...] = tuple(_FINISH)


def _texture(name: str, rng: np.random.Generator, colour: Colour, axis: int) -> Texture:
    """The solid texture of a named material; `axis` is the grain of wood and brushed metal."""
    if name == "wood":
        return materials.wood(rng, colour, axis)
    if name == "metal":
        return pickers.metal_texture(rng, colour, axis)
    if name == "fabric":
        return pickers.fabric_texture(rng, colour)
    if name == "leather":
        return materials.leather(rng, colour)
    if name == "stone":
        return pickers.stone_texture(rng, colour)
    if name == "marble":
        return materials.marble(rng, colour)
    if name == "wicker":
        return materials.wicker(rng, colour)
    if name == "carpet":
        return materials.carpet(rng, colour)
    return materials.plain(rng, colour, amount=0.12 if name == "leaf" else 0.05)


def material_of(name: str, rng: np.random.Generator, colour: Colour = None, axis: int = 2) -> Material:
    """A material by its name in MATERIALS, in `colour` or in one that suits it."""
    specular, roughness = _FINISH[name]
    wobble = np.exp(rng.normal(0.0, 0.2))
    return Material(_texture(name, rng, colour, axis), specular, float(np.clip(roughness * wobble, 0.1, 1.0)))


def glowing(rng: np.random.Generator, colour: Colour = "cream", emission: float = 0.6) -> Material:
    """A shade or a screen that gives off light."""
    return Material(materials.plain(rng, colour), 0.03, 0.6, emission)


@dataclass
class Look:
    """Chooses materials: main parts follow the wished colour and material, side parts choose for themselves.

    Without wishes, one asset in ten takes any texture for its main parts, so that shape does not lean on material.
    """

    rng: np.random.Generator
    colour: Colour = None
    material: str | None = None
    odd: bool = field(init=False)

    def __post_init__(self) -> None:
        self.odd = bool(self.rng.random() < 0.1)

    def main(self, *kinds: str, axis: int = 2, colour: Colour = None) -> Material:
        """A material for a main part: the wished one, else one of `kinds`; `colour` is used when none is wished."""
        name = self.material or kinds[self.rng.integers(len(kinds))]
        wished = colour if self.colour is None else self.colour
        if self.odd and self.material is None and self.colour is None:
            return Material(pickers.any_texture(self.rng), *_FINISH[name])
        return material_of(name, self.rng, wished, axis)

    def side(self, *kinds: str, colour: Colour = None, axis: int = 2) -> Material:
        """A material for a lesser part, not touched by the wishes."""
        return material_of(kinds[self.rng.integers(len(kinds))], self.rng, colour, axis)


class Builder:
    """Collects the parts of one asset and puts it in its frame at the end."""

    def __init__(self, name: str, attachment: Attachment = "floor") -> None:
        self.name, self.attachment = name, attachment
        self.parts: list[Part] = []

    def add(self, material: Material, *shells: Shell, smooth: bool | np.bool_ = False) -> "Builder":
        """Each shell becomes a part of `material`."""
        self.parts += [Part(shell.vertices, shell.faces, material, bool(smooth)) for shell in shells]
        return self

    def place(self, asset: Asset, x: float = 0.0, y: float = 0.0, z: float = 0.0, turn: float = 0.0) -> "Builder":
        """Another asset set into this one (books on a shelf, pillows on a bed)."""
        self.parts += asset.moved(x, y, z, turn).parts
        return self

    def done(self) -> Asset:
        """The asset in its frame: on z = 0 and centred (floor, table), back at y = 0 (wall), top at z = 0 (ceiling)."""
        asset = Asset(self.name, tuple(self.parts), self.attachment)
        low, high = asset.bounds()
        x, y = -(low[:2] + high[:2]) / 2
        z = -low[2]
        if self.attachment == "wall":
            y, z = -high[1], -(low[2] + high[2]) / 2
        elif self.attachment == "ceiling":
            z = -high[2]
        return asset.moved(float(x), float(y), float(z))


def four(x: float, y: float) -> list[tuple[float, float]]:
    """The four corners (+-x, +-y)."""
    return [(sx * x, sy * y) for sx in (-1, 1) for sy in (-1, 1)]
