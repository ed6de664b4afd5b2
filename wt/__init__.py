"""World Tracing: one photo becomes six ordered layers of camera-space points on the photo's own pixel grid.

Frame: OpenCV camera axes (+x right, +y down, +z forward), camera at the origin, pixel centres at +0.5.
The names below are the public API; they are imported on first use, so that `import wt` costs nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from wt.depth import DepthMap, open_depth
    from wt.errors import Cancelled, WtError
    from wt.exports.export import export
    from wt.geometry.camera import Intrinsics
    from wt.geometry.fit_intrinsics import fit_intrinsics
    from wt.geometry.layers import LayeredPointmap
    from wt.lift import Lifter, load
    from wt.scene.place import Placed, place
    from wt.scene.scene import Scene

_HOME = {
    "Cancelled": "wt.errors",
    "DepthMap": "wt.depth",
    "WtError": "wt.errors",
    "Intrinsics": "wt.geometry.camera",
    "fit_intrinsics": "wt.geometry.fit_intrinsics",
    "LayeredPointmap": "wt.geometry.layers",
    "Lifter": "wt.lift",
    "load": "wt.lift",
    "open_depth": "wt.depth",
    "export": "wt.exports.export",
    "Placed": "wt.scene.place",
    "place": "wt.scene.place",
    "Scene": "wt.scene.scene",
}

__all__ = [
    "Cancelled",
    "DepthMap",
    "Intrinsics",
    "LayeredPointmap",
    "Lifter",
    "Placed",
    "Scene",
    "WtError",
    "export",
    "fit_intrinsics",
    "load",
    "open_depth",
    "place",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'wt' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)
