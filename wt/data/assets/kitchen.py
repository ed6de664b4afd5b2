"""Big kitchen and bathroom things: fridges, stoves, washing machines, sinks; doors and dials face -y."""

from itertools import pairwise

import numpy as np

from wt.data.assets.kit import Builder, Look, material_of
from wt.data.mesh import Asset, Material
from wt.data.palette import Colour
from wt.data.primitives import bar, box, cylinder, frame, lathe, rounded_box, smooth_path, torus, tube, vessel


def _carcass(b: Builder, look: Look, width: float, depth: float, height: float, soft: float = 0.01) -> Material:
    """The painted or steel body on a dark plinth; returns its material."""
    shell = look.main(
        "painted", "metal", "plastic", colour=["white", "white", "silver", "cream", None][look.rng.integers(5)]
    )
    b.add(material_of("plastic", look.rng, "black"), box(0.94 * width, 0.9 * depth, 0.07).at(0, 0.02, 0))
    b.add(shell, rounded_box(width, depth, height - 0.06, soft, 2).at(0, 0, 0.06))
    return shell


def fridge(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A fridge: one door, fridge over freezer, or two doors side by side; round-shouldered by chance."""
    look, b = Look(rng, colour, material), Builder("fridge")
    width, depth, height = rng.uniform(0.54, 0.62), rng.uniform(0.55, 0.65), rng.uniform(0.85, 1.95)
    double = height > 1.6 and rng.random() < 0.25
    width *= 1.5 if double else 1.0
    retro = rng.random() < 0.25
    shell = _carcass(b, look, width, depth, height, 0.06 if retro else 0.008)
    metal, split = look.side("metal"), rng.choice([0.0, rng.uniform(0.3, 0.65)])
    levels = [0.09, height - 0.03] if double or height < 1.1 or not split else [0.09, split * height, height - 0.03]
    soft, left = (0.025 if retro else 0.008), rng.random() < 0.5
    for low, high in pairwise(levels):
        for x in (-width / 4, width / 4) if double else (0.0,):
            wide = width / 2 if double else width
            b.add(shell, rounded_box(wide - 0.012, 0.06, high - low - 0.01, soft, 2).at(x, -depth / 2 - 0.025, low))
            side = np.sign(-x) if double else (-1 if left else 1)
            long = min(0.4, 0.5 * (high - low))
            middle = low + (high - low) * (0.35 if low > 0.1 else 0.65)
            hx, hy = x + side * (wide / 2 - 0.05), -depth / 2 - 0.085
            b.add(metal, bar((hx, hy, middle - long / 2), (hx, hy, middle + long / 2), 0.011), smooth=True)
            for z in (middle - 0.42 * long, middle + 0.42 * long):
                b.add(metal, bar((hx, hy, z), (hx, hy + 0.04, z), 0.008), smooth=True)
    return b.done()


def stove(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A cooker: hob with four rings, oven door with window and rail, knobs; a pot on top by chance."""
    look, b = Look(rng, colour, material), Builder("stove")
    width, depth, height = rng.uniform(0.5, 0.75), rng.uniform(0.55, 0.63), rng.uniform(0.84, 0.92)
    _carcass(b, look, width, depth, height)
    dark, metal, front = material_of("glass", rng, "black"), look.side("metal"), -depth / 2
    b.add(dark, box(width - 0.03, depth - 0.04, 0.012, 0.003).at(0, 0, height))
    for x in (-0.25 * width, 0.25 * width):
        for y in (-0.24 * depth, 0.22 * depth):
            r = rng.uniform(0.07, 0.1)
            b.add(
                metal,
                torus(r, 0.006, 32, 8).at(x, y, height + 0.014),
                cylinder(0.45 * r, 0.01, 24).at(x, y, height + 0.01),
                smooth=True,
            )
    b.add(metal, box(width - 0.04, 0.02, 0.09, 0.003).at(0, front - 0.005, height - 0.11))
    for x in np.linspace(-0.4 * width, 0.4 * width, int(rng.integers(4, 7))):
        b.add(
            look.side("plastic", "metal", colour="black"),
            cylinder(0.02, 0.03, 20).turned("x", 90).at(x, front - 0.01, height - 0.065),
            smooth=True,
        )
    b.add(metal, frame(width - 0.05, 0.5, 0.06, 0.03).at(0, front + 0.005, 0.2))
    b.add(dark, box(width - 0.15, 0.02, 0.4).at(0, front, 0.25))
    b.add(metal, bar((-0.4 * width, front - 0.06, 0.7), (0.4 * width, front - 0.06, 0.7), 0.011), smooth=True)
    for x in (-0.36 * width, 0.36 * width):
        b.add(metal, bar((x, front - 0.06, 0.7), (x, front, 0.7), 0.008), smooth=True)
    if rng.random() < 0.4:
        r, tall = rng.uniform(0.08, 0.12), rng.uniform(0.08, 0.16)
        pot = vessel(np.array([[0, 0], [0.97 * r, 0], [r, 0.01], [r, tall]]), 0.004, 36)
        b.add(look.side("metal", "painted"), pot.at(0.25 * width, -0.24 * depth, height + 0.021), smooth=True)
    return b.done()


def washing_machine(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A front loader: round door, dial, drawer."""
    look, b = Look(rng, colour, material), Builder("washing machine")
    width, depth, height = 0.6, rng.uniform(0.45, 0.62), rng.uniform(0.82, 0.87)
    _carcass(b, look, width, depth, height)
    front, r, z = -depth / 2, rng.uniform(0.16, 0.2), 0.42
    rim, glass = (
        look.side("metal", "plastic"),
        material_of("glass", rng, ["black", "dark grey", "navy"][rng.integers(3)]),
    )
    b.add(rim, torus(r, 0.03, 44, 12).turned("x", 90).scaled(1, 0.8, 1).at(0, front - 0.005, z), smooth=True)
    dome = np.array([[r, 0], [0.9 * r, 0.03], [0.5 * r, 0.05], [0, 0.055]])
    b.add(glass, lathe(smooth_path(dome, 12), 40).turned("x", 90).at(0, front + 0.005, z), smooth=True)
    b.add(
        look.side("plastic", colour=["white", "light grey", "black"][rng.integers(3)]),
        box(width - 0.02, 0.02, 0.11, 0.004).at(0, front - 0.004, height - 0.12),
    )
    b.add(
        rim,
        cylinder(0.03, 0.03, 28, 0.004).turned("x", 90).at(rng.uniform(-0.05, 0.15), front - 0.01, height - 0.065),
        smooth=True,
    )
    b.add(look.side("plastic"), box(0.16, 0.02, 0.07, 0.004).at(-0.19, front - 0.012, height - 0.1))
    return b.done()


def sink(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A wash-basin on a pedestal with a tap."""
    look, b = Look(rng, colour, material), Builder("sink")
    bowl, chrome = (
        look.main("ceramic", "ceramic", "stone", "marble", colour=["white", "white", None][rng.integers(3)]),
        look.side("metal", colour="silver"),
    )
    r, h, stretch = rng.uniform(0.22, 0.28), rng.uniform(0.8, 0.88), rng.uniform(1.05, 1.35)
    deep = rng.uniform(0.14, 0.2)
    curve = smooth_path([[0.35 * r, 0], [0.8 * r, 0.35 * deep], [0.98 * r, 0.8 * deep], [r, deep]], 14)
    basin = vessel(np.concatenate([[[0, 0]], curve]), 0.018, 44).scaled(stretch, 1, 1)
    b.add(bowl, basin.at(0, 0, h - deep), smooth=True)
    leg = np.array([[0.13, 0], [0.13, 0.02], [0.075, 0.12], [0.07, 0.5 * h], [0.1, h - deep + 0.01]])
    b.add(bowl, lathe(smooth_path(leg, 20), 32), smooth=True)
    y = r - 0.03
    b.add(bowl, rounded_box(0.2, 0.1, 0.04, 0.015).at(0, y + 0.02, h - 0.038), smooth=True)
    spout = smooth_path([[0, y, h - 0.01], [0, y, h + 0.11], [0, y - 0.05, h + 0.15], [0, y - 0.13, h + 0.09]], 18)
    b.add(chrome, tube(spout, 0.012, 12), cylinder(0.022, 0.02, 24).at(0, y, h), smooth=True)
    for x in (-0.06, 0.06):
        b.add(
            chrome,
            cylinder(0.011, 0.04, 16).at(x, y, h),
            bar((x - 0.02, y, h + 0.04), (x + 0.02, y, h + 0.04), 0.006),
            smooth=True,
        )
    return b.done()
