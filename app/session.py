"""One visitor: history, view, job, folder; and the registry that gives each page its own."""

import logging
import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from app import autosave, depths, frames, memory, pictures, project, projects
from app.autosave import Autosaver
from app.camera_path import CameraPath
from app.config import AppConfig
from app.display import Display
from app.jobs import Job, attempt
from app.models import Kind
from app.ruler import Ruler
from app.uploads import Uploads
from app.variants import Step, Variants
from app.viewer import Viewer
from app.work import History, Work
from wt.clips.clip import Clip
from wt.errors import WtError
from wt.geometry.layers import LayeredPointmap
from wt.scene.objects import SceneObject
from wt.scene.scene import Scene

log = logging.getLogger(__name__)

GRACE_S = 90.0
"""A page that is reloaded finds its 3D view and its undo history again within this time."""
THUMBNAIL_OF = "project-"
"""Then a project's id: name of a picture."""
CARD_OF = "variant-"
"""Then a variant's own name."""
_SETTLE_S = 5.0
_CLOCK_JUMP_S = 3600.0
_KEY = re.compile(r"[A-Za-z0-9_-]{32,64}")


class Session:
    """Everything of one visitor's tab. Handlers hold `lock` while they change it."""

    has_view = True
    """Whether there is a page with a 3D view; a program that calls the API has none."""

    def __init__(self, key: str, folder: Path) -> None:
        self.key = key
        """Secret of the browser, shared by its tabs; names the folder of its projects."""
        self.token = secrets.token_urlsafe(24)
        """In the URLs of this tab's pictures and downloads."""
        self.folder = folder
        self.lock = threading.RLock()
        self.history = History()
        self.display = Display()
        self.chosen = 0
        """Id of the object that is moved by hand; 0 if none is."""
        self.chosen_in: LayeredPointmap | None = None
        """The lift whose scene it is in: another photo's objects have the same ids."""
        self.snapping = False
        """Whether a moved object is put onto the nearest surface."""
        self.ruler = Ruler()
        self.peeking = False
        """Whether the 3D view shows the scene before the last edit."""
        self.viewer: Viewer | None = None
        self.looking = threading.Lock()
        """Held while the segmenter works, so that the page need not wait for it."""
        self.segmenter: Any = None
        self.segmented: Any = None
        """The pixels that the segmenter was given last."""
        self.job: Job | None = None
        self.preparing: Job | None = None
        """What looks at a new photo behind the page."""
        self.tool = "pick"
        self.lift_kind: Kind = "scene"
        """Whether the page is about to lift the photo or the selection."""
        self.seeds: dict[Step, int] = {"geometry": 42, "edit": 0}
        """What the last run of a step took."""
        self._variants: Variants | None = None
        self.message = "Open a photo to begin."
        self.problem = False
        """Whether `message` is about something that went wrong."""
        self.unsaved: Callable[[], str] = lambda: ""
        """Why the newest state is not on disk, one sentence; empty if it is."""
        self.exported: dict[str, Any] = {}
        self.textured: dict[str, Any] = {}
        """The last mesh of one object: its zip, what is said of it, whose it is."""
        self.camera_path = CameraPath()
        self.page: str | None = None
        """Gradio's session hash of the page that shows it; None while no page does."""
        self.last_seen = time.monotonic()
        self.last_gesture = time.monotonic()
        self.last_view: dict[str, dict[str, Any]] = {}
        """What the page shows now, so that only changes are sent."""
        self.gestures = 0
        """Counts handled gestures, so that the photo pane always hears back."""
        self.revision = 0
        """Counts what was sent to the page; the page says back which one it shows."""
        self.sent_at = 0.0
        self._versions: dict[str, tuple[tuple[Any, ...], int]] = {}
        self._encoded: dict[str, tuple[int, tuple[bytes, str]]] = {}

    @property
    def now(self) -> Work:
        """The present state of the work."""
        return self.history.now

    @property
    def project_folder(self) -> Path:
        """Where the project of the moment is saved."""
        return self.folder / "projects" / self.now.project

    @property
    def variants(self) -> Variants | None:
        """Results to choose from; they go with the photo or the scene that they were made from."""
        if self._variants is not None and not self._variants.fits(self.now):
            self._variants = None
        return self._variants

    @variants.setter
    def variants(self, variants: Variants | None) -> None:
        self._variants = variants

    @property
    def previewing(self) -> bool:
        """Whether the page shows a variant that is not part of the work."""
        return self.variants is not None and self.variants.at is not None

    @property
    def seen(self) -> Work:
        """What the pictures show: the present state, or what it would be with the variant that is looked at."""
        return self.now if self.variants is None else self.variants.seen(self.now)

    @property
    def shown_scene(self) -> Scene | None:
        """What the 3D view shows."""
        return self.scene_before if self.peeking else self.seen.shown_scene

    @property
    def shown_clip(self) -> Clip | None:
        """The lifted clip that the 3D view plays where no scene is shown."""
        clip = self.now.clip
        return clip if clip is not None and clip.lifted and self.shown_scene is None else None

    @property
    def scene_before(self) -> Scene | None:
        """The scene under the variant that is looked at, else the one before the last edit."""
        return self.now.scene if self.previewing else self.history.scene_before

    @property
    def chosen_object(self) -> SceneObject | None:
        """The object that can be moved now: it is there and shown, and no edit waits."""
        scene = self.now.scene
        if scene is None or scene.layers is not self.chosen_in or self.now.proposal is not None:
            return None
        if self.peeking or self.previewing:
            return None
        return next((thing for thing in scene.objects if thing.id == self.chosen and thing.visible), None)

    @property
    def outlined(self) -> tuple[int, ...]:
        """Ids of the objects whose outline is drawn on the photo: those of a waiting edit, else the chosen one."""
        proposal = self.seen.proposal
        if proposal is not None:
            count = len(proposal.placed)
            return tuple(thing.id for thing in proposal.scene.objects[len(proposal.scene.objects) - count :])
        return () if self.chosen_object is None else (self.chosen,)

    @property
    def busy(self) -> bool:
        """Whether a job of this visitor waits or runs."""
        return self.job is not None and self.job.active

    def version(self, name: str) -> int:
        """A number that changes when the named picture does."""
        work, outlined = self.seen, self.outlined
        depends: dict[str, tuple[Any, ...]] = {
            "photo": (work.shown_rgb,),
            "film": (work.clip, work.selection),
            "depths": (self.shown_scene,),
            "before": (None if work.rgb is None else pictures.before(work),),
            "overlay": (
                *(work.selection, work.proposal, work.sky, work.keep_sky_out, work.scene is None, work.rgb),
                *((work.shown_scene, self.chosen_object) if outlined else ()),
            ),
        }
        parts, number = self._versions.get(name, ((), 0))
        if len(parts) != len(depends[name]) or any(a is not b for a, b in zip(parts, depends[name], strict=True)):
            number += 1
            self._versions[name] = (depends[name], number)
        return number

    def picture(self, name: str) -> tuple[bytes, str] | None:
        """An encoded picture of what is seen, encoded once; a project's thumbnail; a variant's card."""
        if name.startswith(THUMBNAIL_OF):
            return self._thumbnail(name.removeprefix(THUMBNAIL_OF))
        if name.startswith(depths.PICTURE_OF):
            return depths.picture(self.shown_scene, name.removeprefix(depths.PICTURE_OF))
        if name.startswith(CARD_OF):
            card = None if self.variants is None else self.variants.card(name.removeprefix(CARD_OF))
            return None if card is None else (card, "image/jpeg")
        if name == "film":
            return frames.strip(self.now)
        if name not in ("photo", "before", "overlay"):
            return None
        with self.lock:
            work, outlined, version = self.seen, self.outlined, self.version(name)
        known = self._encoded.get(name)
        if known and known[0] == version:
            return known[1]
        made = pictures.encode(work, name, outlined)
        if made is not None:
            self._encoded[name] = (version, made)
        return made

    def _thumbnail(self, ident: str) -> tuple[bytes, str] | None:
        try:
            return (projects.folder_of(self.folder, ident) / autosave.THUMBNAIL).read_bytes(), "image/jpeg"
        except (WtError, OSError):
            return None

    def download(self, name: str) -> Path | bytes | None:
        """The last export; or the selection or the project of the moment, made now: a full disk does not keep them."""
        for made in (self.exported, self.textured):
            if made and made["zip"].name == name:
                return made["zip"] if made["zip"].is_file() else None
        if (film := self.camera_path.files.get(name)) is not None:
            return film if film.is_file() else None
        work = self.now
        if name == work.mask_name:
            return pictures.mask_png(work)
        return project.file_of(work) if name == work.file_name and work.photo is not None else None


class Sessions:
    """Gives each page its visitor, finds visitors by their tokens, and cleans up after them."""

    def __init__(self, config: AppConfig, autosaver: Autosaver | None = None) -> None:
        self.config = config
        self.autosaver = autosaver or Autosaver()
        self.on_viewer: Callable[[Session, Viewer], None] = lambda session, viewer: None
        """Told when a visitor gets a 3D view."""
        self._clock = time.time() - time.monotonic()
        """A clock that was set since then would make new work look old, so nothing is deleted by its age any more."""
        self.uploads = Uploads(config.data_dir / "uploads")
        self._sessions: dict[str, Session] = {}
        self._lock = threading.RLock()
        self._stopped = threading.Event()

    def attach(self, page: str, key: object = None) -> Session:
        """The session for a page that was just opened; with the browser's key, the work that it had.

        If another open page shows that (a second tab), this one gets a copy of it, which is a project of its own.

        Raises:
            WtError: too many visitors at once.
        """
        key = key if isinstance(key, str) and _KEY.fullmatch(key) else None
        live = self._wait_until_free(key)
        with self._lock:
            if live is not None and live.page is None:
                session = live
            else:
                session = self._new(key)
                session.message = self._restore(session, live)
            session.page = page
            session.last_seen = time.monotonic()
            session.last_view = {}
            return session

    def of(self, page: str | None, *, gesture: bool = True, patience_s: float = 0.0) -> Session:
        """The session that a page shows; `gesture` is False for what a page does by itself.

        A person may be quicker than the page's own first request: with patience, that one is waited for.

        Raises:
            WtError: the page is older than this server.
        """
        give_up = time.monotonic() + patience_s
        while True:
            with self._lock:
                session = next((s for s in self._sessions.values() if page is not None and s.page == page), None)
            if session is not None:
                session.last_seen = time.monotonic()
                if gesture:
                    session.last_gesture = session.last_seen
                return session
            if time.monotonic() >= give_up:
                raise WtError("This page is older than the running studio. Reload it; your work comes back.")
            time.sleep(0.05)

    def detach(self, page: str | None) -> None:
        """The page was closed or reloaded; its session waits for it for a while."""
        with self._lock:
            for session in self._sessions.values():
                if session.page == page:
                    session.page = None
                    session.last_seen = time.monotonic()

    def viewer_of(self, session: Session) -> Viewer:
        """The visitor's 3D view, started if it is not running."""
        with session.lock:
            if session.viewer is None:
                session.viewer = Viewer(self.config.point_budget)
                self.on_viewer(session, session.viewer)
            return session.viewer

    def port_of(self, token: str) -> int | None:
        """Loopback port of the view with this token."""
        with self._lock:
            for session in self._sessions.values():
                viewer = session.viewer
                if viewer is not None and _same(viewer.token, token):
                    return viewer.port
        return None

    def picture(self, token: str, name: str) -> tuple[bytes, str] | None:
        """See `app.routes.Files`."""
        session = self._by_token(token)
        return None if session is None else session.picture(name)

    def download(self, token: str, name: str) -> Path | bytes | None:
        """See `app.routes.Files`."""
        session = self._by_token(token)
        return None if session is None else session.download(name)

    def commit(self, session: Session, label: str, work: Work) -> None:
        """A new state in the history, saved soon."""
        session.peeking = False
        session.history.push(label, work)
        self.save(session)

    def save(self, session: Session) -> None:
        """The present state, soon."""
        work = session.now
        if work.project:
            self.autosaver.save(session.project_folder, work)

    def settle(self, session: Session) -> None:
        """Wait until the present state is on disk, but no longer than a person would."""
        self.autosaver.flush(_SETTLE_S, session.project_folder)

    def elsewhere(self, session: Session) -> set[str]:
        """Projects that other tabs of the same browser show."""
        with self._lock:
            return {
                other.now.project
                for other in self._sessions.values()
                if other is not session and other.key == session.key
            }

    def jobs_of(self, key: str) -> list[Job]:
        """Unfinished ones of all tabs of a browser."""
        with self._lock:
            ours = [session for session in self._sessions.values() if session.key == key]
        jobs = [job for session in ours for job in (session.job, session.preparing)]
        return [job for job in jobs if job is not None and job.active]

    def renewed(self, session: Session) -> Session:
        """All tabs of this browser end; the page of this one gets a session under a new key, token and view."""
        with self._lock:
            ended = [self._sessions.pop(one.token) for one in list(self._sessions.values()) if one.key == session.key]
            fresh = self._new(None)
            fresh.page, fresh.revision = session.page, session.revision
        for one in ended:
            one.page = None
            self._close(one)
        return fresh

    def reap(self) -> int:
        """Stop views that nobody has looked at for long, forget visitors that are gone; how many were dropped.

        Then what they had of disk and memory is free again.
        """
        now, gone = time.monotonic(), []
        with self._lock:
            for session in list(self._sessions.values()):
                away = now - session.last_seen
                left = session.page is None and away > GRACE_S
                unwatched = session.viewer is None or not session.viewer.watched
                idle = unwatched and away > self.config.idle_minutes * 60
                if left and session.job is not None and session.job.state == "waiting":
                    session.job.cancel()  # one that runs goes on: its result is saved for whoever comes back
                if not session.busy and (left or idle):
                    gone.append(self._sessions.pop(session.token))
            live = list(self._sessions.values())
            kept = {session.key for session in live} | {session.now.project for session in live}
        for session in gone:
            attempt("Closing what a visitor left", partial(self._close, session))
        if abs(time.time() - time.monotonic() - self._clock) < _CLOCK_JUMP_S:
            attempt("Deleting old projects", partial(self._sweep, kept))
            attempt("Deleting old uploads", self.uploads.sweep)
        memory.give_back()
        return len(gone)

    def watch(self, every_s: float = 30.0) -> threading.Thread:
        """Reap in the background until `close`."""

        def loop() -> None:
            while not self._stopped.wait(every_s):
                attempt("Cleaning up", clean)  # what went wrong once must not be the end of all clean-up

        def clean() -> None:
            self.reap()

        thread = threading.Thread(target=loop, name="session-reaper", daemon=True)
        thread.start()
        return thread

    def close(self) -> None:
        """Stop every view and write what waits."""
        self._stopped.set()
        with self._lock:
            everyone = list(self._sessions.values())
            self._sessions.clear()
        for session in everyone:
            self._close(session)
        self.autosaver.stop()

    def __len__(self) -> int:
        return len(self._sessions)

    def _wait_until_free(self, key: str | None, seconds: float = 2.0) -> Session | None:
        """The session of this browser that no page shows, else one that another tab does.

        A reload opens the new page before the old one is gone; give it a moment.
        """
        give_up = time.monotonic() + seconds
        while True:
            with self._lock:
                ours = [session for session in self._sessions.values() if session.key == key]
            ours.sort(key=lambda session: (session.page is None, session.last_seen))
            if not ours or ours[-1].page is None or time.monotonic() > give_up:
                return ours[-1] if ours else None
            time.sleep(0.05)

    def _new(self, key: str | None) -> Session:
        self._make_room()
        key = key or secrets.token_urlsafe(32)
        session = Session(key, self.config.sessions / key)
        session.unsaved = lambda: self.autosaver.problem(session.project_folder)
        self._sessions[session.token] = session
        return session

    def _make_room(self) -> None:
        if len(self._sessions) < self.config.max_visitors:
            return
        free = [session for session in self._sessions.values() if not session.busy]
        idle_since = time.monotonic() - self.config.idle_minutes * 60
        waiting = [session for session in free if session.page is None or session.last_gesture < idle_since]
        if not waiting:
            raise WtError(f"The studio is full: {len(self._sessions)} people are in it. Try again in a few minutes.")
        waiting.sort(key=lambda session: (session.page is not None, session.last_gesture))
        self._close(self._sessions.pop(waiting[0].token))

    def _restore(self, session: Session, live: Session | None) -> str:
        if live is not None and live.now.photo is not None:
            session.history = History(replace(live.now, project=projects.new_ident()))
            return "This is a copy: the same work is open in another tab."
        newest = projects.saved(session.folder)[:1]
        if live is not None or not newest:
            return session.message
        try:
            work = autosave.read(projects.folder_of(session.folder, newest[0].ident))
        except WtError as error:
            log.warning("%s", error)
            return str(error)
        if work is None:
            return session.message
        session.history = History(work)
        return "Welcome back: your work was restored."

    def _close(self, session: Session) -> None:
        for job in (session.job, session.preparing):
            if job is not None:
                job.cancel()
        if session.viewer is not None:
            session.viewer.stop()
            session.viewer = None
        self.autosaver.forget(session.folder)

    def _sweep(self, kept: set[str]) -> None:
        autosave.sweep(self.config.sessions, self.config.keep_days, kept)

    def _by_token(self, token: str) -> Session | None:
        with self._lock:
            for session in self._sessions.values():
                if _same(session.token, token):
                    return session
        return None


def _same(token: str, given: str) -> bool:
    """In a time that does not tell how much of it is right."""
    return secrets.compare_digest(token.encode(), given.encode(errors="replace"))
