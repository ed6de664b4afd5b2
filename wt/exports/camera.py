"""`camera`: K, its residual and its origin, and the same lens in millimetres, as JSON."""

import math
from pathlib import Path
from typing import Any

from wt.exports.job import ExportJob
from wt.geometry.camera import Intrinsics

SENSOR_MM = 36.0
"""Width of the sensor that focal lengths in millimetres are for: full frame."""


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
        "focal_mm": {"x": SENSOR_MM * k.fx / k.width, "y": SENSOR_MM * k.fy / k.width, "sensor_width": SENSOR_MM},
        "blender": blender_lens(k),
        "camera_to_world": job.axes.camera_to_world(),
        "camera_axes": "OpenCV: +x right, +y down, +z forward",
        **job.frame(),
    }
    if job.before is not None:
        height, width = job.before.shape[:2]
        document["photo"] = {"width": width, "height": height, "K": k.resized(width, height).matrix()}
    return [job.save_json("camera.json", document)]


def blender_lens(k: Intrinsics) -> dict[str, Any]:
    """K as the properties of a Blender camera and of its render; unequal focal lengths become the pixels' aspect."""
    return {
        "sensor_fit": "HORIZONTAL",
        "sensor_width": SENSOR_MM,
        "lens": SENSOR_MM * k.fx / k.width,
        "shift_x": (k.width / 2 - k.cx) / k.width,
        "shift_y": (k.cy - k.height / 2) / k.width * k.fx / k.fy,
        "pixel_aspect_x": max(1.0, k.fy / k.fx),
        "pixel_aspect_y": max(1.0, k.fx / k.fy),
        "resolution_x": k.width,
        "resolution_y": k.height,
    }
