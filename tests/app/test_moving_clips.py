"""Moving clips, verb by verb: open, click, follow, correct, lift, play, export, come back."""

import io
import json
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app import autosave, clip, facts
from app.frames import held
from app.session import Session
from app.view import describe
from wt.clips.clip import Clip
from wt.errors import WtError

FRAMES = 6


@pytest.fixture
def gif(tmp_path: Path) -> Path:
    """A red disc that goes right before green noise."""
    ground = np.random.default_rng(0).integers(0, 60, (64, 96, 3))
    ground[..., 1] += 60
    v, u = np.mgrid[:64, :96]
    frames = []
    for index in range(FRAMES):
        frame = ground.copy()
        frame[(u - 30 - 4 * index) ** 2 + (v - 32) ** 2 < 15**2] = (220, 40, 30)
        frames.append(Image.fromarray(frame.astype(np.uint8)))
    path = tmp_path / "disc.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)
    return path


def middles(masks: np.ndarray) -> list[float]:
    return [float(np.nonzero(mask)[1].mean()) for mask in masks]


def shown(controller, session) -> dict:
    return describe(session, controller.engine)


def lifted(controller, session, gif, **more) -> Clip:
    controller.clip.open(session, gif)
    controller.select.click(session, 30, 32)
    controller.select.level(session, "middle")
    job = controller.clip.lift(session, **more)
    assert job.wait(60)
    assert job.state == "done", job.message
    return session.now.clip


def test_a_clip_opens_with_its_first_frame_in_the_photo_pane(controller, session, gif):
    controller.clip.open(session, gif)
    work = session.now
    assert len(work.clip) == FRAMES
    np.testing.assert_array_equal(work.rgb, work.clip.frames[0])
    assert "Click the thing that moves" in session.message
    page = shown(controller, session)
    assert page["film"]["value"]["count"] == FRAMES
    assert page["film_tools"] == {"visible": True}
    assert page["lift_clip"] == {"interactive": False}
    assert page["timeline"]["value"] == {"count": 0}
    assert (page["clip_export"], page["scene_export"]) == ({"visible": False}, {"visible": True})


def test_a_click_is_followed_through_all_frames_and_one_can_be_corrected(controller, session, gif):
    controller.clip.open(session, gif)
    controller.clip.show_frame(session, 2)
    controller.select.click(session, 38, 32)
    controller.select.level(session, "middle")
    before = session.version("film")
    assert controller.clip.follow(session).wait(60)
    masks = session.now.clip.masks
    assert middles(masks) == pytest.approx([29.5 + 4 * index for index in range(FRAMES)], abs=2.5)
    assert session.version("film") > before
    controller.clip.show_frame(session, 3)
    np.testing.assert_array_equal(session.now.selection.mask, masks[3])
    controller.select.grow(session, 2)
    corrected = session.now.selection.mask
    controller.clip.show_frame(session, 4)
    np.testing.assert_array_equal(session.now.clip.masks[3], corrected)
    np.testing.assert_array_equal(session.now.clip.masks[4], masks[4])
    assert held(session.now) is session.now.clip


def test_a_lift_follows_first_and_then_plays(controller, session, gif):
    made = lifted(controller, session, gif)
    assert len(made.lifted) == FRAMES
    assert made.masks.any(axis=(1, 2)).all()
    assert session.shown_clip is made
    page, reel = shown(controller, session), session.viewer.reel
    assert page["timeline"]["value"]["count"] == FRAMES
    assert page["timeline"]["value"]["fps"] == 10
    assert page["step_export"]["open"]
    assert [row["points"] for row in page["layers"]["value"]["layers"]] == list(reel.counts)
    assert reel.total == sum(int(one.surfaces().sum()) for one in made.lifted)
    assert [frame.visible for frame in reel._frames] == [True] + [False] * (FRAMES - 1)


def test_seeking_playing_and_layers_switch_what_is_visible(controller, session, gif):
    lifted(controller, session, gif)
    reel = session.viewer.reel
    clouds = [handle for handle, *_ in reel._points]
    controller.clip.play(session, {"kind": "seek", "frame": 4})
    assert [frame.visible for frame in reel._frames].index(True) == 4
    controller.look.toggle_layer(session, 0, solo=True)
    assert {layer for handle, layer, _ in reel._points if handle.visible} == {0}
    assert [handle for handle, *_ in reel._points] == clouds, "no point was sent again"
    controller.clip.play(session, {"kind": "fps", "fps": 24})
    controller.clip.play(session, {"kind": "play"})
    seen = set()
    for _ in range(2000):
        seen.add(reel.at)
        if len(seen) == FRAMES:
            break
        time.sleep(0.01)
    assert seen == set(range(FRAMES))
    controller.clip.play(session, {"kind": "pause"})
    assert shown(controller, session)["timeline"]["value"]["at"] == reel.at
    assert sum(frame.visible for frame in reel._frames) == 1


def test_the_clip_is_taken_away_in_one_zip(controller, session, gif):
    made = lifted(controller, session, gif, clean=True)
    job = controller.clip.build(session, ["ply", "npz", "wtc", "manifest"])
    assert job.wait(60)
    assert job.state == "done", job.message
    bundle = session.exported["zip"]
    assert session.download(bundle.name) == bundle
    with zipfile.ZipFile(bundle) as content:
        names = set(content.namelist())
        assert {"clip.npz", "clip.wtc", "manifest.json", "ply/frame_0005.ply"} <= names
        told = json.loads(content.read("manifest.json"))
        arrays = np.load(io.BytesIO(content.read("clip.npz")))
    assert {row["path"] for row in told["files"]} == names - {"manifest.json"}
    np.testing.assert_array_equal(arrays["points"][2], made.lifted[2].points)
    assert "download_clip" in clip.facts(session)
    page = clip.describe(session)
    assert (page["clip_export"], page["scene_export"]) == ({"visible": True}, {"visible": False})


def test_a_photo_takes_the_clips_place_and_undo_brings_it_back(controller, session, gif, photo_file):
    made = lifted(controller, session, gif)
    controller.geometry.lift(session, "scene").wait(60)
    assert session.now.scene is not None
    assert session.shown_clip is None
    assert session.viewer.reel.total == 0
    assert "step_export" not in clip.describe(session)
    controller.undo(session)
    assert session.shown_clip is made
    assert session.viewer.reel.total > 0
    controller.photo.open(session, photo_file)
    assert shown(controller, session)["film"]["value"]["count"] == 0


def test_a_cancelled_lift_changes_nothing(controller, session, gif):
    controller.clip.open(session, gif)
    controller.select.click(session, 30, 32)
    controller.engine.object.step_s = 0.3
    clip_before = session.now.clip
    job = controller.clip.lift(session)
    while job.message != "Lifting the clip":
        assert not job.wait(0.01)
    controller.cancel(session)
    assert job.wait(60)
    assert job.state == "cancelled"
    assert session.now.clip is clip_before
    assert session.shown_clip is None


def test_saved_work_comes_back_with_its_clip(controller, session: Session, gif):
    made = lifted(controller, session, gif)
    controller.clip.show_frame(session, 3)
    controller.sessions.autosaver.flush()
    back = autosave.read(session.project_folder)
    assert back.frame == 3
    assert len(back.clip.lifted) == FRAMES
    np.testing.assert_array_equal(back.clip.masks, made.masks)


def test_who_saves_the_project_is_told_where_the_clip_goes_and_it_comes_back_from_there(
    controller, session, gif, photo_file, tmp_path
):
    made, words = lifted(controller, session, gif), "its .wtc file opens here again"
    for told in (facts.photo(session.now), facts.project_link(session)):
        assert "Save project keeps the frame that is shown" in told
        assert words in told
    assert controller.clip.build(session, ["wtc"]).wait(60)
    (tmp_path / "frame.wts").write_bytes(session.download(session.now.file_name))
    with zipfile.ZipFile(session.exported["zip"]) as content:
        content.extract("clip.wtc", tmp_path)
    controller.photo.open(session, tmp_path / "frame.wts")
    assert (session.now.clip, session.now.rgb.shape) == (None, made.frames.shape[1:])
    controller.clip.open(session, tmp_path / "clip.wtc")
    np.testing.assert_array_equal(session.shown_clip.lifted[2].points, made.lifted[2].points)
    controller.photo.open(session, photo_file)
    assert words not in facts.photo(session.now) + facts.project_link(session)


def test_what_cannot_be_done_is_told(controller, session, gif, photo_file):
    controller.photo.open(session, photo_file)
    with pytest.raises(WtError, match="No clip is open"):
        controller.clip.lift(session)
    controller.clip.open(session, gif)
    with pytest.raises(WtError, match="Click the thing that moves"):
        controller.clip.lift(session)
    with pytest.raises(WtError, match="Nothing is selected in this frame"):
        controller.clip.follow(session)
    with pytest.raises(WtError, match="no clip to play"):
        controller.clip.play(session, {"kind": "play"})
    with pytest.raises(WtError, match="no lifted clip"):
        controller.clip.build(session, ["ply"])
