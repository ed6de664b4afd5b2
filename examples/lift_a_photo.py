"""A photo becomes six layers of points: `python -m examples.lift_a_photo PHOTO -o OUT`."""

import argparse

import wt
from wt.images import open_photo

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("photo", nargs="?", default="assets/examples/room_desk.jpg")
parser.add_argument("--model", default="wt-s-mini", help="a registry name or a file (wt-s-mini)")
parser.add_argument("-o", "--out", default="lifted")
given = parser.parse_args()

lifter = wt.load(given.model, device="auto")
layers = lifter.lift(open_photo(given.photo), seed=42)  # a PIL image or a uint8 array does as well

k, real = layers.intrinsics, layers.surfaces()  # a layer that repeats the one before it has ended
print(f"{layers.model}: points {layers.points.shape}, in {layers.units} units, OpenCV camera axes")
print(
    f"camera: fx {k.fx:.1f}, fy {k.fy:.1f}, centre {k.cx:.1f}, {k.cy:.1f}; raw points miss it by {k.residual_px:.2f} px"
)
for number, surface in enumerate(real):
    depth = layers.points[number][surface][:, 2]
    told = f"depth {depth.min():.2f} to {depth.max():.2f}" if len(depth) else "empty"
    print(f"layer {number}: {surface.mean():6.1%} of the rays, {told}")

written = wt.export(wt.Scene.from_layers(layers), given.out, formats=("ply", "camera", "wts"))
print(*(path.as_posix() for path in written.files), sep="\n")
