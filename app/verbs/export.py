"""Export: the scene in the chosen formats, in one zip."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from app.bundles import hand_out, wanted, workshop
from app.formats import LABELS
from app.jobs import Job, attempt
from app.session import Session
from app.verbs.base import Verbs
from app.work import Work
from wt.errors import WtError


class ExportVerbs(Verbs):
    """What a person takes away."""

    def build(self, session: Session, formats: Sequence[str], axes: str = "opencv", faces: int = 0) -> Job:
        """Write the scene in the chosen formats and zip it; a format that fails is left out, and that is said.

        Args:
            faces: triangles of the surfaces in one file at most, 0 for all.
        """
        work = session.now
        if work.scene is None or work.photo is None:
            raise WtError("There is nothing to export yet. Lift the photo first.")
        if not formats:
            raise WtError("Choose at least one format to export.")
        scene, photo, rgb = work.scene, work.photo.rgb, work.rgb

        def run(job: Job) -> None:
            from wt.exports.export import export, zip_folder

            name = f"{work.stem}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
            on_format, on_step = _progress(job)
            with workshop(session, name) as folder:
                written = export(
                    scene,
                    folder,
                    tuple(formats),
                    manifest=self._manifest(work) if "manifest" in formats else None,
                    before=photo,
                    after=rgb,
                    hidden=session.display.hidden,
                    axes=axes,
                    faces=faces or None,
                    readme=True,
                    on_format=on_format,
                    on_step=on_step,
                    attempt=attempt,
                )
                job.report(0, 0, "Zipping")
                bundle = zip_folder(folder, folder.with_suffix(".zip"), written.files)
                made = {"zip": bundle, "formats": _rows(written), "notes": written.notes, "scene": scene}
            with wanted(session, job, work, bundle):
                hand_out(session, "exported", made)
                session.message = f"{bundle.name} is ready.{' It says what was left out.' if written.notes else ''}"

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


def _progress(job: Job) -> tuple[Callable[[str, int, int], None], Callable[[int, int], None]]:
    """Which format is being written and, of long ones, how far; both stop a job that was cancelled."""
    label = ""

    def on_format(name: str, done: int, total: int) -> None:
        nonlocal label
        label = f"Writing {LABELS.get(name, 'README.txt')}, {done + 1} of {total}"
        job.report(0, 0, label)

    return on_format, lambda done, total: job.report(done, total, label)


def _rows(written: dict[str, Any]) -> list[dict[str, Any]]:
    """What the page lists: format, number of files, bytes and names."""
    rows = []
    for name, paths in written.items():
        names = [path.name for path in paths]
        size = sum(path.stat().st_size for path in paths)
        rows.append({"label": LABELS.get(name, "README"), "count": len(paths), "bytes": size, "names": names})
    return rows
