"""What a training or an evaluation takes in: a picture with layered depth and its camera."""

from dataclasses import dataclass

import numpy as np

from wt.types import Float, UInt8


@dataclass(frozen=True)
class Source:
    """One sample: rgb, peeled depth (z, 0 = no hit) and K = (fx, fy, cx, cy) in pixels of the source."""

    rgb: UInt8[np.ndarray, "h w 3"]
    depth: Float[np.ndarray, "layers h w"]
    k: Float[np.ndarray, "4"]
    single: bool = False
    """Only layer 0 is known (Eq. 4): an RGB-D frame."""
    photograph: bool = False
    """A real photograph, not a rendering."""
    sparse: bool = False
    """Few pixels have a depth (a driving LiDAR): never turned (App. C)."""

    @property
    def pixel_aspect(self) -> float:
        """fy / fx."""
        return float(self.k[1] / self.k[0])
