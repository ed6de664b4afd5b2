"""scene.glb and mesh.glb by pygltflib and by the bytes themselves."""

import io

import numpy as np
import pytest
from PIL import Image
from pygltflib import GLTF2

from wt.errors import WtError
from wt.exports import glb
from wt.exports.axes import OPENCV
from wt.exports.export import export
from wt.exports.gltf import Gltf
from wt.exports.job import ExportJob
from wt.geometry.layers import LayeredPointmap
from wt.meshes.mesh import Mesh
from wt.scene.scene import Scene

KINDS = {5123: "<u2", 5125: "<u4", 5126: "<f4"}
SIZES = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}


@pytest.fixture(scope="module")
def folder(scene, tmp_path_factory):
    out = tmp_path_factory.mktemp("glb")
    export(scene, out, ("ply", "glb"))
    return out


def array(document: GLTF2, index: int) -> np.ndarray:
    accessor = document.accessors[index]
    view = document.bufferViews[accessor.bufferView]
    data = document.binary_blob()[view.byteOffset : view.byteOffset + view.byteLength]
    assert view.byteOffset % 4 == 0
    return np.frombuffer(data, KINDS[accessor.componentType], accessor.count * SIZES[accessor.type]).reshape(
        accessor.count, SIZES[accessor.type]
    )


def primitives(document: GLTF2) -> dict[str, object]:
    """The one primitive of every node that has a mesh."""
    assert all(len(mesh.primitives) == 1 for mesh in document.meshes)
    return {node.name: document.meshes[node.mesh].primitives[0] for node in document.nodes if node.mesh is not None}


def test_every_layer_is_points_and_a_surface_of_the_same_points(scene, folder):
    document = GLTF2.load(str(folder / "scene.glb"))
    found = primitives(document)
    names = [f"{name} layer {layer}" for name, layer in (("photo", 0), ("ball", 0), ("ball", 1))]
    assert set(found) == {*names, *(f"{name} surface" for name in names)}
    cloud = scene.point_cloud(objects=[1], layers=[1])
    for name in names:
        points, surface = found[name], found[f"{name} surface"]
        assert (points.mode, surface.mode) == (0, 4)
        positions = array(document, points.attributes.POSITION)
        accessor = document.accessors[points.attributes.POSITION]
        np.testing.assert_array_equal(accessor.min, positions.min(axis=0))
        np.testing.assert_array_equal(accessor.max, positions.max(axis=0))
        corners = array(document, surface.attributes.POSITION)
        assert {tuple(row) for row in corners.tolist()} <= {tuple(row) for row in positions.tolist()}
        assert array(document, surface.indices).max() == len(corners) - 1
    np.testing.assert_array_equal(
        array(document, found["ball layer 1"].attributes.POSITION), cloud.points * np.float32([1, -1, -1])
    )
    nodes = {node.name: node for node in document.nodes}
    children = {document.nodes[index].name for index in nodes["ball"].children}
    assert children == {name for name in found if name.startswith("ball")}
    assert nodes["ball layer 1"].extras == {"object_id": 1, "layer": 1}
    assert nodes["ball"].extras == {"object_id": 1}
    assert document.scenes[document.scene].nodes == [document.nodes.index(nodes["world tracing scene"])]


def test_it_says_its_unit_axes_and_pixel_rule(folder):
    for name in ("scene.glb", "mesh.glb"):
        extras = GLTF2.load(str(folder / name)).asset.extras
        assert extras["units"] == "relative"
        assert extras["metres_per_unit"] == pytest.approx(1, abs=1e-6)
        assert "+y up" in extras["axes"]
        assert "(0.5, 0.5)" in extras["pixel_rule"]
        assert "linear" in extras["colours"]


def test_the_camera_frames_the_photo(scene, folder):
    k = scene.intrinsics
    camera = GLTF2.load(str(folder / "scene.glb")).cameras[0]
    tan_y = np.tan(camera.perspective.yfov / 2)
    assert tan_y == pytest.approx(k.height / 2 / k.fy)
    assert tan_y * camera.perspective.aspectRatio == pytest.approx(k.width / 2 / k.fx)
    assert camera.extras["K"]["cx"] == k.cx


def test_a_known_swatch_is_srgb_in_ply_and_linear_in_glb(ball_room, tmp_path):
    """sRGB 188 is linear 0.5029, 55 is 0.0382 (IEC 61966-2-1 by hand)."""
    rgb = np.broadcast_to(np.uint8([188, 55, 255]), (80, 112, 3)).copy()
    layers = ball_room.layers(ball_room.room)
    layers = LayeredPointmap(layers.points, layers.alpha, rgb, "relative", layers.intrinsics)
    export(Scene.from_layers(layers), tmp_path, ("ply", "glb"))
    assert (tmp_path / "layer_0.ply").read_bytes().split(b"end_header\n")[1][12:15] == bytes([188, 55, 255])
    document = GLTF2.load(str(tmp_path / "scene.glb"))
    for primitive in primitives(document).values():
        accessor = document.accessors[primitive.attributes.COLOR_0]
        assert (accessor.componentType, accessor.normalized, accessor.type) == (5123, True, "VEC4")
        values = array(document, primitive.attributes.COLOR_0) / 65535
        np.testing.assert_allclose(values, np.broadcast_to([0.5029, 0.0382, 1, 1], values.shape), atol=1e-4)


def test_mesh_glb_has_surfaces_alone_and_its_ball_is_closed(folder):
    trimesh = pytest.importorskip("trimesh")
    document = GLTF2.load(str(folder / "mesh.glb"))
    assert {name: primitive.mode for name, primitive in primitives(document).items()} == {"photo layer 0": 4, "ball": 4}
    assert document.cameras == []
    ball = trimesh.load(folder / "mesh.glb").geometry["ball"]
    assert ball.is_watertight
    radii = np.linalg.norm(ball.vertices * [1, -1, -1] - [0.3, 1.0, 4.0], axis=1)
    assert abs(np.median(radii) - 0.5) < 0.02
    assert ball.volume > 0


def test_an_object_that_cannot_be_closed_stays_open_and_that_is_said(scene, tmp_path, monkeypatch):
    def refuse(thing, intrinsics, *, faces):
        raise WtError(f"{thing.name} has too few points.")

    monkeypatch.setattr(glb, "watertight", refuse)
    job = ExportJob(scene, tmp_path, OPENCV, "grey")
    glb.write(job)
    names = set(primitives(GLTF2.load(str(tmp_path / "mesh.glb"))))
    assert names == {"photo layer 0", "ball layer 0", "ball layer 1"}
    assert job.notes == ["ball is open in mesh.glb. ball has too few points."]


def test_a_large_scene_keeps_all_points_and_has_coarser_surfaces(scene, tmp_path, monkeypatch):
    monkeypatch.setattr(glb, "MAX_TRIANGLES", 100)
    job = ExportJob(scene, tmp_path, OPENCV, "grey")
    glb.write(job)
    document = GLTF2.load(str(tmp_path / "scene.glb"))
    found = primitives(document).values()
    points = sum(document.accessors[part.attributes.POSITION].count for part in found if part.mode == 0)
    assert points == sum(int(thing.present.sum()) for thing in (scene[0], scene[1]))
    assert sum(document.accessors[part.indices].count // 3 for part in found if part.mode == 4) <= 100
    assert len(found) == 6
    assert any("100 of" in note for note in job.notes)


def test_a_texture_takes_the_place_of_vertex_colours(tmp_path):
    texture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), dtype=np.uint8)
    corners = np.float32([[0, 0, 2], [1, 0, 2], [0, 1, 2]])
    uv = np.float32([[0, 0], [1, 0], [0, 1]])
    mesh = Mesh("card", corners, np.int32([[0, 2, 1]]), np.zeros((3, 3), np.uint8), 1, None, uv, texture)
    gltf = Gltf()
    path = tmp_path / "card.glb"
    path.write_bytes(gltf.pack(gltf.node(name="card", mesh=gltf.triangles(mesh)), {}))
    document = GLTF2.load(str(path))
    (primitive,) = primitives(document).values()
    assert primitive.attributes.COLOR_0 is None
    np.testing.assert_array_equal(array(document, primitive.attributes.TEXCOORD_0), uv)
    view = document.bufferViews[document.images[0].bufferView]
    png = document.binary_blob()[view.byteOffset : view.byteOffset + view.byteLength]
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(png))), texture)
    surface = document.materials[primitive.material].pbrMetallicRoughness
    assert document.textures[surface.baseColorTexture.index].source == 0


def test_a_budget_of_triangles_is_kept_and_nothing_is_lost(scene, tmp_path):
    export(scene, tmp_path, "glb", faces=2000)
    for name in ("scene.glb", "mesh.glb"):
        document = GLTF2.load(str(tmp_path / name))
        surfaces = [part for part in primitives(document).values() if part.mode == 4]
        assert sum(document.accessors[part.indices].count // 3 for part in surfaces) <= 2000 * (
            1 + (name == "mesh.glb")
        )
        assert len(surfaces) == (3 if name == "scene.glb" else 2)
    with pytest.raises(WtError, match="at least 1000"):
        export(scene, tmp_path, "glb", faces=3)


def test_with_the_photo_mesh_glb_is_textured_front_and_back(scene, tmp_path):
    """The photo is the scene's own colours, four times as large: the ball's texture holds them, and no others."""
    photo = np.repeat(np.repeat(scene[1].rgb, 4, axis=0), 4, axis=1)
    export(scene, tmp_path, "glb", before=photo)
    document = GLTF2.load(str(tmp_path / "mesh.glb"))
    for part in primitives(document).values():
        assert part.attributes.TEXCOORD_0 is not None
        assert part.attributes.COLOR_0 is None
    picture = Image.open(io.BytesIO(image_bytes(document, 1)))
    assert picture.size == (1024, 1024)
    assert np.ptp(np.asarray(picture).reshape(-1, 3), axis=0).min() > 100


def image_bytes(document: GLTF2, index: int) -> bytes:
    view = document.bufferViews[document.images[index].bufferView]
    return document.binary_blob()[view.byteOffset : view.byteOffset + view.byteLength]
