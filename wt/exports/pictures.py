"""`png`: the photo before and after the edits."""

import io
from pathlib import Path

import numpy as np
from PIL import Image

from wt.exports.job import ExportJob
from wt.types import UInt8


def write(job: ExportJob) -> list[Path]:
    """before.png and after.png, those that the caller has."""
    chosen = (("before.png", job.before), ("after.png", job.after))
    return [job.save(name, png_bytes(picture)) for name, picture in chosen if picture is not None]


def png_bytes(picture: UInt8[np.ndarray, "h w 3"]) -> bytes:
    """An sRGB picture as a PNG file."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()
