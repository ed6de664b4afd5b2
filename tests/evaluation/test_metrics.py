"""The metrics against slow oracles and cases that can be worked out by hand."""

import numpy as np
import pytest

from wt.evaluation.metrics import (
    NUM_POINTS,
    Fit,
    Points,
    Reference,
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
    behind = depth_errors(np.array([-1.0]), np.array([1.0]), np.array([True]))
    assert (behind.delta1, behind.delta3) == (0, 0)


@pytest.mark.parametrize("seed", range(3))
def test_depth_errors_are_those_of_a_loop(seed):
    rng = np.random.default_rng(seed)
    truth, valid = rng.uniform(1, 5, (7, 9)), rng.random((7, 9)) < 0.6
    z = truth * np.exp(rng.normal(0, 0.5, (7, 9)))
    pairs = [(float(p), float(t)) for p, t, v in zip(z.flat, truth.flat, valid.flat) if v]
    n = len(pairs)
    expected = [
        sum(abs(p - t) for p, t in pairs) / n,
        (sum((p - t) ** 2 for p, t in pairs) / n) ** 0.5,
        sum(abs(p - t) / t for p, t in pairs) / n,
        *(sum(max(p / t, t / p) < 1.25**k for p, t in pairs) / n for k in (1, 2, 3)),
    ]
    np.testing.assert_allclose(list(vars(depth_errors(z, truth, valid)).values()), expected, rtol=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_agreement_is_that_of_all_pairs(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(60, 3)), rng.normal(size=(45, 3))
    b[:30] = a[:30] + rng.normal(0, 0.04, (30, 3))
    found, expected = point_agreement(a, b, 1.7), slow_agreement(a, b, 1.7)
    np.testing.assert_allclose(list(vars(found).values()), list(vars(expected).values()), rtol=1e-9)


def test_distances_are_those_of_open3d():
    o3d = pytest.importorskip("open3d")
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(700, 3)), rng.normal(size=(500, 3))
    clouds = [o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points)) for points in (a, b)]
    forth = np.asarray(clouds[0].compute_point_cloud_distance(clouds[1])) / 3
    back = np.asarray(clouds[1].compute_point_cloud_distance(clouds[0])) / 3
    found = point_agreement(a, b, 3.0)
    assert found.cd_l1 == pytest.approx((forth.mean() + back.mean()) / 2, rel=1e-12)
    assert found.cd_l2 == pytest.approx(((forth**2).mean() + (back**2).mean()) / 2, rel=1e-12)
    precision, recall = (forth < 0.05).mean(), (back < 0.05).mean()
    assert found.f05 == pytest.approx(2 * precision * recall / (precision + recall), rel=1e-12)


def test_a_sphere_of_another_radius_is_that_much_away():
    """Chamfer of two dense concentric spheres is the difference of their radii, however they are sampled."""
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(2, 30_000, 3))
    directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
    found = point_agreement(directions[0] * 1.3, directions[1], unit=2.0)
    assert found.cd_l1 == pytest.approx(0.15, rel=0.02)
    assert found.cd_l2 == pytest.approx(0.15**2, rel=0.04)
    assert (found.f01, found.f05) == (0, 0)


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


def wavy(shift=0.0):
    return 2 + 0.5 * np.sin(np.arange(30) / 4 + shift)


def reference(*depths, unit=2.0):
    return Reference(stack(*depths), ALL, unit)


def test_the_best_seed_has_the_lowest_chamfer_of_all_layers():
    truth = reference(wavy(), wavy() + 1)
    poor, good = (Fit([stack(wavy(), wavy() + d)], [truth]) for d in (2, 1.1))
    nothing = Fit([np.full_like(truth.truth, np.nan)], [truth])
    assert best_of([poor, nothing, good]) is good
    assert best_of([nothing]) is nothing
    assert nothing.metrics().all.f05 == 0


def test_a_single_layer_has_no_hidden_figures_and_the_best_seed_by_absrel():
    truth = reference(wavy())
    poor, good = (Fit([stack(wavy(d), wavy(d) + 1)], [truth]) for d in (0.5, 0.1))
    assert best_of([poor, good]) is good
    found = good.metrics()
    assert np.isnan([found.all.f05, found.hidden.f01, found.all.cd_l1]).all()
    assert 0 < found.depth.absrel < poor.metrics().depth.absrel
    assert found.layer0.f05 > 0


def test_a_clip_has_one_gauge_and_its_figures_are_means_over_frames():
    truths = [reference(wavy(n), wavy(n) + 1) for n in range(3)]
    whole = Fit([aligned_points(t.truth, 0.4, 0.1) for t in truths], truths).metrics()
    assert whole.depth.absrel < 1e-9
    assert whole.all.f01 == 1
    # A prediction whose scale wobbles from frame to frame cannot be aligned by one scale and shift.
    wobbling = [aligned_points(t.truth, 1 + 0.2 * n, 0.0) for n, t in enumerate(truths)]
    found = Fit(wobbling, truths).metrics()
    z = np.concatenate([w[0, ..., 2].ravel() for w in wobbling])
    true = np.concatenate([t.truth[0, ..., 2].ravel() for t in truths])
    scale, shift = np.linalg.lstsq(np.stack([z, np.ones_like(z)], 1), true, rcond=None)[0]
    frames = [sample_metrics(aligned_points(t.truth, 1.0, 0.0), t.truth, ALL, unit=2.0).depth.absrel for t in truths]
    assert max(frames) < 1e-9, "each frame by itself is perfect"
    error = np.abs(scale * z + shift - true) / true
    assert found.depth.absrel == pytest.approx(error.reshape(3, -1).mean(axis=1).mean())
    assert found.depth.rmse == pytest.approx(
        np.mean([np.sqrt(((scale * z + shift - true).reshape(3, -1)[n] ** 2).mean()) for n in range(3)])
    )
    moved = [aligned_points(w, scale, shift) for w in wobbling]
    each = [slow_agreement_of_layers(m, t.truth) for m, t in zip(moved, truths)]
    assert found.all.cd_l1 == pytest.approx(np.mean([e.cd_l1 for e in each]))
    assert found.all.f05 == pytest.approx(np.mean([e.f05 for e in each]))


def slow_agreement_of_layers(ours, truth):
    """All pairs at once, without a tree; both layers of `wavy` are surfaces everywhere."""
    a, b = ours.reshape(-1, 3) / 2, truth.reshape(-1, 3) / 2
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    distance = np.sqrt(np.maximum(squares, 0))
    forth, back = distance.min(axis=1), distance.min(axis=0)
    p, r = (forth < 0.05).mean(), (back < 0.05).mean()
    return Points(0.0, 2 * p * r / (p + r), (forth.mean() + back.mean()) / 2, 0.0)


def test_a_frame_that_was_not_predicted_loses_recall_and_leaves_the_others_alone():
    truths = [reference(wavy(n), wavy(n) + 1) for n in range(2)]
    found = Fit([truths[0].truth, np.full_like(truths[1].truth, np.nan)], truths).metrics()
    assert found.depth.absrel < 1e-12
    assert found.all.f05 == 0.5
    assert found.depth.delta1 == 0.5
