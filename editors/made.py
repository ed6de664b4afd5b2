"""How an inserted object was made, kept in its `info`: enough to make it again elsewhere, or in another look."""

from dataclasses import asdict, dataclass, replace

import numpy as np

from editors.operations import SAME, AddOp, ReplaceOp, called
from wt.data.assets import FAMILY_INFO
from wt.errors import WtError
from wt.geometry.camera import project
from wt.scene.objects import SceneObject
from wt.scene.pose import pose_of
from wt.scene.scene import CAMERA_HEIGHT_M, Scene, on_grid
from wt.types import Bool

KEY = "made"
MOST_KEPT = 3.0
"""A replacement takes over a height up to this many times its family's own, and down to one over it."""


@dataclass(frozen=True)
class Made:
    """JSON values."""

    what: str
    """Family."""
    colour: str | None
    material: str | None
    size: str | None
    seed: int
    """Of the variant."""
    at: tuple[float, float]
    """Where it was put, as shares of the photo's width and height."""
    height_m: float | None = None
    """None where a diffusion model painted it."""
    heading_deg: float | None = None
    """See editors.stance.Stance; None where a diffusion model painted it."""

    @classmethod
    def of(cls, thing: SceneObject | None) -> "Made | None":
        """What is known of an object as it was inserted; None if it was not made here."""
        known = None if thing is None else thing.info.get(KEY)
        return cls(**{**known, "at": tuple(known["at"])}) if known else None

    @classmethod
    def now(cls, thing: SceneObject | None, scene: Scene) -> "Made | None":
        """As a hand has scaled and turned it since."""
        made, floor = cls.of(thing), scene.floor()
        if thing is None or made is None or made.height_m is None or made.heading_deg is None:
            return made
        pose = pose_of(thing.transform, np.zeros(3))
        turned = 0.0 if floor is None else pose.heading_deg(floor.normal)
        return replace(made, height_m=made.height_m * pose.scale, heading_deg=made.heading_deg + turned)

    def info(self) -> dict[str, object]:
        """For SceneObject.info."""
        return {KEY: asdict(self)}

    def op(self) -> AddOp:
        """To add it anew, anywhere."""
        operation = AddOp(self.what, self.colour, self.material, self.size)
        return replace(operation, text=f"add a {called(operation)}")


@dataclass(frozen=True)
class Kept:
    """What a new object takes over; None leaves it to chance, or to the family's own."""

    seed: int | None = None
    height_m: float | None = None
    heading_deg: float | None = None


def again(scene: Scene, operation: AddOp) -> tuple[AddOp, Kept]:
    """ "The same" with the look of the newest object of that family, and its shape.

    Raises:
        WtError: nothing was added yet that it could repeat.
    """
    if not operation.same:
        return operation, Kept()
    newest = reversed([made for thing in scene.objects if (made := Made.of(thing)) is not None])
    made = next((made for made in newest if operation.what in (SAME, made.what)), None)
    if made is None:
        if operation.what != SAME:
            return operation, Kept()
        raise WtError(f'"{operation.text}": nothing was added yet. Say what it is, for example "add a red chair".')
    full = replace(
        operation,
        what=made.what,
        colour=operation.colour or made.colour,
        material=operation.material or made.material,
        size=operation.size or made.size,
    )
    text = f"add a {called(full)}" if operation.what == SAME else operation.text
    return replace(full, text=text), Kept(seed=made.seed)


def taken_over(
    scene: Scene,
    thing: SceneObject | None,
    mask: Bool[np.ndarray, "rh rw"],
    operation: ReplaceOp,
    camera_height_m: float = CAMERA_HEIGHT_M,
) -> tuple[AddOp, Kept]:
    """The new object of a replacement, and what it keeps of the old one: its height unless a size is said, its heading.

    Args:
        scene: with the old thing.
        thing: the old thing, if it was inserted.
        mask: the old thing's pixels in the photo.
        operation: what comes; with `same` it keeps its shape and the rest of its look too.
        camera_height_m: how high the camera is taken to have stood.
    """
    made = Made.now(thing, scene)
    new = AddOp(operation.what, operation.colour, operation.material, operation.size, operation.where, operation.text)
    height = None if made is None else made.height_m
    if height is None:
        height = _measured_height_m(scene, thing, mask, camera_height_m)
    height = None if operation.size else _within_reason(operation.what, height)
    kept = Kept(None, height, None if made is None else made.heading_deg)
    if made is not None and operation.same and made.what == operation.what:
        new = replace(new, colour=new.colour or made.colour, material=new.material or made.material)
        kept = replace(kept, seed=made.seed)
    return new, kept


def stands_at(mask: Bool[np.ndarray, "h w"]) -> tuple[float, float]:
    """The foot of what a mask shows, photo pixels."""
    rows, columns = np.nonzero(mask)
    return float(columns.mean()), float(np.percentile(rows, 95))


def place_of(
    scene: Scene, thing: SceneObject | None, mask: Bool[np.ndarray, "rh rw"], *, hangs: bool
) -> tuple[float, float]:
    """Where a thing is, photo pixels: where an object was put, else the foot of what is seen, its middle if it hangs.

    Args:
        scene: gives the camera.
        thing: the object, if it was inserted.
        mask: its pixels in the photo.
        hangs: whether what comes there hangs on a wall or from the ceiling.
    """
    height, width = mask.shape
    made = Made.of(thing)
    if thing is not None and thing.moved:  # by hand: the photo shows it where it was
        grid = scene.intrinsics
        uv = project(thing.world_points()[thing.present], grid) * (width / grid.width, height / grid.height)
        u, v = np.clip((uv[:, 0].mean(), np.percentile(uv[:, 1], 95)), 0, (width, height))
        return float(u), float(v)
    if made is not None:
        return made.at[0] * width, made.at[1] * height
    foot = stands_at(mask)
    return (foot[0], float(np.nonzero(mask)[0].mean())) if hangs else foot


def _measured_height_m(
    scene: Scene, thing: SceneObject | None, mask: Bool[np.ndarray, "rh rw"], camera_height_m: float
) -> float | None:
    """Metric height of what goes; None without a floor."""
    floor, metres = scene.floor(), scene.metres_per_unit(camera_height_m)
    if floor is None or metres is None:
        return None
    if thing is not None:
        points = thing.world_points()[thing.present]
    else:
        points = scene.background.points[0][on_grid(mask, scene.intrinsics) & scene.background.present[0]]
    if not len(points):
        return None
    low, high = np.percentile(floor.heights(points), (3, 97))
    return float(high - low) * metres


def _within_reason(family: str, height_m: float | None) -> float | None:
    if height_m is None or family not in FAMILY_INFO:
        return None
    own = FAMILY_INFO[family][1]
    return float(np.clip(height_m, own / MOST_KEPT, own * MOST_KEPT))
