"""What every writer of a format is given."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from wt.exports.axes import PIXEL_RULE, Axes
from wt.files import json_text, write_atomic
from wt.meshes.decimate import decimated
from wt.meshes.grid import grid_meshes
from wt.meshes.mesh import Mesh
from wt.scene.objects import SceneObject
from wt.scene.scene import Scene
from wt.types import UInt8


@dataclass(frozen=True, eq=False)
class ExportJob:
    """One export: the scene, where it goes, and the choices that several formats share."""

    scene: Scene
    out: Path
    axes: Axes
    """For the formats whose standard leaves it open."""
    hidden: str
    """Colours of layers behind the first, "grey", "photo" or "filled"."""
    before: UInt8[np.ndarray, "ph pw 3"] | None = None
    after: UInt8[np.ndarray, "qh qw 3"] | None = None
    manifest: dict[str, Any] = field(default_factory=dict)
    """What the caller knows."""
    written: dict[str, list[Path]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    """What a person should know of the files: what was left out, and why."""
    faces: int | None = None
    """Triangles that the surfaces of one file may have together; None: all that the grid has."""
    on_step: Callable[[int, int], None] | None = None
    """Told (done, total) by formats that take long; may raise `Cancelled`."""

    @property
    def things(self) -> tuple[SceneObject, ...]:
        """The photo and the objects that are shown."""
        return tuple(thing for thing in (self.scene.background, *self.scene.objects) if thing.visible)

    @property
    def pictures(self) -> list[UInt8[np.ndarray, "_h _w 3"]]:
        """The photo before and after, those that are at hand."""
        return [picture for picture in (self.before, self.after) if picture is not None]

    @cached_property
    def meshes(self) -> tuple[Mesh, ...]:
        """The surfaces of what is shown, one mesh a thing and layer, within the budget; made once for all formats."""
        k = self.scene.intrinsics
        meshes = [mesh for thing in self.things for mesh in grid_meshes(thing, k, hidden=self.hidden)]
        return tuple(meshes if self.faces is None else decimated(meshes, max(self.faces, len(meshes))))

    def step(self, done: int, total: int) -> None:
        """A part of a format is done."""
        if self.on_step is not None:
            self.on_step(done, total)

    def save(self, name: str, data: bytes | str) -> Path:
        """Write OUT/name whole or not at all; a `name` may hold a folder."""
        return write_atomic(self.out / name, data.encode() if isinstance(data, str) else data)

    def save_json(self, name: str, document: dict[str, Any]) -> Path:
        """As `save`; arrays become lists, what is not finite null."""
        return self.save(name, json_text(document))

    def units(self) -> dict[str, Any]:
        """The unit of length in words, and in metres under the one stated assumption."""
        return {
            "units": self.scene.units,
            "metres_per_unit": self.scene.metres_per_unit(),
            "metres_assume": self.scene.metres_from,
        }

    def frame(self, axes: Axes | None = None) -> dict[str, Any]:
        """Units, axes and pixel rule, as every file states them; the chosen axes unless the format has its own."""
        return {**self.units(), "axes": (axes or self.axes).text, "pixel_rule": PIXEL_RULE}
