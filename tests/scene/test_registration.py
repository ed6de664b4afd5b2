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


class Perfect:
    """Stand-in lifter: the truth in a unit of its own, told apart by the picture it is shown."""

    def __init__(self, answers: dict[bytes, object]) -> None:
        self.answers = answers

    def lift(self, image: np.ndarray, mask: np.ndarray | None = None):
        return self.answers[image.tobytes()]


def test_the_embedded_chain_finds_no_error_in_perfect_models(registration):
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import registration_embedded as embedded
    finally:
        sys.path.remove(str(BENCHMARKS))
    rng = np.random.default_rng(5)
    case = registration.random_case(rng)
    scene, edited, thing = registration.exact_lifts(case, rng, z_shift=0.0)
    half = registration.pointmap(scene.layers.depth * 0.5, scene.alpha, case.camera)
    before, after = (np.full((*case.mask.shape, 3), grey, np.uint8) for grey in (10, 20))
    pair = embedded.Pair(before, after, case.room, case.thing, case.mask, case.camera)
    lifters = Perfect({before.tobytes(): half, after.tobytes(): edited}), Perfect({after.tobytes(): thing})
    report = embedded.measure([pair], *lifters, registration.METHODS)
    assert report["embedded_cases"] == {"n": 1, "failed": 0}
    assert set(report["embedded"]) == {"ours", "scale-only", "affine", "untouched"}
    ours = report["embedded"]["ours"]
    assert set(ours) == {"centroid", "scale", "hidden_cd", "contact_gap"}
    for name in ("centroid", "scale", "hidden_cd"):
        assert ours[name]["p50"] < 1e-3
    assert report["embedded"]["untouched"]["centroid"]["p50"] > 0.03
    assert set(report["oracles"]) == {"true camera", "true scene depth", "both"}
    for row in report["oracles"].values():  # the truth in place of the truth changes nothing
        assert row["centroid"]["p50"] < 1e-3
    masks = report["wrong_masks"]
    assert masks["n"] == {"eroded": 1, "dilated": 1, "as eroded": 1}
    assert masks["as eroded"] == ours
    assert masks["eroded"]["centroid"]["p50"] > ours["centroid"]["p50"]  # a part of the object has another middle
