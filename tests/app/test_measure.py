"""Ruler, true sizes and cameras: what is measured, what a known length changes, and that undo takes it back."""

from dataclasses import replace

import numpy as np
import pytest
from flow import lifted

from app import focal, pane
from app.view import describe
from wt.errors import WtError
from wt.geometry.camera import pixel_centres, project


def ray_to(scene, row, column):
    """From the photo's place through a pixel, and the point that its visible surface has there."""
    point = scene.background.points[0, row, column].astype(float)
    return np.zeros(3), point, point


def test_two_clicks_measure_and_a_known_length_sets_all_sizes(controller, session, photo_file):
    lifted(controller, session, photo_file)
    scene = session.now.scene
    controller.measure.open(session)
    assert session.viewer.on_click is not None
    ends = []
    for row, column in ((30, 20), (35, 40)):
        origin, direction, point = ray_to(scene, row, column)
        session.viewer.on_click(origin, direction)
        ends.append(point)
    length = float(np.linalg.norm(ends[1] - ends[0]))
    metres = scene.metres_per_unit()
    told = pane.ruler_panel(session)
    assert told["length"] == f"{length * metres:.3f} m"
    np.testing.assert_allclose(told["ends"], np.array(ends) * metres, atol=2e-3)
    assert [handle.name for handle in session.viewer.marks._ruler][-2:] == ["/ruler/line", "/ruler/length"]

    controller.measure.rescale(session, 0.9)
    assert session.now.scene.metres_per_unit() == pytest.approx(0.9 / length)
    assert pane.ruler_panel(session)["length"] == "0.900 m"
    assert describe(session, controller.engine)["lift_facts"]["value"].count("a length was measured") == 1
    controller.undo(session)
    assert session.now.scene.metres_per_unit() == pytest.approx(metres)
    assert pane.ruler_panel(session)["length"] == f"{length * metres:.3f} m"


def test_ends_can_be_typed_in_metres_and_what_is_no_length_is_refused(controller, session, photo_file):
    with pytest.raises(WtError, match="Open a photo first"):
        controller.measure.open(session)
    lifted(controller, session, photo_file)
    controller.measure.act(session, {"kind": "ends", "ends": [[0, 0, 1], [0, 0.3, 1.4]]})
    assert session.ruler.words(session.now.scene) == "0.500 m"
    for metres in (None, float("nan"), -1.0, 0.0):
        with pytest.raises(WtError, match="Type metres|positive number"):
            controller.measure.rescale(session, metres)
    controller.measure.clear(session)
    with pytest.raises(WtError, match="Measure something first"):
        controller.measure.rescale(session, 0.9)


def test_while_the_ruler_is_away_clicks_choose_objects_again(controller, session, photo_file):
    lifted(controller, session, photo_file)
    controller.measure.open(session)
    session.viewer.on_click(np.zeros(3), np.array([0.0, 0.0, -1.0]))
    assert session.problem
    assert "no point under that click" in session.message
    controller.measure.open(session, on=False)
    session.viewer.on_click(*ray_to(session.now.scene, 30, 20)[:2])
    assert session.ruler.ends == ()


def test_the_camera_height_is_one_step_and_typing_what_is_shown_is_none(controller, session, photo_file):
    lifted(controller, session, photo_file)
    steps, before = len(session.history.steps), session.now.scene.metres_per_unit()
    shown = describe(session, controller.engine)["camera_height"]["value"]
    assert shown == 1.5
    controller.measure.camera_height(session, shown)
    assert len(session.history.steps) == steps
    controller.measure.camera_height(session, 3.0)
    assert session.now.scene.metres_per_unit() == pytest.approx(2 * before)
    assert len(session.history.steps) == steps + 1
    assert describe(session, controller.engine)["camera_height"]["value"] == 3.0


def test_a_typed_focal_length_puts_points_on_its_rays_and_states_every_residual(controller, session, photo_file):
    lifted(controller, session, photo_file)
    photo = session.now.photo
    session.history.amend(lambda work: replace(work, photo=replace(photo, focal_35mm=35.0)))
    before = session.now.scene
    rows = {row["kind"]: row for row in focal.rows(session)["rows"]}
    assert set(rows) == {"fitted", "exif"}
    assert rows["fitted"]["used"]
    assert rows["exif"]["focal"].startswith("35.0 mm")
    assert float(rows["exif"]["residual"].removesuffix(" px")) > float(rows["fitted"]["residual"].removesuffix(" px"))

    controller.measure.use_camera(session, {"kind": "typed", "value": "28", "unit": "mm"})
    scene = session.now.scene
    expected = 28 / 43.2666153 * np.hypot(scene.intrinsics.width, scene.intrinsics.height)
    assert scene.intrinsics.fx == pytest.approx(expected, rel=0.02)
    assert np.array_equal(scene.background.points[..., 2], before.background.points[..., 2])
    height, width = scene.alpha.shape
    uv = project(scene.background.points[0], scene.intrinsics)
    np.testing.assert_allclose(uv, pixel_centres(height, width), atol=1e-3)
    used = [row["kind"] for row in focal.rows(session)["rows"] if row["used"]]
    assert used == ["typed"]

    with pytest.raises(WtError, match="rays of that camera already"):
        controller.measure.use_camera(session, {"kind": "typed", "value": "28", "unit": "mm"})
    with pytest.raises(WtError, match="Check the unit"):
        controller.measure.use_camera(session, {"kind": "typed", "value": "28000", "unit": "mm"})
    with pytest.raises(WtError, match="no focal length"):
        controller.measure.use_camera(session, {"kind": "typed", "value": "", "unit": "px"})
    controller.undo(session)
    assert session.now.scene is before
