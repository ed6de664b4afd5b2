"""What the makers share: where a texture begins, how two colours meet, which colour goes with another."""

import numpy as np

from wt.data.palette import mixed, rgb_of, shade


def offset_of(rng: np.random.Generator) -> np.ndarray:
    """Where in the solid noise a texture begins, [3]."""
    return rng.random(3).astype(np.float32) * 32.0


def blend(a: np.ndarray, b: np.ndarray, amount: np.ndarray) -> np.ndarray:
    """From colour `a` to `b` by an amount in 0..1 per point, [n, 3]."""
    return (a + (b - a) * np.clip(amount, 0.0, 1.0)[:, None]).astype(np.float32)


def times(colour: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """A colour, or one per point, times a factor per point, kept an albedo, [n, 3]."""
    return np.clip(colour * factor[:, None], 0.008, 0.9).astype(np.float32)


def second(rgb: np.ndarray, rng: np.random.Generator, palette: list[np.ndarray] | None = None) -> np.ndarray:
    """A colour that goes with `rgb` and differs from it."""
    kind = rng.integers(3)
    if kind == 0:
        return shade(rgb, 0.35 if rgb.mean() > 0.2 else 3.0)
    if kind == 1:
        return mixed(rgb, np.full(3, 0.75 if rgb.mean() < 0.35 else 0.08), 0.75)
    return rgb_of(None, rng, palette)
