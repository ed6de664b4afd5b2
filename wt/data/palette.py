"""Colour names and believable palettes. All values are linear rgb albedo."""

import numpy as np

from wt.types import Float

Colour = str | np.ndarray | None
"""A name of COLOURS, linear rgb [3], or None for a free choice."""


def from_srgb(values: object) -> Float[np.ndarray, "*n 3"]:
    """Linear rgb from sRGB in 0-255 (numbers) or a hex string such as "c08040"."""
    if isinstance(values, str):
        values = [int(values[i : i + 2], 16) for i in (0, 2, 4)]
    srgb = np.asarray(values, dtype=np.float64) / 255.0
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


_SRGB = {
    "red": "b8281f", "dark red": "7a1c1c", "orange": "d9731e", "yellow": "e2bb30", "gold": "c79a3a",
    "green": "3c7f3f", "dark green": "24502f", "light green": "93bd7e", "olive": "7b7a3c", "mint": "a9d4bf",
    "teal": "2b7a78", "turquoise": "3fb0ac", "blue": "2c57a6", "light blue": "8fb4d9", "dark blue": "243a66",
    "navy": "222f52", "purple": "6b4289", "violet": "8a63b3", "lilac": "b9a3d0", "pink": "de9db0", "magenta": "b03a80",
    "brown": "704a2c", "dark brown": "4a3222", "light brown": "a97f57", "beige": "d6c3a1", "cream": "ebdfc4",
    "white": "e9e7e2", "light grey": "bcbbb8", "grey": "868684", "dark grey": "525354", "black": "2a2a2b",
    "silver": "b4b7ba",
}  # fmt: skip
COLOURS: dict[str, np.ndarray] = {name: from_srgb(value) for name, value in _SRGB.items()}
"""Colour name -> linear rgb [3]; also reached under the spelling "gray" through `rgb_of`."""

WOODS = [
    from_srgb(v)
    for v in ("c9a06a", "a9773f", "8a5a30", "6b4226", "4c3020", "d9bd8f", "b98a5a", "9c6b45", "7d5a3f", "e0cfae")
]
"""Beech, oak, cherry, walnut, wenge, birch, pine, teak, driftwood, ash."""
WALLS = [
    from_srgb(v)
    for v in [
        "ece8df",
        "e6e1d6",
        "f0efeb",
        "dfe3e2",
        "d9d4c8",
        "e9dcc4",
        "d5dcd0",
        "cfd8df",
        "e3d3cb",
        "c3c7c4",
        "d8c3a8",
        "b9c4b4",
        "a8b7c2",
        "c9a999",
        "8f9a94",
        "5d6f7a",
    ]
]
FABRICS = [
    from_srgb(v)
    for v in [
        "8a8780",
        "5a5c60",
        "c8bda9",
        "a58f74",
        "47566b",
        "6f7f6a",
        "934f3e",
        "b5894b",
        "38424a",
        "7d4a52",
        "d9d4ca",
        "6a7f8e",
        "3f5d53",
        "b7a3a0",
        "2f3137",
        "9a6a3e",
    ]
]
LEATHERS = [from_srgb(v) for v in ("5b3521", "7b4a2a", "2d2724", "94683f", "b98f63", "3b2a28", "d8ccb8", "6a2a22")]
METALS = [
    from_srgb(v) for v in ("a9abad", "7c7e80", "4b4c4e", "2f3032", "c9c9c7", "b08d57", "8f6b42", "9a5a3c", "d8d5cd")
]
STONES = [from_srgb(v) for v in ("b7b1a6", "8d8a84", "cfc8bb", "6a6866", "a39582", "d9d6cf", "55575a", "b58f76")]
PLANTS = [from_srgb(v) for v in ("3f6b2f", "58853b", "2e5230", "6f9448", "86a35a", "4d7a55", "34614a", "97a850")]
VIVID = [
    COLOURS[name]
    for name in ("red", "orange", "yellow", "green", "turquoise", "blue", "purple", "pink", "white", "black")
]


def rgb_of(
    colour: Colour, rng: np.random.Generator, palette: list[np.ndarray] | None = None, spread: float = 0.12
) -> np.ndarray:
    """Linear rgb [3]: the named colour (or one of `palette`, by default any name) a little varied in tone."""
    if isinstance(colour, str):
        base = COLOURS[colour.replace("gray", "grey")]
        spread *= 0.5
    elif colour is not None:
        base = np.asarray(colour, float)
    else:
        choices = palette or list(COLOURS.values())
        base = choices[rng.integers(len(choices))]
    tone = np.exp(rng.normal(0.0, spread)) * np.exp(rng.normal(0.0, 0.3 * spread, 3))
    return np.clip(base * tone, 0.012, 0.85)


def shade(rgb: np.ndarray, factor: float) -> np.ndarray:
    """A lighter (factor above 1) or darker version that keeps the hue, in [0.01, 0.88]."""
    return np.clip(rgb * factor, 0.01, 0.88)


def mixed(a: np.ndarray, b: np.ndarray, amount: float) -> np.ndarray:
    """Between two colours: 0 is a, 1 is b."""
    return a + (b - a) * amount
