"""Fewer triangles, by quadric edge collapse (Garland and Heckbert 1997): edges shrink to a point and none is cut."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from wt.errors import WtError
from wt.meshes.manifold import Triangles
from wt.meshes.mesh import Mesh
from wt.types import Float, Int

BORDER = 10.0
"""Weight of borders over surfaces: the outline of a cut stays where it is."""


def decimated(meshes: Sequence[Mesh], faces: int) -> list[Mesh]:
    """Meshes with at most `faces` triangles together, in the proportion that they have now, each at least one.

    Colours are those of the nearest vertex that there was. Meshes within the budget are returned as they are.

    Raises:
        WtError: less than one triangle for each, or a mesh with a texture, which would not follow its vertices.
    """
    if faces < len(meshes):
        raise WtError(f"{len(meshes)} meshes need at least that many triangles; got a budget of {faces}.")
    textured = [mesh.name for mesh in meshes if mesh.uv is not None]
    if textured:
        raise WtError(f"{textured[0]!r} has a texture already, which would tear; reduce meshes before they get one.")
    total = sum(len(mesh.faces) for mesh in meshes)
    if total <= faces:
        return list(meshes)
    spare = faces - len(meshes)
    return [_decimated(mesh, 1 + spare * len(mesh.faces) // total) for mesh in meshes]


def collapsed(vertices: Float[np.ndarray, "n 3"], faces: Int[np.ndarray, "m 3"], budget: int) -> Triangles:
    """About `budget` triangles or fewer, without vertices that none uses; sheets may come to touch."""
    import open3d as o3d

    # Open3D takes a quadric for singular below a fixed determinant: in one unit every mesh is treated alike.
    low, side = vertices.min(axis=0).astype(np.float64), float(np.ptp(vertices, axis=0).max())
    mesh = o3d.geometry.TriangleMesh(
        o3d.utility.Vector3dVector((vertices - low) / side), o3d.utility.Vector3iVector(faces.astype(np.int32))
    )
    mesh = mesh.simplify_quadric_decimation(budget, boundary_weight=BORDER)
    return np.asarray(mesh.vertices) * side + low, np.asarray(mesh.triangles).astype(np.int64)


def _decimated(mesh: Mesh, budget: int) -> Mesh:
    from scipy.spatial import cKDTree

    if len(mesh.faces) <= budget:
        return mesh
    vertices, faces = collapsed(mesh.vertices, mesh.faces, budget)
    # Two triangles of one edge go at a time, so an odd one may be left over.
    faces = faces[:budget]
    _, nearest = cKDTree(mesh.vertices).query(vertices)
    return replace(
        mesh, vertices=vertices.astype(np.float32), faces=faces.astype(np.int32), colours=mesh.colours[nearest]
    )
