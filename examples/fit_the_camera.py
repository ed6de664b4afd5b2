"""The camera of a pointmap in closed form, against one that is known: `python -m examples.fit_the_camera`."""

import argparse

import numpy as np

import wt
from wt.geometry.camera import project, unproject

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--noise", type=float, nargs="*", default=(0.0, 0.005, 0.02), help="of the points, per depth")
parser.add_argument("--seed", type=int, default=0)
given = parser.parse_args()

true = wt.Intrinsics(fx=210.0, fy=205.0, cx=118.0, cy=92.0, width=240, height=180)  # in pixels, off centre on purpose
v, u = np.mgrid[:180, :240]
depth = (2.0 + 0.5 * np.sin(u / 31) + 0.004 * v).astype(np.float32)  # a wavy floor
points, seen = unproject(depth, true), np.ones(depth.shape, bool)

for noise in given.noise:
    shaken = points + np.random.default_rng(given.seed).normal(0, noise, points.shape) * depth[..., None]
    k = wt.fit_intrinsics(shaken.astype(np.float32), seen)
    missed = project(points, k) - project(points, true)
    print(
        f"noise {noise:g}: fx {k.fx:.2f}, fy {k.fy:.2f}, cx {k.cx:.2f}, cy {k.cy:.2f}; residual {k.residual_px:.3f} px"
    )
    print(f"  a true point is drawn {np.hypot(*np.moveaxis(missed, -1, 0)).mean():.3f} px from where it belongs")
print(f"true: fx {true.fx:.2f}, fy {true.fy:.2f}, cx {true.cx:.2f}, cy {true.cy:.2f}")
