"""A scene as surfels: one little patch of surface for every sample of every layer, as large as its pixel.

A patch is spanned by the steps to the samples beside it on the same surface, whichever layers those are on, so that
neighbouring patches meet from wherever they are seen. A step that is too large for one surface is an edge and spans
nothing; a sample with edges all around is a disc that faces the photo's camera.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from wt.errors import WtError
from wt.images import resize_rgb
from wt.scene.cloud import point_cloud
from wt.scene.objects import SceneObject
from wt.scene.scene import Scene
from wt.types import Bool, Float, Int, UInt8

HALF_PX = 0.75
"""Half the side of a patch in pixels of the grid. More than half, so that patches of an uneven surface overlap where
they are seen from the side; less than one, so that from the photo's camera none reaches the next sample."""
EDGE = 24.0
"""A step in depth of more than so many pixel footprints is an edge between two surfaces, unless a plane explains it."""
_SAME_PICTURE = 3
"""Levels between a picture reduced to the grid and the grid's own colours, up to which they are the same."""


@dataclass(frozen=True, eq=False)
class Surfels:
    """Patches of surface in the scene's frame, scene units."""

    centre: Float[np.ndarray, "n 3"]
    """float32."""
    across: Float[np.ndarray, "n 3"]
    """From the centre to the middle of the patch's right side, float32."""
    down: Float[np.ndarray, "n 3"]
    """From the centre to the middle of its lower side, float32."""
    disc: Bool[np.ndarray, " n"]
    """Round instead of four-cornered."""
    place: Float[np.ndarray, "n 2"]
    """(u, v) of the sample's pixel on the grid, float32."""
    layer: UInt8[np.ndarray, " n"]
    object_id: Int[np.ndarray, " n"]
    """int16; 0 is the photo itself."""
    colours: UInt8[np.ndarray, "n 3"]
    """sRGB, one for the whole patch."""
    picture: Int[np.ndarray, " n"]
    """int16, index of the picture that a visible patch is cut out of; -1 for a patch of one colour."""
    pictures: tuple[UInt8[np.ndarray, "ph pw 3"], ...]
    grid: tuple[int, int]
    """(width, height) of the pixels that `place` counts."""

    def __len__(self) -> int:
        return len(self.centre)


def surfels_of(
    scene: Scene,
    *,
    layers: Iterable[int] | None = None,
    objects: Iterable[int] | None = None,
    hidden: str = "filled",
    pictures: Sequence[UInt8[np.ndarray, "ph pw 3"]] = (),
) -> Surfels:
    """All surfaces of the photo and of what stands in it.

    Args:
        layers: numbers of those to keep; None keeps all.
        objects: ids to keep, whether shown or hidden, 0 for the photo; None keeps all that are shown.
        hidden: colours of layers behind the first, "filled" from the visible surfaces nearest in space, "grey" by
            depth, or the pixel's "photo" colour.
        pictures: the photo at its full size, before or after edits; where one is what the scene was lifted from, its
            pixels are used instead of the grid's.

    Raises:
        WtError: nothing is left to draw.
    """
    things = [thing for thing in (scene.background, *scene.objects) if thing.visible]
    if objects is not None:
        things = [scene[ident] for ident in dict.fromkeys(objects)]
    kept = None if layers is None else sorted(set(layers))
    parts = [_patches(thing, scene, kept) for thing in things]
    total = sum(len(part["centre"]) for part in parts)
    if not total:
        raise WtError("Nothing of the scene is left to draw. Show at least one object.")
    cloud = point_cloud(things, layers=kept, hidden=hidden)
    index = np.repeat(np.arange(len(parts)), [len(part["centre"]) for part in parts])
    whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return Surfels(
        **whole,
        layer=cloud.layer,
        object_id=cloud.object_id,
        colours=cloud.colours,
        picture=np.where(cloud.layer == 0, index, -1).astype(np.int16),
        pictures=tuple(sharpened(thing.rgb, pictures) for thing in things),
        grid=(scene.intrinsics.width, scene.intrinsics.height),
    )


def sharpened(
    rgb: UInt8[np.ndarray, "h w 3"], pictures: Sequence[UInt8[np.ndarray, "ph pw 3"]]
) -> UInt8[np.ndarray, "h2 w2 3"]:
    """Colours of a grid at the size of the first picture: its own pixels where it shows the same, else the grid's.

    A second picture fills in where the first shows something else, as the photo after an edit does.
    """
    if not pictures:
        return rgb
    height, width = pictures[0].shape[:2]
    best = resize_rgb(rgb, width, height)
    missing = np.ones((height, width), bool)
    rows = ((np.arange(height) + 0.5) * rgb.shape[0] / height).astype(int)
    columns = ((np.arange(width) + 0.5) * rgb.shape[1] / width).astype(int)
    for picture in pictures:
        if picture.shape[:2] != (height, width):
            continue
        reduced = resize_rgb(picture, rgb.shape[1], rgb.shape[0])
        same = np.abs(reduced.astype(int) - rgb).max(axis=-1) <= _SAME_PICTURE
        use = missing & same[rows[:, None], columns]
        best = np.where(use[..., None], picture, best)
        missing &= ~use
    return best


def _patches(thing: SceneObject, scene: Scene, layers: list[int] | None) -> dict[str, np.ndarray]:
    """Centre, half axes, shape and place of the thing's samples, in the order of `point_cloud`."""
    k = scene.intrinsics
    kept = thing.present.copy()
    if layers is not None:
        kept[[index for index in range(len(kept)) if index not in layers]] = False
    index, row, column = np.nonzero(kept)
    z = thing.points[..., 2]
    across, has_across = _steps(thing.points, thing.present, k.fx, axis=2)
    down, has_down = _steps(thing.points, thing.present, k.fy, axis=1)
    facing = np.zeros((2, *thing.points.shape), np.float32)
    facing[0, ..., 0], facing[1, ..., 1] = z / k.fx, z / k.fy
    across = np.where(has_across[..., None], across, facing[0])[index, row, column] * HALF_PX
    down = np.where(has_down[..., None], down, facing[1])[index, row, column] * HALF_PX
    turn = thing.transform[:3, :3]
    return {
        "centre": thing.world_points()[index, row, column],
        "across": (across @ turn.T).astype(np.float32),
        "down": (down @ turn.T).astype(np.float32),
        "disc": ~(has_across | has_down)[index, row, column],
        "place": np.stack([column + 0.5, row + 0.5], axis=-1).astype(np.float32),
    }


def _steps(
    points: Float[np.ndarray, "layers h w 3"], present: Bool[np.ndarray, "layers h w"], focal: float, axis: int
) -> tuple[Float[np.ndarray, "layers h w 3"], Bool[np.ndarray, "layers h w"]]:
    """The step to the next sample of the same surface along an axis: the mean of both sides, or the one there is.

    A plane is linear in 1/z over the grid: there the steps of 1/z on either side are opposite, however steep it is.
    """
    after, before = (_towards(points, present, axis, side) for side in (1, -1))
    z = points[..., 2]
    total, count = np.zeros_like(points), np.zeros(present.shape, np.float32)
    with np.errstate(invalid="ignore", divide="ignore"):
        slopes = [1 / (z + step[..., 2]) - 1 / z for step in (after, before)]
        bend = np.abs(slopes[0] + slopes[1])
        for sign, step, slope in ((1, after, slopes[0]), (-1, before, slopes[1])):
            same = focal * z * np.fmin(np.abs(slope), bend) <= EDGE
            total += np.where(same[..., None], sign * step, 0)
            count += same
    return total / np.maximum(count, 1)[..., None], count > 0


def _towards(
    points: Float[np.ndarray, "layers h w 3"], present: Bool[np.ndarray, "layers h w"], axis: int, side: int
) -> Float[np.ndarray, "layers h w 3"]:
    """From every sample to the one nearest in depth, of any layer, on the pixel beside it; NaN where there is none."""
    beside = np.where(present[..., None], points, np.nan)
    beside = np.roll(beside, -side, axis=axis)
    edge = [slice(None)] * 3
    edge[axis] = slice(-1, None) if side == 1 else slice(0, 1)
    beside[tuple(edge)] = np.nan
    best = np.full_like(points, np.nan)
    nearest = np.full(present.shape, np.inf, np.float32)
    for other in beside:
        gap = np.abs(other[None, ..., 2] - points[..., 2])
        with np.errstate(invalid="ignore"):
            closer = gap < nearest
        nearest = np.where(closer, gap, nearest)
        best = np.where(closer[..., None], other - points, best)
    return best
