"""How a thing moves through a clip, as one rigid body: its poses fitted to optical flow and to the depth that is known.

Flow alone leaves a thing's way towards the camera and its turning nearly undecided, and depth by a network is wrong in
parts. So the fit is a posterior mode: motion is small and steady unless flow says otherwise, and along the line on
which a pixel would move if its depth were another one, flow says little.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wt.geometry.camera import Intrinsics, project, unproject
from wt.geometry.optical_flow import Matches, sampled
from wt.types import Bool, Float

TURN = 0.1
"""Radians from a frame to the next, a standard deviation, as are all of these."""
SHIFT = (0.1, 0.1, 0.015)
"""Of the thing's size, from a frame to the next: x, y, and z, which flow tells worst."""
CHANGE = 0.01
"""Radians, or of the size: how much a step differs from the one before."""
FLOW = 0.5 / 192
"""Error of a match, of the frame's longer side; beyond it Huber's loss is linear."""
INDEPENDENT = 10
"""Errors of flow hang together: a pair of frames counts as so many independent matches."""
DEPTH = 0.2
"""Error of a point's depth, of the thing's size."""
STEPS = 8
"""Of Gauss and Newton."""
FARTHEST = 0.5
"""Radians that one of these steps may turn by."""
_NEAREST = 1e-3


@dataclass(frozen=True, eq=False)
class _Problem:
    """Points [pairs, n, 3] of the earlier frames, and where the later ones show them."""

    matches: Matches
    points: Float[np.ndarray, "pairs n 3"]
    weight: Float[np.ndarray, "pairs n"]
    centres: Float[np.ndarray, "t 3"]
    """About which the thing turns, in each frame."""
    size: float
    lens: Intrinsics


def rigid_motion(
    matches: Matches | None,
    depth: Float[np.ndarray, "t h w"],
    valid: Bool[np.ndarray, "t h w"],
    lens: Intrinsics,
    check: Callable[[], object] = lambda: None,
) -> Float[np.ndarray, "t 4 4"]:
    """The pose of the thing in every frame: the map from camera space in frame 0 to camera space in that frame.

    Args:
        matches: None: nothing is known, and the thing stands still.
        depth: z of the visible surface.
        valid: where the thing is.
        lens: of all frames, on their grid.
        check: called before every step of the fit; may raise `Cancelled`.
    """
    count = len(depth)
    motion = np.zeros((count - 1, 6))
    if matches is None:
        return np.tile(np.eye(4), (count, 1, 1))
    problem = _problem(matches, depth, valid, lens)
    prior = _prior(count - 1, problem.size)
    # The steps that a pair of frames spans.
    step = np.arange(count - 1)
    spans = ((step >= matches.earlier[:, None]) & (step < matches.later[:, None])).astype(np.float64)
    for _ in range(STEPS):
        check()
        hessian, gradient = _evidence(problem, _poses(motion, problem.centres))
        normal = np.einsum("pa,pb,pij->aibj", spans, spans, hessian, optimize=True).reshape(prior.shape)
        right = np.einsum("pa,pi->ai", spans, gradient).ravel() - prior @ motion.ravel()
        change = np.linalg.solve(normal + prior, right).reshape(motion.shape)
        motion = motion + change * min(1.0, FARTHEST / max(float(np.abs(change[:, :3]).max()), 1e-12))
    return _poses(motion, problem.centres)


def carried(pose: Float[np.ndarray, "*p 4 4"], points: Float[np.ndarray, "*p n 3"]) -> Float[np.ndarray, "*p n 3"]:
    """Points moved by a pose, and kept before the camera."""
    moved = points @ np.swapaxes(pose[..., :3, :3], -1, -2) + pose[..., None, :3, 3]
    moved[..., 2] = np.maximum(moved[..., 2], _NEAREST)
    return moved


def between(
    poses: Float[np.ndarray, "t 4 4"], earlier: np.ndarray | int, later: np.ndarray | int
) -> Float[np.ndarray, "*p 4 4"]:
    """The map from camera space in one frame to camera space in another."""
    return poses[later] @ np.linalg.inv(poses[earlier])


def _problem(
    matches: Matches, depth: Float[np.ndarray, "t h w"], valid: Bool[np.ndarray, "t h w"], lens: Intrinsics
) -> _Problem:
    pairs = list(zip(matches.earlier, matches.start, strict=True))
    read = [sampled(depth[frame], valid[frame], start) for frame, start in pairs]
    z, known = np.stack([values for values, _ in read]), np.stack([found for _, found in read])
    slopes = (matches.start - (lens.cx, lens.cy)) / (lens.fx, lens.fy)
    points = np.concatenate([slopes, np.ones_like(z)[..., None]], axis=-1) * z[..., None]
    weight = matches.weight * known
    middle = (weight[..., None] * points).sum(axis=1, keepdims=True)
    spread = np.sqrt((weight * ((points - middle) ** 2).sum(axis=-1)).sum(axis=1))
    size = max(2 * float(np.median(spread)), _NEAREST)
    return _Problem(matches, points, weight, _centres(depth, valid, lens), size, lens)


def _centres(
    depth: Float[np.ndarray, "t h w"], valid: Bool[np.ndarray, "t h w"], lens: Intrinsics
) -> Float[np.ndarray, "t 3"]:
    """The middle of what is seen in each frame; where that is nothing, of all that is seen."""
    seen = [unproject(z, lens)[mask] for z, mask in zip(depth, valid, strict=True)]
    centres = np.stack([points.mean(axis=0) if len(points) else np.full(3, np.nan) for points in seen])
    return np.where(np.isfinite(centres), centres, np.nanmean(centres, axis=0))


def _prior(steps: int, size: float) -> Float[np.ndarray, "n n"]:
    """Precision of the motion [steps, 6] (turn, shift): it is small, and changes slowly."""
    unit = np.array([1.0, 1.0, 1.0, size, size, size])
    small = 1 / (unit * (TURN, TURN, TURN, *SHIFT)) ** 2
    differences = np.diff(np.eye(steps), axis=0)
    return np.kron(np.eye(steps), np.diag(small)) + np.kron(
        differences.T @ differences, np.diag(1 / (unit * CHANGE) ** 2)
    )


def _poses(motion: Float[np.ndarray, "steps 6"], centres: Float[np.ndarray, "t 3"]) -> Float[np.ndarray, "t 4 4"]:
    """Steps, each a turn about the thing's centre and a shift, one after the other."""
    from scipy.spatial.transform import Rotation

    turns = Rotation.from_rotvec(motion[:, :3]).as_matrix()
    poses = [np.eye(4)]
    for turn, shift, centre in zip(turns, motion[:, 3:], centres):
        step = np.eye(4)
        step[:3, :3], step[:3, 3] = turn, centre + shift - turn @ centre
        poses.append(step @ poses[-1])
    return np.stack(poses)


def _evidence(
    problem: _Problem, poses: Float[np.ndarray, "t 4 4"]
) -> tuple[Float[np.ndarray, "pairs 6 6"], Float[np.ndarray, "pairs 6"]]:
    """(J' W J, J' W r) of each pair of frames, for one more small motion of its later frame."""
    matches, lens = problem.matches, problem.lens
    maps = between(poses, matches.earlier, matches.later)
    moved = carried(maps, problem.points)
    pivots = carried(maps, problem.centres[matches.earlier][:, None])
    residual = matches.end - project(moved, lens)
    by_point = _by_point(moved, lens)
    ray = problem.points / problem.points[..., 2:]
    along = np.einsum("pnki,pij,pnj->pnk", by_point, maps[:, :3, :3], ray, optimize=True)
    noise, doubt = FLOW * max(lens.width, lens.height), DEPTH * problem.size
    # The inverse of noise^2 1 + doubt^2 along along', times noise^2.
    share = doubt**2 / (noise**2 + doubt**2 * (along**2).sum(axis=-1))

    def whitened(values: np.ndarray) -> np.ndarray:
        inner = np.einsum("pnk,pnk...->pn...", along, values)
        return values - np.einsum("pn,pnk,pn...->pnk...", share, along, inner)

    calm = whitened(residual)
    distance = np.sqrt(np.maximum((residual * calm).sum(axis=-1), 0.0)) / noise
    weight = problem.weight * np.minimum(1.0, 1.0 / np.maximum(distance, 1e-9)) * INDEPENDENT / noise**2
    jacobian = np.concatenate([-by_point @ _cross(moved - pivots), by_point], axis=-1)
    left = whitened(jacobian) * weight[..., None, None]
    hessian = np.einsum("pnki,pnkj->pij", left, jacobian, optimize=True)
    return hessian, np.einsum("pnki,pnk->pi", left, residual, optimize=True)


def _by_point(points: Float[np.ndarray, "*n 3"], lens: Intrinsics) -> Float[np.ndarray, "*n 2 3"]:
    """Derivative of the projection."""
    x, y, z = np.moveaxis(points, -1, 0)
    nothing = np.zeros_like(z)
    return np.stack(
        [
            np.stack([lens.fx / z, nothing, -lens.fx * x / z**2], axis=-1),
            np.stack([nothing, lens.fy / z, -lens.fy * y / z**2], axis=-1),
        ],
        axis=-2,
    )


def _cross(vectors: Float[np.ndarray, "*n 3"]) -> Float[np.ndarray, "*n 3 3"]:
    """The matrices of the cross product."""
    x, y, z = np.moveaxis(vectors, -1, 0)
    nothing = np.zeros_like(x)
    rows = ([nothing, -z, y], [z, nothing, -x], [-y, x, nothing])
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
