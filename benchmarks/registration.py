"""How well a lifted object lands in a scene: `python benchmarks/registration.py [--limit N] --json`.

`truth`: exact geometry under random unknown scales (and z-shifts of the object), so any error is the solve's own.
`embedded`: the shipped models on rendered rooms with and without an object, ours beside three rival placements.
"""

import argparse
import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from analytic import Case, random_case  # noqa: E402

from wt.errors import WtError  # noqa: E402
from wt.geometry.camera import Intrinsics, unproject  # noqa: E402
from wt.geometry.fit_intrinsics import fit_intrinsics  # noqa: E402
from wt.geometry.layers import LayeredPointmap, forward_fill  # noqa: E402
from wt.scene.place import place  # noqa: E402
from wt.scene.scene import Scene  # noqa: E402

METHODS = ("ours", "scale-only", "affine", "untouched")
TRUTH_CASES = 200
EMBEDDED_CASES = 24
MAX_SHIFT = 0.25
"""Largest z-shift of the truth part, as a share of the object's distance."""
log = logging.getLogger("registration")


def main() -> None:
    """Parse, measure, print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=int, help="cases of each part (default: 200 exact, 24 embedded)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--part", choices=["both", "truth", "embedded"], default="both")
    parser.add_argument("--windows", type=int, help="windows a lift, of the embedded part (default: the models' own)")
    parser.add_argument("--json", action="store_true", help="compact output")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    started = time.perf_counter()
    report: dict[str, Any] = {}
    if options.part != "embedded":
        report |= truth(options.limit or TRUTH_CASES, options.seed)
    if options.part != "truth":
        from registration_embedded import embedded

        report |= embedded(options.limit or EMBEDDED_CASES, options.seed, METHODS, options.windows)
    report["seconds"] = round(time.perf_counter() - started, 1)
    print(json.dumps(report, indent=None if options.json else 2))


def truth(count: int, seed: int) -> dict[str, Any]:
    """Errors over object size with exact geometry: unknown scales, then an unknown z-shift of the object as well."""
    errors: dict[str, list[float]] = {"scale": [], "scale_shift": []}
    rivals: dict[str, dict[str, list[float]]] = {name: {m: [] for m in METHODS} for name in errors}
    for index in range(count):
        rng = np.random.default_rng([seed, index])
        case = random_case(rng)
        shift = float(rng.uniform(-MAX_SHIFT, MAX_SHIFT) * np.nanmedian(case.thing[0]))
        for name, moved in (("scale", 0.0), ("scale_shift", shift)):
            scene, edited, thing = exact_lifts(case, rng, z_shift=moved)
            for method in METHODS:
                rivals[name][method].append(point_error(case, scene, edited, thing, method))
            errors[name].append(rivals[name]["ours"][-1])
    log.info("truth: %d cases", count)
    return {
        "truth": {name: quantiles(values) for name, values in errors.items()},
        "truth_methods": {n: {m: quantiles(v) for m, v in by.items()} for n, by in rivals.items()},
        "truth_cases": {"n": count, "max_z_shift_over_distance": MAX_SHIFT, "error": "mean point distance / size"},
    }


def exact_lifts(case: Case, rng: np.random.Generator, z_shift: float) -> tuple[Scene, LayeredPointmap, LayeredPointmap]:
    """What perfect models would give: the scene, the edited photo's lift and the object's, each in a unit of its own.

    `z_shift` moves the object's pointmap along z before scaling, X and Y kept; its K is then fitted anew.
    """
    k = case.camera
    full = np.ones((k.height, k.width), bool)
    scene = Scene.from_layers(pointmap(case.room[None].repeat(6, 0), full, k))
    edited = pointmap(case.edited[None].repeat(6, 0) * _log_uniform(rng), full, k)
    depth = case.thing
    points = unproject(np.where(case.mask, depth, np.nan), k)
    points = forward_fill(points, np.isfinite(points[..., 2]))
    points[..., 2] += z_shift
    points = (points * _log_uniform(rng)).astype(np.float32)
    rgb = np.zeros((k.height, k.width, 3), np.uint8)
    return scene, edited, LayeredPointmap(points, case.mask, rgb, "object", fit_intrinsics(points[0], case.mask))


def pointmap(depth: np.ndarray, alpha: np.ndarray, k: Intrinsics) -> LayeredPointmap:
    """Exact layers on the rays of K."""
    rgb = np.zeros((*alpha.shape, 3), np.uint8)
    return LayeredPointmap(unproject(depth.astype(np.float32), k), alpha, rgb, "relative", k)


def point_error(case: Case, scene: Scene, edited: LayeredPointmap, thing: LayeredPointmap, method: str) -> float:
    """Mean distance over all layers' surfaces to where they truly are, over the object's size."""
    placed = place(thing, scene, case.mask, edited, method=method)
    truth_points = unproject(case.thing, case.camera)
    counted = placed.present & np.isfinite(case.thing)
    if not counted.any():
        raise WtError("The placed object shares no point with the truth.")
    return float(np.linalg.norm(placed.points - truth_points, axis=-1)[counted].mean() / case.size)


def quantiles(values: list[float]) -> dict[str, float]:
    """Median and 90th percentile of the finite values."""
    finite = [value for value in values if np.isfinite(value)]
    if not finite:
        return {"p50": float("nan"), "p90": float("nan")}
    return {"p50": float(np.percentile(finite, 50)), "p90": float(np.percentile(finite, 90))}


def _log_uniform(rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(np.log(0.2), np.log(5))))


if __name__ == "__main__":
    main()
