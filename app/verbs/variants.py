"""Variants: the same request with several seeds, shown side by side; one is chosen, or none."""

from collections.abc import Callable
from dataclasses import replace

from app.jobs import Job, Parts
from app.session import Session
from app.variants import COUNT, Outcome, Step, Variants
from app.verbs.base import Verbs
from wt.errors import Cancelled, WtError

Make = Callable[[Job, int], Outcome]
"""The work of one run: (reports to this job, seed)."""


class SeededVerbs(Verbs):
    """Verbs of a step whose runs take a seed."""

    def _run_once(self, session: Session, label: str, make: Make, seed: int, *, kind: str) -> Job:
        """A job whose result becomes a step of the history; those of one `kind` take about as long."""

        def run(job: Job) -> None:
            outcome = make(job, seed)
            self._commit_outcome(session, outcome, home=outcome.step == "geometry")

        return self._start(session, Job(label, run, kind=kind))

    def _run_variants(self, session: Session, step: Step, make: Make, seed: int, *, kind: str) -> Job:
        """A job that runs several seeds from this one on and offers the results; cancelled, it offers what is done."""

        def run(job: Job) -> Parts:
            session.variants = Variants(step, session.now)  # those of before make room first
            problem, cancelled = "", False
            for number in range(COUNT):
                job.part = f"Variant {number + 1} of {COUNT}"
                try:
                    if number:
                        yield  # other visitors have their turn
                    self._offer(session, make(job, seed + number))
                except WtError as error:
                    problem = str(error)
                except Cancelled:
                    cancelled = True
                if cancelled or session.variants is None:
                    break
            self._show_first(session, problem, cancelled)

        return self._start(session, Job("The variants", run, kind=kind))

    def _offer(self, session: Session, outcome: Outcome) -> None:
        with session.lock:
            variants = session.variants
            if variants is not None and variants.step == outcome.step and outcome.fits(session.now):
                session.variants = variants.with_one_more(outcome)

    def _show_first(self, session: Session, problem: str, cancelled: bool) -> None:
        with session.lock:
            variants = session.variants
            if variants is None or not variants.rows:
                session.variants = None
                gone = "The photo or the scene was changed in between; the variants were dropped."
                raise Cancelled if cancelled else WtError(problem or gone)
            count = len(variants.rows)
            made = f"Cancelled; {count} of {COUNT} variants were" if cancelled else f"{count} of {COUNT} variants were"
            made = f"{count} variants are" if count == COUNT else made
            session.message = " ".join([f"{made} made: look at each, then use one or keep none.", problem]).strip()
            _look(session, replace(variants, at=0))
        self.refresh(session, home=variants.step == "geometry")


class VariantVerbs(Verbs):
    """Looking at variants, and the choice."""

    def look(self, session: Session, number: int) -> None:
        """Show one in the photo pane and in the 3D view, or the work again if it is shown already; no step."""
        variants = self._variants(session)
        if not 0 <= number < len(variants.rows):
            raise WtError("There is no such variant any more.")
        _look(session, replace(variants, at=None if variants.at == number else number))
        shown = f"Variant {number + 1}, seed {variants.rows[number].outcome.seed}, is shown; nothing is kept yet."
        session.message = shown if session.previewing else "The work is shown as it is."
        self.refresh(session)

    def use(self, session: Session) -> None:
        """The one that is shown becomes a step of the history: a scene, or an edit that waits."""
        variants = self._variants(session)
        if variants.at is None:
            raise WtError("Click the variant that you want first.")
        outcome = variants.rows[variants.at].outcome
        session.seeds[variants.step] = outcome.seed
        self._commit_outcome(session, outcome)

    def drop(self, session: Session) -> None:
        """Keep none; the work is as it was."""
        _look(session, replace(self._variants(session), at=None))
        session.variants, session.message = None, "No variant was kept."
        self.refresh(session)

    def _variants(self, session: Session) -> Variants:
        if session.busy:
            raise WtError("Something is still running. Wait for it, or cancel it.")
        if session.variants is None:
            raise WtError("There are no variants any more. Make some first.")
        return session.variants


def _look(session: Session, variants: Variants) -> None:
    session.variants, session.peeking = variants, False
    compare = variants.at is not None and variants.step == "edit"
    session.tool = "compare" if compare else ("pick" if session.now.scene is None else "place")
