"""Place by hand: choose an object, move, turn and scale it, let it snap, bring it back to where it was solved."""

import math
from dataclasses import replace
from typing import Literal

import numpy as np

from app.markup import length
from app.session import Session
from app.verbs.base import Verbs
from wt.errors import WtError
from wt.scene.objects import SceneObject
from wt.scene.pose import Pose, pivot_of, pose_of, taken_to
from wt.scene.reprojection import pick
from wt.scene.support import Support, snap

SCALES = (0.25, 4.0)
Quantity = Literal["x", "y", "z", "heading", "scale"]
_WORDS: dict[str, tuple[str, str]] = {"heading": ("Turn", "Turned"), "scale": ("Scale", "Scaled")}
_MOVE, _SNAP = ("Move", "Moved"), ("Snap", "Snapped")
_SURFACES = {"floor": "the floor", "surface": "the surface below it", "wall": "the wall"}


class MoveVerbs(Verbs):
    """The chosen object and its pose; every change is one step of the history."""

    def choose(self, session: Session, ident: int) -> None:
        """Offer an object's pose; the one that is chosen already, or 0, leaves none chosen."""
        held, scene = session.chosen_object, session.now.scene
        session.chosen = 0 if held is not None and held.id == ident else ident
        session.chosen_in = None if scene is None else scene.layers
        thing = session.chosen_object
        session.message = (
            "No object is chosen."
            if thing is None
            else f"Drag the arrows and arcs at {_the(thing)} in the 3D view, or type numbers."
        )
        self.hold(session)

    def point_at(self, session: Session, origin: np.ndarray, direction: np.ndarray) -> None:
        """Choose what was clicked in the 3D view; a click beside every object leaves none chosen."""
        scene = session.now.scene
        if scene is None or session.now.proposal is not None or session.peeking or session.previewing:
            return
        shown = scene.point_cloud(layers=session.display.layers)
        found = pick(shown, origin, direction, scene.intrinsics) or 0
        held = session.chosen_object
        if found != (0 if held is None else held.id):
            self.choose(session, found)

    def put(self, session: Session, ident: int, position: np.ndarray, wxyz: np.ndarray) -> None:
        """The gizmo was let go here."""
        thing = session.chosen_object
        if thing is None or thing.id != ident:
            return
        self._give(session, thing, taken_to(thing, self._up(session), position, wxyz), _MOVE)

    def adjust(self, session: Session, what: Quantity, value: float | None) -> None:
        """A number was typed: metres where the scene knows them, else scene units; degrees; times the solved size."""
        thing, up = self._chosen(session), self._up(session)
        if value is None or not math.isfinite(value):
            raise WtError("That is no number. Type one such as 1.5.")
        pivot = pivot_of(thing, up)
        pose = pose_of(thing.transform, pivot)
        if what == "heading":
            pose = pose.turned(up, value - pose.heading_deg(up))
        elif what == "scale":
            if not SCALES[0] <= value <= SCALES[1]:
                raise WtError(f"A scale lies between {SCALES[0]} and {SCALES[1]:g}; got {value:g}.")
            pose = pose.scaled(value / pose.scale)
        else:
            axis = "xyz".index(what)
            by = np.zeros(3)
            by[axis] = value / (self._metres(session) or 1.0) - (pivot + pose.translation)[axis]
            pose = pose.moved(by)
        self._give(session, thing, pose.matrix(pivot), _WORDS.get(what, _MOVE))

    def keep_snapped(self, session: Session, on: bool) -> None:
        """From now on a moved object is put onto the nearest surface; a chosen one at once."""
        session.snapping = on
        thing = session.chosen_object
        session.message = "Objects snap to the nearest surface." if on else "Objects stay where they are put."
        if on and thing is not None:
            self._give(session, thing, thing.transform, _SNAP)

    def reset(self, session: Session) -> None:
        """The chosen object is where, and as large as, it was solved."""
        thing = self._chosen(session)
        self._keep(session, thing, Pose().matrix(np.zeros(3)), ("Reset", "Reset"))

    def hold(self, session: Session) -> None:
        """Show the gizmo at the chosen object, or none."""
        scene = session.shown_scene
        if scene is not None:
            self.sessions.viewer_of(session).hold(scene, session.chosen_object)

    def _give(self, session: Session, thing: SceneObject, transform: np.ndarray, words: tuple[str, str]) -> None:
        told = ""
        if session.snapping:
            scene, support = snap(session.now.scene.move(thing.id, transform), thing.id)  # type: ignore[union-attr]
            transform = scene[thing.id].transform
            told = ("" if words is _SNAP else "; snapped") + self._onto(session, support)
        self._keep(session, thing, transform, words, told)

    def _keep(
        self, session: Session, thing: SceneObject, transform: np.ndarray, words: tuple[str, str], told: str = ""
    ) -> None:
        if np.allclose(transform, thing.transform, rtol=0, atol=1e-9):
            self.hold(session)  # a gizmo that was dragged into the floor and snapped out of it is where it was
            session.message = f"{_the(thing).capitalize()} stays where it is."
            return
        scene = session.now.scene
        assert scene is not None
        work = replace(session.now, scene=scene.move(thing.id, transform))
        self._commit(session, f"{words[0]} {_the(thing)}", work)
        session.message = f"{words[1]} {_the(thing)}{told}."

    def _onto(self, session: Session, support: Support | None) -> str:
        if support is None:
            return " to nothing: no surface is near"
        return f" to {_SURFACES[support.kind]} over {length(support.distance, self._metres(session))}"

    def _chosen(self, session: Session) -> SceneObject:
        thing = session.chosen_object
        if thing is None:
            raise WtError("No object is chosen. Click one in the list or in the 3D view.")
        return thing

    def _up(self, session: Session) -> np.ndarray:
        scene = session.now.scene
        assert scene is not None
        return scene.up()

    def _metres(self, session: Session) -> float | None:
        scene = session.now.scene
        return None if scene is None else scene.metres_per_unit()


def _the(thing: SceneObject) -> str:
    """The object's name as a sentence takes it."""
    first, _, rest = thing.name.partition(" ")
    return f"the {rest if rest and first.lower() in ('a', 'an', 'the') else thing.name}"
