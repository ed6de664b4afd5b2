"""Figures, animals and robots: limbs that walk or wave, heads that turn."""

import numpy as np

from wt.data.rigs.rig import Rig


def figure(rig: Rig) -> None:
    """Walking, or standing and waving; the head turns."""
    if len(rig.parts) < 16:
        return
    walks = rig.rng.random() < 0.6
    step = rig.rng.uniform(0.25, 0.55)
    for side in (0, 1):
        thigh, shin, shoe, arm, forearm, hand = range(6 * side, 6 * side + 6)
        late = 0.5 * side
        if walks:
            hip = rig.add((thigh, shin, shoe), rig.end(thigh, 12), "x", -step, step, phase=late)
            rig.add((shin, shoe), rig.end(shin, thigh), "x", 0.0, 1.4 * step, phase=late + 0.25, parent=hip)
        swing = step if walks else rig.rng.uniform(0.1, 0.5)
        outwards = rig.rng.uniform(0.6, 2.2) if not walks and rig.rng.random() < 0.6 else 0.0
        if outwards:
            bound = (0.0, outwards) if side == 0 else (-outwards, 0.0)
            shoulder = rig.add((arm, forearm, hand), rig.end(arm, 12), "y", *bound)
        else:
            shoulder = rig.add((arm, forearm, hand), rig.end(arm, 12), "x", -swing, swing, phase=late + 0.5)
        rig.add((forearm, hand), rig.end(forearm, arm), "x", -rig.rng.uniform(0.3, 1.3), 0.0, parent=shoulder)
    rig.add(range(14, len(rig.parts)), rig.centre[13], "z", -0.6, 0.6)


def toy_animal(rig: Rig) -> None:
    """Four legs that walk, or a sitting teddy's arms and legs; the head turns or nods, the tail wags."""
    ground, count = rig.low[:, 2].min(), len(rig.parts)
    if count < 13:
        return
    if (rig.low[1:5, 2] < ground + 0.06 * rig.height).all():
        step = rig.rng.uniform(0.2, 0.5)
        for leg in range(1, 5):
            x, y = rig.centre[leg][:2] > rig.centre[0][:2]
            rig.add((leg,), rig.end(leg, 0), "x", -step, step, phase=0.5 * float(x == y))
        rig.add(range(5, count - 1), rig.end(5, 0), str(rig.rng.choice(["x", "z"])), -0.25, 0.25)
        rig.add((count - 1,), rig.end(count - 1, 0), "z", -0.6, 0.6)
        return
    neck = np.array([*rig.centre[2][:2], (rig.low[2, 2] + rig.high[0, 2]) / 2])
    rig.add((2, 3, 4, 5, 6, 7, 10), neck, str(rig.rng.choice(["x", "z"])), -0.3, 0.3)
    for arm, leg in ((8, 9), (11, 12)):
        rig.add((arm,), rig.end(arm, 0), "x", -1.6, 0.4, phase=float(rig.rng.random()))
        rig.add((leg,), rig.end(leg, 0), "x", -0.5, 0.1, phase=float(rig.rng.random()))


def robot(rig: Rig) -> None:
    """Arms, legs and head."""
    if len(rig.parts) < 18:
        return
    for first in (0, 5):
        late = float(rig.rng.random())
        rig.add((first, first + 1), rig.end(first, 10), "x", -0.35, 0.35, phase=first / 10)
        rig.add((first + 2, first + 3, first + 4), rig.centre[first + 2], "x", -2.0, 0.5, phase=late)
    rig.add(range(13, len(rig.parts)), rig.centre[12], "z", -0.9, 0.9)
