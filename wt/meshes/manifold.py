"""Sheets of a surface that touch along an edge or in a point, taken apart: every edge is then of two triangles."""

import numpy as np

from wt.types import Float, Int

Triangles = tuple[np.ndarray, np.ndarray]
"""(vertices float64 [n, 3], faces int [m, 3])."""


def is_closed(vertices: Float[np.ndarray, "n 3"], faces: Int[np.ndarray, "m 3"]) -> bool:
    """Whether every edge has two triangles that run along it in opposite ways."""
    import trimesh

    if not len(faces):
        return False
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    return bool(mesh.is_watertight and mesh.is_winding_consistent)


def taken_apart(vertices: Float[np.ndarray, "n 3"], faces: Int[np.ndarray, "m 3"]) -> Triangles:
    """A closed surface whose sheets touch, with vertices of its own for each sheet; none is moved.

    Of four triangles about an edge, those are of one sheet that have solid between them. Where two sheets share both
    ends of an edge because they meet elsewhere, each gets a middle of its own. Triangles without a partner stay alone.
    """
    faces = faces[(faces != np.roll(faces, 1, axis=1)).all(axis=1)]
    for _ in range(4):  # a triangle is split at one edge at a time
        one, other = _partners(vertices, faces)
        vertices, faces = _own_vertices(vertices, faces, one, other)
        edge = _edges(faces)
        crowded = np.flatnonzero(np.bincount(edge)[edge[one]] > 2)
        if not len(crowded):
            break
        vertices, faces = _split(vertices, faces, one[crowded], other[crowded])
    return vertices, faces


def _own_vertices(vertices: np.ndarray, faces: np.ndarray, one: np.ndarray, other: np.ndarray) -> Triangles:
    """A vertex for each fan of triangles that hang together by their partners."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    # Half-edge k runs from corner k to the next corner of its face; its partner runs the other way.
    after = np.arange(faces.size).reshape(-1, 3)[:, [1, 2, 0]].ravel()
    links = np.concatenate([np.stack([one, after[other]]), np.stack([after[one], other])], axis=1)
    graph = coo_array((np.ones(links.shape[1], bool), (links[0], links[1])), shape=(faces.size, faces.size))
    count, corner = connected_components(graph, directed=False)
    apart = np.empty((count, 3))
    apart[corner] = vertices[faces.ravel()]
    return apart, corner.reshape(-1, 3).astype(np.int64)


def _split(vertices: np.ndarray, faces: np.ndarray, one: np.ndarray, other: np.ndarray) -> Triangles:
    """Each pair of half-edges with a new vertex in its middle; of a face's pairs the first alone."""
    taken: set[int] = set()
    pieces: list[tuple[int, int, int]] = []
    middles: list[np.ndarray] = []
    for pair in zip(one.tolist(), other.tolist(), strict=True):
        if taken.isdisjoint(half // 3 for half in pair):
            taken.update(half // 3 for half in pair)
            new = len(vertices) + len(middles)
            a, b = faces.ravel()[pair[0]], faces[pair[0] // 3, (pair[0] + 1) % 3]
            middles.append((vertices[a] + vertices[b]) / 2)
            for half in pair:
                start, end, apex = np.roll(faces[half // 3], -(half % 3))
                pieces += [(start, new, apex), (new, end, apex)]
    rest = np.delete(faces, sorted(taken), axis=0)
    return np.concatenate([vertices, middles]), np.concatenate([rest, np.array(pieces, np.int64)])


def _edges(faces: np.ndarray) -> Int[np.ndarray, " k"]:
    """The number of the edge that each half-edge lies on."""
    start, end = faces.ravel().astype(np.int64), faces[:, [1, 2, 0]].ravel()
    key = np.minimum(start, end) * (int(faces.max(initial=0)) + 1) + np.maximum(start, end)
    return np.unique(key, return_inverse=True)[1].ravel()


def _partners(vertices: np.ndarray, faces: np.ndarray) -> tuple[Int[np.ndarray, " k"], Int[np.ndarray, " k"]]:
    """Half-edges that run in opposite ways along one edge, paired about it."""
    start, end = faces.ravel(), faces[:, [1, 2, 0]].ravel()
    low, high = np.minimum(start, end), np.maximum(start, end)
    edge = _edges(faces)
    forward = start == low
    angle = np.zeros(len(edge))
    crowded = np.flatnonzero(np.bincount(edge)[edge] > 2)
    angle[crowded] = _angles(vertices, low[crowded], high[crowded], faces[:, [2, 0, 1]].ravel()[crowded])
    # In turn about the edge, solid lies between a triangle that runs forward and the next, which runs back.
    order = np.lexsort((~forward, angle, edge))
    ahead = np.roll(order, -1)
    pairs = (edge[order] == edge[ahead]) & forward[order] & ~forward[ahead]
    one, other = order[pairs], ahead[pairs]
    # The last of an edge is followed by its first.
    alone = np.ones(len(edge), bool)
    alone[one] = alone[other] = False
    left = order[alone[order]]
    if len(left) > 1:
        last = (edge[left[:-1]] == edge[left[1:]]) & ~forward[left[:-1]] & forward[left[1:]]
        one, other = np.concatenate([one, left[1:][last]]), np.concatenate([other, left[:-1][last]])
    return one, other


def _angles(vertices: np.ndarray, low: np.ndarray, high: np.ndarray, apex: np.ndarray) -> Float[np.ndarray, " k"]:
    """Of each triangle about its edge, against the turn of a right hand whose thumb runs from low to high."""
    axis = vertices[high] - vertices[low]
    axis = axis / np.maximum(np.linalg.norm(axis, axis=1, keepdims=True), 1e-300)
    aside = np.cross(axis, np.eye(3)[np.abs(axis).argmin(axis=1)])
    up = np.cross(axis, aside)
    towards = vertices[apex] - vertices[low]
    return -np.arctan2(np.einsum("nk,nk->n", towards, up), np.einsum("nk,nk->n", towards, aside))
