"""Tables, desks and coffee tables."""

import numpy as np

from wt.data.assets.kit import Builder, Look, four
from wt.data.mesh import Asset, Material
from wt.data.palette import Colour
from wt.data.primitives import bar, beam, box, cylinder, frustum, lathe, rounded_box


def _top(rng: np.random.Generator, width: float, depth: float, thick: float) -> tuple[list, bool]:
    """The table top standing on z = 0 and whether it is round."""
    if rng.random() < 0.3 and width < 1.5:
        side = max(0.8 * width, depth)
        return [cylinder(side / 2, thick, 40, 0.006).scaled(1.0, rng.uniform(0.7, 1.0), 1.0)], True
    if rng.random() < 0.3:
        return [rounded_box(width, depth, thick, 0.4 * thick, 2)], False
    return [box(width, depth, thick, 0.003)], False


def _four_legs(b: Builder, rng: np.random.Generator, stuff: Material, x: float, y: float, height: float) -> None:
    """Square, tapered, turned or round legs and, often, an apron."""
    wide, kind = rng.uniform(0.035, 0.09), rng.integers(3)
    splay = rng.uniform(0.0, 0.08) if kind == 1 else 0.0
    for px, py in four(x, y):
        if kind == 0:
            b.add(stuff, box(wide, wide, height, 0.002).at(px, py, 0))
        elif kind == 1:
            foot = (px + np.sign(px) * splay, py + np.sign(py) * splay, 0.0)
            b.add(stuff, bar(foot, (px, py, height), 0.3 * wide, 0.5 * wide), smooth=True)
        else:
            b.add(stuff, beam((px, py, height), (px, py, 0), wide, wide, rng.uniform(0.5, 0.8)))
    if rng.random() < 0.6:
        tall = rng.uniform(0.06, 0.11)
        for sy in (-y, y):
            b.add(stuff, box(2 * x, 0.022, tall).at(0, sy, height - tall))
        for sx in (-x, x):
            b.add(stuff, box(0.022, 2 * y, tall).at(sx, 0, height - tall))


def _foot(
    b: Builder, rng: np.random.Generator, stuff: Material, width: float, depth: float, height: float, round_: bool
) -> None:
    """Pedestal, trestles or side panels."""
    if round_:
        neck, base = rng.uniform(0.03, 0.07), 0.32 * min(width, depth)
        if rng.random() < 0.5:
            profile = np.array([[base, 0], [base, 0.02], [neck, 0.07], [neck, height - 0.05], [2 * neck, height]])
            b.add(stuff, lathe(profile), smooth=True)
        else:
            b.add(stuff, frustum(base, 0.6 * base, height, 32), smooth=True)
    elif rng.random() < 0.5:
        for x in (-width / 2 + 0.14, width / 2 - 0.14):
            for y in (-depth / 2 + 0.06, depth / 2 - 0.06):
                b.add(stuff, beam((x, y, 0), (x, 0.3 * y, height), 0.05, 0.06))
            b.add(stuff, box(0.05, 0.6 * depth, 0.05).at(x, 0, height - 0.05))
        b.add(stuff, box(width - 0.28, 0.04, 0.06).at(0, 0, 0.45 * height))
    else:
        for x in (-width / 2 + 0.08, width / 2 - 0.08):
            b.add(stuff, box(0.05, 0.86 * depth, height).at(x, 0, 0))


def _make(name: str, look: Look, width: float, depth: float, height: float) -> Asset:
    rng, b = look.rng, Builder(name)
    thick = rng.uniform(0.02, 0.06)
    stuff = look.main("wood", "wood", "wood", "painted", "stone", "marble", axis=0)
    shells, round_ = _top(rng, width, depth, thick)
    b.add(stuff, *(s.at(0, 0, height - thick) for s in shells))
    low, high = shells[0].vertices.min(axis=0), shells[0].vertices.max(axis=0)
    width, depth = high[0] - low[0], high[1] - low[1]
    legs = stuff if rng.random() < 0.6 else look.side("metal", "wood", "painted")
    if rng.random() < (0.45 if round_ else 0.22):
        _foot(b, rng, legs, width, depth, height - thick, round_)
    else:
        inset = 0.68 if round_ else 1.0
        _four_legs(b, rng, legs, (width / 2 - 0.06) * inset, (depth / 2 - 0.06) * inset, height - thick)
        if rng.random() < 0.15:
            b.add(stuff, box((width - 0.12) * inset, (depth - 0.12) * inset, 0.02).at(0, 0, 0.25 * height))
    return b.done()


def table(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A dining, kitchen or side table."""
    if rng.random() < 0.2:
        side = rng.uniform(0.38, 0.6)
        return _make("table", Look(rng, colour, material), side, side * rng.uniform(0.8, 1.0), rng.uniform(0.45, 0.65))
    return _make(
        "table", Look(rng, colour, material), rng.uniform(0.8, 2.0), rng.uniform(0.7, 1.0), rng.uniform(0.7, 0.78)
    )


def coffee_table(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A low table."""
    return _make(
        "coffee table",
        Look(rng, colour, material),
        rng.uniform(0.7, 1.25),
        rng.uniform(0.45, 0.7),
        rng.uniform(0.3, 0.48),
    )


def desk(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A writing desk; drawers under one or both ends, open towards the front."""
    look, b = Look(rng, colour, material), Builder("desk")
    width, depth, height, thick = (
        rng.uniform(1.0, 1.7),
        rng.uniform(0.55, 0.8),
        rng.uniform(0.71, 0.77),
        rng.uniform(0.02, 0.04),
    )
    stuff = look.main("wood", "wood", "painted", axis=0)
    legs = look.side("metal", "painted") if rng.random() < 0.4 else stuff
    knobs, under = look.side("metal", "plastic"), height - thick
    b.add(stuff, box(width, depth, thick, 0.003).at(0, 0, under))
    ends = [(-1,), (1,), (-1, 1)][rng.choice(3, p=[0.4, 0.3, 0.3])]
    for side in (-1, 1):
        if side not in ends:
            for y in (-depth / 2 + 0.05, depth / 2 - 0.05):
                b.add(legs, box(0.05, 0.05, under).at(side * (width / 2 - 0.05), y, 0))
            continue
        wide, count = rng.uniform(0.32, 0.42), int(rng.integers(2, 5))
        x, raised = side * (width / 2 - wide / 2 - 0.02), 0.0 if rng.random() < 0.5 else rng.uniform(0.06, 0.2)
        b.add(stuff, box(wide, depth - 0.06, under - raised).at(x, 0.01, raised))
        if raised:
            for px, py in four(wide / 2 - 0.03, depth / 2 - 0.07):
                b.add(legs, box(0.035, 0.035, raised).at(x + px, py, 0))
        tall = (under - raised) / count
        for i in range(count):
            z = raised + i * tall
            b.add(stuff, box(wide - 0.02, 0.018, tall - 0.012, 0.003).at(x, -depth / 2 + 0.03, z + 0.006))
            b.add(knobs, box(0.1, 0.02, 0.012).at(x, -depth / 2 + 0.012, z + tall * 0.65))
    if rng.random() < 0.5:
        b.add(stuff, box(width - 0.1, 0.018, 0.35).at(0, depth / 2 - 0.06, under - 0.35))
    return b.done()
