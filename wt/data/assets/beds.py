"""Beds with frame, mattress, blanket and pillows."""

import numpy as np

from wt.data.assets.kit import Builder, Look, four
from wt.data.mesh import Asset
from wt.data.palette import Colour
from wt.data.primitives import Shell, bar, box, rounded_box, sheet, superellipsoid


def _blanket(rng: np.random.Generator, width: float, length: float, top: float, drop: float) -> Shell:
    """A cover over the mattress that hangs down at both sides, gently wavy; the foot end is at -y."""
    half, rows = width / 2 + 0.02, 17
    over = np.concatenate(
        [[-half - 0.015, -half - 0.008], np.linspace(-half + 0.02, half - 0.02, 11), [half + 0.008, half + 0.015]]
    )
    down = np.concatenate([[-drop, -0.4 * drop], np.zeros(11), [-0.4 * drop, -drop]])
    along = np.linspace(-length / 2 - 0.01, length / 2 - rng.uniform(0.45, 0.75), rows)
    grid = np.empty((rows, len(over), 3))
    wave = 0.012 * np.sin(along[:, None] * rng.uniform(4, 9) + over * rng.uniform(2, 6) + rng.uniform(0, 6))
    grid[..., 0], grid[..., 1], grid[..., 2] = over, along[:, None], top + 0.022 + down + wave
    return sheet(grid, rng.uniform(0.02, 0.035))


def bed(rng: np.random.Generator, *, colour: Colour = None, material: str | None = None) -> Asset:
    """A single or double bed, head end towards the wall (+y)."""
    b, look = Builder("bed"), Look(rng, colour, material)
    double = bool(rng.random() < 0.6)
    width, length = rng.uniform(1.35, 1.85) if double else rng.uniform(0.85, 1.05), rng.uniform(1.95, 2.1)
    base, rail, mattress = rng.uniform(0.2, 0.32), rng.uniform(0.1, 0.2), rng.uniform(0.15, 0.25)
    soft = bool(rng.random() < 0.35)
    stuff = look.main("fabric", "leather") if soft else look.main("wood", "painted", "metal")
    head, thick = rng.uniform(0.75, 1.2), 0.1 if soft else rng.uniform(0.03, 0.06)
    if not soft and rng.random() < 0.3:
        xs = np.linspace(-width / 2, width / 2, int(rng.integers(6, 12)))
        b.add(stuff, *(bar((x, length / 2 + 0.03, 0), (x, length / 2 + 0.03, head), 0.016) for x in xs), smooth=True)
        b.add(stuff, bar((xs[0], length / 2 + 0.03, head), (xs[-1], length / 2 + 0.03, head), 0.02), smooth=True)
    else:
        panel = rounded_box(width + 0.08, thick, head, 0.04 if soft else 0.006, 3 if soft else 1)
        b.add(stuff, panel.at(0, length / 2 + thick / 2, 0), smooth=soft)
    b.add(
        stuff,
        rounded_box(width + 0.06, length + 0.04, rail, 0.03 if soft else 0.005).at(0, 0, base - rail / 2),
        smooth=soft,
    )
    legs = look.side("wood", "metal")
    b.add(
        legs,
        *(box(0.06, 0.06, base - rail / 2 + 0.01).at(x, y, 0) for x, y in four(width / 2 - 0.05, length / 2 - 0.06)),
    )
    if rng.random() < 0.3:
        b.add(stuff, box(width + 0.08, 0.05, rng.uniform(0.45, 0.65)).at(0, -length / 2 - 0.04, 0))
    linen = ["white", "cream", "light grey", "light blue", None][rng.integers(5)]
    top = base + rail / 2 + mattress - 0.05
    sheets = look.side("fabric", colour=linen)
    b.add(sheets, rounded_box(width, length, mattress, 0.05).at(0, 0, top - mattress), smooth=True)
    b.add(look.side("fabric"), _blanket(rng, width, length, top, mattress * rng.uniform(0.6, 1.1)), smooth=True)
    count, same = 2 if double else 1, look.side("fabric", colour=linen)
    for x in (np.arange(count) + 0.5) * width / count - width / 2:
        pillow = superellipsoid(min(0.36, 0.46 * width / count), 0.22, 0.085, 0.55).turned("x", -rng.uniform(5, 30))
        b.add(same, pillow.at(x, length / 2 - 0.26, top + 0.12), smooth=True)
    return b.done()
