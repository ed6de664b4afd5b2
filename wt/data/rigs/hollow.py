"""The inside that opens: a solid body becomes walls and boards, a drawer gets its tray."""

from dataclasses import replace

import numpy as np

from wt.data import primitives as shapes
from wt.data.rigs.rig import Rig


def hollow(rig: Rig, body: int, without: str) -> None:
    """Replace a solid body by walls, and boards where it opens to the front."""
    low, high, old = rig.low[body], rig.high[body], rig.parts[body]
    wall = 0.03 * float(min(high - low))
    slabs = _slabs(low, high, wall, without)
    for z in np.linspace(low[2], high[2], int(rig.rng.integers(2, 5)) + 1)[1:-1] if without == "y" else ():
        slabs.append(shapes.box(high[0] - low[0] - wall, 0.9 * (high[1] - low[1]), 0.7 * wall).at(
            (low[0] + high[0]) / 2, high[1] - 0.46 * (high[1] - low[1]), z))  # fmt: skip
    new = [replace(old, vertices=s.vertices, faces=s.faces, smooth=False) for s in slabs]
    rig.parts[body] = new[0]
    rig.parts += new[1:]


def tray_behind(rig: Rig, panel: int, depth: float) -> range:
    """An open drawer behind its front; returns the new parts' indices."""
    low, high = rig.low[panel].copy(), rig.high[panel].copy()
    inset = 0.04 * (high - low)
    low, high = low + inset, high - inset
    low[1], high[1] = rig.centre[panel, 1], rig.centre[panel, 1] + depth
    high[2] = low[2] + 0.75 * (high[2] - low[2])
    first = len(rig.parts)
    slabs = _slabs(low, high, 0.03 * float(min(high - low)) + 0.004, "z")
    rig.parts += [replace(rig.parts[panel], vertices=s.vertices, faces=s.faces) for s in slabs]
    return range(first, len(rig.parts))


def _slabs(low: np.ndarray, high: np.ndarray, wall: float, without: str) -> list[shapes.Shell]:
    """The walls of a box, overlapping in its edges; the near side (y) or the top (z) is left out."""
    slabs = []
    for axis in range(3):
        for near in (True, False):
            if ("y" if axis == 1 and near else "z" if axis == 2 and not near else "") == without:
                continue
            a, b = low.copy(), high.copy()
            a[axis], b[axis] = (low[axis], low[axis] + wall) if near else (high[axis] - wall, high[axis])
            side, middle = b - a, (a + b) / 2
            slabs.append(shapes.box(*side).at(middle[0], middle[1], a[2]))
    return slabs
