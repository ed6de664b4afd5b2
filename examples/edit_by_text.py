"""Words change a photo and its scene: `python -m examples.edit_by_text PHOTO "add a red chair" -o OUT`."""

import argparse
from pathlib import Path

from PIL import Image

import wt
from editors.instruction import parse
from editors.operations import understood
from editors.pipeline import EditPipeline
from wt.images import open_photo

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("photo", nargs="?", default="assets/examples/room_desk.jpg")
parser.add_argument("text", nargs="?", default="add a red chair")
parser.add_argument("--at", type=float, nargs=2, metavar=("U", "V"), help="where, in pixels of the photo")
parser.add_argument("-o", "--out", type=Path, default=Path("edited"))
given = parser.parse_args()

operations = parse(given.text)
print("Understood:", *understood(operations))
photo = open_photo(given.photo)
lifters = wt.load("wt-s-mini"), wt.load("wt-o-mini")  # the photo's geometry, and that of single objects
scene = wt.Scene.from_layers(lifters[0].lift(photo))
result = EditPipeline(*lifters).run(scene, photo, operations, at=None if given.at is None else tuple(given.at))

changed = (result.photo_after != photo.rgb).any(axis=-1)
editor = result.report["editor"]
print(f"{editor} changed {changed.mean():.1%} of the photo, {(changed & ~result.region).sum()} px outside")
for row in result.report["place"]:
    print(
        f"{row['name']}: scale {row['scale']:.3f}, shift {row['shift']:.3f}, depth off by {row['depth_residual']:.1%}"
    )
given.out.mkdir(parents=True, exist_ok=True)
Image.fromarray(result.photo_after).save(given.out / "after.png")
print(result.scene.save(given.out / "scene.wts").as_posix())
