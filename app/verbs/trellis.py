"""The chosen object as a textured mesh by TRELLIS; where there is none, what one elsewhere needs, and our own mesh."""

from datetime import UTC, datetime

from app.bundles import hand_out, wanted, workshop
from app.jobs import Job
from app.session import Session
from app.verbs.base import Verbs
from wt.errors import WtError


class TrellisVerbs(Verbs):
    """One object, to be taken away by itself."""

    def build(self, session: Session) -> Job:
        """Make the mesh of the chosen object and zip it."""
        thing, work = session.chosen_object, session.now
        if thing is None or work.scene is None:
            raise WtError("Choose an object first: click it in the list, on the photo or in the 3D view.")
        scene, photo = work.scene, work.rgb

        def run(job: Job) -> None:
            from wt.exports.export import zip_folder
            from wt.trellis.bundle import write_bundle

            with workshop(session, f"object-{thing.id}-{datetime.now(UTC):%Y%m%d-%H%M%S}") as folder:
                made = write_bundle(scene, thing.id, photo, folder, lambda stage: job.report(0, 0, stage))
                bundle = zip_folder(folder, folder.with_suffix(".zip"), made.files)
            with wanted(session, job, work, bundle):
                told = {"zip": bundle, "notes": made.notes, "scene": scene, "name": thing.name}
                hand_out(session, "textured", told)
                session.message = f"{bundle.name} is ready."

        return self._start(session, Job("The mesh", run))
