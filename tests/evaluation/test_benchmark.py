"""The table: baselines that can be worked out, a lifter that knows the answer, and the card."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))
from tiny_shards import ball_and_wall, write_shards

from wt.data.source import Source
from wt.evaluation.baselines import mean_depth, plane, repeated
from wt.evaluation.benchmark import evaluate, mean_figures
from wt.evaluation.card import card_text
from wt.evaluation.compare import differences
from wt.evaluation.known_depth import given_depth
from wt.evaluation.metrics import sample_metrics, unit_length
from wt.evaluation.samples import Case, truth_of
from wt.evaluation.splits import held_out
from wt.geometry.camera import pixel_centres, project, rays
from wt.geometry.layers import LayeredPointmap
from wt.model.config import mini
from wt.scene.scene import to_grid
from wt.training.dataset import SampleStream, Sampling, statistics

SIDE = 64


def truth(kind="scene", seed=0):
    made = ball_and_wall(np.random.default_rng(seed), SIDE, kind)
    return truth_of(Source(made["rgb"], made["depth"], made["K"]), kind)


def cases(samples):
    return [Case(f"sample-{n}", (sample,)) for n, sample in enumerate(samples)]


class Knows:
    """Lifts to the truth in a gauge of its own; every other seed gets the hidden layers wrong."""

    name, kind, default_steps = "knows", "scene", 1

    def __init__(self, samples, grid=SIDE):
        self.by_photo = {sample.rgb.tobytes(): sample for sample in samples}
        self.grid = grid

    def lift(self, rgb, mask=None, *, steps=None, seed=42, depth=None, intrinsics=None):
        sample = self.by_photo[rgb.tobytes()]
        if depth is not None:
            known = np.where(sample.alpha, depth, 1.0)[..., None]
            points = sample.points * (known / np.where(sample.alpha, sample.points[0, ..., 2], 1.0)[..., None])
            return LayeredPointmap(points.astype(np.float32), sample.alpha, sample.rgb, "metres", intrinsics)
        points = rays(sample.intrinsics) * (0.3 * sample.points[..., 2:] + 0.05)
        if seed % 2 == 0:
            points[1:] *= 1.6
        layers = LayeredPointmap(points.astype(np.float32), sample.alpha, sample.rgb, "relative", sample.intrinsics)
        return to_grid(layers, sample.intrinsics.resized(self.grid, self.grid), 6)


def test_truth_lies_on_its_pixels_and_is_filled():
    for kind in ("scene", "object"):
        sample = truth(kind)
        for layer in sample.points:
            error = project(layer[sample.alpha], sample.intrinsics) - pixel_centres(SIDE, SIDE)[sample.alpha]
            assert np.abs(error).max() < 1e-9
        assert (np.diff(sample.points[..., 2], axis=0)[:, sample.alpha] >= 0).all()
    assert sample.alpha.mean() < 0.6
    assert (sample.points[:, ~sample.alpha] == 0).all()


def test_a_plane_is_the_best_constant():
    sample = truth()
    found = sample_metrics(plane(sample), sample.points, sample.alpha, unit=1.0)
    depth = sample.points[0, ..., 2]
    assert found.depth.rmse == pytest.approx(depth.std())
    assert found.depth.absrel == pytest.approx((np.abs(depth - depth.mean()) / depth).mean())
    assert found.hidden.f05 == 0


def test_mean_depth_of_a_data_set_of_one_is_that_sample(tmp_path):
    """The trainer's statistics and the baseline agree about grid, crop and logarithm."""
    for kind in ("scene", "object"):
        folder = write_shards(tmp_path / kind, kind, count=1)
        sampling = Sampling(kind, 28, 28, mini(kind).coordinates(), augment=False)
        stored = statistics(SampleStream(folder, kind, np.random.default_rng(0)), sampling).mean_depth
        (sample,) = next(held_out(f"{kind}s", 1, folder)).frames
        found = mean_depth(sample, stored)
        error = project(found[0], sample.intrinsics) - pixel_centres(192, 192)
        assert np.abs(error).max() < 1e-6
        figures = sample_metrics(found, sample.points, sample.alpha, unit=1.0).depth
        flat = sample_metrics(plane(sample), sample.points, sample.alpha, unit=1.0).depth
        assert figures.absrel < 0.25 * flat.absrel, "but for edges, which a 28 x 28 grid blurs"


def test_the_table_of_a_lifter_that_knows():
    samples = [truth(seed=seed) for seed in range(2)]
    rows = evaluate(Knows(samples), cases(samples), seeds=2, stored_mean=np.zeros((6, 28, 28), np.float32)).rows()
    by_name = {row["method"]: row for row in rows}
    assert list(by_name) == ["knows", "plane", "mean-depth", "own-visible", "visible-truth"]
    ours, visible = by_name["knows"], by_name["visible-truth"]
    assert ours["l0_absrel"] < 1e-5
    assert ours["all_f01"] > 0.999, "seed 1 is right and wins, seed 0 is wrong"
    assert ours["hidden_f05"] > 0.999
    assert by_name["own-visible"]["all_f05"] == pytest.approx(visible["all_f05"], abs=1e-3)
    assert visible["l0_f05"] == 1
    assert visible["hidden_f05"] == 0
    assert visible["all_f05"] < 1
    assert by_name["plane"]["l0_absrel"] > 0.05
    assert np.isnan(by_name["plane"]["hidden_cd_l1"]), "no hidden surface in any sample"


def test_one_seed_is_one_seed_and_no_mean_is_no_row():
    samples = [truth()]
    rows = evaluate(Knows(samples), cases(samples), seeds=1).rows()
    assert [row["method"] for row in rows] == ["knows", "plane", "own-visible", "visible-truth"]
    assert rows[0]["hidden_f05"] < 0.5


def test_a_coarser_lifter_meets_the_truth_on_the_samples_grid():
    samples = [truth()]
    row = evaluate(Knows(samples, grid=32), cases(samples), seeds=2).rows()[0]
    assert row["l0_absrel"] < 0.03
    assert row["all_f05"] > 0.9


def test_means_leave_out_what_does_not_exist():
    sample = truth()
    unit = unit_length(sample.points, sample.alpha, "scene")
    whole = sample_metrics(sample.points, sample.points, sample.alpha, unit=unit)
    flat = sample_metrics(repeated(sample.points), sample.points, sample.alpha, unit=unit)
    figures = mean_figures([whole, flat])
    assert figures["hidden_f05"] == pytest.approx(0.5)
    assert figures["hidden_cd_l1"] == 0


def test_a_card_says_what_was_done():
    training = {
        "data": "64 renderings",
        "steps": 1200,
        "samples": 9600,
        "seconds": 1800,
        "device": "CPU",
        "commit": "abc",
    }
    training["history"] = [
        {"recipe": "r", "device": "CPU", "samples": 1},
        {"recipe": "r", "device": "GPU", "samples": 2},
    ]
    rows = [
        {"method": "wt-s-mini", "l0_absrel": 0.1234},
        {"method": "plane", "l0_absrel": 0.5, "all_cd_l1": float("nan")},
    ]
    text = card_text("wt-s-mini", mini("scene"), training, rows, {"split": "scenes", "n": 64, "seeds": 1, "steps": 8})
    for part in ("| samples | 9 600 |", "| commit | abc |", "| wt-s-mini | 0.1234 |", "GPU", "--resume", "nan" * 0):
        assert part in text
    assert "nan" not in text


def test_known_depth_has_rows_of_its_own():
    """A lifter that puts the truth behind the depth it is given: perfect with the true one, 5 % off with the other."""
    samples = [truth(seed=seed) for seed in range(2)]
    rows = {row["method"]: row for row in evaluate(Knows(samples), cases(samples), depths=("true", "noisy5")).rows()}
    assert rows["knows +depth true"]["l0_absrel"] < 1e-5
    assert rows["knows +depth true"]["hidden_f05"] > 0.99
    assert rows["moved +depth true"]["l0_absrel"] < 1e-5
    assert rows["moved +depth true"]["hidden_f05"] < rows["knows +depth true"]["hidden_f05"]
    assert 0.02 < rows["knows +depth noisy5"]["l0_absrel"] <= 0.055
    for seed in (1, 2):
        noisy = given_depth(samples[0], "noisy5", seed)
        error = np.abs(noisy / samples[0].points[0, ..., 2] - 1)[samples[0].alpha]
        assert error.mean() == pytest.approx(0.05, rel=1e-3)


class KnowsClips(Knows):
    """Sees all frames at once: only then are hidden layers right."""

    def lift_clip(self, frames, masks=None, *, steps=None, seed=42):
        assert len(frames) == len(masks)
        return [self.lift(frame, mask, steps=steps, seed=1) for frame, mask in zip(frames, masks)]


def test_a_clip_is_lifted_at_once_by_a_model_that_can():
    frames = tuple(truth("object", seed) for seed in range(3))
    clip = [Case("clip", frames)]
    rows = {name: evaluate(kind(frames), clip).rows()[0] for name, kind in (("one", Knows), ("all", KnowsClips))}
    assert rows["all"]["hidden_f05"] > 0.999
    assert rows["one"]["hidden_f05"] < 0.9
    assert rows["one"]["l0_absrel"] < 1e-5, "one gauge fits all frames"


def test_a_clip_made_steady_has_a_row_of_its_own():
    frames = tuple(truth("object", seed) for seed in range(2))
    table = evaluate(KnowsClips(frames), [Case("clip", frames)], steady=True)
    rows = {row["method"]: row for row in table.rows()}
    assert np.isfinite(rows["knows +steady"]["l0_jitter"])
    assert rows["knows +steady"]["l0_absrel"] != rows["knows"]["l0_absrel"]
    still = evaluate(Knows(frames[:1]), [Case("picture", frames[:1])], steady=True)
    assert "knows +steady" not in still.methods


def test_other_models_stand_beside_the_first_one():
    samples = [truth(seed=seed) for seed in range(3)]
    seen = []
    table = evaluate(
        Knows(samples),
        cases(samples),
        seeds=2,
        against={"coarse": Knows(samples, grid=32)},
        on_case=lambda case, fit: seen.append((case.name, fit.depth.absrel)),
    )
    rows = table.rows()
    assert [row["method"] for row in rows][:2] == ["knows", "coarse"]
    assert rows[0]["l0_absrel"] < rows[1]["l0_absrel"]
    assert [name for name, _ in seen] == table.names == ["sample-0", "sample-1", "sample-2"]
    assert max(absrel for _, absrel in seen) < 1e-5
    gap = differences(table, "coarse", "knows")["figures"]["l0_absrel"]
    assert gap["mean"] == pytest.approx(rows[1]["l0_absrel"] - rows[0]["l0_absrel"])
    assert set(table.costs()) == {"lift", "figures"}


def test_layer_0_alone_has_no_rows_of_repeated_layers():
    made = ball_and_wall(np.random.default_rng(0), SIDE, "scene")
    frame = truth_of(Source(made["rgb"], made["depth"], made["K"], single=True), "scene")
    assert frame.mask is None
    rows = evaluate(Knows([frame]), cases([frame])).rows()
    assert [row["method"] for row in rows] == ["knows", "plane"]
    assert np.isnan(rows[0]["all_f05"])
    assert rows[0]["l0_absrel"] < 1e-5
