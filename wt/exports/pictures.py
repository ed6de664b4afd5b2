"""`png`: the photo before and after the edits."""

import io
from pathlib import Path

from PIL import Image

from wt.exports.job import ExportJob


def write(job: ExportJob) -> list[Path]:
    """before.png and after.png, those that the caller has."""
    paths = []
    for name, picture in (("before.png", job.before), ("after.png", job.after)):
        if picture is not None:
            buffer = io.BytesIO()
            Image.fromarray(picture).save(buffer, "PNG")
            paths.append(job.save(name, buffer.getvalue()))
    return paths
