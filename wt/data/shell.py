"""Buildings cut out of blocks: paint boxes of wall and of air into a grid whose lines are the boxes' own faces, then
take the boundary between solid and air. Rooms of any plan, openings, steps, columns and skirting come out as one closed
mesh.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from wt.data.mesh import Asset, Material, Part
from wt.types import Float

OUTSIDE = 0
"""Label of the air around the building; rooms have labels from 1, openings from 100, solids are negative."""


@dataclass(frozen=True)
class Block:
    """An axis-aligned box from `low` to `high` in metres that paints `label` over what was there."""

    label: int
    low: tuple[float, float, float]
    high: tuple[float, float, float]

    def grown(self, label: int, sides: float, down: float, up: float) -> "Block":
        """A larger box around this one."""
        low = (self.low[0] - sides, self.low[1] - sides, self.low[2] - down)
        high = (self.high[0] + sides, self.high[1] + sides, self.high[2] + up)
        return Block(label, low, high)


@dataclass(frozen=True)
class Face:
    """What a boundary face looks like: the solid behind it, the air in front, and its outward direction."""

    solid: int
    air: int
    axis: int
    sign: int


def build(name: str, blocks: Sequence[Block], material: Callable[[Face], Material]) -> Asset:
    """The solid part of the painted blocks as an asset; faces of one material make one part.

    A single part is not closed, all of them together are. `material` is asked once for each kind of face.
    """
    lines = [_lines(blocks, axis) for axis in range(3)]
    labels = np.full([len(line) - 1 for line in lines], OUTSIDE)
    for block in blocks:
        span = [_span(lines[a], block.low[a], block.high[a]) for a in range(3)]
        labels[span[0], span[1], span[2]] = block.label
    quads: dict[int, list[np.ndarray]] = {}
    materials: dict[int, Material] = {}
    for axis in range(3):
        for face, corners in _boundary(labels, lines, axis):
            chosen = material(face)
            materials[id(chosen)] = chosen
            quads.setdefault(id(chosen), []).append(corners)
    parts = [_part(np.concatenate(corners), materials[key]) for key, corners in quads.items()]
    return Asset(name, tuple(parts))


def _lines(blocks: Sequence[Block], axis: int) -> Float[np.ndarray, "n"]:
    """Every block face along an axis, to the millimetre, with a margin of air at both ends."""
    cuts = np.unique(np.round([edge for block in blocks for edge in (block.low[axis], block.high[axis])], 3))
    return np.concatenate([[cuts[0] - 1], cuts, [cuts[-1] + 1]])


def _span(line: np.ndarray, low: float, high: float) -> slice:
    return slice(*(int(np.abs(line - round(edge, 3)).argmin()) for edge in (low, high)))


def _boundary(labels: np.ndarray, lines: list[np.ndarray], axis: int) -> list[tuple[Face, np.ndarray]]:
    """Quads [n,4,3] between solid and air across an axis, for each kind of face, counter-clockwise from the air."""
    first = np.moveaxis(labels, axis, 0)
    before, after = first[:-1], first[1:]
    found = []
    for sign, solid, air in ((1, before, after), (-1, after, before)):
        where = np.argwhere((solid < 0) & (air >= 0))
        kinds = np.stack([solid[tuple(where.T)], air[tuple(where.T)]], axis=1)
        for kind in np.unique(kinds, axis=0):
            cells = where[(kinds == kind).all(axis=1)]
            found.append((Face(int(kind[0]), int(kind[1]), axis, sign), _quads(cells, lines, axis, sign)))
    return found


def _quads(cells: np.ndarray, lines: list[np.ndarray], axis: int, sign: int) -> np.ndarray:
    others = [a for a in range(3) if a != axis]
    corners = np.zeros((len(cells), 4, 3))
    corners[:, :, axis] = lines[axis][cells[:, 0] + 1][:, None]
    for i, (da, db) in enumerate(((0, 0), (1, 0), (1, 1), (0, 1))):
        corners[:, i, others[0]] = lines[others[0]][cells[:, 1] + da]
        corners[:, i, others[1]] = lines[others[1]][cells[:, 2] + db]
    # (first, second) other axes are right-handed with the axis for x and z, left-handed for y.
    return corners if (sign > 0) != (axis == 1) else corners[:, ::-1]


def _part(quads: np.ndarray, material: Material) -> Part:
    vertices, inverse = np.unique(np.round(quads.reshape(-1, 3), 6), axis=0, return_inverse=True)
    corner = inverse.reshape(-1, 4)
    faces = np.concatenate([corner[:, [0, 1, 2]], corner[:, [0, 2, 3]]])
    return Part(vertices, faces.astype(np.int32), material)
