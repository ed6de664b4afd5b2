"""Export: the scene in the chosen formats, in one zip."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from app.jobs import Job
from app.session import Session
from app.verbs.base import Verbs
from app.work import Work
from wt.errors import WtError

EXPORT_FORMATS = ("ply", "glb", "npz", "camera", "wts", "png", "manifest")


class ExportVerbs(Verbs):
    """What a person takes away."""

    def build(self, session: Session, formats: Sequence[str]) -> Job:
        """Write the scene in the chosen formats and zip it."""
        work = session.now
        if work.scene is None or work.photo is None:
            raise WtError("There is nothing to export yet. Lift the photo first.")
        if not formats:
            raise WtError("Choose at least one format to export.")
        scene, photo, rgb = work.scene, work.photo.rgb, work.rgb

        def run(job: Job) -> None:
            from wt.exports.export import export, zip_folder

            job.report(0, 2, "Writing files")
            name = f"{work.stem}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
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

    def _manifest(self, work: Work) -> dict[str, Any]:
        used = [{"name": work.lift["model"], "licence": work.lift["licence"]}] if work.lift else []
        for edit in work.edits:
            used += [*edit["report"].get("models", []), *edit["report"].get("editors", [])]
        models = [model for index, model in enumerate(used) if model not in used[:index]]
        return {
            "photo": work.photo.name if work.photo else "",
            "lift": work.lift,
            "prompts": [edit["prompt"] for edit in work.edits],
            "seeds": [*([work.lift["seed"]] if work.lift else []), *(edit["seed"] for edit in work.edits)],
            "models": models,
            "edits": list(work.edits),
        }
