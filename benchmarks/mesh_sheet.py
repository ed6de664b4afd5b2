"""Triangles to ask and to look at: what is inside them, where their outer surface runs, and pictures of both sides."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

SAMPLES = 8192
"""Points of a surface, before those inside other parts are left out a few times as many."""
TILE, HEAD = 132, 22
"""Pixels of a picture's side, and of the line of names."""
VIEWS = ((0.0, 0.0), (2.4, -0.5))
"""Yaw and pitch in radians: from the camera, and from behind and above."""


class Surface:
    """Triangles of which it can be asked what is inside and where the outer surface runs."""

    def __init__(self, vertices: np.ndarray, faces: np.ndarray, part: np.ndarray | None = None) -> None:
        """`part` numbers the closed part that each face is of, in order; all are of one by default."""
        import open3d as o3d

        self.vertices, self.faces = vertices, faces
        self.tensor = lambda array: o3d.core.Tensor(np.ascontiguousarray(array))
        self.rays = o3d.t.geometry.RaycastingScene()
        # Of the triangles of one geometry that lie in one plane Open3D lists one hit.
        self.first = np.concatenate([[0], 1 + np.flatnonzero(np.diff(part))]) if part is not None else np.array([0])
        for group in np.split(faces.astype(np.uint32), self.first[1:]):
            self.rays.add_triangles(self.tensor(vertices.astype(np.float32)), self.tensor(group))
        a, b, c = vertices[faces].transpose(1, 0, 2)
        self.normals = np.cross(b - a, c - a)

    @property
    def box(self) -> np.ndarray:
        """Lowest and highest corner."""
        return np.stack([self.vertices.min(axis=0), self.vertices.max(axis=0)])

    def inside(self, points: np.ndarray) -> np.ndarray:
        """Whether a ray from each point leaves more often than it enters."""
        if not len(points):
            return np.zeros(0, bool)
        towards = np.array([0.5288, 0.6931, 0.4897])  # along no face of a box
        lines = np.concatenate([points, np.broadcast_to(towards, points.shape)], axis=1).astype(np.float32)
        hits = self.rays.list_intersections(self.tensor(lines))
        face = self.first[hits["geometry_ids"].numpy()] + hits["primitive_ids"].numpy()
        sign = np.sign(self.normals[face] @ towards)
        return np.bincount(hits["ray_ids"].numpy(), sign, minlength=len(points)) > 0.5

    @cached_property
    def outer(self) -> np.ndarray:
        """Points of the surface that lie in no other part, area by area."""
        import trimesh

        mesh = trimesh.Trimesh(self.vertices, self.faces, process=False)
        points, face = trimesh.sample.sample_surface(mesh, 4 * SAMPLES, seed=0)
        unit = self.normals[face] / np.linalg.norm(self.normals[face], axis=1, keepdims=True)
        return points[~self.inside(points + 1e-4 * unit)][:SAMPLES]

    def picture(self, box: np.ndarray, yaw: float, pitch: float) -> np.ndarray:
        """Shaded, along parallel rays, [TILE, TILE, 3]; faces seen from inside are red."""
        turn = _about_y(yaw) @ _about_x(pitch)
        middle, radius = box.mean(axis=0), float(np.linalg.norm(box[1] - box[0])) / 2
        u, v = np.meshgrid(*[(np.arange(TILE) + 0.5) / TILE * 2 - 1] * 2)
        origins = middle + 0.85 * radius * np.stack([u, v, np.full_like(u, -4)], axis=-1) @ turn.T
        along = np.broadcast_to(turn[:, 2], origins.shape)
        hits = self.rays.cast_rays(self.tensor(np.concatenate([origins, along], axis=-1).astype(np.float32)))
        found, normals = np.isfinite(hits["t_hit"].numpy()), hits["primitive_normals"].numpy()
        light = turn @ np.array([-0.39, -0.49, -0.78])
        shade = 0.3 + 0.65 * np.clip(normals @ light, 0, 1)
        colour = np.where((normals @ turn[:, 2] > 0)[..., None], [0.8, 0.25, 0.25], shade[..., None])
        return np.rint(255 * np.where(found[..., None], colour, 1)).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Shown:
    """One row of the sheet: the photo, then the truth and each mesh from two sides."""

    rgb: np.ndarray
    meshes: Sequence[Surface | None]


def draw(rows: Sequence[Shown], names: Sequence[str], path: Path) -> None:
    """A PNG of 256 colours with a row for each object."""
    pictures = [np.hstack([_photo(row.rgb), *(_pair(mesh, row.meshes[0]) for mesh in row.meshes)]) for row in rows]
    sheet = Image.fromarray(np.vstack([np.full((HEAD, pictures[0].shape[1], 3), 255, np.uint8), *pictures]))
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(14)
    for index, name in enumerate(names):
        pen.text((TILE * max(2 * index - 1, 0) + 6, 3), name, fill=(40, 40, 40), font=font)
    sheet.quantize(256).save(path, optimize=True)


def _pair(mesh: Surface | None, truth: Surface | None) -> np.ndarray:
    """One object from both sides, in the frame of the truth's box."""
    if mesh is None or truth is None:
        return np.full((TILE, 2 * TILE, 3), 255, np.uint8)
    return np.hstack([mesh.picture(truth.box, yaw, pitch) for yaw, pitch in VIEWS])


def _photo(rgb: np.ndarray) -> np.ndarray:
    return np.asarray(Image.fromarray(rgb).resize((TILE, TILE), Image.Resampling.LANCZOS))


def _about_y(angle: float) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]])


def _about_x(angle: float) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])
