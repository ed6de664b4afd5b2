"""Select by words: what was found, named or inserted; the list of named things."""

from dataclasses import replace
from functools import partial

import numpy as np

from app.jobs import Job
from app.session import Session
from app.verbs.base import Verbs
from app.work import MOST_NAMED, Selection, Work
from editors.segment.named import LONGEST_NAME, Thing, called, inserted
from wt.errors import WtError


class WordsVerbs(Verbs):
    """From words to a selection, and from a selection to a name."""

    def find(self, session: Session, words: str) -> Job | None:
        """Select what the words mean: things that were named or inserted, and what a words model sees on the photo."""
        rgb, words = self._photo_rgb(session), words.strip()
        if not words:
            raise WtError('Say what to find, for example "lamp".')
        known = called(words, _known(session.now))
        if self.engine.config.words_model:
            label = f'Looking for "{words}"'
            job = Job(label, lambda job: self._look(session, words, known, job), kind="words")
            return self._start(session, job)
        if not known:
            raise WtError(_only_names(words, session.now))
        self._show(session, rgb, words, known)
        return None

    def step(self, session: Session, by: int) -> None:
        """To the next thing that was found, or back."""
        self._photo_rgb(session)
        selection = session.now.selection
        if len(selection.found) < 2:
            raise WtError("There is nothing else to step to. Find something by words first.")
        self._select(session, "Another that was found", selection.stepped(selection.at + by))

    def name(self, session: Session, name: str) -> None:
        """Keep the present selection under a name; a name that is there gets the new pixels."""
        self._photo_rgb(session)
        work, name = session.now, " ".join(name.split())[:LONGEST_NAME]
        mask = work.selection.mask
        if mask is None:
            raise WtError("Nothing is selected, so there is nothing to name. Click a thing on the photo first.")
        if not name:
            raise WtError('A thing needs a name, for example "lamp".')
        others = tuple(thing for thing in work.named if thing.name.casefold() != name.casefold())
        if len(others) >= MOST_NAMED:
            raise WtError(f"{MOST_NAMED} things are named already. Forget one that is not needed.")
        self._commit(session, f"Name: {name}", replace(work, named=(*others, Thing(name, mask))), show=False)
        session.message = f'The selection is "{name}" from now on.'

    def choose(self, session: Session, of: str, number: int) -> None:
        """Select a thing of the list: "named" or "inserted"."""
        rgb, work = self._photo_rgb(session), session.now
        things = work.named if of == "named" else _inserted(work)
        if not 0 <= number < len(things):
            raise WtError("That thing is not in the list any more.")
        self._show(session, rgb, things[number].name, [things[number]])

    def forget(self, session: Session, number: int) -> None:
        """Drop a name from the list; the photo stays as it is."""
        work = session.now
        if not 0 <= number < len(work.named):
            raise WtError("That thing is not in the list any more.")
        named = tuple(thing for at, thing in enumerate(work.named) if at != number)
        self._commit(session, f"Forget: {work.named[number].name}", replace(work, named=named), show=False)
        session.message = f'The name "{work.named[number].name}" is forgotten.'

    def _look(self, session: Session, words: str, known: list[Thing], job: Job) -> None:
        from editors.segment.words import filling

        rgb = self._photo_rgb(session)
        detector = self.engine.detector(partial(job.report, 0, 0))
        job.report(0, 0, f"{detector.name} is looking")
        hits, seen = detector.find(rgb, words), []
        for done, hit in enumerate(hits):
            job.report(done, len(hits), "Outlining what was found")
            with session.looking:
                mask = filling(self._segmenter(session, rgb).predict(box=hit.box), hit.box)
            seen.append(Thing(f"{hit.label}, {hit.score * 100:.0f} %", mask))
        if known or seen:
            self._show(session, rgb, words, [*known, *seen])
        elif session.now.rgb is rgb:
            session.message = f'{detector.name} sees no "{words}" on the photo. Try another word, or click the thing.'

    def _show(self, session: Session, rgb: np.ndarray, words: str, things: list[Thing]) -> None:
        found = tuple(thing for thing in things if thing.mask.any())
        if not found:
            raise WtError(f'Nothing of "{words}" can be seen on the photo. Try another word, or click the thing.')
        with session.lock:
            if session.now.rgb is not rgb:
                raise WtError("The photo was changed in the meantime. Look for it again.")
            selection = Selection(level=session.now.selection.level, found=found).stepped(0)
            self._select(session, f"Find: {words}", selection)

    def _select(self, session: Session, label: str, selection: Selection) -> None:
        self._commit(session, label, replace(session.now, selection=selection), show=False)
        count, thing = len(selection.found), selection.found[selection.at]
        which = f"{selection.at + 1} of {count}: {thing.name}" if count > 1 else thing.name
        session.message = f"{which}, {thing.mask.mean() * 100:.1f} % of the photo."


def _inserted(work: Work) -> list[Thing]:
    return [] if work.scene is None or work.rgb is None else inserted(work.scene, work.rgb.shape[:2])


def _known(work: Work) -> list[Thing]:
    return [*work.named, *_inserted(work)]


def _only_names(words: str, work: Work) -> str:
    names = ", ".join(dict.fromkeys(thing.name for thing in _known(work)))
    here = f"here these are: {names}" if names else "here there are none yet"
    return (
        f'"{words}" is no name of anything here. Without a words model (--words-model), what you named and what was '
        f"added can be found; {here}. Select a thing and name it below."
    )
