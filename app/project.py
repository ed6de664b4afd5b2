"""A project as named pieces, which a folder of saved work and a project file (`.wts`) hold alike.

project.json tells what the PNG and npz files beside it are. No pickle; every piece is bounded and checked before use,
because a file may come from anybody. A project file is a scene file (`wt.scene.archive`) with these pieces beside the
scene, so whatever reads scenes reads projects too.
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from app.models import KINDS, Kind
from app.pictures import png
from app.work import LEVELS, MOST_NAMED, Selection, Work
from editors.segment.named import LONGEST_NAME, Thing
from wt.depth import KINDS as DEPTH_KINDS
from wt.depth import DepthMap
from wt.errors import WtError
from wt.files import json_text
from wt.images import MAX_PIXELS, Photo, open_photo
from wt.scene import archive
from wt.scene.scene import Scene

VERSION = 1
"""A reader opens every version up to its own; pieces and fields that it does not know do no harm."""
DOCUMENT = "project.json"
_PIECE_BYTES = 64 << 20
_DOCUMENT_BYTES = 8 << 20
_MOST_NOTES, _LONGEST_NOTE = 20, 300
_ARRAYS: dict[str, Callable[[Work], np.ndarray | tuple[Thing, ...] | None]] = {
    "photo.png": lambda work: None if work.photo is None else work.photo.rgb,
    "rgb.png": lambda work: None if work.photo is None or work.rgb is work.photo.rgb else work.rgb,
    "alpha.png": lambda work: None if work.photo is None else work.photo.alpha,
    "mask.png": lambda work: work.selection.mask,
    "sky.png": lambda work: work.sky,
    "named.npz": lambda work: work.named or None,
    "depth.npz": lambda work: None if work.depth is None else work.depth.values,
}
Read = Callable[[str], bytes | None]
"""Content of a piece by its name; None if there is none."""


def pieces(work: Work, before: Work) -> Iterator[tuple[str, bytes | None]]:
    """(name, content) of what differs from `before`, None for what is not there; no scene, the document last."""
    for name, array_of in _ARRAYS.items():
        array = array_of(work)
        if array is None:
            yield name, None
        elif array is not array_of(before):
            yield name, _encoded(name, array)
    yield DOCUMENT, json_text(_document(work)).encode()


def file_of(work: Work) -> bytes:
    """The whole project as one file."""
    content = {name: data for name, data in pieces(work, Work()) if data is not None}
    return archive.packed(content | ({} if work.scene is None else archive.members(work.scene)))


def open_file(path: str | Path, project: str) -> Work:
    """The work in a project file, or in a scene file, whose grid's picture then stands in for the photo.

    Args:
        path: of a file that a person gives, so it may be anything.
        project: what the new project is to be called in links.

    Raises:
        WtError: damaged, too large, of a newer version, or no project at all.
    """
    path = Path(path)
    with archive.opened(path) as bundle:
        names = set(bundle.namelist())
        scene = archive.scene_in(bundle) if "scene.json" in names else None
        if DOCUMENT in names:
            document = archive.member(bundle, DOCUMENT, _DOCUMENT_BYTES)
            others = {name: archive.member(bundle, name, _PIECE_BYTES) for name in names & set(_ARRAYS)}
            return restored({DOCUMENT: document, **others}.get, scene, project, path.name)
    if scene is None:
        raise WtError(f"{path.name} is neither a photo nor a project. Choose a photo, or a file that ends in .wts.")
    return _of_scene(scene, project, path.stem)


def restored(read: Read, scene: Scene | None, project: str, name: str) -> Work:
    """The work that its pieces describe.

    Raises:
        WtError: made by a newer studio, or a picture in it cannot be read.
        KeyError, TypeError, ValueError: anything else is wrong with it.
    """
    document = json.loads(read(DOCUMENT) or b"")
    version = document["version"]
    if not isinstance(version, int) or version > VERSION:
        raise WtError(
            f"{name} was saved by a newer studio (format version {version}, this one reads up to {VERSION}). "
            "Update the studio, then open it again."
        )
    rgb = _picture(read, "photo.png")
    if rgb is None:
        raise ValueError("it holds no photo")
    shape = rgb.shape[:2]
    edited = _picture(read, "rgb.png", shape)
    focal = document["focal_35mm"]
    photo = Photo(
        rgb,
        _mask(read, "alpha.png", shape),
        _notes(document["notes"]),
        str(document["name"])[:200],
        None if focal is None else float(focal),
        _original(document.get("original")),
    )
    return Work(
        project=project,
        photo=photo,
        rgb=photo.rgb if edited is None else edited,
        selection=Selection(base=_mask(read, "mask.png", shape), level=range(len(LEVELS))[int(document["level"])]),
        named=_named(read("named.npz"), document.get("named"), shape),
        sky=_mask(read, "sky.png", shape),
        keep_sky_out=bool(document["keep_sky_out"]),
        depth=_depth(read("depth.npz"), document.get("depth"), shape),
        models=_models(document.get("models")),
        scene=_fitting(scene, shape),
        lift=dict(document["lift"]),
        pin=_pin(document["pin"], shape),
        edits=tuple(
            {**edit, "prompt": str(edit["prompt"]), "report": _report(edit["report"])} for edit in document["edits"]
        ),
    )


def _document(work: Work) -> dict[str, Any]:
    photo = work.photo
    assert photo is not None
    return {
        "format": "world-tracing-project",
        "version": VERSION,
        "saved": time.time(),
        "name": photo.name,
        "notes": photo.notes,
        "focal_35mm": photo.focal_35mm,
        "original": photo.original,
        "level": work.selection.level,
        "keep_sky_out": work.keep_sky_out,
        "named": [thing.name for thing in work.named],
        "depth": work.depth and {"kind": work.depth.kind, "name": work.depth.name, "notes": work.depth.notes},
        "models": work.models,
        "lift": work.lift,
        "pin": work.pin,
        "edits": work.edits,
    }


def _of_scene(scene: Scene, project: str, name: str) -> Work:
    layers = scene.layers
    note = "The file holds a scene without its photo; the picture on the scene's grid stands in for it."
    photo = Photo(layers.rgb, None, (note,), name)
    lift = {"model": layers.model, "kind": "scene", "seed": layers.seed, "licence": "not in the file"}
    return Work(project=project, photo=photo, rgb=photo.rgb, scene=scene, lift=lift)


def _fitting(scene: Scene | None, shape: tuple[int, ...]) -> Scene | None:
    if scene is not None:
        stretch = scene.intrinsics.width * shape[0] / (scene.intrinsics.height * shape[1])
        if not 0.9 < stretch < 1.1:
            raise ValueError("its scene is not of its photo")
    return scene


def _original(told: Any) -> tuple[int, int] | None:
    if told is None:
        return None
    width, height = int(told[0]), int(told[1])
    if min(width, height) < 1 or width * height > MAX_PIXELS:
        raise ValueError(f"its photo is said to have had {width} x {height} pixels")
    return width, height


def _notes(told: list[Any]) -> tuple[str, ...]:
    return tuple(str(note)[:_LONGEST_NOTE] for note in told[:_MOST_NOTES])


def _report(told: dict[str, Any]) -> dict[str, Any]:
    """What an edit says of itself, of which the page shows the names and the seconds."""
    for kind in ("editors", "models"):
        for one in told.get(kind, ()):
            if not all(isinstance(one.get(key, ""), str) for key in ("name", "licence")) or "name" not in one:
                raise ValueError(f"the {kind} of an edit have no names")
    if not all(isinstance(spent, int | float) for spent in (told.get("seconds") or {}).values()):
        raise ValueError("an edit took no number of seconds")
    return dict(told)


def _pin(told: Any, shape: tuple[int, ...]) -> tuple[float, float] | None:
    if told is None:
        return None
    x, y = float(told[0]), float(told[1])
    if not (0 <= x < shape[1] and 0 <= y < shape[0]):
        raise ValueError("its marked place is not on the photo")
    return x, y


def _encoded(name: str, array: np.ndarray | tuple[Thing, ...]) -> bytes:
    if isinstance(array, tuple):
        return archive.pack_arrays({"values": np.stack([np.packbits(thing.mask) for thing in array])})
    if name.endswith(".npz"):
        return archive.pack_arrays({"values": array})
    return png(array.astype(np.uint8) * 255 if array.dtype == bool else array)


def _picture(read: Read, name: str, shape: tuple[int, ...] | None = None) -> np.ndarray | None:
    data = read(name)
    if data is None:
        return None
    rgb = open_photo(data, name).rgb
    if shape is not None and rgb.shape[:2] != shape:
        raise ValueError(f"{name} is not of the photo's size")
    return rgb


def _mask(read: Read, name: str, shape: tuple[int, ...]) -> np.ndarray | None:
    rgb = _picture(read, name, shape)
    return None if rgb is None else rgb[..., 0] > 127


def _depth(data: bytes | None, told: dict[str, Any] | None, shape: tuple[int, ...]) -> DepthMap | None:
    if not told or data is None:
        return None
    values = archive.unpack_arrays(data)["values"]
    if values.shape != shape or values.dtype != np.float32 or told["kind"] not in DEPTH_KINDS:
        raise ValueError("its depth map is not of its photo")
    return DepthMap(values, told["kind"], str(told["name"]), _notes(told["notes"]))


def _named(data: bytes | None, told: Any, shape: tuple[int, ...]) -> tuple[Thing, ...]:
    if not told or data is None:
        return ()
    bits, count = archive.unpack_arrays(data)["values"], shape[0] * shape[1]
    if len(told) > MOST_NAMED or bits.dtype != np.uint8 or bits.shape != (len(told), -(-count // 8)):
        raise ValueError("its named things are not of its photo")
    masks = [np.unpackbits(row, count=count).astype(bool).reshape(shape) for row in bits]
    return tuple(Thing(str(name)[:LONGEST_NAME], mask) for name, mask in zip(told, masks, strict=True))


def _models(told: Any) -> dict[Kind, str]:
    """Names that nobody offers any more do no harm: `Engine.chosen` knows what to do without them."""
    return {kind: str(told[kind]) for kind in KINDS if kind in told} if isinstance(told, dict) else {}
