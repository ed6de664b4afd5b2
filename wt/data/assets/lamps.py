"""Floor lamps, table lamps, ceiling lamps."""

import numpy as np

from wt.data.assets.kit import Builder, Look, glowing
from wt.data.mesh import Asset, Material
from wt.data.palette import Colour
from wt.data.primitives import Shell, bar, box, cylinder, frustum, lathe, ring_lathe, smooth_path, sphere, tube, vessel


def cone_shade(bottom: float, top: float, height: float, wall: float = 0.004) -> Shell:
    """An open shade, a ring with straight sides, standing on z = 0."""
    return ring_lathe(np.array([[bottom, 0.0], [top, height], [top - wall, height], [bottom - wall, 0.0]]), 32)


def _shade_material(look: Look, lit: bool) -> Material:
    if look.colour is not None:
        return glowing(look.rng, look.colour, 0.6 if lit else 0.0)
    if lit:
        return glowing(
            look.rng, ["cream", "white", "beige", "yellow"][look.rng.integers(4)], look.rng.uniform(0.3, 1.0)
        )
    return look.main("fabric", "paper", "metal")


def _bulb(b: Builder, rng: np.random.Generator, z: float, lit: bool) -> None:
    b.add(glowing(rng, "cream", 1.5 if lit else 0.0), sphere(0.03, 14, 8).at(0, 0, z), smooth=True)


def floor_lamp(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A standing lamp: straight pole, tripod, or an arc with a hanging dome."""
    b, look = Builder("floor lamp"), Look(rng, colour, material)
    height, lit, kind = rng.uniform(1.35, 1.8), bool(rng.random() < 0.5), rng.integers(4)
    metal = look.side("metal", "wood", "painted") if kind == 1 else look.side("metal", "painted")
    shade = _shade_material(look, lit)
    if kind == 3:
        reach = rng.uniform(0.5, 0.9)
        b.add(metal, cylinder(0.16, 0.03).at(0, 0, 0))
        path = smooth_path(
            [
                (0, 0, 0.02),
                (0, 0, 0.8 * height),
                (0.3 * reach, 0, height),
                (0.8 * reach, 0, height),
                (reach, 0, height - 0.15),
            ],
            28,
        )
        b.add(metal, tube(path, 0.012, 10), smooth=True)
        profile = np.array([[0.0, 0.0], [0.05, 0.0], [0.12, 0.04], [0.16, 0.1], [0.17, 0.16]])
        b.add(shade, vessel(profile, 0.006).turned("x", 180).at(reach, 0, height - 0.14), smooth=True)
        b.add(glowing(rng, "cream", 1.0 if lit else 0.0), sphere(0.04, 14, 8).at(reach, 0, height - 0.22), smooth=True)
        return b.done()
    tall, wide = rng.uniform(0.22, 0.4), rng.uniform(0.15, 0.26)
    if kind == 1:
        for angle in np.arange(3) * 2 * np.pi / 3 + 0.5:
            foot = (0.27 * np.cos(angle), 0.27 * np.sin(angle), 0.0)
            b.add(metal, bar(foot, (0.1 * foot[0], 0.1 * foot[1], height - tall), 0.014, 0.011), smooth=True)
        b.add(metal, cylinder(0.03, 0.06).at(0, 0, height - tall - 0.05), smooth=True)
    else:
        b.add(metal, cylinder(rng.uniform(0.12, 0.17), 0.025).at(0, 0, 0))
        b.add(metal, bar((0, 0, 0.02), (0, 0, height - 0.3 * tall), rng.uniform(0.009, 0.016)), smooth=True)
    if kind == 2:
        b.add(shade, sphere(0.8 * wide, 28, 16).at(0, 0, height - 0.5 * tall), smooth=True)
        return b.done()
    b.add(metal, bar((0, 0, height - tall - 0.02), (0, 0, height - 0.4 * tall), 0.01), smooth=True)
    b.add(metal, bar((-wide * 0.8, 0, height - 0.3 * tall), (wide * 0.8, 0, height - 0.3 * tall), 0.004, sides=6))
    _bulb(b, rng, height - 0.4 * tall, lit)
    b.add(shade, cone_shade(wide, wide * rng.uniform(0.5, 1.0), tall).at(0, 0, height - tall), smooth=False)
    return b.done()


def _desk_arm(b: Builder, look: Look, rng: np.random.Generator, shade: Material, lit: bool) -> None:
    """A jointed reading lamp."""
    metal = look.main("metal", "painted")
    b.add(metal, cylinder(0.08, 0.02))
    elbow, head = (0.0, 0.1, rng.uniform(0.2, 0.28)), (0.0, -0.1, rng.uniform(0.36, 0.46))
    b.add(metal, bar((0, 0, 0.01), elbow, 0.008), bar(elbow, head, 0.008), sphere(0.014, 12, 8).at(*elbow), smooth=True)
    hood = vessel(np.array([[0.0, 0.0], [0.025, 0.0], [0.03, 0.04], [0.075, 0.12]]), 0.004, 24)
    b.add(shade, hood.turned("x", 145).at(head[0], head[1] + 0.01, head[2] + 0.02), smooth=True)
    b.add(
        glowing(rng, "cream", 1.5 if lit else 0.0),
        sphere(0.022, 12, 8).at(0, head[1] - 0.035, head[2] - 0.04),
        smooth=True,
    )


def table_lamp(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A lamp with a turned foot and a shade, or a jointed reading lamp."""
    b, look = Builder("table lamp", "table"), Look(rng, colour, material)
    lit = bool(rng.random() < 0.5)
    shade = _shade_material(look, lit)
    if rng.random() < 0.3:
        _desk_arm(b, look, rng, shade, lit)
        return b.done()
    height, wide, tall = rng.uniform(0.3, 0.6), rng.uniform(0.1, 0.19), rng.uniform(0.13, 0.25)
    body = look.side("ceramic", "metal", "wood", "glass", "stone")
    stem = height - 0.6 * tall
    radii = rng.uniform(0.2, 0.55, 4) * wide
    profile = smooth_path(np.stack([[0.55 * wide, *radii, 0.012], np.linspace(0, stem, 6)], -1), 24)
    profile[:, 0] = np.maximum(profile[:, 0], 0.008)
    profile[:, 1] = np.maximum.accumulate(profile[:, 1] + 1e-4 * np.arange(24))
    kind = rng.random()
    shell = lathe(profile) if kind < 0.6 else cylinder(0.5 * wide, stem) if kind < 0.8 else box(wide, wide, stem, 0.004)
    b.add(body, shell, smooth=kind < 0.8)
    b.add(look.side("metal"), bar((0, 0, stem - 0.01), (0, 0, height - 0.35 * tall), 0.006), smooth=True)
    _bulb(b, rng, height - 0.4 * tall, lit)
    b.add(
        look.side("metal"),
        bar((-0.75 * wide, 0, height - 0.3 * tall), (0.75 * wide, 0, height - 0.3 * tall), 0.003, sides=6),
    )
    b.add(shade, cone_shade(wide, wide * rng.uniform(0.45, 1.0), tall, 0.003).at(0, 0, height - tall))
    return b.done()


def ceiling_lamp(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A pendant on a cord, a flat dish, a globe or a lamp with arms; the top touches the ceiling."""
    b, look = Builder("ceiling lamp", "ceiling"), Look(rng, colour, material)
    lit, kind = bool(rng.random() < 0.6), rng.integers(5)
    shade, metal = _shade_material(look, lit), look.side("metal", "painted")
    if kind == 0:
        radius, flat = rng.uniform(0.15, 0.28), rng.uniform(0.06, 0.12)
        b.add(metal, cylinder(0.7 * radius, 0.02).at(0, 0, -0.02))
        b.add(
            shade,
            lathe(
                smooth_path(
                    [[0.0, -flat], [0.6 * radius, -0.9 * flat], [radius, -0.4 * flat], [0.9 * radius, -0.015]], 14
                )
            ),
            smooth=True,
        )
        return b.done()
    drop = rng.uniform(0.35, 0.9)
    b.add(metal, cylinder(0.05, 0.025).at(0, 0, -0.025), bar((0, 0, -0.02), (0, 0, -drop), 0.006), smooth=True)
    if kind == 1:
        b.add(shade, sphere(rng.uniform(0.12, 0.24), 28, 16).at(0, 0, -drop), smooth=True)
    elif kind == 2:
        radius, tall = rng.uniform(0.14, 0.26), rng.uniform(0.15, 0.28)
        profile = smooth_path([[0.0, 0.0], [0.3 * radius, 0.0], [0.6 * radius, 0.45 * tall], [radius, tall]], 16)
        profile[:, 1] = np.maximum.accumulate(profile[:, 1])
        b.add(shade, vessel(profile, 0.005).turned("x", 180).at(0, 0, -drop + 0.02), smooth=True)
        _bulb(b, rng, -drop - 0.5 * tall, lit)
    elif kind == 3:
        radius, tall = rng.uniform(0.18, 0.3), rng.uniform(0.15, 0.3)
        b.add(shade, cone_shade(radius, radius * rng.uniform(0.6, 1.0), tall).at(0, 0, -drop - 0.7 * tall))
        b.add(metal, bar((-0.8 * radius, 0, -drop + 0.01), (0.8 * radius, 0, -drop + 0.01), 0.005, sides=6))
        _bulb(b, rng, -drop - 0.03, lit)
    else:
        arms, reach = int(rng.integers(3, 7)), rng.uniform(0.22, 0.35)
        b.add(metal, sphere(0.045).at(0, 0, -drop), smooth=True)
        for angle in np.arange(arms) * 2 * np.pi / arms:
            c, s = np.cos(angle), np.sin(angle)
            points = [
                (0, 0, -drop),
                (0.5 * reach * c, 0.5 * reach * s, -drop - 0.07),
                (reach * c, reach * s, -drop + 0.03),
            ]
            b.add(metal, tube(smooth_path(points, 12), 0.008, 8), smooth=True)
            b.add(shade, frustum(0.04, 0.065, 0.09, 20).at(reach * c, reach * s, -drop + 0.03), smooth=True)
    return b.done()
