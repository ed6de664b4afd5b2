"""RGB-D folders in every layout, written here number by number and read back exactly."""

import json
import logging
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from wt.data.rgbd import RgbdFolder, mixing_weights, on_grid, read_depth
from wt.data.rgbd_layouts import NYU_K, TUM_K
from wt.errors import WtError
from wt.geometry.camera import Intrinsics, unproject

K = (50.0, 52.0, 20.5, 15.25)
HALF = np.array([0, 0, 0.5, 0.5])
RNG = np.random.default_rng(0)
COLOUR = RNG.integers(0, 256, (30, 40, 3), dtype=np.uint8)
DEPTH = RNG.integers(500, 9000, (30, 40)).astype(np.uint16)
DEPTH[3, 4], DEPTH[5, 6] = 0, 65535


def save(path: Path, array: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path)
    return path


def matrix(path: Path, k: tuple[float, ...], size: int = 4) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    full = np.eye(size)
    full[[0, 1, 0, 1], [0, 1, 2, 2]] = k
    np.savetxt(path, full)


def metres(depth: np.ndarray, scale: float) -> np.ndarray:
    return np.where((depth == 0) | (depth == 65535), 0, depth.astype(np.float64) / scale).astype(np.float32)


def generic(folder: Path, frames: int = 2) -> Path:
    for i in range(frames):
        save(folder / f"rgb/{i:03d}.png", np.roll(COLOUR, i, axis=1))
        save(folder / f"depth/{i:03d}.png", np.roll(DEPTH, i, axis=1))
    (folder / "intrinsics.txt").write_text(" ".join(map(str, K)))
    return folder


def test_the_generic_layout_is_read_exactly(tmp_path: Path) -> None:
    found = RgbdFolder(generic(tmp_path))
    assert len(found) == 2
    for i in range(2):
        frame = found[i]
        np.testing.assert_array_equal(frame.rgb, np.roll(COLOUR, i, axis=1))
        np.testing.assert_allclose(frame.depth[0], metres(np.roll(DEPTH, i, axis=1), 1000), rtol=1e-6)
        assert frame.depth.shape == (6, 30, 40)
        assert not frame.depth[1:].any()
        np.testing.assert_array_equal(frame.k, K)
        assert (frame.single, frame.photograph, frame.sparse) == (True, True, False)
    with pytest.raises(IndexError):
        found[2]


def test_camera_json_says_size_scale_and_whether_it_is_rendered(tmp_path: Path) -> None:
    generic(tmp_path)
    twice = {"fx": 100, "fy": 104, "cx": 41, "cy": 30.5, "width": 80, "height": 60}
    (tmp_path / "camera.json").write_text(json.dumps({**twice, "depth_scale": 250, "photographs": False}))
    frame = RgbdFolder(tmp_path)[0]
    np.testing.assert_allclose(frame.k, K)
    np.testing.assert_allclose(frame.depth[0], metres(DEPTH, 250), rtol=1e-6)
    assert not frame.photograph
    assert RgbdFolder(tmp_path, photographs=True, depth_scale=500.0)[0].depth[0, 0, 0] == np.float32(DEPTH[0, 0] / 500)


def test_tum_pairs_by_the_nearest_time(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "rgbd_dataset_freiburg2_desk"
    large = np.zeros((480, 640, 3), np.uint8)
    names = {"rgb": [1.000, 1.033, 1.066, 2.0], "depth": [1.036, 0.990, 1.070]}
    for i, stamp in enumerate(names["rgb"]):
        save(folder / f"rgb/{stamp:.3f}.png", large + np.uint8(i))
    for i, stamp in enumerate(names["depth"]):
        save(folder / f"depth/{stamp:.3f}.png", np.full((480, 640), 5000 * (i + 1), np.uint16))
    for kind, stamps in names.items():
        rows = [f"{stamp:.3f} {kind}/{stamp:.3f}.png" for stamp in stamps]
        (folder / f"{kind}.txt").write_text("# a comment\n" + "\n".join(rows) + "\n")
    with caplog.at_level(logging.INFO):
        found = RgbdFolder(folder, short_side=480)
    assert "freiburg2" in caplog.text
    assert len(found) == 3, "the picture at 2.0 has no depth near it"
    assert [float(found[i].depth[0, 0, 0]) for i in range(3)] == [2.0, 1.0, 3.0]
    assert [int(found[i].rgb[0, 0, 0]) for i in range(3)] == [0, 1, 2]
    np.testing.assert_allclose(found[0].k, TUM_K["freiburg2"] + HALF)
    half = RgbdFolder(folder, short_side=240)[0]
    np.testing.assert_allclose(half.k, found[0].k / 2)
    assert half.rgb.shape == (240, 320, 3)


def test_tum_associations_in_either_order_with_a_stated_camera(tmp_path: Path) -> None:
    generic(tmp_path)
    row = "1.0 depth/000.png 1.01 rgb/001.png\n"
    (tmp_path / "associations.txt").write_text(row)
    frame = RgbdFolder(tmp_path)[0]
    np.testing.assert_array_equal(frame.rgb, np.roll(COLOUR, 1, axis=1))
    np.testing.assert_allclose(frame.depth[0], metres(DEPTH, 5000), rtol=1e-6)
    np.testing.assert_array_equal(frame.k, K)
    (tmp_path / "associations.txt").write_text(row.replace("000", "007"))
    with pytest.raises(WtError, match=r"depth/007\.png, which is not there"):
        RgbdFolder(tmp_path)


def test_scannet_reads_depth_through_its_own_camera(tmp_path: Path) -> None:
    """A plane that leans: what is read at a colour pixel is the plane's depth where that pixel's ray meets it."""
    own = (30.0, 31.0, 12.0, 9.0)
    v, u = np.mgrid[:18, :24].astype(np.float64)
    depth = 2 / (1 - 0.3 * (u - own[2]) / own[0] + 0.2 * (v - own[3]) / own[1])
    save(tmp_path / "color/0.jpg", COLOUR)
    save(tmp_path / "depth/0.png", np.round(depth * 1000).astype(np.uint16))
    matrix(tmp_path / "intrinsic/intrinsic_color.txt", K)
    matrix(tmp_path / "intrinsic/intrinsic_depth.txt", own)
    matrix(tmp_path / "intrinsic/extrinsic_depth.txt", (1, 1, 0, 0))
    frame = RgbdFolder(tmp_path)[0]
    np.testing.assert_allclose(frame.k, K + HALF)
    rows, columns = np.mgrid[:30, :40]
    x, y = (columns - K[2]) / K[0], (rows - K[3]) / K[1]
    expected = 2 / (1 - 0.3 * x + 0.2 * y)
    seen = frame.depth[0] > 0
    place = np.stack([x * own[0] + own[2], y * own[1] + own[3]])
    inside = (place > -0.5).all(axis=0) & (place[0] < 23.5) & (place[1] < 17.5)
    np.testing.assert_array_equal(seen, inside)
    np.testing.assert_allclose(frame.depth[0][seen], expected[seen], rtol=0.02)
    exact = depth[np.floor(place[1] + 0.5).astype(int).clip(0, 17), np.floor(place[0] + 0.5).astype(int).clip(0, 23)]
    np.testing.assert_allclose(frame.depth[0][seen], exact[seen], atol=6e-4)
    matrix(tmp_path / "intrinsic/extrinsic_depth.txt", (1, 1, 0.05, 0))
    with pytest.raises(WtError, match="not at the colour camera's place"):
        RgbdFolder(tmp_path)


@pytest.mark.parametrize(
    ("colour", "depth"),
    [
        ("nyu_images/7.jpg", "nyu_depths/7.png"),
        ("kitchen/rgb_00045.jpg", "kitchen/sync_depth_00045.png"),
        ("test/00001_colors.png", "test/00001_depth.png"),
    ],
)
def test_nyu_layouts(tmp_path: Path, caplog: pytest.LogCaptureFixture, colour: str, depth: str) -> None:
    save(tmp_path / colour, np.full((480, 640, 3), 90, np.uint8))
    save(tmp_path / depth, np.full((480, 640), 2500, np.uint16))
    with caplog.at_level(logging.INFO):
        frame = RgbdFolder(tmp_path, short_side=120)[0]
    assert "NYU Depth V2" in caplog.text
    assert frame.rgb.shape == (120, 160, 3)
    assert (frame.depth[0] == 2.5).all()
    np.testing.assert_allclose(frame.k * 4, NYU_K + HALF)


def test_sequences_below_a_folder_are_one_data_set(tmp_path: Path) -> None:
    for name, frames in (("b", 3), ("a", 2), ("deep/er", 1)):
        generic(tmp_path / name, frames)
    found = RgbdFolder(tmp_path)
    assert len(found) == 6
    np.testing.assert_array_equal(found[4].rgb, np.roll(COLOUR, 2, axis=1))
    np.testing.assert_array_equal(found[5].rgb, COLOUR)


def test_shrinking_keeps_depth_unmixed_and_on_its_rays(tmp_path: Path) -> None:
    """Three pixels become one: its depth is the middle one's, or where that is unknown a neighbour's; never a mean."""
    save(tmp_path / "rgb/0.png", np.repeat(np.repeat(COLOUR, 3, axis=0), 3, axis=1))
    fine = np.repeat(np.repeat(DEPTH, 3, axis=0), 3, axis=1)
    fine[1::3, 1::3] = np.where(DEPTH % 2 == 0, 0, fine[1::3, 1::3])
    fine[0::3] += 1
    save(tmp_path / "depth/0.png", fine)
    (tmp_path / "intrinsics.txt").write_text(" ".join(str(3 * number) for number in K))
    frame = RgbdFolder(tmp_path, short_side=30)[0]
    np.testing.assert_array_equal(frame.rgb, COLOUR)
    np.testing.assert_allclose(frame.k, K)
    off = np.round(frame.depth[0] * 1000).astype(int) - DEPTH
    clean = (DEPTH > 0) & (DEPTH < 65535)
    assert set(np.unique(off[clean])) == {0, 1}
    assert (off[clean & (DEPTH % 2 == 1)] == 0).all()
    camera = Intrinsics(*frame.k, 40, 30)
    points = unproject(frame.depth[0].astype(np.float64), camera)
    assert points[10, 7, 0] == pytest.approx((7.5 - K[2]) / K[0] * frame.depth[0, 10, 7])


def test_depth_of_another_size_over_the_same_view(tmp_path: Path) -> None:
    generic(tmp_path, 1)
    save(tmp_path / "depth/000.png", DEPTH[::2, ::2])
    frame = RgbdFolder(tmp_path)[0]
    np.testing.assert_allclose(
        frame.depth[0], metres(np.repeat(np.repeat(DEPTH[::2, ::2], 2, 0), 2, 1), 1000), rtol=1e-6
    )
    save(tmp_path / "depth/000.png", DEPTH[:20])
    with pytest.raises(WtError, match="not the same view"):
        RgbdFolder(tmp_path)[0]


def test_what_is_not_a_depth(tmp_path: Path) -> None:
    values = np.array([[1.5, np.nan, np.inf], [-1.0, 0.0, 70000.0]], np.float32)
    np.save(tmp_path / "depth.npy", values)
    np.testing.assert_array_equal(read_depth(tmp_path / "depth.npy", 1000.0), [[1.5, 0, 0], [0, 0, 70000]])
    with pytest.raises(WtError, match="8-bit pictures of depth are too coarse"):
        read_depth(save(tmp_path / "eight.png", np.zeros((4, 4), np.uint8)), 1000.0)
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(WtError, match=r"broken\.png"):
        read_depth(tmp_path / "broken.png", 1000.0)


def test_sparse_frames_are_told_by_their_depth(tmp_path: Path) -> None:
    generic(tmp_path, 1)
    lidar = np.where(np.arange(30)[:, None] % 8 == 0, DEPTH, np.uint16(0))
    save(tmp_path / "depth/000.png", lidar)
    frame = RgbdFolder(tmp_path)[0]
    assert frame.sparse
    assert (frame.depth[0] > 0).sum() == ((lidar > 0) & (lidar < 65535)).sum()
    small = on_grid(frame.depth[0], frame.k, frame.k / 8, (5, 4))
    assert (small > 0).all(), "shrinking finds the few that are there"


def test_weights_go_by_the_root_of_the_size_and_photographs_get_more(tmp_path: Path) -> None:
    four, one = RgbdFolder(generic(tmp_path / "a", 4)), RgbdFolder(generic(tmp_path / "b", 1), photographs=False)
    np.testing.assert_allclose(mixing_weights([four, one]), [0.75, 0.25])


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda d: None, "no RGB-D frames in a known layout"),
        (lambda d: (generic(d) / "intrinsics.txt").unlink(), "but no K. Write fx fy cx cy"),
        (lambda d: (generic(d) / "intrinsics.txt").write_text("a b"), "something else than numbers"),
        (lambda d: (generic(d) / "intrinsics.txt").write_text("1 2 3"), "holds no K"),
        (lambda d: (generic(d) / "camera.json").write_text('{"fx": 1}'), "does not describe a camera"),
        (lambda d: (generic(d) / "camera.json").write_text("[1]"), "does not describe a camera"),
        (
            lambda d: (generic(d) / "depth/000.png").rename(d / "depth/x.png") and (d / "depth/001.png").unlink(),
            "same name",
        ),
    ],
)
def test_mistakes_are_explained(tmp_path: Path, write, message: str) -> None:
    write(tmp_path)
    with pytest.raises(WtError, match=message):
        RgbdFolder(tmp_path)


def test_arguments_are_checked(tmp_path: Path) -> None:
    with pytest.raises(WtError, match="not a folder"):
        RgbdFolder(tmp_path / "none")
    with pytest.raises(WtError, match="at least 16"):
        RgbdFolder(generic(tmp_path), short_side=8)
    with pytest.raises(WtError, match="positive number"):
        RgbdFolder(tmp_path, depth_scale=0.0)
    (tmp_path / "camera.json").write_text(
        json.dumps({"fx": 50, "fy": 50, "cx": 20, "cy": 20, "width": 40, "height": 40})
    )
    with pytest.raises(WtError, match="another shape"):
        RgbdFolder(tmp_path)[0]
