"""Place: accept, discard or snap a proposal; show, rename and delete objects."""

from collections.abc import Callable
from dataclasses import asdict, is_dataclass, replace
from typing import Any

from app.session import Session
from app.verbs.base import Verbs
from app.work import Selection
from editors.segment.named import remaining
from wt.errors import WtError


class PlaceVerbs(Verbs):
    """The proposal that waits, and the objects that are there."""

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
            named=remaining(work.named, proposal.region),
            edits=(*work.edits, record),
        )
        self._commit(session, f"Accept: {proposal.prompt}", done)
        self.sessions.settle(session)  # what the page calls accepted, no power cut takes away
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

    def _change_scene(self, session: Session, label: str, change: Callable[[Any], Any]) -> None:
        work = session.now
        if work.proposal is not None:
            raise WtError("An edit is waiting. Accept or discard it first.")
        if work.scene is None:
            raise WtError("There is no scene yet. Lift the photo first.")
        self._commit(session, f"{label} an object", replace(work, scene=change(work.scene)))
        session.message = f"{label}: done."


def _plain(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def _placed_facts(placed: Any) -> dict[str, Any]:
    return {
        "scale": placed.scale,
        "shift": placed.shift,
        "residuals": dict(placed.residuals),
        "gauge": {"scale": placed.gauge.scale, "shift": placed.gauge.shift, "residual": placed.gauge.residual},
    }
