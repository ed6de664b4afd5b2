"""`ply`: the cloud, whole and layer by layer."""

from dataclasses import replace
from pathlib import Path

from wt.exports.axes import PIXEL_RULE
from wt.exports.job import ExportJob
from wt.exports.ply import ply_bytes


def write(job: ExportJob) -> list[Path]:
    """pointcloud.ply and layer_0.ply to layer_5.ply, in the chosen axes."""
    k = job.scene.intrinsics
    comments = (
        f"units {job.scene.units}",
        f"axes {job.axes.text}",
        f"pixel rule {PIXEL_RULE}",
        f"camera fx {k.fx:.6f} fy {k.fy:.6f} cx {k.cx:.6f} cy {k.cy:.6f} width {k.width} height {k.height}",
        "colours sRGB; layer 0 is the visible surface, deeper layers lie behind it; object_id 0 is the photo",
    )
    clouds = {
        f"layer_{layer}.ply": job.scene.point_cloud(layers=[layer], hidden=job.hidden)
        for layer in range(len(job.scene.background.points))
    }
    clouds["pointcloud.ply"] = job.scene.point_cloud(hidden=job.hidden)
    return [
        job.save(name, ply_bytes(replace(cloud, points=job.axes.apply(cloud.points)), comments))
        for name, cloud in clouds.items()
    ]
