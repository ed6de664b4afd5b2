"""Pot plants, cacti and trees: every leaf is a thin closed sheet."""

import numpy as np

from wt.data.assets.kit import Builder, Look
from wt.data.mesh import Asset, Material
from wt.data.palette import PLANTS, Colour, rgb_of, shade
from wt.data.primitives import (
    Number,
    Points,
    Shell,
    cylinder,
    ellipsoid,
    frustum,
    merge,
    sheet,
    smooth_path,
    sphere,
    torus,
    tube,
    vessel,
)
from wt.data.textures import materials, patterns


def _green(rng: np.random.Generator) -> Material:
    rgb = rgb_of(None, rng, PLANTS)
    texture = patterns.noise(rng, rgb, 0.06) if rng.random() < 0.3 else materials.plain(rng, rgb, 0.15)
    return Material(texture, 0.03, 0.5)


def _leaf(
    length: float, width: float, droop: float, fold: float, point: float = 1.0, thick: float = 0.0016, rows: int = 9
) -> Shell:
    """A leaf that starts at the origin towards +y, rises not at all at its root and bends down by `droop` metres."""
    t = np.linspace(0.0, 1.0, rows)[:, None]
    u = np.linspace(-1.0, 1.0, 5 if rows > 6 else 3)[None]
    half = width / 2 * np.sin(np.pi * np.clip(t, 0.02, 0.985) ** (0.75 * point)) ** 0.8
    x = u * half
    y = np.broadcast_to(length * t, x.shape)
    z = -droop * t**2 + fold * np.abs(u) * half
    return sheet(np.stack([x, y, z], -1), thick)


def _pot(b: Builder, look: Look, rng: np.random.Generator, radius: float, height: float) -> float:
    """A planter with earth; returns the height of the earth."""
    clay = look.main("ceramic", "ceramic", "plastic", "stone", "wicker", "metal", "wood",
                     colour=[None, "white", np.array([0.42, 0.16, 0.08]), "dark grey"][rng.integers(4)])  # fmt: skip
    wall, kind = 0.05 * radius + 0.003, rng.integers(3)
    if kind == 0:
        foot = rng.uniform(0.62, 0.8)
        outline = np.array([[0, 0], [foot * radius, 0], [radius, height]])
    elif kind == 1:
        curve = smooth_path(
            [[0.6 * radius, 0], [radius, 0.45 * height], [0.9 * radius, 0.85 * height], [0.92 * radius, height]], 14
        )
        outline = np.concatenate([[[0, 0]], curve])
    else:
        outline = np.array([[0, 0], [0.98 * radius, 0], [radius, 0.02 * height], [radius, height]])
    b.add(clay, vessel(outline, wall, 32), smooth=True)
    if kind == 0 and rng.random() < 0.5:
        b.add(clay, torus(radius, 0.06 * radius, 32, 10).scaled(1, 1, 1.8).at(0, 0, 0.93 * height), smooth=True)
    level = 0.86 * height
    inner = {0: 0.93, 1: 0.93, 2: 0.99}[int(kind)] * radius - wall
    soil = Material(patterns.noise(rng, shade(rgb_of("dark brown", rng), 0.5), 0.02), 0.02, 0.95)
    b.add(soil, cylinder(inner, 0.3 * height, 28, 0.002).at(0, 0, level - 0.3 * height))
    return level


def _fronds(rng: np.random.Generator, count: int, length: float, width: float, lift: Points) -> list[Shell]:
    """Long leaves out of one point, turned all around, lifted by degrees."""
    leaves = []
    droop, fold = rng.uniform(0.1, 0.55), rng.uniform(0.1, 0.6)
    for i in range(count):
        size = rng.uniform(0.7, 1.05)
        leaf = _leaf(length * size, width * size, length * droop * size, fold, rng.uniform(0.9, 1.3))
        turn_ = 360.0 * i / count * 2.4 + rng.normal(0, 12)
        leaves.append(leaf.turned("x", rng.uniform(*lift)).turned("z", turn_))
    return leaves


def _stalked(rng: np.random.Generator, height: float, z0: float) -> tuple[list[Shell], list[Shell]]:
    """Broad leaves at the ends of curved stalks."""
    stalks, leaves = [], []
    size = height * rng.uniform(0.28, 0.45)
    wide, droop = rng.uniform(0.55, 0.9), rng.uniform(0.1, 0.5)
    for i in range(int(rng.integers(6, 16))):
        angle, reach, top = (
            2.4 * i + rng.normal(0, 0.2),
            height * rng.uniform(0.08, 0.4),
            height * rng.uniform(0.4, 0.95),
        )
        out = np.array([np.cos(angle), np.sin(angle), 0.0])
        tip = out * reach + [0, 0, z0 + top]
        stalks.append(
            tube(
                smooth_path([out * 0.01 + [0, 0, z0 - 0.02], out * 0.35 * reach + [0, 0, z0 + 0.6 * top], tip], 8),
                0.004,
                6,
            )
        )
        leaf = _leaf(
            size * rng.uniform(0.7, 1.1), size * wide, size * droop, rng.uniform(0.05, 0.3), rng.uniform(0.7, 1.1)
        )
        leaves.append(
            leaf.turned("x", rng.uniform(-25, 45)).turned("z", float(np.degrees(angle)) - 90).at(*(tip - out * 0.01))
        )
    return stalks, leaves


def plant(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A pot plant: fronds, upright swords, broad leaves on stalks, a little stem with a crown, or a bush."""
    look, b = Look(rng, colour, material), Builder("plant")
    total = rng.choice([rng.uniform(0.2, 0.45), rng.uniform(0.6, 1.5)])
    radius = total * rng.uniform(0.13, 0.22) + 0.02
    z = _pot(b, look, rng, radius, radius * rng.uniform(1.1, 2.0))
    high, green, kind = total - z if total - z > 0.1 else 0.3 * total + 0.1, _green(rng), rng.integers(5)
    if kind == 0:
        fronds = _fronds(rng, int(rng.integers(9, 22)), high, high * rng.uniform(0.09, 0.22), (30, 82))
        b.add(green, merge(fronds).at(0, 0, z - 0.01), smooth=True)
    elif kind == 1:
        swords = _fronds(rng, int(rng.integers(6, 13)), high, high * rng.uniform(0.09, 0.15), (76, 90))
        spots = rng.normal(0, 0.25 * radius, (len(swords), 2))
        moved = [sword.at(x, y, z - 0.01) for sword, (x, y) in zip(swords, spots)]
        b.add(green, merge(moved), smooth=True)
    elif kind == 2:
        stalks, leaves = _stalked(rng, high, z)
        b.add(_green(rng), merge(stalks), smooth=True)
        b.add(green, merge(leaves), smooth=True)
    elif kind == 3:
        trunk = smooth_path([[0, 0, z - 0.03], [0.03 * high, 0.02 * high, z + 0.3 * high], [0, 0, z + 0.62 * high]], 10)
        b.add(look.side("wood", colour="brown"), tube(trunk, np.linspace(0.035, 0.022, 10) * high, 10), smooth=True)
        crown = _fronds(rng, int(rng.integers(12, 26)), 0.55 * high, 0.1 * high, (-10, 75))
        b.add(green, merge(crown).at(0, 0, z + 0.61 * high), smooth=True)
    else:
        _bush(b, rng, green, z, high, 1.3 * radius)
    return b.done()


def _bush(b: Builder, rng: np.random.Generator, green: Material, z: float, high: float, radius: float) -> None:
    """Many small leaves around an invisible ball, some twigs inside."""
    centre, leaves, twigs = np.array([0, 0, z + 0.55 * high]), [], []
    radius = max(radius, 0.32 * high)
    for i in range(int(rng.integers(60, 110))):
        way = rng.normal(size=3)
        way /= np.linalg.norm(way)
        at = centre + way * [radius, radius, 0.45 * high] * rng.uniform(0.45, 0.95)
        size = rng.uniform(0.16, 0.26) * radius + 0.015
        leaf = _leaf(2 * size, size * 1.1, 0.4 * size, 0.2, 0.9, 0.0014, rows=6)
        yaw = float(np.degrees(np.arctan2(way[1], way[0]))) - 90
        leaves.append(leaf.turned("x", float(np.degrees(np.arcsin(way[2]))) * 0.6).turned("z", yaw).at(*at))
        if i % 9 == 0:
            twigs.append(tube(smooth_path([[0, 0, z - 0.02], [*(0.3 * at[:2]), z + 0.3 * high], at], 6), 0.004, 6))
    b.add(green, merge(leaves), smooth=True)
    b.add(Material(materials.plain(rng, "brown")), merge(twigs), smooth=True)


def cactus(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A ribbed ball, a column with arms, or pads, in a small pot."""
    look, b = Look(rng, colour, material), Builder("cactus", "table")
    radius, kind = rng.uniform(0.04, 0.08), rng.integers(3)
    z, green = _pot(b, look, rng, radius, radius * rng.uniform(1.0, 1.6)), _green(rng)
    if kind == 0:
        body = sphere(1.0, 48, 18)
        angle = np.arctan2(body.vertices[:, 1], body.vertices[:, 0])
        ribs = 1.0 + 0.07 * np.cos(rng.integers(9, 14) * angle)
        points = (
            body.vertices
            * np.stack([ribs, ribs, np.ones_like(ribs)], -1)
            * [1, 1, rng.uniform(0.8, 1.3)]
            * 0.85
            * radius
        )
        b.add(green, body.warped(points).at(0, 0, z - points[:, 2].min() - 0.15 * radius), smooth=True)
        top = z + float(np.ptp(points[:, 2])) - 0.17 * radius
    elif kind == 1:
        tall, thick = radius * rng.uniform(2.2, 4.5), 0.42 * radius
        top = z + tall
        b.add(green, _column([[0, 0, z - 0.01], [0, 0, top - thick]], thick), smooth=True)
        for side in [(-1,), (1,), (-1, 1)][rng.integers(3)]:
            start, rise = z + tall * rng.uniform(0.3, 0.5), tall * rng.uniform(0.2, 0.35)
            elbow = [
                [0, 0, start],
                [side * 2.2 * thick, 0, start + 0.15 * thick],
                [side * 2.5 * thick, 0, start + rise],
            ]
            b.add(green, _column(elbow, 0.68 * thick), smooth=True)
    else:
        top = z
        pads = [(np.array([0.0, 0.0, z - 0.01]), 0.0, 0.95 * radius)]
        for _ in range(int(rng.integers(2, 6))):
            foot, lean, size = pads[rng.integers(len(pads))]
            way = np.array([np.sin(np.radians(lean)), 0, np.cos(np.radians(lean))])
            pads.append((foot + way * 1.75 * size, lean + rng.uniform(-50, 50), size * 0.75))
        for foot, lean, size in pads:
            pad = ellipsoid(0.68 * size, 0.22 * size, size, 18, 12).at(0, 0, 0.95 * size).turned("y", lean).at(*foot)
            b.add(green, pad, smooth=True)
            top = max(top, float(pad.vertices[:, 2].max()))
    if rng.random() < 0.35 and kind < 2:
        flower = look.side("leaf", colour=["pink", "red", "yellow", "white"][rng.integers(4)])
        b.add(flower, ellipsoid(0.22 * radius, 0.22 * radius, 0.16 * radius).at(0, 0, top), smooth=True)
    return b.done()


def _column(points: Points, thick: Number) -> Shell:
    """A tube with a round tip."""
    path = smooth_path(points, 14) if len(points) > 2 else np.array(points, float)
    way = path[-1] - path[-2]
    way /= np.linalg.norm(way)
    cuts = np.radians([20, 45, 70, 85])
    path = np.concatenate([path, path[-1] + way * thick * np.sin(cuts)[:, None]])
    return tube(path, np.r_[np.full(len(path) - 4, thick), thick * np.cos(cuts)], 16)


def tree(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A tree outdoors: leafy crown of lumps, fir of stacked cones, or palm."""
    look, b = Look(rng, colour, material), Builder("tree")
    high, bark = rng.uniform(2.2, 6.5), look.side("wood", colour=["brown", "dark brown", "grey"][rng.integers(3)])
    crown = look.main("leaf", colour=rgb_of(None, rng, PLANTS)) if colour is not None else _green(rng)
    thick, kind = high * rng.uniform(0.02, 0.035), rng.random()
    bend = rng.normal(0, 0.02, 2) * high
    if kind < 0.5:
        top = 0.45 * high
        b.add(
            bark,
            tube(
                smooth_path([[0, 0, 0], [*(0.3 * bend), 0.5 * top], [*bend, 0.75 * high]], 12),
                np.linspace(1.3, 0.5, 12) * thick,
                12,
            ),
            smooth=True,
        )
        for _ in range(int(rng.integers(6, 13))):
            way = rng.normal(size=3)
            way /= np.linalg.norm(way)
            at = np.array([*bend, 0.7 * high]) + way * [0.24 * high, 0.24 * high, 0.17 * high] * rng.uniform(0.5, 1.0)
            b.add(crown, _lump(rng, high * rng.uniform(0.11, 0.17)).at(*at), smooth=True)
            fork = [[*(0.6 * bend), 0.4 * high], [*(0.5 * (at[:2] + bend)), 0.58 * high], list(at)]
            b.add(bark, tube(smooth_path(fork, 7), np.linspace(0.5, 0.2, 7) * thick, 8), smooth=True)
    elif kind < 0.8:
        b.add(bark, frustum(1.2 * thick, 0.4 * thick, 0.9 * high, 14), smooth=True)
        tiers, wide = int(rng.integers(4, 8)), rng.uniform(0.18, 0.27) * high
        for i in range(tiers):
            share = i / tiers
            tall = high * 0.85 / tiers * 1.9
            cone = frustum(wide * (1 - 0.85 * share), 0.0, tall, 26, 0.02 * high)
            ripple = 1 + 0.06 * np.sin(9 * np.arctan2(cone.vertices[:, 1], cone.vertices[:, 0]) + i)
            cone = cone.warped(cone.vertices * np.stack([ripple, ripple, np.ones_like(ripple)], -1))
            b.add(
                crown,
                cone.at(0, 0, 0.15 * high + (high * 0.85 - tall) * share * tiers / max(tiers - 1, 1)),
                smooth=True,
            )
    else:
        path = smooth_path([[0, 0, 0], [*(2 * bend), 0.5 * high], [*(3 * bend), 0.85 * high]], 14)
        b.add(bark, tube(path, np.linspace(1.2, 0.7, 14) * thick, 12), smooth=True)
        fronds = _fronds(rng, int(rng.integers(9, 16)), 0.38 * high, 0.07 * high, (-15, 55))
        b.add(crown, merge(fronds).at(*path[-1]), smooth=True)
    return b.done()


def _lump(rng: np.random.Generator, radius: float) -> Shell:
    """A ball with dents: foliage seen from afar."""
    ball = sphere(1.0, 18, 12)
    waves = rng.normal(0, 3.0, (4, 3))
    dent = 1 + 0.06 * np.sin(ball.vertices @ waves.T + rng.uniform(0, 6, 4)).sum(axis=1)
    return ball.warped(ball.vertices * dent[:, None] * radius)
