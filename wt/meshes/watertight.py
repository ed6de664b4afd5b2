"""A closed mesh of a thing from its layers: screened Poisson (Kazhdan and Hoppe 2013) over the skin of its solid."""

import math

import numpy as np

from wt.errors import WtError
from wt.geometry.camera import Intrinsics
from wt.meshes.decimate import collapsed
from wt.meshes.manifold import Triangles, is_closed, taken_apart
from wt.meshes.mesh import Mesh
from wt.meshes.seen import seen_colours
from wt.meshes.solid import Skin, Solid
from wt.scene.objects import SceneObject
from wt.types import Float, Int

DEPTHS = (5, 9)
"""Least and most levels of the octree: 2^depth cells along the thing."""
AROUND = 1.1
"""Side of the octree over that of the thing."""
FEWEST_POINTS = 30
NEAR = 3.0
"""A piece further than this from the skin, in cells, is a bubble."""
SOME = 200
"""Corners of a piece that are measured."""
SMALLEST = 0.001
"""Share of the largest piece's volume below which a piece is a crumb."""


def watertight(thing: SceneObject, intrinsics: Intrinsics, *, faces: int = 50_000) -> Mesh:
    """One closed mesh of all layers of an object, in world positions, coloured by what is seen nearest by.

    Args:
        intrinsics: the scene's camera, of the grid that the points lie on.
        faces: the most triangles that the mesh may have.

    Raises:
        WtError: the photo itself, which is an open scene; too little to make a solid of; nothing that closes.
    """
    if thing.id == 0:
        raise WtError(
            "The photo itself is an open scene that cannot be closed; export its grid meshes, or select an object "
            "and lift it alone."
        )
    if faces < 4:
        raise WtError(f"A closed mesh has at least 4 triangles; got a budget of {faces}.")
    solid = Solid.of(thing, intrinsics)
    skin = solid.skin()
    if len(skin.points) < FEWEST_POINTS:
        raise WtError(
            f"{thing.name!r} has {int(thing.present.sum())} surface points, too few for a closed mesh. "
            "Select a larger region and lift it."
        )
    cell = float(np.nanmedian(solid.width[solid.there.any(axis=0)]))
    vertices, corners = _closed(skin, cell, faces, thing.name)
    colours = seen_colours(thing, vertices)
    rotation, shift = thing.transform[:3, :3], thing.transform[:3, 3]
    world = vertices @ rotation.T + shift
    return Mesh(thing.name, world.astype(np.float32), corners.astype(np.int32), colours, thing.id)


def _closed(skin: Skin, cell: float, faces: int, name: str) -> Triangles:
    """The finest reconstruction that closes within the budget."""
    extent = float(np.ptp(skin.points, axis=0).max())
    finest = int(math.log2(max(AROUND * extent / cell, 1)))
    for depth in range(min(max(finest, DEPTHS[0]), DEPTHS[1]), 2, -1):
        fine = _pieces(_poisson(skin, depth), skin, NEAR * max(cell, AROUND * extent / 2**depth))
        for budget in (faces, int(0.95 * faces)):
            found = _decimated(fine, budget)
            if len(found[1]) <= faces and is_closed(*found):
                return found
    raise WtError(
        f"No closed mesh could be made of {name!r}: its surfaces do not join. Export its grid meshes instead."
    )


def _poisson(skin: Skin, depth: int) -> Triangles:
    import open3d as o3d

    cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(skin.points))
    cloud.normals = o3d.utility.Vector3dVector(skin.normals)
    # The order of several threads' sums would change the mesh from run to run.
    mesh, _ = o3d.geometry.TriangleMesh.create_from_point_cloud_poisson(cloud, depth=depth, scale=AROUND, n_threads=1)
    return taken_apart(np.asarray(mesh.vertices), np.asarray(mesh.triangles).astype(np.int64))


def _pieces(mesh: Triangles, skin: Skin, reach: float) -> Triangles:
    """Without bubbles far from the skin and without crumbs; nothing if one of the others is open."""
    from scipy.spatial import cKDTree

    vertices, faces = mesh
    label, tree = _connected(mesh), cKDTree(skin.points)
    found = [faces[label == piece] for piece in range(label.max(initial=-1) + 1)]
    volumes = np.array([abs(_volume((vertices, piece))) for piece in found])
    kept = [
        piece
        for piece, size in zip(found, volumes)
        if size > SMALLEST * volumes.max()
        and np.median(tree.query(vertices[piece[:: len(piece) // SOME + 1, 0]])[0]) < reach
    ]
    closed = all(is_closed(vertices, piece) for piece in kept)
    return _compact(vertices, np.concatenate(kept) if kept and closed else faces[:0])


def _connected(mesh: Triangles) -> Int[np.ndarray, " m"]:
    """The piece that each face belongs to."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    vertices, faces = mesh
    start, end = faces.ravel(), np.roll(faces, 1, axis=1).ravel()
    graph = coo_array((np.ones(len(start), bool), (start, end)), shape=(len(vertices),) * 2)
    return np.asarray(connected_components(graph, directed=False)[1][faces[:, 0]], dtype=np.int64)


def _decimated(mesh: Triangles, budget: int) -> Triangles:
    return mesh if len(mesh[1]) <= budget else taken_apart(*collapsed(*mesh, budget))


def _volume(mesh: Triangles) -> float:
    """By the divergence theorem; negative of a cavity."""
    a, b, c = (mesh[0] - mesh[0].mean(axis=0))[mesh[1]].transpose(1, 0, 2)
    return float(np.einsum("mk,mk->", a, np.cross(b, c)) / 6)


def _compact(vertices: Float[np.ndarray, "n 3"], faces: Int[np.ndarray, "m 3"]) -> Triangles:
    used, corners = np.unique(faces, return_inverse=True)
    return vertices[used], corners.reshape(-1, 3)
