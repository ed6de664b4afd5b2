"""A layered object as occupied voxels, filled along its rays: what TRELLIS.2 starts from (ARCHITECTURE section 22)."""

from dataclasses import dataclass

import numpy as np

from wt.errors import WtError
from wt.types import Bool, Float, Int

MAX_FITTED = 400_000
"""Points that the transform is fitted to; of more a random subset."""
HALF = 0.45
"""Where the furthest coordinate of the cloud comes to lie, in a box from -1/2 to 1/2."""
EDGE = 0.5 - 1e-6
BETWEEN = 4
"""Points put between two neighbouring layers of a ray."""


@dataclass(frozen=True, slots=True)
class CanonicalFrame:
    """Camera space to the box [-1/2, 1/2]^3 with z up, and back."""

    centroid: Float[np.ndarray, "3"]
    """float32, after the axes were turned: (x, z, -y) of the camera."""
    scale: float

    @classmethod
    def of(cls, points: Float[np.ndarray, "layers h w 3"], mask: Bool[np.ndarray, "layers h w"]) -> "CanonicalFrame":
        """The frame whose origin is the mean of the cloud.

        Raises:
            WtError: no point to fit to.
        """
        cloud = points[mask & np.isfinite(points).all(axis=-1)]
        if not len(cloud):
            raise WtError("There is no point to make voxels of: the mask is empty. Select an object and lift it.")
        if len(cloud) > MAX_FITTED:
            # The release's own generator, for the same subset.
            legacy = np.random.RandomState(0)
            cloud = cloud[legacy.choice(len(cloud), MAX_FITTED, replace=False)]
        turned = _turned(cloud)
        centroid = turned.mean(axis=0)
        return cls(centroid, HALF / max(float(np.abs(turned - centroid).max()), 1e-6))

    def forward(self, points: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
        """Camera space to the box."""
        return ((_turned(points) - self.centroid) * self.scale).astype(np.float32)

    def inverse(self, points: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
        """The box to camera space."""
        a, b, g = np.moveaxis(points / self.scale + self.centroid, -1, 0)
        return np.stack([a, -g, b], axis=-1).astype(np.float32)


def densified(
    points: Float[np.ndarray, "layers h w 3"], mask: Bool[np.ndarray, "layers h w"]
) -> Float[np.ndarray, "n 3"]:
    """All points, then those on the straight lines between neighbouring layers: pair by pair, step by step."""
    parts = [layer[valid] for layer, valid in zip(points, mask, strict=True)]
    for near, far, both in zip(points[:-1], points[1:], mask[:-1] & mask[1:], strict=True):
        steps = np.arange(1, BETWEEN + 1, dtype=np.float32) / np.float32(BETWEEN + 1)
        parts += [near[both] * (1 - t) + far[both] * t for t in steps]
    return np.concatenate(parts)


def voxels(
    points: Float[np.ndarray, "layers h w 3"],
    mask: Bool[np.ndarray, "layers h w"],
    resolution: int = 64,
    *,
    most: int | None = None,
    seed: int = 42,
) -> tuple[Int[np.ndarray, "n 3"], CanonicalFrame]:
    """(indices of occupied voxels, int32 and in lexicographic order, and the frame that they lie in).

    Args:
        points: camera space.
        mask: where a layer counts; the same for all layers of a lift.
        resolution: voxels along a side of the box; 32 for TRELLIS.2's pipeline of 512.
        most: keep that many at random, in the order drawn.
        seed: of that draw.

    Raises:
        WtError: no point.
    """
    from scipy import ndimage

    frame = CanonicalFrame.of(points, mask)
    cloud = frame.forward(densified(points, mask))
    cloud = cloud[(np.abs(cloud) <= EDGE).all(axis=-1)]
    index = np.floor((cloud + np.float32(0.5)) * resolution).astype(np.int64).clip(0, resolution - 1)
    grid = np.zeros((resolution,) * 3, dtype=bool)
    grid[tuple(index.T)] = True
    filled = np.argwhere(ndimage.binary_fill_holes(ndimage.binary_closing(grid))).astype(np.int32)
    if most is not None and len(filled) > most:
        legacy = np.random.RandomState(seed)
        filled = filled[legacy.choice(len(filled), most, replace=False)]
    return filled, frame


def _turned(points: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3"]:
    x, y, z = np.moveaxis(points, -1, 0)
    return np.stack([x, z, -y], axis=-1)
