"""A video, GIF or folder of pictures becomes a sequence of layered points: `python -m examples.lift_a_clip VIDEO`."""

import argparse

import numpy as np

import wt
from wt.clips.choice import Choice
from wt.clips.export import export_clip
from wt.clips.read import read_clip

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("video")
parser.add_argument("--frames", type=int, default=8, help="spread over the whole of it (8)")
parser.add_argument("-o", "--out", default="clip")
given = parser.parse_args()

clip = read_clip(given.video, Choice(count=given.frames))
print(f"{clip.name}: {len(clip.frames)} frames of {clip.width} x {clip.height}, {clip.fps:g} a second")
masks = None if clip.masks is None else list(clip.masks)  # of pictures with transparency
lifts = wt.load("wt-o-mini").lift_clip(list(clip.frames), masks)  # all on one crop, in one unit
for number, layers in enumerate(lifts):
    depth = np.nanmedian(layers.points[0, ..., 2])
    print(f"frame {number}: {layers.surfaces().sum()} points, median depth {depth:.3f}, fx {layers.intrinsics.fx:.1f}")
written = export_clip(clip.with_lifts(lifts), given.out, ("glb", "ply"))  # an animated GLB, a PLY for every frame
print(*(path.as_posix() for paths in written.values() for path in paths), sep="\n")
