"""How far exported points, read back from their files, land from the pixels that they came from.

Each file is read here by the rules of its format alone; nothing is shared with the writers.
"""

import json
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from wt.errors import WtError
from wt.scene.scene import Scene
from wt.types import Float

Files = dict[str, Path]
"""By name, without folders."""
_SAME_SURFACE = 1e-3
"""Share of the depth within which a point is the surface of its pixel."""
_PLY_TYPES = {"float": "<f4", "double": "<f8", "uchar": "u1", "ushort": "<u2", "short": "<i2", "int": "<i4"}
_FLIP = np.diag([1.0, -1.0, -1.0])
"""OpenGL camera axes to OpenCV's, and back."""


@dataclass(frozen=True, eq=False)
class Read:
    """Points of a file in its camera's OpenCV frame, and the camera."""

    points: Float[np.ndarray, "n 3"]
    """float64."""
    fx: float
    fy: float
    cx: float
    cy: float
    width: int
    height: int


def roundtrips(scene: Scene, written: dict[str, list[Path]]) -> dict[str, float]:
    """Format -> largest distance, in pixels of the scene's grid, of its points' projections from pixel centres.

    Args:
        scene: what was exported.
        written: format -> its files, as `export` returns them.

    Returns:
        The formats that hold points and a camera; what an object that was moved has to say is not counted.

    Raises:
        WtError: a file's points are not the scene's.
    """
    files = {path.name: path for paths in written.values() for path in paths}
    readers: dict[str, tuple[tuple[str, ...], Callable[[Files], Read]]] = {
        "ply": (("pointcloud.ply", "camera.json"), _cloud),
        "glb": (("scene.glb",), _gltf),
        "npz": (("layers.npz",), _arrays),
        "transforms": (("transforms.json", "sparse_pc.ply"), _nerfstudio),
        "colmap": (("cameras.txt", "images.txt", "points3D.txt"), _colmap),
    }
    return {
        name: _worst(scene, read(files), name)
        for name, (needed, read) in readers.items()
        if name in written and all(file in files for file in needed)
    }


def _worst(scene: Scene, found: Read, name: str) -> float:
    """Every point must be at its pixel's centre and as deep as a surface that the scene has there."""
    grid, things = scene.intrinsics, [thing for thing in (scene.background, *scene.objects) if thing.visible]
    x, y, z = found.points.T
    with np.errstate(divide="ignore", invalid="ignore"):
        u = (found.fx * x / z + found.cx) * (grid.width / found.width)
        v = (found.fy * y / z + found.cy) * (grid.height / found.height)
    inside = (z > 0) & (u >= 0) & (v >= 0) & (u < grid.width) & (v < grid.height)
    column, row = np.floor(u[inside]).astype(int), np.floor(v[inside]).astype(int)
    matched = np.zeros(int(inside.sum()), bool)
    for thing in things:
        for depth, present in zip(thing.points[..., 2], thing.present, strict=True):
            near = np.abs(depth[row, column] - z[inside]) < _SAME_SURFACE * z[inside]
            matched |= near & present[row, column] & (not thing.moved)
    if matched.sum() < len(found.points) and not any(thing.moved for thing in things):
        lost = len(found.points) - int(matched.sum())
        raise WtError(f"{lost} of {len(found.points)} points of the format {name} are not of this scene. Export again.")
    if not matched.any():
        return math.nan
    off = np.hypot(u[inside] - column - 0.5, v[inside] - row - 0.5)
    return float(off[matched].max())


def _cloud(files: Files) -> Read:
    told = json.loads(files["camera.json"].read_text(encoding="utf-8"))
    pose = np.array(told["camera_to_world"])
    camera = (told[key] for key in ("fx", "fy", "cx", "cy", "width", "height"))
    return Read((_ply(files["pointcloud.ply"]) - pose[:3, 3]) @ pose[:3, :3], *camera)


def _nerfstudio(files: Files) -> Read:
    told = json.loads(files["transforms.json"].read_text(encoding="utf-8"))
    pose = np.array(told["frames"][0]["transform_matrix"])
    camera = (told[key] for key in ("fl_x", "fl_y", "cx", "cy", "w", "h"))
    return Read((_ply(files["sparse_pc.ply"]) - pose[:3, 3]) @ pose[:3, :3] @ _FLIP, *camera)


def _arrays(files: Files) -> Read:
    with np.load(files["layers.npz"], allow_pickle=False) as arrays:
        k, present = arrays["K"], arrays["scene_present"]
        points = arrays["scene_points"][present].astype(np.float64)
    return Read(points, k[0, 0], k[1, 1], k[0, 2], k[1, 2], present.shape[-1], present.shape[-2])


def _colmap(files: Files) -> Read:
    lines = {name: _rows(files[name]) for name in ("cameras.txt", "images.txt", "points3D.txt")}
    _, _, *camera = lines["cameras.txt"][0].split()  # id and PINHOLE
    _, w, x, y, z, *shift = (float(word) for word in lines["images.txt"][0].split()[:8])
    rotation = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
    points = np.array([[float(word) for word in line.split()[1:4]] for line in lines["points3D.txt"]]).reshape(-1, 3)
    width, height, fx, fy, cx, cy = (float(word) for word in camera)
    return Read(points @ rotation.T + shift, fx, fy, cx, cy, int(width), int(height))


def _gltf(files: Files) -> Read:
    data = files["scene.glb"].read_bytes()
    (length,) = struct.unpack_from("<I", data, 12)
    told: dict[str, Any] = json.loads(data[20 : 20 + length])
    clouds = [
        _positions(told, data[28 + length :], primitive["attributes"]["POSITION"])
        for mesh in told.get("meshes", [])
        for primitive in mesh["primitives"]
        if primitive.get("mode") == 0
    ]
    k = told["cameras"][0]["extras"]["K"]
    camera = (k[key] for key in ("fx", "fy", "cx", "cy", "width", "height"))
    return Read(np.concatenate([np.zeros((0, 3)), *clouds]) @ _FLIP, *camera)


def _positions(told: dict[str, Any], binary: bytes, index: int) -> Float[np.ndarray, "n 3"]:
    accessor = told["accessors"][index]
    start = told["bufferViews"][accessor["bufferView"]].get("byteOffset", 0) + accessor.get("byteOffset", 0)
    return np.frombuffer(binary, "<f4", 3 * accessor["count"], start).reshape(-1, 3).astype(np.float64)


def _ply(path: Path) -> Float[np.ndarray, "n 3"]:
    head, _, body = path.read_bytes().partition(b"end_header\n")
    lines = [line.split() for line in head.decode("ascii", "replace").splitlines()]
    fields = [(line[2], _PLY_TYPES[line[1]]) for line in lines if line[0] == "property"]
    count = next(int(line[2]) for line in lines if line[:2] == ["element", "vertex"])
    table = np.frombuffer(body, fields, count)
    return np.stack([table[axis] for axis in "xyz"], axis=-1).astype(np.float64)


def _rows(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
