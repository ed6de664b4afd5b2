"""Real photos, lifted and looked at: `python benchmarks/photos.py PHOTO_OR_FOLDER... --out DIR --json`.

No photo has a truth, so each gets a sheet (the photo, its layers' depth, the layered points from the front, both sides
and above) and what can be told without one: how much of the visible surface lies on three planes (walls are flat), how
far the floor is from level, the fitted lens. A cut-out (a picture with transparency) is lifted as an object.
"""

import argparse
import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from wt.errors import WtError  # noqa: E402
from wt.geometry.layers import LayeredPointmap  # noqa: E402
from wt.images import open_photo  # noqa: E402
from wt.lift import Lifter, load  # noqa: E402
from wt.scene.cloud import PointCloud, point_cloud  # noqa: E402
from wt.scene.floor import fit_floor  # noqa: E402
from wt.scene.scene import Scene  # noqa: E402
from wt.training.plots import depth_colours  # noqa: E402

CELL = (300, 225)
SHOWN_LAYERS = (0, 1, 3)
VIEWS = {"front": (0, 0), "from the left": (-35, 15), "from the right": (35, 15), "from above": (0, 60)}
"""Turns about the vertical and the horizontal axis through the middle of the points, in degrees."""
FLAT = 0.02
"""A point is on a plane if it is within this share of the median depth."""
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
log = logging.getLogger("photos")


def main() -> None:
    """Parse, lift, write sheets, print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", nargs="+", type=Path)
    parser.add_argument("--out", type=Path, required=True, help="folder for the sheets")
    parser.add_argument("--scene-model", default="wt-s-mini")
    parser.add_argument("--object-model", default="wt-o-mini")
    parser.add_argument("--json", action="store_true", help="compact output")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    lifters = {"scene": load(options.scene_model), "object": load(options.object_model)}
    options.out.mkdir(parents=True, exist_ok=True)
    rows = [measured(path, lifters, options.out) for path in files(options.photos)]
    if not rows:
        raise WtError(f"No photos ({', '.join(SUFFIXES)}) there. Name pictures or folders of them.")
    print(json.dumps({"photos": rows, "median": medians(rows)}, indent=None if options.json else 2))


def files(given: list[Path]) -> list[Path]:
    """Pictures, and those in folders, in order."""
    found = []
    for path in given:
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        found += [file for file in inside if file.suffix.lower() in SUFFIXES]
    return found


def measured(path: Path, lifters: dict[str, Lifter], out: Path) -> dict[str, Any]:
    """Lift one photo, write its sheet, return its figures."""
    photo = open_photo(path)
    kind = "scene" if photo.alpha is None else "object"
    lifters[kind].lift(photo)  # The first lift of a size is slower.
    began = time.perf_counter()
    layers = lifters[kind].lift(photo)
    seconds = time.perf_counter() - began
    file = out / f"{path.stem}.jpg"
    Image.fromarray(sheet(layers)).save(file, quality=90)
    log.info("%s", file)
    visible = layers.points[0][layers.alpha]
    floor = fit_floor(visible) if kind == "scene" else None
    k = layers.intrinsics
    return {
        "photo": path.name,
        "kind": kind,
        "seconds": round(seconds, 2),
        "fov_x_deg": round(k.fov_x_deg, 1),
        "residual_px": round(float(k.residual_px or 0.0), 2),
        "on_three_planes": round(planar_share(visible), 3),
        "floor_tilt_deg": None if floor is None else round(float(np.degrees(np.arccos(-floor.normal[1]))), 1),
        "surfaces_per_ray": round(float(layers.surfaces().sum() / layers.alpha.sum()), 2),
    }


def planar_share(points: np.ndarray, planes: int = 3) -> float:
    """Share of the points [n, 3] that the largest planes explain, one after the other (Open3D's RANSAC)."""
    import open3d as o3d

    o3d.utility.random.seed(0)
    cloud = o3d.geometry.PointCloud(o3d.utility.Vector3dVector(points.astype(np.float64)))
    near = FLAT * float(np.median(points[:, 2]))
    left = cloud
    for _ in range(planes):
        if len(left.points) < 3:
            break
        _, inliers = left.segment_plane(near, 3, 400)
        left = left.select_by_index(inliers, invert=True)
    return 1 - len(left.points) / len(points)


def medians(rows: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Of every figure, for scenes and objects."""
    found: dict[str, dict[str, float]] = {}
    for kind in sorted({row["kind"] for row in rows}):
        numbers: dict[str, list[float]] = {}
        for row in (row for row in rows if row["kind"] == kind):
            for name, value in row.items():
                if isinstance(value, int | float):
                    numbers.setdefault(name, []).append(value)
        found[kind] = {name: round(float(np.median(values)), 3) for name, values in numbers.items()}
    return found


def sheet(layers: LayeredPointmap) -> np.ndarray:
    """Two rows of four pictures, uint8 [h, w, 3]."""
    depth, present = layers.depth, layers.surfaces()
    low, high = np.nanpercentile(depth[0], (2, 98))
    pictures = [layers.rgb]
    for layer in SHOWN_LAYERS:
        shown = np.where(present[layer], depth[layer], np.nan)
        pictures.append(depth_colours(shown, float(low), float(high)))
    cells = [fitted(picture) for picture in pictures]
    cloud = point_cloud([Scene.from_layers(layers).background], hidden="photo")
    cells += [view(cloud, *turn) for turn in VIEWS.values()]
    half = len(cells) // 2
    return np.concatenate([np.concatenate(cells[:half], axis=1), np.concatenate(cells[half:], axis=1)])


def fitted(picture: np.ndarray, size: tuple[int, int] = CELL) -> np.ndarray:
    """In a white cell, its aspect kept."""
    image = Image.fromarray(picture)
    factor = min(size[0] / image.width, size[1] / image.height)
    image = image.resize((round(image.width * factor), round(image.height * factor)))
    cell = Image.new("RGB", size, "white")
    cell.paste(image, ((size[0] - image.width) // 2, (size[1] - image.height) // 2))
    return np.asarray(cell)


def view(
    cloud: PointCloud,
    about_y: float,
    about_x: float,
    framed: np.ndarray | None = None,
    size: tuple[int, int] = CELL,
) -> np.ndarray:
    """The points from a turned camera that looks at the middle of `framed` [n, 3], far ones drawn first."""
    framed = cloud.points if framed is None else framed
    middle = np.median(framed, axis=0).astype(np.float64)
    a, b = np.radians(about_y), np.radians(about_x)
    turn_y = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    turn_x = np.array([[1, 0, 0], [0, np.cos(b), np.sin(b)], [0, -np.sin(b), np.cos(b)]])
    turn = (turn_x @ turn_y).T
    reach = float(np.percentile(np.linalg.norm(framed - middle, axis=1), 95))

    def seen(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the points before the camera, far ones first, and where they are on its plane."""
        turned = (points - middle) @ turn
        z = turned[:, 2] + 2.6 * reach
        ahead = np.flatnonzero(z > 0.2 * reach)
        ahead = ahead[np.argsort(-z[ahead])]
        return ahead, turned[ahead, :2] / z[ahead, None]

    low, high = np.percentile(seen(framed)[1], (1, 99), axis=0)
    factor = 0.9 * float((np.array(size) / (high - low)).min())
    ahead, place = seen(cloud.points)
    place = (place - (low + high) / 2) * factor + np.array(size) / 2
    width, height = size
    dot = int(np.clip(round(1.3 * np.sqrt(width * height / len(framed))), 2, 6))
    cell = np.full((height, width, 3), 255, np.uint8)
    column, row = np.floor(place).astype(int).T
    inside = (column >= 0) & (column <= width - dot) & (row >= 0) & (row <= height - dot)
    for right in range(dot):
        for down in range(dot):
            cell[row[inside] + down, column[inside] + right] = cloud.colours[ahead[inside]]
    return cell


if __name__ == "__main__":
    try:
        main()
    except WtError as error:
        raise SystemExit(str(error)) from error
