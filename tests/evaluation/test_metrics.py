"""The metrics against slow oracles and cases that can be worked out by hand."""

import numpy as np
import pytest

from wt.evaluation.metrics import (
    NUM_POINTS,
    Depth,
    Points,
    SampleMetrics,
    align_depth,
    aligned_points,
    best_of,
    depth_errors,
    f_score,
    point_agreement,
    sample_metrics,
    surface_points,
    unit_length,
)
from wt.geometry.camera import Intrinsics, rays

CAMERA = Intrinsics(40.0, 44.0, 15.0, 11.0, 30, 24)
ALL = np.ones((24, 30), bool)


def stack(*depths):
    """Points on the rays of CAMERA at the given depths (numbers or maps)."""
    return np.stack([rays(CAMERA) * np.broadcast_to(d, (24, 30))[..., None] for d in depths])


def slow_agreement(a, b, unit):
    """Every distance, one by one."""
    forth = np.array([min(np.linalg.norm(p - q) for q in b) for p in a]) / unit
    back = np.array([min(np.linalg.norm(p - q) for q in a) for p in b]) / unit
    scores = []
    for limit in (0.01, 0.05):
        p, r = (forth < limit).mean(), (back < limit).mean()
        scores.append(0.0 if p + r == 0 else 2 * p * r / (p + r))
    return Points(*scores, (forth.mean() + back.mean()) / 2, ((forth**2).mean() + (back**2).mean()) / 2)


@pytest.mark.parametrize("seed", range(4))
def test_alignment_is_the_least_squares_solution(seed):
    rng = np.random.default_rng(seed)
    z, valid = rng.uniform(1, 3, (12, 9)), rng.random((12, 9)) < 0.7
    truth = 2.5 * z - 0.3 + rng.normal(0, 0.2, z.shape)
    design = np.stack([z[valid], np.ones(valid.sum())], axis=1)
    expected = np.linalg.lstsq(design, truth[valid], rcond=None)[0]
    np.testing.assert_allclose(align_depth(z, truth, valid), expected, rtol=1e-9)


def test_alignment_undoes_any_scale_and_shift_exactly():
    z = np.random.default_rng(0).uniform(1, 3, (12, 9))
    np.testing.assert_allclose(align_depth((z - 0.7) / 3, z, np.ones_like(z, bool)), (3, 0.7), rtol=1e-9)


@pytest.mark.parametrize("constant", [1.0, 0.1, 1234.567])
def test_a_constant_prediction_gets_scale_zero_and_the_mean(constant):
    truth = np.random.default_rng(0).uniform(1, 3, (40, 40))
    flat = np.full_like(truth, constant)
    flat[::2] = np.nextafter(constant, 2 * constant)  # what rounding does
    assert align_depth(flat, truth, np.ones_like(truth, bool)) == (0.0, pytest.approx(truth.mean()))


def test_points_move_along_their_rays():
    points = stack(2.0, 3.0)
    moved = aligned_points(points, 0.5, 0.25)
    np.testing.assert_allclose(moved[..., 2], 0.5 * points[..., 2] + 0.25)
    np.testing.assert_allclose(moved[..., :2] / moved[..., 2:], points[..., :2] / points[..., 2:])


def test_depth_errors_by_hand():
    truth = np.array([1.0, 2.0, 4.0, 9.0])
    found = depth_errors(np.array([1.1, 2.0, 2.0, 9.0]), truth, np.array([True, True, True, False]))
    assert found.mae == pytest.approx(2.1 / 3)
    assert found.rmse == pytest.approx(np.sqrt(4.01 / 3))
    assert found.absrel == pytest.approx((0.1 + 0 + 0.5) / 3)
    assert found.delta1 == pytest.approx(2 / 3)
    assert depth_errors(np.array([-1.0]), np.array([1.0]), np.array([True])).delta1 == 0


@pytest.mark.parametrize("seed", range(3))
def test_agreement_is_that_of_all_pairs(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(60, 3)), rng.normal(size=(45, 3))
    b[:30] = a[:30] + rng.normal(0, 0.04, (30, 3))
    found, expected = point_agreement(a, b, 1.7), slow_agreement(a, b, 1.7)
    np.testing.assert_allclose(list(vars(found).values()), list(vars(expected).values()), rtol=1e-9)


def test_agreement_of_shifted_grids_is_the_shift():
    grid = np.stack(np.meshgrid(*[np.arange(6.0)] * 3, indexing="ij"), -1).reshape(-1, 3)
    found = point_agreement(grid + np.array([0.2, 0, 0]), grid, unit=10.0)
    assert found.cd_l1 == pytest.approx(0.02)
    assert found.cd_l2 == pytest.approx(0.0004)
    assert (found.f01, found.f05) == (0.0, 1.0)


def test_f_score_by_hand():
    assert f_score(np.array([0.0, 1.0]), np.array([0.0, 0.0, 1.0, 1.0]), 0.5) == pytest.approx(0.5)
    assert f_score(np.array([0.0, 1.0, 1.0, 1.0]), np.array([0.0]), 0.5) == pytest.approx(2 * 0.25 / 1.25)
    assert f_score(np.array([1.0]), np.array([1.0]), 0.5) == 0


def test_an_empty_set_gives_no_chamfer():
    some, none = np.ones((3, 3)), np.ones((0, 3))
    for a, b in ((some, none), (none, some), (none, none)):
        found = point_agreement(a, b, 1.0)
        assert (found.f01, found.f05) == (0.0, 0.0)
        assert np.isnan(found.cd_l1)
        assert np.isnan(found.cd_l2)


def test_large_sets_are_drawn_the_same_every_time():
    points = np.random.default_rng(0).normal(size=(NUM_POINTS + 500, 3))
    assert point_agreement(points, points, 1.0) == point_agreement(points, points, 1.0)
    assert point_agreement(points, points, 1.0).cd_l1 == 0


def test_a_perfect_prediction_in_another_gauge_is_perfect():
    near = 2 + 0.5 * np.sin(np.arange(30) / 4)
    truth = stack(near, near + 1, near + 1)
    predicted = aligned_points(truth, 0.4, 0.1).astype(np.float32)
    found = sample_metrics(predicted, truth, ALL, unit=2.0)
    assert found.depth.absrel < 1e-6
    assert found.depth.delta1 == 1
    assert found.all.f01 == 1
    assert found.all.cd_l1 < 1e-6
    assert found.hidden.f05 == 1


def test_hidden_layers_count_apart_from_the_visible_one():
    near = 2 + 0.5 * np.sin(np.arange(30) / 4)
    truth = stack(near, near + 1)
    flat = sample_metrics(stack(near, near), truth, ALL, unit=2.0)
    assert flat.layer0.f01 == 1
    assert flat.hidden.f05 == 0
    assert np.isnan(flat.hidden.cd_l1)
    assert 0.5 < flat.all.f05 < 1
    wrong = sample_metrics(stack(near, near + 3), truth, ALL, unit=2.0)
    assert wrong.layer0.f01 == 1
    assert wrong.hidden.f05 < 0.1


def test_rays_without_a_prediction_are_left_out():
    near = 2 + 0.5 * np.sin(np.arange(30) / 4)
    truth, predicted = stack(near, near + 1), stack(near, near + 1).astype(np.float32)
    predicted[:, :12] = np.nan
    found = sample_metrics(predicted, truth, ALL, unit=2.0)
    assert found.depth.absrel < 1e-6
    assert found.layer0.f01 < 0.99, "recall falls"
    nothing = sample_metrics(np.full_like(predicted, np.nan), truth, ALL, unit=2.0)
    assert np.isnan(nothing.depth.absrel)
    assert nothing.all.f05 == 0


def test_repeats_and_layers_that_fall_back_are_no_surfaces():
    layers = stack(2.0, 2.01, 3.0, 2.5)
    assert [len(found) for found in surface_points(layers, ALL)] == [720, 0, 720, 0]


def test_unit_lengths():
    near = np.full((24, 30), 2.0)
    near[:5] = 9.0
    truth = stack(near, near + 0.5)
    assert unit_length(truth, ALL, "scene") == 2.0
    alpha = np.zeros_like(ALL)
    alpha[10:14, 3:27] = True
    points = truth[:, alpha].reshape(-1, 3)
    assert unit_length(truth, alpha, "object") == pytest.approx(np.ptp(points, axis=0).max())


def test_the_best_seed_has_the_lowest_chamfer_of_all_layers():
    def one(cd, tag):
        return SampleMetrics(Depth(tag, 0.0, 0.0, 0.0), *[Points(0.0, 0.0, cd, cd)] * 3)

    assert best_of([one(0.3, 1.0), one(0.1, 2.0), one(np.nan, 3.0)]).depth.mae == 2
    assert best_of([one(np.nan, 1.0)]).depth.mae == 1
