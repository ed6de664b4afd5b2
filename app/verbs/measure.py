"""Measure and calibrate: the ruler, true sizes from a known length or the camera's height, a known focal length."""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from app import focal
from app.ruler import Ruler, geometry_of, in_units
from app.session import Session
from app.verbs.base import Verbs
from wt.errors import WtError
from wt.scene.calibration import camera_height_m, with_camera, with_camera_height, with_known_length
from wt.scene.reprojection import pick_point
from wt.scene.scene import Scene

_SAME_HEIGHT_M = 0.006
"""A camera height that is typed as it is shown, rounded to centimetres, changes nothing."""


class MeasureVerbs(Verbs):
    """A ruler is no step of the history; what changes the scene's scale or camera is."""

    def act(self, session: Session, data: dict[str, Any]) -> None:
        """One gesture in the ruler's panel."""
        kind, value = data.get("kind"), data.get("value")
        if kind == "open":
            self.open(session, bool(value))
        elif kind == "clear":
            self.clear(session)
        elif kind == "ends":
            self.type_ends(session, [[float(number) for number in end] for end in data["ends"]])
        elif kind == "really":
            self.rescale(session, None if value is None else float(value))

    def open(self, session: Session, on: bool = True) -> None:
        """Clicks in the 3D view set the ruler's ends, or choose objects again."""
        scene = self._scene(session) if on else session.now.scene
        ends = session.ruler.ends if on and session.ruler.fits(scene) else ()
        self._draw(session, Ruler(on, ends, (None, None) if scene is None else geometry_of(scene)))
        session.message = "Click two points in the 3D view." if on else "The ruler is put away."

    def point_at(self, session: Session, origin: np.ndarray, direction: np.ndarray) -> None:
        """A click in the 3D view: the first end, the second, and then a new first one."""
        scene = session.shown_scene
        if scene is None:
            return
        shown = scene.point_cloud(layers=session.display.layers)
        point = pick_point(shown, origin, direction, scene.intrinsics)
        if point is None:
            raise WtError("There is no point under that click. Click where points are shown.")
        ruler = session.ruler
        kept = ruler.ends if ruler.fits(scene) and len(ruler.ends) == 1 else ()
        self._draw(session, Ruler(True, (*kept, point), geometry_of(scene)))
        session.message = f"{session.ruler.words(scene)} between the two points." if kept else "Now the other end."

    def type_ends(self, session: Session, ends: list[list[float]]) -> None:
        """Both ends as numbers: X right, Y down, Z away from the camera, in metres where the scene knows them."""
        scene = self._scene(session)
        points = np.array(ends, dtype=np.float64)
        if points.shape != (2, 3) or not np.isfinite(points).all():
            raise WtError("A ruler has two ends of three numbers each.")
        points /= scene.metres_per_unit() or 1.0
        self._draw(session, Ruler(session.ruler.picking, (points[0], points[1]), geometry_of(scene)))

    def clear(self, session: Session) -> None:
        """No ends."""
        self._draw(session, replace(session.ruler, ends=()))

    def rescale(self, session: Session, metres: float | None) -> None:
        """The ruler's length is really so many metres; all sizes follow, exports included."""
        scene, ruler = self._scene(session), session.ruler
        if metres is None or not math.isfinite(metres):
            raise WtError("That is no length. Type metres, such as 0.9.")
        if ruler.length is None or not ruler.fits(scene):
            raise WtError("Measure something first: pick two points in the 3D view.")
        before = in_units(ruler.length, scene.metres_per_unit())
        self._commit_scene(session, "Set the scale", with_known_length(scene, ruler.length, metres))
        session.message = f"What measured {before} is {metres:g} m now, and everything else with it."

    def camera_height(self, session: Session, metres: float | None) -> None:
        """How high above its floor the camera stood; a measured length no longer counts."""
        scene = session.now.scene
        if scene is None or metres is None or not math.isfinite(metres):
            return
        known = camera_height_m(scene)
        if known is not None and abs(known - metres) < _SAME_HEIGHT_M:
            return
        self._commit_scene(session, "Set the camera height", with_camera_height(self._scene(session), metres))
        session.message = f"Sizes follow from a camera {metres:g} m above the floor."

    def use_camera(self, session: Session, data: dict[str, Any]) -> None:
        """Put every point on the rays of the fitted camera, the one EXIF tells of, or a typed focal length."""
        scene, photo = self._scene(session), session.now.photo
        assert photo is not None
        kind, unit = str(data.get("kind")), str(data.get("unit", "mm"))
        k = focal.camera(scene, photo, kind, data.get("value"), unit)
        if k == scene.intrinsics or np.array_equal(k.matrix(), scene.intrinsics.matrix()):
            raise WtError("The points are on the rays of that camera already.")
        self._commit_scene(session, f"Use the {focal.NAMES[kind]} camera", with_camera(scene, k))
        self.sessions.viewer_of(session).home(session.now.scene)
        session.message = f"Every point is on its ray under a focal length of {k.fx:.1f} px; depths are as they were."

    def _scene(self, session: Session) -> Scene:
        self._photo_rgb(session)
        if session.now.scene is None:
            raise WtError("There is no scene to measure yet. Lift the photo first.")
        return session.now.scene

    def _commit_scene(self, session: Session, label: str, scene: Scene) -> None:
        self._commit(session, label, replace(session.now, scene=scene))

    def _draw(self, session: Session, ruler: Ruler) -> None:
        session.ruler = ruler
        scene, viewer = session.shown_scene, self.sessions.viewer_of(session)
        if scene is not None:
            viewer.marks.show_ruler(ruler, scene)
