"""Animals and people from rounded parts, balls, knots, building blocks, robots, ducks. They look towards -y."""

# ruff: noqa: RUF005 - an array plus a list is a sum of points here.

import numpy as np

from wt.data.assets.kit import Builder, Look, four, material_of
from wt.data.mesh import Asset, Material
from wt.data.palette import Colour
from wt.data.primitives import (
    Number,
    Points,
    Shell,
    bar,
    box,
    cylinder,
    ellipsoid,
    extrude,
    frame,
    frustum,
    knot,
    lathe,
    rounded_box,
    smooth_path,
    sphere,
    superellipsoid,
    torus,
    tube,
)
from wt.data.textures import materials, pickers


def _limb(start: Points, end: Points, thick: Number, tip: Number | None = None) -> Shell:
    """A limb with round ends."""
    a, b = np.array(start, float), np.array(end, float)
    last = thick if tip is None else tip
    way = (b - a) / max(float(np.linalg.norm(b - a)), 1e-6)
    cuts = np.radians([80, 45, 15])
    path = [a - way * thick * np.sin(c) for c in cuts] + [a, b] + [b + way * last * np.sin(c) for c in cuts[::-1]]
    radii = [thick * np.cos(c) for c in cuts] + [thick, last] + [last * np.cos(c) for c in cuts[::-1]]
    return tube(np.array(path), np.array(radii), 14)


def _eyes(b: Builder, rng: np.random.Generator, at: np.ndarray, apart: float, size: float) -> None:
    dark = material_of("plastic", rng, "black")
    for side in (-1, 1):
        b.add(dark, sphere(size, 12, 8).at(at[0] + side * apart, at[1], at[2]), smooth=True)


def toy_animal(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A teddy sitting, or a four-legged animal; neck, snout, ears decide between dog, pig, elephant and giraffe."""
    look, b = Look(rng, colour, material), Builder("toy animal")
    coat = look.main("fabric", "fabric", "plastic", "wood", "carpet")
    if rng.random() < 0.28:
        _teddy(rng, b, coat, look)
    else:
        _four_legged(rng, b, coat, look)
    return b.done()


def _teddy(rng: np.random.Generator, b: Builder, coat: Material, look: Look) -> None:
    s = rng.uniform(0.1, 0.3)
    light = look.side("fabric", "plastic", colour=["cream", "beige", "white"][rng.integers(3)])
    b.add(coat, ellipsoid(0.42 * s, 0.36 * s, 0.5 * s).at(0, 0, 0.48 * s), smooth=True)
    b.add(light, ellipsoid(0.3 * s, 0.2 * s, 0.36 * s).at(0, -0.2 * s, 0.47 * s), smooth=True)
    head, z = rng.uniform(0.32, 0.4) * s, 1.15 * s
    b.add(coat, ellipsoid(head, 0.9 * head, 0.9 * head, 24, 14).at(0, -0.03 * s, z), smooth=True)
    b.add(light, ellipsoid(0.17 * s, 0.15 * s, 0.13 * s).at(0, -0.33 * s, z - 0.08 * s), smooth=True)
    b.add(
        look.side("plastic", colour="black"),
        ellipsoid(0.05 * s, 0.04 * s, 0.035 * s).at(0, -0.48 * s, z - 0.03 * s),
        smooth=True,
    )
    _eyes(b, rng, np.array([0, -0.31 * s, z + 0.1 * s]), 0.13 * s, 0.035 * s)
    tall = rng.choice([1.0, rng.uniform(1.8, 2.8)], p=[0.7, 0.3])
    for side in (-1, 1):
        ear = ellipsoid(0.12 * s, 0.06 * s, 0.12 * s * tall).at(side * 0.26 * s, 0, z + 0.26 * s + 0.08 * s * tall)
        b.add(coat, ear, smooth=True)
        b.add(
            coat,
            _limb((side * 0.36 * s, -0.04 * s, 0.78 * s), (side * 0.52 * s, -0.28 * s, 0.42 * s), 0.12 * s),
            smooth=True,
        )
        b.add(
            coat,
            _limb((side * 0.22 * s, -0.1 * s, 0.15 * s), (side * 0.33 * s, -0.55 * s, 0.15 * s), 0.15 * s),
            smooth=True,
        )


def _four_legged(rng: np.random.Generator, b: Builder, coat: Material, look: Look) -> None:
    s = rng.uniform(0.1, 0.34)
    long, round_ = rng.uniform(0.42, 0.62) * s, rng.uniform(0.2, 0.36) * s
    leg, thick = rng.uniform(0.22, 0.6) * s, rng.uniform(0.07, 0.12) * s
    spots = look.side("fabric", "plastic", "leaf") if rng.random() < 0.3 else coat
    middle = leg + 0.75 * round_
    b.add(
        coat,
        superellipsoid(round_, long, round_ * rng.uniform(0.85, 1.05), rng.uniform(0.75, 1.0), 24, 14).at(0, 0, middle),
        smooth=True,
    )
    for x, y in four(0.55 * round_, 0.62 * long):
        foot = _limb((x, y, thick), (x * 0.9, y * 0.92, middle), thick * rng.uniform(0.9, 1.1), 1.25 * thick)
        b.add(coat, foot, smooth=True)
    # The neck decides between dog, sheep, horse and giraffe.
    reach = rng.choice([rng.uniform(0.1, 0.3), rng.uniform(0.3, 0.55), rng.uniform(0.7, 1.1)], p=[0.5, 0.35, 0.15]) * s
    head = rng.uniform(0.19, 0.3) * s
    neck = np.array([0, -0.85 * long, middle + 0.3 * round_])
    skull = neck + np.array([0, -0.35 * reach - 0.1 * s, 0.95 * reach + 0.08 * s])
    b.add(
        coat, tube([neck + [0, 0.25 * long, -0.1 * s], skull], np.array([0.75 * round_, 0.6 * head]), 16), smooth=True
    )
    b.add(coat, ellipsoid(head, 1.15 * head, head, 22, 14).at(*skull), smooth=True)
    front = skull + np.array([0, -0.95 * head, -0.2 * head])
    if rng.random() < 0.18:
        trunk = smooth_path([front, front + [0, -0.5 * head, -0.5 * head], front + [0, -0.6 * head, -2.0 * head]], 12)
        b.add(coat, tube(trunk, np.linspace(0.35, 0.16, 12) * head, 14), smooth=True)
    else:
        snout = rng.uniform(0.45, 0.95)
        b.add(spots, ellipsoid(0.5 * head, snout * head, 0.42 * head).at(*front), smooth=True)
        nose = front + [0, -snout * head, 0.1 * head]
        b.add(
            look.side("plastic", colour="black"),
            ellipsoid(0.17 * head, 0.12 * head, 0.13 * head).at(*nose),
            smooth=True,
        )
    _eyes(b, rng, skull + [0, -0.82 * head, 0.42 * head], 0.48 * head, 0.14 * head)
    _ears(rng, b, spots, skull, head)
    tail = np.array([0, 0.93 * long, middle + 0.35 * round_])
    lift = rng.uniform(-0.6, 1.0) * s * 0.4
    curve = smooth_path([tail, tail + [0, 0.18 * s, 0.3 * lift], tail + [0, 0.26 * s, lift]], 10)
    b.add(coat, tube(curve, np.linspace(0.06, 0.03, 10) * s, 10), smooth=True)


def _ears(rng: np.random.Generator, b: Builder, skin: Material, skull: np.ndarray, head: float) -> None:
    """Upright, hanging, round or long ears."""
    kind = rng.integers(4)
    for side in (-1, 1):
        at = skull + np.array([side * 0.62 * head, 0.1 * head, 0.75 * head])
        if kind == 0:
            b.add(
                skin,
                frustum(0.33 * head, 0.02 * head, 0.75 * head, 12).scaled(1, 0.45, 1).at(*(at - [0, 0, 0.15 * head])),
                smooth=True,
            )
        elif kind == 1:
            hanging = ellipsoid(0.14 * head, 0.32 * head, 0.6 * head).at(*(at + [side * 0.35 * head, 0, -0.75 * head]))
            b.add(skin, hanging, smooth=True)
        elif kind == 2:
            b.add(skin, ellipsoid(0.36 * head, 0.14 * head, 0.36 * head).at(*at), smooth=True)
        else:
            b.add(
                skin,
                ellipsoid(0.18 * head, 0.12 * head, 0.8 * head).at(*(at + [-side * 0.2 * head, 0, 0.5 * head])),
                smooth=True,
            )


def figure(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A standing, walking or waving person of simple rounded parts, in true size."""
    look, b = Look(rng, colour, material), Builder("figure")
    h = rng.uniform(1.5, 1.9)
    skins = [np.array(c) for c in ((0.62, 0.38, 0.27), (0.48, 0.27, 0.17), (0.3, 0.16, 0.1), (0.14, 0.075, 0.05))]
    skin = Material(materials.plain(rng, skins[rng.integers(4)], 0.03), 0.03, 0.6)
    shirt, trousers = look.main("fabric"), look.side("fabric")
    hair, shoes = (
        look.side("fabric", colour=["black", "dark brown", "brown", "light brown", "grey"][rng.integers(5)]),
        look.side("leather"),
    )
    wide, step, swing = rng.uniform(0.16, 0.21), rng.uniform(0, 0.24), rng.uniform(0, 0.35)
    hip, shoulder = 0.5 * h, 0.81 * h
    for side in (-1, 1):
        knee, foot = (side * 0.09, -side * 0.45 * step - 0.02, 0.28 * h), (side * 0.1, -side * step, 0.07)
        b.add(trousers, _limb((side * 0.085, 0, hip), knee, 0.085, 0.065), _limb(knee, foot, 0.065, 0.05), smooth=True)
        b.add(shoes, superellipsoid(0.05, 0.13, 0.045, 0.7, 18, 10).at(foot[0], foot[1] - 0.05, 0.045), smooth=True)
        elbow = (side * (wide + 0.07), side * 0.3 * swing, 0.63 * h)
        hand = (side * (wide + 0.06), side * swing - 0.1, 0.49 * h)
        if side > 0 and rng.random() < 0.25:
            elbow, hand = (wide + 0.2, -0.02, 0.77 * h), (wide + 0.24, -0.08, 0.92 * h)
        b.add(shirt, _limb((side * (wide - 0.01), 0, shoulder - 0.05), elbow, 0.052, 0.045), smooth=True)
        b.add(skin, _limb(elbow, hand, 0.038, 0.03), sphere(0.045, 14, 10).scaled(0.7, 0.9, 1.3).at(*hand), smooth=True)
    torso = [[0.8 * wide, hip - 0.06], [0.88 * wide, hip + 0.05], [0.85 * wide, 0.6 * h], [wide * 1.02, 0.74 * h],
             [0.92 * wide, 0.8 * h], [0.4 * wide, 0.835 * h], [0.3 * wide, 0.85 * h]]  # fmt: skip
    if rng.random() < 0.25:
        torso[0] = [1.3 * wide, hip - 0.28]
    b.add(shirt, lathe(smooth_path(torso, 18), 26, 0.02).scaled(1.0, 0.62, 1.0), smooth=True)
    b.add(skin, cylinder(0.052, 0.1, 18).at(0, 0, 0.83 * h), smooth=True)
    head = 0.072 * h
    b.add(skin, ellipsoid(0.72 * head, 0.85 * head, head, 24, 16).at(0, -0.01, 0.93 * h), smooth=True)
    b.add(hair, ellipsoid(0.78 * head, 0.86 * head, 0.82 * head, 22, 12).at(0, 0.028, 0.95 * h), smooth=True)
    if rng.random() < 0.35:
        b.add(hair, superellipsoid(0.72 * head, 0.4 * head, 1.2 * head, 0.8).at(0, 0.06, 0.89 * h), smooth=True)
    if rng.random() < 0.2:
        hat = np.array([[1.5 * head, 0], [1.5 * head, 0.012], [0.82 * head, 0.02], [0.74 * head, 0.09]])
        b.add(look.side("fabric"), lathe(hat, 28).at(0, 0.01, 0.965 * h), smooth=True)
    return b.done()


def ball(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A ball: plain, patterned, with rings, or a football."""
    look, b = Look(rng, colour, material), Builder("ball")
    r = rng.uniform(0.05, 0.2)
    if colour is None and material is None and rng.random() < 0.4:
        stuff = Material(pickers.any_texture(rng), 0.04, 0.4)
    else:
        stuff = look.main("plastic", "rubber", "leather", "fabric")
    b.add(stuff, sphere(r, 36, 24).at(0, 0, r), smooth=True)
    if rng.random() < 0.35:
        band = look.side("plastic")
        for _ in range(int(rng.integers(1, 3))):
            ring = torus(r * 0.995, r * 0.03, 40, 8).turned("x", rng.uniform(0, 180)).turned("z", rng.uniform(0, 180))
            b.add(band, ring.at(0, 0, r), smooth=True)
    return b.done()


def knot_(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A torus knot standing or lying, as a sculpture; sometimes on a plinth."""
    look, b = Look(rng, colour, material), Builder("knot")
    p, q = [(2, 3), (3, 2), (2, 5), (3, 4), (1, 3), (1, 4)][rng.integers(6)]
    s = rng.uniform(0.06, 0.2)
    stuff = look.main("plastic", "metal", "ceramic", "marble", "wood")
    body = knot(p, q, s, s * rng.uniform(0.1, 0.2 if p > 1 else 0.3), 150 if p > 1 else 96, 12)
    body = body.turned("x", 90 if rng.random() < 0.6 else rng.uniform(-20, 20)).turned("z", rng.uniform(-60, 60))
    low = body.vertices[:, 2].min()
    if rng.random() < 0.35:
        side, tall = 1.6 * s, rng.uniform(0.3, 1.2) * s
        b.add(look.side("stone", "wood", "metal"), box(side, side, tall, 0.003).at(0, 0, -tall))
    b.add(stuff, body.at(0, 0, -low), smooth=True)
    return b.done()


def building_blocks(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A tower or a heap of wooden blocks: cubes, cylinders, cones, arches of planks."""
    look, b = Look(rng, colour, material), Builder("building blocks", "table")
    s = rng.uniform(0.03, 0.06)
    for column in range(int(rng.integers(1, 4))):
        x, y, z = (column - 1) * s * rng.uniform(1.15, 1.6), rng.normal(0, 0.2 * s), 0.0
        levels = int(rng.integers(1 if column else 2, 5))
        for level in range(levels):
            kind, paint = rng.integers(5 if level or column else 4), look.main("wood", "painted", "plastic")
            turn_, size = rng.uniform(-25, 25), s * rng.uniform(0.8, 1.0) * 0.94**level
            if kind <= 1:
                b.add(paint, box(size, size, size, 0.03 * s).turned("z", turn_).at(x, y, z))
            elif kind == 2:
                b.add(paint, cylinder(0.5 * size, size, 28, 0.03 * s).at(x, y, z), smooth=True)
            elif kind == 3:
                b.add(paint, box(1.1 * size, 0.6 * size, 0.5 * size, 0.03 * s).turned("z", turn_).at(x, y, z))
            else:
                b.add(
                    paint, frustum(0.55 * size, 0.0, size, 28 if level % 2 else 4).at(x, y, z), smooth=bool(level % 2)
                )
                break
            z += 0.5 * size if kind == 3 else size
    return b.done()


def robot(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A toy robot: box body, head with eyes and aerial, arms with claws, feet or wheels."""
    look, b = Look(rng, colour, material), Builder("robot", "table")
    s = rng.uniform(0.12, 0.3)
    shell, joint = look.main("metal", "plastic", "painted"), look.side("metal", "plastic", colour="dark grey")
    wide, deep, tall = rng.uniform(0.34, 0.5) * s, rng.uniform(0.24, 0.34) * s, rng.uniform(0.36, 0.46) * s
    leg = rng.uniform(0.16, 0.3) * s
    for side in (-1, 1):
        x = side * 0.28 * wide
        b.add(joint, cylinder(0.05 * s, leg, 16, 0.002).at(x, 0, 0.03 * s), smooth=True)
        b.add(shell, rounded_box(0.16 * s, 0.26 * s, 0.09 * s, 0.02 * s).at(x, -0.04 * s, 0), smooth=True)
        shoulder, hand = (
            (side * (wide / 2 + 0.06 * s), 0, leg + 0.8 * tall),
            (side * (wide / 2 + rng.uniform(0.08, 0.2) * s), -0.1 * s, leg + 0.2 * tall),
        )
        b.add(joint, sphere(0.065 * s, 16, 10).at(*shoulder), bar(shoulder, hand, 0.035 * s), smooth=True)
        b.add(shell, torus(0.055 * s, 0.022 * s, 20, 10).turned("y", 90).at(*hand), smooth=True)
    b.add(shell, rounded_box(wide, deep, tall, 0.04 * s).at(0, 0, leg), smooth=True)
    screen = look.side("plastic")
    b.add(screen, box(0.6 * wide, 0.02 * s, 0.4 * tall, 0.004 * s).at(0, -deep / 2, leg + 0.35 * tall))
    z, size = leg + tall + 0.05 * s, rng.uniform(0.26, 0.36) * s
    b.add(joint, cylinder(0.06 * s, 0.08 * s, 18, 0.002).at(0, 0, leg + tall - 0.01 * s), smooth=True)
    if rng.random() < 0.6:
        b.add(shell, rounded_box(size * 1.15, 0.85 * size, 0.8 * size, 0.05 * s).at(0, 0, z), smooth=True)
        face = -0.425 * size
    else:
        b.add(shell, sphere(0.5 * size, 24, 16).at(0, 0, z + 0.42 * size), smooth=True)
        face = -0.44 * size
    eye = look.side("plastic", colour=["white", "yellow", "light blue"][rng.integers(3)])
    for side in (-1, 1):
        dot = cylinder(0.1 * size, 0.06 * size, 18, 0.001).turned("x", 90)
        b.add(eye, dot.at(side * 0.24 * size, face + 0.03 * size, z + 0.48 * size), smooth=True)
    top = z + 0.78 * size
    b.add(
        joint,
        bar((0, 0, top), (0, 0, top + 0.16 * s), 0.012 * s),
        sphere(0.03 * s, 14, 8).at(0, 0, top + 0.17 * s),
        smooth=True,
    )
    return b.done()


def duck(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A rubber duck."""
    look, b = Look(rng, colour, material), Builder("duck", "table")
    s = rng.uniform(0.05, 0.12)
    body = look.main("rubber", "plastic", colour="yellow")
    shape = ellipsoid(0.62 * s, 0.9 * s, 0.5 * s, 26, 16)
    lifted = shape.vertices.copy()
    lifted[:, 2] += 0.5 * s * np.clip(lifted[:, 1] / s, 0, None) ** 2  # the tail points up
    b.add(body, shape.warped(lifted).at(0, 0, 0.48 * s), smooth=True)
    head = np.array([0, -0.5 * s, 1.18 * s])
    b.add(body, sphere(0.42 * s, 24, 16).at(*head), smooth=True)
    b.add(body, cylinder(0.3 * s, 0.4 * s, 20, 0.02 * s).at(0, -0.47 * s, 0.65 * s), smooth=True)
    for side in (-1, 1):
        wing = ellipsoid(0.1 * s, 0.45 * s, 0.24 * s).turned("x", 12).at(side * 0.58 * s, 0.12 * s, 0.58 * s)
        b.add(body, wing, smooth=True)
    bill = look.side("rubber", colour="orange")
    b.add(bill, ellipsoid(0.2 * s, 0.26 * s, 0.07 * s).at(0, -0.95 * s, 1.1 * s), smooth=True)
    _eyes(b, rng, head + [0, -0.34 * s, 0.14 * s], 0.19 * s, 0.06 * s)
    return b.done()


def house(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A doll's house: walls, gabled roof, door, windows, chimney."""
    look, b = Look(rng, colour, material), Builder("house")
    s = rng.uniform(0.2, 0.6)
    wide, deep, tall, rise = (
        rng.uniform(0.6, 1.0) * s,
        rng.uniform(0.5, 0.8) * s,
        rng.uniform(0.4, 0.8) * s,
        rng.uniform(0.25, 0.5) * s,
    )
    wall, roof = (
        look.main("painted", "wood", "stone"),
        look.side("painted", "wood", colour=["dark red", "dark grey", "brown", None][rng.integers(4)]),
    )
    gable = np.array([[-wide / 2, 0], [wide / 2, 0], [wide / 2, tall], [0, tall + rise], [-wide / 2, tall]])
    b.add(wall, extrude(gable, deep).turned("x", 90).at(0, deep / 2, 0))
    over, thick = 0.08 * s, 0.03 * s
    slope, angle = np.hypot(wide / 2, rise) + over, float(np.degrees(np.arctan2(rise, wide / 2)))
    for side in (-1, 1):
        sheet_ = box(slope, deep + 2 * over, thick).at(slope / 2, 0, 0).turned("y", angle)
        b.add(roof, (sheet_ if side > 0 else sheet_.mirrored("x")).at(0, 0, tall + rise))
    trim, pane = look.side("painted", "wood"), material_of("glass", rng, ["navy", "black", "yellow"][rng.integers(3)])
    b.add(
        trim,
        box(0.2 * wide, 0.02 * s, 0.6 * min(tall, 0.55 * s), 0.002 * s).at(rng.uniform(-0.1, 0.1) * wide, -deep / 2, 0),
    )
    for x in (-0.3 * wide, 0.3 * wide):
        for z in [(0.45 * tall,), (0.22 * tall, 0.65 * tall)][int(tall > 0.6 * s)]:
            b.add(
                pane,
                box(0.2 * wide, 0.012 * s, 0.2 * tall).at(x, -deep / 2, z),
                box(0.2 * wide, 0.012 * s, 0.2 * tall).at(x, deep / 2, z),
            )
            b.add(
                trim,
                frame(0.24 * wide, 0.25 * tall, 0.025 * wide, 0.02 * s).at(x, -deep / 2 + 0.005 * s, z - 0.025 * tall),
            )
    if rng.random() < 0.6:
        b.add(
            look.side("stone", "painted"),
            box(0.1 * s, 0.1 * s, 0.35 * s).at(0.25 * wide, 0.1 * deep, tall + 0.25 * rise),
        )
    return b.done()
