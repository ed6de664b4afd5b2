"""Mesh files as assets: place, colours, faults, and depth peeling against Open3D's list of all intersections."""

import logging
from pathlib import Path

import numpy as np
import pytest
import trimesh
from PIL import Image
from trimesh.transformations import random_rotation_matrix, reflection_matrix, translation_matrix
from trimesh.visual import ColorVisuals, TextureVisuals
from trimesh.visual.material import PBRMaterial, SimpleMaterial

from wt.data import generate as generation
from wt.data import meshfile
from wt.data.film import decode_srgb
from wt.data.generate import generate, make_sample
from wt.data.mesh import Camera, look_at
from wt.data.meshes import HELD_OUT_SHARE, VIEWS, MeshFolder, is_held_out, painted
from wt.data.meshfile import BARE, load_mesh
from wt.data.peel import peel, world_rays
from wt.data.seeds import HELD_OUT_FROM
from wt.data.shards import ShardFolder
from wt.errors import WtError
from wt.geometry.camera import Intrinsics, rays

UPRIGHT = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])


def _sheet(seed: int) -> trimesh.Trimesh:
    """A wavy open surface with a triangle of no area and one that names a vertex twice."""
    x, y = np.meshgrid(np.linspace(-1, 1, 12), np.linspace(-1, 1, 12))
    vertices = np.stack([x, y, 0.2 * np.sin(3 * x + seed)], axis=-1).reshape(-1, 3)
    corner = np.arange(11)[:, None] * 12 + np.arange(11)
    faces = np.concatenate(
        [np.stack([corner, corner + 1, corner + 13], -1), np.stack([corner, corner + 13, corner + 12], -1)]
    )
    faces = np.concatenate([faces.reshape(-1, 3), [[0, 1, 2], [5, 5, 9]]])
    return trimesh.Trimesh(vertices, faces, process=False)


def _scene(seed: int) -> tuple[trimesh.Scene, np.ndarray, np.ndarray]:
    """A scene graph with turned, shifted and mirrored nodes, and its triangles in world coordinates."""
    rng = np.random.default_rng(seed)
    scene, vertices, faces = trimesh.Scene(), [], []
    meshes = [trimesh.creation.icosphere(3), trimesh.creation.torus(1.0, 0.3), trimesh.creation.box(), _sheet(seed)]
    for i in range(8):
        mesh = meshes[i % 4].copy()
        matrix = translation_matrix(rng.uniform(-1.5, 1.5, 3)) @ random_rotation_matrix(rng.random(3))
        if i % 3 == 0:
            matrix = matrix @ reflection_matrix([0, 0, 0], [1, 0, 0])
        scene.add_geometry(mesh, transform=matrix)
        faces.append(mesh.faces + sum(map(len, vertices)))
        vertices.append(mesh.vertices @ matrix[:3, :3].T + matrix[:3, 3])
    return scene, np.concatenate(vertices), np.concatenate(faces)


@pytest.mark.parametrize("suffix", ["glb", "obj"])
@pytest.mark.parametrize("seed", range(2))
def test_every_surface_of_a_file_agrees_with_open3d(tmp_path: Path, suffix: str, seed: int) -> None:
    open3d = pytest.importorskip("open3d")
    scene, vertices, faces = _scene(seed)
    scene.export(tmp_path / f"things.{suffix}")
    file = load_mesh(tmp_path / f"things.{suffix}")
    camera = Camera(Intrinsics.from_fov(30, 40, 40), look_at(np.array([0.4, -2.2, 0.7]), np.zeros(3), 0.1))
    ours = peel([file.asset], camera, 6, union=False).depth.reshape(6, -1).T

    upright = vertices @ UPRIGHT.T
    low, high = upright.min(axis=0), upright.max(axis=0)
    upright = ((upright - (low + high) / 2) / (high - low).max()).astype(np.float32)
    oracle = open3d.t.geometry.RaycastingScene()
    oracle.add_triangles(open3d.core.Tensor(upright), open3d.core.Tensor(faces.astype(np.uint32)))
    origin, directions = world_rays(camera, rays(camera.intrinsics).reshape(-1, 3))
    lines = np.concatenate([np.broadcast_to(origin, directions.shape), directions], axis=1).astype(np.float32)
    found = {name: value.numpy() for name, value in oracle.list_intersections(open3d.core.Tensor(lines)).items()}
    theirs = np.full((len(lines), 6), np.nan)
    for ray in range(len(lines)):
        t = np.sort(found["t_hit"][found["ray_ids"] == ray])
        theirs[ray, : min(len(t), 6)] = t[:6]
    # A ray through an edge may meet one triangle or two; almost none do.
    same = (np.isnan(ours) == np.isnan(theirs)).all(axis=1) & (np.nan_to_num(np.abs(ours - theirs)) < 1e-4).all(axis=1)
    assert np.isfinite(theirs[:, 3]).mean() > 0.02
    assert np.isfinite(theirs[:, 5]).any()
    assert same.mean() > 0.995
    assert not file.closed, "a sheet bounds nothing"


def test_y_up_files_stand_and_their_front_looks_to_us(tmp_path: Path) -> None:
    """glTF: +y up, the front looks along +z. Here: z up, front to -y."""
    mesh = trimesh.creation.box((1, 4, 2))
    nose = trimesh.creation.box((0.2, 0.2, 0.2)).apply_translation([0.1, 1.5, 1.1])
    (mesh + nose).export(tmp_path / "a.glb")
    asset = load_mesh(tmp_path / "a.glb").asset
    low, high = asset.bounds()
    np.testing.assert_allclose(high - low, [0.25, 0.55, 1.0], atol=1e-6)
    np.testing.assert_allclose(low + high, 0, atol=1e-6)
    vertices = np.concatenate([part.vertices for part in asset.parts])
    foremost = vertices[vertices[:, 1] < low[1] + 0.01]
    assert 0.3 < foremost[:, 2].mean() < 0.4
    assert 0 < foremost[:, 0].mean() < 0.05

    mesh.export(tmp_path / "b.stl")
    np.testing.assert_allclose(
        np.ptp(load_mesh(tmp_path / "b.stl").asset.bounds(), axis=0), [0.25, 1.0, 0.5], atol=1e-6
    )
    np.testing.assert_allclose(
        np.ptp(load_mesh(tmp_path / "b.stl", "y").asset.bounds(), axis=0), [0.25, 0.5, 1.0], atol=1e-6
    )


def _looked_up(path: Path, points: np.ndarray) -> np.ndarray:
    """Albedo of a flat file's upper side at places given in [-0.5, 0.5]^2, and its normals turned to the eye."""
    asset = load_mesh(path, "z").asset
    assert len(asset.parts) == 1
    at = np.c_[points, np.zeros(len(points))]
    return asset.parts[0].material.texture(at, np.tile([0.0, 0.0, 1.0], (len(at), 1)))


def _square(visual: TextureVisuals | None = None) -> trimesh.Trimesh:
    vertices = np.array([[0.0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0]])
    return trimesh.Trimesh(vertices, [[0, 1, 2], [0, 2, 3]], visual=visual, process=False)


UV = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
PLACES = np.array([[-0.25, -0.25], [0.25, -0.25], [-0.25, 0.25], [0.25, 0.25]])


@pytest.mark.parametrize("suffix", ["glb", "obj"])
def test_a_texture_lands_where_its_coordinates_say(tmp_path: Path, suffix: str) -> None:
    quarters = np.array([[[200, 30, 40], [20, 180, 60]], [[10, 60, 220], [240, 230, 30]]], np.uint8)
    image = Image.fromarray(np.kron(quarters, np.ones((16, 16, 1), np.uint8)))
    material = PBRMaterial(baseColorTexture=image) if suffix == "glb" else SimpleMaterial(image=image)
    _square(TextureVisuals(UV, material=material)).export(tmp_path / f"a.{suffix}")
    # v grows upwards: the picture's lower row is at small y.
    expected = decode_srgb(quarters[[1, 1, 0, 0], [0, 1, 0, 1]] / 255)
    np.testing.assert_allclose(_looked_up(tmp_path / f"a.{suffix}", PLACES), expected, atol=2e-3)


def test_vertex_colours_are_interpolated_and_plain_colours_kept(tmp_path: Path) -> None:
    mesh = _square()
    colours = np.array([[255, 0, 0, 255], [0, 255, 0, 255], [0, 0, 255, 255], [90, 90, 90, 255]], np.uint8)
    mesh.visual = ColorVisuals(mesh, vertex_colors=colours)
    mesh.export(tmp_path / "a.ply")
    middle = np.array([[1 / 6, -1 / 6]])  # of the first triangle
    np.testing.assert_allclose(_looked_up(tmp_path / "a.ply", middle), [[1 / 3, 1 / 3, 1 / 3]], atol=1e-5)

    plain = PBRMaterial(baseColorFactor=[51, 102, 204, 255], metallicFactor=1.0, roughnessFactor=0.3)
    _square(TextureVisuals(UV, material=plain)).export(tmp_path / "b.glb")
    np.testing.assert_allclose(_looked_up(tmp_path / "b.glb", PLACES)[0], [0.2, 0.4, 0.8], atol=0.01)
    material = load_mesh(tmp_path / "b.glb").asset.parts[0].material
    assert material.roughness == pytest.approx(0.3)
    assert material.specular > 0.4

    _square().export(tmp_path / "c.stl")
    bare = load_mesh(tmp_path / "c.stl").asset
    assert bare.parts[0].material is BARE
    assert painted(bare, np.random.default_rng(0)).parts[0].material is not BARE
    assert painted(bare, np.random.default_rng(0)).parts[0].vertices is bare.parts[0].vertices


def test_closed_is_asked_of_all_surfaces_together(tmp_path: Path) -> None:
    box = trimesh.creation.box()
    box.export(tmp_path / "closed.ply")
    assert load_mesh(tmp_path / "closed.ply").closed
    # Two materials share one solid: neither half is closed, both are.
    scene = trimesh.Scene()
    for name, rows in (("a", slice(0, 5)), ("b", slice(5, 12))):
        half = trimesh.Trimesh(box.vertices, box.faces[rows], process=False)
        half.visual = TextureVisuals(material=PBRMaterial(baseColorFactor=[200, 20 * len(half.faces), 0, 255]))
        scene.add_geometry(half, name)
    scene.export(tmp_path / "halves.glb")
    halves = load_mesh(tmp_path / "halves.glb")
    assert halves.closed
    (part,) = halves.asset.parts
    middles = part.vertices[part.faces].mean(axis=1)
    normals = np.cross(*(part.vertices[part.faces[:, k]] - part.vertices[part.faces[:, 0]] for k in (1, 2)))
    colours = part.material.texture(middles, normals / np.linalg.norm(normals, axis=1, keepdims=True))
    assert sorted(np.round(255 * colours[:, 1] / 20).astype(int)) == [5] * 5 + [7] * 7
    trimesh.Trimesh(box.vertices, box.faces[:-1], process=False).export(tmp_path / "open.ply")
    assert not load_mesh(tmp_path / "open.ply").closed


def test_huge_meshes_are_thinned_within_a_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meshfile, "MAX_TRIANGLES", 1000)
    monkeypatch.setattr(meshfile, "THINNED", 16)
    ball = trimesh.creation.icosphere(4)
    ball.visual = ColorVisuals(ball, vertex_colors=np.tile([10, 200, 30, 255], (len(ball.vertices), 1)))
    ball.export(tmp_path / "ball.ply")
    (part,) = load_mesh(tmp_path / "ball.ply").asset.parts
    assert len(part.faces) < 0.5 * len(ball.faces)
    assert np.abs(np.linalg.norm(part.vertices, axis=1) - 0.5).max() < 1e-5
    colours = part.material.texture(part.vertices, part.vertices / 0.5)
    np.testing.assert_allclose(
        colours, np.tile(decode_srgb(np.array([10, 200, 30]) / 255), (len(colours), 1)), atol=1e-5
    )


def test_bad_files_are_skipped_said_once_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(WtError, match="not a folder"):
        MeshFolder(tmp_path / "none")
    with pytest.raises(WtError, match="no mesh file"):
        MeshFolder(tmp_path)
    (tmp_path / "broken.glb").write_bytes(b"glTF but not really")
    (tmp_path / "empty.obj").write_text("# nothing\n")
    (tmp_path / "point.ply").write_bytes(trimesh.PointCloud(np.zeros((3, 3))).export(file_type="ply"))
    flat = trimesh.Trimesh([[0, 0, 0], [1, 0, 0], [2, 0, 0]], [[0, 1, 2]], process=False)
    flat.export(tmp_path / "line.stl")
    folder = MeshFolder(tmp_path)
    with caplog.at_level(logging.WARNING), pytest.raises(WtError, match="could be used"):
        folder.draw(0, "all")
    (tmp_path / "sub").mkdir()
    trimesh.creation.box().export(tmp_path / "sub" / "good.glb")
    folder = MeshFolder(tmp_path)
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        names = {folder.draw(seed * VIEWS, "all")[0] for seed in range(30)}
    assert names == {"sub/good.glb"}
    assert set(folder.skipped) == {"broken.glb", "empty.obj", "point.ply", "line.stl"}
    assert len(caplog.records) == 4


def test_a_file_keeps_its_side(tmp_path: Path) -> None:
    names = [f"shape {i}.glb" for i in range(400)]
    held = {name for name in names if is_held_out(name)}
    assert 0.6 * 400 < HELD_OUT_SHARE * len(held) < 1.4 * 400
    for name in names[:40]:
        (tmp_path / name).touch()
    folder = MeshFolder(tmp_path)
    assert {path.name for path in folder.split("held-out")} == held & set(names[:40])
    assert {*folder.split("held-out"), *folder.split("training")} == set(folder.files)


def test_samples_of_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generation, "SHARD", 2)
    folder = tmp_path / "meshes"
    folder.mkdir()
    kept = next(i for i in range(100) if is_held_out(f"{i}.glb"))
    for i in (kept, *range(101, 104)):
        shape = trimesh.creation.annulus(0.2 + 0.02 * (i - 100), 0.5, 1.0)
        shape.visual = TextureVisuals(material=PBRMaterial(baseColorFactor=[200, 60, 20, 255]))
        shape.export(folder / f"{i}.glb")
    (folder / "bad.glb").write_bytes(b"no")
    meshes = MeshFolder(folder)
    first = make_sample("object", VIEWS, 32, meshes)
    again = make_sample("object", VIEWS, 32, MeshFolder(folder))
    np.testing.assert_array_equal(first.rgb, again.rgb)
    np.testing.assert_array_equal(first.depth, again.depth)
    seen = first.depth[0] > 0
    assert seen.mean() > 0.1
    assert ((first.instance == 0) == seen).all()
    assert ((first.instance == 255) == ~seen).all()
    red, green, blue = first.rgb[seen].astype(float).mean(axis=0)
    assert red > green > blue
    assert is_held_out(MeshFolder(folder).draw(HELD_OUT_FROM, "held-out")[0])
    np.testing.assert_array_less(make_sample("object", HELD_OUT_FROM, 24, meshes).depth[0], 10)

    paths = generate("object", 2, tmp_path / "shards", size=24, meshes=meshes)
    stored = ShardFolder(tmp_path / "shards", "object")
    assert (len(paths), len(stored)) == (1, 2)
    np.testing.assert_array_equal(stored[1].rgb, make_sample("object", 1, 24, meshes).rgb)
    with pytest.raises(WtError, match="gives objects"):
        generate("scene", 1, tmp_path, meshes=meshes)
