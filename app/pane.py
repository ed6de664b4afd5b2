"""What the parts around the 3D view show: the View panel, the legend, the ruler, the depth gallery, the cameras."""

from typing import Any

import numpy as np

from app import flyers, focal
from app.display import budget_words, budgets
from app.session import Session
from wt.scene.calibration import camera_height_m
from wt.scene.cloud import LAYER_COLOURS
from wt.scene.colour_maps import depth_scale, mapped
from wt.scene.flyers import MIDDLE
from wt.scene.scene import CAMERA_HEIGHT_M, Scene

Props = dict[str, Any]
_STOPS = 16


def describe(session: Session) -> dict[str, Props]:
    """Component name -> properties."""
    display, scene, busy = session.display, session.now.scene, session.busy
    there, free = session.shown_scene is not None, session.now.proposal is None and not busy
    height = None if scene is None else camera_height_m(scene)
    ruler = ruler_panel(session)
    return {
        "colour": {"value": display.colour},
        "hidden": {"value": display.hidden},
        "look": {"value": look(session)},
        "ruler": {"value": ruler},
        "measure": {
            "interactive": scene is not None and free,
            "variant": "primary" if ruler["open"] else "secondary",
        },
        "depths": {"value": depths(session)},
        "camera": {"value": focal.rows(session)},
        "camera_height": {
            "value": round(height or CAMERA_HEIGHT_M, 2),
            "visible": height is not None and there,
            "interactive": free,
        },
    }


def look(session: Session) -> Props:
    """State of the View panel."""
    display, scene = session.display, session.shown_scene
    usual = session.viewer.point_budget if session.viewer else 0
    chosen = usual if display.budget is None else display.budget
    marked = None if scene is None or display.flyers is None else flyers.found(scene, display.flyers).count
    own = session.now.proposal is None and not session.previewing and not session.peeking and not session.busy
    return {
        "budgets": [{"value": n, "label": budget_words(n), "on": n == chosen} for n in budgets(usual)],
        "map": display.colour_map,
        "size": display.point_scale,
        "light": display.light,
        "frustum": display.frustum,
        "axes": display.axes,
        "strength": MIDDLE if display.flyers is None else display.flyers,
        "marked": marked,
        "there": scene is not None,
        "free": own,
    }


def legend(session: Session) -> Props | None:
    """What the colours of the 3D view mean; None for those of the photo."""
    display, scene = session.display, session.shown_scene
    if scene is None or display.colour == "photo":
        return None
    if display.colour == "layer":
        names = ["seen", *(f"{number} behind" for number in range(1, len(LAYER_COLOURS)))]
        keys = [{"colour": _css(colour), "text": name} for colour, name in zip(LAYER_COLOURS, names, strict=True)]
        return {"keys": keys}
    if display.colour == "normals":
        axes = (("rgb(235,110,110)", "right"), ("rgb(110,225,110)", "up"), ("rgb(128,128,255)", "to the camera"))
        return {"title": "Normals", "keys": [{"colour": colour, "text": text} for colour, text in axes]}
    return depth_legend(scene, display.colour_map)


def depth_legend(scene: Scene, colour_map: str) -> Props:
    """The shared scale of depth: colours from near to far, and numbers with their unit."""
    scale = depth_scale(thing for thing in (scene.background, *scene.objects) if thing.visible)
    metres = scene.metres_per_unit()
    stops = [_css(colour) for colour in mapped(np.linspace(1, 0, _STOPS), colour_map)]
    ticks = [f"{depth * (metres or 1.0):.3g}" for depth in scale.ticks()]
    return {"title": "Depth, units" if metres is None else "Depth, m", "stops": stops, "ticks": ticks}


def ruler_panel(session: Session) -> Props:
    """The ruler's panel: its ends in the shown unit, and its length."""
    ruler, scene = session.ruler, session.shown_scene
    if scene is None or not (ruler.picking or ruler.fits(scene)) or not (ruler.picking or ruler.ends):
        return {"open": False}
    metres = scene.metres_per_unit()
    fits = ruler.fits(scene)
    ends = [[round(float(value) * (metres or 1.0), 3) for value in end] for end in ruler.ends] if fits else []
    return {
        "open": ruler.picking,
        "ends": ends,
        "length": ruler.words(scene) if fits else "",
        "unit": "units" if metres is None else "m",
        "from": scene.metres_from if metres is not None else "",
        "echo": session.gestures,
    }


def depths(session: Session) -> Props:
    """The gallery of depth pictures: one a layer, on one scale; empty layers as such."""
    scene = session.shown_scene
    if scene is None:
        return {"layers": []}
    counts = [int(layer.sum()) for layer in scene.background.present]
    return {
        "token": session.token,
        "version": session.version("depths"),
        "stem": session.now.stem,
        "layers": [{"number": number, "points": count} for number, count in enumerate(counts)],
        "maps": {name: depth_legend(scene, name) for name in ("turbo", "magma")},
        "map": session.display.colour_map,
        "size": [scene.intrinsics.width, scene.intrinsics.height],
    }


def _css(colour: Any) -> str:
    return "rgb({},{},{})".format(*(int(part) for part in colour))
