"""Lids, flaps and handles: cartons, jars, bins, buckets, suitcases."""

import numpy as np

from wt.data.rigs.hollow import hollow
from wt.data.rigs.rig import Rig


def box_(rig: Rig) -> None:
    """The flaps of an open carton fold, the lid of a closed one turns back."""
    if len(rig.parts) == 7:
        for flap, side in ((3, -1), (6, 1)):
            wall = 1 if side < 0 else 4
            pivot = np.array([0.0, rig.centre[wall, 1], rig.high[wall, 2]])
            out = rig.centre[flap] - pivot
            turn = np.pi + float(np.arctan2(-out[2], abs(out[1]))) - 0.06
            rig.add((flap,), pivot, "x", *((0.0, turn) if side > 0 else (-turn, 0.0)), course="open")
    elif len(rig.parts) == 2 and rig.size[1, 2] < 0.6 * rig.size[0, 2]:
        pivot = np.array([0.0, rig.high[1, 1], rig.low[1, 2]])
        rig.add((1,), pivot, "x", 0.0, -rig.rng.uniform(0.6, 2.0), course="open")
        hollow(rig, 0, "z")


def lidded(rig: Rig) -> None:
    """The lid of a jar, a pot or a teapot is lifted."""
    first, count = {"jar": (1, len(rig.parts) - 1), "pot": (3, 2), "teapot": (1, 2)}[rig.asset.name]
    lid = range(first, first + count)
    if first + count > len(rig.parts) or rig.centre[first, 2] < rig.low[:, 2].min() + 0.6 * rig.size[0, 2]:
        return
    rise = rig.rng.uniform(0.15, 0.5)
    rig.add(lid, rig.centre[first], "z", 0.0, rise, course="open", slide=True)


def bin_(rig: Rig) -> None:
    """A pedal bin's lid or a dome's flap."""
    if len(rig.parts) != 3:
        return
    if rig.low[2, 2] < rig.low[:, 2].min() + 0.1 * rig.height:
        pivot = np.array([rig.centre[1, 0], rig.high[1, 1], rig.low[1, 2]])
        rig.add((1,), pivot, "x", 0.0, -rig.rng.uniform(0.5, 1.5), course="open")
    elif rig.size[1, 2] > 0.25 * rig.size[1, 0]:
        rig.add((2,), rig.centre[2], "x", -0.6, 0.6)


def bucket(rig: Rig) -> None:
    """The handle falls from side to side."""
    points = rig.parts[2].vertices
    pivot = points[np.abs(points[:, 0]) > 0.95 * np.abs(points[:, 0]).max()].mean(axis=0) * [0, 1, 1]
    top = points[np.linalg.norm((points - pivot)[:, 1:], axis=1).argmax()] - pivot
    lean = float(np.arctan2(-top[1], top[2]))
    rig.add((2,), pivot, "x", -1.2 - lean, 1.2 - lean)


def suitcase(rig: Rig) -> None:
    """A trolley's handle comes out."""
    if len(rig.parts) >= 11:
        last = len(rig.parts)
        rig.add(range(last - 3, last), rig.centre[-1], "z", 0.0, 0.25, course="open", slide=True)
