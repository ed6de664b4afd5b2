"""Painting over rendered views, on tiny random pipelines of the real classes."""

from dataclasses import replace

import av
import numpy as np
import pytest
from PIL import Image

from editors.diffusion import DiffusionEditor
from editors.novel_view import MARGIN_PX, VideoPainter, main, paint_frames
from tests.test_benchmarks import benchmark
from wt.errors import Cancelled, WtError

RANDOM = benchmark("random_pipelines")
FRAMES = list(np.random.default_rng(0).integers(0, 256, (4, 70, 100, 3), np.uint8))
SEEN = []
for _shift in range(4):
    SEEN.append(np.ones((70, 100), bool))
    SEEN[-1][:, 40 + _shift : 60 + _shift] = False


def inner(seen):
    """Pixels further than the margin from every empty one: here a matter of columns."""
    columns = np.arange(100)
    empty = np.flatnonzero(~seen[0])
    return np.abs(columns[:, None] - empty).min(axis=1) > MARGIN_PX


@pytest.fixture(scope="module", params=["wan_vace", "cogvideox"])
def video_model(request, tmp_path_factory):
    return getattr(RANDOM, request.param)(tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def sd15(tmp_path_factory):
    return RANDOM.sd15(tmp_path_factory.mktemp("sd15"))


def test_a_video_model_paints_what_is_empty_and_leaves_the_rest(video_model):
    painter, told = VideoPainter(video_model, device="cpu", steps=2), []
    painted = painter.paint(FRAMES, SEEN, "a room", seed=3, on_step=lambda *step: told.append(step))
    assert told[-1][0] == told[-1][1] >= 1
    assert len(painted) == 4
    for before, after, seen in zip(FRAMES, painted, SEEN, strict=True):
        assert after.shape == before.shape
        np.testing.assert_array_equal(after[:, inner(seen)], before[:, inner(seen)])
        assert (after[~seen] != before[~seen]).mean() > 0.5
    np.testing.assert_array_equal(painter.paint(FRAMES, SEEN, "a room", seed=3)[1], painted[1])
    free = painter.paint(FRAMES, SEEN, "a room", seed=3, keep=False)
    assert (free[0][:, :30] != FRAMES[0][:, :30]).any()


def test_an_inpainting_model_paints_frame_by_frame(sd15):
    editor, told = DiffusionEditor(sd15, device="cpu", steps=1), []
    editor.recipe = replace(editor.recipe, pixels=64 * 96)  # the real size takes a minute here
    whole = np.ones((70, 100), bool)
    painted = paint_frames(FRAMES[:2], [SEEN[0], whole], editor, "a room", on_step=lambda *step: told.append(step))
    assert told == [(1, 2), (2, 2)]
    np.testing.assert_array_equal(painted[0][:, inner(SEEN[0])], FRAMES[0][:, inner(SEEN[0])])
    assert (painted[0][~SEEN[0]] != FRAMES[0][~SEEN[0]]).mean() > 0.5
    np.testing.assert_array_equal(painted[1], FRAMES[1])


def test_mistakes_and_cancelling(video_model, tmp_path):
    painter = VideoPainter(video_model, device="cpu", steps=2)
    with pytest.raises(WtError, match="prompt is empty"):
        painter.paint(FRAMES, SEEN, " ")
    with pytest.raises(WtError, match="4 frames and 1 masks"):
        painter.paint(FRAMES, SEEN[:1], "a room")
    with pytest.raises(WtError, match="holds no diffusers model"):
        VideoPainter(tmp_path)

    def stop(done, total):
        raise Cancelled

    with pytest.raises(Cancelled):
        painter.paint(FRAMES, SEEN, "a room", on_step=stop)


def test_a_folder_of_frames_becomes_a_folder_and_a_video(video_model, tmp_path):
    for kind in ("rgb", "mask"):
        (tmp_path / "in" / kind).mkdir(parents=True)
    for number, (frame, seen) in enumerate(zip(FRAMES, SEEN, strict=True)):
        Image.fromarray(frame).save(tmp_path / f"in/rgb/{number:04d}.png")
        Image.fromarray(seen).save(tmp_path / f"in/mask/{number:04d}.png")
    asked = [str(tmp_path / "in"), "--model", str(video_model), "--prompt", "a room", "--steps", "1", "--device", "cpu"]
    assert main([*asked, "-o", str(tmp_path / "out"), "--fps", "8"]) == 0
    found = np.asarray(Image.open(tmp_path / "out/rgb/0000.png"))
    np.testing.assert_array_equal(found[:, inner(SEEN[0])], FRAMES[0][:, inner(SEEN[0])])
    with av.open(str(tmp_path / "out/path.mp4")) as container:
        assert container.streams.video[0].frames == 4
    assert main([str(tmp_path), "--model", str(tmp_path / "none"), "--prompt", "x", "-o", str(tmp_path / "out")]) == 2
