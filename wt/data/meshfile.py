"""A mesh file as an asset: GLB, glTF, OBJ, PLY or STL, scanned or made by an artist, with its colours.

A file's scene graph is flattened, turned upright (glTF is y-up by its specification, artists' OBJ files nearly always
are, scanners' PLY and STL files are z-up), scaled to a longest side of 1 and centred at the origin. Colours come from
a base-colour texture, from vertices or faces, or from one plain colour; what has none is marked `BARE`. Our shader
knows reflectance, roughness and one albedo: normal, metalness and opacity maps are left out, and so is transparency.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from wt.data.film import decode_srgb
from wt.data.mesh import Asset, Material, Part
from wt.data.surface_colours import SurfaceColours
from wt.errors import WtError
from wt.types import Float, Int

Up = Literal["auto", "y", "z"]
UP_OF = {".glb": "y", ".gltf": "y", ".obj": "y", ".ply": "z", ".stl": "z"}
"""Known suffixes, and which way is up in such a file unless the person says otherwise."""
MAX_TRIANGLES = 300_000
"""Files with more are thinned: vertices are merged on a grid of `THINNED` cells to the longest side."""
THINNED = 512
LONGEST_IMAGE = 1024
"""Textures are brought down to this many pixels: views have about 200, and more would only flicker."""
UNREADABLE = (OSError, ValueError, LookupError, TypeError, AttributeError, RuntimeError, AssertionError, ImportError,
              EOFError, ArithmeticError, struct.error)  # fmt: skip
"""What the readers of foreign files raise on broken ones."""
_TURNED = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


def _grey(points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    return np.full(points.shape, 0.5, np.float32)


BARE = Material(_grey, 0.04, 0.6)
"""The material of geometry whose file names no colour."""


@dataclass(frozen=True)
class MeshFile:
    """What a file holds: the asset, and whether its surfaces bound a volume (each ray that goes in comes out)."""

    asset: Asset
    closed: bool


@dataclass(frozen=True)
class _Piece:
    """Triangles of one look; `corners` are linear rgb [f,3,3], or uv [f,3,2] where there is an image."""

    vertices: np.ndarray
    faces: np.ndarray
    corners: np.ndarray | None
    image: Any
    specular: float
    roughness: float

    @property
    def look(self) -> tuple:
        return id(self.image), self.corners is None, round(self.specular, 2), round(self.roughness, 2)


def load_mesh(path: str | Path, up: Up = "auto") -> MeshFile:
    """Read a file (module text). The file's name without its suffix becomes the asset's name.

    Open meshes, missing normals and zero-area triangles are fine; the latter and what is not finite are dropped.

    Raises:
        WtError: not one of the known suffixes, not readable, or without a triangle that has an area.
    """
    path = Path(path)
    if path.suffix.lower() not in UP_OF:
        raise WtError(f"{path.name} is no mesh file. Known are {', '.join(UP_OF)}.")
    try:
        pieces = list(_pieces(path))
    except UNREADABLE as error:
        raise WtError(f"{path.name} could not be read as a mesh ({type(error).__name__}: {error}).") from error
    if (UP_OF[path.suffix.lower()] if up == "auto" else up) == "y":
        pieces = [_with(p, vertices=p.vertices @ _TURNED.T) for p in pieces]
    pieces = _normalised([cleaned for piece in pieces if len((cleaned := _cleaned(piece)).faces)], path.name)
    closed = bounds_a_volume(pieces)
    if sum(len(p.faces) for p in pieces) > MAX_TRIANGLES:
        pieces = [_thinned(p) for p in pieces]
    pieces = [_without_slivers(p) for p in pieces]
    groups: dict[tuple, list[_Piece]] = {}
    for piece in pieces:
        if len(piece.faces):
            groups.setdefault(piece.look, []).append(piece)
    if not groups:
        raise WtError(f"{path.name} has no triangle with an area.")
    return MeshFile(Asset(path.stem, tuple(_part(_joined(group)) for group in groups.values())), closed)


def bounds_a_volume(pieces: list) -> bool:
    """Whether every edge is run along as often in one direction as in the other, over all pieces together.

    Vertices at the same place count as one. Then a ray leaves as often as it enters, whatever overlaps.
    """
    joined = _joined(pieces)
    # One part in a million of the size: what exporters round to.
    _, corner = np.unique(np.round(joined.vertices * 1e6).astype(np.int64), axis=0, return_inverse=True)
    faces = corner.reshape(-1)[joined.faces].astype(np.int64)
    count = int(faces.max()) + 1
    start, end = faces.reshape(-1), np.roll(faces, -1, axis=1).reshape(-1)
    keys = np.minimum(start, end) * count + np.maximum(start, end)
    _, edge = np.unique(keys, return_inverse=True)
    return not np.bincount(edge.reshape(-1), np.sign(end - start)).any()


def _pieces(path: Path) -> Iterator[_Piece]:
    """The triangle meshes of a file in its own axes, each moved to where its scene graph puts it."""
    import trimesh

    scene = trimesh.load_scene(path, process=False)
    linear = path.suffix.lower() in (".glb", ".gltf")
    for node in scene.graph.nodes_geometry:
        matrix, name = scene.graph[node]
        mesh = scene.geometry[name]
        if not isinstance(mesh, trimesh.Trimesh) or not len(mesh.faces):
            continue
        faces = np.asarray(mesh.faces, np.int64)
        corners, image, specular, roughness = _look(mesh.visual, faces, linear)
        if np.linalg.det(matrix[:3, :3]) < 0:
            faces, corners = faces[:, ::-1], None if corners is None else corners[:, ::-1]
        vertices = np.asarray(mesh.vertices, np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
        yield _Piece(vertices, faces, corners, image, specular, roughness)


def _look(visual: Any, faces: np.ndarray, linear: bool) -> tuple[np.ndarray | None, Any, float, float]:
    """(corners, image, specular, roughness) of a mesh; `linear` says that its numbers are not sRGB (glTF)."""
    if visual.kind == "vertex":
        return _linear(visual.vertex_colors, linear)[faces], None, 0.04, 0.6
    if visual.kind == "face":
        return np.repeat(_linear(visual.face_colors, linear)[:, None], 3, axis=1), None, 0.04, 0.6
    if visual.kind != "texture":
        return None, None, 0.04, 0.6
    material = visual.material
    metal, rough = (getattr(material, name, None) for name in ("metallicFactor", "roughnessFactor"))
    specular = 0.04 + 0.5 * float(metal or 0.0)
    roughness = float(np.clip(0.7 if rough is None else rough, 0.1, 1.0))
    image = getattr(material, "baseColorTexture", None) or getattr(material, "image", None)
    if image is not None and visual.uv is not None and len(visual.uv) > faces.max():
        return np.nan_to_num(np.asarray(visual.uv, np.float64))[faces], image, specular, roughness
    colour = _linear(np.asarray(material.main_color)[None], linear)
    return np.broadcast_to(colour, (len(faces), 3, 3)).copy(), None, specular, roughness


def _linear(colours: Any, linear: bool) -> np.ndarray:
    """8-bit rgb(a) [n,3 or 4] as linear rgb [n,3]."""
    rgb = np.asarray(colours, np.float64)[:, :3] / 255
    return rgb if linear else decode_srgb(rgb)


def _with(piece: _Piece, **changes: Any) -> _Piece:
    return _Piece(**{**vars(piece), **changes})


def _kept(piece: _Piece, keep: np.ndarray) -> _Piece:
    """Some of the faces, and the vertices that they use."""
    faces = piece.faces[keep]
    used, flat = np.unique(faces, return_inverse=True)
    corners = None if piece.corners is None else piece.corners[keep]
    return _with(piece, vertices=piece.vertices[used], faces=flat.reshape(-1, 3), corners=corners)


def _cleaned(piece: _Piece) -> _Piece:
    """Without faces that name missing or not finite vertices, or one vertex twice."""
    there = np.asarray(((piece.faces >= 0) & (piece.faces < len(piece.vertices))).all(axis=1))
    finite = np.isfinite(piece.vertices).all(axis=1)
    faces = np.where(there[:, None], piece.faces, 0)
    a, b, c = faces.T
    return _kept(piece, there & finite[faces].all(axis=1) & (a != b) & (b != c) & (c != a))


def _normalised(pieces: list[_Piece], name: str) -> list[_Piece]:
    """Scaled to a longest side of 1 and centred at the origin."""
    if not pieces:
        raise WtError(f"{name} has no triangles.")
    low = np.min([p.vertices.min(axis=0) for p in pieces], axis=0)
    high = np.max([p.vertices.max(axis=0) for p in pieces], axis=0)
    size = float((high - low).max())
    if not 0 < size < np.inf:
        raise WtError(f"{name} has no size: all its vertices lie in one point.")
    return [_with(p, vertices=(p.vertices - (low + high) / 2) / size) for p in pieces]


def _thinned(piece: _Piece) -> _Piece:
    """Vertices of one grid cell become one; triangles that collapse go, the corners' colours stay as they were."""
    cell = np.floor(piece.vertices * THINNED).astype(np.int64)
    _, first, inverse = np.unique(cell, axis=0, return_index=True, return_inverse=True)
    faces = inverse.reshape(-1)[piece.faces]
    _, once = np.unique(np.sort(faces, axis=1), axis=0, return_index=True)
    keep = np.zeros(len(faces), bool)
    keep[once] = True
    a, b, c = faces.T
    return _kept(_with(piece, vertices=piece.vertices[first], faces=faces), keep & (a != b) & (b != c) & (c != a))


def _without_slivers(piece: _Piece) -> _Piece:
    """Without triangles of no area: they are never hit and have no normal."""
    corners = piece.vertices[piece.faces]
    areas = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
    return _kept(piece, areas > 1e-12)


def _joined(pieces: list[_Piece]) -> _Piece:
    starts = np.cumsum([0, *(len(p.vertices) for p in pieces[:-1])])
    corners = [p.corners for p in pieces if p.corners is not None]
    same = len(corners) == len(pieces) and len({c.shape[2] for c in corners}) == 1
    return _with(
        pieces[0],
        vertices=np.concatenate([p.vertices for p in pieces]),
        faces=np.concatenate([p.faces + start for p, start in zip(pieces, starts)]),
        corners=np.concatenate(corners) if same else None,
    )


def _part(piece: _Piece) -> Part:
    vertices, faces = np.ascontiguousarray(piece.vertices), np.ascontiguousarray(piece.faces, np.int32)
    if piece.corners is None:
        return Part(vertices, faces, BARE, _is_smooth(vertices, faces))
    image = None if piece.image is None else _pixels(piece.image)
    colours = SurfaceColours(vertices, faces, piece.corners.astype(np.float32), image)
    return Part(vertices, faces, Material(colours, piece.specular, piece.roughness), _is_smooth(vertices, faces))


def _pixels(image: Any) -> Float[np.ndarray, "h w 3"]:
    """A texture as linear rgb."""
    image = image.convert("RGB")
    image.thumbnail((LONGEST_IMAGE, LONGEST_IMAGE))
    return decode_srgb(np.asarray(image, np.float32) / 255).astype(np.float32)


def _is_smooth(vertices: Float[np.ndarray, "v 3"], faces: Int[np.ndarray, "f 3"]) -> bool:
    """Whether vertex normals may be interpolated: hardly any two faces that share vertices meet at a sharp edge."""
    import trimesh

    angles = trimesh.Trimesh(vertices, faces, process=False).face_adjacency_angles
    return len(angles) > 0 and float((angles > np.radians(45)).mean()) < 0.1
