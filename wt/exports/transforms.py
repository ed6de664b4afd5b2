"""`transforms`: the photo, its camera, its depth and a sparse cloud in nerfstudio's format.

The world is z up, as that format has it: this one photo's camera looks along +y. Cameras are OpenGL's: +x right, +y up,
looking along -z. nerfstudio's pixel centres lie at +0.5, as ours do.
"""

import io
from pathlib import Path

import numpy as np

from wt.exports.axes import OPENGL, PIXEL_RULE, Z_UP
from wt.exports.job import ExportJob
from wt.exports.photo import photo_of, seen_points, write_photo
from wt.exports.ply import ply_bytes
from wt.scene.cloud import PointCloud

MOST_POINTS = 100_000
_NERFSTUDIO_UNIT = 1000
"""nerfstudio multiplies stored depth by 0.001 unless it is told otherwise."""


def write(job: ExportJob) -> list[Path]:
    """transforms.json, images/photo.png, images/photo_depth.npy and sparse_pc.ply."""
    _, k = photo_of(job)
    pose = Z_UP.camera_to_world() @ np.linalg.inv(OPENGL.camera_to_world())
    document = {
        "camera_model": "OPENCV",
        "w": k.width,
        "h": k.height,
        "fl_x": k.fx,
        "fl_y": k.fy,
        "cx": k.cx,
        "cy": k.cy,
        **dict.fromkeys(("k1", "k2", "p1", "p2"), 0.0),
        "frames": [
            {
                "file_path": "images/photo.png",
                "depth_file_path": "images/photo_depth.npy",
                "transform_matrix": pose,
            }
        ],
        "ply_file_path": "sparse_pc.ply",
        "depth_unit_scale_factor": 1 / _NERFSTUDIO_UNIT,
        **job.units(),
        "axes": "world: +x right, +y forward, +z up; cameras: OpenGL, +x right, +y up, looking along -z",
        "pixel_rule": PIXEL_RULE,
    }
    return [
        write_photo(job),
        job.save("images/photo_depth.npy", _depth(job)),
        job.save("sparse_pc.ply", _cloud(job)),
        job.save_json("transforms.json", document),
    ]


def _depth(job: ExportJob) -> bytes:
    """z of the visible surface in thousandths of a scene unit on the scene's grid, float32; 0 where there is none."""
    buffer = io.BytesIO()
    np.save(buffer, np.nan_to_num(job.scene.visible_depth() * _NERFSTUDIO_UNIT).astype(np.float32))
    return buffer.getvalue()


def _cloud(job: ExportJob) -> bytes:
    seen = seen_points(job, MOST_POINTS)
    layer = np.zeros(len(seen), np.uint8)
    cloud = PointCloud(Z_UP.apply(seen.points), seen.colours, layer, seen.object_id)
    return ply_bytes(cloud, (f"units {job.scene.units}", f"axes {Z_UP.text}"))
