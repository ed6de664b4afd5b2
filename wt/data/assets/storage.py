"""Shelves, cabinets, wardrobes, boxes, crates, stacks of boxes, baskets."""

from itertools import pairwise

import numpy as np

from wt.data.assets.kit import Builder, Look, four, material_of
from wt.data.mesh import Asset, Material
from wt.data.palette import Colour
from wt.data.primitives import Shell, box, cylinder, frame, loft, rounded_box, rounded_rectangle, tube, vessel


def _books(b: Builder, rng: np.random.Generator, left: float, right: float, y: float, z: float, room: float) -> None:
    """A row of upright books from `left` towards `right`, spines at `y` towards the front, under `room` metres."""
    x, tall = left, rng.uniform(0.55, 0.9) * room
    end = left + (right - left) * rng.uniform(0.4, 1.0)
    shared = [material_of("paper", rng) for _ in range(4)]
    while True:
        thick, high, deep = (
            rng.uniform(0.015, 0.05),
            min(tall * rng.uniform(0.8, 1.1), 0.95 * room),
            rng.uniform(0.12, 0.17),
        )
        if x + thick > end:
            return
        b.add(shared[rng.integers(4)], box(thick - 0.001, deep, high).at(x + thick / 2, y + deep / 2, z))
        x += thick


def _things(b: Builder, rng: np.random.Generator, left: float, right: float, z: float, room: float) -> None:
    """One or two closed boxes or vases on a board."""
    for x in rng.uniform(left + 0.08, right - 0.08, int(rng.integers(1, 3))):
        size = min(rng.uniform(0.08, 0.2), right - left - 0.02, 0.9 * room)
        if rng.random() < 0.5:
            b.add(material_of("painted", rng), box(size, 0.18, size * rng.uniform(0.4, 1.0), 0.004).at(x, 0, z))
        else:
            profile = size * np.array([[0.0, 0.0], [0.2, 0.0], [0.35, 0.3], [0.3, 0.6], [0.15, 0.8], [0.22, 1.0]])
            b.add(material_of("ceramic", rng), vessel(profile, 0.006, 20).at(x, 0, z), smooth=True)


def shelf(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """An open bookcase, with books and other things on most boards."""
    b, look = Builder("shelf"), Look(rng, colour, material)
    width, depth, height = rng.uniform(0.5, 1.3), rng.uniform(0.25, 0.38), rng.uniform(0.8, 2.1)
    thick, stuff = rng.uniform(0.015, 0.035), look.main("wood", "wood", "painted", "metal", axis=0)
    bays = 2 if width > 0.9 and rng.random() < 0.6 else 1
    levels = np.linspace(rng.uniform(0.03, 0.1), height - thick, max(3, round(height / rng.uniform(0.28, 0.42)) + 1))
    if rng.random() < 0.25:
        b.add(stuff, *(box(0.03, 0.03, height).at(x, y, 0) for x, y in four(width / 2, depth / 2 - 0.015)))
    else:
        b.add(stuff, *(box(thick, depth, height).at(x, 0, 0) for x in np.linspace(-width / 2, width / 2, bays + 1)))
    b.add(stuff, *(box(width - thick, depth - 0.004, thick).at(0, 0, z) for z in levels))
    if rng.random() < 0.6:
        b.add(stuff, box(width, 0.008, height - 0.02).at(0, depth / 2 - 0.004, 0.01))
    edges, full = np.linspace(-width / 2, width / 2, bays + 1), rng.uniform(0.4, 1.0)
    for low, high in pairwise(levels):
        for left, right in zip(edges[:-1] + thick, edges[1:] - thick):
            if rng.random() < full and rng.random() < 0.75:
                _books(b, rng, left, right, -depth / 2 + rng.uniform(0.01, 0.06), low + thick, high - low - thick)
            elif rng.random() < full:
                _things(b, rng, left, right, low + thick, high - low - thick)
    return b.done()


def _front(
    b: Builder, stuff: Material, knob: Material, width: float, height: float, x: float, z: float, y: float, style: int
) -> None:
    """A door or drawer front at `y`: plain or framed; `style` also picks knobs or bars."""
    b.add(stuff, box(width - 0.008, 0.018, height - 0.008, 0.003).at(x, y, z + 0.004))
    if style % 2 and min(width, height) > 0.2:
        b.add(stuff, frame(width - 0.008, height - 0.008, 0.06, 0.01).at(x, y - 0.008, z + 0.004))


def _handle(b: Builder, knob: Material, x: float, y: float, z: float, upright: bool | np.bool_, style: int) -> None:
    if style < 2:
        b.add(knob, cylinder(0.014, 0.03, 14).turned("x", 90).at(x, y, z), smooth=True)
    elif upright:
        b.add(knob, box(0.012, 0.022, 0.16).at(x, y - 0.012, z - 0.08))
    else:
        b.add(knob, box(0.14, 0.022, 0.012).at(x, y - 0.012, z - 0.006))


def _cupboard(
    name: str, look: Look, width: float, depth: float, height: float, columns: int, rows: list[float]
) -> Asset:
    """A carcass with fronts: each column is doors or drawers, `rows` are the shares of the height."""
    rng, b = look.rng, Builder(name)
    stuff, knob, style = (
        look.main("wood", "wood", "painted", axis=2),
        look.side("metal", "plastic", "wood"),
        int(rng.integers(4)),
    )
    front = stuff if rng.random() < 0.75 or look.colour is not None else look.side("painted", "wood")
    foot = rng.choice([0.0, 0.06, rng.uniform(0.1, 0.18)]) if name == "cabinet" else 0.05
    if foot > 0.1:
        b.add(
            look.side("wood", "metal"),
            *(box(0.04, 0.04, foot + 0.005).at(x, y, 0) for x, y in four(width / 2 - 0.05, depth / 2 - 0.05)),
        )
    elif foot:
        b.add(stuff, box(width - 0.04, depth - 0.06, foot + 0.005).at(0, 0.02, 0))
    b.add(stuff, box(width, depth - 0.02, height - foot - 0.02, 0.002).at(0, 0.01, foot))
    b.add(stuff, box(width + 0.02, depth + 0.01, 0.025, 0.004).at(0, 0, height - 0.025))
    room, wide, y = height - foot - 0.035, (width - 0.02) / columns, -depth / 2 + 0.005
    for column in range(columns):
        x, z = (column + 0.5) * wide - columns * wide / 2, foot + 0.005
        for share in rows:
            tall = share * room
            _front(b, front, knob, wide, tall, x, z, y, style)
            door = tall > 0.35 and tall > 0.6 * wide
            inward = -1 if column * 2 >= columns else 1
            hx = x + inward * (wide / 2 - 0.05) if door else x
            _handle(b, knob, hx, y - 0.008, z + tall * (0.55 if door else 0.5), door, style)
            z += tall
    return b.done()


def cabinet(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A sideboard, chest of drawers, bedside cabinet or kitchen unit."""
    look, kind = Look(rng, colour, material), rng.integers(4)
    if kind == 0:
        return _cupboard(
            "cabinet",
            look,
            rng.uniform(1.1, 1.8),
            rng.uniform(0.38, 0.48),
            rng.uniform(0.6, 0.85),
            int(rng.integers(2, 5)),
            [1.0],
        )
    if kind == 1:
        count = int(rng.integers(3, 6))
        return _cupboard(
            "cabinet",
            look,
            rng.uniform(0.6, 1.1),
            rng.uniform(0.4, 0.5),
            rng.uniform(0.7, 1.15),
            int(rng.integers(1, 3)),
            [1 / count] * count,
        )
    if kind == 2:
        rows = [[0.5, 0.5], [0.65, 0.35], [1.0]][rng.integers(3)]
        return _cupboard(
            "cabinet", look, rng.uniform(0.38, 0.55), rng.uniform(0.35, 0.45), rng.uniform(0.45, 0.65), 1, rows
        )
    return _cupboard(
        "cabinet",
        look,
        rng.uniform(0.8, 1.6),
        rng.uniform(0.5, 0.6),
        rng.uniform(0.82, 0.92),
        int(rng.integers(2, 4)),
        [0.75, 0.25],
    )


def nightstand(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A bedside cabinet with one to three drawers."""
    rows = [[0.5, 0.5], [0.65, 0.35], [1.0], [0.34, 0.33, 0.33]][rng.integers(4)]
    look = Look(rng, colour, material)
    return _cupboard(
        "nightstand", look, rng.uniform(0.38, 0.55), rng.uniform(0.35, 0.45), rng.uniform(0.45, 0.65), 1, rows
    )


def wardrobe(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A tall cupboard with two to four doors."""
    doors, rows = int(rng.integers(2, 5)), [[1.0], [1.0], [0.2, 0.8]][rng.integers(3)]
    return _cupboard(
        "wardrobe",
        Look(rng, colour, material),
        doors * rng.uniform(0.42, 0.55),
        rng.uniform(0.52, 0.64),
        rng.uniform(1.85, 2.2),
        doors,
        rows,
    )


def cardboard(rng: np.random.Generator, look: Look, width: float, depth: float, height: float) -> Asset:
    """A closed carton with tape, or a gift-like box with a lid."""
    b = Builder("box")
    stuff = look.main("paper", "paper", "wood", "plastic", colour="light brown" if rng.random() < 0.6 else None)
    b.add(stuff, box(width, depth, height, 0.003))
    kind = rng.random()
    if kind < 0.5:
        tape = look.side("paper", colour=["beige", "light brown", "grey"][rng.integers(3)])
        b.add(tape, box(width + 0.002, 0.05, 0.002).at(0, 0, height - 0.001))
        b.add(tape, *(box(0.002, 0.05, 0.07).at(x, 0, height - 0.07) for x in (-width / 2, width / 2)))
    elif kind < 0.75:
        lid = min(0.05, 0.3 * height)
        b.add(
            stuff if rng.random() < 0.5 else look.side("paper"),
            box(width + 0.012, depth + 0.012, lid, 0.002).at(0, 0, height - lid + 0.004),
        )
    return b.done()


def box_(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A carton, a lidded box, or an open carton with flaps."""
    look = Look(rng, colour, material)
    width, depth, height = rng.uniform(0.2, 0.6), rng.uniform(0.2, 0.45), rng.uniform(0.12, 0.45)
    if rng.random() < 0.7:
        return cardboard(rng, look, width, depth, height)
    b, stuff, wall = Builder("box"), look.main("paper", colour="light brown"), 0.006
    b.add(stuff, box(width, depth, wall))
    for side in (-1, 1):
        b.add(stuff, box(width, wall, height).at(0, side * (depth - wall) / 2, 0))
        b.add(stuff, box(wall, depth - 2 * wall, height).at(side * (width - wall) / 2, 0, 0))
        flap, angle = 0.45 * depth, rng.uniform(20, 70)
        shell = box(width - 0.01, flap, wall).at(0, flap / 2, 0).turned("x", -angle).at(0, depth / 2 - wall, height)
        b.add(stuff, shell if side > 0 else shell.turned("z", 180))
    return b.done()


def box_stack(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """Two to five boxes on each other, each turned a little."""
    look, b, z = Look(rng, colour, material), Builder("stack of boxes"), 0.0
    width, depth = rng.uniform(0.35, 0.65), rng.uniform(0.3, 0.5)
    for _ in range(int(rng.integers(2, 6))):
        height = rng.uniform(0.12, 0.38)
        x, y = rng.normal(0, 0.02, 2)
        b.place(cardboard(rng, look, width, depth, height), float(x), float(y), z, float(rng.normal(0, 0.15)))
        z += height
        width, depth = width * rng.uniform(0.7, 1.0), depth * rng.uniform(0.7, 1.0)
    return b.done()


def crate(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """An open crate of slats on corner posts."""
    b, look = Builder("crate"), Look(rng, colour, material)
    width, depth, height, wall = (
        rng.uniform(0.35, 0.6),
        rng.uniform(0.28, 0.42),
        rng.uniform(0.18, 0.4),
        rng.uniform(0.008, 0.016),
    )
    stuff, rows = look.main("wood", "wood", "plastic", axis=0), int(rng.integers(2, 5))
    b.add(
        stuff,
        *(box(0.03, 0.03, height).at(x, y, 0) for x, y in four(width / 2 - 0.015 - wall, depth / 2 - 0.015 - wall)),
    )
    b.add(stuff, box(width - 2 * wall, depth - 2 * wall, wall))
    pitch = height / rows
    for i in range(rows):
        for s in (-1, 1):
            b.add(stuff, box(width, wall, pitch * 0.82, 0.002).at(0, s * (depth - wall) / 2, i * pitch + 0.005))
            b.add(
                stuff, box(wall, depth - 2 * wall, pitch * 0.82, 0.002).at(s * (width - wall) / 2, 0, i * pitch + 0.005)
            )
    return b.done()


def _tub(width: float, depth: float, height: float, flare: float, wall: float, corner: float) -> Shell:
    """An open rounded container, wider at the top by the factor `flare`."""
    levels = [(0.0, 1.0, 0.0), (height, flare, 0.0), (height, flare, wall), (wall, 1.0, wall)]
    rings = [
        np.c_[rounded_rectangle(width * f - 2 * w, depth * f - 2 * w, max(corner - w, 0.01), 4), np.full(20, z)]
        for z, f, w in levels
    ]
    return loft(np.array(rings))


def basket(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A wicker, wire-coloured or plastic basket with a rim and sometimes a handle."""
    b, look = Builder("basket"), Look(rng, colour, material)
    width, height = rng.uniform(0.25, 0.5), rng.uniform(0.18, 0.5)
    depth = width if rng.random() < 0.5 else width * rng.uniform(0.6, 0.8)
    corner, flare, wall = rng.uniform(0.2, 0.499) * depth, rng.uniform(0.95, 1.3), rng.uniform(0.008, 0.015)
    stuff = look.main("wicker", "wicker", "wicker", "fabric", "plastic")
    b.add(stuff, _tub(width, depth, height, flare, wall, corner))
    rim = rounded_rectangle(width * flare - wall, depth * flare - wall, corner, 4)
    b.add(stuff, tube(np.c_[rim, np.full(len(rim), height)], wall, 8, closed=True), smooth=True)
    kind, top = rng.random(), width * flare / 2 - wall / 2
    if kind < 0.3:
        angles = np.linspace(0, np.pi, 15)
        arch = np.stack([top * np.cos(angles), np.zeros(15), height - 0.02 + (0.15 + 0.4 * width) * np.sin(angles)], -1)
        b.add(stuff, tube(arch, 0.011, 8), smooth=True)
    elif kind < 0.6:
        angles = np.linspace(0, np.pi, 9)
        for s in (-1, 1):
            loop = np.stack([np.full(9, s * top), 0.07 * np.cos(angles), height + 0.06 * np.sin(angles) - 0.005], -1)
            b.add(stuff, tube(loop, 0.008, 8), smooth=True)
    if rng.random() < 0.25:
        b.add(
            look.side("fabric"), rounded_box(0.9 * width, 0.85 * depth, 0.1, 0.05).at(0, 0, height - 0.07), smooth=True
        )
    return b.done()
