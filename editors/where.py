"""Where words say that something stands: "next to the table", "on the left", "in the corner" -> a photo pixel.

Things are known by the names of inserted objects, and by what is selected; what else the photo shows has no name.
"""

import itertools

import numpy as np

from editors.instruction import Operation, Where
from editors.vocabulary import colours, nouns
from wt.data.assets import FAMILY_INFO
from wt.errors import WtError
from wt.scene.objects import SceneObject
from wt.scene.scene import Scene, on_grid
from wt.types import Bool, Float

_SIDE = {"left of": -1.0, "right of": 1.0}
# (across, down) as shares of the photo, and how much being off to the side counts.
_TARGETS = {
    "": (0.5, 0.78),
    "floor": (0.5, 0.78),
    "middle": (0.5, 0.72),
    "left": (0.22, 0.75),
    "right": (0.78, 0.75),
    "front": (0.5, 0.92),
    "back": (0.5, 0.5),
    "corner": (0.15, 0.45),
    "left corner": (0.1, 0.45),
    "right corner": (0.9, 0.45),
}


def spot(
    scene: Scene,
    operation: Operation,
    shape: tuple[int, int],
    selected: Bool[np.ndarray, "rh rw"] | None = None,
) -> tuple[float, float]:
    """(u, v) in photo pixels for an operation without a click.

    Args:
        scene: its objects and its floor.
        operation: what is added, and the words for where.
        shape: (height, width) of the photo.
        selected: the person's selection; it stands for a thing that has no name in the scene.

    Raises:
        WtError: the words name something that is neither in the scene nor selected, or there is no room to be seen.
    """
    grid = scene.intrinsics
    scale = np.array([shape[1] / grid.width, shape[0] / grid.height])
    where = operation.where
    if where is not None and where.anchor:
        own = _anchor(scene, where, selected)
        if own is None:
            raise WtError(
                f"Which {where.anchor}? Nothing of that name was added to the scene. Select it in the photo, or click "
                f"where the {operation.what} shall stand."
            )
        pixel = _beside(own, where.relation)
    else:
        relation = "" if where is None else where.relation
        belongs = FAMILY_INFO[operation.what][0] if operation.what in FAMILY_INFO else "floor"
        if belongs in ("wall", "ceiling"):
            pixel = _upright_place(scene, belongs)
        else:
            pixel = _free_floor(scene, "back" if relation in ("wall", "ceiling") else relation)
    u, v = np.clip(pixel, 1, np.array([grid.width, grid.height]) - 1) * scale
    return float(u), float(v)


def find_object(scene: Scene, noun: str, colour: str | None = None) -> SceneObject | None:
    """The newest inserted object that may be called this: by its name, or by another word for the same thing."""
    family = nouns().get(noun, noun)
    for thing in reversed(scene.objects):
        name = thing.name.lower()
        same = name in (noun, family) or name.endswith((f" {noun}", f" {family}"))
        if same and (colour is None or _coloured(name, colour)):
            return thing
    return None


def _coloured(name: str, colour: str) -> bool:
    words = name.split()
    pairs = [" ".join(pair) for pair in itertools.pairwise(words)]
    said = [colours()[word] for word in (*pairs, *words) if word in colours()]
    return not said or said[0] == colour


def _anchor(scene: Scene, where: Where, selected: Bool[np.ndarray, "rh rw"] | None) -> Bool[np.ndarray, "h w"] | None:
    """The grid pixels of what a place refers to."""
    known = find_object(scene, where.anchor, where.colour)
    if known is not None:
        return np.any(known.present, axis=0)
    if selected is not None and selected.any():
        own = on_grid(selected, scene.intrinsics)
        return own if own.any() else None
    if where.anchor == "it" and scene.objects:
        return np.any(scene.objects[-1].present, axis=0)
    return None


def _beside(own: Bool[np.ndarray, "h w"], relation: str) -> Float[np.ndarray, "2"]:
    rows, columns = np.nonzero(own)
    left, right, top, bottom = columns.min(), columns.max() + 1, rows.min(), rows.max() + 1
    middle, width, height = (left + right) / 2, right - left, bottom - top
    if relation == "on":
        # A little below the far edge of what is seen of it from above.
        return np.array([middle, top + 0.15 * height])
    if relation == "behind":
        return np.array([middle, bottom - 0.45 * height])
    if relation == "in front of":
        return np.array([middle, bottom + 0.25 * height])
    if relation == "under":
        return np.array([middle, bottom - 0.05 * height])
    side = _SIDE.get(relation, 1.0 if right + 0.6 * width < own.shape[1] else -1.0)
    reach = 0.5 * width + 0.35 * max(width, height)
    return np.array([middle + side * reach, bottom - 0.08 * height])


def _free_floor(scene: Scene, relation: str) -> Float[np.ndarray, "2"]:
    """The pixel of the seen floor, clear of other objects, that is nearest to where one would look first."""
    import cv2

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
    across, down = _TARGETS.get(relation, _TARGETS[""])
    if relation == "corner" and on_floor[:, : width // 2].sum() < on_floor[:, width // 2 :].sum():
        across = 1 - across
    # Room around the place counts too: half a step away from things is worth as much as half a step to the target.
    room = cv2.distanceTransform(np.pad(on_floor, 1, constant_values=True).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    rows, columns = np.nonzero(on_floor)
    distance = np.hypot(1.3 * (columns / width - across), rows / height - down)
    cramped = np.clip(0.08 - room[rows, columns] / max(height, width), 0, None) * 3
    best = int((distance + cramped).argmin())
    return np.array([columns[best] + 0.5, rows[best] + 0.5])


def _upright_place(scene: Scene, relation: str) -> Float[np.ndarray, "2"]:
    """The middle of the largest free stretch of wall (or ceiling) in the upper part of the photo."""
    import cv2

    from editors.light import surface_normals

    floor = scene.floor()
    up = np.array([0.0, -1.0, 0.0]) if floor is None else floor.normal
    normals, valid = surface_normals(scene)
    with np.errstate(invalid="ignore"):
        level = normals @ up
    fits = valid & ((np.abs(level) < 0.4) if relation == "wall" else (level < -0.6))
    for thing in scene.objects:
        fits &= ~thing.present.any(axis=0)
    if relation == "wall":
        fits[int(0.7 * len(fits)) :] = False
    if fits.sum() < 30:
        raise WtError(f"No free {relation} is seen in this photo. Click where the object shall hang.")
    closed = cv2.morphologyEx(fits.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    room = cv2.distanceTransform(np.pad(closed, 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
    row, column = np.unravel_index(int(room.argmax()), room.shape)
    return np.array([column + 0.5, row + 0.5])
