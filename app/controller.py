"""The verbs of the studio, step by step as on the page; and what concerns all steps: undo, the 3D view, cancel."""

from collections.abc import Callable

import numpy as np

from app.engine import Engine
from app.jobs import Worker, attempt
from app.session import Session, Sessions
from app.verbs.base import Verbs
from app.verbs.clip import ClipVerbs
from app.verbs.edit import EditVerbs
from app.verbs.export import ExportVerbs
from app.verbs.geometry import GeometryVerbs
from app.verbs.look import LookVerbs
from app.verbs.measure import MeasureVerbs
from app.verbs.move import MoveVerbs
from app.verbs.photo import PhotoVerbs
from app.verbs.place import PlaceVerbs
from app.verbs.select import SelectVerbs
from app.verbs.trellis import TrellisVerbs
from app.verbs.variants import VariantVerbs
from app.verbs.views import ViewsVerbs
from app.verbs.words import WordsVerbs
from app.viewer import Viewer
from wt.errors import WtError

_NO_STEP = {
    "Undone": "There is nothing to undo.",
    "Redone": "There is nothing to redo.",
    "Now at": "That step is not in the history any more.",
}


class Controller(Verbs):
    """All that a person can do, for any session."""

    def __init__(self, engine: Engine, sessions: Sessions, worker: Worker) -> None:
        super().__init__(engine, sessions, worker)
        self.photo = PhotoVerbs(engine, sessions, worker)
        self.clip = ClipVerbs(engine, sessions, worker)
        self.select = SelectVerbs(engine, sessions, worker)
        self.words = WordsVerbs(engine, sessions, worker)
        self.geometry = GeometryVerbs(engine, sessions, worker)
        self.edit = EditVerbs(engine, sessions, worker)
        self.variants = VariantVerbs(engine, sessions, worker)
        self.place = PlaceVerbs(engine, sessions, worker)
        self.move = MoveVerbs(engine, sessions, worker)
        self.export = ExportVerbs(engine, sessions, worker)
        self.views = ViewsVerbs(engine, sessions, worker)
        self.trellis = TrellisVerbs(engine, sessions, worker)
        self.look = LookVerbs(engine, sessions, worker)
        self.measure = MeasureVerbs(engine, sessions, worker)
        sessions.on_viewer = self._listen

    def undo(self, session: Session) -> None:
        """Take the last change back, whatever it was."""
        self._travel(session, "Undone", session.history.undo)

    def redo(self, session: Session) -> None:
        """Bring the last undone change back."""
        self._travel(session, "Redone", session.history.redo)

    def jump(self, session: Session, number: int) -> None:
        """To any step of the history, back or forth."""
        self._travel(session, "Now at", lambda: session.history.go(number))

    def peek(self, session: Session) -> None:
        """Show the scene before the last edit in 3D, or the present one again; this is no step of its own."""
        if not session.peeking and session.scene_before is None:
            raise WtError("There is no edit to look behind. Run one first.")
        session.peeking = not session.peeking
        session.message = f"The 3D view shows the scene {'before' if session.peeking else 'after'} the last edit."
        self.refresh(session)

    def home(self, session: Session) -> None:
        """Back to the photo's own view."""
        self.sessions.viewer_of(session).home()

    def cancel(self, session: Session) -> None:
        """Stop the running job at its next step."""
        if session.job is not None and session.job.active:
            session.job.cancel()

    def _listen(self, session: Session, viewer: Viewer) -> None:
        """What is done by hand in a visitor's 3D view is done to that visitor's work."""

        def act(label: str, verb: Callable[[], None]) -> None:
            session.problem = False
            problem = attempt(label, verb)
            if problem:
                session.message, session.problem = problem, True

        def pointed(*ray: np.ndarray) -> None:
            if session.ruler.picking:
                act("Measuring", lambda: self.measure.point_at(session, *ray))
            else:
                act("Choosing", lambda: self.move.point_at(session, *ray))

        viewer.on_click = pointed
        viewer.gizmo.on_release = lambda *pose: act("Moving", lambda: self.move.put(session, *pose))

    def _travel(self, session: Session, word: str, move: Callable[[], str]) -> None:
        with session.lock:
            before, scene_before = session.now, session.shown_scene
            label = move()
            work, session.peeking = session.now, False
            self.sessions.save(session)
        if not label:
            session.message = _NO_STEP[word]
            return
        session.message = f"{word}: {label}."
        session.tool = "compare" if work.proposal else ("place" if work.scene else "pick")
        if work.shown_scene is not scene_before:
            self.refresh(session, home=work.photo is not before.photo)
