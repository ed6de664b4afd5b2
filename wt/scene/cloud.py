"""A scene as one list of coloured points: what the viewer shows and the exporters write."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from wt.errors import WtError
from wt.geometry.normals import pixel_normals
from wt.scene.colour_maps import DepthScale, depth_colours, depth_scale
from wt.scene.filled import filled_colours
from wt.scene.objects import SceneObject
from wt.types import Bool, Float, Int, UInt8

Colouring = Literal["photo", "layer", "depth", "normals"]
Hidden = Literal["grey", "photo", "filled"]

LAYER_COLOURS = np.array(
    [[235, 172, 35], [0, 135, 213], [0, 158, 90], [214, 72, 60], [152, 95, 194], [122, 122, 122]], dtype=np.uint8
)
"""One colour a layer, near to far; told apart by common kinds of colour blindness."""

WARNING = np.array([255, 45, 120], dtype=np.uint8)
"""Colour of marked points; no photo, no layer and no depth has it."""
_NO_NORMAL = np.array([90, 90, 90], dtype=np.uint8)
_COLOURINGS, _HIDDENS = get_args(Colouring), get_args(Hidden)


@dataclass(frozen=True, eq=False)
class PointCloud:
    """Points of real surfaces only, OpenCV camera frame, scene units."""

    points: Float[np.ndarray, "n 3"]
    """float32."""
    colours: UInt8[np.ndarray, "n 3"]
    """sRGB."""
    layer: UInt8[np.ndarray, " n"]
    object_id: Int[np.ndarray, " n"]
    """int16; 0 is the photo itself."""

    def __len__(self) -> int:
        return len(self.points)


def point_cloud(
    things: Iterable[SceneObject],
    *,
    layers: Iterable[int] | None = None,
    colour: str = "photo",
    hidden: str = "grey",
    colour_map: str = "turbo",
    marked: Mapping[int, Bool[np.ndarray, "layers h w"]] | None = None,
) -> PointCloud:
    """Merge the surfaces of `things`; see `Scene.point_cloud`."""
    if colour not in _COLOURINGS or hidden not in _HIDDENS:
        raise WtError(
            f"A cloud is coloured by {_either(_COLOURINGS)}, hidden surfaces {_either(_HIDDENS)}; "
            f"got {colour!r}, {hidden!r}."
        )
    things = list(things)
    paint = _Paint(colour, hidden, colour_map, depth_scale(things))
    wanted = None if layers is None else sorted(set(layers))
    points, colours, layer, ident = [np.zeros((0, 3), np.float32)], [np.zeros((0, 3), np.uint8)], [], []
    for thing in things:
        present = thing.present.copy()
        if wanted is not None:
            present[[index for index in range(len(present)) if index not in wanted]] = False
        index = np.nonzero(present)[0]
        world = thing.world_points()
        painted = paint(thing, world, present)
        if marked is not None and thing.id in marked:
            painted[marked[thing.id][present]] = WARNING
        points.append(world[present])
        colours.append(painted)
        layer.append(index.astype(np.uint8))
        ident.append(np.full(len(index), thing.id, np.int16))
    layer_id = np.concatenate([np.zeros(0, np.uint8), *layer])
    object_id = np.concatenate([np.zeros(0, np.int16), *ident])
    return PointCloud(np.concatenate(points), np.concatenate(colours), layer_id, object_id)


@dataclass(frozen=True)
class _Paint:
    """Colours of one thing's chosen surfaces, in the order of `np.nonzero`."""

    by: str
    hidden: str
    colour_map: str
    scale: DepthScale

    def __call__(
        self, thing: SceneObject, world: Float[np.ndarray, "layers h w 3"], chosen: Bool[np.ndarray, "layers h w"]
    ) -> UInt8[np.ndarray, "n 3"]:
        layer, row, column = np.nonzero(chosen)
        if self.by == "layer":
            return LAYER_COLOURS[np.minimum(layer, len(LAYER_COLOURS) - 1)]
        if self.by == "depth":
            return depth_colours(world[chosen][:, 2], self.scale, self.colour_map)
        if self.by == "normals":
            return _normal_colours(world, thing.present)[chosen]
        if self.hidden == "filled":
            return filled_colours(thing)[chosen]
        photo = thing.rgb[row, column]
        if self.hidden == "photo":
            return photo
        # The paper shows deeper layers in grey by depth: light near, dark far.
        grey = (190 - 90 * self.scale.place(world[chosen][:, 2])).astype(np.uint8)
        return np.where(layer[:, None] == 0, photo, grey[:, None])


def _normal_colours(
    points: Float[np.ndarray, "layers h w 3"], present: Bool[np.ndarray, "layers h w"]
) -> UInt8[np.ndarray, "layers h w 3"]:
    """The usual code: red to the right, green up, blue towards the camera; dark grey where no normal is known."""
    normals = np.stack([pixel_normals(*layer) for layer in zip(points, present, strict=True)])
    known = np.isfinite(normals).all(axis=-1, keepdims=True)
    code = np.rint(127.5 + 127.5 * np.nan_to_num(normals) * (1, -1, -1)).astype(np.uint8)
    return np.where(known, code, _NO_NORMAL)


def _either(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
