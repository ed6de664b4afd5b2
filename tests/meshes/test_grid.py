"""Triangles of the photo's grid against solids and planes in closed form."""

import numpy as np
import pytest
from solids import CAMERA, CENTRE, RADIUS, SIDE, ball, box, directions, normals, of_depths

from wt.meshes.grid import grid_meshes
from wt.scene.cloud import point_cloud


def plane(normal: np.ndarray, offset: float) -> np.ndarray:
    """Depth at which each ray meets normal . x = offset; NaN behind the camera."""
    z = offset / (directions() @ normal)
    return np.where(z > 0, z, np.nan)


def test_a_ball_has_a_front_and_a_back_that_look_outwards_and_cover_its_outline():
    front, back = grid_meshes(ball(), CAMERA)
    assert (front.layer, back.layer, front.object_id) == (0, 1, 1)
    for mesh in (front, back):
        outward = mesh.vertices[mesh.faces].mean(axis=1) - CENTRE
        assert (np.einsum("mk,mk->m", normals(mesh.vertices, mesh.faces), outward) > 0).all()
        np.testing.assert_allclose(np.linalg.norm(mesh.vertices - CENTRE, axis=1), RADIUS, atol=1e-5)
    # Of the cells whose four corners are on the ball hardly any is lost to its own steep rim.
    inside = ball().present[0]
    cells = (inside[:-1, :-1] & inside[1:, :-1] & inside[:-1, 1:] & inside[1:, 1:]).sum()
    assert 2 * cells * 0.96 < len(front.faces)
    area = np.linalg.norm(normals(front.vertices, front.faces), axis=1).sum() / 2
    seen = 2 * np.pi * RADIUS**2 * (1 - RADIUS / np.linalg.norm(CENTRE))  # the cap that the camera sees
    # A ball's area goes with its height: the pixel that is missing at a rim of radius 35 is a sixth of it.
    assert 0.8 * seen < area < seen


def test_one_wall_before_another_is_cut_from_it_and_a_floor_is_whole_to_the_horizon():
    left = np.arange(SIDE) < 40
    walls = np.where(left, 2.0, 2.5) * np.ones((SIDE, 1))
    (mesh,) = grid_meshes(of_depths([walls]), CAMERA)
    assert len(mesh.faces) == 2 * (SIDE - 1) * (SIDE - 2)
    depth = mesh.vertices[mesh.faces][..., 2]
    assert (np.ptp(depth, axis=1) == 0).all()
    floor = plane(np.array([0.1, 1.0, 0.0]), 0.05)
    rows = np.isfinite(floor) & (floor < 1.2)  # 24 times as far as the camera is high
    (mesh,) = grid_meshes(of_depths([np.where(rows, floor, np.nan)]), CAMERA)
    cells = rows[:-1, :-1] & rows[1:, :-1] & rows[:-1, 1:] & rows[1:, 1:]
    assert len(mesh.faces) >= 2 * cells.sum()
    np.testing.assert_allclose(mesh.vertices @ [0.1, 1.0, 0.0], 0.05, atol=1e-5)


def test_a_jump_that_is_blurred_over_a_pixel_is_cut_on_both_sides():
    ramp = np.where(np.arange(SIDE) < 40, 2.0, 3.0) * np.ones((SIDE, 1))
    ramp[:, 40] = 2.4
    (mesh,) = grid_meshes(of_depths([ramp]), CAMERA)
    assert set(np.unique(mesh.vertices[..., 2])) == {2.0, 3.0}


def test_three_corners_of_a_cell_make_one_triangle():
    depth = np.full((SIDE, SIDE), np.nan)
    for hole, corner in (((0, 0), (10, 10)), ((0, 1), (10, 20)), ((1, 0), (20, 10)), ((1, 1), (20, 20))):
        depth[corner[0] : corner[0] + 2, corner[1] : corner[1] + 2] = 2.0
        depth[corner[0] + hole[0], corner[1] + hole[1]] = np.nan
    (mesh,) = grid_meshes(of_depths([depth]), CAMERA)
    assert len(mesh.faces) == 4
    assert len(mesh.vertices) == 12
    assert (normals(mesh.vertices, mesh.faces)[:, 2] < 0).all()


def test_what_is_moved_is_meshed_where_it_is_now():
    thing = of_depths(box([0.3, 0.3, 0.2], [0, 0, 3]))
    turn = np.eye(4)
    turn[:3, :3] = 1.5 * np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])  # about y; the camera's ray now runs along x
    turn[:3, 3] = (4, 0, 1)
    still, moved = grid_meshes(thing, CAMERA), grid_meshes(thing.with_transform(turn), CAMERA)
    for before, after in zip(still, moved, strict=True):
        np.testing.assert_array_equal(before.faces, after.faces)
        np.testing.assert_allclose(after.vertices, before.vertices @ turn[:3, :3].T + turn[:3, 3], atol=1e-5)
        sign = -1 if before.layer == 0 else 1
        facing = np.median(normals(after.vertices, after.faces)[:, 0])
        assert np.sign(facing) == sign


@pytest.mark.parametrize("hidden", ["grey", "photo"])
def test_colours_are_those_of_the_cloud(hidden):
    thing = ball()
    cloud = point_cloud([thing], hidden=hidden)
    known = {tuple(p): tuple(c) for p, c in zip(cloud.points.tolist(), cloud.colours.tolist())}
    for mesh in grid_meshes(thing, CAMERA, hidden=hidden):
        assert all(known[tuple(p)] == tuple(c) for p, c in zip(mesh.vertices.tolist(), mesh.colours.tolist()))


def test_nothing_there_gives_no_mesh():
    assert grid_meshes(of_depths([np.full((SIDE, SIDE), np.nan)]), CAMERA) == []
    single = np.full((SIDE, SIDE), np.nan)
    single[5, 5] = 2.0
    assert grid_meshes(of_depths([single]), CAMERA) == []
