"""Books, pictures, mirrors, rugs, curtains, clocks, musical instruments, sculptures."""

import numpy as np

from wt.data.assets.kit import Builder, Look, material_of
from wt.data.mesh import Asset, Material, Texture
from wt.data.palette import Colour
from wt.data.primitives import (
    Shell,
    bar,
    box,
    cylinder,
    extrude,
    frame,
    lathe,
    loft,
    rounded_box,
    rounded_rectangle,
    sheet,
    smooth_path,
    sphere,
    superellipsoid,
    torus,
    tube,
    upright,
)
from wt.data.textures import materials, patterns


def volume(
    rng: np.random.Generator, cover: Material, width: float, tall: float, thick: float
) -> list[tuple[Material, Shell]]:
    """One closed book lying flat, spine towards -x: two covers, a spine and the block of pages."""
    board = min(0.003, 0.12 * thick)
    pages = material_of("paper", rng, "cream")
    return [
        (cover, box(width, tall, board)),
        (cover, box(width, tall, board).at(0, 0, thick - board)),
        (cover, box(board, tall, thick).at(-width / 2 + board / 2, 0, 0)),
        (pages, box(width - 0.009, tall - 0.01, thick - 2 * board).at(-0.0025, 0, board)),
    ]


def book(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A book lying, a pile of books, or an open book."""
    look, b = Look(rng, colour, material), Builder("book", "table")
    if rng.random() < 0.22:
        _open_book(rng, b, look)
        return b.done()
    count, z = (1 if rng.random() < 0.45 else int(rng.integers(2, 7))), 0.0
    size = rng.uniform(0.12, 0.22)
    for _ in range(count):
        width, tall, thick = size * rng.uniform(0.8, 1.05), size * rng.uniform(1.2, 1.5), rng.uniform(0.012, 0.05)
        cover = look.main("paper", "leather", "fabric", "plastic") if rng.random() < 0.85 else _printed(rng)
        angle, x, y = rng.normal(0, 9) + 180 * (rng.random() < 0.5), *rng.normal(0, 0.008, 2)
        for stuff, shell in volume(rng, cover, width, tall, thick):
            b.add(stuff, shell.turned("z", angle).at(x, y, z))
        z += thick + 0.0005
    return b.done()


def _printed(rng: np.random.Generator) -> Material:
    return Material(patterns.photograph(rng, size=0.3), 0.04, 0.4)


def _open_book(rng: np.random.Generator, b: Builder, look: Look) -> None:
    width, tall, thick = rng.uniform(0.13, 0.2), rng.uniform(0.2, 0.29), rng.uniform(0.01, 0.025)
    b.add(look.main("paper", "leather"), box(2 * width + 0.012, tall + 0.01, 0.003))
    t = np.linspace(0, 1, 10)
    page = material_of("paper", rng, "cream")
    curve = thick * (0.25 + 1.1 * np.sin(np.pi * np.clip(t * 0.85 + 0.08, 0, 1)) ** 0.7)
    for side in (-1, 1):
        top = np.stack(
            np.broadcast_arrays(side * (0.001 + width * t)[None], np.array([[-tall], [tall]]) / 2, curve[None] + 0.003),
            -1,
        )
        body = extrude(
            np.r_[np.c_[side * (0.001 + width * t), curve], [[side * width, 0.0], [side * 0.001, 0.0]]], tall
        )
        b.add(page, upright(body).at(0, tall / 2, 0.003), smooth=False)
        lines = Material(patterns.stripes(rng, "white", 0.006), 0.02, 0.9)
        b.add(lines, sheet(top * [0.86, 0.84, 1.0] + [side * 0.07 * width, 0, 0.0008], 0.0006))


def picture(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A framed picture with a mount, or a bare canvas."""
    look, b = Look(rng, colour, material), Builder("picture", "wall")
    width, height = rng.uniform(0.25, 1.1), rng.uniform(0.25, 0.9)
    border, depth = rng.uniform(0.015, 0.06), rng.uniform(0.015, 0.04)
    art = Material(_painting(rng, min(width, height)), 0.04, 0.5)
    if rng.random() < 0.15:
        b.add(art, box(width, depth, height, 0.002).at(0, -depth / 2, 0))
        return b.done()
    b.add(look.main("wood", "metal", "painted"), frame(width, height, border, depth))
    inner_w, inner_h = width - 2 * border + 0.002, height - 2 * border + 0.002
    back = box(inner_w, 0.5 * depth, inner_h).at(0, -0.25 * depth - 0.001, border - 0.001)
    if rng.random() < 0.5:
        b.add(material_of("paper", rng, ["white", "cream"][rng.integers(2)]), back)
        share = rng.uniform(0.55, 0.8)
        b.add(
            art,
            box(inner_w * share, 0.003, inner_h * share).at(0, -0.5 * depth - 0.001, height / 2 - inner_h * share / 2),
        )
    else:
        b.add(art, back)
    return b.done()


def _painting(rng: np.random.Generator, size: float) -> Texture:
    kind = rng.random()
    if kind < 0.5:
        return patterns.photograph(rng, size=size * rng.uniform(0.8, 1.4))
    if kind < 0.7:
        return patterns.leaves(rng, size=size * rng.uniform(0.6, 1.5))
    return [patterns.noise, materials.marble, patterns.stripes, patterns.checks][rng.integers(4)](rng)


def mirror(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A mirror on the wall (drawn as pale shiny glass), round, oval or rectangular."""
    look, b = Look(rng, colour, material), Builder("mirror", "wall")
    rim, pane = look.main("wood", "metal", "painted"), Material(materials.plain(rng, "light grey", 0.1), 0.6, 0.1)
    if rng.random() < 0.5:
        r, stretch = rng.uniform(0.2, 0.45), rng.choice([1.0, rng.uniform(1.2, 1.6)])
        b.add(pane, cylinder(r, 0.012, 48).turned("x", 90).scaled(1, 1, stretch).at(0, 0, 0), smooth=True)
        b.add(
            rim,
            torus(r, rng.uniform(0.01, 0.03), 48, 10).turned("x", 90).scaled(1, 0.7, stretch).at(0, -0.006, 0),
            smooth=True,
        )
    else:
        width, height, border = rng.uniform(0.35, 0.8), rng.uniform(0.5, 1.6), rng.uniform(0.015, 0.06)
        b.add(rim, frame(width, height, border, 0.03))
        b.add(pane, box(width - 1.9 * border, 0.012, height - 1.9 * border).at(0, -0.007, 0.95 * border))
    return b.done()


def rug(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A rug: plain, patterned, with a border, round or oblong."""
    look, b = Look(rng, colour, material), Builder("rug")
    width, depth, thick = rng.uniform(0.9, 2.6), rng.uniform(0.6, 1.8), rng.uniform(0.008, 0.022)
    if material is None and colour is None and rng.random() < 0.55:
        pattern = [patterns.stripes, patterns.checks, patterns.leaves, patterns.dots, patterns.noise][rng.integers(5)]
        pile = Material(pattern(rng), 0.01, 0.95)
    else:
        pile = look.main("carpet", "fabric", "carpet")
    if rng.random() < 0.25:
        b.add(pile, cylinder(depth / 2 + 0.2, thick, 56, 0.3 * thick), smooth=True)
        return b.done()
    border = rng.uniform(0.04, 0.18) if rng.random() < 0.4 else 0.0
    b.add(pile, box(width - border, depth - border, thick, 0.3 * thick))
    if border:
        edge = frame(width, depth, 0.52 * border, 0.96 * thick).turned("x", -90).at(0, -depth / 2, 0)
        b.add(look.side("carpet", "fabric"), edge)
    return b.done()


def curtain(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A pair of folded curtains on a rod."""
    look, b = Look(rng, colour, material), Builder("curtain", "wall")
    cloth, rod = look.main("fabric"), look.side("metal", "wood")
    width, height, gap = rng.uniform(1.2, 2.4), rng.uniform(1.4, 2.4), rng.uniform(0.1, 0.6)
    folds, deep = rng.uniform(14, 26), rng.uniform(0.02, 0.045)
    b.add(rod, bar((-width / 2 - 0.08, -0.08, height), (width / 2 + 0.08, -0.08, height), 0.013), smooth=True)
    for side in (-1, 1):
        b.add(rod, sphere(0.026, 16, 10).at(side * (width / 2 + 0.09), -0.08, height), smooth=True)
        b.add(rod, bar((side * 0.45 * width, 0, height), (side * 0.45 * width, -0.09, height), 0.009), smooth=True)
        inner = gap * width / 2
        x = np.linspace(inner, width / 2, 49)
        tied = rng.random() < 0.3
        z = np.linspace(0.0, height - 0.005, 9)
        pull = 0.45 * np.exp(-(((z - 0.4 * height) / (0.25 * height)) ** 2)) if tied else np.zeros_like(z)
        grid_x = x[None] + (width / 2 - x[None]) * pull[:, None]
        wave = deep * np.sin(folds * x + rng.uniform(0, 6))[None] * np.linspace(1.15, 0.6, 9)[:, None]
        b.add(
            cloth,
            sheet(np.stack([side * grid_x, -0.08 + wave, np.broadcast_to(z[:, None], grid_x.shape)], -1), 0.006),
            smooth=True,
        )
    return b.done()


def clock(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A wall clock with hands and marks, round or square."""
    look, b = Look(rng, colour, material), Builder("clock", "wall")
    rim, r = look.main("wood", "metal", "plastic"), rng.uniform(0.12, 0.22)
    pale = rng.random() < 0.75
    face, ink = (
        material_of("paper", rng, "white" if pale else "black"),
        material_of("plastic", rng, "black" if pale else "white"),
    )
    if rng.random() < 0.75:
        b.add(face, cylinder(r, 0.025, 48).turned("x", 90), smooth=True)
        b.add(rim, torus(r, 0.09 * r, 48, 12).turned("x", 90).at(0, -0.02, 0), smooth=True)
    else:
        b.add(face, box(2 * r, 0.025, 2 * r).at(0, -0.0125, -r))
        b.add(rim, frame(2.2 * r, 2.2 * r, 0.12 * r, 0.035).at(0, 0, -1.1 * r))
    for i in range(12):
        mark = box(0.03 * r, 0.003, (0.16 if i % 3 == 0 else 0.09) * r).at(0, -0.0265, 0.72 * r).turned("y", 30 * i)
        b.add(ink, mark)
    for long, wide in ((0.5, 0.06), (0.75, 0.04)):
        hand = box(wide * r, 0.003, long * r).at(0, -0.029, -0.05 * r).turned("y", rng.uniform(0, 360))
        b.add(ink, hand)
    return b.done()


def pillow_shell(half_width: float, half_depth: float, half_height: float, rng: np.random.Generator) -> Shell:
    """A pillow lying around the origin: square with drawn-in edges and pointed corners, thin at the seam, dented."""
    outline, seam = rng.uniform(0.3, 0.5), rng.uniform(0.72, 0.95)
    shell = superellipsoid(half_width, half_depth, half_height, outline, 40, 14, profile=seam)
    x, y, z = (shell.vertices / [half_width, half_depth, half_height]).T
    drawn_in = 1 - 0.1 * np.stack([1 - np.clip(y**2, 0, 1), 1 - np.clip(x**2, 0, 1)])
    dents = 1 + 0.12 * np.sin(3 * x + rng.uniform(0, 6)) * np.sin(3 * y + rng.uniform(0, 6))
    bent = np.stack([x * drawn_in[0] * half_width, y * drawn_in[1] * half_depth, z * dents * half_height], -1)
    return shell.warped(bent)


def cushion(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A scatter cushion lying or half upright, or a bolster."""
    look, b = Look(rng, colour, material), Builder("cushion")
    cover = look.main("fabric", "fabric", "leather")
    if rng.random() < 0.2:
        profile = np.array([[0.07, 0.0], [0.1, 0.03], [0.1, 0.42], [0.07, 0.45]])
        b.add(cover, lathe(profile, 28, 0.02).turned("x", 90), smooth=True)
    else:
        side, long = rng.uniform(0.19, 0.27), rng.choice([1.0, rng.uniform(1.2, 1.5)])
        pillow = pillow_shell(side * long, side, rng.uniform(0.08, 0.12), rng)
        b.add(cover, pillow.turned("x", rng.choice([0.0, rng.uniform(20, 60)])), smooth=True)
    return b.done()


def guitar(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A guitar leaning back on a stand: acoustic or electric in outline."""
    look, b = Look(rng, colour, material), Builder("guitar")
    top, dark = look.main("wood", "wood", "painted"), look.side("wood", colour="dark brown")
    wide, waist, upper = rng.uniform(0.18, 0.2), rng.uniform(0.11, 0.135), rng.uniform(0.13, 0.155)
    deep, electric = (0.045, True) if rng.random() < 0.35 else (rng.uniform(0.08, 0.11), False)
    half = smooth_path(
        [[0.02, 0], [0.8 * wide, 0.03], [wide, 0.13], [waist, 0.27], [upper, 0.38], [0.6 * upper, 0.46], [0.03, 0.475]],
        26,
    )
    outline = np.concatenate([half, (half * [-1, 1])[::-1]])
    parts: list[tuple[Material, Shell, bool]] = [(top, upright(extrude(outline, deep)), False)]
    if electric:
        parts.append((dark, box(0.09, 0.01, 0.03).at(0, -deep - 0.003, 0.2), False))
    else:
        parts.append(
            (
                material_of("plastic", rng, "black"),
                cylinder(0.048, 0.004, 32, 0.001).turned("x", 90).at(0, -deep, 0.31),
                True,
            )
        )
        parts.append((dark, torus(0.05, 0.005, 32, 8).turned("x", 90).at(0, -deep, 0.31), True))
    parts.append((dark, box(0.13, 0.012, 0.02, 0.002).at(0, -deep - 0.005, 0.14), False))
    parts.append((dark, box(0.052, 0.024, 0.5).at(0, -deep + 0.004, 0.36), False))
    parts.append((top, box(0.075, 0.02, 0.17, 0.003).turned("x", -10).at(0, -deep + 0.008, 0.85), False))
    metal = look.side("metal")
    for i in range(3):
        for side in (-1, 1):
            peg = bar((0, 0, 0), (side * 0.06, 0, 0), 0.006).at(0, -deep + 0.02, 0.89 + 0.04 * i)
            parts.append((metal, peg, True))
    strings = material_of("metal", rng, "silver")
    for x in np.linspace(-0.018, 0.018, 4):
        parts.append((strings, bar((x, -deep - 0.011, 0.15), (x, -deep - 0.011, 0.86), 0.0012, sides=5), False))
    for stuff, shell, smooth in parts:
        b.add(stuff, shell.turned("x", -14).at(0, 0.02, 0.12), smooth=smooth)
    legs = look.side("metal", colour="black")
    for foot in ((-0.16, -0.14), (0.16, -0.14), (0.0, 0.26)):
        b.add(
            legs,
            tube(
                smooth_path([[*foot, 0.008], [0.4 * foot[0], 0.4 * foot[1] + 0.06, 0.09], [0, 0.1, 0.3]], 8), 0.009, 8
            ),
            smooth=True,
        )
    b.add(
        legs, bar((-0.14, -0.1, 0.11), (0.14, -0.1, 0.11), 0.01), bar((0, 0.1, 0.1), (0, -0.1, 0.11), 0.01), smooth=True
    )
    return b.done()


def sculpture(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """An abstract form on a plinth: pierced ring, stacked pebbles, twisted column, or a turned chess-like piece."""
    look, b = Look(rng, colour, material), Builder("sculpture", "table")
    stuff, s, kind = look.main("stone", "marble", "metal", "wood", "ceramic"), rng.uniform(0.1, 0.25), rng.integers(4)
    base = rng.uniform(0.1, 0.35) * s
    b.add(look.side("stone", "wood", "metal"), rounded_box(0.8 * s, 0.6 * s, base, 0.02 * s, 1))
    if kind == 0:
        ring = torus(0.5 * s, 0.16 * s, 40, 16).turned("x", 90).scaled(1, rng.uniform(0.6, 1.2), rng.uniform(0.9, 1.3))
        b.add(stuff, ring.at(0, 0, base - ring.vertices[:, 2].min() - 0.02 * s), smooth=True)
    elif kind == 1:
        z = base
        for i in range(int(rng.integers(3, 6))):
            r = 0.36 * s * 0.8**i * rng.uniform(0.85, 1.15)
            pebble = superellipsoid(r, 0.85 * r, 0.45 * r, 0.85, 24, 12).turned("z", rng.uniform(0, 180))
            x, y = rng.normal(0, 0.06 * r, 2)
            b.add(stuff, pebble.at(x, y, z + 0.43 * r), smooth=True)
            z += 0.86 * r
    elif kind == 2:
        rows, outline = np.linspace(0, 1.5 * s, 25), rounded_rectangle(0.5 * s, 0.5 * s, 0.06 * s, 4)
        turns = rng.uniform(60, 200) * rows / rows[-1]
        pinch = 1 - 0.35 * np.sin(np.pi * rows / rows[-1])
        rings = [np.c_[outline @ _plane_turn(a).T * k, np.full(len(outline), z)] for a, k, z in zip(turns, pinch, rows)]
        b.add(stuff, loft(np.array(rings)).at(0, 0, base - 0.01 * s), smooth=True)
    else:
        r = 0.34 * s
        knots = np.sort(rng.uniform(0.1, 1.3, 5)) * s
        profile = np.array(
            [[r, 0], *[[r * f, z] for f, z in zip(rng.uniform(0.25, 1.0, 5), knots)], [0.12 * s, 1.4 * s]]
        )
        b.add(stuff, lathe(smooth_path(profile, 30), 32).at(0, 0, base - 0.01 * s), smooth=True)
        b.add(stuff, sphere(0.19 * s, 22, 14).at(0, 0, base + 1.52 * s), smooth=True)
    return b.done()


def _plane_turn(degrees: float) -> np.ndarray:
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[cos, -sin], [sin, cos]])
