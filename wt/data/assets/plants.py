"""Plants in pots, trees, cacti."""

import numpy as np

from wt.data import textures as tx
from wt.data.assets.kit import Builder, Look, material_of
from wt.data.mesh import Asset, Material
from wt.data.palette import PLANTS, Colour, rgb_of
from wt.data.primitives import Shell, bar, cylinder, ellipsoid, loft, smooth_path, sphere, tube, turn, vessel


def leaf(length: float, width: float, droop: float, thick: float = 0.003) -> Shell:
    """A leaf from the origin towards +x, folded along the middle, its tip lower by `droop` metres; closed and thin."""
    u = np.linspace(0.0, 1.0, 8)
    half = width / 2 * np.sin(np.pi * np.clip(u, 0.04, 0.97)) ** 0.8
    x, z = length * u, 0.25 * length * u - (0.25 * length + droop) * u**2
    fold, zero = 0.25 * half, np.zeros(8)
    ring = [(x, -half, z + fold), (x, zero, z - thick), (x, half, z + fold), (x, zero, z + thick)]
    return loft(np.stack([np.stack(point, -1) for point in ring], axis=1))


def _aimed(shell: Shell, pitch: float, yaw: float) -> Shell:
    """Tipped up by `pitch` degrees from +x, then turned about z by `yaw` degrees."""
    return Shell(shell.vertices @ (turn("z", yaw) @ turn("y", -pitch)).T, shell.faces)


def _green(look: Look) -> Material:
    if look.colour is not None or look.material is not None:
        return look.main("leaf")
    return material_of("leaf", look.rng, rgb_of(None, look.rng, PLANTS))


def _pot(b: Builder, look: Look, radius: float, height: float) -> None:
    """A pot with a rim, filled with soil nearly to the top."""
    rng = look.rng
    foot = radius * rng.uniform(0.6, 1.0)
    if rng.random() < 0.4:
        middle = [[foot, 0.0], [radius * 1.1, 0.5 * height]]
    else:
        middle = [[foot, 0.0], [0.5 * (foot + radius), 0.5 * height]]
    profile = np.array([[0.0, 0.0], *middle, [radius, height]])
    clay = look.side(
        "ceramic", "ceramic", "stone", "plastic", "wicker", colour="orange" if rng.random() < 0.2 else None
    )
    b.add(clay, vessel(profile, 0.1 * radius, 28), smooth=True)
    soil = material_of("carpet", rng, "dark brown")
    b.add(soil, cylinder(0.86 * min(radius, profile[2, 0]), 0.02, 24).at(0, 0, 0.85 * height), smooth=False)


def plant(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A house plant in a pot: a rosette, blades, a bush or a small palm."""
    b, look = Builder("plant"), Look(rng, colour, material)
    total, kind = rng.uniform(0.25, 1.5), rng.integers(4)
    pot_height = float(np.clip(total * rng.uniform(0.2, 0.4), 0.1, 0.4))
    pot = pot_height * rng.uniform(0.45, 0.7)
    _pot(b, look, pot, pot_height)
    green, soil, room = _green(look), 0.85 * pot_height, total - pot_height
    if kind == 0:
        count = int(rng.integers(12, 28))
        for i in range(count):
            pitch, size = rng.uniform(15, 85), room * rng.uniform(0.7, 1.1)
            shell = leaf(size, size * rng.uniform(0.18, 0.35), size * rng.uniform(0.0, 0.5))
            b.add(green, _aimed(shell, pitch, i * 137.5).at(0, 0, soil))
    elif kind == 1:
        for i in range(int(rng.integers(6, 14))):
            size, yaw, r = room * rng.uniform(0.7, 1.15), i * 137.5, 0.5 * pot * rng.random()
            shell = _aimed(leaf(size, rng.uniform(0.04, 0.07), 0.02, 0.005), rng.uniform(72, 89), yaw)
            b.add(green, shell.at(r * np.cos(np.radians(yaw)), r * np.sin(np.radians(yaw)), soil))
    elif kind == 2:
        wood = material_of("wood", rng, "brown")
        for i in range(int(rng.integers(3, 7))):
            tip = np.array([*(rng.normal(0, 0.18, 2) * room), soil + room * rng.uniform(0.65, 1.0)])
            path = smooth_path([(0, 0, soil - 0.02), (*(0.3 * tip[:2]), soil + 0.4 * room), tip], 10)
            b.add(wood, tube(path, 0.008, 6), smooth=True)
            for j in range(int(rng.integers(6, 11))):
                at, size = path[rng.integers(3, 10)], rng.uniform(0.1, 0.2) * (0.4 + 0.6 * room)
                shell = _aimed(leaf(size, 0.55 * size, 0.2 * size), rng.uniform(0, 50), 137.5 * (i + 3 * j))
                b.add(green, shell.at(*at))
    else:
        top = soil + 0.45 * room
        b.add(material_of("wood", rng, "brown"), bar((0, 0, soil - 0.02), (0, 0, top), 0.025, 0.018), smooth=True)
        for i in range(int(rng.integers(9, 16))):
            size = room * rng.uniform(0.55, 0.8)
            b.add(
                green, _aimed(leaf(size, 0.22 * size, 0.55 * size), rng.uniform(20, 75), i * 137.5).at(0, 0, top - 0.01)
            )
    return b.done()


def tree(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A small tree: trunk and branches with leafy clumps, or a conifer of stacked cones."""
    b, look = Builder("tree"), Look(rng, colour, material)
    height, bark, green = rng.uniform(1.6, 3.2), material_of("wood", rng, "dark brown"), _green(look)
    if look.colour is None and look.material is None and rng.random() < 0.4:
        green = Material(tx.noise(rng, rgb_of(None, rng, PLANTS), 0.06), 0.02, 0.8)
    trunk = 0.03 * height
    if rng.random() < 0.3:
        b.add(bark, cylinder(trunk, 0.35 * height), smooth=True)
        tiers, wide = int(rng.integers(3, 6)), rng.uniform(0.2, 0.32) * height
        for i in range(tiers):
            low, scale = height * (0.15 + 0.85 * i / tiers * 0.85), 1.0 - 0.75 * i / tiers
            tall = (height - low) if i == tiers - 1 else 0.4 * height * scale + 0.12 * height
            b.add(green, loft_cone(wide * scale, tall).at(0, 0, low), smooth=False)
        return b.done()
    fork = rng.uniform(0.4, 0.55) * height
    b.add(
        bark,
        tube(
            smooth_path([(0, 0, 0), (*rng.normal(0, 0.03, 2), 0.5 * fork), (0, 0, fork)], 8),
            np.linspace(trunk, 0.7 * trunk, 8),
            10,
        ),
        smooth=True,
    )
    count = int(rng.integers(4, 9))
    for i in range(count):
        angle, reach = i * 2.4, rng.uniform(0.08, 0.22) * height
        tip = np.array([reach * np.cos(angle), reach * np.sin(angle), rng.uniform(fork + 0.1 * height, 0.85 * height)])
        b.add(bark, bar((0, 0, fork - 0.05 * height), tip, 0.5 * trunk, 0.2 * trunk), smooth=True)
        size = rng.uniform(0.11, 0.19) * height
        ball = ellipsoid(size, size, 0.85 * size, 16, 10)
        bumps = (
            1.0 + 0.12 * np.sin(ball.vertices @ (rng.normal(size=(3, 3)) * 5 / size)).sum(axis=1, keepdims=True) / 1.7
        )
        b.add(green, ball.warped(ball.vertices * bumps).at(*tip), smooth=True)
    return b.done()


def loft_cone(radius: float, height: float) -> Shell:
    """A cone with a slightly ragged hem."""
    angles = np.arange(22) * (2 * np.pi / 22)
    hem = radius * (1.0 + 0.08 * (-1.0) ** np.arange(22))
    rings = [
        np.stack([hem * f * np.cos(angles), hem * f * np.sin(angles), np.full(22, z)], -1)
        for f, z in ((1.0, 0.0), (0.04, height))
    ]
    return loft(np.array(rings))


def _ribbed(radius: float, height: float, ribs: int) -> Shell:
    """An upright rounded column with ribs."""
    angles, rows = np.arange(4 * ribs) * (2 * np.pi / (4 * ribs)), []
    for z in np.concatenate([[0.0], np.linspace(0.1, 0.7, 4), 1.0 - 0.3 * np.cos(np.linspace(0.4, 1.5, 5))]):
        cap = np.sqrt(max(1.0 - max((z - 0.7) / 0.3, 0.0) ** 2, 0.02))
        r = radius * cap * (1.0 + 0.09 * np.cos(ribs * angles))
        rows.append(np.stack([r * np.cos(angles), r * np.sin(angles), np.full(len(angles), z * height)], -1))
    return loft(np.array(rows))


def cactus(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A cactus in a pot: a column with arms, a ball, or paddles."""
    b, look = Builder("cactus", "table"), Look(rng, colour, material)
    size, kind = rng.uniform(0.15, 0.45), rng.integers(3)
    pot = 0.2 * size + 0.02
    _pot(b, look, pot, 1.3 * pot)
    green, soil, radius = _green(look), 1.05 * pot, 0.6 * pot
    if kind == 0:
        b.add(green, _ribbed(radius, size, int(rng.integers(7, 12))).at(0, 0, soil), smooth=True)
        for side in (-1, 1)[: int(rng.integers(1, 3))]:
            z, out = soil + size * rng.uniform(0.3, 0.5), side * 2.2 * radius
            path = smooth_path(
                [(0, 0, z), (0.8 * out, 0, z), (out, 0, z + 0.08 * size), (out, 0, z + size * rng.uniform(0.2, 0.4))],
                14,
            )
            b.add(green, tube(path, 0.5 * radius, 12), sphere(0.5 * radius, 14, 8).at(*path[-1]), smooth=True)
    elif kind == 1:
        ball = _ribbed(1.4 * radius, 2.4 * radius, int(rng.integers(9, 15)))
        b.add(green, ball.at(0, 0, soil), smooth=True)
        if rng.random() < 0.6:
            b.add(
                look.side("plastic", colour=["pink", "red", "yellow"][rng.integers(3)]),
                sphere(0.35 * radius, 12, 8).at(0, 0, soil + 2.4 * radius),
                smooth=True,
            )
    else:

        def paddle(x: float, z: float, tilt: float, scale: float, depth: int) -> None:
            tall = 0.5 * size * scale
            shell = ellipsoid(0.34 * tall, 0.1 * tall, 0.5 * tall, 18, 12).at(0, 0, 0.46 * tall).turned("y", tilt)
            b.add(green, shell.at(x, 0, z), smooth=True)
            if depth:
                for side in (-1, 1)[: 1 + int(rng.random() < 0.6)]:
                    angle = tilt + side * rng.uniform(15, 50)
                    t = np.radians(tilt)
                    paddle(x + 0.85 * tall * np.sin(t), z + 0.85 * tall * np.cos(t), angle, 0.72 * scale, depth - 1)

        paddle(0.0, soil, rng.normal(0, 8), 1.2, 2)
    return b.done()
