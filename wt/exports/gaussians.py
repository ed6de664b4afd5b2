"""`gaussians`: gaussians.ply, a 3D Gaussian splat for every point, in the layout that every splat viewer reads.

Seen from the photo's camera each splat is a round blot of its own pixel; in space it lies flat on its surface, or is a
ball where the surface is not known. Colours are the zeroth spherical harmonic alone: the photo shows one view of every
point, so nothing is known of how its colour changes from another. The other 45 (f_rest) are zeros, which a zip makes
nothing of: INRIA's own reader and viewer and UnityGaussianSplatting open no file without them.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from wt.exports.axes import PIXEL_RULE
from wt.exports.job import ExportJob
from wt.geometry.camera import Intrinsics, rays
from wt.geometry.normals import pixel_normals
from wt.scene.objects import SceneObject
from wt.types import Float

SIGMA_PX = 0.6
"""Standard deviation of a splat in pixels of the photo's grid. At 0.5 the gaps between splats show as a grid once a
viewer draws them larger, at 0.7 the photo is soft (benchmarks/splats.py)."""
OPACITY = 0.99
"""The most that viewers draw."""
THICKNESS = 0.1
"""Along the normal, as a share of the size on the surface seen face-on."""
LONGEST = 4.0
"""A splat of a surface seen edge-on is up to this many times as long as wide; beyond, it would be a spike."""
SH_C0 = 0.28209479177387814
"""The zeroth spherical harmonic, 1 / (2 sqrt(pi))."""
COLUMNS = (
    *("x", "y", "z", "nx", "ny", "nz"),
    *("f_dc_0", "f_dc_1", "f_dc_2"),
    *(f"f_rest_{number}" for number in range(45)),
    *("opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3"),
)


def write(job: ExportJob) -> list[Path]:
    """gaussians.ply, in the chosen axes."""
    cloud = job.scene.point_cloud(hidden=job.hidden)
    rotation = job.axes.from_opencv
    spread = np.concatenate([rotation @ one for thing in job.things for one in splat_axes(thing, job.scene.intrinsics)])
    turn, size, _ = np.linalg.svd(spread)
    turn[np.linalg.det(turn) < 0, :, 2] *= -1
    table = np.zeros((len(cloud), len(COLUMNS)), "<f4")
    values: dict[str, np.ndarray] = {  # no normals: the format has a place for them, and no one has ever filled it
        "x": job.axes.apply(cloud.points),
        "f_dc_0": (cloud.colours / 255 - 0.5) / SH_C0,
        "opacity": np.full((len(cloud), 1), np.log(OPACITY / (1 - OPACITY))),
        "scale_0": np.log(size),
        "rot_0": quaternions(turn),
    }
    for first, columns in values.items():
        at = COLUMNS.index(first)
        table[:, at : at + columns.shape[1]] = columns
    return [job.save("gaussians.ply", b"".join([_header(job, len(table)), table.data]))]


def splat_axes(thing: SceneObject, k: Intrinsics) -> Iterator[Float[np.ndarray, "n 3 3"]]:
    """Layer by layer, in the order of its points, matrices A with A A^T the covariance, where the thing is now.

    The first two columns are how far the surface runs in SIGMA_PX of the photo, sideways and downwards, the third is
    along the normal; a point without a normal has a ball.
    """
    directions = rays(k)
    for points, present in zip(thing.points, thing.present, strict=True):
        depth, ray = points[present][:, 2, None].astype(np.float64), directions[present]
        normal = pixel_normals(points, present)[present].astype(np.float64)
        known = np.isfinite(normal).all(axis=1)
        step = np.diag([1 / k.fx, 1 / k.fy, 1 / np.sqrt(k.fx * k.fy)])
        axes = np.repeat(step[None], len(ray), axis=0)
        facing = np.minimum((normal * ray).sum(axis=1), -np.linalg.norm(ray, axis=1) / LONGEST)
        for column in range(2):  # from ray to ray on the plane: d(z r) / du = z (r_u - r (n . r_u) / (n . r))
            slope = normal[:, column] * step[column, column] / facing
            axes[known, :, column] -= (ray * slope[:, None])[known]
        axes[known, :, 2] = (THICKNESS * step[2, 2] * normal)[known]
        yield thing.transform[:3, :3] @ (SIGMA_PX * depth[..., None] * axes)


def quaternions(turn: Float[np.ndarray, "n 3 3"]) -> Float[np.ndarray, "n 4"]:
    """Unit quaternions, w first, of rotation matrices."""
    from scipy.spatial.transform import Rotation

    return Rotation.from_matrix(turn).as_quat(scalar_first=True)


def _header(job: ExportJob, count: int) -> bytes:
    lines = [
        "ply",
        "format binary_little_endian 1.0",
        f"element vertex {count}",  # INRIA's viewer looks for it in the third line
        *(f"property float {name}" for name in COLUMNS),
        f"comment units {job.scene.units}",
        f"comment axes {job.axes.text}",
        f"comment pixel rule {PIXEL_RULE}",
        "comment colours sRGB as the zeroth spherical harmonic; log scales; logit opacity; rotation w x y z",
        "end_header\n",
    ]
    return "\n".join(lines).encode("ascii", "replace")
