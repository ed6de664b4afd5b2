"""What the Place step shows of the chosen object: its pose as numbers, and how far its placement can be trusted."""

from typing import Any
from weakref import WeakKeyDictionary

from app.session import Session
from wt.scene.confidence import Confidence, confidence
from wt.scene.pose import pivot_of, pose_of
from wt.scene.scene import Scene

_JUDGED: WeakKeyDictionary[Scene, dict[int, Confidence]] = WeakKeyDictionary()


def judged(scene: Scene, ident: int) -> Confidence:
    """As `wt.scene.confidence.confidence`, worked out once: the page is described more often than a scene changes."""
    known = _JUDGED.setdefault(scene, {})
    if ident not in known:
        known[ident] = confidence(scene, ident)
    return known[ident]


def pose(session: Session) -> dict[str, Any]:
    """Values of the pose panel; only the id 0 if no object is chosen."""
    scene, thing = session.now.scene, session.chosen_object
    if scene is None or thing is None:
        return {"id": 0}
    up = scene.up()
    pivot = pivot_of(thing, up)
    now = pose_of(thing.transform, pivot)
    metres = scene.metres_per_unit()
    x, y, z = (float(value) for value in (pivot + now.translation) * (metres or 1.0))
    return {
        "id": thing.id,
        "name": thing.name,
        "unit": "units" if metres is None else "m",
        "x": round(x, 3),
        "y": round(y, 3),
        "z": round(z, 3),
        "heading": round(now.heading_deg(up), 1) + 0.0,  # no minus zero
        "scale": round(now.scale, 3),
        "snap": session.snapping,
        "moved": thing.moved,
        "echo": session.gestures,  # what was typed but refused is replaced
    }
