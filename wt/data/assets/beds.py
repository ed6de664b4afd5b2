"""Beds with mattress, pillows and blanket; the head stands towards +y."""

import numpy as np

from wt.data.assets.decor import pillow_shell
from wt.data.assets.kit import Builder, Look, four
from wt.data.mesh import Asset, Material
from wt.data.palette import Colour
from wt.data.primitives import bar, box, rounded_box, slab, superellipsoid, torus


def bed(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A single or double bed: boards, slatted, upholstered or tubular head; made or half turned down."""
    look, b = Look(rng, colour, material), Builder("bed")
    width = rng.choice([rng.uniform(0.9, 1.05), rng.uniform(1.35, 1.8)])
    length, low, deck = rng.uniform(1.95, 2.1), rng.uniform(0.08, 0.22), rng.uniform(0.26, 0.36)
    frame = look.main("wood", "wood", "fabric", "metal", "painted", "leather")
    back = rng.uniform(0.75, 1.25)
    _frame(b, look, frame, width, length, (low, deck, back))
    mattress = rng.uniform(0.16, 0.26)
    top = deck + mattress - 0.06
    sheet_ = look.side("fabric", colour=["white", "cream", "light grey"][rng.integers(3)])
    b.add(sheet_, rounded_box(width - 0.05, length - 0.06, mattress, 0.05).at(0, 0, deck - 0.06), smooth=True)
    places = [0.0] if width < 1.2 else [-width / 4, width / 4]
    cover = look.side("fabric")
    for x in places:
        for i in range(int(rng.integers(1, 3))):
            pillow = pillow_shell(min(0.35, width * 0.38), 0.24, 0.11, rng).turned("x", rng.uniform(5, 35))
            stuff = sheet_ if i == 0 else cover
            b.add(
                stuff, pillow.turned("z", rng.normal(0, 5)).at(x, length / 2 - 0.3 - 0.17 * i, top + 0.1), smooth=True
            )
    if rng.random() < 0.85:
        _blanket(b, look, rng, width, length, top)
    return b.done()


def _frame(
    b: Builder, look: Look, frame: Material, width: float, length: float, levels: tuple[float, float, float]
) -> None:
    rng, (low, deck, back) = look.rng, levels
    kind, y = rng.integers(4), length / 2
    for px, py in four(width / 2 - 0.05, length / 2 - 0.08):
        b.add(frame, box(0.07, 0.07, low + 0.02).at(px, py, 0))
    b.add(frame, box(width, length, deck - low, 0.008).at(0, 0, low))
    if kind == 0:
        b.add(frame, rounded_box(width + 0.04, 0.05, back, 0.02, 2).at(0, y + 0.02, 0))
    elif kind == 1:
        thick = rng.uniform(0.08, 0.13)
        b.add(frame, rounded_box(width + 0.06, thick, back - low, 0.04).at(0, y + 0.4 * thick, low), smooth=True)
        if rng.random() < 0.5:
            for i in range(-2, 3):
                pad = superellipsoid(width / 10.4, 0.03, 0.4 * (back - deck), 0.5, 22, 10)
                b.add(frame, pad.at(i * width / 5, y - 0.1 * thick, deck + 0.62 * (back - deck)), smooth=True)
    else:
        round_ = kind == 3
        for end, high in ((y + 0.02, back), (-y - 0.02, deck + rng.uniform(0.1, 0.35))):
            for x in (-width / 2, width / 2):
                b.add(
                    frame,
                    bar((x, end, 0), (x, end, high), 0.022) if round_ else box(0.06, 0.06, high).at(x, end, 0),
                    smooth=round_,
                )
            rails = [high - 0.03, deck + 0.02]
            for z in rails:
                rail = (
                    bar((-width / 2, end, z), (width / 2, end, z), 0.018)
                    if round_
                    else box(width, 0.04, 0.06).at(0, end, z - 0.03)
                )
                b.add(frame, rail, smooth=round_)
            for x in np.linspace(-width / 2, width / 2, int(rng.integers(5, 10)))[1:-1]:
                b.add(frame, bar((x, end, rails[1]), (x, end, rails[0]), 0.011), smooth=True)
        if round_ and rng.random() < 0.4:
            b.add(frame, torus(0.12, 0.011, 28, 8).turned("x", 90).at(0, y + 0.02, back - 0.2), smooth=True)


def _blanket(b: Builder, look: Look, rng: np.random.Generator, width: float, length: float, top: float) -> None:
    """A cover over the mattress that hangs down at the sides, with folds."""
    cloth, thick = look.side("fabric", "carpet"), rng.uniform(0.03, 0.06)
    head = length / 2 - rng.uniform(0.5, 0.85)
    drop = rng.uniform(0.12, 0.3)
    half = width / 2 - 0.01
    across = np.concatenate([np.linspace(-1, -0.001, 6)[:-1] * drop, np.zeros(15), np.linspace(0.001, 1, 6)[1:] * drop])
    x = np.concatenate([np.full(5, -half), np.linspace(-half + 0.02, half - 0.02, 15), np.full(5, half)])
    y = np.linspace(-length / 2 - 0.005, head, 22)
    phase, waves = rng.uniform(0, 6, 3), rng.uniform(5, 14, 3)
    folds = 0.012 * np.sin(waves[0] * y[:, None] + 4 * x[None] + phase[0]) * np.cos(waves[1] * x[None] + phase[1])
    flare = np.sign(across)[None] * np.abs(across)[None] * 0.12 * (1 + 0.5 * np.sin(waves[2] * y[:, None] + phase[2]))
    xs = x[None] + flare
    z = top + 0.012 - np.abs(across)[None] + folds + 0 * y[:, None]
    ys = np.broadcast_to(y[:, None], z.shape)
    inner = np.stack([xs, ys, z], -1)
    push = np.where(np.abs(across) > 0, np.sign(across) * thick, 0.0)[None]
    lift = np.where(np.abs(across) > 0, 0.4 * thick * (1 - np.abs(across) / drop), thick)[None]
    b.add(cloth, slab(inner + np.stack([push + 0 * z, 0 * z, lift + 0 * z], -1), inner), smooth=True)
