"""Which parts of an asset move, and about what: doors, drawers, lids, flaps, wheels, propellers, lamp arms, limbs.

The families of wt/data/assets do not name their parts, so a rig finds them by their order or by where they lie. A
family without a rig, or an asset of it that has not the parts that its rig knows, moves as a whole only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from wt.data import primitives as shapes
from wt.data.mesh import Asset, Part
from wt.data.motion import Joint
from wt.types import Float

Parts = Sequence[int] | range


def rigged(asset: Asset, rng: np.random.Generator) -> tuple[Asset, tuple[Joint, ...]]:
    """The asset and its joints, in its present frame; cupboards get an inside, which the asset at rest lacks."""
    rig = Rig(asset, rng)
    RIGS.get(asset.name, lambda _: None)(rig)
    return replace(asset, parts=tuple(rig.parts)), tuple(rig.joints)


@dataclass
class Rig:
    """What a family's rule works with: the parts, their boxes, and the joints found so far."""

    asset: Asset
    rng: np.random.Generator
    parts: list[Part] = field(init=False)
    joints: list[Joint] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.parts = list(self.asset.parts)
        self.low = np.array([part.vertices.min(axis=0) for part in self.parts])
        self.high = np.array([part.vertices.max(axis=0) for part in self.parts])
        self.centre, self.size = (self.low + self.high) / 2, self.high - self.low
        self.height = float(self.high[:, 2].max() - self.low[:, 2].min())

    def add(self, parts: Parts, pivot: np.ndarray, axis: str, low: float, high: float = 0.0, **more) -> int:
        """A joint about the x, y or z axis; returns its index, for children's `parent`."""
        direction = (float(axis == "x"), float(axis == "y"), float(axis == "z"))
        self.joints.append(Joint(tuple(parts), np.asarray(pivot, float), direction, low, high, **more))
        return len(self.joints) - 1

    def end(self, part: int, towards: int) -> Float[np.ndarray, "3"]:
        """The middle of the end of a long part that is nearer to another part's centre: where the two meet."""
        points = self.parts[part].vertices
        along = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)[2][0]
        reach = (points - self.centre[part]) @ along
        ends = [points[s * reach > 0.8 * (s * reach).max()].mean(axis=0) for s in (-1, 1)]
        return min(ends, key=lambda at: float(np.linalg.norm(at - self.centre[towards])))


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
            tray = _tray(rig, panel, 0.85 * depth)
            far = depth * rig.rng.uniform(0.3, 0.7)
            rig.add([*group, *tray], rig.centre[panel], "y", 0.0, -far, course="open", slide=True)
    if opened:
        _hollow(rig, body, "y")


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
    _hollow(rig, body, "y")


def washing_machine(rig: Rig) -> None:
    """The round door."""
    body = _carcass(rig)
    low, tall = rig.low[body, 2], rig.size[body, 2]
    group = [p for p in _front_parts(rig, body) if 0.2 < (rig.centre[p, 2] - low) / tall < 0.65]
    if group:
        rim = max(group, key=lambda part: float(rig.size[part, 0]))
        pivot = np.array([rig.low[rim, 0], rig.high[rim, 1], 0.0])
        rig.add(group, pivot, "z", -rig.rng.uniform(0.8, 2.2), 0.0, course="open")


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
        _hollow(rig, 0, "z")


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


def office_chair(rig: Rig) -> None:
    """All above the gas lift turns."""
    if len(rig.parts) > 12:
        rig.add(range(11, len(rig.parts)), rig.centre[10], "z", -rig.rng.uniform(0.4, 1.6), 1.0)


def clock(rig: Rig) -> None:
    """Both hands go around, one faster."""
    hands = len(rig.parts) - 2
    for hand, turns in ((hands, 0.6), (hands + 1, 4.0)):
        rig.add((hand,), rig.centre[0], "y", turns, course="spin")


def monitor(rig: Rig) -> None:
    """The screen tilts and turns on its foot."""
    foot = rig.add((0, 1), rig.centre[2], "z", -0.5, 0.5)
    rig.add((0, 1), rig.centre[0], "x", -0.25, 0.25, parent=foot)


def ladder(rig: Rig) -> None:
    """A step ladder's rear half folds."""
    last = len(rig.parts)
    top = np.array([0.0, rig.centre[last - 3, 1], rig.high[1, 2]])
    rig.add((1, 3, last - 2, last - 1), top, "x", -0.5, 0.05, course="open")


def ball(rig: Rig) -> None:
    """It rolls."""
    rig.add(range(len(rig.parts)), (rig.low.min(axis=0) + rig.high.max(axis=0)) / 2, "x", 2 / rig.height, course="roll")


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


def _hollow(rig: Rig, body: int, without: str) -> None:
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


def _tray(rig: Rig, panel: int, depth: float) -> range:
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


RIGS: dict[str, Callable[[Rig], None]] = {
    "figure": figure, "toy animal": toy_animal, "robot": robot,
    "car": vehicle, "truck": vehicle, "bus": vehicle, "train": vehicle, "aeroplane": vehicle, "ball": ball,
    "cabinet": cupboard, "nightstand": cupboard, "wardrobe": cupboard, "fridge": cupboard,
    "stove": stove, "washing machine": washing_machine, "laptop": laptop, "table lamp": table_lamp, "box": box_,
    "jar": lidded, "pot": lidded, "teapot": lidded, "bin": bin_, "bucket": bucket, "suitcase": suitcase,
    "office chair": office_chair, "clock": clock, "monitor": monitor, "ladder": ladder,
}  # fmt: skip
"""Family -> its rule."""
