"""Textures in place of vertex colours: the photo itself, or a picture baked for a mesh that has a back as well."""

from dataclasses import replace

import numpy as np

from wt.errors import WtError
from wt.geometry.camera import Intrinsics, project
from wt.meshes.mesh import Mesh
from wt.meshes.seen import is_seen, placed, seen_colours
from wt.scene.objects import SceneObject
from wt.types import Float, Int, UInt8

SIZES = (64, 8192)
"""Least and most texels along a side."""
GAP = 2
"""Texels between charts, so that filtering does not mix them."""


def photo_textured(mesh: Mesh, thing: SceneObject, intrinsics: Intrinsics, photo: UInt8[np.ndarray, "ph pw 3"]) -> Mesh:
    """A mesh of `thing` that shows the photo at full resolution, each vertex what lies on its ray.

    Exact at every vertex, and between those of a grid mesh; on large triangles that a decimation left, the photo is
    drawn without perspective. What is not visible shows what lies before it.

    Args:
        mesh: one of `grid_meshes(thing, intrinsics)`, decimated or not, in world positions.
        photo: of any size with the grid's aspect, with what is removed from it removed.
    """
    uv = project(placed(thing, mesh.vertices), intrinsics) / [intrinsics.width, intrinsics.height]
    return replace(mesh, uv=np.clip(np.nan_to_num(uv), 0, 1).astype(np.float32), texture=photo)


def baked(
    mesh: Mesh, thing: SceneObject, intrinsics: Intrinsics, photo: UInt8[np.ndarray, "ph pw 3"], *, size: int = 1024
) -> Mesh:
    """A mesh unwrapped by xatlas, with the photo where the camera sees it and the nearest visible colour elsewhere.

    Vertices on seams are doubled, at one position: the surface is as closed as it was, its indices are not.

    Args:
        mesh: any mesh of `thing` in world positions, such as `watertight(thing, intrinsics)`.
        photo: as in `photo_textured`.
        size: texels along a side of the texture.

    Raises:
        WtError: a size out of range, or a mesh without triangles.
    """
    if not SIZES[0] <= size <= SIZES[1]:
        raise WtError(f"A texture has {SIZES[0]} to {SIZES[1]} texels along a side; got {size}.")
    if not len(mesh.faces):
        raise WtError(f"{mesh.name!r} has no triangles to lay a texture over. Lift it again.")
    source, faces, uv = _unwrapped(mesh, size)
    unwrapped = replace(mesh, vertices=mesh.vertices[source], colours=mesh.colours[source], faces=faces, uv=uv)
    face, weights = _texels(faces, uv, size)
    row, column = np.nonzero(face >= 0)
    corners = placed(thing, unwrapped.vertices)[faces[face[row, column]]]
    points = np.einsum("nck,nc->nk", corners, weights[row, column])
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    texture = np.zeros((size, size, 3), np.uint8)
    texture[row, column] = _colours(thing, intrinsics, photo, points, normals)
    return replace(unwrapped, texture=_spread(texture, face >= 0))


def _unwrapped(mesh: Mesh, size: int) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, "m 3"], Float[np.ndarray, "n 2"]]:
    """(the vertex that each new one is, faces of the new ones, their place in the texture)."""
    import xatlas

    atlas = xatlas.Atlas()
    atlas.add_mesh(mesh.vertices.astype(np.float32), mesh.faces.astype(np.uint32))
    packing = xatlas.PackOptions()
    packing.resolution, packing.padding = size, GAP
    atlas.generate(xatlas.ChartOptions(), packing)
    source, faces, uv = atlas[0]
    return source.astype(np.int64), faces.astype(np.int32), uv.astype(np.float32)


def _texels(
    faces: Int[np.ndarray, "m 3"], uv: Float[np.ndarray, "n 2"], size: int
) -> tuple[Int[np.ndarray, "size size"], Float[np.ndarray, "size size 3"]]:
    """(the face under every texel's centre, -1 where none is, and the weights of its corners)."""
    import open3d as o3d

    flat = np.concatenate([uv * size, np.zeros((len(uv), 1), np.float32)], axis=1).astype(np.float32)
    board = o3d.t.geometry.RaycastingScene()
    board.add_triangles(o3d.core.Tensor(flat), o3d.core.Tensor(faces.astype(np.uint32)))
    u, v = np.meshgrid(np.arange(size) + 0.5, np.arange(size) + 0.5)
    rays = np.stack([u, v, np.full_like(u, -1), 0 * u, 0 * u, np.full_like(u, 1)], axis=-1).astype(np.float32)
    hits = board.cast_rays(o3d.core.Tensor(rays))
    found = np.isfinite(hits["t_hit"].numpy())
    second, third = np.moveaxis(hits["primitive_uvs"].numpy().astype(np.float64), -1, 0)
    face = np.where(found, hits["primitive_ids"].numpy().astype(np.int64), -1)
    return face, np.stack([1 - second - third, second, third], axis=-1)


def _colours(
    thing: SceneObject, intrinsics: Intrinsics, photo: np.ndarray, points: np.ndarray, normals: np.ndarray
) -> UInt8[np.ndarray, "n 3"]:
    """The photo between its pixels where points are seen."""
    import cv2

    colours = seen_colours(thing, points)
    seen = is_seen(thing, intrinsics, points, normals)
    scale = np.array([photo.shape[1] / intrinsics.width, photo.shape[0] / intrinsics.height])
    place = (project(points[seen], intrinsics) * scale - 0.5).astype(np.float32)
    rows = max(1, -(-len(place) // 1024))
    # OpenCV's maps may be no longer than 32767.
    padded = np.zeros((rows * 1024, 2), np.float32)
    padded[: len(place)] = place
    u, v = padded.reshape(rows, 1024, 2).transpose(2, 0, 1)
    for start in range(0, rows, 16384):
        part = slice(start, start + 16384)
        picked = cv2.remap(photo, u[part].copy(), v[part].copy(), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        index = np.flatnonzero(seen)[start * 1024 : (start + len(picked)) * 1024]
        colours[index] = picked.reshape(-1, 3)[: len(index)]
    return colours


def _spread(texture: UInt8[np.ndarray, "s s 3"], covered: np.ndarray) -> UInt8[np.ndarray, "s s 3"]:
    """Empty texels take the colour of the nearest covered one, so that no seam is seen from afar."""
    from scipy import ndimage

    row, column = ndimage.distance_transform_edt(~covered, return_distances=False, return_indices=True)
    return np.asarray(texture[row, column])
