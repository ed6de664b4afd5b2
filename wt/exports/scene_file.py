"""`wts`: the scene itself, to be opened again."""

from pathlib import Path

from wt.exports.job import ExportJob


def write(job: ExportJob) -> list[Path]:
    """scene.wts; see wt/scene/archive.py."""
    return [job.scene.save(job.out / "scene.wts")]
