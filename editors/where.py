"""Where words say that something stands: "next to the table", "on the left", "in the corner" -> a photo pixel.

Things are known by the names of inserted objects, and by what is selected; what else the photo shows has no name.
"""

import numpy as np

from editors.meant import find_objects
from editors.operations import AddOp, Where
from editors.vocabulary import belongs
from wt.errors import WtError
from wt.geometry.camera import project
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
    operation: AddOp,
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
    where, hangs = operation.where, belongs(operation.what) in ("wall", "ceiling")
    if where is not None and where.anchor:
        anchors = _anchors(scene, where, selected, operation.what)
        if where.relation == "between":
            pixel = _between(scene, where, anchors)
        else:
            above = where.relation == "above"
            pixel = _beside(anchors[0], "on" if above and not hangs else where.relation)
    else:
        relation = "" if where is None else where.relation
        if hangs:
            pixel = _upright_place(scene, belongs(operation.what))
        else:
            pixel = _free_floor(scene, "back" if relation in ("wall", "ceiling") else relation)
    u, v = np.clip(pixel, 1, np.array([grid.width, grid.height]) - 1) * scale
    return float(u), float(v)


def _anchors(
    scene: Scene, where: Where, selected: Bool[np.ndarray, "rh rw"] | None, what: str
) -> list[Bool[np.ndarray, "h w"]]:
    """Of the one or two things that a place refers to."""
    wanted = [(where.anchor, where.colour, 0)]
    if where.second:
        twice = (where.second, where.second_colour) == (where.anchor, where.colour)
        wanted.append((where.second, where.second_colour, int(twice)))
    anchors = []
    for noun, colour, nth in wanted:
        own = _anchor(scene, noun, colour, selected, nth)
        if own is None:
            which = "Which other" if nth else "Which"
            raise WtError(
                f"{which} {noun}? Nothing of that name was added to the scene. Select it in the photo, or click "
                f"where the {what} shall stand."
            )
        anchors.append(own)
    return anchors


def find_object(scene: Scene, noun: str, colour: str | None = None, where: Where | None = None) -> SceneObject | None:
    """The inserted object that is meant: of those that may be called this, the newest, or the nearest to a place."""
    found = find_objects(scene, noun, colour)
    if where is None or len(found) < 2:
        return next(iter(found), None)
    anchor = _anchor(scene, where.anchor, where.colour, None) if where.anchor else None
    height, width = scene.alpha.shape
    goal = _TARGETS.get(where.relation, _TARGETS[""]) * np.array([width, height]) if anchor is None else _foot(anchor)
    return min(found, key=lambda thing: float(np.linalg.norm(_foot(np.any(thing.present, axis=0)) - goal)))


def _anchor(
    scene: Scene, noun: str, colour: str | None, selected: Bool[np.ndarray, "rh rw"] | None, nth: int = 0
) -> Bool[np.ndarray, "h w"] | None:
    """The grid pixels of what a place refers to; `nth` counts the objects of that name from the newest."""
    known = find_objects(scene, noun, colour)[nth:]
    if known:
        return np.any(known[0].present, axis=0)
    if selected is not None and selected.any() and not nth:
        own = on_grid(selected, scene.intrinsics)
        return own if own.any() else None
    if noun == "it" and scene.objects and not nth:
        return np.any(scene.objects[-1].present, axis=0)
    return None


def _between(scene: Scene, where: Where, anchors: list[Bool[np.ndarray, "h w"]]) -> Float[np.ndarray, "2"]:
    """Halfway in space between the fronts on which two things stand."""
    first, second = (_front(scene, own) for own in anchors)
    if np.array_equal(anchors[0], anchors[1]) or first is None or second is None:
        raise WtError(
            f"The {where.anchor} and the {where.second} cannot be told apart in the photo. Click where it shall stand."
        )
    return project(((first + second) / 2)[None], scene.intrinsics)[0]


def _front(scene: Scene, own: Bool[np.ndarray, "h w"]) -> Float[np.ndarray, "3"] | None:
    """The middle of the lowest pixels that show a thing, camera frame, scene units."""
    depth = scene.visible_depth().astype(np.float64)
    rows, columns = np.nonzero(own & np.isfinite(depth))
    if not len(rows):
        return None
    lowest = rows >= np.percentile(rows, 90)
    middle = np.array([np.median(part[lowest]) + 0.5 for part in (columns, rows)])
    grid = scene.intrinsics
    ray = np.array([(middle[0] - grid.cx) / grid.fx, (middle[1] - grid.cy) / grid.fy, 1.0])
    return ray * float(np.median(depth[rows[lowest], columns[lowest]]))


def _foot(own: Bool[np.ndarray, "h w"]) -> Float[np.ndarray, "2"]:
    rows, columns = np.nonzero(own)
    return np.array([columns.mean(), rows.max()]) if len(rows) else np.zeros(2)


def _beside(own: Bool[np.ndarray, "h w"], relation: str) -> Float[np.ndarray, "2"]:
    rows, columns = np.nonzero(own)
    left, right, top, bottom = columns.min(), columns.max() + 1, rows.min(), rows.max() + 1
    middle, width, height = (left + right) / 2, right - left, bottom - top
    if relation == "on":
        # A little below the far edge of what is seen of it from above.
        return np.array([middle, top + 0.15 * height])
    if relation == "above":
        return np.array([middle, top - 0.35 * max(width, height)])
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
