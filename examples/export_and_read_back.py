"""Export a scene and read the files back: `python -m examples.export_and_read_back SCENE.wts -o OUT`."""

import argparse
import json
from pathlib import Path

import numpy as np
import trimesh

import wt
from wt.exports.roundtrip import roundtrips

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("scene", help="scene.wts of lift, edit or the app")
parser.add_argument("-o", "--out", type=Path, default=Path("exported"))
given = parser.parse_args()

scene = wt.Scene.load(given.scene)
written = wt.export(scene, given.out, formats=("ply", "glb", "npz", "transforms", "colmap", "camera"))
for name, paths in written.items():
    print(f"{name}: {len(paths)} files, {sum(path.stat().st_size for path in paths) / 1e6:.2f} MB")
for name, pixels in roundtrips(scene, written).items():
    print(f"{name}: read back, no point is more than {pixels:.1g} px from its pixel")

# The same by hand: project the points of layer 0 with the K of camera.json; pixel centres are at +0.5.
told = json.loads((given.out / "camera.json").read_text())
x, y, z = np.asarray(trimesh.load(given.out / "layer_0.ply").vertices).T
u, v = told["fx"] * x / z + told["cx"], told["fy"] * y / z + told["cy"]
print(f"layer 0: {len(u)} points, at most {np.hypot(u % 1 - 0.5, v % 1 - 0.5).max():.1g} px from a pixel's centre")
