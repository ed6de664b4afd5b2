"""Selection by clicks and boxes: `python benchmarks/segmentation.py [--limit N] [--photos FOLDER] --json`.

Mean overlap (IoU) of what is selected with the true mask, on two sets:

    rooms    rendered rooms of held-out seeds, 384 px: things of at least 0.5 % of the picture, not the room itself
    photos   objects outlined by hand in real photos (real_objects.json), from --photos or from scikit-image

and for four ways of asking:

    click           at the point deepest inside the mask (by hand on photos)
    random click    anywhere inside the mask
    three clicks    the first one, then twice at the deepest point of what is missing or of what is too much
    box             around the mask

`shown` is the mask that the app shows first (the object), `best` the best of part, middle and object.
"""

import argparse
import json
import logging
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from editors.segment import Segmenter, new_segmenter  # noqa: E402
from editors.segment.base import Point  # noqa: E402
from editors.segment.sam_mini_samples import deepest as deepest_pixel  # noqa: E402

HAND_MADE = ROOT / "benchmarks" / "real_objects.json"
SEED_OFFSET = 500_000
"""From the first held-out seed: trainings look at earlier ones."""
SIDE = 384
SMALLEST = 0.005
SEGMENTERS = ("superpixels", "sam-mini")
ASKED = ("click", "random click", "three clicks", "box")
log = logging.getLogger("segmentation")


@dataclass(frozen=True, eq=False)
class Thing:
    """Something to select: its pixels, and where a person clicked it."""

    name: str
    mask: np.ndarray
    click: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Picture:
    """A photo and what is to be selected on it."""

    name: str
    rgb: np.ndarray
    things: list[Thing]


def main() -> None:
    """Parse, measure, print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--limit", type=int, default=40, help="rooms (40)")
    parser.add_argument("--photos", type=Path, help="folder of the photos that real_objects.json names")
    parser.add_argument("--segmenters", nargs="+", default=SEGMENTERS, help="names, files or folders (both built-in)")
    parser.add_argument("--json", action="store_true", help="compact output")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    started = time.perf_counter()
    segmenters = {source: new_segmenter(source) for source in options.segmenters}
    report: dict[str, Any] = {
        "rooms": measured(rooms(options.limit), segmenters),
        "photos": measured(real_photos(HAND_MADE, options.photos), segmenters),
    }
    report["seconds"] = round(time.perf_counter() - started, 1)
    print(json.dumps(report, indent=None if options.json else 2))


def measured(pictures: Iterator[Picture], segmenters: dict[str, Segmenter]) -> dict[str, Any]:
    """Means over things for each segmenter and way of asking, and paired differences from the first segmenter."""
    found: dict[str, list[list[tuple[float, float]]]] = {name: [] for name in segmenters}
    seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in segmenters}
    for index, picture in enumerate(pictures):
        for name, segmenter in segmenters.items():
            started = time.perf_counter()
            segmenter.set_image(picture.rgb)
            looked = time.perf_counter()
            found[name] += [scores(segmenter, thing, np.random.default_rng(index)) for thing in picture.things]
            asked = len(picture.things) * (len(ASKED) + 2)
            seconds[name].append((looked - started, (time.perf_counter() - looked) / asked))
        log.info("%s: %d things", picture.name, len(picture.things))
    rows = {name: np.array(values).reshape(-1, len(ASKED), 2) for name, values in found.items()}
    first, *others = rows
    return {
        "n": len(rows[first]),
        "iou": {name: summary(values, seconds[name]) for name, values in rows.items()} if len(rows[first]) else {},
        f"minus {first}": {name: difference(rows[name], rows[first]) for name in others if len(rows[first]) > 1},
    }


def summary(rows: np.ndarray, seconds: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """Means of [n, ways, (shown, best)], and the median seconds of a new photo and of a click."""
    means = {how: {"shown": round(s, 4), "best": round(b, 4)} for how, (s, b) in zip(ASKED, rows.mean(axis=0).tolist())}
    photo, click = np.median(np.array(seconds), axis=0).round(3).tolist()
    return {**means, "seconds": {"photo": photo, "click": click}}


def difference(rows: np.ndarray, first: np.ndarray) -> dict[str, dict[str, float]]:
    """Mean difference of the shown masks' IoU, and its standard error."""
    gap = (rows - first)[..., 0]
    error = gap.std(axis=0, ddof=1) / np.sqrt(len(gap))
    return {how: {"mean": round(float(m), 4), "se": round(float(e), 4)} for how, m, e in zip(ASKED, gap.mean(0), error)}


def scores(segmenter: Segmenter, thing: Thing, rng: np.random.Generator) -> list[tuple[float, float]]:
    """(shown, best) IoU for each way of asking."""
    rows, columns = np.nonzero(thing.mask)
    pick = int(rng.integers(len(rows)))
    anywhere = (float(columns[pick]) + 0.5, float(rows[pick]) + 0.5)
    box = (float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1))
    asked: list[dict[str, Any]] = [
        {"points": [(*thing.click, True)]},
        {"points": [(*anywhere, True)]},
        {"points": three_clicks(segmenter, thing)},
        {"box": box},
    ]
    answers = ([found.mask for found in segmenter.predict(**prompt)] for prompt in asked)
    return [(iou(masks[-1], thing.mask), max(iou(mask, thing.mask) for mask in masks)) for masks in answers]


def three_clicks(segmenter: Segmenter, thing: Thing) -> list[Point]:
    """The first click and two corrections of what was shown."""
    points: list[Point] = [(*thing.click, True)]
    while len(points) < 3:
        shown = segmenter.predict(points=points)[-1].mask
        missing, surplus = thing.mask & ~shown, shown & ~thing.mask
        wrong, inside = (missing, True) if missing.sum() >= surplus.sum() else (surplus, False)
        if not wrong.any():
            break
        points.append((*deepest(wrong), inside))
    return points


def iou(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection over union of two masks."""
    return float((a & b).sum() / max((a | b).sum(), 1))


def deepest(mask: np.ndarray) -> tuple[float, float]:
    """(x, y) of the centre of the pixel that lies farthest from the mask's outline."""
    column, row = deepest_pixel(mask)
    return column + 0.5, row + 0.5


def rooms(count: int, offset: int = SEED_OFFSET) -> Iterator[Picture]:
    """Rendered rooms of held-out seeds; a third of them shows layouts, textures and families that no training saw."""
    from wt.data.peel import Solids
    from wt.data.render import render
    from wt.data.rooms import draw_room, draw_view
    from wt.data.seeds import HELD_OUT_FROM, unseen

    for seed in range(HELD_OUT_FROM + offset, HELD_OUT_FROM + offset + count):
        rng = np.random.default_rng([seed, 1])
        world, plan = draw_room(rng, held_out=unseen(seed))
        solids = Solids(world.instances)
        rendering = render(world, draw_view(rng, world, plan, solids, SIDE), rng=rng, solids=solids)
        seen = rendering.instance[0]
        names = [asset.name for asset in world.instances]
        masks = {i: seen == i for i in range(1 + len(plan.fittings), len(names)) if (seen == i).mean() >= SMALLEST}
        things = [Thing(names[i], mask, deepest(mask)) for i, mask in masks.items()]
        yield Picture(f"room {seed}", rendering.rgb, things)


def real_photos(listed: Path, folder: Path | None) -> Iterator[Picture]:
    """The photos of a list of objects outlined by hand; those that are not here are named and left out."""
    by_photo: dict[str, list[dict[str, Any]]] = {}
    for row in json.loads(listed.read_text()):
        by_photo.setdefault(row["photo"], []).append(row)
    for photo, rows in by_photo.items():
        rgb = photo_named(photo, folder)
        if rgb is None:
            log.info("%s is not here: %d objects left out", photo, len(rows))
            continue
        things = [Thing(r["name"], outlined(r["polygon"], rgb.shape[:2]), tuple(r["click"])) for r in rows]
        yield Picture(photo, rgb, things)


def photo_named(name: str, folder: Path | None) -> np.ndarray | None:
    """A photo of the folder, or of scikit-image ("skimage:astronaut"); None if it is not here."""
    from wt.images import open_photo

    source, _, rest = name.rpartition(":")
    if source == "skimage":
        from skimage import data

        rgb = np.asarray(getattr(data, rest)())
        return np.ascontiguousarray(np.stack([rgb] * 3, axis=-1) if rgb.ndim == 2 else rgb[..., :3])
    path = None if folder is None else folder / name
    return open_photo(path).rgb if path is not None and path.is_file() else None


def outlined(polygons: Sequence[Sequence[Sequence[float]]], shape: tuple[int, int]) -> np.ndarray:
    """The pixels inside an odd number of the polygons, given as (x, y) with the first pixel's centre at 0.5."""
    mask = np.zeros(shape, np.uint8)
    corners = [np.round((np.array(polygon) - 0.5) * 16).astype(np.int32) for polygon in polygons]
    cv2.fillPoly(mask, corners, 1, shift=4)
    return mask > 0


if __name__ == "__main__":
    main()
