"""What a corpus holds: coverage of the layers (the paper's Table 5), depths, and how much of it is sky.

Coverage is the share of a view's pixels, background included, that have a surface in a layer. As in the paper's table,
its mean and percentiles are over the views that have any pixel in the layer, and the last column counts those.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from wt.data.shards import ClipFolder, Kind, ShardFolder
from wt.errors import WtError
from wt.types import Float

PIXELS = 512
"""Pixels of a view that stand for its depths."""
DEPTH_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)


def corpus_stats(views: Iterable[Float[np.ndarray, "layers h w"]]) -> dict[str, Any]:
    """Measure views one after the other; depth 0 is no surface.

    Returns:
        `views`; `layers`: rows of `layer`, `mean`, `median`, `p25`, `p75`, `p90` (per cent), `valid_views` and
        `mean_of_all` (per cent, over all views, empty ones too); `depth`: quantile -> z of layer 0; `span`: the same of
        last over first surface along a ray; `empty`: share of pixels without any surface (sky, or an object's
        background).

    Raises:
        WtError: no view.
    """
    rng = np.random.default_rng(0)
    coverage: list[np.ndarray] = []
    near: list[np.ndarray] = []
    span: list[np.ndarray] = []
    for depth in views:
        coverage.append((depth > 0).mean(axis=(1, 2)))
        rays = depth.reshape(len(depth), -1).astype(np.float32)
        rays = rays[:, rays[0] > 0]
        if rays.shape[1]:
            rays = rays[:, rng.integers(0, rays.shape[1], PIXELS)]
            near.append(rays[0])
            span.append(rays.max(axis=0) / rays[0])
    if not coverage:
        raise WtError("There is no view to measure.")
    covered = np.stack(coverage)
    return {
        "views": len(covered),
        "layers": [_layer_row(layer, 100 * covered[:, layer]) for layer in range(covered.shape[1])],
        "depth": _quantiles(near),
        "span": _quantiles(span),
        "empty": float(1 - covered[:, 0].mean()),
    }


def stored_depths(folder: str | Path, kind: Kind) -> Iterator[Float[np.ndarray, "layers h w"]]:
    """The depth of every view in a folder of shards, a clip's frames one by one.

    Raises:
        WtError: no shard of that kind.
    """
    shards: ClipFolder | ShardFolder = ClipFolder(folder) if kind == "clip" else ShardFolder(folder, kind)
    if not len(shards):
        raise WtError(f"No {kind} shards in {folder}. Make some: python -m wt data generate --kind {kind}s.")
    for i in range(len(shards)):
        depth = shards[i].depth
        yield from depth.reshape(-1, *depth.shape[-3:])


def as_markdown(kind: Kind, found: dict[str, Any]) -> str:
    """The table as the paper prints it, and a line for the rest."""
    lines = [
        f"Valid pixels per layer, {kind}s, {found['views']} views",
        "",
        "| Layer | Mean (%) | Median (%) | P25 (%) | P75 (%) | P90 (%) | Valid views |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in found["layers"]:
        shares = " | ".join(f"{row[name]:.2f}" for name in ("mean", "median", "p25", "p75", "p90"))
        lines.append(f"| {row['layer']} | {shares} | {row['valid_views']} |")
    where = "sky" if kind == "scene" else "background"
    lines += ["", f"{100 * found['empty']:.1f} % of the pixels are {where}."]
    for name, text in (("depth", "Depth of layer 0"), ("span", "Last surface over first")):
        lines.append(f"{text}: " + ", ".join(f"{q} {value:.3g}" for q, value in found[name].items()) + ".")
    return "\n".join(lines) + "\n"


def _layer_row(layer: int, percent: np.ndarray) -> dict[str, Any]:
    valid = percent[percent > 0]
    p25, median, p75, p90 = np.percentile(valid, (25, 50, 75, 90)) if len(valid) else np.zeros(4)
    mean = float(valid.mean()) if len(valid) else 0.0
    row = {"mean": mean, "median": median, "p25": p25, "p75": p75, "p90": p90}
    counted = {"valid_views": len(valid), "mean_of_all": round(float(percent.mean()), 4)}
    return {"layer": f"L{layer}", **{name: round(float(value), 4) for name, value in row.items()}, **counted}


def _quantiles(values: list[np.ndarray]) -> dict[str, float]:
    """Quantile ("p50") -> value; nothing where there are no values."""
    if not values:
        return {}
    found = np.quantile(np.concatenate(values), DEPTH_QUANTILES)
    return {f"p{round(100 * q):02d}": round(float(value), 4) for q, value in zip(DEPTH_QUANTILES, found)}
