"""Photo: open one, and look at it before the first click."""

from dataclasses import replace
from pathlib import Path

from app.jobs import Job
from app.session import Session
from app.verbs.base import Verbs, empty_mask
from app.work import Selection, Work
from wt.images import Photo, open_photo


class PhotoVerbs(Verbs):
    """A new photo."""

    def open(self, session: Session, source: str | Path | bytes, name: str | None = None) -> None:
        """Decode a photo and begin with it; what was there stays in the history."""
        photo = open_photo(source, name)
        if session.job is not None:
            session.job.cancel()
        with session.lock:
            selection = Selection() if photo.alpha is None else Selection(base=photo.alpha)
            work = Work(photo, photo.rgb, selection, models=session.now.models)
            self.sessions.commit(session, f"Open {photo.name}", work)
            session.tool, session.exported = "pick", {}
            session.message = " ".join(
                [f"{photo.name} is open, {photo.width} × {photo.height} pixels.", *photo.notes, "Click what you want."]
            )
        self.refresh(session)
        self.prepare(session)

    def prepare(self, session: Session) -> None:
        """Look at a new photo behind the page, so that the first click is quick; suggest its sky."""
        photo = session.now.photo
        if photo is None:
            return
        job = Job("Preparing the selection", lambda _: self._look_at(session, photo))
        self.worker.submit(job)

    def _look_at(self, session: Session, photo: Photo) -> None:
        if session.now.photo is not photo or session.now.rgb is not photo.rgb:
            return
        with session.looking:
            found = self._segmenter(session, photo.rgb).suggest_sky()
        sky = empty_mask(photo.rgb) if found is None else found
        with session.lock:
            if session.now.photo is photo and session.now.sky is None:
                session.history.amend(lambda work: replace(work, sky=sky))
