"""A clip: frames of one size, what is selected in each, and their lifts; immutable, and one file.

The file (`.wtc`) is a zip of clip.json and arrays.npz: no pickle, sizes checked before memory is taken.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from wt.errors import WtError
from wt.files import write_atomic
from wt.geometry.camera import Intrinsics
from wt.geometry.edge_flyers import without_edge_flyers
from wt.geometry.layers import LayeredPointmap
from wt.scene import archive
from wt.scene.cloud import PointCloud
from wt.scene.scene import Scene
from wt.types import Bool, UInt8

VERSION = 1
SUFFIX = ".wtc"
MAX_FRAMES = 64
"""Of a file; a dynamic model sees 16 at once."""
_DOCUMENT, _ARRAYS = "clip.json", "arrays.npz"
_MOST_NOTES, _LONGEST_NOTE = 20, 300
_WANTED = {"frames", "masks", "lift_points", "lift_alpha", "lift_rgb"}
_MAX_JSON = 1 << 20


@dataclass(frozen=True, eq=False)
class Clip:
    """What moves before a camera. Every change is a new clip that shares its arrays with the old one."""

    frames: UInt8[np.ndarray, "t h w 3"]
    """Upright, sRGB."""
    fps: float = 8.0
    """Frames a second at which these frames show the motion as it was."""
    name: str = "clip"
    notes: tuple[str, ...] = ()
    """What was converted or left out while it was read, one sentence each."""
    masks: Bool[np.ndarray, "mt mh mw"] | None = None
    """What is selected in each frame, on its pixels; None if nothing was."""
    lifted: tuple[LayeredPointmap, ...] = ()
    """One lift a frame, or none yet."""

    def __post_init__(self) -> None:
        if self.frames.ndim != 4 or self.frames.dtype != np.uint8 or self.frames.shape[3] != 3 or not self.frames.size:
            raise WtError(f"A clip needs uint8 frames [time, height, width, 3]; got {list(self.frames.shape)}.")
        if self.masks is not None and self.masks.shape != self.frames.shape[:3]:
            raise WtError(
                f"A clip's masks must be of the frames' number and size, {list(self.frames.shape[:3])}; got "
                f"{list(self.masks.shape)}."
            )
        if self.lifted and len(self.lifted) != len(self.frames):
            raise WtError(f"A clip of {len(self.frames)} frames needs as many lifts; got {len(self.lifted)}.")
        if len({one.points.shape for one in self.lifted}) > 1:
            raise WtError("The lifts of a clip must share one grid. Lift all frames together.")
        if not 0 < self.fps < 1000:
            raise WtError(f"A clip needs a number of frames a second above 0 and below 1000; got {self.fps}.")

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def width(self) -> int:
        """Of the frames, in pixels."""
        return self.frames.shape[2]

    @property
    def height(self) -> int:
        """Of the frames, in pixels."""
        return self.frames.shape[1]

    @property
    def model(self) -> str:
        """What lifted it."""
        return self.lifted[0].model if self.lifted else ""

    @property
    def seed(self) -> int | None:
        """Of the lift."""
        return self.lifted[0].seed if self.lifted else None

    def masked(self, masks: Bool[np.ndarray, "mt mh mw"] | None) -> "Clip":
        """With another selection; a lift was of the old one and goes."""
        return replace(self, masks=masks, lifted=())

    def with_lifts(self, lifted: Sequence[LayeredPointmap]) -> "Clip":
        """With one lift a frame."""
        return replace(self, lifted=tuple(lifted))

    def cleaned(self) -> "Clip":
        """Without the points that hang between near and far surfaces (the release's preset for clips)."""
        return self.with_lifts([without_edge_flyers(one) for one in self.lifted])

    def cloud(
        self, frame: int, *, layers: Sequence[int] | None = None, colour: str = "photo", hidden: str = "grey"
    ) -> PointCloud:
        """The surfaces of one frame as points, as `Scene.point_cloud` gives them.

        Raises:
            WtError: the clip is not lifted.
        """
        return self.scene(frame).point_cloud(layers=layers, colour=colour, hidden=hidden)

    def scene(self, frame: int) -> Scene:
        """One frame by itself.

        Raises:
            WtError: the clip is not lifted.
        """
        if not self.lifted:
            raise WtError("The clip has no geometry yet. Lift it first.")
        return Scene.from_layers(self.lifted[frame])

    def save(self, path: str | Path) -> Path:
        """Write one file, atomically; `load` reads it back with every array identical."""
        return write_atomic(path, archive.packed(self.members()))

    def members(self) -> dict[str, bytes]:
        """clip.json and arrays.npz: all of the clip."""
        arrays: dict[str, Any] = {"frames": self.frames}
        if self.masks is not None:
            arrays["masks"] = self.masks
        if self.lifted:
            for name in ("points", "alpha", "rgb"):
                arrays[f"lift_{name}"] = np.stack([getattr(one, name) for one in self.lifted])
        meta = {
            "format": "wtc",
            "version": VERSION,
            "frame": "OpenCV camera axes: +x right, +y down, +z forward; camera at the origin; pixel centres at +0.5",
            "name": self.name,
            "notes": self.notes,
            "fps": self.fps,
            "units": self.lifted[0].units if self.lifted else "",
            "model": self.model,
            "seed": self.seed,
            "intrinsics": [asdict(one.intrinsics) for one in self.lifted],
        }
        return {_DOCUMENT: json.dumps(meta, indent=1).encode(), _ARRAYS: archive.pack_arrays(arrays)}

    @classmethod
    def load(cls, path: str | Path) -> "Clip":
        """Read a clip written by `save`.

        Raises:
            WtError: missing, damaged, too large, of a newer version, or not a clip.
        """
        name = Path(path).name
        with archive.opened(path, "clip") as bundle:
            if _DOCUMENT not in bundle.namelist():
                raise WtError(f"{name} is not a clip file: it does not say that it is one.")
            meta = json.loads(archive.member(bundle, _DOCUMENT, _MAX_JSON))
            if not isinstance(meta, dict) or meta.get("format") != "wtc":
                raise WtError(f"{name} is not a clip file: it does not say that it is one.")
            if meta["version"] != VERSION:
                raise WtError(
                    f"{name} has format version {meta['version']}, this program reads {VERSION}. Open it with a newer "
                    "one."
                )
            return _clip(meta, archive.arrays_in(bundle, _WANTED, _ARRAYS))


def _clip(meta: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Clip:
    frames, cameras = arrays["frames"], meta["intrinsics"]
    if len(frames) > MAX_FRAMES:
        raise WtError(f"The clip claims {len(frames)} frames; at most {MAX_FRAMES} are read.")
    masks = arrays.get("masks")
    if masks is not None and (masks.dtype != bool or masks.ndim != 3):
        raise ValueError(f"masks of {masks.dtype} {masks.shape}")
    lifted = [
        LayeredPointmap(
            points=arrays["lift_points"][index],
            alpha=arrays["lift_alpha"][index],
            rgb=arrays["lift_rgb"][index],
            units=str(meta["units"]),
            intrinsics=Intrinsics(**camera),
            model=str(meta["model"]),
            seed=None if meta["seed"] is None else int(meta["seed"]),
        )
        for index, camera in enumerate(cameras)
    ]
    return Clip(
        frames=frames,
        fps=float(meta["fps"]),
        name=str(meta["name"])[:200],
        notes=tuple(str(note)[:_LONGEST_NOTE] for note in meta["notes"][:_MOST_NOTES]),
        masks=masks,
        lifted=tuple(lifted),
    )
