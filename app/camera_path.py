"""What the page shows of a camera path: the choices, the keyframes, the film that was rendered last."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from wt.errors import WtError
from wt.geometry.layers import LayeredPointmap
from wt.scene.scene import Scene
from wt.views.mp4 import PRESETS
from wt.views.paths import MAX_FRAMES, PATHS, Surroundings

KEYFRAMES = "keyframes"
DEFAULT_SIZE = "832x480"
_AMPLITUDE = {"orbit": "Turn, °", "dolly": "Ahead, %", "spiral": "Aside, %", "look": "Turn, °"}
_HINTS = {
    "orbit": "Turns about the middle of the scene, to one side, to the other and back; from 180° on all round.",
    "dolly": "Goes straight ahead and back. The number is a share of the near depth.",
    "spiral": "Circles beside the photo's camera, the eye on the middle. The number is a share of the near depth.",
    "look": "The camera stays and looks about.",
    KEYFRAMES: "Turn the 3D view to where the camera shall be, add a keyframe, go on to the next.",
}
_SAFE: WeakKeyDictionary[Scene, dict[str, float]] = WeakKeyDictionary()


@dataclass
class CameraPath:
    """One visitor's keyframes and films."""

    poses: list[np.ndarray] = field(default_factory=list)
    """Camera to world, 4 x 4."""
    of: LayeredPointmap | None = None
    """The lift that the poses are poses in."""
    made: dict[str, Any] = field(default_factory=dict)
    """The last film: video, frames, scene and what is said of it."""
    files: dict[str, Path] = field(default_factory=dict)
    """Name -> file of the last film, for its downloads."""

    def forget_film(self, *but: Path) -> None:
        """The last film goes, and all of its files but these."""
        for path in set(self.files.values()) - set(but):
            path.unlink(missing_ok=True)
        self.made, self.files = {}, {}

    def poses_in(self, scene: Scene | None) -> list[np.ndarray]:
        """The keyframes that belong to a scene."""
        return self.poses if scene is not None and scene.layers is self.of else []


@dataclass(frozen=True)
class Wish:
    """What a person asked for, checked."""

    path: str
    amplitude: float | None
    frames: int
    size: str
    hidden: str

    @classmethod
    def read(cls, data: dict[str, Any]) -> "Wish":
        """From what the page sends.

        Raises:
            WtError: a choice that does not exist, or a number that cannot be.
        """
        path, size, hidden = str(data.get("along")), str(data.get("size")), str(data.get("hidden"))
        if path not in (*PATHS, KEYFRAMES) or size not in PRESETS or hidden not in ("filled", "grey"):
            raise WtError("That choice is not one of the page's. Reload the page.")
        try:
            frames, shown = int(data["frames"]), float(data["amplitude"])
        except (KeyError, TypeError, ValueError):
            raise WtError("Frames and how far the camera goes must be numbers. Type both again.") from None
        if not 2 <= frames <= MAX_FRAMES:
            raise WtError(f"A camera path has 2 to {MAX_FRAMES} frames; got {frames}.")
        if path == KEYFRAMES:
            return cls(path, None, frames, size, hidden)
        return cls(path, shown if PATHS[path].unit == "degrees" else shown / 100, frames, size, hidden)


def describe(scene: Scene | None, state: CameraPath, token: str, busy: bool) -> dict[str, Any]:
    """State of the panel; its script keeps what is chosen."""
    if scene is None:
        return {"ready": False}
    poses = state.poses_in(scene)
    return {
        "ready": True,
        "busy": busy,
        "paths": _paths(scene),
        "sizes": [
            {"name": name, "label": preset.label, "frames": preset.frames, "fps": preset.fps}
            for name, preset in PRESETS.items()
        ],
        "size": DEFAULT_SIZE,
        "keyframes": len(poses),
        "made": _made(state, scene, token),
    }


def _paths(scene: Scene) -> list[dict[str, Any]]:
    if scene not in _SAFE:
        around = Surroundings.of(scene)
        _SAFE[scene] = {name: path.safe(around) for name, path in PATHS.items()}
    rows = [
        {
            "name": name,
            "label": path.label,
            "amplitude": round(_SAFE[scene][name] * (1 if path.unit == "degrees" else 100), 1),
            "unit": _AMPLITUDE[name],
            "hint": _HINTS[name],
        }
        for name, path in PATHS.items()
    ]
    return [*rows, {"name": KEYFRAMES, "label": "Keyframes", "hint": _HINTS[KEYFRAMES]}]


def _made(state: CameraPath, scene: Scene, token: str) -> dict[str, Any] | None:
    made = state.made
    if not made or not all(path.is_file() for path in state.files.values()):
        return None
    link = f"studio/{token}/download/"
    return {
        "video": link + made["video"],
        "name": made["video"],
        "frames": link + made["frames"],
        "frames_name": made["frames"],
        "frames_size": made["frames_size"],
        "said": made["said"],
        "old": made["scene"] is not scene,
    }
