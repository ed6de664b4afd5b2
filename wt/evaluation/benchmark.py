"""The table of `python -m wt eval`: a model, others beside it, and four baselines, on samples that nobody trained on.

DESIGN section 3 "Metrics": per-sample alignment, best of K seeds by all-layer CD-L1, means over samples. The model goes
the way of every photo, through `Lifter.lift` (objects with their true mask, scenes without their sky). A lift's grid
is never finer than the photo, so with 192-pixel samples and a lifter of 192 or more, both grids are the same one;
otherwise truth and prediction meet on the sample's grid by nearest pixel.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np

from wt.evaluation.baselines import mean_depth, model_points, plane, repeated
from wt.evaluation.jitter import median
from wt.evaluation.known_depth import guided_by, moved
from wt.evaluation.metrics import Fit, Reference, SampleMetrics, best_of, unit_length
from wt.evaluation.samples import Case
from wt.geometry.layers import LayeredPointmap
from wt.geometry.steady import steadied
from wt.preprocess import CROP_FILL
from wt.types import Float

LOG = logging.getLogger(__name__)
STEADY = " +steady"
"""Ends the names of the rows of clips made steady."""
Frames = list[np.ndarray]
"""Points [layers, h, w, 3] of every frame of a sample; a picture is one frame."""
FRAME_SEED = 1_000_003
"""Between the seeds of the noise of known depth from one frame of a clip to the next."""

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
    "l0_delta2": lambda m: m.depth.delta2,
    "l0_delta3": lambda m: m.depth.delta3,
    "l0_f01": lambda m: m.layer0.f01,
    "l0_cd_l1": lambda m: m.layer0.cd_l1,
    "l0_cd_l2": lambda m: m.layer0.cd_l2,
    "hidden_f01": lambda m: m.hidden.f01,
    "hidden_cd_l2": lambda m: m.hidden.cd_l2,
    "l0_jitter": lambda m: m.jitter.layer0,
    "all_jitter": lambda m: m.jitter.all,
}
"""Figures of a row; NaN (Chamfer of an empty set, unknown hidden layers, jitter of pictures) is no part of the mean."""


@runtime_checkable
class CanLift(Protocol):
    """What is needed of a `wt.lift.Lifter`."""

    name: str

    @property
    def lift(self) -> Callable[..., LayeredPointmap]:
        """See `Lifter.lift`."""
        ...


@runtime_checkable
class CanLiftClips(Protocol):
    """What lifts the frames of a clip together."""

    def lift_clip(
        self, frames: Any, masks: Any = None, *, steps: int | None = None, seed: int = 42
    ) -> list[LayeredPointmap]:
        """One lift a frame, sharing one crop."""
        ...


@dataclass
class Table:
    """What has been measured so far: method -> one entry a sample."""

    methods: dict[str, list[SampleMetrics]] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    """Of the samples."""
    lift_seconds: list[float] = field(default_factory=list)
    """Of one lift by the model (of all frames of a clip), sample by sample."""
    figure_seconds: float = 0.0
    """Spent on alignment, point sets and errors, of all methods and samples together."""

    def add(self, method: str, references: Sequence[Reference], candidates: Sequence[Frames]) -> Fit:
        """The best of some predictions of one sample by one method."""
        began = time.perf_counter()
        best = best_of([Fit(points, references) for points in candidates])
        self.methods.setdefault(method, []).append(best.metrics())
        self.figure_seconds += time.perf_counter() - began
        return best

    def rows(self) -> list[dict[str, Any]]:
        """One row a method, the model first."""
        return [{"method": name, **mean_figures(found)} for name, found in self.methods.items()]

    def costs(self) -> dict[str, float]:
        """Median seconds of a lift, and mean seconds of the figures of one method on one sample."""
        entries = sum(len(found) for found in self.methods.values())
        return {"lift": float(np.median(self.lift_seconds)), "figures": self.figure_seconds / max(entries, 1)}


def evaluate(
    lifter: CanLift,
    cases: Iterable[Case],
    *,
    against: Mapping[str, CanLift] | None = None,
    seeds: int = 1,
    steps: int | None = None,
    stored_mean: Float[np.ndarray, "layers g g"] | None = None,
    crop_fill: float = CROP_FILL,
    total: int | None = None,
    depths: Sequence[str] = (),
    steady: bool = False,
    on_case: Callable[[Case, Fit], None] | None = None,
    on_steady: Callable[[Case, Fit, Fit], None] | None = None,
) -> Table:
    """Measure the model and the baselines on every sample.

    Args:
        lifter: the model; its name is its row.
        cases: the samples, each of which is asked for once.
        against: other models by the names of their rows, lifted with the same seeds.
        seeds: lifts of each sample, of which the best counts.
        steps: sampling steps; each model's default if None.
        stored_mean: the training set's mean depth, objects in a crop of which they take `crop_fill`; without it there
            is no row `mean-depth`. Where layer 0 alone is known, the two rows of repeated layers are left out.
        total: of the cases, for the log.
        depths: each (see `wt.evaluation.known_depth`) adds the model with that known depth, and its plain stretch.
        steady: every model has another row for clips, their depth made steady (`wt.geometry.steady`).
        on_case: given every case with the model's fit.
        on_steady: given every clip with the model's fit as it was and made steady.
    """
    table = Table()
    for done, case in enumerate(cases, start=1):
        frames, references = case.frames, references_of(case)
        began = time.perf_counter()
        lifts = [lift_case(lifter, case, seed, steps) for seed in range(seeds)]
        table.lift_seconds.append((time.perf_counter() - began) / seeds)
        table.names.append(case.name)
        best = table.add(lifter.name, references, lifts)
        found = {lifter.name: lifts}
        for name, other in (against or {}).items():
            found[name] = [lift_case(other, case, seed, steps) for seed in range(seeds)]
            table.add(name, references, found[name])
        if steady and len(frames) > 1:
            for name, made in found.items():
                alphas, pictures = [truth.alpha for truth in frames], [truth.rgb for truth in frames]
                calm = [steadied(points, alphas, pictures) for points in made]
                fit = table.add(f"{name}{STEADY}", references, calm)
                if on_steady is not None and name == lifter.name:
                    on_steady(case, best, fit)
        for kind in depths:
            known = [guided_by(truth, kind, done + FRAME_SEED * n) for n, truth in enumerate(frames)]
            guided = [lift_case(lifter, case, seed, steps, known) for seed in range(seeds)]
            table.add(f"{lifter.name} +depth {kind}", references, guided)
            plain = [[moved(p, k["depth"], t) for p, k, t in zip(points, known, frames)] for points in lifts]
            table.add(f"moved +depth {kind}", references, plain)
        table.add("plane", references, [[plane(truth) for truth in frames]])
        if stored_mean is not None:
            means = [mean_depth(truth, stored_mean, crop_fill) for truth in frames]
            table.add("mean-depth", references, [means])
        if len(frames[0].points) > 1:
            table.add("own-visible", references, [[repeated(p) for p in points] for points in lifts])
            table.add("visible-truth", references, [[repeated(truth.points) for truth in frames]])
        if on_case is not None:
            on_case(case, best)
        LOG.info("eval: sample %d%s", done, f" of {total}" if total else "")
    return table


def references_of(case: Case) -> list[Reference]:
    """The truth of every frame; the frames of a clip share one unit, the median of theirs."""
    units = [unit_length(truth.points, truth.alpha, truth.kind) for truth in case.frames]
    return [Reference(truth.points, truth.alpha, float(np.median(units))) for truth in case.frames]


def lift_case(
    lifter: CanLift, case: Case, seed: int, steps: int | None, known: Sequence[dict[str, Any]] | None = None
) -> Frames:
    """One lift of a sample's pictures, with what is known of each, on the sample's grid.

    A clip is lifted at once by a model that can (and frame by frame with known depth).
    """
    if len(case.frames) > 1 and isinstance(lifter, CanLiftClips) and known is None:
        pictures, masks = [truth.rgb for truth in case.frames], [truth.mask for truth in case.frames]
        lifts = lifter.lift_clip(pictures, masks, steps=steps, seed=seed)
        return [model_points(lift, truth) for lift, truth in zip(lifts, case.frames, strict=True)]
    extra = known or [{}] * len(case.frames)
    return [
        model_points(lifter.lift(truth.rgb, truth.mask, steps=steps, seed=seed, **more), truth)
        for truth, more in zip(case.frames, extra)
    ]


def mean_figures(found: list[SampleMetrics]) -> dict[str, float]:
    """Means over samples of every column, and the median jitter of all pixels and frames of all clips."""
    figures = {}
    for name, read in COLUMNS.items():
        values = np.array([read(metrics) for metrics in found])
        values = values[np.isfinite(values)]
        figures[name] = float(values.mean()) if len(values) else float("nan")
    figures["l0_jitter_pooled"] = median([metrics.jitter.errors for metrics in found])
    return figures
