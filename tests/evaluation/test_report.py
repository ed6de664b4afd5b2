"""Markdown, differences between models, and the sheets of the worst samples."""

import numpy as np
import pytest

from wt.evaluation.benchmark import COLUMNS, Table
from wt.evaluation.compare import differences
from wt.evaluation.jitter import Jitter
from wt.evaluation.metrics import Depth, Fit, Points, Reference, SampleMetrics
from wt.evaluation.report import CLIPS, COMPLETE, VISIBLE, as_markdown, figure
from wt.evaluation.samples import Case, Truth
from wt.evaluation.worst import LARGEST_ERROR, Worst, sheet
from wt.geometry.camera import Intrinsics, rays

CAMERA = Intrinsics(40.0, 40.0, 16.0, 12.0, 32, 24)


def metrics(absrel, f05=0.5, chamfer=0.1):
    points = Points(f05, f05, chamfer, chamfer**2)
    return SampleMetrics(Depth(absrel, absrel, absrel, 1.0, 1.0, 1.0), points, points, points, Jitter(np.nan, np.nan))


def test_a_difference_is_that_of_pairs():
    rng = np.random.default_rng(0)
    hard = rng.uniform(0.01, 0.5, 12)
    ours, theirs = hard + rng.normal(-0.01, 0.002, 12), hard
    table = Table({"new": [metrics(a) for a in ours], "old": [metrics(a) for a in theirs]})
    found = differences(table, "new", "old")
    absrel = found["figures"]["l0_absrel"]
    gaps = ours - theirs
    assert absrel["mean"] == pytest.approx(gaps.mean())
    assert absrel["se"] == pytest.approx(np.sqrt(((gaps - gaps.mean()) ** 2).sum() / 11 / 12))
    assert absrel["verdict"] == "better", "ten times less than the samples differ, and yet certain"
    assert differences(table, "old", "new")["figures"]["l0_absrel"]["verdict"] == "worse"
    assert found["figures"]["all_f05"] == {"mean": 0.0, "se": 0.0, "n": 12, "verdict": "same"}


def test_a_difference_leaves_out_what_either_lacks():
    nan = float("nan")
    table = Table(
        {
            "new": [metrics(0.1, 0.6, nan), metrics(0.1, 0.7, 0.2), metrics(0.1, 0.9, 0.3)],
            "old": [metrics(0.1, 0.5, 0.1), metrics(0.1, 0.5, nan), metrics(0.1, 0.5, 0.4)],
        }
    )
    figures = differences(table, "new", "old")["figures"]
    assert figures["all_cd_l1"]["n"] == 1
    assert figures["all_cd_l1"]["mean"] == pytest.approx(-0.1)
    assert figures["all_cd_l1"]["verdict"] == "unknown"
    assert figures["all_f05"]["mean"] == pytest.approx(0.7 / 3)
    assert figures["all_f05"]["verdict"] == "same", "2.6 standard errors of three samples may be chance"


def result(**more):
    table = Table({"new": [metrics(0.123456), metrics(0.2)], "plane": [metrics(0.5)] * 2})
    return {
        "model": "new", "split": "objects", "n": 2, "source": "seeds", "seeds": 8, "steps": 4, "rows": table.rows(),
        "seconds_per_sample": {"lift": 1.5, "figures": 0.06}, **more,
    }  # fmt: skip


def cells(text, start):
    return [c.strip() for c in next(line for line in text.splitlines() if line.startswith(start)).split("|")[1:-1]]


def test_the_tables_name_every_figure():
    assert set(VISIBLE) | set(COMPLETE) | set(CLIPS) == set(COLUMNS)
    text = as_markdown(result())
    assert "best of 8 seed(s), 4 sampling steps" in text
    head, row = cells(text, "| method"), cells(text, "| new")
    assert dict(zip(head, row))["AbsRel ↓"] == "0.1617"
    assert text.count("| plane |") == 2, "pictures have no table of jitter"
    clip = as_markdown(result(rows=[{"method": "new", "l0_jitter": 0.25}, {"method": "plane"}]))
    head, row = (cells(clip.split("From frame to frame")[1], begins) for begins in ("| method", "| new"))
    assert dict(zip(head, row))["L0 jitter ↓"] == "0.2500"
    assert "minus" not in text
    assert "Worst" not in text


def test_layer_0_alone_is_one_table():
    nan = float("nan")
    unknown = SampleMetrics(
        metrics(0.1).depth, metrics(0.1).layer0, *[Points(nan, nan, nan, nan)] * 2, Jitter(np.nan, np.nan)
    )
    text = as_markdown(result(rows=Table({"new": [unknown]}).rows()))
    assert text.count("| method |") == 1


def test_differences_and_worst_samples_are_told():
    table = Table({"new": [metrics(0.1), metrics(0.2)], "old": [metrics(0.3), metrics(0.41)]})
    worst = [{"sample": "object-1", "l0_absrel": 0.2, "all_cd_l1": 0.1, "file": "out/worst-01-object-1.png"}]
    text = as_markdown(result(differences=[differences(table, "new", "old")], worst=worst))
    assert "new minus old" in text
    assert cells(text, "| L0 AbsRel") == ["L0 AbsRel ↓", "-0.205", "0.005", "2", "better"]
    assert "out/worst-01-object-1.png" in text


@pytest.mark.parametrize(
    ("value", "shown"), [(0.5, "0.5000"), (0.0, "0.0000"), (0.00123456, "0.00123"), (None, "–"), (float("nan"), "–")]
)
def test_figures_show_digits_that_say_something(value, shown):
    assert figure(value) == shown


def case_of(error, layers=6, frames=1, name="a"):
    """A wall with one behind it, and a prediction that is off by `error` on its right half, as a Case and a Fit."""
    near = np.full((24, 32), 2.0) + np.arange(32) / 16
    depth = np.stack([near, near + 1] + [near + 1] * 4)[:layers]
    points = rays(CAMERA) * depth[..., None]
    alpha = np.ones((24, 32), bool)
    alpha[:4] = False
    truth = Truth("scene", np.full((24, 32, 3), 77, np.uint8), alpha, points, CAMERA, None)
    wrong = points.copy()
    wrong[:, :, 16:] *= 1 + error
    wrong[:, 12:14] = np.nan
    reference = Reference(points, alpha, 2.0)
    return Case(name, (truth,) * frames), Fit([wrong] * frames, [reference] * frames)


def test_the_worst_come_first():
    worst = Worst(2)
    for name, error in (("fine", 0.0), ("bad", 0.5), ("poor", 0.2), ("good", 0.05)):
        worst.add(*case_of(error, name=name))
    assert [name for name, _, _ in worst.sheets()] == ["bad", "poor"]
    none = Worst(0)
    none.add(*case_of(0.1))
    assert list(none.sheets()) == []


@pytest.mark.parametrize(("layers", "columns"), [(6, 4), (1, 2)])
def test_a_sheet_shows_truth_prediction_and_error_on_one_scale(layers, columns):
    worst = Worst(1)
    worst.add(*case_of(0.0, layers, frames=3))
    picture = sheet(worst.shown[0])
    cell, step = (192, 256), (192 + 24, 256 + 6)
    assert picture.shape == (66 + 3 * step[0], columns * step[1] + 6, 3)

    def part(row, column):
        top, left = 66 + row * step[0] + 18, 6 + column * step[1]
        return picture[top : top + cell[0], left : left + cell[1]]

    assert (part(0, 0) == 77).all(), "the photo"
    known = np.s_[40:90]
    np.testing.assert_array_equal(part(0, 1)[known], part(1, 1)[known])
    assert np.ptp(part(0, 1)[known].astype(int), axis=(0, 1)).min() > 50, "near is warm, far is cold"
    assert np.ptp(part(2, 1)[known].reshape(-1, 3), axis=0).max() == 0, "no error anywhere"
    none = part(0, 1)[:8]
    assert np.ptp(none.reshape(-1, 3), axis=0).max() == 0
    assert np.array_equal(part(1, 1)[100:104], np.broadcast_to(none[0, 0], (4, 256, 3))), "no prediction, no colour"
    assert 0 < LARGEST_ERROR < 1
