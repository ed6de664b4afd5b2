"""Edit: mark a place, run an instruction, which becomes a proposal."""

from dataclasses import replace
from functools import partial

from app.engine import require
from app.jobs import Job
from app.models import KINDS
from app.session import Session
from app.variants import Outcome
from app.verbs.base import inside
from app.verbs.variants import Make, SeededVerbs
from app.work import Proposal
from wt.errors import WtError
from wt.images import Photo


class EditVerbs(SeededVerbs):
    """From words to a proposal."""

    def pin(self, session: Session, x: float, y: float) -> None:
        """Where the next object shall stand."""
        point = inside(x, y, self._photo_rgb(session))
        self._commit(session, "Mark the place", replace(session.now, pin=point), show=False)
        session.message = f"The place is marked at {point[0]:.0f}, {point[1]:.0f}."

    def unpin(self, session: Session) -> None:
        """Leave the place to the words again."""
        if session.now.pin is not None:
            self._commit(session, "Unmark the place", replace(session.now, pin=None), show=False)

    def run(self, session: Session, prompt: str, seed: int = 0) -> Job:
        """Run an instruction on the photo and propose the result in the scene."""
        return self._run_once(session, "The edit", self._editing(session, prompt), seed, kind="edit")

    def run_variants(self, session: Session, prompt: str, seed: int = 0) -> Job:
        """The same with several seeds from this one on, to choose from."""
        return self._run_variants(session, "edit", self._editing(session, prompt), seed, kind="edit")

    def _editing(self, session: Session, prompt: str) -> Make:
        rgb, work = self._photo_rgb(session), session.now
        if work.scene is None:
            raise WtError("There is no scene to edit yet. Lift the photo first.")
        if work.lift.get("kind") == "object":
            raise WtError("Only one object was lifted, so there is no scene to put things into. Lift the whole photo.")
        if not prompt.strip():
            raise WtError('Say what to do, for example "add a red chair next to the table" or "remove the lamp".')
        scene, photo = work.scene, work.photo
        assert photo is not None

        def make(job: Job, seed: int) -> Outcome:
            lifters = [self._lifter(work, kind, job) for kind in KINDS]
            pipeline = require(self.engine, "editor", partial(job.report, 0, 0))(*lifters)
            result = pipeline.run(
                scene,
                Photo(rgb, None, (), photo.name, photo.focal_35mm),
                prompt,
                at=work.pin,
                mask=work.selection.mask,
                seed=seed,
                camera_height_m=scene.camera_height_m,
                on_progress=job.report,
            )
            result.scene.floor()
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
            return Outcome(
                step="edit",
                label=f"Edit: {prompt.strip()}",
                seed=seed,
                of=work,
                change={"proposal": proposal},
                message="Look at the result, then accept or discard it.",
            )

        return make
