"""Take a scene away: every format in one frame, one unit and one pixel rule, each file whole or not at all."""

import io
import json
import math
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wt.errors import WtError
from wt.exports import camera, glb, npz, pictures, points, scene_file
from wt.exports import manifest as manifest_file
from wt.exports.axes import axes_named
from wt.exports.job import ExportJob
from wt.exports.ply import read_ply
from wt.files import write_atomic
from wt.geometry.camera import Intrinsics, project
from wt.scene.scene import Scene
from wt.types import UInt8

FORMATS: dict[str, Callable[[ExportJob], list[Path]]] = {
    "ply": points.write,
    "glb": glb.write,
    "npz": npz.write,
    "camera": camera.write,
    "wts": scene_file.write,
    "png": pictures.write,
    "manifest": manifest_file.write,
}
"""Name -> writer, in the order of writing; the manifest is last, it hashes the others."""


def export(
    scene: Scene,
    out: str | Path,
    formats: Sequence[str] | str = ("ply", "glb", "npz", "camera"),
    *,
    manifest: dict[str, Any] | None = None,
    before: UInt8[np.ndarray, "ph pw 3"] | None = None,
    after: UInt8[np.ndarray, "qh qw 3"] | None = None,
    hidden: str = "grey",
    axes: str = "opencv",
    on_format: Callable[[str, int, int], None] | None = None,
) -> dict[str, list[Path]]:
    """Write what is shown of a scene into a folder; each file appears whole or not at all.

    Args:
        out: folder, made if need be; other files in it are left alone.
        formats: any of FORMATS, or "all".
        manifest: what the caller knows: prompts, seeds, models with licences, operations (JSON values). Given, it is
            written with the scene's own facts and the hash of every file, whether or not "manifest" is asked for.
        before, after: sRGB pictures of any size, written as PNG beside whatever formats are asked for.
        hidden: colours of layers behind the first, "grey" or "photo".
        axes: "opencv", "opengl" or "z-up" (`wt.exports.axes`), for the formats whose standard leaves it open.
        on_format: called as (format, done, total) before each; may raise `Cancelled`, then what was written stays.

    Returns:
        Format -> the paths written; "png" holds before and after.

    Raises:
        WtError: an unknown format or axes, nothing shown, or a folder that cannot be written.
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
    job = ExportJob(scene, Path(out), axes_named(axes), hidden, before, after, manifest or {})
    for done, name in enumerate(sorted(chosen, key=list(FORMATS).index)):
        if on_format is not None:
            on_format(name, done, len(chosen))
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
    told = json.loads((out / "camera.json").read_text(encoding="utf-8"))
    k = Intrinsics(**{key: told[key] for key in ("fx", "fy", "cx", "cy", "width", "height")})
    found_points = cloud.points @ np.array(told["camera_to_world"])[:3, :3]  # back to the camera: its inverse is R^T
    worst = math.nan
    for thing in (scene.background, *scene.objects):
        if thing.moved or not thing.visible:
            continue
        _, row, column = np.nonzero(thing.present)
        found = project(found_points[cloud.object_id == thing.id], k)
        if len(found) != len(row):
            raise WtError("The exported cloud is of another scene. Export again.")
        if not len(row):
            continue
        error = float(np.linalg.norm(found - np.stack([column + 0.5, row + 0.5], axis=-1), axis=-1).max())
        worst = float(np.fmax(worst, error))
    return worst
