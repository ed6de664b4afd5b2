"""The parts of the benchmarks that compute something."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
import torch

FOLDER = Path(__file__).resolve().parent.parent / "benchmarks"


def benchmark(name: str) -> ModuleType:
    """A benchmark script as a module."""
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.filterwarnings("ignore::ImportWarning")  # Open3D's, where there is no GPU
def test_a_rooms_corner_lies_on_three_planes_and_a_ball_does_not() -> None:
    rng = np.random.default_rng(0)
    u, v = rng.uniform(0, 1, (2, 3000))
    walls = [np.stack(axes, axis=1) for axes in ((u, v, 0 * u), (u, 0 * u, v), (0 * u, u, v))]
    corner = np.concatenate(walls) + np.array([0, 0, 2.0])
    photos = benchmark("photos")
    assert photos.planar_share(corner) == pytest.approx(1.0, abs=0.01)
    around = rng.normal(size=(5000, 3))
    ball = around / np.linalg.norm(around, axis=1, keepdims=True) + np.array([0, 0, 4.0])
    # A slab of thickness 2 d about a unit ball's middle holds the share d of its surface: three of 0.08 at most.
    assert photos.planar_share(ball) < 3 * 0.08 + 0.05


def test_medians_are_taken_kind_by_kind_and_skip_what_is_unknown() -> None:
    rows = [{"kind": "scene", "seconds": s, "floor_tilt_deg": t} for s, t in ((1.0, None), (3.0, 4.0), (2.0, 6.0))]
    assert benchmark("photos").medians(rows) == {"scene": {"seconds": 2.0, "floor_tilt_deg": 5.0}}


def test_a_run_is_done_by_its_curve_and_its_model(tmp_path: Path) -> None:
    ablations = benchmark("ablations")
    assert ablations.steps_done(tmp_path) == 0
    (tmp_path / "curve.jsonl").write_text("".join(json.dumps({"step": n}) + "\n" for n in (1, 2, 7)))
    assert ablations.steps_done(tmp_path) == 0
    (tmp_path / "model.safetensors").touch()
    assert ablations.steps_done(tmp_path) == 7


def test_the_table_of_ablations_shows_differences_beside_figures() -> None:
    ablations = benchmark("ablations")
    figures = dict.fromkeys(ablations.COLUMNS, 0.5)
    gap = {column: {"mean": -0.1, "se": 0.02} for column in ablations.COLUMNS}
    text = ablations.as_markdown(
        {"rows": [{"variant": "plain", **figures}, {"variant": "no-ray", **figures, "minus_plain": gap}]}
    )
    head, rule, plain, other = text.splitlines()
    assert head.count("|") == rule.count("|") == plain.count("|") == other.count("|")
    assert "0.5000 (-0.1000 ± 0.0200)" in other
    assert "(" not in plain


def test_the_distance_between_ends_of_the_flow_counts_valid_points_in_deviations() -> None:
    samplers = benchmark("samplers")
    reference = torch.randn(1, 6, 8, 8, 3, generator=torch.Generator().manual_seed(0))
    weight = torch.zeros(1, 8, 8)
    weight[:, 2:] = 1
    batch = SimpleNamespace(weight=weight)
    moved = reference + (weight == 0)[:, None, :, :, None] * 100.0
    assert samplers.distance(moved, reference, batch) == 0
    assert samplers.distance(reference + 0.1, reference, batch) == pytest.approx(0.1, rel=0.05)
    report = {"rows": [{"sampler": "heun", "steps": 2, "evaluations": 3, "distance": 0.5, "l0_absrel": 0.1}]}
    assert samplers.as_markdown(report).splitlines()[-1] == "| heun | 2 | 3 | 0.5000 | 0.1000 |"


def test_linear_layers_run_in_float32_inside_and_as_before_after() -> None:
    in_float32 = benchmark("speed").in_float32
    torch.manual_seed(0)
    net, x = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.GELU(), torch.nn.Linear(64, 4)), torch.randn(8, 64)
    exact = net(x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        before = net(x)
        with in_float32(net, "cpu"):
            inside = net(x)
        after = net(x)
    assert torch.equal(inside, exact)
    assert torch.equal(before, after)
    assert not torch.equal(before.float(), exact)


def test_bytes_alive_are_counted_while_they_are_held() -> None:
    AliveBytes = benchmark("memory").AliveBytes
    given = torch.randn(1000)
    with AliveBytes() as alive:
        kept = given + 1
        for _ in range(5):
            del kept
            kept = given * 2
        view = kept[10:]
        assert alive.now == 4000
    assert 4000 <= alive.peak <= 8000
    assert len(view) == 990


def test_what_a_removal_reveals_is_measured_in_the_region_alone_after_alignment_outside() -> None:
    removal = benchmark("removal")
    rng = np.random.default_rng(0)
    truth = rng.uniform(2, 5, (60, 80))
    mask = np.zeros((60, 80), dtype=bool)
    mask[20:40, 20:50] = True
    truth[25, 25] = np.nan  # sky
    pair = SimpleNamespace(room_depth=truth, mask=mask)
    lifted = (np.where(np.isnan(truth), 3.0, truth) - 0.5) / 3
    assert removal.errors(lifted, pair) == pytest.approx((0.0, 1.0), abs=1e-9)
    off = np.where(mask, (1.2 * truth - 0.5) / 3, lifted)
    assert removal.errors(off, pair) == pytest.approx((0.2, 0.0), abs=1e-9)
    assert removal.errors(np.where(mask, np.nan, lifted), pair) == pytest.approx((1.0, 0.0))


def test_outlines_are_filled_by_the_even_odd_rule() -> None:
    segmentation = benchmark("segmentation")
    square = [[[10, 20], [50, 20], [50, 60], [10, 60]], [[20, 30], [40, 30], [40, 50], [20, 50]]]
    mask = segmentation.outlined(square, (80, 100))
    v, u = np.mgrid[:80, :100] + 0.5
    ring = (abs(u - 30) < 20) & (abs(v - 40) < 20) & ~((abs(u - 30) < 10) & (abs(v - 40) < 10))
    # A pixel that an outline runs through may be in or out.
    clear = (abs(abs(u - 30) - 20) > 1) & (abs(abs(v - 40) - 20) > 1) & (abs(abs(u - 30) - 10) > 1)
    clear &= abs(abs(v - 40) - 10) > 1
    assert (mask[clear] == ring[clear]).all()
    assert segmentation.deepest(ring & (u > 40) & (abs(v - 40) < 5)) == pytest.approx((45, 40), abs=1.5)


def test_selection_is_scored_on_the_shown_mask_the_best_one_and_after_corrections() -> None:
    segmentation = benchmark("segmentation")
    truth = np.zeros((40, 60), dtype=bool)
    truth[10:30, 20:40] = True
    half = truth & (np.arange(60) < 30)

    class Corrected:
        """Shows the left half until a click inside the right half says that it is missing."""

        asked: ClassVar[list[int]] = []

        def predict(self, points=(), box=None):
            self.asked.append(len(points))
            told = any(x > 30 and good for x, _, good in points[1:])
            masks = (half, truth, truth if told or box else half)
            return [SimpleNamespace(mask=mask) for mask in masks]

    thing = segmentation.Thing("square", truth, (25.0, 20.0))
    rows = segmentation.scores(Corrected(), thing, np.random.default_rng(0))
    assert rows == [(0.5, 1.0), (0.5, 1.0), (1.0, 1.0), (1.0, 1.0)]
    first, second = segmentation.three_clicks(Corrected(), thing)
    assert first == (25.0, 20.0, True)
    assert second[0] == pytest.approx(35, abs=1)
    assert second[2] is True


def test_photos_that_are_not_here_are_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = [
        {"photo": name, "name": "thing", "click": [3, 4], "polygon": [[[0, 0], [9, 0], [9, 9]]]}
        for name in ("gone.jpg", "skimage:chelsea")
    ]
    (tmp_path / "list.json").write_text(json.dumps(rows))
    with caplog.at_level("INFO"):
        found = list(benchmark("segmentation").real_photos(tmp_path / "list.json", tmp_path))
    assert [picture.name for picture in found] == ["skimage:chelsea"]
    assert found[0].rgb.shape == (300, 451, 3)
    assert "gone.jpg is not here: 1 objects left out" in caplog.text
