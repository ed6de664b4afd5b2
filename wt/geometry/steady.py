"""Depth of a clip made steady: what is left of the flicker from frame to frame, by the rigid motion of the thing.

Optical flow shows how the shape that the network sees moves (`rigid_motion`). Along that motion its answers of all
frames are averaged: its errors stay where they are in the picture while the thing moves on. A better shape gives a
better motion in turn. At last every pixel's depth follows the changes that shape and motion predict.
"""

from collections.abc import Callable, Sequence

import numpy as np

from wt.errors import WtError
from wt.geometry.camera import Intrinsics, project, rays
from wt.geometry.fit_intrinsics import fit_intrinsics
from wt.geometry.layers import forward_fill, real_surfaces
from wt.geometry.optical_flow import match_frames, sampled
from wt.geometry.rigid_motion import between, carried, rigid_motion
from wt.types import Bool, Float, UInt8

SAME = 0.1
"""Of log depth: a pixel whose depth changes by much more than a tenth shows something else, or moves for certain."""
SPREAD = 8.0
"""Frames: standard deviation of the weights."""
REACH = 15
"""Frames farther away do not count."""
ROUNDS = 2
"""Of motion, then shape."""
ANSWER = 0.01
"""Weight of a depth beside that of its change."""


def steadied(
    points: Sequence[Float[np.ndarray, "layers h w 3"]],
    valid: Sequence[Bool[np.ndarray, "h w"]],
    rgb: Sequence[UInt8[np.ndarray, "h w 3"]],
    check: Callable[[], object] = lambda: None,
) -> list[Float[np.ndarray, "layers h w 3"]]:
    """Points of a clip's frames moved along their rays, so that depth changes as one rigid motion says.

    Where no motion can be found, the thing stands still: depth is averaged over time at every pixel. Layers keep their
    order; a repeat of a layer before stays one.

    Args:
        points: of all frames, camera space, on one grid.
        valid: the rays of each frame; the others neither count nor change.
        rgb: the pictures on that grid.
        check: called every now and then; may raise `Cancelled`.

    Raises:
        WtError: not one mask and one picture for each frame.
    """
    if not len(points) == len(valid) == len(rgb):
        raise WtError(
            f"Steadying needs a mask and a picture for each frame; got {len(points)} frames, {len(valid)} masks and "
            f"{len(rgb)} pictures."
        )
    z = np.stack([frame[..., 2] for frame in points], axis=1).astype(np.float64)
    counts = np.stack(valid) & np.isfinite(z).all(axis=0) & (z > 0).all(axis=0)
    lens = _lens(points, counts)
    if len(points) < 2 or lens is None:
        return list(points)
    z = np.where(counts, z, 1.0)
    there = real_surfaces(z.reshape(len(z), -1, z.shape[-1]), 0.0).reshape(z.shape) & counts
    matches, shapes = match_frames(rgb, list(counts), check), list(z)
    for _ in range(ROUNDS):
        poses = rigid_motion(matches, shapes[0], counts, lens, check)
        shapes[0] = _averaged(shapes[0], z[0], counts, poses, lens, check)
    found = []
    for shape, layer, surface in zip(shapes, z, there, strict=True):
        averaged = _averaged(shape, layer, surface, poses, lens, check)
        found.append(_following(averaged, surface, _predicted(averaged, surface, poses, lens, check)))
    factor = np.stack(found, axis=1) / np.swapaxes(z, 0, 1)
    return [_moved(*parts) for parts in zip(points, factor, np.swapaxes(there, 0, 1), counts, strict=True)]


def _lens(points: Sequence[np.ndarray], counts: Bool[np.ndarray, "t h w"]) -> Intrinsics | None:
    """One camera for all frames: the middle one of theirs; None where no frame has one."""
    fitted = []
    for frame, mask in zip(points, counts, strict=True):
        try:
            fitted.append(fit_intrinsics(frame[0], mask))
        except WtError:  # too little of the thing is in sight
            continue
    if not fitted:
        return None
    fx, fy, cx, cy = np.median([(k.fx, k.fy, k.cx, k.cy) for k in fitted], axis=0)
    return Intrinsics(fx, fy, cx, cy, fitted[0].width, fitted[0].height)


def _averaged(
    shape: Float[np.ndarray, "t h w"],
    z: Float[np.ndarray, "t h w"],
    counts: Bool[np.ndarray, "t h w"],
    poses: Float[np.ndarray, "t 4 4"],
    lens: Intrinsics,
    check: Callable[[], object],
) -> Float[np.ndarray, "t h w"]:
    """The bilateral mean, along the motion, of what the frames around say of each point of the shape."""
    found = shape.copy()
    for now, here in enumerate(counts):
        check()
        points, depth = rays(lens)[here] * shape[now][here][:, None], shape[now][here]
        total, drift = np.full(len(depth), 1e-12), np.zeros(len(depth))
        for then in range(max(0, now - REACH), min(len(z), now + REACH + 1)):
            moved = carried(between(poses, now, then), points)
            seen, known = sampled(z[then], counts[then], project(moved, lens))
            change = seen - moved[:, 2]
            weight = known * np.exp(-0.5 * (((then - now) / SPREAD) ** 2 + (change / depth / SAME) ** 2))
            total += weight
            drift += weight * change
        found[now][here] = np.maximum(depth + drift / total, depth * (1 - SAME))
    return found


def _predicted(
    shape: Float[np.ndarray, "t h w"],
    counts: Bool[np.ndarray, "t h w"],
    poses: Float[np.ndarray, "t 4 4"],
    lens: Intrinsics,
    check: Callable[[], object],
) -> Float[np.ndarray, "steps h w"]:
    """How much the depth at each pixel changes to the next frame; NaN where that is not known.

    The point that a pixel shows next is carried back, and its depth read there from the shape of the frame before.
    """
    steps = np.full((len(shape) - 1, *shape.shape[1:]), np.nan)
    for now, step in enumerate(steps):
        check()
        both = counts[now] & counts[now + 1]
        onward = between(poses, now, now + 1)
        before = project(carried(np.linalg.inv(onward), rays(lens)[both] * shape[now + 1][both][:, None]), lens)
        depth, known = sampled(shape[now], counts[now], before)
        slopes = (before - (lens.cx, lens.cy)) / (lens.fx, lens.fy)
        points = np.concatenate([slopes, np.ones((len(slopes), 1))], axis=1) * depth[:, None]
        step[both] = np.where(known, carried(onward, points)[:, 2] - shape[now][both], 0.0)
    return steps


def _following(
    shape: Float[np.ndarray, "t h w"], counts: Bool[np.ndarray, "t h w"], steps: Float[np.ndarray, "steps h w"]
) -> Float[np.ndarray, "t h w"]:
    """The depth that is nearest to the shape's and changes as predicted: least squares over time at each pixel.

    A change does not count where the shape itself changes quite otherwise.
    """
    with np.errstate(invalid="ignore"):
        odd = (np.diff(shape, axis=0) - steps) / shape[:-1] / SAME
    tie = np.where(np.isfinite(odd), np.exp(-0.5 * np.nan_to_num(odd) ** 2), 0.0)
    step = np.nan_to_num(steps)
    # The normal equations are tridiagonal; one sweep forwards and one back solve them for all pixels at once.
    diagonal = np.full(shape.shape, ANSWER)
    right = ANSWER * shape
    for part, sign in ((slice(1, None), 1.0), (slice(None, -1), -1.0)):
        diagonal[part] += tie
        right[part] += sign * tie * step
    for now in range(1, len(shape)):
        share = tie[now - 1] / diagonal[now - 1]
        diagonal[now] -= share * tie[now - 1]
        right[now] += share * right[now - 1]
    found = right / diagonal
    for now in range(len(shape) - 2, -1, -1):
        found[now] += tie[now] * found[now + 1] / diagonal[now]
    return np.where(counts, np.maximum(found, shape * (1 - SAME)), shape)


def _moved(
    points: Float[np.ndarray, "layers h w 3"],
    factor: Float[np.ndarray, "layers h w"],
    there: Bool[np.ndarray, "layers h w"],
    counts: Bool[np.ndarray, "h w"],
) -> Float[np.ndarray, "layers h w 3"]:
    """Points times the factor, in order; repeats repeat, and rays that do not count are as they were."""
    moved = forward_fill(points * factor[..., None], there)
    with np.errstate(invalid="ignore"):
        # A layer that would come to lie before another one takes its place.
        ahead = np.maximum.accumulate(moved[..., 2], axis=0) / moved[..., 2]
    return np.where(counts[..., None], moved * ahead[..., None], points).astype(points.dtype)
