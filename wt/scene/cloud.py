"""A scene as one list of coloured points: what the viewer shows and the exporters write."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from wt.errors import WtError
from wt.scene.objects import SceneObject
from wt.types import Float, Int, UInt8

Colouring = Literal["photo", "layer", "depth"]
Hidden = Literal["grey", "photo"]

LAYER_COLOURS = np.array(
    [[235, 172, 35], [0, 135, 213], [0, 158, 90], [214, 72, 60], [152, 95, 194], [122, 122, 122]], dtype=np.uint8
)
"""One colour a layer, near to far; told apart by common kinds of colour blindness."""

# Turbo (Mikhailov 2019, Apache-2.0), its published polynomial: rows are powers 0..5, columns r, g, b.
_TURBO = np.array(
    [
        [0.13572138, 0.09140261, 0.10667330],
        [4.61539260, 2.19418839, 12.64194608],
        [-42.66032258, 4.84296658, -60.58204836],
        [132.13108234, -14.18503333, 110.36276771],
        [-152.94239396, 4.27729857, -89.90310912],
        [59.28637943, 2.82956604, 27.34824973],
    ]
)


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
) -> PointCloud:
    """Merge the surfaces of `things`; see `Scene.point_cloud`."""
    if colour not in ("photo", "layer", "depth") or hidden not in ("grey", "photo"):
        raise WtError(
            f"A cloud is coloured by photo, layer or depth, hidden surfaces grey or photo; got {colour!r}, {hidden!r}."
        )
    wanted = None if layers is None else sorted(set(layers))
    points, photo, layer, ident = [np.zeros((0, 3), np.float32)], [np.zeros((0, 3), np.uint8)], [], []
    for thing in things:
        present = thing.present.copy()
        if wanted is not None:
            present[[index for index in range(len(present)) if index not in wanted]] = False
        index, row, column = np.nonzero(present)
        points.append(thing.world_points()[index, row, column])
        photo.append(thing.rgb[row, column])
        layer.append(index.astype(np.uint8))
        ident.append(np.full(len(index), thing.id, np.int16))
    xyz, rgb = np.concatenate(points), np.concatenate(photo)
    layer_id = np.concatenate([np.zeros(0, np.uint8), *layer])
    object_id = np.concatenate([np.zeros(0, np.int16), *ident])
    return PointCloud(xyz, _colours(xyz, rgb, layer_id, colour, hidden), layer_id, object_id)


def _colours(
    points: Float[np.ndarray, "n 3"], photo: UInt8[np.ndarray, "n 3"], layer: UInt8[np.ndarray, " n"], by: str, hid: str
) -> UInt8[np.ndarray, "n 3"]:
    if by == "layer":
        return LAYER_COLOURS[np.minimum(layer, len(LAYER_COLOURS) - 1)]
    if by == "depth":
        return turbo(1 - _relative_depth(points[:, 2]))
    if hid == "photo":
        return photo
    # The paper shows deeper layers in grey by depth: light near, dark far.
    grey = (190 - 90 * _relative_depth(points[:, 2])).astype(np.uint8)
    return np.where(layer[:, None] == 0, photo, grey[:, None])


def _relative_depth(z: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Log depth between the 2nd and the 98th percentile, as 0..1."""
    if not len(z):
        return z
    log = np.log(np.maximum(z, 1e-9))
    low, high = np.percentile(log, (2, 98))
    return np.clip((log - low) / max(high - low, 1e-9), 0, 1)


def turbo(value: Float[np.ndarray, "*n"]) -> UInt8[np.ndarray, "*n 3"]:
    """The Turbo colour map: 0 blue, 1 red."""
    powers = np.clip(value, 0, 1)[..., None] ** np.arange(6)
    return np.clip(np.rint(255 * (powers @ _TURBO)), 0, 255).astype(np.uint8)
