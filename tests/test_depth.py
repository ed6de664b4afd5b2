"""Depth maps from files: what is stored is what comes back, in metres, and what cannot be right is said."""

import numpy as np
import pytest
from PIL import Image

from wt.depth import depth_map, open_depth
from wt.errors import WtError

SIZE = (40, 30)


@pytest.fixture
def depth():
    v, u = np.mgrid[:30, :40]
    z = (1.5 + 0.01 * u + 0.02 * v).astype(np.float32)
    z[:3, :5] = 0
    return z


def same(found, depth, atol=0.0):
    known = depth > 0
    assert np.array_equal(found.known, known)
    np.testing.assert_allclose(found.values[known], depth[known], atol=atol, rtol=1e-6)
    assert found.values.dtype == np.float32


def test_16_bit_png_is_millimetres_with_0_and_65535_unknown(tmp_path, depth):
    stored = np.round(depth * 1000).astype(np.uint16)
    stored[-1, -1] = 65535
    Image.fromarray(stored).save(tmp_path / "depth.png")
    found = open_depth(tmp_path / "depth.png", SIZE)
    depth[-1, -1] = 0
    same(found, depth, 6e-4)
    assert found.kind == "metric"
    assert "0.001 m a unit" in found.notes[0]
    same(open_depth(tmp_path / "depth.png", scale=0.0002), depth / 5, 2e-4)


def test_arrays_and_float_tiff_are_metres(tmp_path, depth):
    depth[4, 4] = np.inf
    depth[5, 5] = np.nan
    depth[6, 6] = 1e10  # Blender's background
    np.save(tmp_path / "a.npy", depth[None, ..., None])
    np.savez(tmp_path / "b.npz", depth=depth, rgb=np.zeros((30, 40, 3)))
    np.savez_compressed(tmp_path / "c.npz", anything=np.minimum(depth, 6e4).astype(np.float16))
    Image.fromarray(depth).save(tmp_path / "d.tiff")
    plain = np.where(np.isfinite(depth) & (depth < 1e6), depth, 0)
    for name, atol in (("a.npy", 0), ("b.npz", 0), ("c.npz", 2e-3), ("d.tiff", 0)):
        found = open_depth(tmp_path / name, SIZE)
        found.values[found.values > 5e4] = np.nan  # half precision knows no 1e10
        same(found, plain, atol)
        assert found.kind == "metric", name


def test_disparity_keeps_its_zeros(tmp_path, depth):
    stored = (255 * depth / depth.max()).astype(np.uint8)
    Image.fromarray(stored).save(tmp_path / "near_is_bright.png")
    found = open_depth(tmp_path / "near_is_bright.png")
    assert found.kind == "disparity"
    assert np.array_equal(found.values, stored)
    np.savez(tmp_path / "d.npz", disparity=depth)
    assert open_depth(tmp_path / "d.npz").kind == "disparity"
    assert open_depth(tmp_path / "d.npz", kind="relative").known.sum() == (depth != 0).sum()


def test_exr_of_a_renderer(tmp_path, depth):
    exr = pytest.importorskip("OpenEXR")
    header = {"compression": exr.ZIP_COMPRESSION, "type": exr.scanlineimage}
    colour = np.ones((30, 40), np.float16)
    channels = {"ViewLayer.Depth.Z": depth, "ViewLayer.Combined.R": colour}
    exr.File(header, channels).write(str(tmp_path / "pass.exr"))
    same(open_depth(tmp_path / "pass.exr", SIZE), depth)
    exr.File(header, {"Normal.X": depth}).write(str(tmp_path / "normal.exr"))
    with pytest.raises(WtError, match="none of which is a depth"):
        open_depth(tmp_path / "normal.exr")
    (tmp_path / "broken.exr").write_bytes(b"\x76\x2f\x31\x01 nothing")
    with pytest.raises(WtError, match="not an EXR file that can be read"):
        open_depth(tmp_path / "broken.exr")


def test_without_the_exr_package_its_name_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "OpenEXR", None)
    (tmp_path / "pass.exr").write_bytes(b"x")
    with pytest.raises(WtError, match="pip install OpenEXR"):
        open_depth(tmp_path / "pass.exr")


def test_resizing_mixes_no_depths_and_skips_holes():
    """Two planes, half of their pixels unknown: every value that comes back is one of the two."""
    z = np.where(np.arange(64)[None] < 32, 1.0, 4.0) * np.ones((48, 1))
    z[::2, ::2] = np.nan
    found = depth_map(z.astype(np.float32))
    small, large = found.resized(16, 12), found.resized(128, 96)
    for other, width in ((small, 16), (large, 128)):
        assert set(np.unique(other.values[other.known])) == {1.0, 4.0}
        assert (other.values[:, : width // 2][other.known[:, : width // 2]] == 1.0).all()
    assert small.known.all()
    assert large.known.mean() == 0.75


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros((30, 40), np.float32), "0 of its 1200 pixels"),
        (np.full((30, 40), np.nan, np.float32), "0 of its 1200 pixels"),
        (np.full((30, 40), -2.0, np.float32), "negative depths"),
        (np.ones((30, 30), np.float32), "not the shape of the photo, 40 x 30"),
        (np.ones((40, 30), np.float32), "rotate it"),
        (np.ones((30, 40, 5), np.float32), "not that of one depth map"),
        (np.ones((30, 40), bool), "bool values"),
        (np.full((30, 40), "x"), "not depths"),
    ],
)
def test_what_cannot_be_right_is_said(tmp_path, array, words):
    np.save(tmp_path / "d.npy", array)
    with pytest.raises(WtError, match=words):
        open_depth(tmp_path / "d.npy", SIZE)


def test_a_flat_relative_map_says_nothing(tmp_path):
    np.save(tmp_path / "d.npy", np.full((30, 40), 3.0, np.float32))
    with pytest.raises(WtError, match="says nothing as disparity"):
        open_depth(tmp_path / "d.npy", kind="disparity")
    assert open_depth(tmp_path / "d.npy").kind == "metric"


def test_files_that_are_no_depth_map_are_said(tmp_path, depth):
    rgb = np.random.default_rng(0).integers(0, 255, (30, 40, 3), dtype=np.uint8)
    Image.fromarray(rgb).save(tmp_path / "painted.png")
    with pytest.raises(WtError, match="colour picture of depth cannot be read back"):
        open_depth(tmp_path / "painted.png")
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(WtError, match="not a depth map that can be read"):
        open_depth(tmp_path / "text.png")
    (tmp_path / "cut.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(WtError, match="not a readable NumPy file"):
        open_depth(tmp_path / "cut.npz")
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(WtError, match="not a readable NumPy file"):
        open_depth(tmp_path / "objects.npy")
    np.savez(tmp_path / "many.npz", a=depth, b=depth)
    with pytest.raises(WtError, match="Name the one with the depth"):
        open_depth(tmp_path / "many.npz")
    with pytest.raises(WtError, match="could not be read"):
        open_depth(tmp_path / "absent.exr")
    np.save(tmp_path / "d.npy", depth)
    with pytest.raises(WtError, match="a positive number"):
        open_depth(tmp_path / "d.npy", scale=-1.0)
