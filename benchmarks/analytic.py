"""Rooms and objects of simple solids, ray-cast by NumPy in float64: the truth is a formula, not a renderer."""

import math
from dataclasses import dataclass

import numpy as np

from wt.geometry.camera import Intrinsics, rays

LAYERS = 6


@dataclass(frozen=True)
class Solid:
    """An ellipsoid or a box: half sizes along its own axes, rotated and placed in the camera frame."""

    kind: str
    half: np.ndarray
    rotation: np.ndarray
    centre: np.ndarray

    def crossings(self, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Entry and exit z along rays [n,3] with z = 1 from the origin; inf, inf where they miss."""
        origin = -(self.centre @ self.rotation) / self.half
        d = directions @ self.rotation / self.half
        with np.errstate(divide="ignore", invalid="ignore"):
            if self.kind == "ellipsoid":
                a, b, c = (d * d).sum(-1), d @ origin, origin @ origin - 1
                root = np.sqrt(b * b - a * c)
                near, far = (-b - root) / a, (-b + root) / a
            else:
                first, second = (-1 - origin) / d, (1 - origin) / d
                near, far = np.minimum(first, second).max(-1), np.maximum(first, second).min(-1)
            hit = (near < far) & (near > 0)
        return np.where(hit, near, np.inf), np.where(hit, far, np.inf)


@dataclass(frozen=True)
class Case:
    """One photo with an object in it: depth [h,w] of the empty room, layered depth [6,h,w] of the object (NaN none)."""

    camera: Intrinsics
    room: np.ndarray
    thing: np.ndarray
    size: float
    """Longest side of the object's bounding box in the camera frame."""

    @property
    def mask(self) -> np.ndarray:
        """Where the object is seen, [h,w]."""
        with np.errstate(invalid="ignore"):
            return self.thing[0] < self.room

    @property
    def edited(self) -> np.ndarray:
        """Visible depth [h,w] of the room with the object."""
        return np.where(self.mask, self.thing[0], self.room)


def random_case(rng: np.random.Generator, width: int = 224, height: int = 168) -> Case:
    """A room with floor, back and side walls, and an object of one to four solids standing on the floor."""
    while True:
        f = width / (2 * math.tan(math.radians(rng.uniform(35, 85)) / 2))
        shift = rng.uniform(-0.04, 0.04, 2) * width
        camera = Intrinsics(f, f * rng.uniform(0.97, 1.03), width / 2 + shift[0], height / 2 + shift[1], width, height)
        world = _pitch(math.radians(rng.uniform(0, 25)))
        eye = rng.uniform(1.1, 1.8)
        directions = rays(camera).reshape(-1, 3)
        room = _room(directions @ world, eye, rng).reshape(height, width)
        solids = _object(rng, eye, world)
        thing = _stack(solids, directions).reshape(LAYERS, height, width)
        case = Case(camera, room, thing, _longest_side(thing, camera))
        seen = case.mask
        border = np.concatenate([seen[0], seen[-1], seen[:, 0], seen[:, -1]])
        if seen.sum() >= 200 and not border.any() and seen.mean() < 0.5:
            return case


def _pitch(angle: float) -> np.ndarray:
    """Camera axes from level axes (y down along gravity), the camera looking down by `angle`."""
    c, s = math.cos(angle), math.sin(angle)
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def _room(level: np.ndarray, eye: float, rng: np.random.Generator) -> np.ndarray:
    """Nearest of floor, back wall and side walls; directions in level axes, z of the camera ray is 1."""
    back, left, right = rng.uniform(5, 9), -rng.uniform(2, 4), rng.uniform(2, 4)
    ceiling = -rng.uniform(0.9, 1.8)
    planes = [(1, eye), (1, ceiling), (2, back), (0, left), (0, right)]
    with np.errstate(divide="ignore"):
        hits = np.stack([offset / level[:, axis] for axis, offset in planes])
    return np.where(hits > 0, hits, np.inf).min(axis=0)


def _object(rng: np.random.Generator, eye: float, world: np.ndarray) -> list[Solid]:
    size, distance = rng.uniform(0.25, 1.2), rng.uniform(1.6, 4.5)
    aside = rng.uniform(-0.3, 0.3) * distance
    solids, height = [], 0.0
    for _ in range(rng.integers(1, 5)):
        half = size * rng.uniform(0.12, 0.5, 3)
        turn = rng.uniform(0, 2 * math.pi)
        c, s = math.cos(turn), math.sin(turn)
        yaw = np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
        offset = rng.uniform(-0.15, 0.15, 2) * size
        level = np.array([aside + offset[0], eye - height - half[1], distance + offset[1]])
        kind = str(rng.choice(["ellipsoid", "box"]))
        solids.append(Solid(kind, half, world @ yaw, world @ level))
        height += half[1] * rng.uniform(0.8, 1.8)
    return solids


def _stack(solids: list[Solid], directions: np.ndarray) -> np.ndarray:
    """All entries and exits of every solid along each ray, sorted, the first six; NaN for none."""
    hits = np.sort(np.concatenate([np.stack(solid.crossings(directions)) for solid in solids]), axis=0)
    padded = np.full((LAYERS, hits.shape[1]), np.inf)
    padded[: min(LAYERS, len(hits))] = hits[:LAYERS]
    return np.where(np.isfinite(padded), padded, np.nan)


def _longest_side(thing: np.ndarray, camera: Intrinsics) -> float:
    points = (rays(camera) * thing[..., None])[np.isfinite(thing)]
    return float(np.ptp(points, axis=0).max()) if len(points) else 0.0
