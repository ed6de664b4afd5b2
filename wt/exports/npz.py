"""`npz`: the raw pointmap with its own K and residual, and the scene's surfaces on the same grid."""

import io
from pathlib import Path
from typing import Any

import numpy as np

from wt.exports.job import ExportJob


def write(job: ExportJob) -> list[Path]:
    """layers.npz, always in the OpenCV camera frame: `LayeredPointmap.load` reads it back."""
    scene = job.scene
    things = [scene.background, *scene.objects]
    arrays: dict[str, Any] = {
        **scene.layers.arrays(),
        "K": scene.intrinsics.matrix(),
        "scene_points": np.stack([thing.world_points() for thing in things]),
        "scene_present": np.stack([thing.present & thing.visible for thing in things]),
        "scene_rgb": np.stack([thing.rgb for thing in things]),
        "scene_object_id": np.array([thing.id for thing in things], np.int16),
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return [job.save("layers.npz", buffer.getvalue())]
