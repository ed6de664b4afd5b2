"""The camera behind the lens: exposure, vignetting, a mild filmic curve, sRGB, a touch of blur and sensor noise."""

import numpy as np

from wt.types import Bool, Float, UInt8


def develop(
    linear: Float[np.ndarray, "h w 3"],
    alpha: Bool[np.ndarray, "h w"],
    rng: np.random.Generator,
    *,
    grain: np.random.Generator | None = None,
) -> UInt8[np.ndarray, "h w 3"]:
    """Linear radiance to an 8-bit sRGB picture.

    The exposure brings the log-mean luminance of the pixels in `alpha` to a middle grey of 0.10 to 0.26, as a camera's
    meter would; tint, contrast, falloff to the corners, blur and noise are drawn from `rng`,
    the noise's pattern from `grain` where one is given.
    """
    image = np.maximum(linear, 0).astype(np.float32)
    luminance = image @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    metered = luminance[alpha] if alpha.any() else luminance
    key = np.exp(np.log(np.clip(metered, 1e-4, None)).mean())
    image *= rng.uniform(0.10, 0.26) / max(float(key), 1e-4)
    image *= np.exp(rng.normal(0, 0.05, 3)).astype(np.float32)
    image *= _falloff(image.shape[:2], rng.uniform(0, 0.35))[..., None]
    image = encode_srgb(filmic(image, rng.uniform(1.5, 4.0)))
    if rng.random() < 0.5:
        image = _blurred(image, rng.uniform(0.0, 0.25))
    strength = rng.uniform(0, 0.02)
    image += (grain or rng).normal(0, strength, image.shape).astype(np.float32)
    return (np.clip(image, 0, 1) * 255 + 0.5).astype(np.uint8)


def filmic(linear: Float[np.ndarray, "*n 3"], white: float) -> Float[np.ndarray, "*n 3"]:
    """Reinhard's extended curve: linear for small values, 1 at `white`."""
    return np.minimum(linear * (1 + linear / white**2) / (1 + linear) * 1.25, 1)


def encode_srgb(linear: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
    """Linear rgb in [0, 1] to sRGB (IEC 61966-2-1)."""
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)


def decode_srgb(encoded: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
    """sRGB in [0, 1] to linear rgb."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def _falloff(shape: tuple[int, int], strength: float) -> np.ndarray:
    y, x = (np.linspace(-1, 1, n, dtype=np.float32) for n in shape)
    return 1 - strength * (y[:, None] ** 2 + x[None, :] ** 2) / 2


def _blurred(image: np.ndarray, side: float) -> np.ndarray:
    """A 3-tap blur along both axes with `side` for each neighbour."""
    for axis in (0, 1):
        padded = np.pad(image, [(1, 1) if a == axis else (0, 0) for a in range(3)], mode="edge")
        before, after = (np.take(padded, np.arange(s, s + image.shape[axis]), axis=axis) for s in (0, 2))
        image = (1 - 2 * side) * image + side * (before + after)
    return image.astype(np.float32)
