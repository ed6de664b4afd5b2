"""Take a scene away: PLY, GLB, NPZ, camera, pictures and a manifest, in one frame, one unit and one pixel rule."""

import hashlib
import io
import json
import math
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from wt.errors import WtError
from wt.files import json_text, write_atomic
from wt.geometry.camera import Intrinsics, project
from wt.scene.glb import glb_bytes
from wt.scene.ply import ply_bytes, read_ply
from wt.scene.scene import CAMERA_HEIGHT_M, Scene
from wt.types import UInt8

AXES = "OpenCV camera: +x right, +y down, +z forward; camera at the origin; not recentred"
GLTF_AXES = "glTF: +x right, +y up, -z forward; OpenCV (x, y, z) is written as (x, -y, -z)"
PIXEL_RULE = "the centre of the first pixel is at (0.5, 0.5); depth is z, not distance along the ray"


@dataclass(frozen=True, eq=False)
class _Job:
    scene: Scene
    out: Path
    before: UInt8[np.ndarray, "ph pw 3"] | None
    after: UInt8[np.ndarray, "qh qw 3"] | None
    hidden: str
    manifest: dict[str, Any]
    written: dict[str, list[Path]] = field(default_factory=dict)


def export(
    scene: Scene,
    out: str | Path,
    formats: Sequence[str] | str = ("ply", "glb", "npz", "camera"),
    *,
    manifest: dict[str, Any] | None = None,
    before: UInt8[np.ndarray, "ph pw 3"] | None = None,
    after: UInt8[np.ndarray, "qh qw 3"] | None = None,
    hidden: str = "grey",
) -> dict[str, list[Path]]:
    """Write what is shown of a scene into a folder; each file appears whole or not at all.

    Args:
        out: folder, made if need be; other files in it are left alone.
        formats: any of FORMATS, or "all".
        manifest: what the caller knows: prompts, seeds, models with licences, operations (JSON values). Given, it is
            written with the scene's own facts and the hash of every file, whether or not "manifest" is asked for.
        before, after: sRGB pictures of any size, written as PNG beside whatever formats are asked for.
        hidden: colours of layers behind the first, "grey" or "photo".

    Returns:
        Format -> the paths written; "png" holds before and after.

    Raises:
        WtError: an unknown format, nothing shown, or a folder that cannot be written.
    """
    chosen = list(FORMATS) if formats in ("all", ("all",), ["all"]) else list(dict.fromkeys(formats))
    if isinstance(formats, str) and formats != "all":
        chosen = [formats]
    unknown = [name for name in chosen if name not in FORMATS]
    if unknown or not chosen:
        raise WtError(
            f"There is no export format {', '.join(map(repr, unknown)) or '(none given)'}. "
            f"Choose from {', '.join(FORMATS)}, or all."
        )
    if not any(thing.visible and thing.present.any() for thing in (scene.background, *scene.objects)):
        raise WtError("Everything in the scene is hidden, so there is nothing to export. Show at least one object.")
    if manifest is not None and "manifest" not in chosen:
        chosen.append("manifest")
    if (before is not None or after is not None) and "png" not in chosen:
        chosen.append("png")
    job = _Job(scene, Path(out), before, after, hidden, manifest or {})
    for name in sorted(chosen, key=list(FORMATS).index):  # the manifest is last, it hashes the others
        job.written[name] = FORMATS[name](job)
    return {name: paths for name, paths in job.written.items() if paths}


def zip_folder(folder: str | Path, zip_path: str | Path) -> Path:
    """One zip of every file of a folder (hidden ones left out), atomically, in a fixed order.

    Raises:
        WtError: no such folder, or nothing in it.
    """
    folder, zip_path = Path(folder), Path(zip_path)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    files = [path for path in files if path.resolve() != zip_path.resolve()]
    if not files:
        raise WtError(f"There is nothing to zip in {folder.name or folder}. Export first.")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for path in files:
            bundle.write(path, path.relative_to(folder).as_posix())
    return write_atomic(zip_path, buffer.getvalue())


def roundtrip_px(scene: Scene, out: str | Path) -> float:
    """Largest distance in grid pixels between exported points, projected with the exported camera, and their pixels.

    Reads pointcloud.ply and camera.json of an export of this scene; moved objects have left their pixels and are
    not counted. NaN if nothing is left.
    """
    out = Path(out)
    cloud = read_ply(out / "pointcloud.ply")
    camera = json.loads((out / "camera.json").read_text(encoding="utf-8"))
    k = Intrinsics(**{key: camera[key] for key in ("fx", "fy", "cx", "cy", "width", "height")})
    worst = math.nan
    for thing in (scene.background, *scene.objects):
        if thing.moved or not thing.visible:
            continue
        _, row, column = np.nonzero(thing.present)
        found = project(cloud.points[cloud.object_id == thing.id], k)
        if len(found) != len(row):
            raise WtError("The exported cloud is of another scene. Export again.")
        if not len(row):
            continue
        error = float(np.linalg.norm(found - np.stack([column + 0.5, row + 0.5], axis=-1), axis=-1).max())
        worst = float(np.fmax(worst, error))
    return worst


def _ply(job: _Job) -> list[Path]:
    k = job.scene.intrinsics
    comments = (
        f"units {job.scene.units}",
        f"axes {AXES}",
        f"pixel rule {PIXEL_RULE}",
        f"camera fx {k.fx:.6f} fy {k.fy:.6f} cx {k.cx:.6f} cy {k.cy:.6f} width {k.width} height {k.height}",
        "colours sRGB; layer 0 is the visible surface, deeper layers lie behind it; object_id 0 is the photo",
    )
    paths = []
    for layer in range(len(job.scene.background.points)):
        cloud = job.scene.point_cloud(layers=[layer], hidden=job.hidden)
        paths.append(write_atomic(job.out / f"layer_{layer}.ply", ply_bytes(cloud, comments)))
    whole = job.scene.point_cloud(hidden=job.hidden)
    return [*paths, write_atomic(job.out / "pointcloud.ply", ply_bytes(whole, comments))]


def _glb(job: _Job) -> list[Path]:
    names = {thing.id: thing.name for thing in (job.scene.background, *job.scene.objects)}
    extras = {"units": job.scene.units, "axes": GLTF_AXES, "source_axes": AXES, "pixel_rule": PIXEL_RULE}
    data = glb_bytes(job.scene.point_cloud(hidden=job.hidden), names, job.scene.intrinsics, extras)
    return [write_atomic(job.out / "scene.glb", data)]


def _npz(job: _Job) -> list[Path]:
    scene = job.scene
    things = [scene.background, *scene.objects]
    arrays: dict[str, Any] = {
        **scene.layers.arrays(),
        "K": scene.intrinsics.matrix(),
        "scene_points": np.stack([thing.world_points() for thing in things]),
        "scene_present": np.stack([thing.present & thing.visible for thing in things]),
        "scene_rgb": np.stack([thing.rgb for thing in things]),
        "scene_object_id": np.array([thing.id for thing in things], np.int16),
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return [write_atomic(job.out / "layers.npz", buffer.getvalue())]


def _camera(job: _Job) -> list[Path]:
    k = job.scene.intrinsics
    document = {
        "model": "pinhole, zero skew, no distortion",
        "fx": k.fx,
        "fy": k.fy,
        "cx": k.cx,
        "cy": k.cy,
        "width": k.width,
        "height": k.height,
        "K": k.matrix(),
        "fov_x_deg": k.fov_x_deg,
        "fov_y_deg": k.fov_y_deg,
        "residual_px": k.residual_px,
        "source": "least squares on layer 0" if math.isfinite(k.residual_px) else "given",
        "camera_to_world": np.eye(4),
        "axes": AXES,
        "pixel_rule": PIXEL_RULE,
        **_units(job.scene),
    }
    if job.before is not None:
        height, width = job.before.shape[:2]
        document["photo"] = {"width": width, "height": height, "K": k.resized(width, height).matrix()}
    return [write_atomic(job.out / "camera.json", json_text(document).encode())]


def _png(job: _Job) -> list[Path]:
    paths = []
    for name, picture in (("before.png", job.before), ("after.png", job.after)):
        if picture is not None:
            buffer = io.BytesIO()
            Image.fromarray(picture).save(buffer, "PNG")
            paths.append(write_atomic(job.out / name, buffer.getvalue()))
    return paths


def _wts(job: _Job) -> list[Path]:
    return [job.scene.save(job.out / "scene.wts")]


def _manifest(job: _Job) -> list[Path]:
    scene = job.scene
    things = [
        {
            "id": thing.id,
            "name": thing.name,
            "visible": thing.visible,
            "points": int(thing.present.sum()),
            "transform": thing.transform,
            "info": thing.info,
        }
        for thing in (scene.background, *scene.objects)
    ]
    files = [
        {"path": path.name, "bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
        for paths in job.written.values()
        for path in paths
    ]
    document = {
        "program": "World Tracing Studio",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "axes": AXES,
        "gltf_axes": GLTF_AXES,
        "pixel_rule": PIXEL_RULE,
        **_units(scene),
        "scene_model": scene.layers.model,
        "scene_seed": scene.layers.seed,
        "prompts": [],
        "seeds": [] if scene.layers.seed is None else [scene.layers.seed],
        "models": [{"name": scene.layers.model}] if scene.layers.model else [],
        **job.manifest,
        "objects": things,
        "files": files,
    }
    return [write_atomic(job.out / "manifest.json", json_text(document).encode())]


def _units(scene: Scene) -> dict[str, Any]:
    return {
        "units": scene.units,
        "metres_per_unit": scene.metres_per_unit(),
        "metres_assume": f"the camera stood {CAMERA_HEIGHT_M} m above the fitted floor",
    }


FORMATS: dict[str, Callable[[_Job], list[Path]]] = {
    "ply": _ply,
    "glb": _glb,
    "npz": _npz,
    "camera": _camera,
    "wts": _wts,
    "png": _png,
    "manifest": _manifest,
}
"""Name -> writer, in the order of writing."""
