"""The camera path of a visitor: choices, keyframes, the rendered film and its downloads."""

import io
import json
import zipfile

import av
import numpy as np
import pytest
from PIL import Image

from app import camera_path
from app.view import describe
from wt.errors import WtError
from wt.views.mp4 import Preset
from wt.views.paths import PATHS

WISH = {"along": "orbit", "amplitude": 8, "frames": 4, "size": "512x512", "hidden": "filled"}


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """A small size of the same name: what is tested is not how much there is to draw."""
    monkeypatch.setitem(camera_path.PRESETS, "512x512", Preset("512 × 512, 8 fps (AnimateDiff)", 64, 64, 8, 16))


@pytest.fixture
def lifted(controller, session, photo_file):
    controller.photo.open(session, photo_file)
    controller.geometry.lift(session, "scene", 2, 42).wait(30)
    assert session.now.scene is not None
    return session


def panel(controller, session):
    return describe(session, controller.engine)["path"]["value"]


def rendered(controller, session, **more):
    job = controller.views.render(session, {**WISH, **more})
    assert job.wait(60)
    assert job.state == "done", job.message
    return panel(controller, session)["made"]


def test_nothing_is_offered_before_there_is_a_scene(controller, session):
    assert panel(controller, session) == {"ready": False}
    with pytest.raises(WtError, match="Lift the photo first"):
        controller.views.render(session, WISH)


def test_every_path_is_offered_with_what_the_scene_allows(controller, lifted):
    told = panel(controller, lifted)
    assert [row["name"] for row in told["paths"]] == [*PATHS, "keyframes"]
    assert all(row["hint"] for row in told["paths"])
    assert all(row["amplitude"] > 0 and row["unit"] for row in told["paths"][:-1])
    assert told["made"] is None


def test_a_rendered_path_is_a_film_and_a_zip_that_only_this_visitor_gets(controller, lifted):
    made = rendered(controller, lifted)
    assert made["said"] == "4 frames · 64 × 64 · 8 fps"
    film = controller.sessions.download(lifted.token, made["name"])
    assert made["video"].endswith(f"{lifted.token}/download/{film.name}")
    with av.open(str(film)) as container:
        assert (container.streams.video[0].frames, container.streams.video[0].average_rate) == (4, 8)
    bundle = controller.sessions.download(lifted.token, made["frames_name"])
    with zipfile.ZipFile(bundle) as frames:
        assert {"rgb/0003.png", "depth/0003.png", "mask/0003.png", "hidden/0003.png"} < set(frames.namelist())
        cameras = json.loads(frames.read("cameras.json"))
        first = np.asarray(Image.open(io.BytesIO(frames.read("mask/0000.png"))))
    assert cameras["path"] == "orbit"
    np.testing.assert_allclose(cameras["frames"][0]["camera_to_world"], np.eye(4), atol=1e-9)
    turn = np.array(cameras["frames"][1]["camera_to_world"])[:3, :3]
    assert np.degrees(np.arccos((np.trace(turn) - 1) / 2)) == pytest.approx(8)
    assert (first == 255).all()
    other = controller.sessions.attach("page-2")
    assert controller.sessions.download(other.token, made["name"]) is None
    assert sorted(path.name for path in film.parent.iterdir()) == sorted([film.name, bundle.name])


def test_the_next_film_takes_the_place_of_the_last_one(controller, lifted):
    first = rendered(controller, lifted)
    film = controller.sessions.download(lifted.token, first["name"])
    second = rendered(controller, lifted, along="dolly", amplitude=20)
    assert second["name"] != first["name"]
    assert not film.exists()
    assert controller.sessions.download(lifted.token, first["name"]) is None


def test_keyframes_come_from_the_3d_view_and_go_with_the_photo(controller, lifted, photo_file, monkeypatch):
    view, poses = controller.sessions.viewer_of(lifted), [np.eye(4), np.eye(4)]
    poses[1][:3, 3] = 0.2, 0, 0.1
    with pytest.raises(WtError, match="3D view is not open"):
        controller.views.act(lifted, {"kind": "add"})
    taken = iter([*poses, *poses])
    monkeypatch.setattr(view, "pose", lambda: next(taken))
    controller.views.act(lifted, {"kind": "add"})
    assert panel(controller, lifted)["keyframes"] == 1
    with pytest.raises(WtError, match="at least two"):
        controller.views.render(lifted, {**WISH, "along": "keyframes"})
    controller.views.act(lifted, {"kind": "add"})
    made = rendered(controller, lifted, along="keyframes", amplitude=0)
    with zipfile.ZipFile(controller.sessions.download(lifted.token, made["frames_name"])) as frames:
        found = [row["camera_to_world"] for row in json.loads(frames.read("cameras.json"))["frames"]]
    np.testing.assert_allclose([found[0], found[-1]], poses, atol=1e-9)
    controller.views.act(lifted, {"kind": "drop"})
    assert panel(controller, lifted)["keyframes"] == 1
    controller.views.act(lifted, {"kind": "add"})
    controller.views.act(lifted, {"kind": "clear"})
    assert panel(controller, lifted)["keyframes"] == 0
    controller.views.act(lifted, {"kind": "add"})
    controller.geometry.lift(lifted, "scene", 2, 7).wait(30)
    assert panel(controller, lifted)["keyframes"] == 0, "another lift has another scale"


def test_cancelling_leaves_nothing_half_made(controller, lifted):
    job = controller.views.render(lifted, {**WISH, "frames": 400})
    while job.done < 2 and job.active:
        job.wait(0.01)
    controller.cancel(lifted)
    assert job.wait(30)
    assert job.state == "cancelled"
    assert panel(controller, lifted)["made"] is None
    assert not list((lifted.folder / "exports").glob("*"))


def test_the_film_of_an_older_scene_is_said_to_be_one(controller, lifted):
    assert not rendered(controller, lifted)["old"]
    controller.geometry.lift(lifted, "scene", 2, 7).wait(30)
    assert panel(controller, lifted)["made"]["old"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"along": "loop"}, "not one of the page's"),
        ({"size": "1x1"}, "not one of the page's"),
        ({"frames": 1}, "2 to 1024 frames"),
        ({"frames": None}, "must be numbers"),
        ({"amplitude": None}, "must be numbers"),
    ],
)
def test_a_wish_that_cannot_be_is_said(controller, lifted, more, said):
    with pytest.raises(WtError, match=said):
        controller.views.render(lifted, {**WISH, **more})


def test_the_pose_of_the_view_is_none_without_a_browser(controller, lifted):
    assert controller.sessions.viewer_of(lifted).pose() is None
