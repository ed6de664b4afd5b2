"""`manifest`: where everything came from, and the hash of every file."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from wt.exports.axes import OPENGL
from wt.exports.job import ExportJob
from wt.scene.objects import SceneObject

_EMBEDDED = {"viewer": [{"file": "viewer.html", "name": "viser", "licence": "Apache-2.0"}]}
"""Other people's programs that a format's files hold."""


def write(job: ExportJob) -> list[Path]:
    """manifest.json, after all the others."""
    scene = job.scene
    document = {
        "program": "World Tracing Studio",
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        **job.frame(),
        "gltf_axes": OPENGL.text,
        "scene_model": scene.layers.model,
        "scene_seed": scene.layers.seed,
        "prompts": [],
        "seeds": [] if scene.layers.seed is None else [scene.layers.seed],
        "models": [{"name": scene.layers.model}] if scene.layers.model else [],
        **job.manifest,
        "hidden_colours": job.hidden,
        "embedded": [entry for name in job.written for entry in _EMBEDDED.get(name, [])],
        "notes": job.notes,
        "objects": [_thing(thing) for thing in (scene.background, *scene.objects)],
        "files": _files(job),
    }
    return [job.save_json("manifest.json", document)]


def _thing(thing: SceneObject) -> dict[str, Any]:
    return {
        "id": thing.id,
        "name": thing.name,
        "visible": thing.visible,
        "points": int(thing.present.sum()),
        "transform": thing.transform,
        "info": thing.info,
    }


def _files(job: ExportJob) -> list[dict[str, Any]]:
    """Each file once, under the first format that wrote it."""
    format_of: dict[Path, str] = {}
    for name, paths in job.written.items():
        for path in paths:
            format_of.setdefault(path, name)
    return [
        {
            "path": path.relative_to(job.out).as_posix(),
            "format": name,
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path, name in format_of.items()
    ]
