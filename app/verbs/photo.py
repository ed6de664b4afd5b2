"""Photo: open one, or a project; and look at it before the first click."""

import zipfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from app import autosave, personal, project, projects
from app.bundles import hand_out
from app.jobs import Job
from app.limits import size_of
from app.session import Session
from app.verbs.base import Verbs, empty_mask
from app.work import Selection, Work
from wt.errors import WtError
from wt.images import Photo, open_photo


class PhotoVerbs(Verbs):
    """What a project begins with."""

    def open(self, session: Session, source: str | Path | bytes, name: str | None = None) -> None:
        """Decode a photo, or a project file, and begin a project with it; what was there stays in the history."""
        if not isinstance(source, bytes) and _is_archive(Path(source)):
            work = project.open_file(source, projects.new_ident())
            self._begin(session, work, _welcome(work))
            return
        photo = open_photo(source, name)
        selection = Selection() if photo.alpha is None else Selection(base=photo.alpha)
        models = session.now.models
        work = Work(project=projects.new_ident(), photo=photo, rgb=photo.rgb, selection=selection, models=models)
        size = f"{photo.width} × {photo.height} pixels"
        self._begin(session, work, " ".join([f"{photo.name} is open, {size}.", *photo.notes, "Click what you want."]))

    def open_project(self, session: Session, ident: str) -> None:
        """Go on with an earlier project of this browser; where another tab shows it, with a copy."""
        folder = projects.folder_of(session.folder, ident)
        self.sessions.autosaver.flush()
        work = autosave.read(folder)
        if work is None:
            raise WtError("That project was deleted in the meantime.")
        copied = ident in self.sessions.elsewhere(session)
        if copied:
            work = replace(work, project=projects.new_ident())
        note = " This is a copy: another tab shows that project." if copied else ""
        self._begin(session, work, _welcome(work) + note)

    def delete_project(self, session: Session, ident: str) -> None:
        """Delete an earlier project of this browser for good."""
        if ident == session.now.project or ident in self.sessions.elsewhere(session):
            raise WtError("That project is open. Open another one first, then delete it.")
        self.sessions.autosaver.flush()
        session.message = f"{projects.delete(session.folder, ident)} was deleted."

    def prepare(self, session: Session) -> None:
        """Look at a new photo behind the page, so that the first click is quick; suggest its sky."""
        photo = session.now.photo
        if photo is None:
            return
        if session.preparing is not None:
            session.preparing.cancel()
        job = Job("Preparing the selection", lambda _: self._look_at(session, photo), owner=session.key)
        with suppress(WtError):  # too many jobs wait: the first click will do it
            session.preparing = self.worker.submit(job)

    def _begin(self, session: Session, work: Work, message: str) -> None:
        assert work.photo is not None
        if not (session.folder / "projects" / work.project).exists():
            personal.require_room(session.folder, size_of(self.sessions.config.max_kept))
        if session.job is not None:
            session.job.cancel()
        with session.lock:
            self.sessions.commit(session, f"Open {work.photo.name}", work)
            session.tool = "pick" if work.scene is None else "place"
            hand_out(session, "exported", {})
            hand_out(session, "textured", {})
            session.camera_path.forget_film()
            session.message = message
        self.refresh(session, home=True)
        self.prepare(session)

    def _look_at(self, session: Session, photo: Photo) -> None:
        if session.now.photo is not photo or session.now.rgb is not photo.rgb:
            return
        with session.looking:
            found = self._segmenter(session, photo.rgb).suggest_sky()
        sky = empty_mask(photo.rgb) if found is None else found
        with session.lock:
            if session.now.photo is photo and session.now.sky is None:
                session.history.amend(lambda work: replace(work, sky=sky))


def _is_archive(path: Path) -> bool:
    return path.suffix.lower() == ".wts" or zipfile.is_zipfile(path)


def _welcome(work: Work) -> str:
    assert work.photo is not None
    done = f", with {len(work.edits)} {'edit' if len(work.edits) == 1 else 'edits'}" if work.edits else ""
    return " ".join([f"The project of {work.photo.name} is open{done}.", *work.photo.notes])
