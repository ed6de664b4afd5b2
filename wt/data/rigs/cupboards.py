"""Furniture and machines with fronts: doors, drawers, an oven, a porthole."""

import numpy as np

from wt.data.rigs.hollow import hollow, tray_behind
from wt.data.rigs.rig import Rig


def cupboard(rig: Rig) -> None:
    """One to four fronts: doors turn away from their handle, drawers come out; both show an inside."""
    body = _carcass(rig)
    panels = _fronts(rig, body)
    chosen = rig.rng.permutation(len(panels))[: int(rig.rng.integers(1, 5))]
    if not len(chosen):
        return
    depth, opened = float(rig.size[body, 1]), False
    for index in chosen:
        panel, group = panels[index]
        grips = [part for part in group if part != panel and rig.size[part, 0] < 0.5 * rig.size[panel, 0]]
        aside = float(np.mean(rig.centre[grips, 0])) - rig.centre[panel, 0] if grips else 0.0
        if abs(aside) > 0.15 * rig.size[panel, 0]:
            hinge, opened = (rig.low if aside > 0 else rig.high)[panel], True
            wide = rig.rng.uniform(0.8, 2.0)
            pivot = np.array([hinge[0], rig.high[panel, 1], 0.0])
            rig.add(group, pivot, "z", *((-wide, 0.0) if aside > 0 else (wide, 0.0)), course="open")
        else:
            tray = tray_behind(rig, panel, 0.85 * depth)
            far = depth * rig.rng.uniform(0.3, 0.7)
            rig.add([*group, *tray], rig.centre[panel], "y", 0.0, -far, course="open", slide=True)
    if opened:
        hollow(rig, body, "y")


def stove(rig: Rig) -> None:
    """The oven door comes down."""
    body = _carcass(rig)
    low, tall = rig.low[body, 2], rig.size[body, 2]
    group = [p for p in _front_parts(rig, body) if 0.1 < (rig.centre[p, 2] - low) / tall < 0.84]
    if not group:
        return
    door = max(group, key=lambda part: float(rig.size[part, 2]))
    pivot = np.array([0.0, rig.high[door, 1], rig.low[door, 2]])
    rig.add(group, pivot, "x", 0.0, rig.rng.uniform(0.6, 1.5), course="open")
    hollow(rig, body, "y")


def washing_machine(rig: Rig) -> None:
    """The round door."""
    body = _carcass(rig)
    low, tall = rig.low[body, 2], rig.size[body, 2]
    group = [p for p in _front_parts(rig, body) if 0.2 < (rig.centre[p, 2] - low) / tall < 0.65]
    if group:
        rim = max(group, key=lambda part: float(rig.size[part, 0]))
        pivot = np.array([rig.low[rim, 0], rig.high[rim, 1], 0.0])
        rig.add(group, pivot, "z", -rig.rng.uniform(0.8, 2.2), 0.0, course="open")


def _carcass(rig: Rig) -> int:
    return int(np.prod(rig.size, axis=1).argmax())


def _front_parts(rig: Rig, body: int) -> list[int]:
    """Parts that lie on the front of the body."""
    return np.flatnonzero(rig.centre[:, 1] < rig.low[body, 1] + 0.02 * rig.size[body, 1]).tolist()


def _fronts(rig: Rig, body: int) -> list[tuple[int, list[int]]]:
    """(panel, panel and what sits on it): a part belongs to the largest panel around its middle."""
    front = _front_parts(rig, body)
    area = rig.size[:, 0] * rig.size[:, 2]
    panels: dict[int, list[int]] = {}
    for part in sorted(front, key=lambda i: -float(area[i])):
        x, z = rig.centre[part, 0], rig.centre[part, 2]
        around = [p for p in panels if rig.low[p, 0] < x < rig.high[p, 0] and rig.low[p, 2] < z < rig.high[p, 2]]
        if around:
            panels[around[0]].append(part)
        else:
            panels[part] = [part]
    return [(panel, group) for panel, group in panels.items() if len(group) > 1]
