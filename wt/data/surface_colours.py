"""Colours that a mesh brings along, as a solid texture: the triangle under a point decides."""

from typing import Any

import numpy as np

from wt.data.peel import embree_scene
from wt.types import Float, Int

REACH = 1e-3
"""A point is looked up from this far in front of it, along its normal; meshes have a longest side of 1."""


class SurfaceColours:
    """A `Texture` that shoots a short ray at its own mesh and interpolates between the corners of what it meets.

    `corners` are linear rgb [f,3,3]; with an image (linear rgb) they are its coordinates [f,3,2], v upwards, repeated
    beyond [0, 1]. Points off the mesh get the mean colour.
    """

    def __init__(
        self,
        vertices: Float[np.ndarray, "v 3"],
        faces: Int[np.ndarray, "f 3"],
        corners: Float[np.ndarray, "f 3 k"],
        image: Float[np.ndarray, "h w 3"] | None = None,
    ) -> None:
        self.corners, self.image = corners, image
        self._mesh = vertices.astype(np.float32), faces.astype(np.int32)
        self._scene: Any = None
        self.mean = self._colour(corners.mean(axis=1)).mean(axis=0)

    def __call__(self, points: Float[np.ndarray, "n 3"], normals: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 3"]:
        """Linear rgb at points of the mesh in its own frame; normals are unit and on the side looked at."""
        if self._scene is None:
            self._scene = embree_scene(*self._mesh)
        origins = np.ascontiguousarray(points + REACH * normals, dtype=np.float32)
        found = self._scene.run(
            origins, np.ascontiguousarray(-normals, dtype=np.float32), query="INTERSECT", output=True
        )
        hit = (found["primID"] >= 0) & (found["tfar"] < 3 * REACH)
        a, b, c = self.corners[found["primID"][hit]].transpose(1, 0, 2)
        u, v = found["u"][hit, None], found["v"][hit, None]
        colours = np.tile(self.mean, (len(points), 1))
        colours[hit] = self._colour((1 - u - v) * a + u * b + v * c)
        return colours

    def _colour(self, at: np.ndarray) -> np.ndarray:
        """Interpolated corners as colours: they are colours, or places in the image (bilinear)."""
        if self.image is None:
            return at.astype(np.float32)
        height, width = self.image.shape[:2]
        x, y = at[:, 0] * width - 0.5, (1 - at[:, 1]) * height - 0.5
        left, top = np.floor(x).astype(np.int64), np.floor(y).astype(np.int64)
        fx, fy = (x - left)[:, None], (y - top)[:, None]
        rows, columns = (top % height, (top + 1) % height), (left % width, (left + 1) % width)
        upper = self.image[rows[0], columns[0]] * (1 - fx) + self.image[rows[0], columns[1]] * fx
        lower = self.image[rows[1], columns[0]] * (1 - fx) + self.image[rows[1], columns[1]] * fx
        return (upper * (1 - fy) + lower * fy).astype(np.float32)
