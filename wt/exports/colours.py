"""Colours for the formats that want linear light."""

import numpy as np

from wt.types import Float, UInt8


def srgb_to_linear(colours: UInt8[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
    """sRGB bytes to linear light in 0..1, float64 (IEC 61966-2-1)."""
    encoded = np.arange(256) / 255
    table = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return table[colours]
