"""`manifest`: where everything came from, and the hash of every file."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

from wt.exports.axes import OPENGL
from wt.exports.job import ExportJob


def write(job: ExportJob) -> list[Path]:
    """manifest.json, after all the others."""
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
        **job.frame(),
        "gltf_axes": OPENGL.text,
        "scene_model": scene.layers.model,
        "scene_seed": scene.layers.seed,
        "prompts": [],
        "seeds": [] if scene.layers.seed is None else [scene.layers.seed],
        "models": [{"name": scene.layers.model}] if scene.layers.model else [],
        **job.manifest,
        "notes": job.notes,
        "objects": things,
        "files": files,
    }
    return [job.save_json("manifest.json", document)]
