"""Moving clips: open one, follow what is selected, lift all frames, play them, take them away."""

import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from app import projects
from app.bundles import hand_out, wanted, workshop
from app.frames import held, selection, still
from app.jobs import Job
from app.session import Session
from app.verbs.photo import PhotoVerbs
from app.work import Selection, Work
from wt.clips.clip import Clip
from wt.errors import WtError


class ClipVerbs(PhotoVerbs):
    """A clip is worked on through the photo pane: one of its frames is the photo of the moment."""

    def open(self, session: Session, source: str | Path | bytes, name: str | None = None) -> None:
        """Read a video, an animation or a clip file, and begin a project with its first frame."""
        from wt.clips.read import read_clip

        assert not isinstance(source, bytes)
        clip = read_clip(source)
        if name is not None:
            clip = replace(clip, name=name)
        photo = still(clip, 0)
        work = Work(
            project=projects.new_ident(),
            photo=photo,
            rgb=photo.rgb,
            selection=selection(clip, 0, Selection().level),
            models=session.now.models,
            clip=clip,
        )
        told = f"{clip.name} is open, {len(clip)} frames of {clip.width} × {clip.height} pixels."
        next_ = "Press Play." if clip.lifted else "Click the thing that moves."
        self._begin(session, work, " ".join([told, *clip.notes, next_]))

    def show_frame(self, session: Session, frame: int) -> None:
        """Make another frame the photo of the moment; what was selected in the one before is kept with it."""
        clip = _clip(session.now)
        frame = int(np.clip(frame, 0, len(clip) - 1))
        if frame == session.now.frame:
            return
        if session.busy or session.now.proposal is not None:
            raise WtError("Something waits or runs. Finish it before you look at another frame.")

        def turned(work: Work) -> Work:
            kept = held(work)
            assert kept is not None
            photo = still(kept, frame)
            chosen = selection(kept, frame, work.selection.level)
            return replace(
                work, clip=kept, frame=frame, photo=photo, rgb=photo.rgb, selection=chosen, sky=None, pin=None
            )

        with session.lock:
            session.history.amend(turned)  # looking is no step of the history
            self.sessions.save(session)
        session.message = f"Frame {frame + 1} of {len(clip)}."
        self.refresh(session)
        self.prepare(session)

    def follow(self, session: Session) -> Job:
        """Find what is selected in the frame of the moment in all others."""
        work, clip = session.now, _clip(session.now)
        if work.selection.mask is None:
            raise WtError("Nothing is selected in this frame. Click the thing that moves first.")

        def run(job: Job) -> None:
            self._keep(session, work, "Follow the selection", clip.masked(_followed(job, work)))
            session.message = f"Followed through {len(clip)} frames. Look at the strip, then lift the clip."

        return self._start(session, Job("Following", run))

    def lift(self, session: Session, clean: bool = False, steady: bool = True, seed: int = 42) -> Job:
        """Lift all frames; a selection that is known in one of them is followed first."""
        work, clip = session.now, held(session.now)
        if clip is None:
            raise WtError("No clip is open. Open a video or a GIF first.")
        if clip.masks is None and work.selection.mask is None:
            raise WtError("Nothing is selected in this clip. Click the thing that moves in one of its frames.")

        def run(job: Job) -> None:
            masks = clip.masks if clip.masks is not None else _followed(job, work)
            lifter = self._clip_lifter(work, job)
            began = time.monotonic()
            lifts = lifter.lift_clip(
                list(clip.frames),
                list(masks),
                seed=seed,
                steady=steady,
                on_step=lambda done, total, _: job.report(
                    done, total, "Making depth steady" if steady and done == total else "Lifting the clip"
                ),
            )
            lifted = clip.masked(masks).with_lifts(lifts)
            if clean:
                job.report(0, 0, "Taking out edge flyers")
                lifted = lifted.cleaned()
            self._keep(session, work, "Lift the clip", lifted, home=True)
            seconds = time.monotonic() - began
            session.message = f"{len(clip)} frames lifted in {seconds:.1f} s by {lifter.name}. Space plays them."

        return self._start(session, Job("The lift of the clip", run, kind=f"lift of {len(clip)} frames"))

    def build(self, session: Session, formats: list[str]) -> Job:
        """Write the lifted clip in the chosen formats and zip it."""
        work, clip = session.now, session.shown_clip
        if clip is None:
            raise WtError("There is no lifted clip to export. Lift the clip first.")
        if not formats:
            raise WtError("Choose at least one format to export.")

        def run(job: Job) -> None:
            from wt.clips.export import export_clip
            from wt.exports.export import zip_folder

            name = f"{work.stem}-clip-{datetime.now(UTC):%Y%m%d-%H%M%S}"
            fps = session.viewer.reel.fps if session.viewer else None
            with workshop(session, name) as folder:
                written = export_clip(
                    clip,
                    folder,
                    formats,
                    hidden="grey" if session.display.hidden == "grey" else "photo",
                    fps=fps,
                    on_format=lambda what, done, total: job.report(done, total + 1, f"Writing {what}"),
                )
                job.report(len(formats), len(formats) + 1, "Zipping")
                bundle = zip_folder(folder, folder.with_suffix(".zip"))
                files = [(path.name, path.stat().st_size) for paths in written.values() for path in paths]
            with wanted(session, job, work, bundle):
                hand_out(session, "exported", {"zip": bundle, "files": files, "scene": None, "clip": clip})
                session.message = f"{bundle.name} is ready."

        return self._start(session, Job("The export of the clip", run))

    def film(self, session: Session, data: dict[str, Any]) -> None:
        """A gesture on the strip."""
        if data.get("kind") == "frame":
            self.show_frame(session, int(data["number"]))

    def play(self, session: Session, data: dict[str, Any]) -> None:
        """A gesture on the timeline."""
        if session.shown_clip is None:
            raise WtError("There is no clip to play. Lift one first.")
        reel, kind = self.sessions.viewer_of(session).reel, data.get("kind")
        if kind == "play":
            reel.play()
        elif kind == "pause":
            reel.pause()
        elif kind == "seek":
            reel.seek(int(data["frame"]))
        elif kind == "fps":
            reel.pace(float(data["fps"]))

    def _clip_lifter(self, work: Work, job: Job) -> Any:
        """A model that sees all frames at once, where one is on this machine; else the one that lifts a selection."""
        together = self.engine.clip_model()
        if together is None:
            return self._lifter(work, "object", job)
        return self.engine.clip_lifter(together, lambda words: job.report(0, 0, words))

    def _keep(self, session: Session, of: Work, label: str, clip: Clip, *, home: bool = False) -> None:
        """Make this clip the present one, as one step of the history.

        Raises:
            WtError: the work has gone on without it.
        """
        with session.lock:
            now = session.now
            if now.clip is not of.clip or now.selection is not of.selection or now.frame != of.frame:
                raise WtError("The clip was changed in between; that result was dropped.")
            chosen = selection(clip, now.frame, now.selection.level)
            self._commit(
                session, label, replace(now, clip=clip, selection=chosen, scene=None, lift={}, pin=None), show=False
            )
        self.refresh(session, home=home)


def _clip(work: Work) -> Clip:
    if work.clip is None:
        raise WtError("No clip is open. Open a video or a GIF first.")
    return work.clip


def _followed(job: Job, work: Work) -> np.ndarray:
    """The masks of all frames, bool [t, h, w], from what is selected in the one of the moment."""
    from editors.segment.propagate import propagate

    clip, mask = _clip(work), work.selection.mask
    assert mask is not None
    return propagate(
        clip.frames, mask, work.frame, on_frame=lambda done, total: job.report(done, total, "Following the selection")
    )
