"""The table of `python -m wt eval`: a model and four baselines on samples that nobody trained on.

DESIGN section 3 "Metrics": per-sample alignment, best of K seeds by all-layer CD-L1, means over samples. The model goes
the way of every photo, through `Lifter.lift` (objects with their true mask, scenes without their sky). A lift's grid
is never finer than the photo, so with 192-pixel samples and a lifter of 192 or more, both grids are the same one;
otherwise truth and prediction meet on the sample's grid by nearest pixel.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np

from wt.evaluation.baselines import mean_depth, model_points, plane, repeated
from wt.evaluation.known_depth import guided_by, moved
from wt.evaluation.metrics import SampleMetrics, best_of, sample_metrics, unit_length
from wt.evaluation.samples import Truth
from wt.geometry.layers import LayeredPointmap
from wt.types import Float

LOG = logging.getLogger(__name__)

COLUMNS: dict[str, Callable[[SampleMetrics], float]] = {
    "l0_absrel": lambda m: m.depth.absrel,
    "l0_delta1": lambda m: m.depth.delta1,
    "l0_f05": lambda m: m.layer0.f05,
    "hidden_f05": lambda m: m.hidden.f05,
    "all_f01": lambda m: m.all.f01,
    "all_f05": lambda m: m.all.f05,
    "all_cd_l1": lambda m: m.all.cd_l1,
    "all_cd_l2": lambda m: m.all.cd_l2,
    "l0_mae": lambda m: m.depth.mae,
    "l0_rmse": lambda m: m.depth.rmse,
    "hidden_cd_l1": lambda m: m.hidden.cd_l1,
}
"""Figures of a row; NaN (a Chamfer of an empty set) is left out of the mean."""


@runtime_checkable
class CanLift(Protocol):
    """What is needed of a `wt.lift.Lifter`."""

    name: str

    def lift(
        self, image: Any, mask: Any = None, *, steps: int | None = None, seed: int = 42, **known: Any
    ) -> LayeredPointmap:
        """See `Lifter.lift`."""
        ...


@dataclass
class Table:
    """What has been measured so far: method -> one entry a sample."""

    methods: dict[str, list[SampleMetrics]] = field(default_factory=dict)
    lift_seconds: list[float] = field(default_factory=list)

    def add(self, method: str, found: SampleMetrics) -> None:
        """One sample of one method."""
        self.methods.setdefault(method, []).append(found)

    def rows(self) -> list[dict[str, Any]]:
        """One row a method, the model first."""
        return [{"method": name, **mean_figures(found)} for name, found in self.methods.items()]


def evaluate(
    lifter: CanLift,
    samples: Iterable[Truth],
    *,
    seeds: int = 1,
    steps: int | None = None,
    stored_mean: Float[np.ndarray, "layers g g"] | None = None,
    total: int | None = None,
    depths: Sequence[str] = (),
) -> Table:
    """Measure the model and the baselines on every sample; `mean-depth` only where `stored_mean` is given.

    Each of `depths` (see `wt.evaluation.known_depth`) adds the model with that known depth, and its plain stretch.
    """
    table = Table()
    for done, truth in enumerate(samples, start=1):
        unit = unit_length(truth.points, truth.alpha, truth.kind)
        began = time.perf_counter()
        lifts = [lift_points(lifter, truth, seed, steps) for seed in range(seeds)]
        table.lift_seconds.append((time.perf_counter() - began) / seeds)
        table.add(lifter.name, best_of([measure(points, truth, unit) for points in lifts]))
        for kind in depths:
            known = guided_by(truth, kind, done)
            guided = [lift_points(lifter, truth, seed, steps, **known) for seed in range(seeds)]
            table.add(f"{lifter.name} +depth {kind}", best_of([measure(points, truth, unit) for points in guided]))
            plain = [moved(points, known["depth"], truth) for points in lifts]
            table.add(f"moved +depth {kind}", best_of([measure(points, truth, unit) for points in plain]))
        table.add("plane", measure(plane(truth), truth, unit))
        if stored_mean is not None:
            table.add("mean-depth", measure(mean_depth(truth, stored_mean), truth, unit))
        table.add("own-visible", best_of([measure(repeated(points), truth, unit) for points in lifts]))
        table.add("visible-truth", measure(repeated(truth.points), truth, unit))
        LOG.info("eval: sample %d%s", done, f" of {total}" if total else "")
    return table


def lift_points(
    lifter: CanLift, truth: Truth, seed: int, steps: int | None, **known: Any
) -> Float[np.ndarray, "layers h w 3"]:
    """One lift of a sample's picture, with what is known of it, on the sample's grid."""
    mask = None if truth.kind == "scene" and truth.alpha.all() else truth.alpha
    return model_points(lifter.lift(truth.rgb, mask, steps=steps, seed=seed, **known), truth)


def measure(points: Float[np.ndarray, "layers h w 3"], truth: Truth, unit: float) -> SampleMetrics:
    """All figures of one method on one sample."""
    return sample_metrics(points, truth.points, truth.alpha, unit=unit)


def mean_figures(found: list[SampleMetrics]) -> dict[str, float]:
    """Means over samples of every column."""
    figures = {}
    for name, read in COLUMNS.items():
        values = np.array([read(metrics) for metrics in found])
        values = values[np.isfinite(values)]
        figures[name] = float(values.mean()) if len(values) else float("nan")
    return figures
