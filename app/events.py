"""Handlers: thin, one per gesture. Each calls one verb and sends the page what changed."""

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import gradio as gr

from app import facts, personal, seeds
from app.controller import Controller
from app.engine import Engine
from app.examples import examples
from app.formats import GROUPS
from app.gestures import checked, understood
from app.jobs import Job, attempt
from app.layout import MOST_STEPS, Page
from app.session import Session, Sessions
from app.variants import Step
from app.view import chip, describe, running
from wt.clips.read import is_clip
from wt.errors import WtError

log = logging.getLogger(__name__)

Updates = dict[Any, Any]
_TICK_S = 0.25
_PATIENCE_S = 15.0
_SETTLED_S = 3.0
_DOUBLE_CLICK_S = 0.6


class Events:
    """Binds the page's gestures to the controller's verbs."""

    def __init__(self, page: Page, controller: Controller) -> None:
        self.page = page
        self.controller = controller
        self.sessions: Sessions = controller.sessions
        self.engine: Engine = controller.engine
        self.outputs = list(page.parts.values())

    def bind(self, demo: gr.Blocks) -> None:
        """Connect everything."""
        page, verbs = self.page, self.controller
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        demo.load(self.on_load, page["browser"], self.outputs, **quiet)
        demo.unload(self.on_unload)
        # Outside of the queue: what heals a lost answer of the queue's stream must not wait for one itself.
        page["clock"].tick(self.on_clock, page["revision"], self.outputs, queue=False, **quiet)
        page["revision"].lost(self.on_lost, None, self.outputs, queue=False, trigger_mode="multiple", **quiet)

        def on(event: Callable[..., Any], verb: Callable[..., None], inputs: Any = None, label: str = "That") -> None:
            event(self.short(label, verb), inputs, self.outputs, **quiet)

        def act(event: Callable[..., Any], verb: Callable[[Session, dict[str, Any]], None]) -> None:
            event(self.event("That", verb), None, self.outputs, trigger_mode="multiple", **quiet)

        def long(event: Callable[..., Any], verb: Callable[..., Job | None], inputs: Any = None) -> None:
            # By default the page drops a click while an earlier one is not quite over, though all of its job is shown.
            more: dict[str, Any] = {"concurrency_limit": None, "trigger_mode": "multiple"}
            event(self.long(verb), inputs, self.outputs, **more, **quiet)

        page["upload"].upload(self._upload, page["upload"], self.outputs, **quiet)
        page["examples"].pick(self.event("Opening the example", self._example), None, self.outputs, **quiet)
        page["projects"].erase(self.on_erase, None, self.outputs, **quiet)
        page["projects"].act(self.event("Opening the project", self._project), None, self.outputs, **quiet)
        page["stage"].gesture(self.event("That gesture", self._gesture), None, self.outputs, **quiet)
        page["objects"].act(self.event("That change", self._object), None, self.outputs, **quiet)
        page["pose"].act(self.event("That change", self._pose), None, self.outputs, **quiet)
        act(page["path"].act, verbs.views.act)
        film = self.long_event(verbs.views.render)
        page["path"].film(film, None, self.outputs, concurrency_limit=None, trigger_mode="multiple", **quiet)
        page["viewer"].touched(self.on_touched, None, self.outputs, **quiet)
        act(page["film"].act, verbs.clip.film)
        act(page["timeline"].act, verbs.clip.play)
        long(page["follow"].click, verbs.clip.follow)
        clip = [page["clean_clip"], page["steady_clip"], page["seed"], page["seed_lock"]]
        long(page["lift_clip"].click, self._lift_clip, clip)
        long(page["build_clip"].click, verbs.clip.build, page["clip_formats"])
        on(page["level"].input, verbs.select.level, page["level"])
        page["mask_tools"].act(self.event("That change", self._mask), None, self.outputs, **quiet)
        mask = self.file("Loading the mask", verbs.select.load_mask)
        page["mask_upload"].upload(mask, page["mask_upload"], self.outputs, **quiet)
        long(page["find"].submit, lambda session, words: verbs.words.find(session, words or ""), page["find"])
        page["things"].act(self.event("That", self._thing), None, self.outputs, **quiet)
        on(page["sky_mark"].click, verbs.select.sky_from_selection)
        on(page["sky_out"].input, verbs.select.keep_sky_out, page["sky_out"])
        depth = [page["depth_upload"], page["depth_kind"]]
        page["depth_upload"].upload(
            self.file("Loading the depth map", verbs.geometry.load_depth), depth, self.outputs, **quiet
        )
        on(page["depth_kind"].input, verbs.geometry.ask_for_depth, page["depth_kind"])
        on(page["depth_forget"].click, verbs.geometry.forget_depth)
        on(page["lift_kind"].input, verbs.geometry.ask_for, page["lift_kind"])
        on(page["model"].input, self._choose, [page["lift_kind"], page["model"]])
        page["steps_from"].input(_show_steps, page["steps_from"], page["steps"], **quiet)
        lift = [page["lift_kind"], page["steps_from"], page["steps"], page["seed"], page["seed_lock"]]
        long(page["lift"].click, self._lift, lift)
        long(page["lift_many"].click, self._lift_many, lift)
        for name in ("seed", "edit_seed"):
            page[f"{name}_dice"].click(seeds.fresh, None, page[name], queue=False, **quiet)
        for name in ("lift_variants", "edit_variants"):
            page[name].act(self.event("That choice", self._variant), None, self.outputs, **quiet)
        for event in ("submit", "blur"):
            on(getattr(page["camera_height"], event), verbs.measure.camera_height, page["camera_height"])
        act(page["camera"].act, verbs.measure.use_camera)
        typed = {**quiet, "queue": False, "trigger_mode": "always_last"}
        page["prompt"].change(facts.preview, page["prompt"], page["understood"], **typed)
        edit = [page["prompt"], page["edit_seed"], page["edit_seed_lock"]]
        long(page["run_edit"].click, self._edit, edit)
        long(page["edit_many"].click, self._edit_many, edit)
        on(page["unpin"].click, verbs.edit.unpin)
        on(page["accept"].click, verbs.place.accept)
        on(page["discard"].click, verbs.place.discard)
        on(page["snap"].click, verbs.place.snap)
        long(page["textured"].click, verbs.trellis.build)
        formats = [page[f"formats_{group.name}"] for group in GROUPS]
        long(page["build"].click, self._export, [page["export_axes"], page["export_faces"], *formats])
        on(page["undo"].click, verbs.undo)
        on(page["redo"].click, verbs.redo)
        page["history"].jump(self.event("That step", self._jump), None, self.outputs, **quiet)
        on(page["cancel"].click, verbs.cancel)
        on(page["home"].click, verbs.home)
        on(page["peek"].click, verbs.peek)
        for name in ("colour", "hidden"):
            handler = self.short("That", self._look(name))
            page[name].input(handler, page[name], self.outputs, trigger_mode="always_last", **quiet)
        act(page["layers"].toggle, self._layer)
        act(page["look"].act, verbs.look.act)
        act(page["ruler"].act, verbs.measure.act)
        on(page["measure"].click, lambda session: verbs.measure.open(session, not session.ruler.picking))

    def on_load(self, key: Any, request: gr.Request) -> Iterator[Updates]:
        """A page was opened: give it its visitor and show where they were."""
        self.engine.start()
        self.engine.look()
        try:
            session = self.sessions.attach(str(request.session_hash), key)
        except WtError as error:
            _toast(str(error))
            yield {self.page["status"]: gr.update(value=f"<span>{error}</span>")}
            return
        self.controller.refresh(session, home=True)
        updates = self._follow_link(session, request.query_params.get("project")) or self.changes(session)
        updates[self.page["browser"]] = session.key
        yield updates
        if session.busy:
            yield from self.follow(session)

    def on_unload(self, request: gr.Request) -> None:
        """The page is gone."""
        self.sessions.detach(request.session_hash)

    def on_clock(self, shown: str | None, request: gr.Request) -> Updates:
        """Once in a while: facts that change by themselves (models, counts, a sky that was found).

        A page that for a while has not shown the last revision has lost an answer: it is sent everything again.
        """
        try:
            session = self.sessions.of(request.session_hash, gesture=False)
        except WtError:
            return {self.page["chip"]: gr.update(value=chip(self.engine))}
        if session.busy:  # whoever follows the job sends the changes; two senders could overtake each other
            return {self.page["clock"]: gr.skip()}
        if (shown or "").split(" ")[0] != str(session.revision) and time.monotonic() - session.sent_at > _SETTLED_S:
            return self.everything(session)
        return self.changes(session)

    def on_lost(self, request: gr.Request, event: gr.EventData) -> Updates:
        """The page saw answers out of their order, so it may show something old (`web/revision.js`)."""
        try:
            session = self.sessions.of(request.session_hash, gesture=False)
            return self.everything(session, steps=bool(event._data.get("stale")))
        except WtError:
            return {self.page["clock"]: gr.skip()}

    def on_touched(self, request: gr.Request) -> Updates:
        """A hand was lifted off the 3D view: the page shows at once what was chosen or moved there."""
        session = self._visitor(request)
        return {self.page["clock"]: gr.skip()} if session is None or session.busy else self.changes(session)

    def short(self, label: str, verb: Callable[..., None]) -> Callable[..., Updates]:
        """A handler that acts at once; what goes wrong becomes one sentence."""

        def handler(request: gr.Request, *values: Any) -> Updates:
            return self._act(request, label, lambda session: verb(session, *checked(values)))

        return handler

    def file(self, label: str, verb: Callable[..., None]) -> Callable[..., Updates]:
        """A handler of a file that was sent; once it was read it is deleted."""

        def handler(request: gr.Request, path: str | None, *values: Any) -> Updates:
            session = self._visitor(request)
            if session is None:
                return {self.page["clock"]: gr.skip()}
            try:
                return self._attempt(session, label, lambda session: verb(session, path, *checked(values)))
            finally:
                self.sessions.uploads.read(path, session.key)

        return handler

    def event(self, label: str, verb: Callable[[Session, dict[str, Any]], None]) -> Callable[..., Updates]:
        """A handler of our own widgets' events."""

        def handler(request: gr.Request, event: gr.EventData) -> Updates:
            return self._act(request, label, lambda session: understood(verb, session, event._data))

        return handler

    def long(self, verb: Callable[..., Job | None]) -> Callable[..., Iterator[Updates]]:
        """A handler that starts a job and follows it."""

        def handler(request: gr.Request, *values: Any) -> Iterator[Updates]:
            yield from self._begin(request, lambda session: verb(session, *checked(values)))

        return handler

    def long_event(self, verb: Callable[[Session, dict[str, Any]], Job | None]) -> Callable[..., Iterator[Updates]]:
        """A handler of our own widgets' events that starts a job and follows it."""

        def handler(request: gr.Request, event: gr.EventData) -> Iterator[Updates]:
            yield from self._begin(request, lambda session: understood(verb, session, event._data))

        return handler

    def _begin(self, request: gr.Request, start: Callable[[Session], Job | None]) -> Iterator[Updates]:
        session = self._visitor(request)
        if session is None or _double_click(session.job):
            yield {self.page["clock"]: gr.skip()}
        else:
            before = session.job
            yield self._attempt(session, "That", start)
            if session.job is not before:
                yield from self.follow(session)

    def follow(self, session: Session) -> Iterator[Updates]:
        """Progress until the visitor's job has ended, then the whole page."""
        job, photo = session.job, session.now.photo
        if job is None:
            return
        while not job.wait(_TICK_S):
            news = self.changes(session, running(session, job, self.controller.worker.wait_of(job)))
            if self.page["clock"] not in news:
                yield news
        if job.state in ("failed", "cancelled"):
            if session.now.photo is photo:
                session.message, session.problem = job.message, job.state == "failed"
            _toast(job.message, failed=job.state == "failed")
        yield self.changes(session)

    def everything(self, session: Session, *, steps: bool = False) -> Updates:
        """The whole state, whatever the page shows; steps that a person opened or shut stay, unless `steps`."""
        with session.lock:
            known = {} if steps else session.last_view
            session.last_view = {name: {"open": props["open"]} for name, props in known.items() if "open" in props}
            return self.changes(session, whole=True)

    def changes(
        self, session: Session, only: dict[str, dict[str, Any]] | None = None, *, whole: bool = False
    ) -> Updates:
        """What differs from what the page shows, numbered; the number of a whole state says so."""
        with session.lock:
            wait = self.controller.worker.wait_of(session.job) if session.job else None
            whole = whole or not session.last_view
            described = only if only is not None and not whole else describe(session, self.engine, wait)
            updates = {}
            for name, props in described.items():
                known = session.last_view.setdefault(name, {})
                news = {key: value for key, value in props.items() if key not in known or known[key] != value}
                known.update(news)
                if news:
                    updates[self.page[name]] = gr.update(**news)
            if updates:
                session.revision += 1
                session.sent_at = time.monotonic()
                updates[self.page["revision"]] = gr.update(
                    value=f"{session.revision} all" if whole else f"{session.revision}"
                )
        return updates or {self.page["clock"]: gr.skip()}

    def _act(self, request: gr.Request, label: str, verb: Callable[[Session], Any]) -> Updates:
        session = self._visitor(request)
        return {self.page["clock"]: gr.skip()} if session is None else self._attempt(session, label, verb)

    def _visitor(self, request: gr.Request) -> Session | None:
        try:
            return self.sessions.of(request.session_hash, patience_s=_PATIENCE_S)
        except WtError as error:
            _toast(str(error))
            return None

    def _attempt(self, session: Session, label: str, verb: Callable[[Session], Any]) -> Updates:
        session.problem = False
        problem = attempt(label, lambda: verb(session))
        session.gestures += 1
        if problem:
            session.message, session.problem = problem, True
            _toast(problem)
        return self.changes(session)

    def on_erase(self, request: gr.Request) -> Updates:
        """Everything of this browser goes; the page starts anew (`web/projects.js` loads it again)."""
        session, fresh = self._visitor(request), list[Session]()
        if session is None:
            return {self.page["clock"]: gr.skip()}
        problem = attempt("Deleting your data", lambda: fresh.append(personal.erase(self.sessions, session)))
        if problem:
            session.message, session.problem = problem, True
            _toast(problem)
            return self.changes(session)
        gone = gr.update(value={"projects": [], "gone": True})
        return {self.page["browser"]: fresh[0].key, self.page["projects"]: gone}

    def _upload(self, path: str | None, request: gr.Request) -> Updates:
        updates = self.file("Opening the photo", self._open)(request, path)
        return updates | {self.page["upload"]: gr.update(value=None)}  # the drop zone stays a drop zone

    def _open(self, session: Session, path: str | None) -> None:
        if not path:
            raise WtError("No file arrived. Choose a photo.")
        (self.controller.clip if is_clip(path) else self.controller.photo).open(session, path)

    def _example(self, session: Session, data: dict[str, Any]) -> None:
        path = next((path for path in examples() if path.name == data.get("name")), None)
        if path is None:
            raise WtError("There is no such example.")
        self.controller.photo.open(session, path)

    def _follow_link(self, session: Session, ident: str | None) -> Updates:
        if not ident or ident == session.now.project:
            return {}
        return self._attempt(session, "The link", lambda session: self.controller.photo.open_project(session, ident))

    def _project(self, session: Session, data: dict[str, Any]) -> None:
        kind, ident = data.get("kind"), str(data["ident"])
        if kind == "open":
            self.controller.photo.open_project(session, ident)
        elif kind == "delete":
            self.controller.photo.delete_project(session, ident)
        elif kind == "copied":
            session.message = "The link is copied. It opens this project in this browser, as long as it is kept."

    def _gesture(self, session: Session, data: dict[str, Any]) -> None:
        kind, verbs = data.get("kind"), self.controller
        if kind == "click":
            verbs.select.click(session, float(data["x"]), float(data["y"]), str(data["how"]))
        elif kind == "box":
            left, top, right, bottom = (float(value) for value in data["box"])
            verbs.select.box(session, left, top, right, bottom)
        elif kind == "stroke":
            verbs.select.stroke(session, data["path"], float(data["size"]), erase=bool(data["erase"]))
        elif kind == "pin":
            verbs.edit.pin(session, float(data["x"]), float(data["y"]))

    def _mask(self, session: Session, data: dict[str, Any]) -> None:
        verbs, pixels = self.controller.select, min(max(int(data["amount"]), 1), 100)
        acts = {
            "fill": verbs.fill_holes,
            "largest": verbs.keep_largest,
            "invert": verbs.invert,
            "clear": verbs.clear,
            "grow": lambda session: verbs.grow(session, pixels),
            "shrink": lambda session: verbs.grow(session, -pixels),
            "feather": lambda session: verbs.feather(session, pixels),
        }
        acts[str(data["kind"])](session)

    def _thing(self, session: Session, data: dict[str, Any]) -> None:
        kind, verbs = data.get("kind"), self.controller.words
        if kind == "name":
            verbs.name(session, str(data["name"]))
        elif kind == "step":
            verbs.step(session, int(data["by"]))
        elif kind == "choose":
            verbs.choose(session, str(data["of"]), int(data["number"]))
        elif kind == "forget":
            verbs.forget(session, int(data["number"]))

    def _object(self, session: Session, data: dict[str, Any]) -> None:
        kind, ident, verbs = data.get("kind"), int(data["id"]), self.controller
        if kind == "show":
            verbs.place.show_object(session, ident, bool(data["visible"]))
        elif kind == "rename":
            verbs.place.rename_object(session, ident, str(data["name"]))
        elif kind == "delete":
            verbs.place.delete_object(session, ident)
        elif kind == "choose":
            verbs.move.choose(session, ident)

    def _pose(self, session: Session, data: dict[str, Any]) -> None:
        kind, value, verbs = data.get("kind"), data.get("value"), self.controller
        if kind == "snap":
            verbs.move.keep_snapped(session, bool(value))
        elif kind == "reset":
            verbs.move.reset(session)
        elif kind in ("x", "y", "z", "heading", "scale"):
            verbs.move.adjust(session, kind, None if value is None else float(value))

    def _jump(self, session: Session, data: dict[str, Any]) -> None:
        self.controller.jump(session, int(data["number"]))

    def _choose(self, session: Session, kind: str, name: str) -> None:
        session.last_view.pop("model", None)  # it shows what was picked, even if that is refused
        self.controller.geometry.choose(session, kind, name)

    def _lift(
        self, session: Session, kind: str, steps_from: str, steps: int, number: int | None, locked: bool = True
    ) -> Job:
        seed = _seed(session, "geometry", number, locked)
        return self.controller.geometry.lift(session, kind, _steps(steps_from, steps), seed)

    def _lift_many(
        self, session: Session, kind: str, steps_from: str, steps: int, number: int | None, locked: bool
    ) -> Job:
        seed = _seed(session, "geometry", number, locked)
        return self.controller.geometry.lift_variants(session, kind, _steps(steps_from, steps), seed)

    def _lift_clip(self, session: Session, clean: bool, steady: bool, number: int | None, locked: bool) -> Job:
        return self.controller.clip.lift(session, clean, steady, _seed(session, "geometry", number, locked))

    def _edit(self, session: Session, prompt: str | None, number: int | None, locked: bool) -> Job:
        return self.controller.edit.run(session, prompt or "", _seed(session, "edit", number, locked))

    def _edit_many(self, session: Session, prompt: str | None, number: int | None, locked: bool) -> Job:
        return self.controller.edit.run_variants(session, prompt or "", _seed(session, "edit", number, locked))

    def _variant(self, session: Session, data: dict[str, Any]) -> None:
        kind, verbs = data.get("kind"), self.controller.variants
        if kind == "look":
            verbs.look(session, int(data["number"]))
        elif kind == "use":
            verbs.use(session)
        elif kind == "drop":
            verbs.drop(session)

    def _export(self, session: Session, axes: str, faces: float | None, *groups: list[str]) -> Job:
        formats = [name for group in groups for name in group]
        return self.controller.export.build(session, formats, axes, int(faces or 0))

    def _look(self, kind: str) -> Callable[[Session, str], None]:
        return lambda session, value: self.controller.look.act(session, {"kind": kind, "value": value})

    def _layer(self, session: Session, data: dict[str, Any]) -> None:
        self.controller.look.toggle_layer(session, int(data["layer"]), solo=bool(data["solo"]))


def _seed(session: Session, step: Step, number: int | None, locked: bool) -> int:
    """The seed of a run, which the page shows from then on."""
    session.seeds[step] = seeds.to_take(number, session.seeds[step], locked=locked)
    return session.seeds[step]


def _steps(steps_from: str, steps: int) -> int | None:
    """A person's own number, as far as the page's slider goes; None for the model's."""
    return min(max(int(steps), 1), MOST_STEPS) if steps_from == "mine" else None


def _double_click(job: Job | None) -> bool:
    """Whether a job that was asked for just now still runs: the person did not mean another one."""
    return job is not None and job.active and time.monotonic() - job.asked < _DOUBLE_CLICK_S


def _show_steps(steps_from: str) -> Any:
    return gr.update(visible=steps_from == "mine")


def _toast(text: str, *, failed: bool = True) -> None:
    if failed:
        gr.Warning(text, title="That did not work")
    else:
        gr.Info(text, title="Cancelled")
