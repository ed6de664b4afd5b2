import math

import numpy as np
import pytest
import torch

from wt.errors import WtError
from wt.geometry.normalise import LogMedian, ZScore, log_median

KINDS = {"numpy": lambda a: a, "torch": torch.from_numpy}


def some_points() -> np.ndarray:
    points = np.random.default_rng(0).normal(size=(2, 6, 5, 7, 3))
    points[..., 2] = np.exp(points[..., 2])
    return points


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("chart", [ZScore(), ZScore((1.0, 2.0, 3.0), (0.5, 2.0, 4.0)), LogMedian()])
def test_both_maps_are_invertible(kind, chart):
    points = some_points()
    median = np.array([0.7, 3.0]).reshape(2, 1, 1, 1)
    as_kind = KINDS[kind]
    there = chart.forward(as_kind(points), as_kind(median))
    assert type(there) is type(as_kind(points))
    back = np.asarray(chart.inverse(there, as_kind(median)))
    np.testing.assert_allclose(back, points, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_equation_6_in_scalars(kind):
    x, y, z = np.asarray(LogMedian().forward(KINDS[kind](np.array([[-3.0, 0.5, 8.0]])), 2.0))[0]
    assert x == pytest.approx(-math.log(1 + 3 / 2))
    assert y == pytest.approx(math.log(1 + 0.5 / 2))
    assert z == pytest.approx(math.log(8 / 2))


def test_equation_5_in_scalars():
    x, y, z = ZScore((1.0, 2.0, 3.0), (2.0, 4.0, 5.0)).forward(np.array([2.0, 2.0, -7.0]))
    assert (x, y, z) == (0.5, 0.0, -2.0)


def test_the_median_is_over_the_valid_points_of_the_whole_stack():
    points, valid = some_points(), np.random.default_rng(1).random((2, 6, 5, 7)) < 0.501
    expected = [np.median(points[b, ..., 2][valid[b]]) for b in range(2)]
    np.testing.assert_allclose(log_median(points, valid), expected)
    from_torch = log_median(torch.from_numpy(points), torch.from_numpy(valid)).numpy()
    np.testing.assert_allclose(from_torch, expected, rtol=0.05)  # torch takes the lower of two middle values
    assert np.isnan(log_median(points, np.zeros_like(valid))).all()


def test_the_forward_map_of_scenes_needs_its_median():
    with pytest.raises(WtError, match="log_median"):
        LogMedian().forward(some_points())


def test_bad_statistics_are_refused():
    with pytest.raises(WtError, match="positive deviations"):
        ZScore((0.0, 0.0, 0.0), (1.0, 0.0, 1.0))


@pytest.mark.parametrize("kind", KINDS)
def test_matches_the_golden_fixture(reference, kind):
    arrays = np.load(reference / "denorm_io.npz")
    for name, chart in (("zscore", ZScore()), ("median_log", LogMedian()), ("median_log_global", LogMedian())):
        found = np.asarray(chart.inverse(KINDS[kind](arrays["xyz_norm"])))
        assert found.dtype == np.float32
        assert np.max(np.abs(found - arrays[name]) / np.maximum(1, np.abs(arrays[name]))) < 1e-6
