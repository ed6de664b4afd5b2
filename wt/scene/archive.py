"""A scene in one file: `.wts`, a zip of scene.json and arrays.npz. No pickle, sizes checked before memory is taken.

Points of scene objects lie on the rays of K by construction, so only their depth is stored; they come back bit for bit.
"""

import io
import json
import math
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from wt.errors import WtError
from wt.files import write_atomic
from wt.geometry.camera import Intrinsics, unproject
from wt.geometry.layers import LayeredPointmap
from wt.scene.objects import SceneObject
from wt.scene.scene import Scene

VERSION = 1
MAX_BYTES = 1 << 30
"""A scene larger than this once unpacked is refused; a 518 x 518 scene with twenty objects needs a fifth of it."""
_MAX_JSON = 4 << 20
_MAX_OBJECTS = 1000
_DTYPES = {"float32", "float64", "bool", "uint8"}


def save(scene: Scene, path: str | Path) -> Path:
    """Write the scene, atomically; `load` reads it back with every array identical."""
    arrays: dict[str, Any] = {
        "layers_points": scene.layers.points,
        "layers_alpha": scene.layers.alpha,
        "layers_rgb": scene.layers.rgb,
    }
    things = []
    for index, thing in enumerate((scene.background, *scene.objects)):
        arrays[f"object_{index}_depth"] = np.ascontiguousarray(thing.points[..., 2])
        arrays[f"object_{index}_present"] = thing.present
        arrays[f"object_{index}_rgb"] = thing.rgb
        things.append(
            {
                "id": thing.id,
                "name": thing.name,
                "visible": thing.visible,
                "transform": thing.transform.tolist(),
                "info": thing.info,
            }
        )
    meta = {
        "format": "wts",
        "version": VERSION,
        "frame": "OpenCV camera axes: +x right, +y down, +z forward; camera at the origin; pixel centres at +0.5",
        "units": scene.units,
        "intrinsics": asdict(scene.intrinsics),
        "layers": {
            "intrinsics": asdict(scene.layers.intrinsics),
            "model": scene.layers.model,
            "seed": scene.layers.seed,
        },
        "objects": things,
        "next_id": scene.next_id,
    }
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as bundle:
        bundle.writestr("scene.json", json.dumps(meta, indent=1))
        bundle.writestr("arrays.npz", packed.getvalue())
    return write_atomic(path, whole.getvalue())


def load(path: str | Path) -> Scene:
    """Read a scene written by `save`.

    Raises:
        WtError: missing, damaged, too large, of a newer version, or not a scene.
    """
    path = Path(path)
    if not path.is_file():
        raise WtError(f"There is no scene file {path.name}. Check the path; scenes end in .wts.")
    try:
        with zipfile.ZipFile(path) as bundle:
            meta = json.loads(_member(bundle, "scene.json", _MAX_JSON))
            _check(meta, path.name)
            arrays = _arrays(_member(bundle, "arrays.npz", MAX_BYTES))
        return _scene(meta, arrays)
    except zipfile.BadZipFile as error:
        raise WtError(f"{path.name} is not a scene file, or it is damaged ({error}). Save the scene again.") from error
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, EOFError, OSError, RecursionError) as error:
        raise WtError(f"{path.name} is damaged ({type(error).__name__}: {error}). Save the scene again.") from error


def _check(meta: Any, name: str) -> None:
    if not isinstance(meta, dict) or meta.get("format") != "wts":
        raise WtError(f"{name} is not a scene file: it does not say that it is one.")
    if meta["version"] != VERSION:
        raise WtError(
            f"{name} has format version {meta['version']}, this program reads {VERSION}. Open it with a newer one."
        )
    if len(meta["objects"]) > _MAX_OBJECTS:
        raise WtError(f"{name} claims {len(meta['objects'])} objects; at most {_MAX_OBJECTS} are read.")


def _scene(meta: dict[str, Any], arrays: dict[str, np.ndarray]) -> Scene:
    camera = Intrinsics(**meta["intrinsics"])
    raw = meta["layers"]
    layers = LayeredPointmap(
        points=arrays["layers_points"],
        alpha=arrays["layers_alpha"],
        rgb=arrays["layers_rgb"],
        units=str(meta["units"]),
        intrinsics=Intrinsics(**raw["intrinsics"]),
        model=str(raw["model"]),
        seed=raw["seed"],
    )
    things = []
    for index, entry in enumerate(meta["objects"]):
        thing = SceneObject(
            id=int(entry["id"]),
            name=str(entry["name"]),
            points=unproject(arrays[f"object_{index}_depth"], camera),
            present=arrays[f"object_{index}_present"],
            rgb=arrays[f"object_{index}_rgb"],
            visible=bool(entry["visible"]),
            info=dict(entry["info"]),
        )
        things.append(thing.with_transform(np.array(entry["transform"], dtype=np.float64)))
    idents = [thing.id for thing in things]
    if not things or idents[0] != 0 or len(set(idents)) != len(idents) or meta["next_id"] <= max(idents):
        raise ValueError(f"object ids {idents[:10]} with next id {meta['next_id']}")
    return Scene(layers, camera, things[0], tuple(things[1:]), int(meta["next_id"]))


def _member(bundle: zipfile.ZipFile, name: str, limit: int) -> bytes:
    with bundle.open(name) as stream:  # the size in the directory may lie, so reading itself is bounded
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise WtError(f"The scene file's {name} unpacks to more than {limit >> 20} MiB; it is refused.")
    return data


def _arrays(data: bytes) -> dict[str, np.ndarray]:
    """Every array of an uncompressed .npz, each no larger than the bytes that are really there."""
    arrays = {}
    with zipfile.ZipFile(io.BytesIO(data)) as bundle:
        for info in bundle.infolist():
            if info.compress_type != zipfile.ZIP_STORED or info.file_size > len(data):
                raise WtError(f"The scene file's array {info.filename} is packed in an unknown way; it is refused.")
            arrays[info.filename.removesuffix(".npy")] = _array(bundle.read(info))
    return arrays


def _array(data: bytes) -> np.ndarray:
    stream = io.BytesIO(data)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("unknown array header")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    if dtype.name not in _DTYPES or fortran or math.prod(shape) * dtype.itemsize != len(data) - stream.tell():
        raise ValueError(f"array of {dtype} {shape} in {len(data)} bytes")
    return np.frombuffer(data, dtype, offset=stream.tell()).reshape(shape).copy()
