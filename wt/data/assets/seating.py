"""Things to sit on: chairs in four styles, armchairs, sofas, stools, benches."""

import numpy as np

from wt.data.assets.decor import pillow_shell
from wt.data.assets.kit import Builder, Look, four
from wt.data.mesh import Asset
from wt.data.palette import Colour
from wt.data.primitives import Shell, bar, beam, box, cylinder, rounded_box, sheet, smooth_path, superellipsoid, tube


def _legs(rng: np.random.Generator, x: float, y: float, height: float, round_: bool) -> list[Shell]:
    """Four legs from the ground up to (+-x, +-y, height), a little splayed."""
    splay, width, taper = rng.uniform(0.0, 0.05), rng.uniform(0.025, 0.045), rng.uniform(0.6, 1.0)
    shells = []
    for px, py in four(x, y):
        foot, top = (px + np.sign(px) * splay, py + np.sign(py) * splay, 0.0), (px, py, height)
        shells.append(
            bar(foot, top, 0.5 * width * taper, 0.5 * width) if round_ else beam(top, foot, width, width, taper)
        )
    return shells


def _back(rng: np.random.Generator, width: float, height: float, rake: float) -> list[Shell]:
    """A back in the xz plane standing on z = 0, leaning towards +y by `rake` metres: rungs, slats or a panel."""
    thick, kind = rng.uniform(0.02, 0.035), rng.integers(3)
    posts = [beam((x, 0, 0), (x, rake, height), thick * 1.3, thick) for x in (-width / 2 + thick, width / 2 - thick)]
    inner = width - 2 * thick
    if kind == 0:
        heights = np.linspace(height * rng.uniform(0.2, 0.45), height - 0.06, int(rng.integers(2, 5)))
        tall = min(0.07, 0.6 * (heights[1] - heights[0]))
        return posts + [box(inner, 0.7 * thick, tall, 0.003).at(0, rake * z / height, z - tall / 2) for z in heights]
    if kind == 1:
        rail = box(inner, thick, 0.06, 0.003).at(0, rake, height - 0.06)
        xs = np.linspace(-inner / 2, inner / 2, int(rng.integers(4, 8)))[1:-1]
        return [*posts, rail, *(beam((x, 0, 0), (x, 0.95 * rake, height - 0.05), 0.022, 0.014) for x in xs)]
    low = height * rng.uniform(0.0, 0.4)
    return [*posts, beam((0, rake * low / height, low), (0, rake, height), inner, 0.6 * thick)]


def _wooden(b: Builder, look: Look, rng: np.random.Generator, width: float, depth: float, seat: float) -> None:
    wood, thick = look.main("wood", "painted"), rng.uniform(0.02, 0.04)
    b.add(wood, *_legs(rng, width / 2 - 0.03, depth / 2 - 0.03, seat - thick, bool(rng.random() < 0.4)))
    b.add(wood, rounded_box(width, depth, thick, 0.008, 1).at(0, 0, seat - thick))
    back = _back(rng, width, rng.uniform(0.38, 0.55), rng.uniform(0.0, 0.1))
    b.add(wood, *(shell.at(0, depth / 2 - 0.02, seat - 0.005) for shell in back))
    if rng.random() < 0.4:
        b.add(
            look.side("fabric", "leather"),
            rounded_box(width - 0.03, depth - 0.05, 0.05, 0.02).at(0, 0, seat),
            smooth=True,
        )


def _padded(b: Builder, look: Look, rng: np.random.Generator, width: float, depth: float, seat: float) -> None:
    cloth, pad = look.main("fabric", "leather"), rng.uniform(0.06, 0.1)
    b.add(look.side("wood", "metal"), *_legs(rng, width / 2 - 0.04, depth / 2 - 0.04, seat - pad, True))
    b.add(cloth, rounded_box(width, depth, pad, 0.03).at(0, 0, seat - pad), smooth=True)
    tilt, height = rng.uniform(3, 14), rng.uniform(0.4, 0.6)
    back = rounded_box(width - 0.02, pad, height, 0.03).turned("x", -tilt).at(0, depth / 2 - pad / 2, seat - 0.03)
    b.add(cloth, back, smooth=True)


def _bucket(b: Builder, look: Look, rng: np.random.Generator, width: float, depth: float, seat: float) -> None:
    """A moulded shell on metal or wooden legs."""
    top = seat + rng.uniform(0.3, 0.4)
    side = np.array(
        [
            [-depth / 2, seat - 0.03],
            [-depth / 4, seat],
            [depth / 4, seat - 0.02],
            [0.45 * depth, seat + 0.1],
            [0.58 * depth, top],
        ]
    )
    curve, u = smooth_path(side, 18), np.linspace(-1, 1, 13)
    lift = rng.uniform(0.02, 0.06)
    grid = np.empty((18, 13, 3))
    grid[..., 0] = u * width / 2 * (1 - 0.15 * np.linspace(-1, 1, 18)[:, None] ** 4)
    grid[..., 1] = curve[:, :1] - lift * (u**2) * (curve[:, 1:] > seat + 0.05)
    grid[..., 2] = curve[:, 1:] + lift * u**2
    b.add(look.main("plastic"), sheet(grid, 0.012), smooth=True)
    b.add(look.side("metal", "wood"), *_legs(rng, width / 2 - 0.1, depth / 2 - 0.1, seat - 0.005, True), smooth=True)


def _office(b: Builder, look: Look, rng: np.random.Generator, width: float, depth: float, seat: float) -> None:
    dark = look.side("plastic", "metal", colour=["black", "dark grey", "silver"][rng.integers(3)])
    for angle in np.arange(5) * 2 * np.pi / 5 + rng.uniform(0, 1):
        x, y = 0.29 * np.cos(angle), 0.29 * np.sin(angle)
        b.add(dark, bar((0, 0, 0.1), (x, y, 0.07), 0.022, 0.015))
        b.add(dark, cylinder(0.028, 0.03, 12).turned("y", 90).at(x - 0.015, y, 0.028), smooth=True)
    b.add(dark, cylinder(0.028, seat - 0.15).at(0, 0, 0.08), smooth=True)
    cloth = look.main("fabric", "leather", "plastic")
    b.add(cloth, rounded_box(width + 0.04, depth + 0.04, 0.09, 0.04).at(0, 0, seat - 0.08), smooth=True)
    height = rng.uniform(0.4, 0.65)
    b.add(
        cloth, rounded_box(width, 0.07, height, 0.035).turned("x", -8).at(0, depth / 2 + 0.02, seat + 0.1), smooth=True
    )
    b.add(dark, bar((0, depth / 3, seat - 0.05), (0, depth / 2 + 0.06, seat + 0.3), 0.02))
    if rng.random() < 0.6:
        for x in (-width / 2 - 0.05, width / 2 + 0.05):
            b.add(
                dark,
                box(0.05, 0.26, 0.03, 0.01).at(x, 0, seat + 0.19),
                beam((x * 0.85, 0, seat - 0.05), (x, 0, seat + 0.2), 0.02, 0.04),
            )


def chair(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A chair with a back: wooden, padded, a moulded shell, or an office chair on a star foot."""
    b, look = Builder("chair"), Look(rng, colour, material)
    style = (_wooden, _padded, _bucket, _office)[rng.choice(4, p=[0.45, 0.2, 0.17, 0.18])]
    style(b, look, rng, rng.uniform(0.38, 0.5), rng.uniform(0.38, 0.48), rng.uniform(0.43, 0.48))
    return b.done()


def office_chair(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A chair on a star foot with castors."""
    b, look = Builder("office chair"), Look(rng, colour, material)
    _office(b, look, rng, rng.uniform(0.4, 0.5), rng.uniform(0.4, 0.48), rng.uniform(0.43, 0.5))
    return b.done()


def _upholstered(name: str, rng: np.random.Generator, look: Look, seats: int, seat_width: float) -> Asset:
    """Base, arms, back and loose cushions of an armchair (one seat) or a sofa."""
    b, cloth = Builder(name), look.main("fabric", "leather")
    arm, depth, seat = rng.uniform(0.09, 0.2), rng.uniform(0.78, 0.98), rng.uniform(0.38, 0.46)
    back, high, foot = rng.uniform(0.14, 0.24), rng.uniform(0.72, 0.95), rng.uniform(0.04, 0.16)
    inner = seats * seat_width
    width, cushion, soft = inner + 2 * arm, rng.uniform(0.12, 0.18), rng.uniform(0.03, 0.08)
    b.add(cloth, rounded_box(width - 0.02, depth - 0.02, seat - cushion - foot, 0.03).at(0, 0, foot), smooth=True)
    arm_height = rng.uniform(0.12, 0.24) + seat - foot
    for x in (-(inner + arm) / 2, (inner + arm) / 2):
        b.add(cloth, rounded_box(arm, depth, arm_height, min(soft, 0.45 * arm)).at(x, 0, foot), smooth=True)
    rear = rounded_box(width, back, high - foot - 0.02, min(soft, 0.4 * back)).at(0, (depth - back) / 2, foot)
    b.add(cloth, rear, smooth=True)
    loose = look.side("fabric") if rng.random() < 0.15 else cloth
    tilt, pillow = rng.uniform(6, 14), bool(rng.random() < 0.75)
    for i in range(seats):
        x = (i + 0.5) * seat_width - inner / 2
        seat_shell = rounded_box(seat_width - 0.008, depth - back, cushion, 0.045).at(
            x, -back / 2 - 0.01, seat - cushion
        )
        b.add(loose, seat_shell, smooth=True)
        if pillow:
            leaning = superellipsoid(seat_width / 2 - 0.01, 0.1, (high - seat) / 2 + 0.02, 0.45).turned("x", -tilt)
            b.add(loose, leaning.at(x, depth / 2 - back - 0.06, (high + seat) / 2 + 0.02), smooth=True)
    round_foot, feet = bool(rng.random() < 0.5), look.side("wood", "metal")
    for x, y in four(width / 2 - 0.08, depth / 2 - 0.08):
        shell = cylinder(0.025, foot + 0.01) if round_foot else box(0.05, 0.05, foot + 0.01)
        b.add(feet, shell.at(x, y, 0), smooth=round_foot)
    if seats > 1 and rng.random() < 0.6:
        for x in rng.uniform(-inner / 2 + 0.2, inner / 2 - 0.2, int(rng.integers(1, 4))):
            throw = pillow_shell(0.22, 0.22, 0.09, rng).turned("x", 65).turned("z", rng.uniform(-25, 25))
            b.add(look.side("fabric"), throw.at(x, depth / 2 - back - 0.24, seat + 0.2), smooth=True)
    return b.done()


def armchair(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """An upholstered chair with arms."""
    return _upholstered("armchair", rng, Look(rng, colour, material), 1, rng.uniform(0.5, 0.66))


def sofa(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """Two or three seats with cushions."""
    return _upholstered("sofa", rng, Look(rng, colour, material), int(rng.integers(2, 4)), rng.uniform(0.6, 0.8))


def stool(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A round, square or padded seat on legs, or an upholstered drum; up to the height of a bar."""
    b, look = Builder("stool"), Look(rng, colour, material)
    radius, kind = rng.uniform(0.15, 0.21), rng.integers(4)
    seat = rng.uniform(0.62, 0.78) if rng.random() < 0.35 else rng.uniform(0.38, 0.5)
    main = look.main("fabric", "leather") if kind >= 2 else look.main("wood", "plastic", "painted")
    if kind == 3:
        b.add(
            main,
            rounded_box(2.2 * radius, 2.2 * radius, 0.42, 0.05)
            if rng.random() < 0.4
            else cylinder(1.2 * radius, 0.42, 28, 0.03),
            smooth=True,
        )
        return b.done()
    thick = 0.08 if kind == 2 else 0.03
    top = (
        box(2 * radius, 2 * radius, thick, 0.006)
        if kind == 1
        else cylinder(radius, thick, 28, 0.02 if kind == 2 else 0.006)
    )
    b.add(main, top.at(0, 0, seat - thick), smooth=kind != 1)
    legs = main if rng.random() < 0.6 and kind < 2 else look.side("metal", "wood")
    spread = radius * rng.uniform(0.75, 1.1)
    count = 4 if kind == 1 or rng.random() < 0.7 else 3
    angles = np.pi / 4 + np.arange(count) * 2 * np.pi / count
    ends = [(np.cos(a), np.sin(a)) for a in angles]
    b.add(
        legs,
        *(
            bar((spread * c, spread * s, 0), (0.6 * radius * c, 0.6 * radius * s, seat - thick + 0.005), 0.014)
            for c, s in ends
        ),
        smooth=True,
    )
    ring = np.array([(0.8 * spread * c, 0.8 * spread * s, 0.35 * seat) for c, s in ends])
    if rng.random() < 0.6:
        b.add(legs, *(bar(p, q, 0.009) for p, q in zip(ring, np.roll(ring, 1, axis=0))), smooth=True)
    return b.done()


def bench(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A long seat of boards, with or without a back."""
    b, look = Builder("bench"), Look(rng, colour, material)
    wood, width, depth, seat = (
        look.main("wood", "painted", axis=0),
        rng.uniform(0.9, 1.7),
        rng.uniform(0.3, 0.45),
        rng.uniform(0.4, 0.48),
    )
    boards, thick = int(rng.integers(1, 5)), rng.uniform(0.025, 0.05)
    pitch = depth / boards
    for i in range(boards):
        b.add(
            wood,
            box(width, pitch - (0.012 if boards > 1 else 0), thick, 0.004).at(
                0, (i + 0.5) * pitch - depth / 2, seat - thick
            ),
        )
    legs = look.side("metal", "wood", "stone")
    for x in (-width / 2 + 0.12, width / 2 - 0.12):
        if rng.random() < 0.4:
            b.add(legs, box(0.06, depth * 0.9, seat - thick + 0.004).at(x, 0, 0))
        else:
            b.add(
                legs,
                *(
                    beam((x, y, 0), (x, 0.85 * y, seat - thick + 0.004), 0.05, 0.05)
                    for y in (-depth / 2.3, depth / 2.3)
                ),
            )
    if rng.random() < 0.5:
        rake = 0.1
        for x in (-width / 2 + 0.12, width / 2 - 0.12):
            b.add(legs, tube([(x, depth / 2 - 0.04, seat - 0.02), (x, depth / 2 + rake, seat + 0.42)], 0.02, 8))
        for z in np.linspace(0.15, 0.38, int(rng.integers(2, 4))):
            b.add(wood, box(width, 0.025, 0.08, 0.004).at(0, depth / 2 - 0.07 + rake * z / 0.42, seat + z - 0.04))
    return b.done()
