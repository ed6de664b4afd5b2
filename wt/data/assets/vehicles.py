"""Cars, trucks, trains, aeroplanes: toys by default in size, cars and trucks in their true size. Noses towards -y."""

import numpy as np

from wt.data.assets.kit import Builder, Look, glowing, material_of
from wt.data.mesh import Asset, Material
from wt.data.palette import Colour
from wt.data.primitives import (
    Shell,
    box,
    cylinder,
    ellipsoid,
    frustum,
    loft,
    ring_lathe,
    rounded_box,
    rounded_rectangle,
    smooth_path,
    superellipsoid,
    tube,
)


def _wheel(b: Builder, rubber: Material, rim: Material, radius: float, width: float, x: float, y: float) -> None:
    """A tyre and its disc on an axle along x, standing on z = 0."""
    r, w = radius, width / 2
    tread = np.array([[0.62 * r, -w], [0.92 * r, -w], [r, -0.7 * w], [r, 0.7 * w], [0.92 * r, w], [0.62 * r, w]])
    b.add(rubber, ring_lathe(tread, 28).turned("y", 90).at(x, y, r), smooth=True)
    disc = cylinder(0.61 * r, 1.3 * w, 24, 0.1 * w).at(0, 0, -0.65 * w).turned("y", 90).at(x, y, r)
    b.add(rim, disc, smooth=True)


def _body(profile: np.ndarray, width: float, tuck: float, round_: float = 0.12, rows: int = 9) -> Shell:
    """A car body from its side outline (y, z), closed: full width in the middle, `tuck` narrower at the top, edges
    drawn in over the share `round_` of the half width."""
    middle = profile.mean(axis=0)
    height = np.ptp(profile[:, 1])
    share = (profile[:, 1] - profile[:, 1].min()) / height
    rings = []
    for t in np.linspace(-1, 1, rows):
        # Towards the flanks the outline shrinks a little: rounded shoulders.
        edge = max(abs(t) - (1 - round_), 0.0) / round_
        shrink = 1.0 - 0.1 * edge**2
        points = middle + (profile - middle) * [1 - 0.03 * edge**2, shrink]
        x = np.sign(t) * (1 - round_ + round_ * np.sin(edge * np.pi / 2)) * width / 2 if edge > 0 else t * width / 2
        rings.append(np.c_[x * (1 - tuck * share**2), points])
    return loft(np.array(rings))


def _outline(points: list[list[float]], length: float, height: float) -> np.ndarray:
    """A side outline given in shares of length (-0.5 .. 0.5, nose at -0.5) and height, corners cut twice."""
    outline = np.array(points) * [length, height]
    for _ in range(2):
        after = np.roll(outline, -1, axis=0)
        outline = np.stack([0.8 * outline + 0.2 * after, 0.2 * outline + 0.8 * after], 1).reshape(-1, 2)
    return outline


_LOWER = [[-0.5, 0.16], [-0.5, 0.42], [-0.46, 0.52], [-0.2, 0.6], [0.3, 0.6], [0.47, 0.58], [0.5, 0.48], [0.5, 0.16]]
_CABINS = {
    "saloon": [[-0.21, 0.58], [-0.09, 0.95], [0.02, 1.0], [0.18, 0.97], [0.33, 0.58]],
    "hatch": [[-0.24, 0.58], [-0.1, 0.94], [0.04, 1.0], [0.36, 0.94], [0.45, 0.58]],
    "estate": [[-0.2, 0.58], [-0.08, 0.94], [0.1, 1.0], [0.42, 0.96], [0.47, 0.58]],
    "coupe": [[-0.14, 0.58], [0.0, 0.93], [0.1, 0.97], [0.22, 0.88], [0.44, 0.58]],
    "van": [[-0.36, 0.58], [-0.26, 0.95], [-0.1, 1.0], [0.44, 1.0], [0.48, 0.58]],
    "pickup": [[-0.2, 0.58], [-0.1, 0.95], [0.0, 1.0], [0.1, 0.98], [0.13, 0.58]],
}


def car(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A saloon, hatchback, estate, coupe, van or pick-up in true size, or the same as a toy."""
    look, b = Look(rng, colour, material), Builder("car")
    scale = 1.0 if rng.random() < 0.5 else rng.uniform(0.03, 0.09)
    kind = list(_CABINS)[rng.integers(len(_CABINS))]
    length, width = rng.uniform(3.6, 4.8) * scale, rng.uniform(1.65, 1.9) * scale
    height = (rng.uniform(1.75, 2.05) if kind == "van" else rng.uniform(1.3, 1.58)) * scale
    paint = look.main("metal", "plastic", "painted")
    glass = material_of("glass", rng, ["black", "dark grey", "navy"][rng.integers(3)])
    dark, rim = material_of("rubber", rng, "black"), look.side("metal", "plastic")
    b.add(paint, _body(_outline(_LOWER, length, height), width, 0.04), smooth=True)
    cabin = _outline(_CABINS[kind], length, height)
    b.add(glass, _body(cabin, 0.93 * width, 0.22), smooth=True)
    roof = cabin[cabin[:, 1] > 0.86 * height]
    y0, y1 = roof[:, 0].min(), roof[:, 0].max()
    lid = superellipsoid(0.36 * width, (y1 - y0) / 2 * 1.06, 0.035 * height, 0.5, 24, 8)
    b.add(paint, lid.at(0, (y0 + y1) / 2, 0.985 * height), smooth=True)
    for side in (-1, 1):
        for y in np.linspace(y0, y1, 3 if kind in ("estate", "van", "hatch") else 2):
            low = np.array([side * 0.462 * width, y + (0.05 if y > 0 else -0.06) * length, 0.58 * height])
            high = np.array([side * 0.375 * width, y, 0.96 * height])
            b.add(paint, tube([low, high], 0.025 * height, 8), smooth=True)
    radius, thick = rng.uniform(0.2, 0.235) * height if kind != "van" else 0.17 * height, 0.13 * width
    for x in (-0.5 * width + 0.42 * thick, 0.5 * width - 0.42 * thick):
        for y in (-0.315 * length, 0.3 * length):
            _wheel(b, dark, rim, radius, thick, x, y)
    _lamps(b, rng, length, width, height)
    for side in (-1, 1):
        mirror = superellipsoid(0.05 * width, 0.03 * width, 0.035 * width, 0.7, 14, 8)
        b.add(paint, mirror.at(side * 0.52 * width, -0.17 * length, 0.64 * height), smooth=True)
    return b.done()


def _lamps(b: Builder, rng: np.random.Generator, length: float, width: float, height: float) -> None:
    white, red = glowing(rng, "white", 0.2), glowing(rng, "dark red", 0.1)
    grille = material_of("plastic", rng, "black")
    for side in (-1, 1):
        lamp = superellipsoid(0.085 * width, 0.02 * length, 0.05 * height, 0.6, 18, 8)
        b.add(white, lamp.at(side * 0.36 * width, -0.485 * length, 0.44 * height), smooth=True)
        b.add(red, lamp.at(side * 0.38 * width, 0.487 * length, 0.47 * height), smooth=True)
    b.add(
        grille,
        rounded_box(0.5 * width, 0.02 * length, 0.1 * height, 0.01 * height).at(0, -0.495 * length, 0.27 * height),
    )
    for y in (-0.5, 0.5):
        bumper = rounded_box(0.94 * width, 0.03 * length, 0.09 * height, 0.03 * height).at(
            0, y * 0.985 * length, 0.15 * height
        )
        b.add(grille, bumper, smooth=True)


def truck(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A lorry in true size or as a toy: cab and box, tank, tipper or flat bed with logs."""
    look, b = Look(rng, colour, material), Builder("truck")
    s = 1.0 if rng.random() < 0.35 else rng.uniform(0.03, 0.07)
    width, length, r = 2.2 * s, rng.uniform(5.0, 7.0) * s, 0.36 * s
    paint, load = look.main("painted", "metal", "plastic"), look.side("painted", "metal", "plastic")
    dark, rim, glass = material_of("rubber", rng, "black"), look.side("metal"), material_of("glass", rng, "navy")
    front, cab, floor = -length / 2, rng.uniform(1.5, 1.9) * s, 0.75 * s
    b.add(material_of("metal", rng, "dark grey"), box(0.5 * width, 0.96 * length, 0.25 * s).at(0, 0, 0.5 * s))
    tall = rng.uniform(1.5, 1.9) * s
    b.add(paint, rounded_box(width, cab, tall, 0.15 * s).at(0, front + cab / 2, floor - 0.15 * s), smooth=True)
    b.add(
        glass,
        rounded_box(0.84 * width, 0.1 * s, 0.38 * tall, 0.04 * s).at(0, front + 0.02 * s, floor + 0.42 * tall),
        smooth=True,
    )
    for side in (-1, 1):
        pane = rounded_box(0.08 * s, 0.5 * cab, 0.34 * tall, 0.03 * s)
        b.add(glass, pane.at(side * width / 2, front + 0.42 * cab, floor + 0.43 * tall), smooth=True)
    y0, y1 = front + cab + 0.15 * s, length / 2
    middle, deep, kind = (y0 + y1) / 2, y1 - y0, rng.integers(4)
    if kind == 0:
        b.add(
            load, rounded_box(1.04 * width, deep, rng.uniform(1.7, 2.3) * s, 0.05 * s).at(0, middle, floor + 0.02 * s)
        )
    elif kind == 1:
        tank = superellipsoid(0.46 * width, 0.4 * width, deep / 2, 0.35, 28, 14).turned("x", 90)
        b.add(load, tank.at(0, middle, floor + 0.42 * width), smooth=True)
    else:
        wall, high = 0.08 * s, (rng.uniform(0.6, 1.1) if kind == 2 else 0.25) * s
        b.add(load, box(width, deep, wall).at(0, middle, floor))
        for side in (-1, 1):
            b.add(load, box(wall, deep, high).at(side * (width - wall) / 2, middle, floor + wall))
            b.add(load, box(width - 2 * wall, wall, high).at(0, middle + side * (deep - wall) / 2, floor + wall))
        bark = look.side("wood")
        for i in range(5 if kind == 3 else 0):
            x, z = ((i if i < 3 else i - 2.5) - 1) * 0.62 * s, floor + (0.42 if i < 3 else 0.96) * s
            log = cylinder(0.3 * s, 0.9 * deep, 18, 0.02 * s).turned("x", 90)
            b.add(bark, log.at(x, middle + 0.45 * deep, z), smooth=True)
    for y in (front + 0.55 * cab, y0 + 0.62 * deep, y0 + 0.62 * deep + 2.3 * r):
        for x in (-0.5 * width + 0.16 * s, 0.5 * width - 0.16 * s):
            _wheel(b, dark, rim, r, 0.3 * s, x, y)
    for side in (-1, 1):
        b.add(
            glowing(rng, "white", 0.2), box(0.3 * s, 0.06 * s, 0.16 * s, 0.02 * s).at(side * 0.75 * s, front, 0.72 * s)
        )
    return b.done()


def bus(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A coach or a double-decker, true size or toy."""
    look, b = Look(rng, colour, material), Builder("bus")
    s = 1.0 if rng.random() < 0.25 else rng.uniform(0.03, 0.06)
    decks = 1 + int(rng.random() < 0.35)
    width, length, height = 2.4 * s, rng.uniform(7.0, 10.5) * s, (2.7 + 1.3 * (decks - 1)) * s
    paint, glass = (
        look.main("painted", "metal", "plastic"),
        material_of("glass", rng, ["black", "navy"][rng.integers(2)]),
    )
    dark, rim = material_of("rubber", rng, "black"), look.side("metal")
    b.add(paint, rounded_box(width, length, height, 0.18 * s).at(0, 0, 0.35 * s), smooth=True)
    for deck in range(decks):
        z = (1.35 + 1.25 * deck) * s
        count = int(length / s / 1.4)
        for y in np.linspace(-length / 2 + 1.0 * s, length / 2 - 0.9 * s, count):
            for x in (-width / 2, width / 2):
                b.add(glass, rounded_box(0.06 * s, 0.8 * length / count, 0.75 * s, 0.02 * s, 1).at(x, y, z))
        for y in (-length / 2, length / 2):
            b.add(glass, rounded_box(0.84 * width, 0.08 * s, 0.95 * s, 0.03 * s, 1).at(0, y, z - 0.1 * s))
    for y in (-0.32 * length, 0.3 * length):
        for x in (-width / 2 + 0.15 * s, width / 2 - 0.15 * s):
            _wheel(b, dark, rim, 0.46 * s, 0.32 * s, x, y)
    for x in (-0.8 * s, 0.8 * s):
        b.add(glowing(rng, "white", 0.2), box(0.3 * s, 0.06 * s, 0.18 * s, 0.02 * s).at(x, -length / 2, 0.7 * s))
    return b.done()


def train(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A toy steam engine with up to two wagons."""
    look, b = Look(rng, colour, material), Builder("train", "table")
    s = rng.uniform(0.05, 0.11)
    paint, trim, dark = (
        look.main("wood", "painted", "metal", "plastic"),
        look.side("painted", "metal"),
        look.side("wood", "rubber"),
    )
    b.add(trim, box(0.8 * s, 2.2 * s, 0.16 * s, 0.02 * s).at(0, 0, 0.3 * s))
    b.add(paint, cylinder(0.36 * s, 1.35 * s, 28, 0.03 * s).turned("x", 90).at(0, 0.3 * s, 0.8 * s), smooth=True)
    b.add(paint, box(0.78 * s, 0.75 * s, 1.0 * s, 0.03 * s).at(0, 0.7 * s, 0.46 * s))
    b.add(trim, box(0.94 * s, 0.92 * s, 0.1 * s, 0.03 * s).at(0, 0.7 * s, 1.46 * s))
    b.add(trim, frustum(0.1 * s, 0.18 * s, 0.45 * s, 20, 0.01 * s).at(0, -0.75 * s, 1.1 * s), smooth=True)
    b.add(trim, ellipsoid(0.13 * s, 0.13 * s, 0.16 * s).at(0, -0.15 * s, 1.15 * s), smooth=True)
    places = [(-0.7, 0.26), (-0.1, 0.26), (0.65, 0.34)]
    end = 1.1 * s
    for _ in range(int(rng.integers(0, 3))):
        end += 0.2 * s
        b.add(dark, cylinder(0.04 * s, 0.34 * s, 10, 0.0).turned("x", 90).at(0, end + 0.05 * s, 0.36 * s))
        b.add(trim, box(0.8 * s, 1.3 * s, 0.14 * s, 0.02 * s).at(0, end + 0.65 * s, 0.3 * s))
        cargo = look.main("wood", "painted", "plastic")
        b.add(cargo, box(0.7 * s, 1.2 * s, rng.uniform(0.35, 0.8) * s, 0.05 * s).at(0, end + 0.65 * s, 0.44 * s))
        places += [((end + 0.3 * s) / s, 0.24), ((end + 1.0 * s) / s, 0.24)]
        end += 1.3 * s
    for y, r in places:
        for x in (-0.42 * s, 0.42 * s):
            b.add(
                dark,
                cylinder(r * s, 0.1 * s, 24, 0.02 * s).at(0, 0, -0.05 * s).turned("y", 90).at(x, y * s, r * s),
                smooth=True,
            )
    return b.done()


def aeroplane(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A toy aeroplane on its wheels: one propeller or two jets."""
    look, b = Look(rng, colour, material), Builder("aeroplane", "table")
    s, r = rng.uniform(0.2, 0.45), rng.uniform(0.06, 0.09)
    paint, second, dark = (
        look.main("painted", "metal", "plastic", "wood"),
        look.side("painted", "plastic"),
        look.side("rubber", colour="black"),
    )
    path = smooth_path([[0, -0.5, 0], [0, -0.3, 0.01], [0, 0.1, 0.01], [0, 0.5, 0.05]], 20)
    radii = r * np.interp(np.linspace(0, 1, 20), [0, 0.05, 0.15, 0.55, 1.0], [0.35, 0.7, 1.0, 0.95, 0.2])
    z = r + 0.09
    b.add(paint, tube(path * s + [0, 0, z * s], radii * s, 22), smooth=True)
    span, chord, sweep = rng.uniform(0.42, 0.6), rng.uniform(0.14, 0.2), rng.uniform(0.0, 0.16)
    low = z - 0.4 * r if rng.random() < 0.6 else z + 0.7 * r

    def wing(reach: float, root: float, y: float, height: float, back: float, lift: float) -> Shell:
        rings = []
        for t in np.linspace(-1, 1, 9):
            depth = root * (1 - 0.45 * abs(t))
            outline = rounded_rectangle(depth, 0.11 * root, 0.05 * root, 3)
            rings.append(
                np.c_[
                    np.full(len(outline), t * reach),
                    outline[:, 0] + y + back * abs(t),
                    outline[:, 1] + height + lift * abs(t),
                ]
            )
        return loft(np.array(rings) * s)

    lift = rng.uniform(0, 0.06)
    b.add(second, wing(span, chord, -0.1, low, sweep, lift), smooth=True)
    b.add(second, wing(0.19, 0.1, 0.44, z + 0.06, 0.5 * sweep, 0.0), smooth=True)
    b.add(second, box(0.018 * s, 0.1 * s, 0.2 * s, 0.006 * s).turned("x", -18).at(0, 0.43 * s, (z + 0.05) * s))
    if rng.random() < 0.6:
        b.add(dark, ellipsoid(0.03, 0.05, 0.03).scaled(s).at(0, -0.52 * s, z * s), smooth=True)
        for i in range(int(rng.integers(2, 4))):
            blade = superellipsoid(0.017, 0.006, 0.085, 0.8, 12, 8).at(0, 0, 0.085).turned("y", 120 * i + 20)
            b.add(dark, blade.scaled(s).at(0, -0.535 * s, z * s), smooth=True)
    else:
        for side in (-1, 1):
            x, y = side * 0.42 * span, -0.16 + sweep * 0.42
            jet = superellipsoid(0.04, 0.04, 0.1, 0.5, 18, 10).turned("x", 90).scaled(s)
            b.add(paint, jet.at(x * s, y * s, (low - 0.05 + 0.4 * lift) * s), smooth=True)
    canopy = ellipsoid(0.6 * r, 0.11, 0.55 * r).scaled(s).at(0, -0.2 * s, (z + 0.85 * r) * s)
    b.add(material_of("glass", rng, "navy"), canopy, smooth=True)
    for x, y, wheel in ((0.09, -0.12, 0.034), (-0.09, -0.12, 0.034), (0.0, 0.33, 0.022)):
        roll = cylinder(wheel, 0.02, 18, 0.004).at(0, 0, -0.01).turned("y", 90).scaled(s).at(x * s, y * s, wheel * s)
        b.add(dark, roll, smooth=True)
        b.add(dark, tube([[x * s, y * s, wheel * s], [0.6 * x * s, y * s, z * s]], 0.006 * s, 8), smooth=True)
    return b.done()
