"""Masks followed through clips: `python benchmarks/propagation.py [--limit N] --json`.

Held-out procedural clips of 16 frames, 192 px: one thing that moves, pasted over a photo that pans and zooms behind it
(from scikit-image and from held-out rooms, in turns). The mask of the first frame is true; mean overlap (IoU) with the
truth over the other fifteen, the mean of the last, and the share of frames below 0.5, for

    still       the first mask everywhere
    flow        carried by optical flow alone
    colours     the same, the outline drawn to each frame's colours: what the app does
    sam-mini    flow, and sam-mini asked about each frame
    both        all of it
"""

import argparse
import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from editors.segment import new_segmenter  # noqa: E402
from editors.segment.propagate import agreement, propagate  # noqa: E402
from wt.data.clips import render_clip  # noqa: E402
from wt.data.seeds import HELD_OUT_FROM  # noqa: E402
from wt.images import resize_rgb  # noqa: E402

FIRST = HELD_OUT_FROM + 700_000
"""Held-out seeds that no training and no other measurement looks at."""
SIDE = 192
FRAMES = 16
PHOTOS = ("astronaut", "coffee", "chelsea", "rocket", "brick", "grass", "gravel")
"""Pictures of scikit-image that come with it."""
WAYS = {"flow": (False, False), "colours": (False, True), "sam-mini": (True, False), "both": (True, True)}
"""Whether sam-mini is asked, and whether outlines are drawn to the colours."""
log = logging.getLogger("propagation")


def main() -> None:
    """Parse, measure, print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=int, default=24, help="clips (24)")
    parser.add_argument("--first", type=int, default=FIRST, help="seed of the first clip (held out)")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS), help="what is measured (all)")
    parser.add_argument("--json", action="store_true", help="compact output")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    segmenter = new_segmenter()
    rows: dict[str, list[np.ndarray]] = {way: [] for way in ("still", *options.ways)}
    seconds: dict[str, float] = dict.fromkeys(options.ways, 0.0)
    for seed in range(options.first, options.first + options.limit):
        frames, truth = composed(seed)
        rows["still"].append(overlaps(np.repeat(truth[:1], len(truth), axis=0), truth))
        for way in options.ways:
            began = time.perf_counter()
            asked, snapped = WAYS[way]
            found = propagate(frames, truth[0], segmenter=segmenter if asked else None, snapped=snapped)
            seconds[way] += time.perf_counter() - began
            rows[way].append(overlaps(found, truth))
        log.info("%d: %s", seed, {way: round(float(values[-1].mean()), 3) for way, values in rows.items()})
    print(json.dumps(report(rows, seconds), indent=None if options.json else 2))


def report(rows: dict[str, list[np.ndarray]], seconds: dict[str, float]) -> dict[str, Any]:
    """Means over clips [clips, frames] for each way, and paired differences of the clips' means from flow alone."""
    tables = {way: np.stack(values) for way, values in rows.items()}
    told: dict[str, Any] = {"clips": len(next(iter(tables.values()))), "iou": {}, "minus flow": {}}
    for way, table in tables.items():
        told["iou"][way] = {
            "mean": round(float(table.mean()), 4),
            "last": round(float(table[:, -1].mean()), 4),
            "lost": round(float((table < 0.5).mean()), 4),
            **({"seconds a frame": round(seconds[way] / table.size, 3)} if way in seconds else {}),
        }
        gap = table.mean(axis=1) - tables.get("flow", table).mean(axis=1)
        error = gap.std(ddof=1) / np.sqrt(len(gap)) if len(gap) > 1 else 0.0
        told["minus flow"][way] = {"mean": round(float(gap.mean()), 4), "se": round(float(error), 4)}
    return told


def overlaps(found: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """IoU of every frame after the first."""
    return np.array([agreement(one, other) for one, other in zip(found[1:], truth[1:], strict=True)])


def composed(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """(frames [t, h, w, 3], true masks [t, h, w]) of a held-out clip before a picture that pans and zooms."""
    shots = render_clip(seed, SIDE, FRAMES)
    masks = np.stack([shot.instance[0] >= 0 for shot in shots])
    rng = np.random.default_rng([seed, 9])
    ground = backdrop(seed, rng)
    start, way = rng.uniform(0, 60, 2), rng.uniform(-40, 40, 2)
    frames = []
    for share, shot, mask in zip(np.linspace(0, 1, FRAMES), shots, masks, strict=True):
        zoom = 1 + 0.12 * share
        left, top = start + way * share + 60
        move = np.array([[zoom, 0, -left], [0, zoom, -top]], np.float32)
        behind = cv2.warpAffine(ground, move, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        frames.append(np.where(mask[..., None], shot.rgb, behind))
    return np.stack(frames), masks


def backdrop(seed: int, rng: np.random.Generator) -> np.ndarray:
    """A photo, or a held-out room, larger than a frame."""
    if seed % 2:
        from skimage import data

        rgb = np.atleast_3d(getattr(data, PHOTOS[int(rng.integers(len(PHOTOS)))])())
        rgb = np.repeat(rgb, 3, axis=2) if rgb.shape[2] == 1 else rgb[..., :3]
    else:
        from wt.data.generate import make_sample

        rgb = make_sample("scene", HELD_OUT_FROM + 800_000 + seed % 1000, SIDE).rgb
    return resize_rgb(np.ascontiguousarray(rgb), 2 * SIDE, 2 * SIDE)


if __name__ == "__main__":
    main()
