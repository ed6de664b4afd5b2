"""Take a lifted clip away: every format in one folder, each file whole or not at all."""

import hashlib
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from wt.clips.clip import SUFFIX, Clip
from wt.clips.film import film_frames
from wt.clips.gltf import animated_glb
from wt.errors import WtError
from wt.exports.axes import OPENGL, PIXEL_RULE, Axes, axes_named
from wt.exports.ply import ply_bytes
from wt.files import json_text, write_atomic


@dataclass(frozen=True, eq=False)
class ClipJob:
    """One export of a clip, and the choices that several formats share."""

    clip: Clip
    out: Path
    axes: Axes
    hidden: str
    fps: int
    manifest: dict[str, Any] = field(default_factory=dict)
    written: dict[str, list[Path]] = field(default_factory=dict)

    def save(self, name: str, data: bytes) -> Path:
        """Write OUT/name whole or not at all; a `name` may hold a folder."""
        return write_atomic(self.out / name, data)

    def frame(self) -> dict[str, Any]:
        """Units, axes and pixel rule, as every file states them."""
        return {"units": self.clip.lifted[0].units, "axes": self.axes.text, "pixel_rule": PIXEL_RULE}


def write_ply(job: ClipJob) -> list[Path]:
    """ply/frame_0000.ply and so on: all surfaces of a frame, each point with its layer."""
    told = tuple(f"{name.replace('_', ' ')} {words}" for name, words in job.frame().items())
    paths = []
    for index in range(len(job.clip)):
        cloud = job.clip.cloud(index, hidden=job.hidden)
        k = job.clip.lifted[index].intrinsics
        camera = f"camera fx {k.fx:.6f} fy {k.fy:.6f} cx {k.cx:.6f} cy {k.cy:.6f} width {k.width} height {k.height}"
        comments = (*told, camera, f"frame {index} of {len(job.clip)}, {job.fps} a second")
        data = ply_bytes(replace(cloud, points=job.axes.apply(cloud.points)), comments)
        paths.append(job.save(f"ply/frame_{index:04d}.ply", data))
    return paths


def write_glb(job: ClipJob) -> list[Path]:
    """clip.glb, in glTF's own axes."""
    extras = {**job.frame(), "axes": OPENGL.text}
    return [job.save("clip.glb", animated_glb(job.clip, job.fps, job.hidden, extras))]


def write_npz(job: ClipJob) -> list[Path]:
    """clip.npz, always in the OpenCV camera frame: points [t, l, h, w, 3], alpha, rgb, K [t, 3, 3], fps, masks."""
    lifted = job.clip.lifted
    arrays: dict[str, Any] = {
        "points": np.stack([one.points for one in lifted]),
        "surfaces": np.stack([one.surfaces() for one in lifted]),
        "alpha": np.stack([one.alpha for one in lifted]),
        "rgb": np.stack([one.rgb for one in lifted]),
        "K": np.stack([one.intrinsics.matrix() for one in lifted]),
        "fps": np.array(job.clip.fps),
        **({} if job.clip.masks is None else {"masks": job.clip.masks}),
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return [job.save("clip.npz", buffer.getvalue())]


def write_mp4(job: ClipJob) -> list[Path]:
    """clip.mp4: the clip, and beside it its points from a camera that swings."""
    from wt.views.mp4 import write_mp4 as written

    return [written(film_frames(job.clip, job.fps, job.hidden), job.out / "clip.mp4", job.fps)]


def write_wtc(job: ClipJob) -> list[Path]:
    """clip.wtc: the clip itself, to be opened again."""
    return [job.clip.save(job.out / f"clip{SUFFIX}")]


def write_manifest(job: ClipJob) -> list[Path]:
    """manifest.json: where everything came from, and the hash of every file."""
    clip = job.clip
    files = [
        {
            "path": path.relative_to(job.out).as_posix(),
            "format": name,
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for name, paths in job.written.items()
        for path in paths
    ]
    document = {
        "program": "World Tracing Studio",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "clip": {"name": clip.name, "frames": len(clip), "size": [clip.width, clip.height], "notes": clip.notes},
        "fps": {"of the clip": clip.fps, "of the files": job.fps},
        "models": [{"name": clip.model}],
        "seeds": [clip.seed],
        **job.frame(),
        "gltf_axes": OPENGL.text,
        **job.manifest,
        "files": files,
    }
    return [job.save("manifest.json", json_text(document).encode())]


FORMATS: dict[str, Callable[[ClipJob], list[Path]]] = {
    "ply": write_ply,
    "glb": write_glb,
    "npz": write_npz,
    "mp4": write_mp4,
    "wtc": write_wtc,
    "manifest": write_manifest,
}
"""Name -> writer, in the order of writing; the manifest is last, it hashes the others."""


def export_clip(
    clip: Clip,
    out: str | Path,
    formats: Sequence[str] | str = "all",
    *,
    manifest: dict[str, Any] | None = None,
    hidden: str = "grey",
    axes: str = "opencv",
    fps: float | None = None,
    on_format: Callable[[str, int, int], None] | None = None,
) -> dict[str, list[Path]]:
    """Write a lifted clip into a folder.

    Args:
        clip: with its lifts.
        out: folder, made if need be; other files in it are left alone.
        formats: any of FORMATS, or "all".
        manifest: what the caller knows of it (JSON values).
        hidden: colours of layers behind the first, "grey" or "photo".
        axes: "opencv", "opengl" or "z-up", for the PLY files; the others have their own.
        fps: of the animation and the film; the clip's own by default.
        on_format: called as (format, done, total) before each; may raise `Cancelled`, then what was written stays.

    Returns:
        Format -> the paths written.

    Raises:
        WtError: an unknown format, a clip that is not lifted or shows nothing, or a folder that cannot be written.
    """
    chosen = list(FORMATS) if formats in ("all", ("all",), ["all"]) else list(dict.fromkeys(formats))
    if isinstance(formats, str) and formats != "all":
        chosen = [formats]
    unknown = [name for name in chosen if name not in FORMATS]
    if unknown or not chosen:
        raise WtError(
            f"There is no export format {', '.join(map(repr, unknown)) or '(none given)'} for clips. "
            f"Choose from {', '.join(FORMATS)}, or all."
        )
    if not clip.lifted:
        raise WtError("The clip has no geometry yet. Lift it first.")
    pace = max(1, round(min(clip.fps if fps is None else fps, 60)))
    job = ClipJob(clip, Path(out), axes_named(axes), hidden, pace, manifest or {})
    for done, name in enumerate(sorted(chosen, key=list(FORMATS).index)):
        if on_format is not None:
            on_format(name, done, len(chosen))
        job.written[name] = FORMATS[name](job)
    return dict(job.written)
