import hashlib
import json
import struct
import zipfile

import numpy as np
import pytest
from PIL import Image

from wt.errors import WtError
from wt.exports.export import FORMATS, export, roundtrip_px, zip_folder
from wt.exports.ply import read_ply
from wt.geometry.camera import Intrinsics, project
from wt.geometry.layers import LayeredPointmap
from wt.scene.place import place
from wt.scene.scene import Scene


@pytest.fixture(scope="module")
def scene(ball_room) -> Scene:
    placed = place(ball_room.ball(), ball_room.scene, ball_room.mask, ball_room.layers(ball_room.edited))
    return ball_room.scene.insert(placed, "ball").insert(placed, "unseen").show(2, False)


@pytest.fixture(scope="module")
def folder(scene, tmp_path_factory):
    out = tmp_path_factory.mktemp("export")
    picture = np.random.default_rng(0).integers(0, 255, (160, 224, 3), dtype=np.uint8)
    manifest = {"prompts": ["add a ball"], "seeds": [7, 8], "models": [{"name": "m", "licence": "Apache-2.0"}]}
    files = export(scene, out, "all", manifest=manifest, before=picture, after=255 - picture)
    assert set(files) == set(FORMATS)
    return out


def test_the_files_people_know_are_there(folder):
    names = {path.name for path in folder.iterdir()}
    assert names == {
        *(f"layer_{i}.ply" for i in range(6)),
        *("pointcloud.ply", "scene.glb", "layers.npz", "camera.json", "scene.wts"),
        *("before.png", "after.png", "manifest.json"),
    }


def test_exported_points_reproject_on_their_pixels(scene, folder):
    assert roundtrip_px(scene, folder) < 0.1
    shifted = scene.clear(np.ones((80, 112), bool), [0])
    with pytest.raises(WtError, match="another scene"):
        roundtrip_px(shifted, folder)


def test_open3d_reads_points_colours_layers_and_objects(scene, folder):
    o3d = pytest.importorskip("open3d")
    read = o3d.t.io.read_point_cloud(str(folder / "pointcloud.ply"))
    cloud = scene.point_cloud()
    np.testing.assert_array_equal(read.point.positions.numpy(), cloud.points)
    np.testing.assert_array_equal(read.point.colors.numpy(), cloud.colours)
    np.testing.assert_array_equal(read.point.layer.numpy()[:, 0], cloud.layer)
    np.testing.assert_array_equal(read.point.object_id.numpy()[:, 0], cloud.object_id)


def test_trimesh_reads_each_layer(scene, folder):
    trimesh = pytest.importorskip("trimesh")
    for layer in range(2):
        read, cloud = trimesh.load(folder / f"layer_{layer}.ply"), scene.point_cloud(layers=[layer])
        np.testing.assert_array_equal(read.vertices.astype(np.float32), cloud.points)
        np.testing.assert_array_equal(read.colors[:, :3], cloud.colours)
    assert b"element vertex 0\n" in (folder / "layer_5.ply").read_bytes()


def test_ply_says_its_units_axes_and_pixel_rule(folder):
    head = (folder / "pointcloud.ply").read_bytes().split(b"end_header")[0].decode()
    assert "comment units relative" in head
    assert "+x right, +y down, +z forward" in head
    assert "(0.5, 0.5)" in head


def glb_document(path) -> dict:
    data = path.read_bytes()
    magic, version, length, size, kind = struct.unpack("<IIIII", data[:20])
    assert (magic, version, length, kind) == (0x46546C67, 2, len(data), 0x4E4F534A)
    return json.loads(data[20 : 20 + size])


def test_glb_is_y_up_and_named_by_object_and_layer(scene, folder):
    trimesh = pytest.importorskip("trimesh")
    read = trimesh.load(folder / "scene.glb")
    assert set(read.geometry) == {"photo layer 0", "ball layer 0", "ball layer 1"}
    cloud = scene.point_cloud(objects=[1], layers=[1])
    np.testing.assert_allclose(read.geometry["ball layer 1"].vertices, cloud.points * [1, -1, -1], rtol=1e-6)
    document = glb_document(folder / "scene.glb")
    assert all(p["mode"] == 0 for mesh in document["meshes"] for p in mesh["primitives"])
    assert document["asset"]["extras"]["units"] == "relative"
    assert {node["name"] for node in document["nodes"]} >= {"photo", "ball", "photo camera", "world tracing scene"}


def test_the_glb_camera_frames_the_photo(scene, folder):
    k = scene.intrinsics
    camera = glb_document(folder / "scene.glb")["cameras"][0]
    tan_y = np.tan(camera["perspective"]["yfov"] / 2)
    assert tan_y == pytest.approx(k.height / 2 / k.fy)
    assert tan_y * camera["perspective"]["aspectRatio"] == pytest.approx(k.width / 2 / k.fx)
    assert camera["extras"]["K"]["cx"] == k.cx


def test_a_known_swatch_is_srgb_in_ply_and_linear_in_glb(ball_room, tmp_path):
    """sRGB 188 is linear 0.5029, 55 is 0.0382 (IEC 61966-2-1 by hand)."""
    rgb = np.broadcast_to(np.uint8([188, 55, 255]), (80, 112, 3)).copy()
    layers = ball_room.layers(ball_room.room)
    layers = LayeredPointmap(layers.points, layers.alpha, rgb, "relative", layers.intrinsics)
    export(Scene.from_layers(layers), tmp_path, ("ply", "glb"))
    assert (tmp_path / "layer_0.ply").read_bytes().split(b"end_header\n")[1][12:15] == bytes([188, 55, 255])
    data, document = (tmp_path / "scene.glb").read_bytes(), glb_document(tmp_path / "scene.glb")
    accessor = document["accessors"][document["meshes"][0]["primitives"][0]["attributes"]["COLOR_0"]]
    assert (accessor["componentType"], accessor["normalized"], accessor["type"]) == (5123, True, "VEC4")
    start = 20 + struct.unpack("<I", data[12:16])[0] + 8 + document["bufferViews"][accessor["bufferView"]]["byteOffset"]
    values = np.frombuffer(data, "<u2", 4, start) / 65535
    np.testing.assert_allclose(values, [0.5029, 0.0382, 1, 1], atol=1e-4)


def test_camera_json_is_complete_and_exact(scene, folder):
    camera = json.loads((folder / "camera.json").read_text())
    k = scene.intrinsics
    np.testing.assert_array_equal(camera["K"], k.matrix())
    assert (camera["width"], camera["height"], camera["units"]) == (112, 80, "relative")
    assert camera["residual_px"] is None  # K was given here, and NaN is not JSON
    assert camera["camera_to_world"] == np.eye(4).tolist()
    assert camera["metres_per_unit"] == pytest.approx(1, abs=1e-6)
    assert "1.5 m" in camera["metres_assume"]
    fx, cx = camera["photo"]["K"][0][0], camera["photo"]["K"][0][2]
    assert (fx, cx, camera["photo"]["width"]) == (2 * k.fx, 2 * k.cx, 224)


def test_layers_npz_holds_raw_and_scene_points(scene, folder):
    again = LayeredPointmap.load(folder / "layers.npz")
    np.testing.assert_array_equal(again.points, scene.layers.points)
    with np.load(folder / "layers.npz", allow_pickle=False) as arrays:
        assert arrays["scene_object_id"].tolist() == [0, 1, 2]
        assert arrays["scene_present"][2].sum() == 0  # hidden
        points = arrays["scene_points"][1][arrays["scene_present"][1]]
        k = Intrinsics(arrays["K"][0, 0], arrays["K"][1, 1], arrays["K"][0, 2], arrays["K"][1, 2], 112, 80)
    np.testing.assert_array_equal(points, scene[1].points[scene[1].present])
    assert np.isfinite(project(points, k)).all()


def test_pictures_are_lossless(folder):
    before, after = (np.asarray(Image.open(folder / name)) for name in ("before.png", "after.png"))
    np.testing.assert_array_equal(before, 255 - after)


def test_the_manifest_names_everything_and_its_hashes_hold(scene, folder):
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["prompts"] == ["add a ball"]
    assert manifest["seeds"] == [7, 8]
    assert manifest["models"][0]["licence"] == "Apache-2.0"
    assert [entry["name"] for entry in manifest["objects"]] == ["photo", "ball", "unseen"]
    assert manifest["objects"][1]["info"]["scale"] == pytest.approx(1, abs=1e-4)
    listed = {entry["path"]: entry["sha256"] for entry in manifest["files"]}
    assert set(listed) == {path.name for path in folder.iterdir()} - {"manifest.json"}
    for name, digest in listed.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest


def test_a_second_export_replaces_files_and_leaves_no_scraps(scene, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    for _ in range(2):
        files = export(scene, tmp_path, ["camera"])
    assert files == {"camera": [tmp_path / "camera.json"]}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["camera.json", "notes.txt"]


def test_bad_requests_are_a_sentence(scene, tmp_path):
    with pytest.raises(WtError, match="no export format 'fbx'.*ply, glb"):
        export(scene, tmp_path, ("ply", "fbx"))
    with pytest.raises(WtError, match="none given"):
        export(scene, tmp_path, ())
    with pytest.raises(WtError, match="hidden"):
        export(scene.show(0, False).show(1, False), tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(WtError, match="could not be written"):
        export(scene, tmp_path / "file", "camera")
    with pytest.raises(WtError, match="nothing to zip"):
        zip_folder(tmp_path / "nowhere", tmp_path / "a.zip")


def test_one_zip_holds_every_file(folder, tmp_path):
    path = zip_folder(folder, tmp_path / "scene.zip")
    with zipfile.ZipFile(path) as bundle:
        assert bundle.testzip() is None
        assert set(bundle.namelist()) == {file.name for file in folder.iterdir()}


def test_a_moved_object_is_exported_where_it_was_moved_to(scene, ball_room, tmp_path):
    centre, radius = np.array([0.3, 1.0, 4.0]), 0.5
    transform = np.eye(4)  # a quarter turn about the vertical, twice the size, to the left and nearer
    transform[:3, :3] = 2 * np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])
    transform[:3, 3] = np.array([-1.0, 0.2, 3.0]) - transform[:3, :3] @ centre
    moved = scene.move(1, transform)
    export(moved, tmp_path, "all", manifest={})
    assert roundtrip_px(moved, tmp_path) < 0.1
    trimesh = pytest.importorskip("trimesh")
    glb = trimesh.load(tmp_path / "scene.glb")
    clouds = [read_ply(tmp_path / "pointcloud.ply").points[read_ply(tmp_path / "pointcloud.ply").object_id == 1]]
    clouds += [part.vertices * [1, -1, -1] for name, part in glb.geometry.items() if name.startswith("ball")]
    arrays = np.load(tmp_path / "layers.npz")
    clouds.append(arrays["scene_points"][1][arrays["scene_present"][1]])
    clouds.append(Scene.load(tmp_path / "scene.wts").point_cloud(objects=[1]).points)
    assert len(clouds) == 5
    for cloud in clouds:
        distance = np.linalg.norm(cloud - [-1.0, 0.2, 3.0], axis=1)
        np.testing.assert_allclose(distance, 2 * radius, atol=5e-3)
    told = json.loads((tmp_path / "manifest.json").read_text())["objects"][1]
    np.testing.assert_allclose(told["transform"], transform)
