"""What the View panel changes: budget, colours, marked edge flyers, background; only removing them is a step."""

import io
from dataclasses import replace

import numpy as np
import pytest
from flow import lifted
from PIL import Image

from app import depths, pane
from app.display import EVERY_POINT, Display, budget_words, budgets
from app.view import describe
from wt.errors import WtError
from wt.scene.cloud import WARNING
from wt.scene.flyers import flyers


@pytest.fixture
def flown(controller, session, photo_file):
    """A lifted scene with a few points of its visible surface half way to the camera."""
    lifted(controller, session, photo_file)
    scene = session.now.scene
    photo = scene.background
    points = photo.points.copy()
    points[0, 5:35:7, 5:60:9] *= 0.5
    session.history.amend(lambda work: replace(work, scene=replace(scene, background=replace(photo, points=points))))
    controller.refresh(session)
    return session


def painted(viewer):
    """How many points of the view have the warning colour."""
    return sum(int((handle.colors == WARNING).all(axis=1).sum()) for handle, _ in viewer._nodes.values())


def test_a_budget_thins_what_is_sent_and_the_caption_states_both(controller, session, photo_file):
    lifted(controller, session, photo_file)
    total = session.viewer.shown.total
    assert total > 3000, "the studio of the tests sends 3000 at most"
    assert session.viewer.shown.points == 3000
    assert f"3,000 of {total:,} points shown; exports hold all." in pane_text(controller, session, "view_caption")
    controller.look.act(session, {"kind": "budget", "value": EVERY_POINT})
    assert session.viewer.shown.points == total
    assert f"All {total:,} points shown." in pane_text(controller, session, "view_caption")
    assert [row["label"] for row in pane.look(session)["budgets"]] == ["3k", "100k", "300k", "1M", "All"]
    assert [row["on"] for row in pane.look(session)["budgets"]] == [False] * 4 + [True]


def pane_text(controller, session, name):
    return describe(session, controller.engine)[name]["value"]


def test_budgets_are_said_in_few_letters():
    assert [budget_words(number) for number in budgets(300_000)] == ["100k", "300k", "1M", "All"]
    assert Display(budget=EVERY_POINT).limit(10, 500) == 500
    assert Display().limit(10, 500) == 10
    assert Display(budget=100_000).limit(10, 500) == 500


def test_marking_edge_flyers_takes_nothing_and_removing_them_is_one_step_that_undo_takes_back(controller, flown):
    session, before = flown, flown.now.scene
    steps = len(session.history.steps)
    expected = int(flyers(before, 50)[0].sum())
    assert expected >= 20
    controller.look.act(session, {"kind": "budget", "value": EVERY_POINT})
    controller.look.act(session, {"kind": "flyers", "value": 50})
    assert session.now.scene is before
    assert painted(session.viewer) == expected == pane.look(session)["marked"]
    assert "Pink: what the filter would take." in pane_text(controller, session, "view_caption")
    controller.look.act(session, {"kind": "drop_flyers"})
    assert session.now.scene.background.present.sum() == before.background.present.sum() - expected
    assert session.message == f"{expected:,} edge flyers are gone. Undo brings them back."
    assert [label for _, label in session.history.steps][steps:] == ["Remove edge flyers"]
    assert painted(session.viewer) == 0
    controller.undo(session)
    assert session.now.scene is before
    with pytest.raises(WtError, match="Switch on Mark first"):
        controller.look.drop_flyers(session)


def test_size_background_camera_and_axes_send_no_point_again(controller, session, photo_file):
    lifted(controller, session, photo_file)
    handles = [handle for handle, _ in session.viewer._nodes.values()]
    for kind, value in (("size", 2.0), ("light", True), ("frustum", True), ("axes", True)):
        controller.look.act(session, {"kind": kind, "value": value})
    assert all(a is b for a, (b, _) in zip(handles, session.viewer._nodes.values(), strict=True))
    names = {handle.name for handle in (session.viewer.marks._camera, *session.viewer.marks._axes)}
    assert {"/photo_camera", "/axes/lines", "/axes/x"} <= names
    assert not session.viewer.marks._camera.visible, "from its own place the photo would hide the scene"
    session.viewer.marks.seen_from(away=True)
    assert session.viewer.marks._camera.visible
    controller.look.act(session, {"kind": "frustum", "value": False})
    assert session.viewer.marks._camera is None


@pytest.mark.parametrize(
    ("kind", "value"), [("colour", "None"), ("hidden", ""), ("map", "jet"), ("flyers", 101), ("flyers", -1)]
)
def test_a_view_that_no_button_offers_is_refused_and_the_next_lift_is_shown(
    controller, session, photo_file, kind, value
):
    if kind == "flyers":
        lifted(controller, session, photo_file)
    before = session.display
    with pytest.raises(WtError, match="cannot be shown like that"):
        controller.look.act(session, {"kind": kind, "value": value})
    assert session.display is before
    lifted(controller, session, photo_file)
    assert session.viewer.shown.total > 0


def test_the_legend_has_numbers_in_the_shown_unit(controller, session, photo_file):
    lifted(controller, session, photo_file)
    assert pane.legend(session) is None
    controller.look.act(session, {"kind": "colour", "value": "depth"})
    told, scene = pane.legend(session), session.now.scene
    z = scene.background.points[scene.background.present][:, 2] * scene.metres_per_unit()
    assert told["title"] == "Depth, m"
    assert float(told["ticks"][0]) == pytest.approx(np.percentile(z, 2), rel=0.01)
    assert float(told["ticks"][-1]) == pytest.approx(np.percentile(z, 98), rel=0.01)
    assert float(told["ticks"][2]) == pytest.approx(
        np.sqrt(float(told["ticks"][0]) * float(told["ticks"][-1])), rel=0.01
    )
    assert told["stops"][0] == "rgb(122,4,3)", "turbo's red is near"


def test_the_depth_gallery_has_one_picture_a_layer_on_one_scale(controller, session, photo_file):
    lifted(controller, session, photo_file)
    scene, told = session.now.scene, pane.depths(session)
    assert [row["points"] for row in told["layers"]] == scene.background.present.sum(axis=(1, 2)).tolist()
    assert told["layers"][3]["points"] == 0
    data, kind = session.picture("depth-magma-0")
    picture = np.asarray(Image.open(io.BytesIO(data)))
    assert kind == "image/png"
    z = scene.background.points[0, ..., 2]
    near, far = picture[np.unravel_index(z.argmin(), z.shape)], picture[np.unravel_index(z.argmax(), z.shape)]
    assert near.sum() > far.sum() + 100
    assert session.picture("depth-turbo-9") is None
    assert session.picture("depth-jet-0") is None
    assert depths.picture(None, "turbo-0") is None
    empty = np.asarray(Image.open(io.BytesIO(session.picture("depth-turbo-3")[0])))
    assert not empty.any()
