"""What every step's verbs share: the models, the visitors, the worker; committing, showing, starting a job.

Short verbs act at once and raise `WtError`; lift, edit and export return a `Job` that runs behind the page. A job's
result is kept only if what it was computed from is still what the person looks at.
"""

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from app.engine import Engine, require
from app.jobs import Job, Parts, Worker
from app.models import Kind
from app.session import Session, Sessions
from app.variants import Outcome
from app.work import Work
from wt.errors import WtError

_LAST_MOMENTS_S = 1.0


class Verbs:
    """Verbs of one step, for any session."""

    def __init__(self, engine: Engine, sessions: Sessions, worker: Worker) -> None:
        self.engine = engine
        self.sessions = sessions
        self.worker = worker

    def refresh(self, session: Session, *, home: bool = False) -> None:
        """Show the scene of the moment in the 3D view, where there is one."""
        if not session.has_view:
            return
        viewer = self.sessions.viewer_of(session)
        scene = session.shown_scene
        viewer.show(scene, session.display, session.ruler, chosen=session.chosen_object)
        clip = session.shown_clip
        viewer.play(clip, session.display)
        if home and clip is not None:
            viewer.home(clip.scene(0))
        if home and scene is not None:
            viewer.home(scene)

    def _start(self, session: Session, job: Job) -> Job:
        work, job.owner = job.work, session.key

        def run(job: Job) -> Parts:
            succeeded = False
            try:
                yield from work(job) or ()
                succeeded = True
            finally:
                if not succeeded:  # a half-formed preview may be on screen: the last good state comes back
                    self.refresh(session, home=True)

        job.work = run
        if session.job is not None:  # the page may show the end of a job a moment before the job itself is over
            session.job.wait(_LAST_MOMENTS_S)
        with session.lock:
            if session.busy:
                raise WtError("Something is running already. Wait for it, or cancel it.")
            session.job, before = job, session.job
        try:
            return self.worker.submit(job)
        except WtError:
            session.job = before
            raise

    def _commit(self, session: Session, label: str, work: Work, *, show: bool = True) -> None:
        with session.lock:
            scene_before, show = session.shown_scene, show or session.peeking
            self.sessions.commit(session, label, work)
        if show and work.shown_scene is not scene_before:
            self.refresh(session)

    def _commit_outcome(self, session: Session, outcome: Outcome, *, home: bool = False) -> None:
        """Make an outcome one step of the history.

        Raises:
            WtError: the work has gone on without it.
        """
        lifted = outcome.step == "geometry"
        with session.lock:
            if not outcome.fits(session.now):
                raise WtError(f"The {'photo' if lifted else 'scene'} was changed in between; that result was dropped.")
            self._commit(session, outcome.label, outcome.applied(session.now), show=False)
            session.variants, session.message = None, outcome.message
            session.tool = "place" if lifted else "compare"
            if lifted:
                session.display = replace(session.display, layers=None, flyers=None)
        self.refresh(session, home=home)

    def _photo_rgb(self, session: Session) -> np.ndarray:
        work = session.now
        if work.rgb is None:
            raise WtError("Open a photo first.")
        if work.proposal is not None:
            raise WtError("An edit is waiting. Accept or discard it first.")
        return work.rgb

    def _lifter(self, work: Work, kind: Kind, job: Job) -> Any:
        """The model that was chosen for this work; cancelling the job does not wait for it."""
        return self.engine.lifter(kind, work.models.get(kind, ""), partial(job.report, 0, 0))

    def _segmenter(self, session: Session, rgb: np.ndarray) -> Any:
        if session.segmenter is None:
            require(self.engine, "segmenter")
            session.segmenter = self.engine.new_segmenter()
        if session.segmented is not rgb:
            session.segmenter.set_image(rgb)
            session.segmented = rgb
        return session.segmenter


def inside(x: float, y: float, rgb: np.ndarray) -> tuple[float, float]:
    """The nearest place on the photo, in its pixels."""
    height, width = rgb.shape[:2]
    return float(np.clip(x, 0, width - 1e-3)), float(np.clip(y, 0, height - 1e-3))


def empty_mask(rgb: np.ndarray) -> np.ndarray:
    """Nothing selected, bool [h, w]."""
    return np.zeros(rgb.shape[:2], dtype=bool)
