"""Floor lamps, table lamps, ceiling lamps. Shades are thin closed shells; lit ones glow a little."""

import numpy as np

from wt.data.assets.kit import Builder, Look, glowing
from wt.data.mesh import Asset, Material
from wt.data.palette import Colour, rgb_of
from wt.data.primitives import (
    bar,
    box,
    cylinder,
    ellipsoid,
    lathe,
    ring_lathe,
    rounded_box,
    smooth_path,
    sphere,
    torus,
    tube,
    turn,
    vessel,
)
from wt.data.textures import materials

_WARM = [np.array(c) for c in ((0.8, 0.68, 0.48), (0.82, 0.76, 0.64), (0.75, 0.73, 0.7))]


def _cloth(look: Look) -> Material:
    """The shade: glowing when lit and nothing else is wished for."""
    if look.colour is None and look.rng.random() < 0.6:
        return glowing(look.rng, _WARM[look.rng.integers(3)], look.rng.uniform(0.15, 0.7))
    wished = look.main("fabric", "paper", "plastic", "metal")
    return Material(wished.texture, 0.02, 0.8, 0.1 if look.rng.random() < 0.5 else 0.0)


def _shade(b: Builder, look: Look, radius: float, height: float, z: float, tilt: float = 0.0) -> None:
    """An open drum, cone, dome, pleated bell or closed ball whose lower rim is at height z, with a bulb."""
    rng, cloth, kind = look.rng, _cloth(look), look.rng.integers(5)
    bulb = glowing(rng, _WARM[1], 1.0)
    if kind == 4 and tilt == 0.0:
        b.add(
            cloth,
            ellipsoid(0.8 * radius, 0.8 * radius, 0.5 * height * rng.uniform(0.9, 1.3), 28, 16).at(
                0, 0, z + 0.5 * height
            ),
            smooth=True,
        )
        return
    top = {0: 1.0, 1: rng.uniform(0.35, 0.8), 2: 0.3, 3: rng.uniform(0.4, 0.6), 4: 0.7}[int(kind)] * radius
    t = np.linspace(0, 1, 10)
    if kind == 2:
        outer = np.stack([top + (radius - top) * np.cos(t * np.pi / 2) ** 0.6, height * np.sin(t * np.pi / 2)], -1)
    elif kind == 3:
        outer = np.stack([radius + (top - radius) * t**0.45, height * t], -1)
    else:
        outer = np.stack([radius + (top - radius) * t, height * t], -1)
    wall = 0.003
    shell = ring_lathe(np.concatenate([outer, (outer - [wall, 0.0])[::-1]]), 36)
    if kind == 0 and rng.random() < 0.4:
        angle = np.arctan2(shell.vertices[:, 1], shell.vertices[:, 0])
        ripple = 1 + 0.025 * np.sin(12 * angle)
        shell = shell.warped(shell.vertices * np.stack([ripple, ripple, np.ones_like(ripple)], -1))
    size = min(0.035, 0.3 * radius)
    light = sphere(size, 16, 10).scaled(1, 1, 1.25).at(0, 0, 0.45 * height)
    for stuff, part in ((cloth, shell), (bulb, light)):
        b.add(stuff, part.turned("x", tilt).at(0, 0, z), smooth=True)


def _base(b: Builder, look: Look, stuff: Material, radius: float) -> None:
    if look.rng.random() < 0.75:
        b.add(
            stuff,
            lathe(np.array([[radius, 0], [radius, 0.018], [0.4 * radius, 0.032], [0.012, 0.036]]), 36),
            smooth=True,
        )
    else:
        b.add(stuff, rounded_box(1.8 * radius, 1.8 * radius, 0.028, 0.01, 2))


def floor_lamp(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A floor lamp: a straight pole, a tripod, an arc over a weight, a reading arm, or a glowing column."""
    look, b = Look(rng, colour, material), Builder("floor lamp")
    metal, h, kind = look.side("metal", "metal", "wood", "painted"), rng.uniform(1.3, 1.85), rng.random()
    radius, tall = rng.uniform(0.15, 0.27), rng.uniform(0.18, 0.34)
    if kind < 0.4:
        _base(b, look, metal, rng.uniform(0.12, 0.18))
        b.add(metal, bar((0, 0, 0.02), (0, 0, h - 0.5 * tall), rng.uniform(0.009, 0.016)), smooth=True)
        _shade(b, look, radius, tall, h - tall)
    elif kind < 0.65:
        spread, joint = rng.uniform(0.24, 0.36), h - tall - rng.uniform(0.02, 0.12)
        for i in range(3):
            angle = 2 * np.pi * (i + 0.25) / 3
            foot = (spread * np.cos(angle), spread * np.sin(angle), 0.0)
            b.add(metal, bar(foot, (0.02 * np.cos(angle), 0.02 * np.sin(angle), joint), 0.011, 0.015), smooth=True)
        b.add(metal, cylinder(0.045, 0.05, 20).at(0, 0, joint - 0.03), smooth=True)
        b.add(metal, bar((0, 0, joint), (0, 0, h - 0.5 * tall), 0.01), smooth=True)
        _shade(b, look, radius, tall, h - tall)
    elif kind < 0.8:
        reach, side = rng.uniform(0.6, 1.0), 1 if rng.random() < 0.5 else -1
        _base(b, look, metal, 0.16)
        path = [
            [0, 0, 0.03],
            [0, 0, 0.75 * h],
            [side * 0.25 * reach, 0, h],
            [side * 0.75 * reach, 0, 1.06 * h],
            [side * reach, 0, 0.93 * h],
        ]
        b.add(metal, tube(smooth_path(path, 36), 0.012, 10), smooth=True)
        inner = Builder("shade")
        _shade(inner, look, radius, 0.7 * tall, 0.0)
        low = 0.93 * h - 0.66 * tall
        for part in inner.parts:
            moved = part.transformed(np.array([[1.0, 0, 0, side * reach], [0, 1, 0, 0], [0, 0, 1, low], [0, 0, 0, 1]]))
            b.parts.append(moved)
    elif kind < 0.9:
        _base(b, look, metal, 0.14)
        b.add(
            metal,
            bar((0, 0, 0.02), (0, 0, 0.8 * h), 0.011),
            bar((0, 0, 0.8 * h), (0, -0.3, 0.93 * h), 0.009),
            smooth=True,
        )
        head = look.main("metal", "painted")
        cone = np.array([[0, 0], [0.03, 0.0], [0.045, 0.05], [0.085, 0.15]])
        b.add(head, vessel(cone, 0.003, 28).turned("x", 140).at(0, -0.29, 0.95 * h), smooth=True)
    else:
        wide = rng.uniform(0.09, 0.15)
        b.add(metal, cylinder(wide, 0.04, 32), smooth=True)
        glow = _cloth(look)
        b.add(glow, cylinder(0.97 * wide, 0.75 * h, 32, 0.01).at(0, 0, 0.04), smooth=True)
        for z in np.linspace(0.04, 0.75 * h, int(rng.integers(2, 7))):
            b.add(metal, torus(0.985 * wide, 0.006, 32, 8).at(0, 0, float(z)), smooth=True)
    return b.done()


def table_lamp(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A table lamp: turned or ceramic body with a shade, a jointed desk lamp, or a glowing ball."""
    look, b, kind = Look(rng, colour, material), Builder("table lamp", "table"), rng.random()
    if kind < 0.6:
        h, radius, tall = rng.uniform(0.3, 0.6), rng.uniform(0.1, 0.19), rng.uniform(0.12, 0.24)
        foot, belly = rng.uniform(0.045, 0.075), rng.uniform(0.04, 0.09)
        low = h - tall
        points = [
            [foot, 0],
            [foot, 0.015],
            [0.35 * foot, 0.15 * low],
            [belly, 0.45 * low],
            [0.4 * belly, 0.8 * low],
            [0.012, low],
        ]
        if rng.random() < 0.4:
            points = [[foot, 0], [1.2 * belly, 0.35 * low], [0.8 * belly, 0.75 * low], [0.014, low]]
        body = look.main("ceramic", "wood", "metal", "ceramic", "marble")
        b.add(body, lathe(smooth_path(points, 28), 32), smooth=True)
        b.add(look.side("metal"), bar((0, 0, low - 0.01), (0, 0, low + 0.6 * tall), 0.006), smooth=True)
        plain_look = Look(rng) if look.colour is None else look
        _shade(b, plain_look, radius, tall, low)
    elif kind < 0.85:
        metal = look.main("metal", "painted", "plastic")
        _base(b, look, metal, rng.uniform(0.075, 0.1))
        arm, lean = rng.uniform(0.2, 0.32), rng.uniform(10, 35)
        elbow = np.array([0, arm * np.sin(np.radians(lean)), 0.03 + arm * np.cos(np.radians(lean))])
        wrist = elbow + turn("x", rng.uniform(30, 65)) @ [0, 0, arm]
        b.add(metal, bar((0, 0, 0.025), elbow, 0.0075), bar(elbow, wrist, 0.0065), smooth=True)
        b.add(metal, sphere(0.016, 14, 10).at(*elbow), sphere(0.014, 14, 10).at(*wrist), smooth=True)
        wide = rng.uniform(0.06, 0.09)
        cone = np.array([[0, 0], [0.35 * wide, 0.0], [0.45 * wide, 0.04], [wide, 0.12]])
        b.add(metal, vessel(cone, 0.0025, 28).turned("x", 155).at(*(wrist + np.array([0, 0.005, 0.02]))), smooth=True)
    else:
        r = rng.uniform(0.06, 0.13)
        b.add(
            look.side("wood", "metal", "ceramic"),
            lathe(np.array([[0.75 * r, 0], [0.75 * r, 0.03], [0.5 * r, 0.06]]), 30),
            smooth=True,
        )
        b.add(_cloth(look), sphere(r, 28, 18).at(0, 0, 0.05 + 0.9 * r), smooth=True)
    return b.done()


def ceiling_lamp(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A lamp that hangs: a pendant on a cord, a flush dome, a bar with tubes, or a chandelier of arms."""
    look, b, kind = Look(rng, colour, material), Builder("ceiling lamp", "ceiling"), rng.random()
    metal = look.side("metal", "plastic")
    if kind < 0.5:
        drop, radius, tall = rng.uniform(0.25, 0.8), rng.uniform(0.12, 0.28), rng.uniform(0.14, 0.28)
        b.add(metal, cylinder(0.05, 0.03, 24).at(0, 0, -0.03), smooth=True)
        b.add(metal, bar((0, 0, -0.01), (0, 0, -drop - 0.5 * tall), 0.004), smooth=True)
        _shade(b, look, radius, tall, -drop - tall)
    elif kind < 0.75:
        r = rng.uniform(0.14, 0.24)
        b.add(metal, cylinder(1.03 * r, 0.03, 36).at(0, 0, -0.03), smooth=True)
        b.add(
            _cloth(look), lathe(smooth_path([[0.02, -0.5 * r], [0.7 * r, -0.4 * r], [r, -0.03]], 12), 36), smooth=True
        )
    elif kind < 0.87:
        long = rng.uniform(0.6, 1.3)
        b.add(metal, box(long, 0.12, 0.05, 0.005).at(0, 0, -0.05))
        glow = Material(materials.plain(rng, rgb_of("white", rng)), 0.03, 0.5, 1.2)
        for y in (-0.03, 0.03):
            b.add(glow, bar((-0.48 * long, y, -0.065), (0.48 * long, y, -0.065), 0.016, sides=12), smooth=True)
    else:
        arms, reach, drop = int(rng.integers(3, 7)), rng.uniform(0.25, 0.4), rng.uniform(0.3, 0.6)
        stuff = look.main("metal", "painted", "wood")
        b.add(stuff, bar((0, 0, 0), (0, 0, -drop), 0.01), sphere(0.04, 18, 12).at(0, 0, -drop), smooth=True)
        for i in range(arms):
            angle = 2 * np.pi * i / arms
            out = np.array([np.cos(angle), np.sin(angle), 0.0])
            path = [[0, 0, -drop], [*(0.5 * reach * out[:2]), -drop - 0.06], [*(reach * out[:2]), -drop + 0.05]]
            b.add(stuff, tube(smooth_path(path, 12), 0.008, 8), smooth=True)
            cup = vessel(np.array([[0, 0], [0.02, 0], [0.035, 0.04], [0.055, 0.09]]), 0.003, 24)
            b.add(glowing(rng, _WARM[i % 2], 0.4), cup.at(reach * out[0], reach * out[1], -drop + 0.05), smooth=True)
    return b.done()
