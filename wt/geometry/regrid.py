"""A layered pointmap from the network's square grid to a photo's grid, without averaging across depth jumps."""

from dataclasses import dataclass

import numpy as np

from wt.geometry.camera import Intrinsics, rays
from wt.types import Bool, Float, UInt8

MAX_JUMP = 0.1
"""Neighbours whose inverse depth differs by more than this share belong to another surface."""
MIN_DEPTH = 1e-4
COLOUR_SIGMA = 0.1
_OFFSETS = ((0, 0), (0, 1), (1, 0), (1, 1))


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a source grid lies on a photo grid: source = scale * target + shift, continuous pixels (u, v)."""

    scale: tuple[float, float]
    shift: tuple[float, float]
    height: int
    """Of the target grid."""
    width: int

    def camera(self, source: Intrinsics) -> Intrinsics:
        """A camera of the source grid as one of the target grid."""
        (sx, sy), (dx, dy) = self.scale, self.shift
        return Intrinsics(
            source.fx / sx, source.fy / sy, (source.cx - dx) / sx, (source.cy - dy) / sy, self.width, self.height
        )


def regrid(
    points: Float[np.ndarray, "l h w 3"],
    valid: Bool[np.ndarray, "h w"],
    camera: Intrinsics,
    colours: UInt8[np.ndarray, "h w 3"],
    place: Placement,
    target_colours: UInt8[np.ndarray, "h2 w2 3"],
) -> tuple[Float[np.ndarray, "l h2 w2 3"], Bool[np.ndarray, "h2 w2"]]:
    """Resample every layer; returns (points float32, where there is a valid neighbour).

    Each target pixel belongs to the one of its four neighbours that is near and of its colour; only neighbours on the
    same surface are averaged with it, in inverse depth, which is linear on planes. Directions (deviations from the
    rays of `camera`, which are smooth across depth jumps) are interpolated apart from depth.

    Args:
        points: on the source grid; only `valid` pixels are used.
        valid: rays of the source grid that count.
        camera: fitted on the source grid.
        colours: sRGB of the source grid.
        place: where the source grid lies on the target grid.
        target_colours: sRGB of the target grid.
    """
    depth = np.maximum(points[..., 2], MIN_DEPTH)
    inverse = 1 / depth
    bend = points[..., :2] / depth[..., None] - rays(camera)[..., :2].astype(np.float32)
    inverse, bend, valid = _grown(inverse, bend, valid)
    u, v = _source_coordinates(place)
    neighbours = _neighbours(u, v, valid.shape)
    scores, weights = [], []
    wanted = target_colours.astype(np.float32) / 255
    have = colours.astype(np.float32) / 255
    for rows, columns, share in neighbours:
        weight = share * valid[rows, columns]
        difference = ((have[rows, columns] - wanted) ** 2).sum(axis=-1)
        weights.append(weight)
        scores.append((weight + 1e-6 * (weight > 0)) * np.exp(-difference / (2 * COLOUR_SIGMA**2)).clip(1e-6))
    best = np.argmax(scores, axis=0)
    reference = np.zeros((len(points), place.height, place.width), dtype=np.float32)
    for index, (rows, columns, _) in enumerate(neighbours):
        reference = np.where(best == index, inverse[:, rows, columns], reference)
    total = np.zeros_like(reference)
    depth_sum = np.zeros_like(reference)
    bend_total = np.sum(weights, axis=0)
    bend_sum = np.zeros((*reference.shape, 2), dtype=np.float32)
    for (rows, columns, _), weight in zip(neighbours, weights):
        near = inverse[:, rows, columns]
        same = weight * (np.abs(near - reference) <= MAX_JUMP * reference)
        total += same
        depth_sum += same * near
        bend_sum += weight[..., None] * bend[:, rows, columns]
    found = (bend_total > 0) & _inside(u, v, valid.shape)
    # A reference of weight zero (a neighbour exactly on the edge of the cell) stands for itself.
    z = 1 / np.where(total > 1e-9, depth_sum / np.maximum(total, 1e-9), np.where(reference > 0, reference, 1.0))
    directions = _directions(u, v, camera) + bend_sum / np.maximum(bend_total, 1e-9)[..., None]
    return np.concatenate([directions * z[..., None], z[..., None]], axis=-1).astype(np.float32), found


def _source_coordinates(place: Placement) -> tuple[Float[np.ndarray, " w"], Float[np.ndarray, " h"]]:
    u = (np.arange(place.width) + 0.5) * place.scale[0] + place.shift[0]
    v = (np.arange(place.height) + 0.5) * place.scale[1] + place.shift[1]
    return u, v


def _inside(u: Float[np.ndarray, " w"], v: Float[np.ndarray, " h"], shape: tuple[int, ...]) -> Bool[np.ndarray, "h w"]:
    """Within half a source pixel of the source grid: beyond it, the clamped neighbours mean nothing."""
    across, down = (u >= -0.5) & (u <= shape[1] + 0.5), (v >= -0.5) & (v <= shape[0] + 0.5)
    return down[:, None] & across[None, :]


def _directions(
    u: Float[np.ndarray, " w"], v: Float[np.ndarray, " h"], camera: Intrinsics
) -> Float[np.ndarray, "h w 2"]:
    x, y = np.meshgrid((u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy)
    return np.stack([x, y], axis=-1)


def _neighbours(
    u: Float[np.ndarray, " w"], v: Float[np.ndarray, " h"], shape: tuple[int, ...]
) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(rows [h, w], columns [h, w], bilinear share [h, w]) of the four nearest pixel centres, clamped to the grid."""
    cells = []
    for where, count in ((v, shape[0]), (u, shape[1])):
        at = np.clip(where - 0.5, 0, count - 1)
        low = np.minimum(at.astype(int), max(count - 2, 0))
        cells.append((low, np.minimum(low + 1, count - 1), (at - low).astype(np.float32)))
    (top, bottom, down), (left, right, across) = cells
    out = []
    for row_side, column_side in _OFFSETS:
        rows, columns = np.meshgrid(bottom if row_side else top, right if column_side else left, indexing="ij")
        share = np.outer(down if row_side else 1 - down, across if column_side else 1 - across)
        out.append((rows, columns, share))
    return out


def _grown(
    inverse: Float[np.ndarray, "l h w"],
    bend: Float[np.ndarray, "l h w 2"],
    valid: Bool[np.ndarray, "h w"],
    rounds: int = 2,
) -> tuple[Float[np.ndarray, "l h w"], Float[np.ndarray, "l h w 2"], Bool[np.ndarray, "h w"]]:
    """Repeat the border of the valid region outwards, so that a finer mask than the source grid's finds neighbours."""
    if valid.all():
        return inverse, bend, valid
    inverse, bend, valid = inverse.copy(), bend.copy(), valid.copy()
    for _ in range(rounds):
        before = valid.copy()
        for axis, step in ((0, 1), (0, -1), (1, 1), (1, -1)):
            source = np.roll(before, step, axis=axis)
            edge = [slice(None), slice(None)]
            edge[axis] = slice(0, 1) if step == 1 else slice(-1, None)
            source[tuple(edge)] = False
            take = source & ~valid
            inverse[:, take] = np.roll(inverse, step, axis=axis + 1)[:, take]
            bend[:, take] = np.roll(bend, step, axis=axis + 1)[:, take]
            valid |= take
    return inverse, bend, valid
