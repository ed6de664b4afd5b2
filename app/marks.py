"""What stands in the 3D view beside the points: the photo's camera, axes, the ruler. At most one of each."""

import math
from typing import Any

import numpy as np

from app.display import Display
from app.ruler import Ruler, in_units
from wt.geometry.camera import Intrinsics
from wt.scene.display import middle_depth
from wt.scene.scene import Scene
from wt.types import UInt8

RULER_RGB, CAMERA_RGB = (255, 171, 64), (124, 92, 255)
AXES_RGB = ((230, 72, 72), (76, 190, 96), (80, 140, 255))
_LENGTHS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
_PICTURE_SIDE = 640


class Marks:
    """Nodes with stable names in one viser server."""

    def __init__(self, server: Any) -> None:
        self._scene = server.scene
        self._camera: Any = None
        self._camera_of: tuple[Any, ...] = ()
        self._axes: list[Any] = []
        self._ruler: list[Any] = []
        self._away = False
        """Whether somebody looks from elsewhere than the photo's own place, where its camera would hide the scene."""

    def show(self, scene: Scene, display: Display, ruler: Ruler) -> None:
        """What was chosen for this scene."""
        self._show_camera(scene.rgb, scene.intrinsics, middle_depth(scene.background.points[0, ..., 2]), display)
        self._show_axes(scene, display)
        self.show_ruler(ruler, scene)

    def hide(self) -> None:
        """Take everything away."""
        for handle in (*self._axes, *self._ruler, *([] if self._camera is None else [self._camera])):
            handle.remove()
        self._axes, self._ruler, self._camera = [], [], None

    def seen_from(self, *, away: bool) -> None:
        """Whether a browser looks from elsewhere than the photo's own place."""
        self._away = away
        if self._camera is not None:
            self._camera.visible = away

    def show_ruler(self, ruler: Ruler, scene: Scene) -> None:
        """Its ends, and between two of them a line with its length."""
        for handle in self._ruler:
            handle.remove()
        self._ruler = []
        if not ruler.fits(scene):
            return
        for number, end in enumerate(ruler.ends):
            size = 0.008 * float(np.linalg.norm(end))
            name = f"/ruler/end_{number}"
            self._ruler.append(self._scene.add_icosphere(name, size, RULER_RGB, position=end, cast_shadow=False))
        if len(ruler.ends) == 2:
            line = np.array([ruler.ends], dtype=np.float32)
            self._ruler.append(
                self._scene.add_line_segments("/ruler/line", line, RULER_RGB, thickness=4.0, thickness_units="screen")
            )
            middle = (ruler.ends[0] + ruler.ends[1]) / 2
            self._ruler.append(
                self._scene.add_label("/ruler/length", ruler.words(scene), position=middle, anchor="bottom-center")
            )

    def _show_camera(self, rgb: UInt8[np.ndarray, "h w 3"], k: Intrinsics, distance: float, display: Display) -> None:
        wanted = (rgb, k) if display.frustum else ()
        if len(wanted) == len(self._camera_of) and all(a is b for a, b in zip(wanted, self._camera_of, strict=True)):
            return
        self._camera_of = wanted
        if self._camera is not None:
            self._camera.remove()
            self._camera = None
        if not wanted:
            return
        step = max(1, math.ceil(max(rgb.shape[:2]) / _PICTURE_SIDE))
        self._camera = self._scene.add_camera_frustum(
            "/photo_camera",
            2 * math.atan(k.height / (2 * k.fy)),
            (k.width / k.fx) / (k.height / k.fy),
            scale=0.25 * distance,
            thickness=2.0,
            thickness_units="screen",
            color=CAMERA_RGB,
            image=np.ascontiguousarray(rgb[::step, ::step]),
            visible=self._away,
        )

    def _show_axes(self, scene: Scene, display: Display) -> None:
        for handle in self._axes:
            handle.remove()
        self._axes = []
        if not display.axes:
            return
        distance = middle_depth(scene.background.points[0, ..., 2])
        metres = scene.metres_per_unit()
        length = _round_length(0.25 * distance * (metres or 1.0)) / (metres or 1.0)
        origin = np.array([0.0, 0.0, distance])
        ends = origin + length * np.eye(3)
        lines = np.stack([np.broadcast_to(origin, (3, 3)), ends], axis=1).astype(np.float32)
        colours = np.repeat(np.array(AXES_RGB, np.uint8)[:, None], 2, axis=1)
        add = self._scene.add_line_segments
        self._axes.append(add("/axes/lines", lines, colours, thickness=4.0, thickness_units="screen"))
        said = (f"x, {in_units(length, metres)}", "y", "z")
        for name, text, end in zip("xyz", said, ends, strict=True):
            self._axes.append(self._scene.add_label(f"/axes/{name}", text, position=end, anchor="center-left"))


def _round_length(length: float) -> float:
    """The nearest round length that is not longer."""
    return max((known for known in _LENGTHS if known <= length), default=_LENGTHS[0])
