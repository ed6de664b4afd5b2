"""The objects outlined by hand in real photos: every one can be clicked, lies in its photo and has a sensible size."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage import data
from skimage.measure import points_in_poly

ROWS: list[dict[str, Any]] = json.loads(
    (Path(__file__).resolve().parent.parent / "benchmarks" / "real_objects.json").read_text()
)
HERE = [row for row in ROWS if row["photo"].startswith("skimage:")]


def named(row: dict[str, Any]) -> str:
    return f"{row['photo']}-{row['name']}"


def area(ring: Sequence[Sequence[float]]) -> float:
    """Pixels inside a ring that does not cross itself (the shoelace formula)."""
    x, y = np.array(ring).T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def inside(point: Sequence[float], rings: Sequence[Sequence[Sequence[float]]]) -> bool:
    """Whether the point lies in an odd number of rings."""
    return sum(bool(points_in_poly([point], ring)[0]) for ring in rings) % 2 == 1


def test_there_are_forty_objects_with_names_of_their_own() -> None:
    assert len(ROWS) >= 40
    assert len({(row["photo"], row["name"]) for row in ROWS}) == len(ROWS)
    assert len({row["photo"] for row in ROWS}) >= 15
    assert all(set(row) == {"photo", "name", "click", "polygon"} for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_the_click_lies_on_the_object_and_off_its_edge(row: dict[str, Any]) -> None:
    assert all(len(ring) >= 3 for ring in row["polygon"])
    x, y = row["click"]
    # Two pixels to every side: less than half the width of the thinnest thing that is clicked.
    around = [(x, y), (x - 2, y), (x + 2, y), (x, y - 2), (x, y + 2)]
    assert all(inside(point, row["polygon"]) for point in around)


@pytest.mark.parametrize("row", HERE, ids=named)
def test_polygons_lie_in_their_photo_and_cover_a_part_of_it(row: dict[str, Any]) -> None:
    height, width = np.asarray(getattr(data, row["photo"].removeprefix("skimage:"))()).shape[:2]
    points = np.concatenate(row["polygon"])
    assert points.min() >= 0
    assert (points <= [width, height]).all()
    # A ring that begins inside another is a hole.
    rings = row["polygon"]
    holes = [inside(ring[0], [other for other in rings if other is not ring]) for ring in rings]
    covered = sum(-area(ring) if hole else area(ring) for ring, hole in zip(rings, holes, strict=True))
    assert 0.001 <= covered / (width * height) <= 0.6
