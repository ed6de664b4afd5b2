"""A layered pointmap from the network's square grid to a photo's grid, without averaging across depth jumps."""

from dataclasses import dataclass

import numpy as np

from wt.geometry.camera import Intrinsics, rays
from wt.types import Bool, Float, UInt8

MAX_JUMP = 0.1
"""Neighbours whose inverse depth differs by more than this share belong to another surface."""
MIN_DEPTH = 1e-4
COLOUR_SIGMA = 0.1


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
    rows, columns = _Axis.of(v, valid.shape[0]), _Axis.of(u, valid.shape[1])
    corners = [(r, c) for r in rows.sides() for c in columns.sides()]
    near = [_at(inverse, r, c) for (r, _), (c, _) in corners]
    weights = [np.outer(r_share, c_share) * _at(valid, r, c) for (r, r_share), (c, c_share) in corners]
    best = _likeliest(colours, target_colours, corners, weights)
    reference = near[0].copy()
    for index in (1, 2, 3):
        np.copyto(reference, near[index], where=best == index)
    total, depth_sum = np.zeros_like(reference), np.zeros_like(reference)
    for inverse_depth, weight in zip(near, weights):
        same = weight * (np.abs(inverse_depth - reference) <= MAX_JUMP * reference)
        total += same
        depth_sum += same * inverse_depth
    bend_total = np.sum(weights, axis=0)
    found = (bend_total > 0) & _inside(u, v, valid.shape)
    # A reference of weight zero (a neighbour exactly on the edge of the cell) stands for itself.
    z = 1 / np.where(total > 1e-9, depth_sum / np.maximum(total, 1e-9), np.where(reference > 0, reference, 1.0))
    bend = columns.between(rows.between(np.where(valid[..., None], bend, 0), axis=1), axis=2)
    out = np.empty((*z.shape, 3), dtype=np.float32)
    directions = _directions(u, v, camera).astype(np.float32)
    np.multiply(directions + bend / np.maximum(bend_total, 1e-9)[..., None], z[..., None], out=out[..., :2])
    out[..., 2] = z
    return out, found


@dataclass(frozen=True)
class _Axis:
    """The two pixel centres of a source axis between which every target coordinate lies, clamped to the grid."""

    low: np.ndarray
    high: np.ndarray
    share: Float[np.ndarray, " n"]
    """Of the high one."""

    @classmethod
    def of(cls, where: Float[np.ndarray, " n"], count: int) -> "_Axis":
        at = np.clip(where - 0.5, 0, count - 1)
        low = np.minimum(at.astype(int), max(count - 2, 0))
        return cls(low, np.minimum(low + 1, count - 1), (at - low).astype(np.float32))

    def sides(self) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
        """(indices, share) of the low side and of the high one."""
        return (self.low, 1 - self.share), (self.high, self.share)

    def between(self, values: np.ndarray, axis: int) -> np.ndarray:
        """Linear interpolation along an axis of `values`."""
        share = self.share.reshape(-1, *(1,) * (values.ndim - axis - 1))
        return np.take(values, self.low, axis) * (1 - share) + np.take(values, self.high, axis) * share


def _at(values: np.ndarray, rows: np.ndarray, columns: np.ndarray, axis: int | None = None) -> np.ndarray:
    """values[..., rows x columns]; faster than one index of both."""
    axis = values.ndim - 2 if axis is None else axis
    return np.take(np.take(values, rows, axis), columns, axis + 1)


def _likeliest(
    colours: UInt8[np.ndarray, "h w 3"], wanted: UInt8[np.ndarray, "h2 w2 3"], corners: list, weights: list[np.ndarray]
) -> np.ndarray:
    """Which of the four neighbours each target pixel belongs to: near, and of its colour; [h2, w2]."""
    want, have = wanted.astype(np.float32) / 255, colours.astype(np.float32) / 255
    scores = []
    for ((r, _), (c, _)), weight in zip(corners, weights):
        difference = ((_at(have, r, c, axis=0) - want) ** 2).sum(axis=-1)
        scores.append((weight + 1e-6 * (weight > 0)) * np.exp(-difference / (2 * COLOUR_SIGMA**2)).clip(1e-6))
    return np.argmax(scores, axis=0)


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
        for down, across in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            rows, columns = np.nonzero(_moved(before, down, across) & ~valid)
            inverse[:, rows, columns] = inverse[:, rows - down, columns - across]
            bend[:, rows, columns] = bend[:, rows - down, columns - across]
            valid[rows, columns] = True
    return inverse, bend, valid


def _moved(mask: Bool[np.ndarray, "h w"], down: int, across: int) -> Bool[np.ndarray, "h w"]:
    """The mask moved by a pixel; False comes in at the border."""
    padded = np.pad(mask, 1)
    return padded[1 - down : 1 - down + mask.shape[0], 1 - across : 1 - across + mask.shape[1]]
