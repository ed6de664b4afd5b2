"""Solids in front of a camera as the layers in which rays enter and leave them, in closed form."""

import numpy as np

from wt.geometry.camera import Intrinsics
from wt.scene.objects import SceneObject

SIDE = 96
CAMERA = Intrinsics(200.0, 210.0, 50.0, 46.0, SIDE, SIDE)
CENTRE = np.array([0.05, -0.03, 3.0])
RADIUS = 0.5


def directions(k: Intrinsics = CAMERA) -> np.ndarray:
    u, v = np.meshgrid(np.arange(k.width) + 0.5, np.arange(k.height) + 0.5)
    return np.stack([(u - k.cx) / k.fx, (v - k.cy) / k.fy, np.ones_like(u)], axis=-1)


def of_depths(depths: list[np.ndarray], ident: int = 1) -> SceneObject:
    """A thing of six layers on the camera's rays from its depths, NaN where there is no surface."""
    stack = np.full((6, SIDE, SIDE), np.nan)
    stack[: len(depths)] = depths
    red = np.zeros((SIDE, SIDE, 3), np.uint8)
    red[..., 0] = 200
    points = (stack[..., None] * directions()).astype(np.float32)
    return SceneObject(ident, "thing", points, np.isfinite(stack), red)


def ball(ident: int = 1) -> SceneObject:
    ray = directions()
    a, b, c = (ray**2).sum(-1), ray @ CENTRE, CENTRE @ CENTRE - RADIUS**2
    with np.errstate(invalid="ignore"):
        root = np.sqrt(b * b - a * c)
    return of_depths([(b - root) / a, (b + root) / a], ident)


def box(half: list[float], centre: list[float], turn: np.ndarray | None = None) -> list[np.ndarray]:
    """Depths at which rays enter and leave a box with these half sides, turned about its centre (slabs)."""
    turn = np.eye(3) if turn is None else turn
    ray, eye, side = directions() @ turn, -np.array(centre) @ turn, np.array(half)
    with np.errstate(divide="ignore"):
        first, last = (-side - eye) / ray, (side - eye) / ray
    near, far = np.minimum(first, last).max(-1), np.maximum(first, last).min(-1)
    return [np.where(near < far, near, np.nan), np.where(near < far, far, np.nan)]


def normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    a, b, c = (vertices[faces[:, k]].astype(float) for k in range(3))
    return np.cross(b - a, c - a)


def signed_volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    """By the divergence theorem: positive if the faces look outwards."""
    v = vertices.astype(float) - vertices.mean(axis=0)
    return float(np.einsum("mk,mk->m", v[faces[:, 0]], np.cross(v[faces[:, 1]], v[faces[:, 2]])).sum() / 6)
