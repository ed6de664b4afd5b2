"""What a call says of its result, as plain JSON values."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from app.work import Work
from editors.operations import Operation, understood
from wt.files import json_text

Figures = dict[str, Any]
_REPORTED: dict[str, Any] = {
    "editor": "",
    "edit": {},
    "place": [],
    "removed": [],
    "seconds": {},
    "models": [],
    "editors": [],
}
"""What an edit's report may hold, and what stands for it where it does not."""


def of_lift(work: Work) -> Figures:
    """Of a scene that was just lifted."""
    return plain({**_scene(work), **work.lift, "notes": [] if work.photo is None else work.photo.notes})


def of_edit(work: Work, operations: Sequence[Operation]) -> Figures:
    """Of the last edit, which was accepted, and what it understood."""
    edit = work.edits[-1]
    report = edit["report"]
    told = {name: report.get(name, empty) for name, empty in _REPORTED.items()}
    asked = {name: edit[name] for name in ("prompt", "seed", "operations")}
    return plain({**_scene(work), **asked, "understood": understood(operations), **told})


def of_export(exported: dict[str, Any]) -> Figures:
    """Of a zip that was just built."""
    return plain({"formats": exported["formats"], "notes": exported["notes"], "bytes": exported["zip"].stat().st_size})


def _scene(work: Work) -> Figures:
    scene, photo = work.scene, work.photo
    assert scene is not None
    assert photo is not None
    return {
        "photo": photo.original or (photo.width, photo.height),
        "grid": (scene.intrinsics.width, scene.intrinsics.height),
        "layers": len(scene.layers.points),
        "points": sum(int(thing.present.sum()) for thing in (scene.background, *scene.objects)),
        "objects": [{"id": thing.id, "name": thing.name} for thing in scene.objects],
        "units": scene.units,
        "metres_per_unit": scene.metres_per_unit(),
        "intrinsics": asdict(scene.intrinsics),
    }


def plain(figures: Figures) -> Figures:
    """Numbers, words, lists and dictionaries; what is not finite becomes null."""
    return dict(json.loads(json_text(figures)))
