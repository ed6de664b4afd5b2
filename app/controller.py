"""The verbs of the studio. No gradio here, so that tests drive it directly.

Short verbs act at once and raise `WtError`; lift, edit and export return a `Job` that runs behind the page. A job's
result is kept only if what it was computed from is still what the person looks at.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, is_dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from app import pictures
from app.engine import Engine, require
from app.jobs import Job, Worker
from app.session import Session, Sessions
from app.units import metres_per_unit
from app.viewer import Display
from app.work import LEVELS, Proposal, Selection, Work
from wt.depth import KINDS, camera_of, open_depth
from wt.errors import WtError
from wt.images import Photo, open_photo

log = logging.getLogger(__name__)

EXPORT_FORMATS = ("ply", "glb", "npz", "camera", "wts", "png", "manifest")
_PREVIEW_EVERY_S = 0.3
_LAYERS = 6


class Controller:
    """All that a person can do, for any session."""

    def __init__(self, engine: Engine, sessions: Sessions, worker: Worker) -> None:
        self.engine = engine
        self.sessions = sessions
        self.worker = worker

    # Photo

    def open_photo(self, session: Session, source: str | Path | bytes, name: str | None = None) -> None:
        """Decode a photo and begin with it; what was there stays in the history."""
        photo = open_photo(source, name)
        if session.job is not None:
            session.job.cancel()
        with session.lock:
            selection = Selection() if photo.alpha is None else Selection(base=photo.alpha)
            self.sessions.commit(session, f"Open {photo.name}", Work(photo, photo.rgb, selection))
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
        sky = _none(photo.rgb) if found is None else found
        with session.lock:
            if session.now.photo is photo and session.now.sky is None:
                session.history.amend(lambda work: replace(work, sky=sky))

    # Select

    def click(self, session: Session, x: float, y: float, how: str = "new") -> None:
        """Select what is at a photo pixel: "new" starts over, "add" and "subtract" refine."""
        rgb = self._photo_rgb(session)
        x, y = _inside(x, y, rgb)
        old = session.now.selection
        if how == "new":
            points: tuple[tuple[float, float, bool], ...] = ((x, y, True),)
            base, box = None, None
        else:
            points, base, box = (*old.points, (x, y, how == "add")), old.base, old.box
        if not any(positive for *_, positive in points) and box is None:
            if old.mask is None:
                raise WtError("There is nothing to subtract from. Select something first.")
            self._select(session, "Subtract", old.painted(old.mask & ~self._predict(session, rgb, [(x, y, True)])[0]))
            return
        candidates = self._predict(session, rgb, list(points), box)
        label = {"new": "Select", "add": "Add to the selection", "subtract": "Subtract from the selection"}[how]
        self._select(session, label, Selection(base, points, box, candidates, old.level))

    def box(self, session: Session, left: float, top: float, right: float, bottom: float) -> None:
        """Select what a box holds."""
        rgb = self._photo_rgb(session)
        (left, top), (right, bottom) = _inside(left, top, rgb), _inside(right, bottom, rgb)
        box = (min(left, right), min(top, bottom), max(left, right), max(top, bottom))
        if box[2] - box[0] < 4 or box[3] - box[1] < 4:
            raise WtError("The box is smaller than 4 pixels. Click two opposite corners around the thing.")
        candidates = self._predict(session, rgb, [], box)
        self._select(session, "Select by box", Selection(None, (), box, candidates, session.now.selection.level))

    def level(self, session: Session, name: str) -> None:
        """Part, middle or object of the same clicks."""
        if name not in LEVELS:
            raise WtError(f"A click selects a part, a middle or an object; got {name!r}.")
        selection = session.now.selection
        if LEVELS[selection.level] != name:
            self._select(session, f"Choose {name}", replace(selection, level=LEVELS.index(name)))

    def stroke(self, session: Session, path: Sequence[Sequence[float]], diameter: float, *, erase: bool) -> None:
        """Paint into the selection or out of it along a path of photo pixels."""
        rgb = self._photo_rgb(session)
        if not path:
            return
        size = (rgb.shape[1], rgb.shape[0])
        drawn = pictures.stroke(size, [(float(x), float(y)) for x, y in path], min(max(float(diameter), 1), 2000))
        old = session.now.selection.mask
        if erase:
            self._select(session, "Erase", Selection().painted(_none(rgb) if old is None else old & ~drawn))
        else:
            self._select(session, "Brush", Selection().painted(drawn if old is None else old | drawn))

    def invert(self, session: Session) -> None:
        """Everything that is not selected."""
        rgb = self._photo_rgb(session)
        mask = session.now.selection.mask
        self._select(session, "Invert the selection", Selection().painted(~(_none(rgb) if mask is None else mask)))

    def clear(self, session: Session) -> None:
        """Select nothing."""
        self._photo_rgb(session)
        self._select(session, "Clear the selection", Selection(level=session.now.selection.level))

    def grow(self, session: Session, pixels: int) -> None:
        """Larger, or smaller if negative, by so many pixels."""
        mask = self._selected(session)
        label = "Grow the selection" if pixels > 0 else "Shrink the selection"
        self._select(session, label, Selection().painted(pictures.grown(mask, pixels)))

    def load_mask(self, session: Session, path: str | Path) -> None:
        """A mask from a picture of any size: white, or opaque, is selected."""
        rgb = self._photo_rgb(session)
        try:
            with Image.open(path) as image:
                mask = pictures.mask_from(image, (rgb.shape[1], rgb.shape[0]))
        except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
            raise WtError("That file is not a picture that can be read. Load a PNG that is white inside.") from error
        if not mask.any():
            raise WtError("That mask is black everywhere. Load one that is white, or opaque, where the thing is.")
        self._select(session, "Load a mask", Selection().painted(mask))

    def keep_sky_out(self, session: Session, keep: bool) -> None:
        """Whether the suggested sky is left out of a lift."""
        if session.now.keep_sky_out != keep and session.now.photo is not None:
            self._commit(session, "Sky out" if keep else "Sky in", replace(session.now, keep_sky_out=keep))

    def sky_from_selection(self, session: Session) -> None:
        """Correct the suggested sky: what is selected is the sky."""
        mask = self._selected(session)
        work = replace(session.now, sky=mask, keep_sky_out=True, selection=Selection())
        self._commit(session, "Mark the sky", work)

    # Geometry

    def load_depth(self, session: Session, path: str | Path | None, kind: str = "auto") -> None:
        """Known depth of the photo, which guides the next lifts; `kind` says what its numbers are."""
        rgb = self._photo_rgb(session)
        if not path:
            raise WtError("No file arrived. Choose a depth map.")
        chosen = next((known for known in KINDS if known == kind), None)
        depth = open_depth(path, (rgb.shape[1], rgb.shape[0]), kind=chosen)
        self._commit(session, "Load a depth map", replace(session.now, depth=depth), show=False)
        session.message = " ".join([*depth.notes, "Lift to use it."])

    def forget_depth(self, session: Session) -> None:
        """Lift without known depth again."""
        if session.now.depth is not None:
            self._commit(session, "Forget the depth map", replace(session.now, depth=None), show=False)
            session.message = "The next lift uses the photo alone."

    def lift(self, session: Session, kind: str, steps: int | None = None, seed: int = 42) -> Job:
        """Lift the whole photo ("scene") or the selection alone ("object")."""
        rgb, work = self._photo_rgb(session), session.now
        if kind == "object":
            mask = work.selection.mask
        else:
            mask = work.rays
        photo = work.photo
        known = {} if work.depth is None or photo is None else {"depth": work.depth, "intrinsics": camera_of(photo)}

        def run(job: Job) -> None:
            job.report(0, 0, "Waiting for the model")
            lifter = require(self.engine, "object" if kind == "object" else "scene")
            began = time.monotonic()
            preview = self._preview(session, job, "Lifting", rgb)
            layers = lifter.lift(rgb, mask, steps=steps, seed=seed, on_step=preview, **known)
            from wt.scene.scene import Scene

            facts = {
                "model": lifter.name,
                "licence": lifter.licence,
                "kind": kind,
                "steps": steps or lifter.default_steps,
                "seed": seed,
                "seconds": round(time.monotonic() - began, 2),
                **({} if work.depth is None else {"depth": f"{work.depth.name} ({work.depth.kind})"}),
            }
            scene = Scene.from_layers(layers)
            metres_per_unit(scene, session.camera_height_m)
            with session.lock:
                now = session.now
                if now.rgb is not rgb:
                    raise WtError("The photo was changed while it was being lifted; that result was dropped.")
                done = replace(now, scene=scene, lift=facts, proposal=None)
                self._commit(session, "Lift the photo" if kind == "scene" else "Lift the selection", done, show=False)
                session.tool = "place"
                session.display = Display(colour=session.display.colour, hidden=session.display.hidden)
                session.message = f"Lifted in {facts['seconds']:.1f} s. Turn the view, then ask for an edit."
            self.refresh(session, home=True)

        return self._start(session, Job("The lift", run))

    # Edit and place

    def pin(self, session: Session, x: float, y: float) -> None:
        """Where the next object shall stand."""
        point = _inside(x, y, self._photo_rgb(session))
        self._commit(session, "Mark the place", replace(session.now, pin=point), show=False)
        session.message = f"The place is marked at {point[0]:.0f}, {point[1]:.0f}."

    def unpin(self, session: Session) -> None:
        """Leave the place to the words again."""
        if session.now.pin is not None:
            self._commit(session, "Unmark the place", replace(session.now, pin=None), show=False)

    def edit(self, session: Session, prompt: str, seed: int = 0) -> Job:
        """Run an instruction on the photo and propose the result in the scene."""
        rgb, work = self._photo_rgb(session), session.now
        if work.scene is None:
            raise WtError("There is no scene to edit yet. Lift the photo first.")
        if work.lift.get("kind") == "object":
            raise WtError("Only one object was lifted, so there is no scene to put things into. Lift the whole photo.")
        if not prompt.strip():
            raise WtError('Say what to do, for example "add a red chair next to the table" or "remove the lamp".')
        if work.proposal is not None:
            raise WtError("An edit is waiting. Accept or discard it first.")
        scene, photo = work.scene, work.photo
        assert photo is not None

        def run(job: Job) -> None:
            job.report(0, 0, "Waiting for the models")
            pipeline = require(self.engine, "editor")
            result = pipeline.run(
                scene,
                Photo(rgb, None, (), photo.name, photo.focal_35mm),
                prompt,
                at=work.pin,
                mask=work.selection.mask,
                seed=seed,
                on_progress=job.report,
            )
            metres_per_unit(result.scene, session.camera_height_m)
            proposal = Proposal(
                prompt=prompt.strip(),
                scene=result.scene,
                photo_after=result.photo_after,
                region=result.region,
                operations=tuple(result.operations),
                placed=tuple(result.placed),
                report=dict(result.report),
                at=work.pin,
                seed=seed,
            )
            with session.lock:
                if session.now.rgb is not rgb or session.now.scene is not scene:
                    raise WtError("The scene was changed while the edit ran; that result was dropped.")
                self._commit(session, f"Edit: {prompt.strip()}", replace(session.now, proposal=proposal), show=False)
                session.tool = "compare"
                session.message = "Look at the result, then accept or discard it."
            self.refresh(session)

        return self._start(session, Job("The edit", run))

    def accept(self, session: Session) -> None:
        """The proposed edit becomes part of the work."""
        work, proposal = session.now, session.now.proposal
        if proposal is None:
            raise WtError("There is no edit to accept. Run one first.")
        record = {
            "prompt": proposal.prompt,
            "seed": proposal.seed,
            "at": proposal.at,
            "operations": [_plain(operation) for operation in proposal.operations],
            "report": proposal.report,
            "placed": [_placed_facts(placed) for placed in proposal.placed],
        }
        done = replace(
            work,
            rgb=proposal.photo_after,
            scene=proposal.scene,
            proposal=None,
            pin=None,
            depth=None if work.depth is None else work.depth.without(proposal.region),
            selection=Selection(level=work.selection.level),
            edits=(*work.edits, record),
        )
        self._commit(session, f"Accept: {proposal.prompt}", done)
        session.tool = "place"
        session.message = f"Accepted: {proposal.prompt}."

    def snap(self, session: Session) -> None:
        """Stand the proposed objects on the surface below them, along their rays."""
        proposal = session.now.proposal
        if proposal is None or not proposal.placed:
            raise WtError("There is no new object to stand on the floor. Add one first.")
        from wt.scene.place import snap_contact

        base, scene, placed = session.now.scene, proposal.scene, []
        assert base is not None
        for thing, before in zip(scene.objects[-len(proposal.placed) :], proposal.placed, strict=True):
            after = snap_contact(before, base)
            scene = scene.remove(thing.id).insert(after, thing.name, {**thing.info, **_placed_facts(after)})
            placed.append(after)
        rows = [{**row, "centroid_error": None} for row in proposal.report.get("place", [])]  # it is no longer there
        report = {**proposal.report, "place": rows}
        snapped = replace(proposal, scene=scene, placed=tuple(placed), report=report)
        self._commit(session, "Stand on the floor", replace(session.now, proposal=snapped))
        session.message = "The object stands on the surface below it now; its size changed with its distance."

    def discard(self, session: Session) -> None:
        """The proposed edit is dropped; undo brings it back."""
        proposal = session.now.proposal
        if proposal is None:
            raise WtError("There is no edit to discard.")
        self._commit(session, f"Discard: {proposal.prompt}", replace(session.now, proposal=None))
        session.tool = "place"
        session.message = f"Discarded: {proposal.prompt}."

    def show_object(self, session: Session, ident: int, visible: bool) -> None:
        """Show or hide one object, 0 is the photo."""
        self._change_scene(session, "Show" if visible else "Hide", lambda scene: scene.show(ident, visible))

    def rename_object(self, session: Session, ident: int, name: str) -> None:
        """Another name."""
        self._change_scene(session, "Rename", lambda scene: scene.rename(ident, name))

    def delete_object(self, session: Session, ident: int) -> None:
        """Take an inserted object out of the scene."""
        self._change_scene(session, "Delete", lambda scene: scene.remove(ident))

    # Undo, view, export

    def undo(self, session: Session) -> None:
        """Take the last change back, whatever it was."""
        self._travel(session, "Undone", session.history.undo)

    def redo(self, session: Session) -> None:
        """Bring the last undone change back."""
        self._travel(session, "Redone", session.history.redo)

    def show_as(self, session: Session, display: Display) -> None:
        """Layers, colours, point size; only what is cached is shown again."""
        before, session.display = session.display, display
        if before == replace(display, point_scale=before.point_scale):
            self.sessions.viewer_of(session).resize(display)
        else:
            self.refresh(session)

    def toggle_layer(self, session: Session, layer: int, *, solo: bool = False) -> None:
        """Show or hide one layer; solo shows it alone, or all again if it was alone."""
        everything = set(range(_LAYERS))
        shown = everything if session.display.layers is None else set(session.display.layers)
        if solo:
            shown = everything if shown == {layer} else {layer}
        else:
            shown = (shown ^ {layer}) or everything
        chosen = None if shown == everything else tuple(sorted(shown))
        self.show_as(session, replace(session.display, layers=chosen))

    def home(self, session: Session) -> None:
        """Back to the photo's own view."""
        self.sessions.viewer_of(session).home()

    def cancel(self, session: Session) -> None:
        """Stop the running job at its next step."""
        if session.job is not None and session.job.active:
            session.job.cancel()

    def export(self, session: Session, formats: Sequence[str]) -> Job:
        """Write the scene in the chosen formats and zip it."""
        work = session.now
        if work.scene is None or work.photo is None:
            raise WtError("There is nothing to export yet. Lift the photo first.")
        if not formats:
            raise WtError("Choose at least one format to export.")
        scene, photo, rgb, title = work.scene, work.photo.rgb, work.rgb, Path(work.photo.name).stem

        def run(job: Job) -> None:
            from wt.scene.export import export, zip_folder

            job.report(0, 2, "Writing files")
            stem = "".join(c if c.isalnum() else "-" for c in title).strip("-") or "scene"
            name = f"{stem}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
            folder = session.folder / "exports" / name
            pictures_too = "png" in formats
            written = export(
                scene,
                folder,
                tuple(formats),
                manifest=self._manifest(work),
                before=photo if pictures_too else None,
                after=rgb if pictures_too else None,
                hidden=session.display.hidden,
            )
            job.report(1, 2, "Zipping")
            bundle = zip_folder(folder, folder.with_suffix(".zip"))
            files = [(path.name, path.stat().st_size) for paths in written.values() for path in paths]
            with session.lock:
                session.exported = {"zip": bundle, "files": files, "scene": scene}
                session.message = f"{bundle.name} is ready."

        return self._start(session, Job("The export", run))

    # Shared parts

    def refresh(self, session: Session, *, home: bool = False) -> None:
        """Show the present scene in the 3D view."""
        viewer = self.sessions.viewer_of(session)
        scene = session.now.shown_scene
        viewer.show(scene, session.display)
        if home and scene is not None:
            viewer.home(scene)

    def _start(self, session: Session, job: Job) -> Job:
        work = job.work

        def run(job: Job) -> None:
            succeeded = False
            try:
                work(job)
                succeeded = True
            finally:
                if not succeeded:  # a half-formed preview may be on screen: the last good state comes back
                    self.refresh(session, home=True)

        job.work = run
        with session.lock:
            if session.busy:
                raise WtError("Something is running already. Wait for it, or cancel it.")
            session.job = job
        return self.worker.submit(job)

    def _commit(self, session: Session, label: str, work: Work, *, show: bool = True) -> None:
        with session.lock:
            scene_before = session.now.shown_scene
            self.sessions.commit(session, label, work)
        if show and work.shown_scene is not scene_before:
            self.refresh(session)

    def _select(self, session: Session, label: str, selection: Selection) -> None:
        self._commit(session, label, replace(session.now, selection=selection), show=False)
        mask = selection.mask
        share = 0.0 if mask is None else float(mask.mean()) * 100
        session.message = f"{label}: {share:.1f} % of the photo." if mask is not None else "Nothing is selected."

    def _change_scene(self, session: Session, label: str, change: Callable[[Any], Any]) -> None:
        work = session.now
        if work.proposal is not None:
            raise WtError("An edit is waiting. Accept or discard it first.")
        if work.scene is None:
            raise WtError("There is no scene yet. Lift the photo first.")
        self._commit(session, f"{label} an object", replace(work, scene=change(work.scene)))
        session.message = f"{label}: done."

    def _travel(self, session: Session, word: str, move: Callable[[], str]) -> None:
        with session.lock:
            before = session.now
            label = move()
            work = session.now
            self.sessions.autosaver.save(session.folder, work)
        if not label:
            session.message = "There is nothing to undo." if word == "Undone" else "There is nothing to redo."
            return
        session.message = f"{word}: {label}."
        session.tool = "compare" if work.proposal else ("place" if work.scene else "pick")
        if work.shown_scene is not before.shown_scene:
            self.refresh(session, home=work.photo is not before.photo)

    def _preview(self, session: Session, job: Job, words: str, rgb: np.ndarray) -> Callable[[int, int, Any], None]:
        """An `on_step` that reports, cancels, and shows the geometry as it forms."""
        last = [0.0]

        def on_step(done: int, total: int, preview: Any) -> None:
            job.report(done, total, words)
            if preview is None or done == total or time.monotonic() - last[0] < _PREVIEW_EVERY_S:
                return
            if session.now.rgb is rgb and session.viewer is not None:
                from wt.scene.scene import Scene

                scene = Scene.from_layers(preview)
                session.viewer.show(scene, session.display, forming=True)
                if not last[0]:
                    session.viewer.home(scene)
            last[0] = time.monotonic()

        return on_step

    def _manifest(self, work: Work) -> dict[str, Any]:
        models = [{"name": work.lift["model"], "licence": work.lift["licence"]}] if work.lift else []
        known = {model["name"] for model in models}
        if work.edits:
            used = [model for edit in work.edits for model in edit["report"].get("editors", [])]
            for model in (*self.engine.models(), *used):
                if model["name"] not in known:
                    models.append(model)
                    known.add(model["name"])
        return {
            "photo": work.photo.name if work.photo else "",
            "lift": work.lift,
            "prompts": [edit["prompt"] for edit in work.edits],
            "seeds": [*([work.lift["seed"]] if work.lift else []), *(edit["seed"] for edit in work.edits)],
            "models": models,
            "edits": list(work.edits),
        }

    def _segmenter(self, session: Session, rgb: np.ndarray) -> Any:
        if session.segmenter is None:
            require(self.engine, "segmenter")
            session.segmenter = self.engine.new_segmenter()
        if session.segmented is not rgb:
            session.segmenter.set_image(rgb)
            session.segmented = rgb
        return session.segmenter

    def _predict(
        self,
        session: Session,
        rgb: np.ndarray,
        points: list[tuple[float, float, bool]],
        box: tuple[float, float, float, float] | None = None,
    ) -> tuple[np.ndarray, ...]:
        with session.looking:
            found = self._segmenter(session, rgb).predict(points=points, box=box)
        masks = tuple(candidate.mask for candidate in found)
        if not any(mask.any() for mask in masks):
            raise WtError("Nothing was found there. Click inside the thing, or draw a box around it.")
        return masks

    def _photo_rgb(self, session: Session) -> np.ndarray:
        work = session.now
        if work.rgb is None:
            raise WtError("Open a photo first.")
        if work.proposal is not None:
            raise WtError("An edit is waiting. Accept or discard it first.")
        return work.rgb

    def _selected(self, session: Session) -> np.ndarray:
        self._photo_rgb(session)
        mask = session.now.selection.mask
        if mask is None:
            raise WtError("Nothing is selected. Click a thing on the photo first.")
        return mask


def _inside(x: float, y: float, rgb: np.ndarray) -> tuple[float, float]:
    height, width = rgb.shape[:2]
    return float(np.clip(x, 0, width - 1e-3)), float(np.clip(y, 0, height - 1e-3))


def _none(rgb: np.ndarray) -> np.ndarray:
    return np.zeros(rgb.shape[:2], dtype=bool)


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def _placed_facts(placed: Any) -> dict[str, Any]:
    return {
        "scale": placed.scale,
        "shift": placed.shift,
        "residuals": dict(placed.residuals),
        "gauge": {"scale": placed.gauge.scale, "shift": placed.gauge.shift, "residual": placed.gauge.residual},
    }
