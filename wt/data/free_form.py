"""Shapes of no family, and families bent out of their usual proportions: what training sees besides household things.

A network that only ever sees sixty families can learn their proportions by heart. Evaluation draws neither.
"""

from dataclasses import replace

import numpy as np

from wt.data.assets.kit import MATERIALS, Builder, Look, four, material_of
from wt.data.mesh import Asset, Material
from wt.data.primitives import (
    Shell,
    beam,
    box,
    circle,
    cylinder,
    extrude,
    lathe,
    rounded_box,
    smooth_path,
    superellipsoid,
    torus,
    tube,
    vessel,
)
from wt.data.textures import pickers
from wt.types import Float

STRETCH = 0.22
"""Standard deviation of the logarithm by which a family is stretched along an axis."""


def free_form(rng: np.random.Generator) -> Asset:
    """A body with things under it, on it, at its sides and behind it; metres, about 1 across."""
    b, size = Builder("free form"), np.exp(rng.normal([-0.7, -0.8, -0.8], 0.45))
    material = _material(rng)
    b.add(material, *_body(rng, size), smooth=rng.random() < 0.5)
    _carry(rng, b, size, _material(rng, material))
    top, base = 0.98 * float(size[2]), size
    for _ in range(rng.integers(0, 3)):
        base = base * rng.uniform(0.25, 0.95, 3) * [1, 1, 1.2]
        room = 0.4 * (size - base)[:2] * (rng.random(2) < 0.5)
        x, y = rng.uniform(-1, 1, 2) * room
        turn = float(rng.choice([0, rng.uniform(0, 360)]))
        pieces = [shell.turned("z", turn).at(x, y, top) for shell in _body(rng, base)]
        b.add(_material(rng, material), *pieces, smooth=rng.random() < 0.5)
        if rng.random() < 0.5:
            top += 0.98 * float(base[2])
    if rng.random() < 0.5:
        _beside(rng, b, size, _material(rng, material))
    if rng.random() < 0.25:
        back = np.array([size[0], rng.uniform(0.04, 0.2) * size[1], size[2] * rng.uniform(1.2, 2.6)])
        lean = -rng.uniform(0, 20)
        b.add(
            _material(rng, material),
            *(shell.turned("x", lean).at(0, 0.47 * size[1], 0) for shell in _body(rng, back)),
        )
    return b.done()


def deformed(rng: np.random.Generator, asset: Asset) -> Asset:
    """Stretched along its axes, now and then narrower upwards, leaning or twisted about its height."""
    matrix = np.diag([*np.exp(rng.normal(0, STRETCH, 3)), 1.0])
    if rng.random() < 0.15:
        matrix[:2, 2] = rng.normal(0, 0.12, 2)
    asset = asset.transformed(matrix)
    low, high = asset.bounds()
    taper = rng.uniform(-0.35, 0.35) if rng.random() < 0.2 else 0.0
    twist = rng.uniform(-0.6, 0.6) if rng.random() < 0.1 else 0.0
    if not taper and not twist:
        return asset

    def warp(points: Float[np.ndarray, "v 3"]) -> Float[np.ndarray, "v 3"]:
        up = (points[:, 2] - low[2]) / max(high[2] - low[2], 1e-6)
        angle, factor = twist * up, 1 - taper * up
        x, y = points[:, 0] * factor, points[:, 1] * factor
        return np.stack([x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle), points[:, 2]], 1)

    return replace(asset, parts=tuple(replace(part, vertices=warp(part.vertices)) for part in asset.parts))


def _material(rng: np.random.Generator, like: Material | None = None) -> Material:
    """The same as `like` in four of ten, else any material or texture."""
    if like is not None and rng.random() < 0.4:
        return like
    name = MATERIALS[rng.integers(len(MATERIALS))]
    if rng.random() < 0.3:
        return replace(material_of(name, rng), texture=pickers.any_texture(rng))
    return Look(rng).main(name, axis=int(rng.integers(3)))


def _body(rng: np.random.Generator, size: Float[np.ndarray, "3"]) -> list[Shell]:
    """One of the primitives, or a few that belong together, in a box of `size` on z = 0."""
    x, y, z = (float(s) for s in size)
    kind = rng.integers(10)
    if kind == 0:
        return [box(x, y, z, rng.uniform(0, 0.15) * min(x, y, z))]
    if kind == 1:
        return [rounded_box(x, y, z, rng.uniform(0.1, 0.45) * min(x, y, z))]
    if kind == 2:
        return _boards(rng, x, y, z)
    return [_fitted(_round(rng, int(kind)), size)]


def _round(rng: np.random.Generator, kind: int) -> Shell:
    """One of the primitives that are not made of planks, of any size."""
    if kind == 3:
        return cylinder(0.5, 1.0, int(rng.choice([3, 5, 6, 8, 28])))
    if kind in (4, 5):
        radii = rng.uniform(0.15, 1, int(rng.integers(2, 6)))
        profile = np.c_[radii, np.linspace(0, 1, len(radii))]
        if rng.random() < 0.6:
            profile = np.maximum(smooth_path(profile, 12), [0.05, 0.0])
        if kind == 5 and rng.random() < 0.5:
            return vessel(np.r_[[[0.0, 0.0]], profile], 0.04)
        return lathe(profile)
    if kind == 6:
        return superellipsoid(0.5, 0.5, 0.5, rng.uniform(0.2, 1.3))
    if kind == 7:
        outline = circle(int(rng.integers(5, 12)))
        outline = outline * rng.uniform(0.5, 1, (len(outline), 1))
        return extrude(outline, 1.0).turned("x", float(rng.choice([0, 90])))
    if kind == 8:
        return torus(0.4, rng.uniform(0.08, 0.2)).turned("x", float(rng.choice([0, 90])))
    corners = rng.uniform(-0.5, 0.5, (int(rng.integers(3, 5)), 3))
    # Rising all the way, a tube does not cross itself.
    return tube(smooth_path(corners[np.argsort(corners[:, 2])], 20), rng.uniform(0.06, 0.16))


def _boards(rng: np.random.Generator, x: float, y: float, z: float) -> list[Shell]:
    """An open carcass: two sides, boards between them, perhaps a back."""
    thick = rng.uniform(0.03, 0.08) * min(x, z)
    pieces = [box(thick, y, z).at(side * (x - thick) / 2, 0, 0) for side in (-1, 1)]
    pieces += [box(x - thick, 0.98 * y, thick).at(0, 0, h) for h in np.linspace(0, z - thick, int(rng.integers(2, 5)))]
    if rng.random() < 0.5:
        pieces.append(box(x - thick, thick, 0.99 * z).at(0, (y - thick) / 2, 0))
    return pieces


def _carry(rng: np.random.Generator, b: Builder, size: Float[np.ndarray, "3"], material: Material) -> None:
    """Legs, a foot or wheels below z = 0 in half of the cases."""
    kind, x, y, z = rng.random(), *(float(s) for s in size)
    long = rng.uniform(0.1, 0.7) * max(x, y, z)
    if kind < 0.25:
        thick, splay = rng.uniform(0.04, 0.16) * min(x, y) + 0.02, rng.uniform(1.0, 1.3)
        for px, py in four(0.42 * x, 0.42 * y):
            b.add(material, beam((px * splay, py * splay, -long), (px, py, 0.1 * z), thick, thick))
    elif kind < 0.35:
        wide = rng.uniform(0.3, 0.9) * min(x, y)
        b.add(
            material,
            cylinder(0.1 * wide, long + 0.1 * z).at(0, 0, -long),
            cylinder(wide / 2, 0.06 * long).at(0, 0, -long),
        )
    elif kind < 0.5:
        radius = rng.uniform(0.12, 0.3) * min(y, 2 * z)
        wheel = cylinder(radius, 0.4 * radius).turned("y", 90)
        b.add(material, *(wheel.at(px - 0.2 * radius, py, 0) for px, py in four(x / 2, 0.32 * y)))


def _beside(rng: np.random.Generator, b: Builder, size: Float[np.ndarray, "3"], material: Material) -> None:
    """The same piece left and right, or several times around the body."""
    piece = _body(rng, size * rng.uniform([0.1, 0.1, 0.2], [0.6, 0.9, 1.2]))
    height, reach = float(rng.uniform(-0.1, 0.5) * size[2]), 0.5 * float(size[0]) * rng.uniform(0.9, 1.2)
    lean = float(rng.choice([0, rng.uniform(-40, 40)]))
    out = [shell.turned("y", lean).at(reach, 0, height) for shell in piece]
    if rng.random() < 0.6:
        b.add(material, *out, *(shell.mirrored("x") for shell in out))
        return
    count = int(rng.integers(1, 6))
    b.add(material, *(shell.turned("z", 360 * i / count) for shell in out for i in range(count)))


def _fitted(shell: Shell, size: Float[np.ndarray, "3"]) -> Shell:
    """Scaled to a box of `size`, standing on z = 0, centred."""
    low, high = shell.vertices.min(axis=0), shell.vertices.max(axis=0)
    factor = size / np.maximum(high - low, 1e-6)
    return shell.warped((shell.vertices - (low + high) / 2) * factor + [0, 0, size[2] / 2])
