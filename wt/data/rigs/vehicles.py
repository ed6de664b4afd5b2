"""Things that roll over the ground: wheels, a propeller, a ball."""

import numpy as np

from wt.data.rigs.rig import Rig


def vehicle(rig: Rig) -> None:
    """Wheels that roll over the ground, and an aeroplane's propeller."""
    ground = rig.low[:, 2].min()
    for i, (x, y, z) in enumerate(rig.size):
        if abs(y - z) < 0.05 * z and x < 0.8 * z and rig.low[i, 2] < ground + 0.25 * z:
            rig.add((i,), rig.centre[i], "x", 2 / float(z), course="roll")
    if rig.asset.name == "aeroplane":
        front, length = rig.low[:, 1].min(), float(np.ptp(np.stack([rig.low, rig.high])[..., 1]))
        blades = np.flatnonzero(rig.centre[:, 1] < front + 0.06 * length)
        if len(blades):
            rig.add(blades.tolist(), rig.centre[blades[0]], "y", float(rig.rng.choice([-1, 1])) * 9.0, course="spin")


def ball(rig: Rig) -> None:
    """It rolls."""
    rig.add(range(len(rig.parts)), (rig.low.min(axis=0) + rig.high.max(axis=0)) / 2, "x", 2 / rig.height, course="roll")
