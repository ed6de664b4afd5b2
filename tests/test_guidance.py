"""Known depth put into an estimate: alignment, and hidden surfaces that move with what lies near them."""

import numpy as np
import pytest

from wt.depth import camera_of
from wt.guidance import DOUBT, Field, align, certainty, reconciled
from wt.images import Photo

ONES = np.ones(400)


@pytest.fixture
def z():
    return np.random.default_rng(0).uniform(1, 6, 400)


def test_metric_alignment_is_one_scale_and_bears_wild_pixels(z):
    estimate = 0.25 * z
    estimate[::3] *= np.random.default_rng(1).uniform(0.2, 9, len(estimate[::3]))
    found = align(z, estimate, ONES, "metric")
    assert found.shift == 0
    assert found.scale == pytest.approx(0.25, rel=0.05)
    np.testing.assert_allclose(found.metres(found.depth(z)), z, rtol=1e-12)


def test_relative_depth_is_a_line_that_bears_wild_pixels(z):
    estimate = 0.7 * z + 0.4
    estimate[::5] *= 3
    found = align(z, estimate, ONES, "relative")
    np.testing.assert_allclose(found.depth(z), 0.7 * z + 0.4, rtol=0.02)


@pytest.mark.parametrize("shift", [0.0, 1.0, -0.2])
def test_disparity_is_exact_with_a_true_estimate(z, shift):
    found = align(3 / z + shift, z, ONES, "disparity")
    np.testing.assert_allclose(found.depth(3 / z + shift), z, rtol=1e-6)
    assert (found.depth(np.array([-5.0])) > 0).all()


def test_disparity_keeps_its_relief_where_the_estimate_is_too_flat(z):
    """The estimate halves all relief; a plain line would take that over."""
    flat = np.exp(0.5 * np.log(z)) * np.exp(np.random.default_rng(3).normal(0, 0.2, 400))
    found = align(3 / z, flat, ONES, "disparity").depth(3 / z)
    relief = np.polyfit(np.log(z), np.log(found), 1)[0]
    assert 0.7 < relief < 1.2


def test_a_map_that_runs_the_wrong_way_is_told_of(z, caplog):
    found = align(1 / z, z, ONES, "relative")
    assert "runs against" in caplog.text
    assert found.scale > 0


def test_an_objects_relief_keeps_its_proportions(z):
    """The model assumes a lens of twice the focal length: in its unit, the object is as deep as it is wide."""
    true = 10 + 0.1 * z
    found = align(true, np.full(400, 2.0), ONES, "metric", proportion=2.0)
    relief = np.ptp(found.depth(true)) / np.ptp(true)
    assert relief == pytest.approx(2 * 2 / np.median(true), rel=0.01)
    assert np.median(found.depth(true)) == pytest.approx(2.0, rel=0.01)
    np.testing.assert_allclose(found.metres(found.depth(true)), true)


def chair_and_wall(side=56):
    """(estimate, known, chair): a chair before a wall; the chair is nearer and the wall farther than estimated."""
    chair = np.zeros((side, side), bool)
    chair[20:40, 15:35] = True
    front, wall = np.where(chair, 2.0, 4.0), np.full((side, side), 4.0)
    back = np.where(chair, 2.2, 4.0)
    return np.stack([front, back, wall]), np.where(chair, 1.5, 6.0), chair


def test_hidden_surfaces_move_with_what_lies_near_them_in_picture_and_depth():
    z, known, chair = chair_and_wall()
    found = reconciled(z, known, np.ones(known.shape), np.ones(known.shape, bool))
    np.testing.assert_allclose(found[0], known, rtol=1e-12)
    np.testing.assert_allclose(found[1][chair], 2.2 * 1.5 / 2.0, rtol=0.03)
    np.testing.assert_allclose(found[2][chair], 6.0, rtol=0.03)
    np.testing.assert_allclose(found[1][~chair], 6.0, rtol=0.01)


def test_where_nothing_is_known_the_surroundings_decide():
    z, known, chair = chair_and_wall()
    hole = np.zeros_like(chair)
    hole[25:35, 20:50] = True  # over the chair and over the wall
    found = reconciled(z, np.where(hole, np.nan, known), np.ones(known.shape), np.ones(known.shape, bool))
    np.testing.assert_allclose(found[0], known, rtol=0.03)
    nothing = reconciled(z, np.full_like(known, np.nan), np.ones(known.shape), np.ones(known.shape, bool))
    assert np.array_equal(nothing, z)


def test_layers_stay_in_order_and_rays_outside_are_left_alone():
    rng = np.random.default_rng(0)
    z = np.sort(rng.uniform(1, 5, (6, 40, 30)), axis=0)
    valid = rng.random((40, 30)) < 0.7
    known = rng.uniform(0.5, 9, (40, 30))
    found = reconciled(z, known, rng.random((40, 30)), valid)
    assert (np.diff(found[:, valid], axis=0) >= 0).all()
    assert np.array_equal(found[:, ~valid], z[:, ~valid])


def test_the_field_does_not_depend_on_the_grid():
    coarse, fine = (
        Field(np.full((n, n), 0.3), np.full((n, n), 2.0), np.ones((n, n)))(np.full((n, n), 3.0)) for n in (28, 168)
    )
    np.testing.assert_allclose(coarse, 0.3, rtol=0.02)
    np.testing.assert_allclose(fine, 0.3, rtol=0.02)


def test_edges_and_the_rims_of_holes_are_doubtful():
    z = np.where(np.arange(10)[None] < 5, 1.0, 3.0) * np.ones((8, 1))
    z[0, 0] = np.nan
    found = certainty(z, "metric")
    assert (found[3] == [1, 1, 1, 1, DOUBT, DOUBT, 1, 1, 1, 1]).all()
    assert found[0, 0] == 0
    assert found[0, 1] == found[1, 0] == DOUBT


def test_the_camera_of_a_photo_that_says_its_focal_length():
    rgb = np.zeros((4000, 6000, 3), np.uint8)
    assert camera_of(Photo(rgb)) is None
    camera = camera_of(Photo(rgb, focal_35mm=50.0))
    assert camera.fov_x_deg == pytest.approx(39.6, abs=0.05)  # of a 50 mm lens on 36 x 24 mm
    assert (camera.cx, camera.cy) == (3000, 2000)
