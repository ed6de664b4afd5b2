"""The placement benchmark's exact part, on a few cases: its bounds are the project's promise."""

import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent.parent / "benchmarks"


@pytest.fixture(scope="module")
def registration():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import registration
    finally:
        sys.path.remove(str(BENCHMARKS))
    return registration


def test_exact_geometry_is_placed_within_the_promised_bounds(registration):
    report = registration.truth(4, seed=1)
    assert report["truth"]["scale"]["p90"] < 0.005
    assert report["truth"]["scale_shift"]["p90"] < 0.02
    assert report["truth_methods"]["scale_shift"]["scale-only"]["p50"] > 0.005  # the case is not trivial
    assert report["truth_methods"]["scale"]["untouched"]["p50"] > 0.1


def test_the_analytic_solids_are_where_they_say(registration):
    from analytic import Solid, random_case

    ball = Solid("ellipsoid", np.full(3, 0.5), np.eye(3), np.array([0, 0, 3.0]))
    near, far = ball.crossings(np.array([[0, 0, 1.0], [1, 0, 1.0]]))
    assert near.tolist() == [2.5, np.inf]
    assert far.tolist() == [3.5, np.inf]
    c, s = np.cos(np.pi / 4), np.sin(np.pi / 4)
    box = Solid("box", np.array([1.0, 1.0, 1.0]), np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]), np.array([0, 0, 5.0]))
    near, far = box.crossings(np.array([[0, 0, 1.0]]))
    np.testing.assert_allclose([near[0], far[0]], [5 - 2**0.5, 5 + 2**0.5])
    case = random_case(np.random.default_rng(0))
    depth = case.thing[:, case.mask]
    with np.errstate(invalid="ignore"):
        assert not (np.diff(depth, axis=0) < 0).any()
    assert np.isfinite(depth[1]).all()  # whatever is entered is left again
