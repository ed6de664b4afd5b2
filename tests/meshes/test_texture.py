"""Textures whose every texel must show what the photo shows on its ray."""

import numpy as np
import pytest
from solids import CAMERA, SIDE, ball, box, of_depths, signed_volume

from wt.errors import WtError
from wt.meshes.decimate import decimated
from wt.meshes.grid import grid_meshes
from wt.meshes.mesh import Mesh
from wt.meshes.texture import baked, photo_textured
from wt.meshes.watertight import watertight

pytestmark = pytest.mark.filterwarnings("ignore::ImportWarning")  # Open3D's, where there is no GPU


def ramps(width: int, height: int) -> np.ndarray:
    """Red grows to the right and green downwards, both over the whole picture; blue says that it is the photo."""
    photo = np.full((height, width, 3), 77, np.uint8)
    photo[..., 0] = (np.arange(width) + 0.5) / width * 255
    photo[..., 1] = ((np.arange(height) + 0.5) / height * 255)[:, None]
    return photo


def expected(points: np.ndarray) -> np.ndarray:
    u = (CAMERA.fx * points[:, 0] / points[:, 2] + CAMERA.cx) / SIDE
    v = (CAMERA.fy * points[:, 1] / points[:, 2] + CAMERA.cy) / SIDE
    return 255 * np.stack([u, v], axis=-1)


def looked_up(mesh: Mesh, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(a point of every triangle, the texel under it)."""
    assert mesh.uv is not None
    assert mesh.texture is not None
    points = np.einsum("mck,c->mk", mesh.vertices[mesh.faces].astype(float), weights)
    u, v = np.einsum("mck,c->mk", mesh.uv[mesh.faces].astype(float), weights).T
    height, width = mesh.texture.shape[:2]
    return points, mesh.texture[(v * height).astype(int).clip(0, height - 1), (u * width).astype(int)]


@pytest.mark.parametrize("moved", [False, True])
def test_a_grid_mesh_shows_the_photo_at_full_resolution(moved):
    thing, pose = ball(), np.eye(4)
    pose[:3, :3], pose[:3, 3] = 2 * np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]]), (3, 1, 0)
    shown = thing.with_transform(pose) if moved else thing
    front = photo_textured(grid_meshes(shown, CAMERA)[0], shown, CAMERA, ramps(4 * SIDE, 4 * SIDE))
    placed = grid_meshes(thing, CAMERA)[0]
    points = placed.vertices[placed.faces].astype(float).mean(axis=1)
    _, texel = looked_up(front, np.full(3, 1 / 3))
    np.testing.assert_allclose(texel[:, :2], expected(points), atol=2)


def test_a_baked_ball_shows_the_photo_before_and_its_colour_behind():
    thing = ball()
    thing.rgb[...] = (0, 0, 200)
    mesh = baked(watertight(thing, CAMERA, faces=4000), thing, CAMERA, ramps(2 * SIDE, 2 * SIDE), size=512)
    points, texel = looked_up(mesh, np.array([0.4, 0.3, 0.3]))
    front = points[:, 2] < 2.75
    behind = points[:, 2] > 3.05
    assert min(front.sum(), behind.sum()) > 500
    wrong = np.abs(texel[front, :2] - expected(points[front])).max(axis=1) > 5
    assert wrong.mean() < 0.01
    assert (texel[behind] == [0, 0, 200]).all(axis=1).mean() > 0.99
    assert signed_volume(mesh.vertices, mesh.faces) == pytest.approx(4 / 3 * np.pi * 0.125, rel=0.03)


def test_a_grid_mesh_keeps_a_budget_its_outline_and_its_surface():
    thing = of_depths(box([0.3, 0.2, 0.1], [0, 0, 2.9]))
    meshes = grid_meshes(thing, CAMERA)
    fewer = decimated(meshes, 300)
    assert 200 < sum(len(mesh.faces) for mesh in fewer) <= 300
    for before, after in zip(meshes, fewer, strict=True):
        np.testing.assert_allclose(after.vertices.min(axis=0), before.vertices.min(axis=0), atol=2e-3)
        np.testing.assert_allclose(after.vertices.max(axis=0), before.vertices.max(axis=0), atol=2e-3)
        assert area(after) == pytest.approx(area(before), rel=0.01)
        assert {tuple(c) for c in after.colours.tolist()} <= {tuple(c) for c in before.colours.tolist()}
        assert borders(after) == borders(before) == 1
    assert decimated(meshes, 10**6) == meshes


def area(mesh: Mesh) -> float:
    a, b, c = mesh.vertices[mesh.faces].astype(float).transpose(1, 0, 2)
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)


def borders(mesh: Mesh) -> int:
    """Closed lines of edges with one triangle only: a crack would be one more."""
    import trimesh

    surface = trimesh.Trimesh(mesh.vertices, mesh.faces, process=False)
    return len(surface.outline().entities)


def test_what_cannot_be_done_is_said():
    front = grid_meshes(ball(), CAMERA)[0]
    with pytest.raises(WtError, match="a budget of 0"):
        decimated([front], 0)
    with pytest.raises(WtError, match="a texture already"):
        decimated([photo_textured(front, ball(), CAMERA, ramps(8, 8))], 10)
    with pytest.raises(WtError, match="64 to 8192"):
        baked(front, ball(), CAMERA, ramps(8, 8), size=1)
    none = Mesh("thing", front.vertices, front.faces[:0], front.colours)
    with pytest.raises(WtError, match="no triangles"):
        baked(none, ball(), CAMERA, ramps(8, 8))
