"""Geometry: known depth, and the lift."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from app.jobs import Job
from app.models import Kind
from app.session import Session
from app.variants import Outcome
from app.verbs.variants import Make, SeededVerbs
from app.work import Work
from wt.depth import KINDS, camera_of, open_depth
from wt.errors import WtError

_PREVIEW_EVERY_S = 0.3
_SKY_S = 20.0
"""Longer than any look at a photo; a lift goes on without it."""


class GeometryVerbs(SeededVerbs):
    """From the photo to a scene."""

    def load_depth(self, session: Session, path: str | Path | None, kind: str = "auto") -> None:
        """Known depth of the photo, which guides the next lifts; `kind` says what its numbers are."""
        rgb = self._photo_rgb(session)
        if not path:
            raise WtError("No file arrived. Choose a depth map.")
        chosen = next((known for known in KINDS if known == kind), None)
        depth = open_depth(path, (rgb.shape[1], rgb.shape[0]), kind=chosen)
        self._commit(session, "Load a depth map", replace(session.now, depth=depth), show=False)
        session.message = " ".join([*depth.notes, "Lift to use it."])

    def ask_for_depth(self, session: Session, kind: str) -> None:
        """What the numbers of the next depth map are; one that is there stays as it was read, and that is said."""
        depth = session.now.depth
        if depth is not None and kind in KINDS and kind != depth.kind:
            raise WtError(f"{depth.name} was read as {depth.kind} depth. Load it again to have it read as {kind}.")

    def forget_depth(self, session: Session) -> None:
        """Lift without known depth again."""
        if session.now.depth is not None:
            self._commit(session, "Forget the depth map", replace(session.now, depth=None), show=False)
            session.message = "The next lift uses the photo alone."

    def ask_for(self, session: Session, kind: str) -> None:
        """What is lifted next, the whole photo ("scene") or the selection alone ("object")."""
        session.lift_kind = _kind(kind)

    def choose(self, session: Session, kind: str, name: str) -> None:
        """The model of the next lifts and edits; what is there stays as it is."""
        self._photo_rgb(session)
        of = _kind(kind)
        model = next((model for model in self.engine.offered(of) if model.name == name), None)
        if model is None:
            raise WtError(f"There is no model {name} on this machine any more. Choose another one.")
        models = {**session.now.models, of: model.name}
        self._commit(session, f"Choose {model.title}", replace(session.now, models=models), show=False)
        session.message = f"The next lift uses {model.title}; what is there stays."

    def lift(self, session: Session, kind: str, steps: int | None = None, seed: int = 42) -> Job:
        """Lift the whole photo ("scene") or the selection alone ("object")."""
        made = self._lifting(session, kind, steps)
        return self._run_once(session, "The lift", made, seed, kind=self._alike(session, kind, steps))

    def lift_variants(self, session: Session, kind: str, steps: int | None = None, seed: int = 42) -> Job:
        """The same with several seeds from this one on, to choose from."""
        made = self._lifting(session, kind, steps)
        return self._run_variants(session, "geometry", made, seed, kind=self._alike(session, kind, steps))

    def _alike(self, session: Session, kind: str, steps: int | None) -> str:
        of = _kind(kind)
        return f"lift by {self.engine.chosen(of, session.now.models.get(of, '')).name} in {steps} steps"

    def _lifting(self, session: Session, kind: str, steps: int | None) -> Make:
        rgb, work = self._photo_rgb(session), session.now
        photo, of = work.photo, _kind(kind)
        known = {} if work.depth is None or photo is None else {"depth": work.depth, "intrinsics": camera_of(photo)}
        last_preview = [0.0]

        def make(job: Job, seed: int) -> Outcome:
            lifter = self._lifter(work, of, job)
            began = time.monotonic()
            preview = self._preview(session, job, rgb, last_preview)
            mask = work.selection.mask if kind == "object" else _with_its_sky(session, work).rays
            layers = lifter.lift(rgb, mask, steps=steps, seed=seed, on_step=preview, **known)
            from wt.scene.calibration import calibrated_like
            from wt.scene.scene import Scene

            facts = {
                "model": lifter.name,
                "chosen": self.engine.chosen(of, work.models.get(of, "")).name,
                "licence": lifter.licence,
                "kind": kind,
                "steps": steps or lifter.default_steps,
                "seed": seed,
                "seconds": round(time.monotonic() - began, 2),
                **({} if work.depth is None else {"depth": f"{work.depth.name} ({work.depth.kind})"}),
            }
            scene = calibrated_like(Scene.from_layers(layers), work.scene if of == "scene" else None)
            scene.floor()  # it takes longer to fit than a page to draw
            return Outcome(
                step="geometry",
                label="Lift the photo" if kind == "scene" else "Lift the selection",
                seed=seed,
                of=work,
                change={"scene": scene, "lift": facts, "proposal": None},
                message=f"Lifted in {facts['seconds']:.1f} s. Turn the view, then ask for an edit.",
            )

        return make

    def _preview(
        self, session: Session, job: Job, rgb: np.ndarray, last: list[float]
    ) -> Callable[[int, int, Any], None]:
        """An `on_step` that reports, cancels, and shows the geometry as it forms; `last` holds when it did so."""

        def on_step(done: int, total: int, preview: Any) -> None:
            job.report(done, total, "Lifting")
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


def _with_its_sky(session: Session, work: Work) -> Work:
    """Whoever lifts at once is quicker than the look for the photo's sky, which is left out all the same."""
    if work.sky is None and session.preparing is not None:
        session.preparing.wait(_SKY_S)
        if session.now.photo is work.photo:
            return replace(work, sky=session.now.sky)
    return work


def _kind(word: str) -> Kind:
    return "object" if word == "object" else "scene"
