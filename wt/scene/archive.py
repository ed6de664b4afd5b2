"""A scene in one file: `.wts`, a zip of scene.json and arrays.npz. No pickle, sizes checked before memory is taken.

Points of scene objects lie on the rays of K by construction, so only their depth is stored; they come back bit for bit.
The studio's project files are the same with more members beside these two, which `load` does not look at.
"""

import io
import json
import math
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import numpy as np

from wt.errors import WtError
from wt.files import write_atomic
from wt.geometry.camera import Intrinsics, unproject
from wt.geometry.layers import LayeredPointmap
from wt.npy import read_header
from wt.scene.objects import SceneObject
from wt.scene.scene import Scene

VERSION = 1
MAX_BYTES = 1 << 29
"""Arrays that are larger than this once unpacked are refused; a 518 x 518 scene with twenty objects needs a third."""
MAX_POINTS = 64_000_000
"""Of all objects of a scene: forty of 518 x 518."""
_MAX_JSON = 4 << 20
_MAX_OBJECTS = 1000
_MAX_MEMBERS = 100
_MAX_ID = 1 << 31
_FAR = 1e12
"""In scene units; arithmetic in single precision ends soon after."""
_LONGEST_NAME = 200
_DTYPES = {"float32", "float64", "bool", "uint8"}


def save(scene: Scene, path: str | Path) -> Path:
    """Write the scene, atomically; `load` reads it back with every array identical."""
    return write_atomic(path, packed(members(scene)))


def packed(content: Mapping[str, bytes]) -> bytes:
    """An archive of these members."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=4) as bundle:
        for name, data in content.items():
            bundle.writestr(name, data, zipfile.ZIP_STORED if name.endswith(".png") else None)
    return whole.getvalue()


def members(scene: Scene) -> dict[str, bytes]:
    """scene.json and arrays.npz: all of the scene."""
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
        "camera_height_m": scene.camera_height_m,
        "measured_scale": scene.measured_scale,
    }
    return {"scene.json": json.dumps(meta, indent=1).encode(), "arrays.npz": pack_arrays(arrays)}


def load(path: str | Path) -> Scene:
    """Read a scene written by `save`.

    Raises:
        WtError: missing, damaged, too large, of a newer version, or not a scene.
    """
    with opened(path) as bundle:
        return scene_in(bundle)


@contextmanager
def opened(path: str | Path, what: str = "scene") -> Iterator[zipfile.ZipFile]:
    """The archive of a scene or of `what`, to be read from; whatever is wrong with it becomes one sentence.

    Raises:
        WtError: missing, not an archive, damaged, or not one that we have written.
    """
    path = Path(path)
    if not path.is_file():
        raise WtError(f"There is no {what} file {path.name}. Check the path; scenes end in .wts, clips in .wtc.")
    try:
        with zipfile.ZipFile(path) as bundle:
            _refuse_members(bundle, path.name)
            yield bundle
    except zipfile.BadZipFile as error:
        raise WtError(f"{path.name} is not a {what} file, or it is damaged ({error}). Save it again.") from error
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, RuntimeError) as error:
        reason = (str(error).splitlines() or [""])[0][:300]
        raise WtError(f"{path.name} is damaged ({type(error).__name__}: {reason}). Save it again.") from error
    except (EOFError, OSError, zlib.error) as error:
        raise WtError(f"{path.name} is damaged or cut short ({error}). Save it again.") from error


def scene_in(bundle: zipfile.ZipFile) -> Scene:
    """The scene in an opened archive."""
    name = Path(bundle.filename or "The file").name
    if "scene.json" not in bundle.namelist():
        raise WtError(f"{name} is not a scene file, or a project whose photo was not lifted: it holds no scene.")
    meta = json.loads(member(bundle, "scene.json", _MAX_JSON))
    _check(meta, name)
    wanted = {f"object_{index}_{part}" for index in range(len(meta["objects"])) for part in ("depth", "present", "rgb")}
    return _scene(meta, arrays_in(bundle, {"layers_points", "layers_alpha", "layers_rgb", *wanted}))


def _refuse_members(bundle: zipfile.ZipFile, name: str) -> None:
    entries = bundle.infolist()
    if len(entries) > _MAX_MEMBERS:
        raise WtError(f"{name} holds {len(entries)} files, a scene holds a few; it is refused.")
    for entry in entries:
        if Path(entry.filename).name != entry.filename or "\\" in entry.filename:
            raise WtError(f"{name} holds a file for another folder ({entry.filename[:60]!r}); it is refused.")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise WtError(f"{name} is packed in an unknown way; it is refused.")


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
        points=_of("float32", arrays.pop("layers_points")),
        alpha=_of("bool", arrays.pop("layers_alpha")),
        rgb=_of("uint8", arrays.pop("layers_rgb")),
        units=str(meta["units"]),
        intrinsics=Intrinsics(**raw["intrinsics"]),
        model=str(raw["model"])[:_LONGEST_NAME],
        seed=None if raw["seed"] is None else int(raw["seed"]),
    )
    count = sum(arrays[f"object_{index}_depth"].size for index in range(len(meta["objects"])))
    if count > MAX_POINTS:
        raise WtError(f"The scene file holds {count:,} points, more than the {MAX_POINTS:,} that are read.")
    # Taken out one by one, so that depths and points are not all there at once.
    things = [
        _thing(entry, camera, *(arrays.pop(f"object_{index}_{part}") for part in ("depth", "present", "rgb")))
        for index, entry in enumerate(meta["objects"])
    ]
    idents, following = [thing.id for thing in things], int(meta["next_id"])
    if not things or idents[0] != 0 or len(set(idents)) != len(idents) or not max(idents) < following < _MAX_ID:
        raise ValueError(f"object ids {idents[:10]} with next id {following}")
    return Scene(layers, camera, things[0], tuple(things[1:]), following, **_metres(meta))


def _thing(
    entry: dict[str, Any], camera: Intrinsics, depth: np.ndarray, present: np.ndarray, rgb: np.ndarray
) -> SceneObject:
    points = unproject(_of("float32", depth), camera)
    _of("bool", present)
    if present.shape != depth.shape or not (np.abs(depth[present]) < _FAR).all():
        raise ValueError("an object has surfaces without a place")
    thing = SceneObject(
        id=int(entry["id"]),
        name=str(entry["name"])[:_LONGEST_NAME],
        points=points,
        present=present,
        rgb=_of("uint8", rgb),
        visible=bool(entry["visible"]),
        info=dict(entry["info"]),
    )
    return thing.with_transform(np.array(entry["transform"], dtype=np.float64))


def _of(dtype: str, array: np.ndarray) -> np.ndarray:
    if array.dtype.name != dtype:
        raise ValueError(f"an array of {array.dtype.name} stands where one of {dtype} must")
    return array


def _metres(meta: dict[str, Any]) -> dict[str, float]:
    """What the file says of true sizes; those of earlier programs say nothing."""
    told = {key: meta[key] for key in ("camera_height_m", "measured_scale") if meta.get(key) is not None}
    for key, value in told.items():
        if not (isinstance(value, int | float) and math.isfinite(value) and value > 0):
            raise ValueError(f"{key} {value!r}")
    return {key: float(value) for key, value in told.items()}


def member(bundle: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """One member's bytes.

    Raises:
        KeyError: there is none of this name.
        WtError: it is longer than `limit`.
    """
    with bundle.open(name) as stream:  # the size in the directory may lie, so reading itself is bounded
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise WtError(f"The scene file's {name} unpacks to more than {limit >> 20} MiB; it is refused.")
    return data


def pack_arrays(arrays: Mapping[str, np.ndarray]) -> bytes:
    """An uncompressed .npz; what holds it compresses it."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def arrays_in(bundle: zipfile.ZipFile, wanted: Set[str], name: str = "arrays.npz") -> dict[str, np.ndarray]:
    """The wanted arrays of an .npz in an archive, unpacked one after the other: the whole is never in memory.

    Raises:
        KeyError: there is no such member.
        WtError: it unpacks to more than `MAX_BYTES`, or is packed as we do not pack.
    """
    info = bundle.getinfo(name)
    if info.file_size > MAX_BYTES:  # no more than this is unpacked, whatever there is
        raise WtError(f"The scene file's {name} unpacks to more than {MAX_BYTES >> 20} MiB; it is refused.")
    with bundle.open(info) as stream:
        return _unpacked(cast(io.BufferedIOBase, stream), info.file_size, wanted)


def unpack_arrays(data: bytes) -> dict[str, np.ndarray]:
    """Every array of an uncompressed .npz, each no larger than the bytes that are really there."""
    return _unpacked(io.BytesIO(data), len(data))


def _unpacked(stream: io.BufferedIOBase, size: int, wanted: Set[str] | None = None) -> dict[str, np.ndarray]:
    arrays = {}
    with zipfile.ZipFile(stream) as bundle:
        entries = bundle.infolist()
        if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
            raise WtError("An array of the scene file is packed in an unknown way; it is refused.")
        offsets = [entry.header_offset for entry in entries]
        # In the order in which they lie, or a small file would be unpacked anew for each.
        if offsets != sorted(set(offsets)) or sum(entry.file_size for entry in entries) > size:
            raise WtError("The scene file's arrays do not lie one after the other; it is refused.")
        for entry in entries:
            name = entry.filename.removesuffix(".npy")
            if wanted is None or name in wanted:
                with bundle.open(entry) as member:
                    arrays[name] = _array(cast(io.BufferedIOBase, member), entry.file_size)
    return arrays


def _array(stream: io.BufferedIOBase, size: int) -> np.ndarray:
    shape, fortran, dtype = read_header(stream)
    count = math.prod(shape)
    if dtype.name not in _DTYPES or fortran or count * dtype.itemsize != size - stream.tell():
        raise ValueError(f"array of {dtype} {shape} in {size} bytes")
    data = bytearray(count * dtype.itemsize)
    if stream.readinto(data) != len(data) or stream.read(1):
        raise EOFError("an array is cut short")
    return np.frombuffer(data, dtype).reshape(shape)
