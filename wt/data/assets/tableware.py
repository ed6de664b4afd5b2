"""Hollow things for tables: mugs, cups, plates, bowls, bottles, vases, jars, teapots, glasses, pots, candles."""

import numpy as np

from wt.data.assets.kit import Builder, Look
from wt.data.mesh import Asset, Material
from wt.data.palette import Colour
from wt.data.primitives import Points, Shell, cylinder, frustum, lathe, smooth_path, sphere, torus, tube, vessel

_GLAZES = ("ceramic", "ceramic", "ceramic", "plastic", "stone", "glass")


def _profile(*points: Points, samples: int = 22) -> np.ndarray:
    """A smooth outline (radius, z) from the bottom's rim to the lip, led to the axis at the bottom."""
    curve = smooth_path(np.array(points, float), samples)
    return np.concatenate([[[0.0, curve[0, 1]]], curve])


def _handle(radius: float, z: float, height: float, reach: float, thick: float) -> Shell:
    """An ear on the +x side of a body of `radius`, centred at height z."""
    start, end = [radius - 0.4 * thick, 0, z + height / 2], [radius - 0.4 * thick, 0, z - height / 2]
    out = [
        [radius + 0.8 * reach, 0, z + 0.46 * height],
        [radius + reach, 0, z],
        [radius + 0.7 * reach, 0, z - 0.42 * height],
    ]
    return tube(smooth_path([start, *out, end], 18), thick, 10, flatten=1.3)


def mug(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A mug with a handle, straight, bellied or flared."""
    look, b = Look(rng, colour, material), Builder("mug", "table")
    glaze = look.main(*_GLAZES)
    radius, height, wall = rng.uniform(0.036, 0.048), rng.uniform(0.08, 0.115), rng.uniform(0.003, 0.005)
    foot, belly, lip = rng.uniform(0.75, 1.0), rng.uniform(0.95, 1.12), rng.uniform(0.92, 1.12)
    if rng.random() < 0.4:
        outer = np.array([[0, 0], [radius, 0], [radius, height]])
        outer = np.concatenate([outer[:2], smooth_path(outer[1:], 8)[1:]])
        belly = 1.0
    else:
        outer = _profile((foot * radius, 0), (belly * radius, 0.4 * height), (lip * radius, height), samples=14)
    b.add(glaze, vessel(outer, wall, 36), smooth=True)
    reach, tall = rng.uniform(0.022, 0.034), height * rng.uniform(0.5, 0.68)
    b.add(glaze, _handle(radius * min(belly, 1.0), 0.5 * height, tall, reach, rng.uniform(0.004, 0.0065)), smooth=True)
    if rng.random() < 0.6:
        drink = look.side("glass", colour=["dark brown", "brown", "beige"][rng.integers(3)])
        level, inner = height * rng.uniform(0.6, 0.88), (min(foot, lip, belly) * radius - wall) * 0.99
        b.add(drink, cylinder(inner, level - wall - 0.001, 32, 0.001).at(z=wall + 0.0005))
    return b.done()


def cup(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A tea cup on its saucer."""
    look, b = Look(rng, colour, material), Builder("cup", "table")
    glaze, r, h = look.main("ceramic", "ceramic", "glass"), rng.uniform(0.036, 0.05), rng.uniform(0.05, 0.065)
    plate_r, lift = 1.6 * r, 0.006
    saucer = np.array([[0, 0], [0.55 * plate_r, 0], [0.75 * plate_r, 0.004], [plate_r, 0.015]])
    b.add(glaze, vessel(saucer, 0.003, 36), smooth=True)
    bowl = _profile(
        (0.45 * r, lift), (0.75 * r, lift + 0.12 * h), (0.95 * r, lift + 0.5 * h), (r, lift + h), samples=14
    )
    b.add(glaze, vessel(bowl, 0.0028, 36), smooth=True)
    b.add(glaze, _handle(0.93 * r, lift + 0.6 * h, 0.5 * h, 0.02, 0.0035), smooth=True)
    return b.done()


def plate(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A plate, sometimes a few, sometimes with fruit."""
    look, b = Look(rng, colour, material), Builder("plate", "table")
    glaze, r = look.main("ceramic", "ceramic", "wood", "plastic"), rng.uniform(0.09, 0.15)
    count = int(rng.integers(2, 7)) if rng.random() < 0.25 else 1
    well, rise = rng.uniform(0.6, 0.72), rng.uniform(0.014, 0.028)
    outline = np.array([[0, 0], [0.55 * r, 0], [well * r, 0.003], [(well + 0.12) * r, 0.6 * rise], [r, rise]])
    for i in range(count):
        b.add(glaze, vessel(outline, 0.0045, 44).at(z=i * 0.0085), smooth=True)
    if count == 1 and rng.random() < 0.4:
        _fruit(b, look, rng, 0.55 * r, 0.005)
    return b.done()


def _fruit(b: Builder, look: Look, rng: np.random.Generator, reach: float, z: float) -> None:
    for _ in range(int(rng.integers(2, 6))):
        size = rng.uniform(0.025, 0.04)
        x, y = rng.uniform(-0.7, 0.7, 2) * max(reach - size, 0.01)
        skin = look.side("plastic", "leaf", colour=["red", "orange", "yellow", "green", "light green"][rng.integers(5)])
        b.add(skin, sphere(size, 18, 12).scaled(1, 1, rng.uniform(0.85, 1.1)).at(x, y, z + size), smooth=True)


def bowl(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A bowl, shallow or deep, sometimes with fruit."""
    look, b = Look(rng, colour, material), Builder("bowl", "table")
    glaze, r = look.main("ceramic", "ceramic", "wood", "metal", "glass", "stone"), rng.uniform(0.06, 0.16)
    h, foot = r * rng.uniform(0.45, 1.0), rng.uniform(0.35, 0.55)
    mid = rng.uniform(0.8, 0.98)
    outline = _profile(
        (foot * r, 0), ((foot + mid) / 2 * r + 0.08 * r, 0.2 * h), (mid * r, 0.6 * h), (r, h), samples=18
    )
    wall = rng.uniform(0.03, 0.06) * r + 0.002
    b.add(glaze, vessel(outline, wall, 44), smooth=True)
    if rng.random() < 0.3:
        _fruit(b, look, rng, 0.6 * r, 0.35 * h)
    return b.done()


def bottle(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """Wine, beer, water or medicine bottle with cap or cork and often a label."""
    look, b = Look(rng, colour, material), Builder("bottle", "table")
    hue = [None, "dark green", "brown", "green", "light blue", "white"][rng.integers(6)]
    glass = look.main("glass", "glass", "plastic", "ceramic", colour=hue)
    r, h = rng.uniform(0.028, 0.048), rng.uniform(0.17, 0.33)
    neck, shoulder = rng.uniform(0.011, 0.016), rng.uniform(0.5, 0.72)
    steep = rng.uniform(0.05, 0.2)
    curve = smooth_path(
        [[r, shoulder * h], [0.93 * r, (shoulder + 0.3 * steep) * h], [1.3 * neck, (shoulder + 0.8 * steep) * h],
         [neck, (shoulder + steep) * h + 0.01], [neck, h]], 16
    )  # fmt: skip
    outer = np.concatenate([[[0, 0], [0.93 * r, 0], [r, 0.008], [r, 0.3 * shoulder * h]], curve])
    b.add(glass, vessel(outer, 0.0028, 32), smooth=True)
    b.add(look.side("plastic", "metal", "wood"), cylinder(neck * 1.25, 0.022, 20, 0.002).at(z=h - 0.014), smooth=True)
    if rng.random() < 0.7:
        low, high = 0.16 * h, (shoulder - rng.uniform(0.04, 0.15)) * h
        ring = np.array([[0, low], [r * 1.015, low], [r * 1.015, high]])
        b.add(look.side("paper"), lathe(ring, 32, 0.0005), smooth=True)
    return b.done()


def vase(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A thrown shape with a free outline, sometimes with handles, dry stems or flowers."""
    look, b = Look(rng, colour, material), Builder("vase", "table")
    glaze, h = look.main(*_GLAZES, "marble"), rng.uniform(0.14, 0.42)
    belly = h * rng.uniform(0.18, 0.42)
    foot, neck, lip = rng.uniform(0.4, 0.8), rng.uniform(0.28, 0.7), rng.uniform(0.35, 0.85)
    at, top = rng.uniform(0.28, 0.6), rng.uniform(0.78, 0.9)
    outline = _profile((foot * belly, 0), (belly, at * h), (neck * belly, top * h), (lip * belly, h), samples=26)
    wall = min(0.006, 0.25 * neck * belly)
    b.add(glaze, vessel(outline, wall, 40), smooth=True)
    if rng.random() < 0.15:
        ear = _handle(0.9 * belly, (at + top) / 2 * h, 0.4 * h, 0.35 * belly, 0.06 * belly)
        b.add(glaze, ear, ear.turned("z", 180), smooth=True)
    if rng.random() < 0.4:
        _stems(b, look, rng, h, neck * belly - wall)
    return b.done()


def _stems(b: Builder, look: Look, rng: np.random.Generator, height: float, mouth: float) -> None:
    green = look.side("leaf", colour=["green", "dark green", "olive"][rng.integers(3)])
    petals = look.side("leaf", colour=["red", "pink", "yellow", "white", "orange", "lilac"][rng.integers(6)])
    for _ in range(int(rng.integers(3, 9))):
        angle, lean = rng.uniform(0, 2 * np.pi), rng.uniform(0.1, 0.45) * height
        tip = np.array([lean * np.cos(angle), lean * np.sin(angle), height * rng.uniform(1.25, 1.7)])
        rim = np.array([np.cos(angle), np.sin(angle), 0]) * mouth * 0.5
        path = smooth_path([[*-rim[:2], 0.1 * height], [*rim[:2], height], tip], 8)
        b.add(green, tube(path, 0.0025, 6), smooth=True)
        head, size = rng.uniform(0.5, 1.0), rng.uniform(0.014, 0.028)
        b.add(petals, sphere(size, 12, 8).scaled(1, 1, head).at(*tip), smooth=True)


def jar(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A jar or canister with a lid and a knob."""
    look, b = Look(rng, colour, material), Builder("jar", "table")
    body, r, h = look.main("glass", "ceramic", "metal", "plastic"), rng.uniform(0.04, 0.075), rng.uniform(0.09, 0.2)
    neck = rng.uniform(0.75, 1.0)
    curve = smooth_path([[r, 0.7 * h], [0.97 * r, 0.84 * h], [neck * r, 0.95 * h], [neck * r, h]], 12)
    b.add(body, vessel(np.concatenate([[[0, 0], [0.95 * r, 0], [r, 0.006]], curve]), 0.004, 36), smooth=True)
    lid = look.side("wood", "metal", "ceramic", "plastic")
    b.add(lid, cylinder(neck * r * 1.05, 0.016, 36, 0.003).at(z=h), smooth=True)
    if rng.random() < 0.6:
        b.add(lid, sphere(0.012, 16, 10).at(z=h + 0.024), smooth=True)
    return b.done()


def jug(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A pitcher with a pulled lip and one ear."""
    look, b = Look(rng, colour, material), Builder("jug", "table")
    glaze, r, h = look.main(*_GLAZES, "metal"), rng.uniform(0.055, 0.085), rng.uniform(0.16, 0.28)
    neck, lip = rng.uniform(0.55, 0.85), rng.uniform(0.65, 0.95)
    body = vessel(_profile((0.7 * r, 0), (r, 0.32 * h), (neck * r, 0.78 * h), (lip * r, h), samples=20), 0.0045, 40)
    points = body.vertices.copy()
    # The rim is pulled out and up towards -x, opposite to the ear.
    pull = np.clip((points[:, 2] / h - 0.75) / 0.25, 0, 1) ** 2 * np.clip(-points[:, 0] / (lip * r), 0, 1) ** 3
    points[:, 0] -= 0.45 * r * pull
    points[:, 2] += 0.12 * r * pull
    b.add(glaze, body.warped(points), smooth=True)
    b.add(glaze, _handle(0.85 * r, 0.6 * h, 0.5 * h, 0.5 * r, 0.007), smooth=True)
    return b.done()


def teapot(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A teapot: round body, spout, handle, lid."""
    look, b = Look(rng, colour, material), Builder("teapot", "table")
    glaze, r = look.main("ceramic", "ceramic", "metal", "stone"), rng.uniform(0.065, 0.095)
    h = r * rng.uniform(1.2, 1.8)
    outline = _profile((0.5 * r, 0), (0.9 * r, 0.2 * h), (r, 0.5 * h), (0.75 * r, 0.88 * h), (0.42 * r, h))
    b.add(glaze, vessel(outline, 0.004, 40), smooth=True)
    lid = np.array([[0.44 * r, 0], [0.4 * r, 0.012], [0.2 * r, 0.1 * h + 0.012], [0, 0.13 * h + 0.012]])
    b.add(glaze, lathe(lid, 32).at(z=h), sphere(0.14 * r, 16, 10).at(z=h + 0.15 * h + 0.018), smooth=True)
    path = smooth_path(
        [[-0.85 * r, 0, 0.3 * h], [-1.35 * r, 0, 0.5 * h], [-1.5 * r, 0, 0.85 * h], [-1.85 * r, 0, 1.02 * h]], 14
    )
    b.add(glaze, tube(path, np.linspace(0.24, 0.1, 14) * r, 14), smooth=True)
    b.add(glaze, _handle(0.88 * r, 0.52 * h, 0.62 * h, 0.6 * r, 0.075 * r), smooth=True)
    return b.done()


def glass(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A wine glass with a stem, or a tumbler."""
    look, b = Look(rng, colour, material), Builder("glass", "table")
    stuff, r = (
        look.main("glass", colour=[None, "light blue", "light grey", "white"][rng.integers(4)]),
        rng.uniform(0.03, 0.045),
    )
    if rng.random() < 0.5:
        h = rng.uniform(0.08, 0.15)
        b.add(stuff, vessel(np.array([[0, 0], [0.85 * r, 0], [0.92 * r, 0.5 * h], [r, h]]), 0.003, 32), smooth=True)
        return b.done()
    stem, cup_height = rng.uniform(0.06, 0.1), rng.uniform(0.07, 0.12)
    b.add(
        stuff, lathe(np.array([[0.9 * r, 0], [0.9 * r, 0.003], [0.006, 0.012], [0.004, stem]]), 32, 0.001), smooth=True
    )
    z = stem - 0.002
    outline = _profile(
        (0.2 * r, z), (0.85 * r, z + 0.25 * cup_height), (r, z + 0.55 * cup_height), (0.8 * r, z + cup_height)
    )
    b.add(stuff, vessel(outline, 0.002, 32), smooth=True)
    return b.done()


def pot(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A cooking pot with two ears and a lid, or a pan with a long handle."""
    look, b = Look(rng, colour, material), Builder("pot", "table")
    metal, dark = look.main("metal", "metal", "painted"), look.side("plastic", "wood", "metal", colour="black")
    r = rng.uniform(0.085, 0.14)
    if rng.random() < 0.35:
        h = rng.uniform(0.04, 0.06)
        b.add(metal, vessel(np.array([[0, 0], [0.82 * r, 0], [0.9 * r, 0.01], [r, h]]), 0.004, 40), smooth=True)
        path = smooth_path([[0.95 * r, 0, 0.8 * h], [r + 0.06, 0, h + 0.015], [r + 0.19, 0, h + 0.03]], 10)
        b.add(dark, tube(path, np.linspace(0.009, 0.013, 10), 10), smooth=True)
        return b.done()
    h = r * rng.uniform(0.8, 1.5)
    b.add(metal, vessel(np.array([[0, 0], [0.96 * r, 0], [r, 0.01], [r, h]]), 0.004, 40), smooth=True)
    for side in (0, 180):
        ear = smooth_path(
            [[r - 0.003, -0.035, 0], [r + 0.025, -0.03, 0], [r + 0.025, 0.03, 0], [r - 0.003, 0.035, 0]], 14
        )
        b.add(dark, tube(ear, 0.006, 8).at(z=0.78 * h).turned("z", side), smooth=True)
    if rng.random() < 0.7:
        lid = np.array([[1.02 * r, 0], [1.02 * r, 0.006], [0.6 * r, 0.022], [0, 0.028]])
        b.add(metal, lathe(lid, 40, 0.002).at(z=h), smooth=True)
        b.add(
            dark,
            lathe(np.array([[0.008, 0], [0.008, 0.015], [0.02, 0.022], [0.02, 0.03]]), 20).at(z=h + 0.026),
            smooth=True,
        )
    return b.done()


def candle(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A candle on a plate or in a candlestick."""
    look, b = Look(rng, colour, material), Builder("candle", "table")
    wax: Material = look.main("plastic", colour=["cream", "white", "red", None][rng.integers(4)])
    holder = look.side("metal", "ceramic", "wood")
    if rng.random() < 0.5:
        r, h = rng.uniform(0.025, 0.05), rng.uniform(0.06, 0.18)
        b.add(holder, frustum(1.5 * r, 1.7 * r, 0.012, 32), smooth=True)
        b.add(wax, cylinder(r, h, 32, 0.004).at(z=0.011), smooth=True)
        top = 0.011 + h
    else:
        h, tall = rng.uniform(0.08, 0.25), rng.uniform(0.1, 0.24)
        radii = np.array([0.045, 0.045, 0.012, 0.01, 0.018, 0.01, 0.012, 0.022])
        heights = np.array([0, 0.01, 0.025, 0.45 * h, 0.55 * h, 0.65 * h, h - 0.02, h])
        turned = np.stack([radii, heights], -1)
        b.add(holder, lathe(turned, 28), smooth=True)
        b.add(wax, frustum(0.011, 0.009, tall, 20).at(z=h - 0.002), smooth=True)
        top = h + tall
    b.add(look.side("paper", colour="black"), cylinder(0.0012, 0.012, 6, 0.0).at(z=top - 0.002))
    return b.done()


def ring(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A torus lying flat, standing, or leaning on a second one."""
    look, b = Look(rng, colour, material), Builder("torus", "table")
    stuff, major = look.main("plastic", "ceramic", "wood", "metal", "marble"), rng.uniform(0.05, 0.12)
    minor = major * rng.uniform(0.15, 0.45)
    body, kind = torus(major, minor, 44, 18), rng.integers(3)
    if kind == 0:
        b.add(stuff, body, smooth=True)
    elif kind == 1:
        b.add(stuff, body.turned("x", 90), smooth=True)
    else:
        b.add(stuff, body, smooth=True)
        second = torus(0.8 * major, 0.9 * minor, 40, 16).turned("x", rng.uniform(25, 70)).at(0, 0, 0.9 * major)
        b.add(look.side("plastic", "wood", "metal"), second, smooth=True)
    return b.done()
