"""Depth pictures against the room's formulas, read by OpenCV and by OpenEXR."""

import json

import cv2
import numpy as np
import pytest
from PIL import Image

from wt.depth import open_depth
from wt.exports.export import export
from wt.geometry.layers import LayeredPointmap
from wt.scene.scene import Scene


@pytest.fixture(scope="module")
def folder(scene, tmp_path_factory):
    hole = np.zeros((80, 112), bool)
    hole[:10, :20] = True
    out = tmp_path_factory.mktemp("depth")
    export(scene.clear(hole), out, "depth")
    return out / "depth"


@pytest.fixture(scope="module")
def expected(ball_room) -> list[np.ndarray]:
    """z of layers 0 and 1 by formula: the ball hides the room, its back is all that lies behind; NaN in the hole."""
    front = np.where(ball_room.mask, np.minimum(ball_room.near, ball_room.room), ball_room.room)
    front[:10, :20] = np.nan
    return [front, np.where(ball_room.mask, ball_room.far, np.nan)]


def test_png_of_16_bits_by_opencv(folder, expected):
    told = json.loads((folder / "depth.json").read_text())
    assert [row["name"] for row in told["layers"]] == ["layer_0", "layer_1"]
    for row, depth in zip(told["layers"], expected, strict=True):
        values = cv2.imread(str(folder / f"{row['name']}.png"), cv2.IMREAD_UNCHANGED)
        assert values.dtype == np.uint16
        np.testing.assert_array_equal(values == 0, np.isnan(depth))
        known = values > 0
        assert (values[known].min(), values[known].max()) == (1, 65535)
        found = row["offset"] + row["scale"] * values[known].astype(float)
        assert np.abs(found - depth[known]).max() <= 0.51 * row["scale"] + 1e-6
        assert row["pixels"] == known.sum()
        text = Image.open(folder / f"{row['name']}.png").text
        assert float(text["scale"]) == row["scale"]
        assert text["units"] == "relative"


def test_exr_by_its_own_reader(folder, expected):
    import OpenEXR

    for number, depth in enumerate(expected):
        path = folder / f"layer_{number}.exr"
        data = path.read_bytes()
        assert data[:4] == bytes([0x76, 0x2F, 0x31, 0x01])  # the magic number of the format
        assert data[4] == 2
        with OpenEXR.File(str(path)) as file:
            assert file.header()["name"] == f"layer_{number}"
            assert file.header()["near"] == pytest.approx(np.nanmin(depth), rel=1e-6)
            channels = {name: channel.pixels for name, channel in file.channels().items()}
        assert set(channels) == {"Z", "A"}
        assert channels["Z"].dtype == np.float32
        np.testing.assert_array_equal(channels["A"], ~np.isnan(depth))
        np.testing.assert_allclose(channels["Z"], np.nan_to_num(depth), rtol=1e-6)


def test_an_exported_exr_is_a_depth_map_for_a_lift(folder, expected):
    values = open_depth(folder / "layer_0.exr").values
    np.testing.assert_allclose(values[20:], expected[0][20:], rtol=1e-6)
    assert not np.isfinite(values[:10, :20]).any()


def test_a_moved_object_is_where_it_is_seen(scene, tmp_path, ball_room):
    """Straight to the left by 0.7 at the depth of 4: 17.5 pixels of the grid."""
    transform = np.eye(4)
    transform[0, 3] = -0.7
    export(scene.move(1, transform), tmp_path, "depth")
    values = cv2.imread(str(tmp_path / "depth" / "layer_1.png"), cv2.IMREAD_UNCHANGED)
    columns = [np.nonzero(mask)[1].mean() for mask in (values > 0, ball_room.mask)]
    assert columns[1] - columns[0] == pytest.approx(17.5, abs=1)


def test_a_layer_at_one_depth(ball_room, tmp_path):
    layers = ball_room.layers(np.full((80, 112), 2.0))
    layers = LayeredPointmap(layers.points, layers.alpha, layers.rgb, "metres", layers.intrinsics)
    export(Scene.from_layers(layers), tmp_path, "depth")
    row = json.loads((tmp_path / "depth" / "depth.json").read_text())["layers"][0]
    values = cv2.imread(str(tmp_path / "depth" / "layer_0.png"), cv2.IMREAD_UNCHANGED)
    assert row["offset"] + row["scale"] * np.unique(values) == pytest.approx([2.0])
