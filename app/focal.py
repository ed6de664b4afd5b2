"""The cameras that a scene's points can be put on: the fitted one, the one that EXIF tells of, a typed focal length."""

import math
from typing import Any
from weakref import WeakKeyDictionary

from app.session import Session
from wt.depth import FILM_DIAGONAL, camera_of
from wt.errors import WtError
from wt.geometry.camera import Intrinsics
from wt.images import Photo
from wt.scene.calibration import residual_px
from wt.scene.scene import Scene

NAMES = {"fitted": "fitted", "exif": "EXIF", "typed": "typed"}
_RESIDUALS: WeakKeyDictionary[Any, dict[Intrinsics, float]] = WeakKeyDictionary()


def camera(scene: Scene, photo: Photo, kind: str, value: Any = None, unit: str = "mm") -> Intrinsics:
    """One of the cameras on the scene's grid.

    Args:
        kind: "fitted", "exif" or "typed".
        value: of "typed": the focal length in millimetres for a 36 x 24 mm frame ("mm"), or in pixels of the photo.

    Raises:
        WtError: the photo tells of no camera, or the number is none that a lens has.
    """
    grid = scene.intrinsics
    if kind == "fitted":
        return scene.layers.intrinsics
    if kind == "exif":
        told = camera_of(photo)
        if told is None:
            raise WtError("This photo's file does not say its focal length. Type it, if you know the lens.")
        return told.resized(grid.width, grid.height)
    try:
        focal = float(value)
    except (TypeError, ValueError):
        raise WtError("That is no focal length. Type millimetres, such as 28.") from None
    if unit == "mm":
        focal *= math.hypot(photo.width, photo.height) / FILM_DIAGONAL
    longest = max(photo.width, photo.height)
    if not 0.1 * longest <= focal <= 50 * longest:
        raise WtError(f"A focal length of {value} {unit} is none that a photo is taken with. Check the unit.")
    known = Intrinsics(focal, focal, photo.width / 2, photo.height / 2, photo.width, photo.height)
    return known.resized(grid.width, grid.height)


def rows(session: Session) -> dict[str, Any]:
    """The camera panel: every known camera with its focal length and its residual against the raw pointmap."""
    work = session.now
    scene, photo = work.scene, work.photo
    if scene is None or photo is None:
        return {"rows": []}
    told = camera_of(photo)
    known = [("fitted", scene.layers.intrinsics)]
    if told is not None:
        known.append(("exif", told.resized(scene.intrinsics.width, scene.intrinsics.height)))
    used = scene.intrinsics
    if not any(_same(k, used) for _, k in known):
        known.append(("typed", used))
    shown = [
        {
            "kind": kind,
            "name": "EXIF" if kind == "exif" else NAMES[kind].capitalize(),
            "focal": _focal_words(k, photo),
            "residual": f"{_residual(scene, k):.1f} px",
            "used": _same(k, used),
        }
        for kind, k in known
    ]
    free = work.proposal is None and not session.busy
    return {"rows": shown, "free": free, "exif": told is not None, "grid": f"{used.width} × {used.height}"}


def _same(a: Intrinsics, b: Intrinsics) -> bool:
    return (a.fx, a.fy, a.cx, a.cy) == (b.fx, b.fy, b.cx, b.cy)


def _focal_words(k: Intrinsics, photo: Photo) -> str:
    """For a 36 x 24 mm frame and in pixels of the photo, the mean of both axes."""
    whole = k.resized(photo.width, photo.height)
    focal = math.sqrt(whole.fx * whole.fy)
    return f"{focal * FILM_DIAGONAL / math.hypot(photo.width, photo.height):.1f} mm · {focal:.0f} px"


def _residual(scene: Scene, k: Intrinsics) -> float:
    known = _RESIDUALS.setdefault(scene.background, {})
    if k not in known:
        known[k] = residual_px(scene.layers, k)
    return known[k]
