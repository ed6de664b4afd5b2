"""Take a scene away: every format in one frame, one unit and one pixel rule, each file whole or not at all."""

import io
import zipfile
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from wt.errors import WtError
from wt.exports import (
    blender,
    camera,
    colmap,
    depth,
    gaussians,
    glb,
    npz,
    obj,
    pictures,
    points,
    scene_file,
    transforms,
    usdz,
    video,
    viewer,
)
from wt.exports import manifest as manifest_file
from wt.exports import readme as readme_file
from wt.exports.axes import axes_named
from wt.exports.job import ExportJob
from wt.files import write_atomic
from wt.scene.scene import Scene
from wt.types import UInt8

FORMATS: dict[str, Callable[[ExportJob], list[Path]]] = {
    "ply": points.write,
    "glb": glb.write,
    "obj": obj.write,
    "usdz": usdz.write,
    "gaussians": gaussians.write,
    "depth": depth.write,
    "npz": npz.write,
    "transforms": transforms.write,
    "colmap": colmap.write,
    "camera": camera.write,
    "blender": blender.write,
    "viewer": viewer.write,
    "video": video.write,
    "wts": scene_file.write,
    "png": pictures.write,
    "manifest": manifest_file.write,
}
"""Name -> writer, in the order of writing; the manifest is last, it hashes the others."""
LEAST_FACES = 1000
USUAL = ("ply", "glb", "npz", "camera", "wts", "png", "manifest")
"""What is written unless a person chooses: quick, and enough to go on with anywhere."""


class Exported(dict[str, list[Path]]):
    """Format -> the paths written; "png" holds before and after, and "readme" the README.txt where it was asked for."""

    notes: list[str]
    """What was left out, and why."""

    @property
    def files(self) -> list[Path]:
        """Every file once, in the order of writing."""
        return list(dict.fromkeys(path for paths in self.values() for path in paths))


def attempted(label: str, write: Callable[[], None]) -> str:
    """Write one format; the sentence to show of a problem that a person can act on, empty if all went well."""
    try:
        write()
    except ImportError as error:
        return f"{label} needs a package that is not installed ({error.name}). Install it and export again."
    except WtError as error:
        return str(error)
    return ""


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
    faces: int | None = None,
    readme: bool = False,
    on_format: Callable[[str, int, int], None] | None = None,
    on_step: Callable[[int, int], None] | None = None,
    attempt: Callable[[str, Callable[[], None]], str] = attempted,
) -> Exported:
    """Write what is shown of a scene into a folder; each file appears whole or not at all.

    Args:
        out: folder, made if need be; other files in it are left alone.
        formats: any of FORMATS, or "all".
        manifest: what the caller knows: prompts, seeds, models with licences, operations (JSON values). Given, it is
            written with the scene's own facts and the hash of every file, whether or not "manifest" is asked for.
        before, after: sRGB pictures of any size, for "png" and for the formats that show the photo.
        hidden: colours of layers behind the first, "grey", "photo" or "filled".
        axes: "opencv", "opengl" or "z-up" (`wt.exports.axes`), for the formats whose standard leaves it open.
        faces: triangles that the surfaces of a file may have, and a closed object apart; None: all that there are.
        readme: write README.txt too, which says what opens which file.
        on_format: called as (format, done, total) before each; may raise `Cancelled`, then what was written stays.
        on_step: called as (done, total) within formats that take long; may raise `Cancelled`.
        attempt: runs the writer of one format and returns the sentence of what went wrong.

    Returns:
        Format -> the paths written. A format that fails is left out, and a note says why.

    Raises:
        WtError: an unknown format or axes, nothing shown, or not one format that could be written.
    """
    chosen = chosen_formats(formats)
    if not any(thing.visible and thing.present.any() for thing in (scene.background, *scene.objects)):
        raise WtError("Everything in the scene is hidden, so there is nothing to export. Show at least one object.")
    if manifest is not None and "manifest" not in chosen:
        chosen.append("manifest")
    if faces is not None and faces < LEAST_FACES:
        raise WtError(f"Surfaces need a budget of at least {LEAST_FACES} triangles; got {faces}.")
    frame, told = axes_named(axes), manifest or {}
    job = ExportJob(scene, Path(out), frame, hidden, before, after, told, faces=faces, on_step=on_step)
    writers = {name: FORMATS[name] for name in chosen if name != "manifest"}
    writers |= {"readme": readme_file.write} if readme else {}
    writers |= {"manifest": manifest_file.write} if "manifest" in chosen else {}
    problems = []
    for done, (name, write) in enumerate(writers.items()):
        if on_format is not None:
            on_format(name, done, len(writers))
        problem = attempt(f"The format {name}", partial(_keep, job, name, write))
        if problem:
            problems.append(problem)
            job.notes.append(f"{name} was left out. {problem}")
    if problems and not any(job.written.values()):
        raise WtError(problems[0])
    written = Exported((name, paths) for name, paths in job.written.items() if paths)
    written.notes = job.notes
    return written


def chosen_formats(formats: Sequence[str] | str) -> list[str]:
    """The formats in the order of FORMATS, each once.

    Raises:
        WtError: none, or one that there is not.
    """
    wanted = [formats] if isinstance(formats, str) else list(formats)
    unknown = [name for name in wanted if name not in FORMATS and name != "all"]
    if unknown or not wanted:
        raise WtError(
            f"There is no export format {', '.join(map(repr, unknown)) or '(none given)'}. "
            f"Choose from {', '.join(FORMATS)}, or all."
        )
    return [name for name in FORMATS if name in wanted or "all" in wanted]


def _keep(job: ExportJob, name: str, write: Callable[[ExportJob], list[Path]]) -> None:
    job.written[name] = write(job)


def zip_folder(folder: str | Path, zip_path: str | Path, files: Iterable[Path] | None = None) -> Path:
    """One zip of every file of a folder (hidden ones left out), atomically, in a fixed order.

    Args:
        files: only these, which lie in the folder; None takes all.

    Raises:
        WtError: no such folder, or nothing in it.
    """
    folder, zip_path = Path(folder), Path(zip_path)
    found = {path.relative_to(folder): path for path in (folder.rglob("*") if files is None else files)}
    shown = [path for path in found if not any(part.startswith(".") for part in path.parts) and found[path].is_file()]
    shown = sorted(path for path in shown if found[path].resolve() != zip_path.resolve())
    if not shown:
        raise WtError(f"There is nothing to zip in {folder.name or folder}. Export first.")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for path in shown:
            bundle.write(found[path], path.as_posix())
    return write_atomic(zip_path, buffer.getvalue())
