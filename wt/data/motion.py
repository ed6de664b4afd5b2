"""How things move through a clip: joints of an asset's parts, and the way of the whole.

Time runs from 0 to 1 over a clip. All is rigid: parts turn about lines or slide along them, chains of parts follow
their parents, and the whole asset is carried along by one map per frame.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from wt.data.mesh import Asset
from wt.types import Float

Course = Literal["sway", "open", "spin", "roll"]
"""To and fro; once from one end to the other; round at an even pace; as a wheel on the ground."""


@dataclass(frozen=True)
class Joint:
    """Parts (indices into an asset's) that turn about `axis` through `pivot`, or slide along it."""

    parts: tuple[int, ...]
    pivot: Float[np.ndarray, "3"]
    axis: tuple[float, float, float]
    low: float = 0.0
    """Radians, or units of the asset where it slides; for "spin" and "roll" radians per clip and per unit of way."""
    high: float = 0.0
    course: Course = "sway"
    slide: bool = False
    parent: int | None = None
    """Index of the joint that carries this one; a parent comes before its children."""
    phase: float = 0.0
    """Share of a cycle by which a sway runs late: legs step in turns."""


@dataclass(frozen=True)
class Motion:
    """Values of all joints [t, joints] and the way of the whole [t, 4, 4], in the asset's frame."""

    values: Float[np.ndarray, "t j"]
    way: Float[np.ndarray, "t 4 4"]
    joints: tuple[Joint, ...] = field(default=())


def posed(asset: Asset, motion: Motion, frame: int) -> Asset:
    """The asset as it stands in a frame."""
    maps: list[np.ndarray] = []
    moved = dict.fromkeys(range(len(asset.parts)), motion.way[frame])
    for joint, value in zip(motion.joints, motion.values[frame], strict=True):
        above = motion.way[frame] if joint.parent is None else maps[joint.parent]
        maps.append(above @ joint_map(joint, float(value)))
        moved.update(dict.fromkeys(joint.parts, maps[-1]))
    return replace(asset, parts=tuple(part.transformed(moved[i]) for i, part in enumerate(asset.parts)))


def joint_map(joint: Joint, value: float) -> Float[np.ndarray, "4 4"]:
    """The rigid map of a joint at a value, in the frame of the asset at rest."""
    axis = np.array(joint.axis) / np.linalg.norm(joint.axis)
    matrix = np.eye(4)
    if joint.slide:
        matrix[:3, 3] = axis * value
        return matrix
    matrix[:3, :3] = rotation(axis, value)
    matrix[:3, 3] = joint.pivot - matrix[:3, :3] @ joint.pivot
    return matrix


def rotation(axis: Float[np.ndarray, "3"], angle: float) -> Float[np.ndarray, "3 3"]:
    """Counter-clockwise about a unit axis, seen against it (Rodrigues)."""
    cross = np.cross(np.eye(3), axis)
    return np.cos(angle) * np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * np.outer(axis, axis)


def draw_motion(rng: np.random.Generator, asset: Asset, joints: tuple[Joint, ...], frames: int) -> Motion:
    """Courses for the joints and a way for the whole; something always moves."""
    time = np.linspace(0.0, 1.0, frames)
    wheels = any(joint.course == "roll" for joint in joints)
    way, travel = _way(rng, asset, time, wheels, bool(joints))
    cycles = rng.uniform(0.6, 1.6)
    values = [_course(rng, joint, time, travel, cycles) for joint in joints]
    return Motion(np.stack(values, axis=1) if values else np.zeros((frames, 0)), way, joints)


def _course(
    rng: np.random.Generator, joint: Joint, time: np.ndarray, travel: np.ndarray, cycles: float
) -> Float[np.ndarray, "t"]:
    if joint.course == "roll":
        return joint.low * travel
    if joint.course == "spin":
        return joint.low * time * rng.uniform(0.5, 1.0)
    middle, reach = (joint.low + joint.high) / 2, (joint.high - joint.low) / 2
    if joint.course == "sway":
        return middle + reach * rng.uniform(0.6, 1.0) * np.sin(2 * np.pi * (cycles * time + joint.phase))
    begin, end = rng.uniform(0.0, 0.3), rng.uniform(0.6, 1.0)
    first, last = (joint.low + share * 2 * reach for share in (rng.uniform(0, 0.25), rng.uniform(0.6, 1.0)))
    first, last = (first, last) if rng.random() < 0.6 else (last, first)
    return first + (last - first) * _eased((time - begin) / (end - begin))


def _way(
    rng: np.random.Generator, asset: Asset, time: np.ndarray, wheels: bool, jointed: bool
) -> tuple[Float[np.ndarray, "t 4 4"], Float[np.ndarray, "t"]]:
    """(map per frame, distance gone forward): the asset's front is -y, its middle the origin."""
    if asset.attachment in ("ceiling", "wall"):
        hangs = asset.attachment == "ceiling"
        top = asset.bounds()[1]
        axis = np.array([rng.normal(), rng.normal(), 0.0]) if hangs else np.array([0.0, 1.0, 0.0])
        hook = np.array([0.0, 0.0 if hangs else top[1], top[2]])
        angle = rng.uniform(0.15, 0.5) * np.sin(2 * np.pi * (rng.uniform(0.5, 1.3) * time + rng.random()))
        return _about(hook, axis / np.linalg.norm(axis), angle), np.zeros(len(time))
    kind = rng.random()
    if wheels or (jointed and kind < 0.3):
        return _driven(rng, time, 1.0 if wheels else 0.5)
    if jointed and kind < 0.6:
        return np.tile(np.eye(4), (len(time), 1, 1)), np.zeros(len(time))
    if kind < 0.5 or jointed:
        # A thing that is round about z shows that it turns only if the axis leans.
        axis = np.array([*(np.zeros(2) if jointed else rng.normal(0, 0.3, 2)), 1.0])
        angle = rng.choice([-1, 1]) * rng.uniform(0.4, 2.5) * _eased(time * rng.uniform(0.8, 1.2))
        return _about(np.zeros(3), axis / np.linalg.norm(axis), angle), np.zeros(len(time))
    return (_hopping if kind < 0.75 else _tumbling)(rng, time), np.zeros(len(time))


def _driven(rng: np.random.Generator, time: np.ndarray, far: float) -> tuple[np.ndarray, np.ndarray]:
    """Forward along an arc that passes through the origin half-way."""
    length, bend = far * rng.uniform(0.25, 0.9), rng.normal(0, 0.5)
    travel = length * (_eased(time) if rng.random() < 0.4 else time)
    heading = bend * (travel / length - 0.5)
    step = np.diff(travel, prepend=0.0)
    place = np.cumsum(np.stack([np.sin(heading), -np.cos(heading)], axis=1) * step[:, None], axis=0)
    way = _about(np.zeros(3), np.array([0.0, 0.0, 1.0]), heading)
    way[:, :2, 3] = place - place.mean(axis=0)
    return way, travel


def _hopping(rng: np.random.Generator, time: np.ndarray) -> np.ndarray:
    """Up and down like a ball, turning a little."""
    way = _about(np.zeros(3), np.array([0.0, 0.0, 1.0]), rng.normal(0, 1.0) * time)
    share = (time * rng.uniform(0.8, 2.2) + rng.random()) % 1.0
    way[:, 2, 3] = rng.uniform(0.15, 0.5) * 4 * share * (1 - share)
    way[:, :2, 3] = rng.normal(0, 0.2, 2) * (time - 0.5)[:, None]
    return way


def _tumbling(rng: np.random.Generator, time: np.ndarray) -> np.ndarray:
    """Held in a hand and turned about any axis, shifted a little."""
    axis = rng.normal(size=3)
    way = _about(np.zeros(3), axis / np.linalg.norm(axis), rng.uniform(0.5, 2.5) * _eased(time))
    way[:, :3, 3] = rng.normal(0, 0.12, 3) * (time - 0.5)[:, None]
    return way


def _about(pivot: np.ndarray, axis: np.ndarray, angles: np.ndarray) -> Float[np.ndarray, "t 4 4"]:
    maps = np.tile(np.eye(4), (len(angles), 1, 1))
    for matrix, angle in zip(maps, angles):
        matrix[:3, :3] = rotation(axis, float(angle))
        matrix[:3, 3] = pivot - matrix[:3, :3] @ pivot
    return maps


def _eased(time: np.ndarray) -> np.ndarray:
    """Smoothstep."""
    t = np.clip(time, 0, 1)
    return t * t * (3 - 2 * t)
