"""Where a thing is solid along its rays, and the skin of that: points with outward normals.

Rays enter matter at layers 0, 2 and 4 and leave it at 1, 3 and 5, so each pair bounds a solid interval.
"""

from dataclasses import dataclass

import numpy as np

from wt.geometry.camera import Intrinsics, rays, unproject
from wt.meshes.grid import grid_triangles
from wt.meshes.smooth import roughness, smoothed
from wt.scene.objects import SceneObject
from wt.types import Bool, Float

THINNEST = 1.5
"""Thickness given to what has none, in widths of a pixel: the back of a leaf lies within the layers' tolerance."""
ROUGH = 0.12
"""Layers rougher than this are a model's and are smoothed; exact ones have less than a third of it, lifts twice."""
PASSES = 8
"""Enough for the seams of a network's patches to fade; more rounds off edges."""
UNEVEN = 1.5
"""Widths of a pixel by which neighbours' intervals may differ without a wall between them."""


@dataclass(frozen=True, eq=False)
class Skin:
    """Points of a surface and the unit vectors out of the solid, both float64."""

    points: Float[np.ndarray, "n 3"]
    normals: Float[np.ndarray, "n 3"]


@dataclass(frozen=True, eq=False)
class Solid:
    """Up to three intervals of depth along each ray; `far` is behind `near` wherever `there`."""

    near: Float[np.ndarray, "pairs h w"]
    far: Float[np.ndarray, "pairs h w"]
    there: Bool[np.ndarray, "pairs h w"]
    intrinsics: Intrinsics

    @classmethod
    def of(cls, thing: SceneObject, intrinsics: Intrinsics) -> "Solid":
        """The intervals at which `thing` was placed (its transform is left out).

        A ray that enters without leaving is given `THINNEST`, and intervals that touch become one.
        """
        depth, present = thing.points[..., 2].astype(np.float64), thing.present
        if len(depth) % 2:
            depth, present = np.concatenate([depth, depth[-1:]]), np.concatenate([present, present[-1:] & False])
        near, far = depth[0::2].copy(), depth[1::2].copy()
        there = present[0::2] | present[1::2]
        if roughness(np.where(there[0], 1 / near[0], np.nan), intrinsics) > ROUGH:
            near, far = (_smoothed(stack, there, intrinsics) for stack in (near, far))
        least = THINNEST * near / focal(intrinsics)
        far = np.fmax(far, near + least)
        for behind in range(1, len(near)):
            for before in range(behind):
                touching = there[before] & there[behind] & (near[behind] - far[before] < least[0])
                far[before] = np.where(touching, np.fmax(far[before], far[behind]), far[before])
                there[behind] &= ~touching
        return cls(near, far, there, intrinsics)

    @property
    def width(self) -> Float[np.ndarray, "h w"]:
        """Of a pixel at the nearest surface, scene units."""
        return self.near[0] / focal(self.intrinsics)

    def skin(self) -> Skin:
        """The faces that rays cross, and walls between neighbours where one is solid and the other is not."""
        parts = [self._crossed(depth, sign) for depth, sign in ((self.near, 1), (self.far, -1))]
        parts += [self._walls(axis, step) for axis in (0, 1) for step in (-1, 1)]
        return Skin(np.concatenate([p.points for p in parts]), np.concatenate([p.normals for p in parts]))

    def _crossed(self, depth: Float[np.ndarray, "pairs h w"], sign: int) -> Skin:
        """Points that have a triangle, with the mean normal of their triangles."""
        points, normals = [np.zeros((0, 3))], [np.zeros((0, 3))]
        for index, there in enumerate(self.there):
            grid = unproject(depth[index], self.intrinsics)
            flat = grid.reshape(-1, 3)
            corners = grid_triangles(grid, there, self.intrinsics)
            a, b, c = flat[corners].transpose(1, 0, 2)
            total = np.zeros_like(flat)
            for corner in corners.T:
                np.add.at(total, corner, sign * np.cross(b - a, c - a))
            length = np.linalg.norm(total, axis=1)
            used = length > 0
            points.append(flat[used])
            normals.append(total[used] / length[used, None])
        return Skin(np.concatenate(points), np.concatenate(normals))

    def _walls(self, axis: int, step: int) -> Skin:
        """Points midway between pixels and their neighbours at `step` along `axis` of the grid, a pixel apart in depth.

        A point stands where the pixel is solid and its neighbour is not; beyond the grid nothing is.
        """
        beyond = [_shifted(part, axis, step) for part in (self.near, self.far, self.there.astype(np.float64))]
        near, far, there = beyond[0], beyond[1], beyond[2] == 1
        margin = UNEVEN * self.width
        with np.errstate(invalid="ignore"):
            covered = [
                (there & (near - margin <= self.near[k]) & (far + margin >= self.far[k])).any(axis=0)
                for k in range(len(near))
            ]
        index, row, column = np.nonzero(self.there & ~np.stack(covered))
        width = self.width[row, column]
        start, end = self.near[index, row, column], self.far[index, row, column]
        count = np.maximum(np.rint((end - start) / width), 1).astype(int)
        pick = np.repeat(np.arange(len(count)), count)
        order = np.arange(len(pick)) - np.repeat(np.cumsum(count) - count, count)
        depth = start[pick] + (order + 0.5) * ((end - start) / count)[pick]
        row, column, margin = row[pick], column[pick], margin[row, column][pick]
        with np.errstate(invalid="ignore"):
            solid = (
                there[:, row, column] & (near[:, row, column] - margin < depth) & (depth < far[:, row, column] + margin)
            )
        bare = ~solid.any(axis=0)
        return self._midway(row[bare], column[bare], depth[bare], axis, step)

    def _midway(self, row: np.ndarray, column: np.ndarray, depth: np.ndarray, axis: int, step: int) -> Skin:
        ray = rays(self.intrinsics)[row, column]
        out = np.zeros_like(ray)
        out[:, 1 - axis] = step
        focal_px = self.intrinsics.fy if axis == 0 else self.intrinsics.fx
        ray = ray + 0.5 / focal_px * out
        unit = ray / np.linalg.norm(ray, axis=1, keepdims=True)
        normal = out - np.einsum("nk,nk->n", out, unit)[:, None] * unit
        return Skin(ray * depth[:, None], normal / np.linalg.norm(normal, axis=1, keepdims=True))


def _smoothed(
    depth: Float[np.ndarray, "pairs h w"], there: Bool[np.ndarray, "pairs h w"], intrinsics: Intrinsics
) -> Float[np.ndarray, "pairs h w"]:
    inverse = np.where(there, 1 / depth, np.nan)
    return np.where(there, 1 / np.stack([smoothed(part, intrinsics, PASSES) for part in inverse]), depth)


def focal(intrinsics: Intrinsics) -> float:
    """Of the grid in pixels, over both axes."""
    return float(np.sqrt(intrinsics.fx * intrinsics.fy))


def _shifted(stack: Float[np.ndarray, "pairs h w"], axis: int, step: int) -> Float[np.ndarray, "pairs h w"]:
    """The values of the neighbours at `step` along the grid's `axis`; NaN beyond the grid."""
    moved = np.full_like(stack, np.nan)
    here, there = [slice(None)] * 3, [slice(None)] * 3
    here[axis + 1], there[axis + 1] = (
        (slice(None, -1), slice(1, None)) if step > 0 else (slice(1, None), slice(None, -1))
    )
    moved[tuple(here)] = stack[tuple(there)]
    return moved
