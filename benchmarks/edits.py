"""Six edits of real photos, before and after, in 2D and 3D: `python benchmarks/edits.py --out assets/edits`.

Each is done with the verbs of the app, as a person does it: open, lift, mark a place or select, say it, accept. The
photos are an example and views into panoramas that come with viser. With `--photos FOLDER` the same kinds of edit are
tried at fixed places of every photo there, to be looked at.
"""

import argparse
import io
import json
import logging
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from photos import SUFFIXES, fitted, view  # noqa: E402

from app.config import AppConfig  # noqa: E402
from app.controller import Controller  # noqa: E402
from app.engine import Engine  # noqa: E402
from app.jobs import Job, Worker  # noqa: E402
from app.session import Session, Sessions  # noqa: E402
from wt.errors import WtError  # noqa: E402
from wt.scene.cloud import PointCloud  # noqa: E402
from wt.scene.scene import Scene, on_grid  # noqa: E402

CELL = (480, 340)
AROUND = 1.2
"""The 3D pictures show what changed and so much more on each side, as a share of its size."""
TURN = (-24.0, 12.0)
"""Of the 3D pictures about the vertical and the horizontal axis, in degrees."""
MOST_BYTES = 250_000
Shares = tuple[float, float]
"""A place, as shares of the photo's width and height."""
log = logging.getLogger("edits")


@dataclass(frozen=True)
class Edit:
    """One edit of one photo."""

    name: str
    """Of its sheet."""
    photo: str
    text: str
    at: Shares | None = None
    box: tuple[float, float, float, float] | None = None
    """Left, top, right, bottom of a box that selects what is meant, as shares."""
    first: tuple[str, Shares] | None = None
    """What was added before, and where."""
    seed: int = 0
    camera_height_m: float = 1.5
    turn: Shares = TURN


EDITS = (
    Edit("floor", "room", "add a green armchair", at=(0.45, 0.85)),
    Edit("table", "coffee", "add a small blue mug", at=(0.89, 0.8), camera_height_m=0.4),
    Edit("wall", "room", "add a clock", at=(0.22, 0.38), seed=1),
    Edit("remove", "lobby", "remove it", box=(0.16, 0.46, 0.35, 0.83)),
    Edit("replace", "lobby", "replace it with a plant", box=(0.16, 0.46, 0.35, 0.83)),
    Edit("move", "hall", "move the barrel", at=(0.7, 0.85), first=("add a blue barrel", (0.25, 0.85))),
)
VIEWS = {
    "room": ("lebombo_1k.jpg", 150.0),
    "hall": ("empty_warehouse_01_1k.jpg", 0.0),
    "lobby": ("st_fagans_interior_1k.jpg", -135.0),
}
"""Panoramas that viser brings along, and where in them a camera looks, in degrees."""
TRIED = (
    Edit("floor", "", "add a red chair", at=(0.4, 0.9)),
    Edit("table", "", "add a large vase", at=(0.6, 0.6)),
    Edit("wall", "", "add a picture", at=(0.45, 0.25)),
    Edit("remove", "", "remove it", box=(0.4, 0.5, 0.6, 0.75)),
    Edit("replace", "", "replace it with a plant", box=(0.4, 0.5, 0.6, 0.75)),
    Edit("move", "", "move the box", at=(0.7, 0.9), first=("add a blue box", (0.3, 0.9))),
)


def main() -> None:
    """Edit, write sheets, print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, help="folder of photos to try the edits on, in place of the six")
    parser.add_argument("--only", nargs="+", default=(), metavar="NAME", help="these of the edits: floor, table, ...")
    parser.add_argument("--out", type=Path, required=True, help="folder for the sheets")
    parser.add_argument("--json", action="store_true", help="compact output")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    options.out.mkdir(parents=True, exist_ok=True)
    rows = []
    with studio() as (controller, session):
        for name, photo in pictures(options.photos):
            wanted = [edit for edit in (TRIED if options.photos else EDITS) if edit.photo in ("", name)]
            for edit in wanted:
                if not options.only or edit.name in options.only:
                    file = options.out / f"{f'{name}_' if options.photos else ''}{edit.name}.jpg"
                    rows.append({"sheet": file.name, "photo": name, **shown(controller, session, edit, photo, file)})
    print(json.dumps({"edits": rows}, indent=None if options.json else 2))


@contextmanager
def studio() -> Iterator[tuple[Controller, Session]]:
    """The app without its page, and one visitor."""
    with tempfile.TemporaryDirectory() as cache:
        config = AppConfig(data_dir=Path(cache))
        sessions, worker = Sessions(config), Worker()
        yield Controller(Engine(config), sessions, worker), sessions.attach("edits")
        worker.stop()
        sessions.close()


def pictures(folder: Path | None) -> Iterator[tuple[str, bytes]]:
    """(name, content) of the photos in a folder, else of those that come with packages."""
    if folder is not None:
        found = [path for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES]
        if not found:
            raise WtError(f"No photos ({', '.join(SUFFIXES)}) in {folder}. Name a folder of pictures.")
        yield from ((path.stem, path.read_bytes()) for path in found)
        return
    yield "coffee", (ROOT / "assets" / "examples" / "coffee.jpg").read_bytes()
    for name, (file, yaw_deg) in VIEWS.items():
        panorama = (package_files("viser") / "_assets" / "hdri" / file).read_bytes()
        whole = np.asarray(Image.open(io.BytesIO(panorama)).convert("RGB"))
        seen, buffer = through_camera(whole, yaw_deg, pitch_deg=12, fov_deg=85, size=(640, 454)), io.BytesIO()
        Image.fromarray(seen).save(buffer, "PNG")
        yield name, buffer.getvalue()


def through_camera(
    panorama: np.ndarray, yaw_deg: float, pitch_deg: float, fov_deg: float, size: tuple[int, int]
) -> np.ndarray:
    """What a camera that looks down by `pitch_deg` sees in an equirectangular panorama, uint8 [h, w, 3]."""
    width, height = size
    u, v = np.meshgrid(np.arange(width) + 0.5 - width / 2, np.arange(height) + 0.5 - height / 2)
    turn, _ = cv2.Rodrigues(np.radians([pitch_deg, 0.0, 0.0]))
    focal = width / 2 / np.tan(np.radians(fov_deg / 2))
    x, y, z = np.moveaxis(np.stack([u, v, np.full_like(u, focal)], axis=-1) @ turn, -1, 0)
    longitude, latitude = np.arctan2(x, z) + np.radians(yaw_deg), np.arctan2(y, np.hypot(x, z))
    high, wide = panorama.shape[:2]
    column, row = (longitude / (2 * np.pi) + 0.5) % 1 * wide - 0.5, (latitude / np.pi + 0.5) * high - 0.5
    return cv2.remap(
        panorama, column.astype(np.float32), row.astype(np.float32), cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP
    )


def shown(controller: Controller, session: Session, edit: Edit, photo: bytes, file: Path) -> dict[str, Any]:
    """Do the edit, write its sheet, return what was reported; of one that cannot be done, the sentence."""
    try:
        before, after, region, report = done(controller, session, edit, photo)
    except WtError as error:
        log.info("%s: %s", file.stem, error)
        return {"text": edit.text, "problem": str(error)}
    picture = sheet(edit, before, after, region)
    for quality in (92, 86, 80, 72):
        picture.save(file, quality=quality)
        if file.stat().st_size <= MOST_BYTES:
            break
    log.info("%s", file)
    return {"text": edit.text, "editor": report["editor"], "place": report["place"], "seconds": report["seconds"]}


def done(
    controller: Controller, session: Session, edit: Edit, photo: bytes
) -> tuple[tuple[np.ndarray, Scene], tuple[np.ndarray, Scene], np.ndarray, dict[str, Any]]:
    """(photo and scene before, the same after, the pixels that changed, the report)."""
    controller.photo.open(session, photo, edit.photo or "photo")
    ended(controller.geometry.lift(session, "scene"))
    controller.measure.camera_height(session, edit.camera_height_m)
    assert session.now.rgb is not None
    height, width = session.now.rgb.shape[:2]

    def run(text: str, at: Shares | None) -> None:
        if at is not None:
            controller.edit.pin(session, at[0] * width, at[1] * height)
        ended(controller.edit.run(session, text, edit.seed))

    if edit.first is not None:
        run(*edit.first)
        controller.place.accept(session)
    if edit.box is not None:
        left, top, right, bottom = edit.box
        controller.select.box(session, left * width, top * height, right * width, bottom * height)
    before = session.now
    run(edit.text, edit.at)
    proposal = session.now.proposal
    assert proposal is not None
    controller.place.accept(session)
    return state(before), state(session.now), proposal.region, proposal.report


def state(work: Any) -> tuple[np.ndarray, Scene]:
    """Photo and scene of a step of the work."""
    return work.rgb, work.scene


def ended(job: Job) -> None:
    """Wait for a job.

    Raises:
        WtError: it failed.
    """
    job.wait()
    if job.state != "done":
        raise WtError(job.message)


def sheet(
    edit: Edit, before: tuple[np.ndarray, Scene], after: tuple[np.ndarray, Scene], region: np.ndarray
) -> Image.Image:
    """The photo above the scene from the side, before and after, under the words."""
    width, height = CELL
    bar, font = 34, ImageFont.load_default(18)
    page = Image.new("RGB", (2 * width, 2 * height + bar), "white")
    draw = ImageDraw.Draw(page)
    framed = surroundings(before[1], region)
    for column, (words, (rgb, scene)) in enumerate((("before", before), (edit.text, after))):
        draw.text((column * width + 12, 6), words, fill="black", font=font)
        page.paste(Image.fromarray(fitted(rgb, CELL)), (column * width, bar))
        page.paste(Image.fromarray(view(visible(scene), *edit.turn, framed, CELL)), (column * width, bar + height))
    return page


def visible(scene: Scene) -> PointCloud:
    """The visible layer of the photo, and every layer of what was added."""
    cloud = scene.point_cloud(hidden="photo")
    kept = (cloud.layer == 0) | (cloud.object_id > 0)
    return PointCloud(cloud.points[kept], cloud.colours[kept], cloud.layer[kept], cloud.object_id[kept])


def surroundings(scene: Scene, region: np.ndarray) -> np.ndarray:
    """Visible points [n, 3] of a scene in and around a region of its photo."""
    rows, columns = np.nonzero(on_grid(region, scene.intrinsics))
    window = []
    for places, end in ((rows, scene.intrinsics.height), (columns, scene.intrinsics.width)):
        margin = AROUND * (np.ptp(places) + 1)
        window.append(slice(max(int(places.min() - margin), 0), min(int(places.max() + margin) + 1, end)))
    return scene.background.points[0][tuple(window)][scene.background.present[0][tuple(window)]]


if __name__ == "__main__":
    try:
        main()
    except WtError as error:
        raise SystemExit(str(error)) from error
