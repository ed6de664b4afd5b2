"""An object that was painted into a photo is placed in its scene: `python -m examples.place_an_object -o OUT`.

Any 2D editor may have painted it; here it is a picture with transparency, pasted.
"""

import argparse

import numpy as np
from PIL import Image

import wt

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("photo", nargs="?", default="assets/examples/room_dining.jpg")
parser.add_argument("thing", nargs="?", default="assets/examples/object_teapot.png", help="a picture with transparency")
parser.add_argument("--at", type=int, nargs=2, default=(430, 330), metavar=("U", "V"), help="its upper left corner")
parser.add_argument("--size", type=int, default=150, help="its width and height in pixels")
parser.add_argument("-o", "--out", default="placed")
given = parser.parse_args()

photo = Image.open(given.photo).convert("RGB")
sticker = Image.open(given.thing).convert("RGBA").resize((given.size, given.size))
edited = photo.copy()
edited.paste(sticker, tuple(given.at), sticker)
region = np.any(np.asarray(edited) != np.asarray(photo), axis=-1)

rooms, objects = wt.load("wt-s-mini"), wt.load("wt-o-mini")
scene = wt.Scene.from_layers(rooms.lift(photo))
placed = wt.place(objects.lift(edited, region), scene, region, rooms.lift(edited))  # closed form, along the rays
scene = scene.insert(placed, name="teapot")

print(f"z' = {placed.scale:.3f} z {placed.shift:+.3f} along every ray of {region.sum()} px")
print("residuals:", ", ".join(f"{name} {value:.4f}" for name, value in placed.residuals.items() if value is not None))
print("objects:", ", ".join(f"{thing.id} {thing.name}" for thing in scene.objects))
print(*(path.as_posix() for path in wt.export(scene, given.out, formats=("glb",)).files))
