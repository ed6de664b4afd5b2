"""Where words say that something stands: "next to the table", "on the left", "in the corner" -> a photo pixel."""

import numpy as np

from editors.instruction import Operation
from wt.errors import WtError
from wt.scene.scene import Scene
from wt.types import Bool, Float

SIDEWAYS = {"left of": -1.0, "right of": 1.0, "next to": 1.0, "beside": 1.0, "near": 1.0}


def spot(scene: Scene, operation: Operation, shape: tuple[int, int]) -> tuple[float, float]:
    """(u, v) in photo pixels for an operation without a click.

    A named object of the scene gives the place that the words say relative to it; otherwise the free floor nearest to
    the middle of the picture is taken.

    Raises:
        WtError: the words name something that the scene has no object for, or no floor is seen.
    """
    grid = scene.intrinsics
    scale = np.array([shape[1] / grid.width, shape[0] / grid.height])
    where = operation.where
    anchor = None if where is None else where.anchor
    if anchor:
        own = _object(scene, anchor)
        if own is None:
            raise WtError(
                f"Which {anchor}? No object of that name is in the scene. Click the photo where the {operation.what} "
                "shall stand, or leave the place out."
            )
        pixel = _beside(own, where.relation)
    else:
        pixel = _free_floor(scene, where.relation if where is not None else "")
    u, v = np.clip(pixel, 1, np.array([grid.width, grid.height]) - 1) * scale
    return float(u), float(v)


def _object(scene: Scene, name: str) -> Bool[np.ndarray, "h w"] | None:
    for thing in reversed(scene.objects):
        if name == thing.name or thing.name.endswith(name) or name in thing.name.split():
            return thing.present.any(axis=0)
    return None


def _beside(own: Bool[np.ndarray, "h w"], relation: str) -> Float[np.ndarray, "2"]:
    rows, columns = np.nonzero(own)
    left, right, top, bottom = columns.min(), columns.max() + 1, rows.min(), rows.max() + 1
    middle, width, height = (left + right) / 2, right - left, bottom - top
    if relation == "on":
        return np.array([middle, top + 0.15 * height])
    if relation == "behind":
        return np.array([middle, bottom - 0.45 * height])
    if relation == "in front of":
        return np.array([middle, bottom + 0.25 * height])
    if relation == "under":
        return np.array([middle, bottom - 0.05 * height])
    side = SIDEWAYS.get(relation, 1.0)
    if relation in ("next to", "beside", "near") and right + 0.5 * width > own.shape[1]:
        side = -1.0  # no room on the right
    return np.array([middle + side * 0.9 * width, bottom - 0.08 * height])


def _free_floor(scene: Scene, relation: str) -> Float[np.ndarray, "2"]:
    """The pixel of the seen floor that is nearest to where one would look first."""
    floor, background = scene.floor(), scene.background
    if floor is None:
        raise WtError("No floor is seen in this photo. Click where the object shall stand.")
    with np.errstate(invalid="ignore"):
        heights = floor.heights(background.points[0])
        on_floor = background.present[0] & (abs(heights) < 0.05 * background.points[0, ..., 2])
    for thing in scene.objects:
        on_floor &= ~thing.present.any(axis=0)
    if not on_floor.any():
        raise WtError("No free floor is seen in this photo. Click where the object shall stand.")
    height, width = on_floor.shape
    across = {"left": 0.25, "right": 0.75, "corner": 0.2, "in the corner": 0.2}.get(relation, 0.5)
    down = 0.55 if "corner" in relation or relation == "background" else 0.78
    rows, columns = np.nonzero(on_floor)
    distance = ((columns / width - across) * 1.3) ** 2 + (rows / height - down) ** 2
    best = int(distance.argmin())
    return np.array([columns[best] + 0.5, rows[best] + 0.5])
