"""Metres in a scene unit, worked out once per photo geometry: fitting the floor takes longer than drawing the page."""

from weakref import WeakKeyDictionary

from wt.scene.objects import SceneObject
from wt.scene.scene import Scene

_PER_METRE_OF_HEIGHT: WeakKeyDictionary[SceneObject, float | None] = WeakKeyDictionary()


def metres_per_unit(scene: Scene, camera_height_m: float) -> float | None:
    """As `Scene.metres_per_unit`; objects come and go without fitting the floor again."""
    if scene.units == "metres":
        return 1.0
    if scene.background not in _PER_METRE_OF_HEIGHT:
        _PER_METRE_OF_HEIGHT[scene.background] = scene.metres_per_unit(1.0)
    known = _PER_METRE_OF_HEIGHT[scene.background]
    return None if known is None else known * camera_height_m
