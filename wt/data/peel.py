"""Rays against worlds of closed meshes: first hits, shadows, and depth peeling, which is every surface along each ray.

A ray enters and leaves a closed solid, so one solid gives two surfaces. Assets are built from parts that overlap (a leg
inside a table top); `union=True` drops what lies inside another part of the same instance, so that the layers are the
surfaces that one would meet. The paper's layers (Eq. 1) are the first six of them, sorted by depth.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from wt.data.mesh import Asset, Camera, Part
from wt.geometry.camera import rays
from wt.types import Bool, Float, Int

MERGE = 3e-5
"""Surfaces closer together than this share of their depth count as one: coplanar faces come in random order."""
_ROOM_OF_A_THREAD, _ROOM_OF_A_TRIANGLE = 128 << 20, 1 << 10
"""Bytes of address space: Embree has a thread for each core, whose stack and heap are taken before they are filled."""
_MOST_THREADS = 8
"""To ask for: a large machine that is not short of memory should not be refused for its many cores."""


@dataclass(frozen=True)
class Hits:
    """First hits of n rays: `t` in units of the ray's direction (inf where none), triangle (-1 none), barycentrics."""

    t: Float[np.ndarray, "n"]
    triangle: Int[np.ndarray, "n"]
    u: Float[np.ndarray, "n"]
    v: Float[np.ndarray, "n"]


@dataclass(frozen=True)
class Peeled:
    """Every surface along the ray of every pixel centre, nearest first; z-depth, NaN and -1 where there are fewer."""

    depth: Float[np.ndarray, "layers h w"]
    instance: Int[np.ndarray, "layers h w"]


class Solids:
    """All triangles of several assets in one Embree scene, with the tables that lead from a triangle to its part."""

    def __init__(self, instances: Sequence[Asset]) -> None:
        self.parts: list[Part] = [part for asset in instances for part in asset.parts]
        self.part_instance = np.repeat(np.arange(len(instances)), [len(asset.parts) for asset in instances])
        counts = [len(part.vertices) for part in self.parts]
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
        self.vertices = np.concatenate([part.vertices for part in self.parts]).astype(np.float32)
        self.faces = np.concatenate([part.faces + start for part, start in zip(self.parts, starts)]).astype(np.int32)
        self.triangle_part = np.repeat(np.arange(len(self.parts)), [len(part.faces) for part in self.parts])
        self.triangle_instance = self.part_instance[self.triangle_part].astype(np.int16)
        corners = self.vertices[self.faces]
        self._area_normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        lengths = np.linalg.norm(self._area_normals, axis=1, keepdims=True)
        self.face_normals = self._area_normals / np.maximum(lengths, 1e-20)
        self.smooth = np.array([part.smooth for part in self.parts])[self.triangle_part]
        self._vertex_normals: np.ndarray | None = None
        self._scene = embree_scene(self.vertices, self.faces)

    def first_hits(self, origins: Float[np.ndarray, "n 3"], directions: Float[np.ndarray, "n 3"]) -> Hits:
        """Nearest triangle of each ray; directions need not be unit vectors."""
        if len(origins) == 0:
            none = np.zeros(0, np.float32)
            return Hits(none, np.zeros(0, np.int32), none, none)
        origins, directions = _single(origins), _single(directions)
        out = self._scene.run(origins, directions, query="INTERSECT", output=True)
        triangle = out["primID"]
        t = np.where(triangle >= 0, out["tfar"], np.float32(np.inf))
        return Hits(t, triangle, out["u"], out["v"])

    def occluded(
        self,
        origins: Float[np.ndarray, "n 3"],
        directions: Float[np.ndarray, "n 3"],
        reach: Float[np.ndarray, "n"] | None = None,
    ) -> Bool[np.ndarray, "n"]:
        """Whether anything lies on each ray, up to `reach` in units of its direction."""
        if len(origins) == 0:
            return np.zeros(0, bool)
        reach = np.full(len(origins), 1e30, np.float32) if reach is None else _single(reach)
        return self._scene.run(_single(origins), _single(directions), reach, query="OCCLUDED") >= 0

    def normals(self, hits: Hits) -> tuple[Float[np.ndarray, "n 3"], Float[np.ndarray, "n 3"]]:
        """(face normals, shading normals) at hits that exist, outwards, unit; smooth parts interpolate."""
        flat = self.face_normals[hits.triangle]
        smooth = np.flatnonzero(self.smooth[hits.triangle])
        if len(smooth) == 0:
            return flat, flat
        if self._vertex_normals is None:
            self._vertex_normals = self._smooth_normals()
        a, b, c = (self._vertex_normals[self.faces[hits.triangle[smooth], k]] for k in range(3))
        u, v = hits.u[smooth, None], hits.v[smooth, None]
        mixed = (1 - u - v) * a + u * b + v * c
        shaded = flat.copy()
        shaded[smooth] = mixed / np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-20)
        return flat, shaded

    def _smooth_normals(self) -> Float[np.ndarray, "v 3"]:
        """Area-weighted vertex normals; only corners of smooth parts matter."""
        count = len(self.vertices)
        corner, weight = self.faces.ravel(), np.repeat(self._area_normals, 3, axis=0)
        total = np.stack([np.bincount(corner, weight[:, k], minlength=count) for k in range(3)], axis=1)
        return (total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-20)).astype(np.float32)


def peel(
    world: Solids | Sequence[Asset],
    camera: Camera,
    num_layers: int = 6,
    *,
    union: bool = True,
    max_passes: int = 24,
) -> Peeled:
    """The first `num_layers` surfaces along the ray of every pixel centre (module text).

    Depth is z in the camera's frame, float32, NaN where a ray has fewer surfaces; instance is int16, -1 there.
    `max_passes` limits how many surfaces, hidden ones inside solids included, are looked at.
    The camera must be outside all solids.
    """
    solids = world if isinstance(world, Solids) else Solids(world)
    height, width = camera.intrinsics.height, camera.intrinsics.width
    origin, directions = world_rays(camera, rays(camera.intrinsics).reshape(-1, 3))
    depth, instance, entering = _all_hits(
        solids, origin, directions, num_layers, num_layers if not union else max_passes
    )
    if union:
        depth, instance = _outer_surfaces(depth, instance, entering, num_layers)
    shape = (num_layers, height, width)
    return Peeled(depth.reshape(shape), instance.reshape(shape))


def world_rays(
    camera: Camera, directions: Float[np.ndarray, "n 3"]
) -> tuple[Float[np.ndarray, "3"], Float[np.ndarray, "n 3"]]:
    """(camera centre, directions turned into the world), float32; a direction of z = 1 makes hit distances z-depths."""
    turned = directions @ camera.cam_from_world[:3, :3]
    return camera.centre.astype(np.float32), turned.astype(np.float32)


def _all_hits(
    solids: Solids, origin: np.ndarray, directions: np.ndarray, num_layers: int, passes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Successive first hits, each pass a tiny step behind the last: depth, instance and +1/-1 (in/out), [k, n]."""
    count = len(directions)
    live, start = np.arange(count), np.zeros(count, np.float32)
    depths: list[np.ndarray] = []
    instances: list[np.ndarray] = []
    signs: list[np.ndarray] = []
    for _ in range(passes):
        t = start[live]
        ray = directions[live]
        hits = solids.first_hits(origin + t[:, None] * ray, ray)
        found = hits.triangle >= 0
        live, ray, triangle = live[found], ray[found], hits.triangle[found]
        if len(live) == 0:
            break
        z = t[found] + hits.t[found]
        sign = np.where(np.einsum("nk,nk->n", solids.face_normals[triangle], ray) < 0, 1, -1)
        for stack, value, fill in (
            (depths, z, np.float32(np.nan)),
            (instances, solids.triangle_instance[triangle], np.int16(-1)),
            (signs, sign.astype(np.int8), np.int8(0)),
        ):
            row = np.full(count, fill)
            row[live] = value
            stack.append(row)
        start[live] = z * np.float32(1 + MERGE)
    while len(depths) < num_layers:
        depths.append(np.full(count, np.float32(np.nan)))
        instances.append(np.full(count, np.int16(-1)))
        signs.append(np.zeros(count, np.int8))
    return np.stack(depths), np.stack(instances), np.stack(signs)


def _outer_surfaces(
    depth: np.ndarray, instance: np.ndarray, entering: np.ndarray, num_layers: int
) -> tuple[np.ndarray, np.ndarray]:
    """Keep the hits at which a ray goes into or comes out of the union of its instance's parts, moved to the front."""
    keep = np.zeros(depth.shape, bool)
    for k in range(len(depth)):
        inside = np.zeros(depth.shape[1], np.int8)
        for j in range(k):
            inside += entering[j] * (instance[j] == instance[k])
        # A part that is not closed can only add surfaces here, never swallow what comes behind it.
        keep[k] = (instance[k] >= 0) & ((inside <= 0) | (inside + entering[k] <= 0))
    order = np.argsort(~keep, axis=0, kind="stable")[:num_layers]
    kept = np.take_along_axis(keep, order, axis=0)
    depth = np.where(kept, np.take_along_axis(depth, order, axis=0), np.float32(np.nan))
    instance = np.where(kept, np.take_along_axis(instance, order, axis=0), np.int16(-1))
    return depth, instance


def embree_scene(vertices: Float[np.ndarray, "v 3"], faces: Int[np.ndarray, "f 3"]) -> Any:
    """Embree's scene of one triangle mesh, vertices float32 and faces int32.

    Raises:
        MemoryError: there might be too little memory. Embree itself would end the process.
    """
    threads = min(os.cpu_count() or 1, _MOST_THREADS)
    np.empty(threads * _ROOM_OF_A_THREAD + len(faces) * _ROOM_OF_A_TRIANGLE, np.uint8)
    from embreex.mesh_construction import TriangleMesh
    from embreex.rtcore_scene import EmbreeScene

    scene = EmbreeScene()
    TriangleMesh(scene, vertices, faces)
    return scene


def _single(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array, dtype=np.float32)
