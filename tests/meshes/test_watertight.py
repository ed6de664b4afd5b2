"""Closed meshes of solids whose volume is known, from the layers in which rays enter and leave them."""

import numpy as np
import pytest
from solids import CAMERA, CENTRE, RADIUS, SIDE, ball, box, of_depths, signed_volume

from wt.errors import WtError
from wt.meshes.manifold import taken_apart
from wt.meshes.watertight import watertight

pytestmark = pytest.mark.filterwarnings("ignore::ImportWarning")  # Open3D's, where there is no GPU


def edge_uses(faces: np.ndarray) -> np.ndarray:
    """How often each directed edge's opposite is there: 1 everywhere in a closed, oriented surface."""
    directed = [(a, b) for face in faces.tolist() for a, b in zip(face, face[1:] + face[:1])]
    count: dict[tuple[int, int], int] = {}
    for edge in directed:
        count[edge] = count.get(edge, 0) + 1
    assert set(count.values()) == {1}
    return np.array([count.get((b, a), 0) for a, b in directed])


def turned(angle: float) -> np.ndarray:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]) @ np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])


def test_a_ball_has_its_volume_and_looks_outwards():
    mesh = watertight(ball(), CAMERA)
    assert (edge_uses(mesh.faces) == 1).all()
    assert (mesh.object_id, mesh.layer) == (1, None)
    assert signed_volume(mesh.vertices, mesh.faces) == pytest.approx(4 / 3 * np.pi * RADIUS**3, rel=0.02)
    np.testing.assert_allclose(np.linalg.norm(mesh.vertices - CENTRE, axis=1), RADIUS, atol=0.02)
    assert (mesh.colours == [200, 0, 0]).all()


@pytest.mark.parametrize("angle", [0.0, 0.5])
def test_a_box_has_its_volume_though_no_ray_ends_on_sides_that_run_along_the_view(angle):
    half, centre, turn = [0.3, 0.25, 0.35], [0, 0, 3], turned(angle)
    mesh = watertight(of_depths(box(half, centre, turn)), CAMERA)
    assert (edge_uses(mesh.faces) == 1).all()
    assert signed_volume(mesh.vertices, mesh.faces) == pytest.approx(8 * np.prod(half), rel=0.04)
    inside = (mesh.vertices - centre) @ turn
    assert (np.abs(inside) < np.array(half) + 0.03).all()


def test_two_boxes_one_behind_the_other_stay_two_with_nothing_between():
    front = box([0.2, 0.2, 0.15], [0, 0, 2.75])
    back = box([0.4, 0.4, 0.15], [0, 0, 3.55])
    behind = np.isfinite(front[0])
    stack = [np.where(behind, front[0], back[0]), np.where(behind, front[1], back[1])]
    stack += [np.where(behind, back[0], np.nan), np.where(behind, back[1], np.nan)]
    mesh = watertight(of_depths(stack), CAMERA)
    assert (edge_uses(mesh.faces) == 1).all()
    assert signed_volume(mesh.vertices, mesh.faces) == pytest.approx(0.16 * 0.3 + 0.64 * 0.3, rel=0.04)
    assert not ((mesh.vertices[:, 2] > 3.0) & (mesh.vertices[:, 2] < 3.3)).any()


def test_the_budget_of_faces_is_kept_and_still_closes():
    mesh = watertight(ball(), CAMERA, faces=800)
    assert 400 < len(mesh.faces) <= 800
    assert (edge_uses(mesh.faces) == 1).all()
    assert signed_volume(mesh.vertices, mesh.faces) == pytest.approx(4 / 3 * np.pi * RADIUS**3, rel=0.03)


def test_the_same_layers_give_the_same_mesh_and_a_moved_thing_the_moved_one():
    thing = of_depths(box([0.3, 0.2, 0.2], [0, 0, 3]))
    pose = np.eye(4)
    pose[:3, :3] = 2 * turned(0.7)
    pose[:3, 3] = (1, -2, 3)
    first, again, moved = (watertight(t, CAMERA) for t in (thing, thing, thing.with_transform(pose)))
    np.testing.assert_array_equal(first.vertices, again.vertices)
    np.testing.assert_array_equal(first.faces, again.faces)
    np.testing.assert_allclose(moved.vertices, first.vertices @ pose[:3, :3].T + pose[:3, 3], atol=1e-5)


def test_a_leaf_without_a_back_gets_one():
    leaf = np.full((SIDE, SIDE), np.nan)
    leaf[20:70, 30:60] = 3.0
    mesh = watertight(of_depths([leaf]), CAMERA)
    assert (edge_uses(mesh.faces) == 1).all()
    area = (50 * 3 / CAMERA.fy) * (30 * 3 / CAMERA.fx)
    assert 0 < signed_volume(mesh.vertices, mesh.faces) < area * 0.06


def test_what_is_hidden_has_the_colour_of_what_is_seen_next_to_it():
    depths = box([0.3, 0.2, 0.1], [0, 0, 2.9])
    thing = of_depths(depths)
    thing.rgb[:, SIDE // 2 :] = (0, 0, 200)
    mesh = watertight(thing, CAMERA)
    u = CAMERA.fx * mesh.vertices[:, 0] / mesh.vertices[:, 2] + CAMERA.cx
    front = mesh.vertices[:, 2] < 2.82
    assert (mesh.colours[front & (u > SIDE // 2 + 2)] == [0, 0, 200]).all()
    assert (mesh.colours[front & (u < SIDE // 2 - 2)] == [200, 0, 0]).all()
    assert {tuple(c) for c in mesh.colours[~front].tolist()} == {(200, 0, 0), (0, 0, 200)}


def test_what_cannot_be_closed_is_said():
    with pytest.raises(WtError, match="open scene"):
        watertight(ball(ident=0), CAMERA)
    with pytest.raises(WtError, match="has 0 surface points"):
        watertight(of_depths([np.full((SIDE, SIDE), np.nan)]), CAMERA)
    with pytest.raises(WtError, match="at least 4 triangles"):
        watertight(ball(), CAMERA, faces=3)


def cubes(*corners: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Unit cubes at these corners; vertices at one place are one vertex."""
    unit = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)])
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    triangles = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))])
    everything = np.concatenate([unit + corner for corner in corners])
    places, index = np.unique(everything, axis=0, return_inverse=True)
    faces = np.concatenate([triangles + 8 * k for k in range(len(corners))])
    return places.astype(float), index.ravel()[faces]


@pytest.mark.parametrize(
    ("corners", "pieces"),
    [
        ([(0, 0, 0), (1, 1, 0)], 2),  # along an edge
        ([(0, 0, 0), (1, 1, 1)], 2),  # in a point
        ([(0, 0, 0), (1, 1, 0), (3, 0, 0)], 3),
    ],
)
def test_solids_that_touch_are_taken_apart(corners, pieces):
    import trimesh

    vertices, faces = cubes(*corners)
    apart, separate = taken_apart(vertices, faces)
    assert (edge_uses(separate) == 1).all()
    assert signed_volume(apart, separate) == pytest.approx(len(corners))
    assert len(trimesh.Trimesh(apart, separate, process=False).split()) == pieces
    assert len(apart) == 8 * pieces


def test_a_ring_that_touches_itself_along_an_edge_is_given_two_edges_there():
    """Eight cubes around a shared edge but one diagonal pair: both sheets share both ends of that edge."""
    around = [(0, 0, 0), (1, 1, 0)]  # touch along x = 1, y = 1, z from 0 to 1
    bridges = [(0, 0, 1), (0, 1, 1), (1, 1, 1), (0, 0, -1), (0, 1, -1), (1, 1, -1)]
    vertices, faces = shell(around + bridges)
    with pytest.raises(AssertionError):
        edge_uses(faces)
    apart, separate = taken_apart(vertices, faces)
    assert (edge_uses(separate) == 1).all()
    assert signed_volume(apart, separate) == pytest.approx(8)


def shell(corners: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """The outside of a heap of cubes: faces that two of them share are left out."""
    vertices, faces = cubes(*corners)
    middles = vertices[faces].reshape(-1, 2, 3, 3).reshape(-1, 6, 3).mean(axis=1)
    low, high = vertices[faces].reshape(-1, 6, 3).min(axis=1), vertices[faces].reshape(-1, 6, 3).max(axis=1)
    key = np.round((low + high), 3)
    _, index, count = np.unique(key, axis=0, return_inverse=True, return_counts=True)
    kept = count[index.ravel()] == 1
    assert len(middles) == len(kept)
    return vertices, faces.reshape(-1, 2, 3)[kept].reshape(-1, 3)
