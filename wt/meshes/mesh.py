"""A triangle mesh of one thing in a scene."""

from dataclasses import dataclass

import numpy as np

from wt.errors import WtError
from wt.types import Float, Int, UInt8


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles in the OpenCV camera frame, scene units; seen from outside, corners go counter-clockwise.

    It is coloured by its vertices, or, where `uv` and `texture` are given, by a baked texture.
    """

    name: str
    vertices: Float[np.ndarray, "n 3"]
    """float32."""
    faces: Int[np.ndarray, "m 3"]
    """int32, indices of vertices."""
    colours: UInt8[np.ndarray, "n 3"]
    """sRGB."""
    object_id: int = 0
    """0 is the photo itself."""
    layer: int | None = None
    """None: of all layers together."""
    uv: Float[np.ndarray, "n 2"] | None = None
    """float32, (0, 0) is the texture's top left corner, as in glTF."""
    texture: UInt8[np.ndarray, "th tw 3"] | None = None
    """sRGB."""

    def __post_init__(self) -> None:
        if len(self.colours) != len(self.vertices) or (self.uv is not None and len(self.uv) != len(self.vertices)):
            raise WtError(
                f"The parts of the mesh {self.name!r} must be of one length; got {len(self.vertices)} vertices and "
                f"{len(self.colours)} colours."
            )
