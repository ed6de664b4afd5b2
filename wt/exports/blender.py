"""`blender`: a script that builds the scene in Blender from the files beside it."""

import json
import pprint
from pathlib import Path
from typing import Any

import numpy as np

from wt.exports import glb, points
from wt.exports.axes import Z_UP
from wt.exports.camera import blender_lens
from wt.exports.job import ExportJob
from wt.exports.photo import photo_of, write_photo
from wt.files import json_text

_SCRIPT = Path(__file__).with_name("open_in_blender.py")
_PLACE = "SCENE: dict[str, Any] = {}"
_OVERLAP = 1.5
"""Points are a little wider than the diagonal of their pixels, so that surfaces have no gaps."""


def write(job: ExportJob) -> list[Path]:
    """open_in_blender.py, images/photo.png, and the points and meshes if they were not asked for."""
    paths = [write_photo(job)]
    for name, module in (("ply", points), ("glb", glb)):
        if name not in job.written:
            paths += module.write(job)
    script = _SCRIPT.read_text(encoding="utf-8")
    assert _PLACE in script
    facts = pprint.pformat(_facts(job, [*paths, *job.written.get("glb", [])]), width=110, sort_dicts=False)
    return [*paths, job.save("open_in_blender.py", script.replace(_PLACE, f"SCENE: dict[str, Any] = {facts}", 1))]


def _facts(job: ExportJob, written: list[Path]) -> dict[str, Any]:
    """What the script cannot read from the files; plain values."""
    k = photo_of(job)[1]
    z = job.scene.point_cloud().points[:, 2]
    facts = {
        "points": "pointcloud.ply",
        "meshes": "mesh.glb" if any(path.name == "mesh.glb" for path in written) else None,
        "photo": "images/photo.png",
        "lens": blender_lens(k),
        "near": z.min() if len(z) else 1.0,
        "far": z.max() if len(z) else 1.0,
        "radius_per_depth": _OVERLAP / 2 / min(job.scene.intrinsics.fx, job.scene.intrinsics.fy),
        "to_blender": np.rint(Z_UP.from_opencv @ job.axes.from_opencv.T),
        **job.units(),
    }
    return {"things": {thing.id: thing.name for thing in job.things}, **json.loads(json_text(facts))}
