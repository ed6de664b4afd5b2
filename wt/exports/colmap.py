"""`colmap`: the photo as a COLMAP text model of one image, with the pixel of every point.

COLMAP's pixel rule is ours: the centre of the first pixel is at (0.5, 0.5). Its cameras are OpenCV's.
"""

from pathlib import Path

import numpy as np

from wt.exports.job import ExportJob
from wt.exports.photo import photo_of, seen_points, write_photo

MOST_POINTS = 100_000
_NAME, _FOLDER = "photo.png", "colmap/sparse/0"


def write(job: ExportJob) -> list[Path]:
    """colmap/images/photo.png and cameras.txt, images.txt, points3D.txt in colmap/sparse/0, in the chosen axes."""
    from scipy.spatial.transform import Rotation

    _, k = photo_of(job)
    seen = seen_points(job, MOST_POINTS)
    points = job.axes.apply(seen.points).astype(np.float64)
    pixels = seen.pixels * [k.width / job.scene.intrinsics.width, k.height / job.scene.intrinsics.height]
    x, y, z, w = Rotation.from_matrix(job.axes.from_opencv.T).as_quat()  # COLMAP's pose is world to camera
    camera = f"1 PINHOLE {k.width} {k.height} {k.fx:.12g} {k.fy:.12g} {k.cx:.12g} {k.cy:.12g}\n"
    observed = " ".join(f"{u:.6f} {v:.6f} {number}" for number, (u, v) in enumerate(pixels.tolist(), 1))
    image = f"1 {w:.17g} {x:.17g} {y:.17g} {z:.17g} 0 0 0 1 {_NAME}\n{observed}\n"
    rows = zip(points.tolist(), seen.colours.tolist(), strict=True)
    tracks = [
        f"{at + 1} {x:.9g} {y:.9g} {z:.9g} {r} {g} {b} 0 1 {at}" for at, ((x, y, z), (r, g, b)) in enumerate(rows)
    ]
    said = f"# units {job.scene.units}; axes {job.axes.text}\n"
    return [
        write_photo(job, f"colmap/images/{_NAME}"),
        job.save(f"{_FOLDER}/cameras.txt", f"# CAMERA_ID MODEL WIDTH HEIGHT FX FY CX CY\n{camera}"),
        job.save(
            f"{_FOLDER}/images.txt", f"# IMAGE_ID QW QX QY QZ TX TY TZ CAMERA_ID NAME, then X Y POINT3D_ID\n{image}"
        ),
        job.save(
            f"{_FOLDER}/points3D.txt",
            f"# POINT3D_ID X Y Z R G B ERROR then IMAGE_ID POINT2D_IDX\n{said}" + "".join(f"{row}\n" for row in tracks),
        ),
    ]
