"""Lifted layers are rough: smoothed along their surfaces, and never across a cut."""

import numpy as np

from wt.geometry.camera import Intrinsics
from wt.meshes.grid import joined_steps
from wt.types import Bool, Float


def roughness(inverse: Float[np.ndarray, "h w"], intrinsics: Intrinsics) -> float:
    """Median distance of points from the middle of their left and right neighbours, in widths of a pixel."""
    inner, middle = _between(inverse, joined_steps(inverse, intrinsics.fx))
    found = np.abs(middle - inverse[:, 1:-1])[inner] / inverse[:, 1:-1][inner]
    return intrinsics.fx * float(np.median(found)) if len(found) else 0.0


def smoothed(inverse: Float[np.ndarray, "h w"], intrinsics: Intrinsics, passes: int) -> Float[np.ndarray, "h w"]:
    """1/z drawn towards the middle of opposite neighbours, which leaves planes as they are up to their borders."""
    across, down = joined_steps(inverse, intrinsics.fx), joined_steps(inverse.T, intrinsics.fy)
    for _ in range(passes):
        for joined in (across, down):
            inner, middle = _between(inverse, joined)
            moved = inverse.copy()
            moved[:, 1:-1] = np.where(inner, (middle + inverse[:, 1:-1]) / 2, inverse[:, 1:-1])
            inverse = moved.T
    return inverse


def _between(
    inverse: Float[np.ndarray, "h w"], joined: Bool[np.ndarray, "h w-1"]
) -> tuple[Bool[np.ndarray, "h w-2"], Float[np.ndarray, "h w-2"]]:
    """(where a pixel hangs together with both its neighbours of the row, their middle)."""
    return joined[:, :-1] & joined[:, 1:], (inverse[:, :-2] + inverse[:, 2:]) / 2
