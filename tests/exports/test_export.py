import hashlib
import json
import shutil
import zipfile

import numpy as np
import pytest
from PIL import Image

from wt.errors import WtError
from wt.exports import video
from wt.exports.export import FORMATS, export, zip_folder
from wt.exports.ply import read_ply
from wt.exports.readme import LINES
from wt.exports.roundtrip import roundtrips
from wt.geometry.camera import Intrinsics, project
from wt.geometry.layers import LayeredPointmap
from wt.scene.scene import Scene


@pytest.fixture(scope="module")
def written(scene, tmp_path_factory):
    out = tmp_path_factory.mktemp("export")
    picture = np.random.default_rng(0).integers(0, 255, (160, 224, 3), dtype=np.uint8)
    manifest = {"prompts": ["add a ball"], "seeds": [7, 8], "models": [{"name": "m", "licence": "Apache-2.0"}]}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(video, "FRAMES", 4)  # the films are tested by themselves
        return export(scene, out, "all", manifest=manifest, before=picture, after=255 - picture, readme=True)


@pytest.fixture(scope="module")
def folder(written):
    return written["manifest"][0].parent


def all_files(folder) -> set[str]:
    """Nested ones too."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_files_people_know_are_there(written, folder):
    assert list(written) == [*(name for name in FORMATS if name != "manifest"), "readme", "manifest"]
    assert written.notes == []
    names = {path.name for path in folder.iterdir()}
    assert names >= {
        *(f"layer_{i}.ply" for i in range(6)),
        *("pointcloud.ply", "layers.npz", "camera.json", "scene.wts"),
        *("scene.glb", "mesh.glb", "mesh.obj", "mesh.mtl", "scene.usdz"),
        *("transforms.json", "open_in_blender.py", "viewer.html", "README.txt"),
        *("before.png", "after.png", "manifest.json"),
    }


def test_exported_points_reproject_on_their_pixels(scene, written):
    found = roundtrips(scene, written)
    assert set(found) == {"ply", "glb", "npz", "transforms", "colmap"}
    assert 0 < max(found.values()) < 0.1
    cleared = scene.clear(np.ones((80, 112), bool), [0])
    with pytest.raises(WtError, match="not of this scene"):
        roundtrips(cleared, written)


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
    assert set(listed) == all_files(folder) - {"manifest.json"}
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


def test_a_format_that_fails_is_a_note_and_the_others_are_written(scene, tmp_path, monkeypatch):
    def lacking(job):
        import a_package_that_is_not_there  # noqa: F401

    monkeypatch.setitem(FORMATS, "usdz", lacking)
    files = export(scene, tmp_path, ("usdz", "camera"), manifest={})
    assert set(files) == {"camera", "manifest"}
    assert [note.startswith("usdz was left out. ") and "not installed" in note for note in files.notes] == [True]
    assert json.loads((tmp_path / "manifest.json").read_text())["notes"] == files.notes
    with pytest.raises(WtError, match="not installed"):
        export(scene, tmp_path, "usdz")


def test_the_readme_says_what_every_file_is_for(written, folder):
    assert set(LINES) == set(FORMATS) - {"manifest"}
    text = (folder / "README.txt").read_text()
    assert all(line in text for line in LINES.values())
    named = " ".join(LINES.values())
    for name, paths in written.items():
        if name not in ("readme", "manifest"):
            tops = {path.relative_to(folder).parts[0] for path in paths}
            assert any(top in named or top.split(".")[-1] in named for top in tops), name
    assert "Units: relative; 1 is about 1 m" in text
    assert "Axes: OpenCV" in text


def test_formats_are_written_in_one_order_and_once(scene, tmp_path):
    order = []
    export(scene, tmp_path, ("camera", "ply", "camera"), on_format=lambda *told: order.append(told))
    assert order == [("ply", 0, 2), ("camera", 1, 2)]


def test_one_zip_holds_every_file(folder, tmp_path):
    path = zip_folder(folder, tmp_path / "scene.zip")
    (folder / ".hidden").write_text("of the system")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "inside.txt").write_text("as well")
    again = zip_folder(folder, tmp_path / "again.zip")
    shutil.rmtree(folder / ".cache")
    (folder / ".hidden").unlink()
    assert again.read_bytes() == path.read_bytes()
    with zipfile.ZipFile(path) as bundle:
        assert bundle.testzip() is None
        assert set(bundle.namelist()) == all_files(folder)


def test_a_moved_object_is_exported_where_it_was_moved_to(scene, ball_room, tmp_path):
    centre, radius = np.array([0.3, 1.0, 4.0]), 0.5
    transform = np.eye(4)  # a quarter turn about the vertical, twice the size, to the left and nearer
    transform[:3, :3] = 2 * np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])
    transform[:3, 3] = np.array([-1.0, 0.2, 3.0]) - transform[:3, :3] @ centre
    moved = scene.move(1, transform)
    written = export(moved, tmp_path, [name for name in FORMATS if name != "video"], manifest={})
    assert max(roundtrips(moved, written).values()) < 0.1
    trimesh = pytest.importorskip("trimesh")
    glb = trimesh.load(tmp_path / "scene.glb")
    clouds = [read_ply(tmp_path / "pointcloud.ply").points[read_ply(tmp_path / "pointcloud.ply").object_id == 1]]
    clouds += [part.vertices * [1, -1, -1] for name, part in glb.geometry.items() if name.startswith("ball")]
    arrays = np.load(tmp_path / "layers.npz")
    clouds.append(arrays["scene_points"][1][arrays["scene_present"][1]])
    clouds.append(Scene.load(tmp_path / "scene.wts").point_cloud(objects=[1]).points)
    assert len(clouds) == 7  # points and surfaces of two layers, and three files besides
    for cloud in clouds:
        distance = np.linalg.norm(cloud - [-1.0, 0.2, 3.0], axis=1)
        np.testing.assert_allclose(distance, 2 * radius, atol=5e-3)
    told = json.loads((tmp_path / "manifest.json").read_text())["objects"][1]
    np.testing.assert_allclose(told["transform"], transform)
