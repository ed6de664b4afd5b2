"""What the procedural world is made of: materials, parts, assets, lights, worlds and the camera that looks at them.

Frame of assets and worlds: right-handed, z up, metres. An asset stands on z = 0, is centred on x = y = 0 and its front
faces -y. A wall asset has its back plane at y = 0 and extends to -y; a ceiling asset has its top at z = 0.
Cameras are OpenCV cameras (DESIGN section 2): `cam_from_world` takes the z-up world to +x right, +y down, +z forward.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from wt.geometry.camera import Intrinsics
from wt.types import Float, Int

Attachment = Literal["floor", "table", "wall", "ceiling"]
Texture = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(object-space points [n,3], object-space unit normals [n,3]) -> albedo [n,3], linear rgb in [0, 1]."""
Sky = Callable[[np.ndarray], np.ndarray]
"""unit world directions [n,3] -> radiance [n,3], linear rgb."""


def _identity() -> np.ndarray:
    return np.eye(4)


@dataclass(frozen=True)
class Material:
    """How a part looks: a solid texture in object space and a small isotropic highlight."""

    texture: Texture
    specular: float = 0.04
    """Reflectance at normal incidence; 0.04 is most plastics and varnish, 0.5 and more reads as metal."""
    roughness: float = 0.6
    emission: float = 0.0
    """Radiance given off, as a multiple of the albedo (lamp shades, ceiling panels, screens)."""


@dataclass(frozen=True)
class Part:
    """A closed triangle mesh of one material, counter-clockwise seen from outside.

    `smooth` interpolates vertex normals. `object_from_world` is the map from the vertices' present frame back to the
    frame in which the texture was written, so that a texture travels with its object.
    """

    vertices: Float[np.ndarray, "v 3"]
    faces: Int[np.ndarray, "f 3"]
    material: Material
    smooth: bool = False
    object_from_world: Float[np.ndarray, "4 4"] = field(default_factory=_identity)

    def transformed(self, matrix: Float[np.ndarray, "4 4"]) -> "Part":
        """The part moved by an affine map; a mirroring map has its faces turned so that they still look outwards."""
        vertices = self.vertices @ matrix[:3, :3].T + matrix[:3, 3]
        faces = self.faces if np.linalg.det(matrix[:3, :3]) > 0 else np.ascontiguousarray(self.faces[:, ::-1])
        back = self.object_from_world @ np.linalg.inv(matrix)
        return replace(self, vertices=vertices, faces=faces, object_from_world=back)


@dataclass(frozen=True)
class Asset:
    """A thing with a name (its family) made of parts; `attachment` says where it belongs."""

    name: str
    parts: tuple[Part, ...]
    attachment: Attachment = "floor"

    def bounds(self) -> tuple[Float[np.ndarray, "3"], Float[np.ndarray, "3"]]:
        """Smallest and largest corner of the axis-aligned box around all vertices."""
        low = np.min([part.vertices.min(axis=0) for part in self.parts], axis=0)
        high = np.max([part.vertices.max(axis=0) for part in self.parts], axis=0)
        return low, high

    def transformed(self, matrix: Float[np.ndarray, "4 4"]) -> "Asset":
        """The asset moved by an affine map [4,4]."""
        return replace(self, parts=tuple(part.transformed(matrix) for part in self.parts))

    def moved(self, x: float = 0.0, y: float = 0.0, z: float = 0.0, turn: float = 0.0, scale: float = 1.0) -> "Asset":
        """Scaled about its origin, turned about z by `turn` radians (counter-clockwise from above), then shifted."""
        return self.transformed(pose(x, y, z, turn, scale))

    @property
    def num_triangles(self) -> int:
        """Of all parts."""
        return sum(len(part.faces) for part in self.parts)


@dataclass(frozen=True)
class Light:
    """A lamp at `position` (point, area) or a sun that shines along `direction` (unit, away from the sun).

    `colour` is linear rgb: radiant intensity for point and area lights (falls with the square of the distance in
    metres), irradiance for the sun. `radius` makes shadows soft: metres (point, area), tangent of the sun's angle.
    """

    kind: Literal["point", "area", "sun"]
    colour: Float[np.ndarray, "3"]
    position: Float[np.ndarray, "3"] | None = None
    direction: Float[np.ndarray, "3"] | None = None
    radius: float = 0.0


@dataclass(frozen=True)
class World:
    """Assets in world coordinates (the index is the instance id), lights, ambient light and the sky."""

    instances: tuple[Asset, ...]
    lights: tuple[Light, ...] = ()
    ambient: Float[np.ndarray, "3"] = field(default_factory=lambda: np.full(3, 0.4))
    sky: Sky | None = None


@dataclass(frozen=True)
class Camera:
    """A pinhole camera: K in pixels of the rendered grid and the rigid map from the world to OpenCV camera axes."""

    intrinsics: Intrinsics
    cam_from_world: Float[np.ndarray, "4 4"]

    @property
    def centre(self) -> Float[np.ndarray, "3"]:
        """The camera's position in the world."""
        return -self.cam_from_world[:3, :3].T @ self.cam_from_world[:3, 3]


def pose(x: float, y: float, z: float, turn: float = 0.0, scale: float = 1.0) -> Float[np.ndarray, "4 4"]:
    """Scale, then turn about z by `turn` radians, then shift by (x, y, z) metres."""
    cos, sin = np.cos(turn) * scale, np.sin(turn) * scale
    return np.array([[cos, -sin, 0.0, x], [sin, cos, 0.0, y], [0.0, 0.0, scale, z], [0.0, 0.0, 0.0, 1.0]])


def look_at(eye: Float[np.ndarray, "3"], target: Float[np.ndarray, "3"], roll: float = 0.0) -> Float[np.ndarray, "4 4"]:
    """`cam_from_world` of a camera at `eye` looking at `target` (not straight up or down), `roll` in radians."""
    forward = (target - eye) / np.linalg.norm(target - eye)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    cos, sin = np.cos(roll), np.sin(roll)
    rotation = np.stack([cos * right + sin * down, cos * down - sin * right, forward])
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = rotation, -rotation @ eye
    return matrix


def merged(name: str, assets: Iterable[Asset], attachment: Attachment = "floor") -> Asset:
    """One asset out of several that already stand in a common frame (a bed with its pillows, a desk with its lamp)."""
    return Asset(name, tuple(part for asset in assets for part in asset.parts), attachment)
