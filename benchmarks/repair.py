"""How well an editor's shift and zoom are measured and undone: `python benchmarks/repair.py --json`.

Photos of the scikit-image package are shifted and zoomed by known amounts, a place is painted over, and the result
gets grain, another exposure and JPEG's artefacts. The error is that of the measured movement where it is largest, at
the corners; the drift is what the repair reports of colours outside the place.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from skimage import data

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from editors.register import repair

PHOTOS = {"coffee": data.coffee, "cat": data.chelsea, "astronaut": data.astronaut, "rocket": data.rocket}
MOVES = (((0.0, 0.0), 1.0), ((3.3, -2.7), 1.01), ((16.0, 16.0), 1.0), ((0.0, 0.0), 0.97), ((-16.0, 16.0), 1.03))
GRAIN, QUALITY, GAIN, LIFT = 4.0, 60, 1.04, 3.0


def main() -> None:
    """Measure; print one JSON object or a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="one JSON object in place of the table")
    options = parser.parse_args()
    rows = [row(shift, zoom) for shift, zoom in MOVES]
    print(json.dumps({"photos": list(PHOTOS), "rows": rows}) if options.json else as_markdown(rows))


def row(shift: tuple[float, float], zoom: float) -> dict[str, Any]:
    """One movement on every photo: the largest error and median drift and seconds."""
    errors, drifts, seconds = [], [], []
    for number, picture in enumerate(PHOTOS.values()):
        photo = picture()
        region = np.zeros(photo.shape[:2], bool)
        height, width = region.shape
        region[int(0.4 * height) : int(0.7 * height), int(0.35 * width) : int(0.6 * width)] = True
        edited = moved(photo, region, shift, zoom, number)
        began = time.perf_counter()
        fixed = repair(photo, edited, region)
        seconds.append(time.perf_counter() - began)
        assert fixed.changed_outside == 0
        found = fixed.registration
        corners = np.array([(x, y) for x in (-width / 2, width / 2) for y in (-height / 2, height / 2)])
        off = (found.zoom - zoom) * corners + np.array(found.shift_px) - shift
        errors.append(float(np.linalg.norm(off, axis=1).max()))
        drifts.append(fixed.colour_drift)
    return {
        "shift_px": shift,
        "zoom": zoom,
        "error_px": round(max(errors), 3),
        "colour_drift": round(float(np.median(drifts)), 2),
        "seconds": round(float(np.median(seconds)), 3),
    }


def moved(photo: np.ndarray, region: np.ndarray, shift: tuple[float, float], zoom: float, seed: int) -> np.ndarray:
    """The photo as an editor would return it."""
    edited, (height, width) = photo.copy(), region.shape
    edited[region] = (200, 30, 30)
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    matrix = np.array([[zoom, 0.0, 0.0], [0.0, zoom, 0.0]])
    matrix[:, 2] = centre + shift - zoom * centre
    edited = cv2.warpAffine(edited, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    rough = edited * GAIN + LIFT + np.random.default_rng(seed).normal(0, GRAIN, edited.shape)
    packed = cv2.imencode(".jpg", np.clip(rough, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1]
    return cv2.imdecode(packed, cv2.IMREAD_COLOR)


def as_markdown(rows: list[dict[str, Any]]) -> str:
    """A line for every movement."""
    lines = ["| shift, px | zoom | largest error at a corner, px | colour drift | s |", "|---|---|---|---|---|"]
    for found in rows:
        (x, y), zoom = found["shift_px"], found["zoom"]
        lines.append(
            f"| {x:g}, {y:g} | {zoom:g} | {found['error_px']} | {found['colour_drift']} | {found['seconds']} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
