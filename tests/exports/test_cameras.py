"""nerfstudio's and COLMAP's files and camera.json, read as their own makers read them."""

import json

import numpy as np
import pytest
from PIL import Image

from wt.exports import colmap, transforms
from wt.exports.export import export

AXES = ("opencv", "opengl", "z-up")


@pytest.fixture(scope="module")
def picture(scene) -> np.ndarray:
    """Twice the grid, so that every point's own colour stands in the four pixels around it."""
    return scene.rgb.repeat(2, axis=0).repeat(2, axis=1)


def colours_at(picture: np.ndarray, uv: np.ndarray) -> np.ndarray:
    column, row = np.floor(uv).astype(int).T
    return picture[row, column]


def nerfstudio(folder) -> dict:
    """By its documented conventions: poses are camera to world, cameras look along -z with y up, centres at +0.5."""
    from plyfile import PlyData

    told = json.loads((folder / "transforms.json").read_text())
    frame = told["frames"][0]
    pose = np.array(frame["transform_matrix"])
    table = PlyData.read(folder / told["ply_file_path"])["vertex"]
    world = np.stack([table[axis] for axis in "xyz"], axis=-1).astype(float)
    x, y, z = np.linalg.inv(pose)[:3, :3] @ (world - pose[:3, 3]).T
    uv = np.stack([told["fl_x"] * x / -z + told["cx"], told["cy"] - told["fl_y"] * y / -z], axis=-1)
    colours = np.stack([table[name] for name in ("red", "green", "blue")], axis=-1)
    depth = np.load(folder / frame["depth_file_path"]) * 0.001  # its default unit
    return {"told": told, "uv": uv, "z": -z, "colours": colours, "depth": depth, "pose": pose}


def test_transforms_show_every_point_at_its_pixel(scene, picture, tmp_path):
    export(scene, tmp_path, "transforms", after=picture)
    found = nerfstudio(tmp_path)
    told = found["told"]
    image = np.asarray(Image.open(tmp_path / told["frames"][0]["file_path"]))
    assert image.shape == (told["h"], told["w"], 3) == (160, 224, 3)
    np.testing.assert_array_equal(colours_at(image, found["uv"]), found["colours"])
    on_grid = found["uv"] / 2 - 0.5
    assert np.abs(on_grid - np.rint(on_grid)).max() < 0.01
    column, row = np.rint(on_grid).astype(int).T
    np.testing.assert_allclose(found["depth"][row, column], found["z"], rtol=1e-5)
    assert len(found["uv"]) == (found["depth"] > 0).sum() == 80 * 112
    np.testing.assert_allclose(found["pose"] @ [0, 0, -1, 0], [0, 1, 0, 0])  # its world is z up: we look along +y
    np.testing.assert_allclose(found["pose"] @ [0, 1, 0, 0], [0, 0, 1, 0])


@pytest.mark.parametrize("axes", AXES)
def test_colmap_by_pycolmap(scene, picture, tmp_path, axes):
    pycolmap = pytest.importorskip("pycolmap")
    export(scene, tmp_path, "colmap", after=picture, axes=axes)
    model = pycolmap.Reconstruction(str(tmp_path / "colmap" / "sparse" / "0"))
    assert (model.num_cameras(), model.num_reg_images(), model.num_points3D()) == (1, 1, 80 * 112)
    image = next(iter(model.images.values()))
    camera = model.cameras[image.camera_id]
    assert (camera.model.name, camera.width, camera.height) == ("PINHOLE", 224, 160)
    pixels = np.asarray(Image.open(tmp_path / "colmap" / "images" / image.name))
    errors = []
    for observed in image.points2D:
        point = model.points3D[observed.point3D_id]
        errors.append(np.linalg.norm(image.project_point(point.xyz) - observed.xy))
        np.testing.assert_array_equal(colours_at(pixels, observed.xy[None])[0], point.color)
    assert max(errors) < 0.1
    model.update_point_3d_errors()
    assert model.compute_mean_reprojection_error() < 0.1
    look = np.linalg.inv(image.cam_from_world().rotation.matrix()) @ [0, 0, 1]
    np.testing.assert_allclose(look, {"opencv": [0, 0, 1], "opengl": [0, 0, -1], "z-up": [0, 1, 0]}[axes], atol=1e-12)


def test_the_first_pixel_is_at_a_half(scene, tmp_path):
    """COLMAP's rule: the upper left corner is (0, 0), the centre of the pixel there (0.5, 0.5)."""
    export(scene, tmp_path, "colmap")
    observed = (tmp_path / "colmap" / "sparse" / "0" / "images.txt").read_text().splitlines()[-1].split()
    assert observed[:3] == ["0.500000", "0.500000", "1"]


@pytest.mark.parametrize(("name", "module"), [("colmap", colmap), ("transforms", transforms)])
def test_clouds_are_thinned_to_their_bound(scene, tmp_path, monkeypatch, name, module):
    monkeypatch.setattr(module, "MOST_POINTS", 500)
    export(scene, tmp_path, name)
    if name == "transforms":
        uv = nerfstudio(tmp_path)["uv"]
    else:
        lines = (tmp_path / "colmap" / "sparse" / "0" / "images.txt").read_text().splitlines()[-1].split()
        uv = np.array(lines, float).reshape(-1, 3)[:, :2]
    assert len(uv) == 500
    assert np.ptp(uv, axis=0).min() > 70, "thinned evenly, not cut off"


def test_camera_json_holds_the_lens_in_millimetres(scene, tmp_path):
    export(scene, tmp_path, "camera")
    told, k = json.loads((tmp_path / "camera.json").read_text()), scene.intrinsics
    assert told["focal_mm"] == {"x": 36 * 100 / 112, "y": 36 * 105 / 112, "sensor_width": 36}
    lens = told["blender"]
    assert lens["lens"] == told["focal_mm"]["x"]
    assert lens["shift_x"] == pytest.approx((56 - k.cx) / 112)
    assert lens["shift_y"] == 0  # cy is the middle
    assert lens["pixel_aspect_x"] / lens["pixel_aspect_y"] == pytest.approx(1.05)
