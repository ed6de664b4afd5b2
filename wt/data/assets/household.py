"""Screens, bins, suitcases, radios, ladders, cones, barrels, buckets: the rest of a household and a street."""

import numpy as np

from wt.data.assets.kit import Builder, Look, four, glowing, material_of
from wt.data.mesh import Asset, Material
from wt.data.palette import Colour
from wt.data.primitives import (
    bar,
    beam,
    box,
    cylinder,
    frame,
    frustum,
    lathe,
    rounded_box,
    smooth_path,
    sphere,
    superellipsoid,
    torus,
    tube,
    vessel,
)
from wt.data.textures import materials, patterns


def _screen(rng: np.random.Generator) -> Material:
    """Off (nearly black and shiny), or showing a picture."""
    if rng.random() < 0.55:
        return Material(materials.plain(rng, np.full(3, 0.02), 0.02), 0.08, 0.15)
    picture = patterns.photograph(rng, size=0.5) if rng.random() < 0.6 else patterns.noise(rng)
    return Material(picture, 0.05, 0.2, 0.5)


def _panel(
    b: Builder, rng: np.random.Generator, body: Material, width: float, height: float, z: float, tilt: float = 0.0
) -> None:
    """A flat screen standing at height z, its glass 2 mm in front of the body."""
    border, back = rng.uniform(0.008, 0.025), rng.uniform(0.025, 0.05)
    case = rounded_box(width, back, height, 0.006, 1)
    glass = box(width - 2 * border, 0.004, height - 2 * border - 0.01).at(0, -back / 2, border + 0.008)
    b.add(body, case.turned("x", tilt).at(0, 0, z))
    b.add(_screen(rng), glass.turned("x", tilt).at(0, 0, z))


def monitor(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A computer screen on its foot."""
    look, b = Look(rng, colour, material), Builder("monitor", "table")
    body = look.main("plastic", "metal", colour=["black", "dark grey", "white", "silver"][rng.integers(4)])
    width = rng.uniform(0.42, 0.75)
    height, lift = width * rng.uniform(0.5, 0.64), rng.uniform(0.08, 0.16)
    _panel(b, rng, body, width, height, lift, -rng.uniform(0, 8))
    b.add(body, beam((0, 0.06, 0.01), (0, 0.045, lift + 0.5 * height), 0.06, 0.025, 0.8))
    if rng.random() < 0.5:
        b.add(body, rounded_box(0.4 * width, 0.2, 0.014, 0.006, 2).at(0, 0.03, 0))
    else:
        b.add(body, cylinder(0.115, 0.014, 36, 0.004).at(0, 0.03, 0), smooth=True)
    return b.done()


def television(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A flat television on two feet, or an old one in a deep box."""
    look, b = Look(rng, colour, material), Builder("television", "table")
    if rng.random() < 0.25:
        body, width = look.main("wood", "plastic"), rng.uniform(0.45, 0.65)
        height, deep = 0.78 * width, 0.7 * width
        b.add(body, rounded_box(width, 0.55 * deep, height, 0.02).at(0, 0, 0.02), smooth=True)
        b.add(
            look.side("plastic", colour="black"),
            rounded_box(0.7 * width, 0.6 * deep, 0.7 * height, 0.06).at(0, 0.45 * deep, 0.1 * height),
            smooth=True,
        )
        tube_ = superellipsoid(0.37 * width, 0.03, 0.38 * height, 0.35, 32, 14).at(
            -0.08 * width, -0.275 * deep, 0.54 * height
        )
        b.add(_screen(rng), tube_, smooth=True)
        for i in range(3):
            knob = (
                cylinder(0.018, 0.02, 18, 0.002)
                .turned("x", 90)
                .at(0.41 * width, -0.27 * deep, (0.75 - 0.18 * i) * height)
            )
            b.add(look.side("metal", "plastic"), knob, smooth=True)
        for x, y in four(0.4 * width, 0.2 * deep):
            b.add(body, box(0.03, 0.03, 0.03).at(x, y, 0))
        return b.done()
    body, width = (
        look.main("plastic", "metal", colour=["black", "dark grey", "silver"][rng.integers(3)]),
        rng.uniform(0.8, 1.5),
    )
    _panel(b, rng, body, width, width * 0.575, 0.07)
    for x in (-0.32 * width, 0.32 * width):
        for y in (-0.1, 0.1):
            b.add(body, bar((x, y, 0.006), (x, 0, 0.09), 0.007), smooth=True)
    return b.done()


def laptop(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """An open laptop."""
    look, b = Look(rng, colour, material), Builder("laptop", "table")
    body = look.main("metal", "plastic", colour=["silver", "dark grey", "black", "white"][rng.integers(4)])
    width = rng.uniform(0.29, 0.38)
    depth, lid = width * 0.68, rng.uniform(95, 128)
    b.add(body, rounded_box(width, depth, 0.016, 0.004, 2))
    keys = material_of("plastic", rng, "black" if rng.random() < 0.7 else "white")
    for row in range(5):
        for column in range(12):
            size = width * 0.85 / 12
            x, y = (column - 5.5) * size, depth * 0.33 - row * size * 1.05
            b.add(keys, box(0.82 * size, 0.82 * size, 0.002).at(x, y, 0.0155))
    b.add(keys, box(0.3 * width, 0.26 * depth, 0.001).at(0, -0.3 * depth, 0.0155))
    b.add(body, rounded_box(width, 0.008, depth, 0.003, 1).turned("x", -(lid - 90)).at(0, depth / 2, 0.014))
    glass = box(0.92 * width, 0.002, 0.86 * depth).at(0, -0.004, 0.07 * depth)
    b.add(_screen(rng), glass.turned("x", -(lid - 90)).at(0, depth / 2, 0.014))
    return b.done()


def bin_(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A waste bin: open, with a dome and flap, or with a pedal."""
    look, b = Look(rng, colour, material), Builder("bin")
    stuff, r, h = look.main("plastic", "metal", "wicker", "painted"), rng.uniform(0.11, 0.2), rng.uniform(0.25, 0.65)
    foot, kind = rng.uniform(0.72, 1.0), rng.integers(3)
    b.add(
        stuff, vessel(np.array([[0, 0], [foot * r, 0], [(1 + foot) / 2 * r, 0.5 * h], [r, h]]), 0.005, 36), smooth=True
    )
    if kind == 0:
        b.add(stuff, torus(r, 0.009, 36, 10).at(0, 0, h - 0.006), smooth=True)
        if rng.random() < 0.5:
            for _ in range(int(rng.integers(1, 5))):
                ball = sphere(0.05, 14, 10)
                crumpled = ball.vertices * (1 + 0.15 * np.sin(ball.vertices @ rng.normal(0, 90, (3, 1))))
                x, y = rng.uniform(-0.45, 0.45, 2) * r
                b.add(look.side("paper"), ball.warped(crumpled).at(x, y, h - 0.04), smooth=False)
    else:
        top = look.side("plastic", "metal")
        dome = 0.9 * r if kind == 1 else 0.03
        profile = smooth_path([[r * 1.01, 0], [r * 0.95, 0.55 * dome], [0.55 * r, 0.92 * dome], [0.01, dome]], 12)
        b.add(top, lathe(profile, 36).at(0, 0, h), smooth=True)
        if kind == 1:
            flap = (
                superellipsoid(0.5 * r, 0.06 * r, 0.3 * r, 0.4, 22, 10)
                .turned("x", -38)
                .at(0, -0.78 * r, h + 0.42 * dome)
            )
            b.add(stuff, flap, smooth=True)
        else:
            b.add(top, box(0.09, 0.06, 0.015, 0.003).at(0, -foot * r - 0.02, 0.012))
    return b.done()


def suitcase(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A trolley case standing up, or an old suitcase with straps."""
    look, b = Look(rng, colour, material), Builder("suitcase")
    metal, dark = look.side("metal"), look.side("plastic", colour="black")
    if rng.random() < 0.6:
        shell, width, deep, h = (
            look.main("plastic", "metal", "fabric"),
            rng.uniform(0.34, 0.5),
            rng.uniform(0.2, 0.3),
            rng.uniform(0.5, 0.72),
        )
        b.add(shell, rounded_box(width, deep, h, 0.05).at(0, 0, 0.05), smooth=True)
        for x in np.linspace(-0.36 * width, 0.36 * width, int(rng.integers(3, 6))):
            b.add(shell, rounded_box(0.025, deep + 0.012, 0.8 * h, 0.008).at(x, 0, 0.05 + 0.1 * h), smooth=True)
        for x, y in four(0.4 * width, 0.36 * deep):
            b.add(dark, cylinder(0.028, 0.024, 18, 0.004).at(0, 0, -0.012).turned("y", 90).at(x, y, 0.028), smooth=True)
        pull = rng.uniform(0.03, 0.4)
        for x in (-0.09, 0.09):
            b.add(metal, bar((x, 0.38 * deep, 0.5 * h), (x, 0.38 * deep, h + 0.05 + pull), 0.008), smooth=True)
        b.add(dark, bar((-0.1, 0.38 * deep, h + 0.05 + pull), (0.1, 0.38 * deep, h + 0.05 + pull), 0.014), smooth=True)
        return b.done()
    shell, width, deep, h = (
        look.main("leather", "leather", "fabric"),
        rng.uniform(0.5, 0.75),
        rng.uniform(0.15, 0.22),
        rng.uniform(0.36, 0.5),
    )
    b.add(shell, rounded_box(width, deep, h, 0.025), smooth=True)
    straps = look.side("leather")
    for x in (-0.27 * width, 0.27 * width):
        b.add(straps, rounded_box(0.04, deep + 0.014, h + 0.012, 0.012, 2).at(x, 0, -0.003))
        b.add(metal, frame(0.06, 0.05, 0.01, 0.008).at(x, -deep / 2 - 0.006, 0.62 * h))
    handle = smooth_path([[-0.08, 0, h - 0.005], [-0.07, 0, h + 0.035], [0.07, 0, h + 0.035], [0.08, 0, h - 0.005]], 14)
    b.add(straps, tube(handle, 0.011, 10), smooth=True)
    for x, z in four(width / 2 - 0.02, h / 2 - 0.02):
        b.add(metal, rounded_box(0.055, deep + 0.008, 0.055, 0.01, 2).at(x, 0, h / 2 + z - 0.0275))
    return b.done()


def ladder(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A step ladder, opened: treads in front, a support behind."""
    look, b = Look(rng, colour, material), Builder("ladder")
    stuff, h, spread = look.main("wood", "metal", "painted"), rng.uniform(0.7, 2.0), rng.uniform(0.28, 0.4)
    steps, wide = max(2, round(h / 0.27)), rng.uniform(0.42, 0.55)
    top, flare = 0.3, 0.5 * wide
    reach = spread * h
    for side in (-1, 1):
        high = (side * top / 2, 0.0, h)
        b.add(
            stuff,
            beam((side * flare, -reach, 0), high, 0.03, 0.06),
            beam((side * flare, reach, 0), (high[0], 0.05, h), 0.03, 0.04),
        )
    for i in range(1, steps + 1):
        share = i / (steps + 0.35)
        width = 2 * (flare + (top / 2 - flare) * share) - 0.02
        b.add(stuff, box(width, 0.09, 0.022, 0.003).at(0, -reach * (1 - share) + 0.01, h * share))
    b.add(stuff, box(top + 0.06, 0.18, 0.03, 0.005).at(0, 0.02, h))
    for share in (0.25, 0.7):
        width = 2 * (flare + (top / 2 - flare) * share)
        b.add(stuff, box(width, 0.02, 0.04).at(0, reach * (1 - share) + 0.05 * share, h * share))
    return b.done()


def traffic_cone(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A cone with reflecting bands on a square foot."""
    look, b = Look(rng, colour, material), Builder("traffic cone")
    h = rng.uniform(0.3, 0.75)
    r, skin = 0.24 * h, look.main("plastic", "rubber", colour="orange")
    b.add(skin, rounded_box(0.72 * h, 0.72 * h, 0.06 * h, 0.03 * h, 2))
    b.add(skin, frustum(r, 0.05 * h, 0.94 * h, 32, 0.01).at(0, 0, 0.05 * h), smooth=True)
    white = material_of("plastic", rng, "white")
    for low, high in [((0.45, 0.65),), ((0.3, 0.46), (0.58, 0.7))][rng.integers(2)]:
        ring = np.array([[r + (0.05 * h - r) * (z - 0.05) / 0.94 + 0.002, z * h] for z in (low, high)])
        b.add(
            white, frustum(ring[0, 0], ring[1, 0], ring[1, 1] - ring[0, 1], 32, 0.001).at(0, 0, ring[0, 1]), smooth=True
        )
    return b.done()


def barrel(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A wooden barrel with hoops, or a drum of sheet metal with ribs."""
    look, b = Look(rng, colour, material), Builder("barrel")
    r, h = rng.uniform(0.2, 0.32), rng.uniform(0.55, 0.95)
    hoops = look.side("metal", colour="dark grey")
    if rng.random() < 0.55:
        stuff, belly = look.main("wood", axis=2), rng.uniform(1.1, 1.25)
        z = np.linspace(0, 1, 13)
        radii = r * (1 + (belly - 1) * np.sin(np.pi * z))
        b.add(stuff, lathe(np.stack([radii, z * h], -1), 36), smooth=True)
        for share in (0.06, 0.28, 0.72, 0.94):
            ring = torus(r * (1 + (belly - 1) * np.sin(np.pi * share)), 0.006, 36, 8).scaled(1, 1, 3.2)
            b.add(hoops, ring.at(0, 0, share * h), smooth=True)
    else:
        stuff = look.main("painted", "metal", "plastic")
        b.add(stuff, cylinder(r, h, 40, 0.006), smooth=True)
        for share in (0.01, 0.34, 0.66, 0.99):
            b.add(stuff, torus(r, 0.013, 40, 8).at(0, 0, share * h), smooth=True)
        b.add(hoops, cylinder(0.03, 0.012, 18, 0.002).at(0.6 * r, 0, h), smooth=True)
    return b.done()


def bucket(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A bucket with its handle up or down."""
    look, b = Look(rng, colour, material), Builder("bucket")
    stuff, r, h = look.main("plastic", "metal", "painted"), rng.uniform(0.12, 0.17), rng.uniform(0.22, 0.3)
    b.add(stuff, vessel(np.array([[0, 0], [0.7 * r, 0], [0.85 * r, 0.5 * h], [r, h]]), 0.004, 36), smooth=True)
    b.add(stuff, torus(r, 0.007, 36, 10).at(0, 0, h - 0.004), smooth=True)
    angles = np.linspace(0, np.pi, 18)
    arc = np.stack([np.cos(angles) * (r + 0.008), 0 * angles, np.sin(angles) * (r + 0.008)], -1)
    lean = rng.choice([0.0, 78.0, rng.uniform(0, 70)])
    b.add(look.side("metal"), tube(arc, 0.004, 8).turned("x", lean).at(0, 0, h - 0.015), smooth=True)
    return b.done()


def radio(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A table radio or loudspeaker: a box with cones, knobs, a handle or an aerial."""
    look, b = Look(rng, colour, material), Builder("radio", "table")
    body, width, h = look.main("wood", "plastic", "leather"), rng.uniform(0.2, 0.42), rng.uniform(0.13, 0.24)
    deep = rng.uniform(0.09, 0.16)
    b.add(body, rounded_box(width, deep, h, 0.015), smooth=True)
    cloth, metal = look.side("fabric", "metal", "plastic"), look.side("metal", "plastic")
    radius = 0.36 * min(h, 0.5 * width)
    for x in [(-0.26 * width,), (-0.27 * width, 0.27 * width)][rng.integers(2)]:
        b.add(cloth, cylinder(radius, 0.01, 32, 0.002).turned("x", 90).at(x, -deep / 2 + 0.004, 0.5 * h), smooth=True)
        b.add(metal, torus(radius, 0.005, 32, 8).turned("x", 90).at(x, -deep / 2, 0.5 * h), smooth=True)
    b.add(glowing(rng, "cream", 0.2), box(0.22 * width, 0.01, 0.18 * h).at(0.02 * width, -deep / 2, 0.7 * h))
    for x in (-0.02 * width, 0.08 * width):
        b.add(
            metal, cylinder(0.07 * h, 0.02, 18, 0.002).turned("x", 90).at(x, -deep / 2 + 0.002, 0.28 * h), smooth=True
        )
    if rng.random() < 0.5:
        grip = smooth_path(
            [
                [-0.36 * width, 0, h - 0.01],
                [-0.32 * width, 0, h + 0.03],
                [0.32 * width, 0, h + 0.03],
                [0.36 * width, 0, h - 0.01],
            ],
            16,
        )
        b.add(metal, tube(grip, 0.006, 8), smooth=True)
    else:
        b.add(metal, bar((0.4 * width, 0, h - 0.01), (0.5 * width, 0, h + rng.uniform(0.1, 0.3)), 0.003), smooth=True)
    return b.done()
