"""`camera`: K, its residual and its origin, as JSON."""

import math
from pathlib import Path

from wt.exports.job import ExportJob


def write(job: ExportJob) -> list[Path]:
    """camera.json: K in pixels of the scene's grid, and of the photo where that is at hand."""
    k = job.scene.intrinsics
    document = {
        "model": "pinhole, zero skew, no distortion",
        "fx": k.fx,
        "fy": k.fy,
        "cx": k.cx,
        "cy": k.cy,
        "width": k.width,
        "height": k.height,
        "K": k.matrix(),
        "fov_x_deg": k.fov_x_deg,
        "fov_y_deg": k.fov_y_deg,
        "residual_px": k.residual_px,
        "source": "least squares on layer 0" if math.isfinite(k.residual_px) else "given",
        "camera_to_world": job.axes.camera_to_world(),
        "camera_axes": "OpenCV: +x right, +y down, +z forward",
        **job.frame(),
    }
    if job.before is not None:
        height, width = job.before.shape[:2]
        document["photo"] = {"width": width, "height": height, "K": k.resized(width, height).matrix()}
    return [job.save_json("camera.json", document)]
