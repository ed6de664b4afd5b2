"""Folders of frames and videos, read back by other programs' libraries."""

import json

import av
import numpy as np
import OpenEXR
import pytest
from ball_room import K
from PIL import Image

from wt.errors import Cancelled, WtError
from wt.exports.export import export
from wt.views.frames import render_path
from wt.views.mp4 import PRESETS, SIDES, camera_for, preset_named, write_mp4
from wt.views.paths import path_named
from wt.views.rasterise import Rasteriser
from wt.views.surfels import surfels_of


def frames_of(path):
    """(pictures, frames a second, codec, pixel format) of a video."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        return pictures, float(stream.average_rate), stream.codec_context.name, stream.codec_context.pix_fmt


def test_a_path_becomes_frames_masks_cameras_and_a_video(ball_room, tmp_path):
    camera = camera_for(preset_named("96x64"), K)
    views, surfels = path_named("orbit", ball_room.scene, camera, 5, amplitude=10), surfels_of(ball_room.scene)
    told: list[tuple[int, int]] = []
    paths = render_path(
        surfels, views, tmp_path, fps=8, about={"path": "orbit"}, exr=True, on_frame=lambda *step: told.append(step)
    )
    assert told == [(number, 5) for number in range(5)]
    assert sorted(path.relative_to(tmp_path).as_posix() for path in paths) == sorted(
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()
    ), "every file is told, and no half-written one is left"
    cameras = json.loads((tmp_path / "cameras.json").read_text())
    assert cameras["path"] == "orbit"
    rasteriser = Rasteriser(surfels)
    for number, view in enumerate(views):
        seen = rasteriser.draw(view)
        row = cameras["frames"][number]
        np.testing.assert_allclose(np.array(row["camera_to_world"]) @ row["world_to_camera"], np.eye(4), atol=1e-9)
        np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / f"rgb/{number:04d}.png")), seen.rgb)
        for kind, mask in (("mask", seen.valid), ("hidden", seen.hidden)):
            np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / f"{kind}/{number:04d}.png")) == 255, mask)
        levels = np.asarray(Image.open(tmp_path / f"depth/{number:04d}.png")).astype(np.float64)
        np.testing.assert_array_equal(levels > 0, seen.valid)
        depth = levels * cameras["depth_scale"]
        np.testing.assert_allclose(depth[seen.valid], seen.depth[seen.valid], atol=cameras["depth_scale"])
        exact = OpenEXR.File(str(tmp_path / f"depth/{number:04d}.exr")).channels()["Z"].pixels
        np.testing.assert_array_equal(exact, np.nan_to_num(seen.depth))
    pictures, fps, codec, pixels = frames_of(tmp_path / "path.mp4")
    assert (len(pictures), pictures[0].shape, fps, codec, pixels) == (5, (64, 96, 3), 8, "h264", "yuv420p")


def test_a_video_keeps_its_colours_and_has_its_index_in_front(tmp_path):
    colours = np.array([[200, 40, 40], [40, 160, 60], [30, 60, 190], [180, 180, 180]], np.uint8)
    picture = np.repeat(np.repeat(colours[None], 32, axis=0), 16, axis=1)
    path = write_mp4([picture] * 12, tmp_path / "new" / "colours.mp4", 24)
    pictures, fps, _, _ = frames_of(path)
    assert (len(pictures), fps) == (12, 24)
    assert np.abs(pictures[5][16, 8::16].astype(int) - colours).max() < 8
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert [found.name for found in path.parent.iterdir()] == ["colours.mp4"]


def test_mistakes_and_cancelling_leave_no_video(ball_room, tmp_path):
    with pytest.raises(WtError, match="even sides"):
        write_mp4([np.zeros((33, 32, 3), np.uint8)], tmp_path / "odd.mp4", 24)
    with pytest.raises(WtError, match="at least one frame"):
        write_mp4([], tmp_path / "none.mp4", 24)
    views = path_named("dolly", ball_room.scene, camera_for(preset_named("64x48"), K), 6)

    def stop(done, total):
        if done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        render_path(surfels_of(ball_room.scene), views, tmp_path, fps=8, on_frame=stop)
    assert not list(tmp_path.rglob("*.mp4"))
    assert not (tmp_path / "cameras.json").exists()


@pytest.mark.parametrize("name", [*PRESETS, "321x223"])
def test_sizes_are_even_and_filled_by_the_photo(name):
    k = camera_for(preset_named(name), K, (4033, 3025))
    assert k.width % 2 == k.height % 2 == 0
    assert max(k.width, k.height) <= SIDES[1]
    corners = np.array([[0.0, 0], [k.width, k.height]])
    slopes = (corners - (k.cx, k.cy)) / (k.fx, k.fy)
    assert (slopes[0] >= np.array([-K.cx / K.fx, -K.cy / K.fy]) - 0.02).all()
    assert (slopes[1] <= np.array([(K.width - K.cx) / K.fx, (K.height - K.cy) / K.fy]) + 0.02).all()


@pytest.mark.parametrize("name", ["10x10", "big", "640x9999", "640"])
def test_sizes_that_cannot_be_are_said(name):
    with pytest.raises(WtError, match="no frame size"):
        preset_named(name)


def test_the_export_format_writes_both_films(ball_room, tmp_path, monkeypatch):
    monkeypatch.setattr("wt.exports.video.FRAMES", 3)
    monkeypatch.setattr("wt.exports.video.LONG_SIDE", 112)
    written = export(ball_room.scene, tmp_path, ["video"])
    assert [path.name for path in written["video"]] == ["turntable.mp4", "path.mp4"]
    for path in written["video"]:
        pictures, fps, _, _ = frames_of(path)
        assert (len(pictures), pictures[0].shape, fps) == (3, (80, 112, 3), 24)
