"""What lies behind a removed object: `python benchmarks/removal.py [--limit N] --json`.

Held-out rooms are rendered with and without one object (as in registration_embedded.py). The photo with the object is
lifted, the object removed, and the depth of the revealed region compared with that of the true empty room, after one
scale and shift of depth over the pixels outside. A ray without any surface counts as an error of 100 %.

    ours            the photo inpainted, lifted again and gauged to the scene
    deeper-layers   the scene's own hidden layers: the third surface of a ray (an object has a front and a back), or the
                    last one that it has
    hole            nothing is put there
    empty-photo     a lift of the photo of the empty room, gauged: the scene model's own error
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

from registration import quantiles  # noqa: E402
from registration_embedded import Pair, align, rendered_pairs, sampler  # noqa: E402

METHODS = ("ours", "deeper-layers", "hole", "empty-photo")
CLOSE = 0.1
"""Relative depth error up to which a ray counts as right."""
log = logging.getLogger("removal")


def main() -> None:
    """Parse, measure, print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=int, default=24, help="rooms (24)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="compact output")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    started = time.perf_counter()
    report = measured(options.limit, options.seed)
    report["seconds"] = round(time.perf_counter() - started, 1)
    print(json.dumps(report, indent=None if options.json else 2))


def measured(count: int, seed: int) -> dict[str, Any]:
    """Quantiles over rooms of each method's mean error, and its mean share of close rays."""
    import wt
    from editors.pipeline import EditPipeline

    pipeline = EditPipeline(wt.load("wt-s-mini"), wt.load("wt-o-mini"))
    found: dict[str, list[tuple[float, float]]] = {method: [] for method in METHODS}
    for index, pair in enumerate(rendered_pairs(count, seed)):
        depths = revealed(pair, pipeline)
        rows = {method: errors(depth, pair) for method, depth in depths.items()}
        for method, row in rows.items():
            found[method].append(row)
        log.info("room %d: %s", index, {method: round(error, 3) for method, (error, _) in rows.items()})
    removal = {
        method: {"error": quantiles([e for e, _ in rows]), "close": float(np.mean([share for _, share in rows]))}
        for method, rows in found.items()
    }
    return {"n": count, "removal": removal}


def revealed(pair: Pair, pipeline: Any) -> dict[str, np.ndarray]:
    """Visible depth [h, w] of the grid after the removal, by each method; NaN where there is nothing."""
    from wt.images import Photo
    from wt.scene.scene import Scene, on_grid

    before = Scene.from_layers(pipeline.scene_lifter.lift(pair.after))
    done = pipeline.run(before, Photo(pair.after, None, (), "room", None), "remove it", mask=pair.mask)
    seen, inside = before.background, on_grid(pair.mask, before.intrinsics)
    depth = np.where(seen.present, seen.points[..., 2], np.nan)
    last = np.where(seen.present[1:], np.arange(1, len(depth))[:, None, None], 0).max(axis=0)
    deeper = np.take_along_axis(depth, np.where(seen.present[2], 2, last)[None], axis=0)[0]
    empty = before.clear(pair.mask, pipeline.scene_lifter.lift(pair.before))
    return {
        "ours": done.scene.visible_depth(),
        "deeper-layers": np.where(inside, np.where(last > 0, deeper, np.nan), depth[0]),
        "hole": np.where(inside, np.nan, depth[0]),
        "empty-photo": empty.visible_depth(),
    }


def errors(depth: np.ndarray, pair: Pair) -> tuple[float, float]:
    """(mean relative depth error in the revealed region, share of its rays that are close)."""
    pick = sampler(pair.mask.shape, depth.shape)
    truth, inside = pick(pair.room_depth), pick(pair.mask)
    scale, shift = align(np.where(inside, np.nan, depth), truth)
    region = inside & np.isfinite(truth)
    relative = np.abs(scale * depth + shift - truth)[region] / truth[region]
    relative = np.where(np.isfinite(relative), relative, 1.0)
    return float(relative.mean()), float((relative < CLOSE).mean())


if __name__ == "__main__":
    main()
