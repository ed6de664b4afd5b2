"""Lamps, screens, clocks and other things with a hinge or a pivot."""

import numpy as np

from wt.data.rigs.rig import Rig


def laptop(rig: Rig) -> None:
    """The lid closes or opens."""
    lid = len(rig.parts) - 2
    pivot = np.array([0.0, rig.high[0, 1], rig.high[0, 2]])
    across = rig.centre[lid] - pivot
    rig.add((lid, lid + 1), pivot, "x", -0.2, float(np.arctan2(across[2], -across[1])) - 0.12, course="open")


def table_lamp(rig: Rig) -> None:
    """A jointed desk lamp: foot, elbow and head."""
    if len(rig.parts) != 6:
        return
    foot = rig.add(range(1, 6), rig.centre[0], "z", -0.9, 0.9)
    arm = rig.add(range(1, 6), rig.end(1, 0), "x", -0.3, 0.4, phase=0.2, parent=foot)
    elbow = rig.add((2, 4, 5), rig.centre[3], "x", -0.6, 0.5, phase=0.5, parent=arm)
    rig.add((5,), rig.centre[4], "x", -0.5, 0.5, phase=0.8, parent=elbow)


def monitor(rig: Rig) -> None:
    """The screen tilts and turns on its foot."""
    foot = rig.add((0, 1), rig.centre[2], "z", -0.5, 0.5)
    rig.add((0, 1), rig.centre[0], "x", -0.25, 0.25, parent=foot)


def clock(rig: Rig) -> None:
    """Both hands go around, one faster."""
    hands = len(rig.parts) - 2
    for hand, turns in ((hands, 0.6), (hands + 1, 4.0)):
        rig.add((hand,), rig.centre[0], "y", turns, course="spin")


def office_chair(rig: Rig) -> None:
    """All above the gas lift turns."""
    if len(rig.parts) > 12:
        rig.add(range(11, len(rig.parts)), rig.centre[10], "z", -rig.rng.uniform(0.4, 1.6), 1.0)


def ladder(rig: Rig) -> None:
    """A step ladder's rear half folds."""
    last = len(rig.parts)
    top = np.array([0.0, rig.centre[last - 3, 1], rig.high[1, 2]])
    rig.add((1, 3, last - 2, last - 1), top, "x", -0.5, 0.05, course="open")
