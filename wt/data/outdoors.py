"""Simple streets, so that a photo taken outside is not wholly foreign: ground, block houses, cars, trees."""

import numpy as np

from wt.data import primitives as shapes
from wt.data.furnish import GAP
from wt.data.mesh import Asset, Camera, Light, Material, Part, World, look_at, pose
from wt.data.peel import Solids
from wt.data.roles import attached, of_role
from wt.data.rooms import draw_sky, room_intrinsics, view_score
from wt.data.shell import Block, Face, build
from wt.data.textures import building, materials, patterns, pickers


def draw_street(rng: np.random.Generator) -> World:
    """Ground with a road or a path, houses along both sides, things on the ground, a sun and a sky."""
    things: list[Asset] = [_ground(rng)]
    road = rng.uniform(2.5, 6.0)
    for side in (-1, 1):
        y = rng.uniform(-6, 0)
        while y < 40 and rng.random() < 0.9:
            width, depth, height = rng.uniform(5, 12), rng.uniform(5, 9), rng.uniform(3, 11)
            x = side * (road + rng.uniform(1.5, 5) + depth / 2)
            things.append(_house(rng, width, depth, height).moved(x, y + width / 2, GAP, -side * np.pi / 2))
            y += width + rng.uniform(0, 6)
    if rng.random() < 0.5:
        width = rng.uniform(8, 20)
        things.append(_house(rng, width, 6.0, rng.uniform(4, 12)).moved(rng.normal(0, 4), rng.uniform(18, 45), GAP))
    for _ in range(int(rng.integers(3, 12))):
        _add_thing(rng, things, road)
    azimuth, height = rng.uniform(0, 2 * np.pi), rng.uniform(0.25, 1.3)
    towards = np.array([np.cos(azimuth) * np.cos(height), np.sin(azimuth) * np.cos(height), np.sin(height)])
    sun = Light("sun", np.array([1.0, 0.93, 0.82]) * rng.uniform(0.5, 6), direction=-towards, radius=0.01)
    return World(tuple(things), (sun,), np.full(3, rng.uniform(0.15, 0.35)), draw_sky(rng))


def draw_street_view(rng: np.random.Generator, world: World, solids: Solids, size: int, tries: int = 10) -> Camera:
    """Somebody who stands on the road and looks along it, or at something beside it."""
    best, best_score = None, -np.inf
    for _ in range(tries):
        eye = np.array([rng.normal(0, 1.5), rng.uniform(-4, 4), rng.uniform(1.2, 2.2)])
        yaw, pitch = np.pi / 2 + rng.normal(0, 0.4), np.radians(rng.uniform(-14, 6))
        forward = np.array([np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), np.sin(pitch)])
        inside = [
            (eye > low - 0.4).all() and (eye < high + 0.4).all() for low, high in map(Asset.bounds, world.instances)
        ]
        camera = Camera(room_intrinsics(rng, size), look_at(eye, eye + forward, np.radians(rng.normal(0, 1.5))))
        score = -np.inf if any(inside) else view_score(camera, solids, 0)
        if best is None or score > best_score:
            best, best_score = camera, score
        if score > 2.5:
            break
    assert best is not None  # the first candidate is always kept
    return best


def _ground(rng: np.random.Generator) -> Asset:
    """A large slab, and half of the time a paved strip that stands out of it by some centimetres."""
    kinds = [materials.speckle, patterns.noise, building.tiles, building.brick]
    grass = rng.random() < 0.4
    colour = np.array([0.08, 0.13, 0.04]) * rng.uniform(0.6, 1.6) if grass else np.full(3, rng.uniform(0.08, 0.35))
    base = patterns.noise(rng, colour) if grass else kinds[rng.integers(len(kinds))](rng, colour)
    slab = shapes.box(120.0, 120.0, 0.5).at(z=-0.5)
    parts = [Part(slab.vertices, slab.faces, Material(base, 0.03, 0.9))]
    if rng.random() < 0.6:
        strip = shapes.box(rng.uniform(2, 5), 118.0, 0.1).at(z=-0.06)
        paving = kinds[rng.integers(len(kinds))](rng, np.full(3, rng.uniform(0.1, 0.4)))
        parts.append(Part(strip.vertices, strip.faces, Material(paving, 0.04, 0.7)))
    return Asset("ground", tuple(parts))


def _house(rng: np.random.Generator, width: float, depth: float, height: float) -> Asset:
    """A block with rows of recessed windows in front and a flat or pitched roof; it faces -y."""
    wall = Material(pickers.wall_texture(rng) if rng.random() < 0.5 else building.brick(rng))
    pane = Material(materials.plain(rng, np.array([0.03, 0.04, 0.05])), 0.3, 0.12)
    blocks = [Block(-1, (-width / 2, -depth / 2, 0.0), (width / 2, depth / 2, height))]
    floors, columns = max(1, round(height / 3)), max(1, int(width / rng.uniform(1.8, 3.2)))
    for floor in range(floors):
        for column in range(columns):
            x, z = -width / 2 + (column + 0.5) * width / columns, floor * height / floors
            door = floor == 0 and column == columns // 2
            half, low, high = 0.5, z + (0.02 if door else 0.9), z + min(2.2, height / floors - 0.25)
            blocks.append(Block(100, (x - half, -depth / 2, low), (x + half, -depth / 2 + 0.18, high)))

    def material(face: Face) -> Material:
        return pane if face.air == 100 and face.axis == 1 else wall

    house = build("house", blocks, material)
    if rng.random() < 0.5:
        rise, eave = rng.uniform(1.0, 3.0), 0.3
        profile = [(-depth / 2 - eave, 0.0), (depth / 2 + eave, 0.0), (0.0, rise)]
        roof = shapes.extrude(profile, width + 2 * eave).turned("x", 90.0).turned("z", 90.0)
        low = roof.vertices.min(axis=0)
        roof = roof.at(x=-width / 2 - eave - low[0], z=height + GAP - low[2])
        tiles = Material(building.tiles(rng, np.array([0.2, 0.08, 0.05]) * rng.uniform(0.5, 1.5), 0.3))
        house = Asset("house", (*house.parts, Part(roof.vertices, roof.faces, tiles)))
    return house


def _add_thing(rng: np.random.Generator, things: list[Asset], road: float) -> None:
    role = str(rng.choice(["vehicle", "plant", "animal", "any"], p=[0.3, 0.35, 0.15, 0.2]))
    asset = attached(rng, "floor", indoors=False) if role == "any" else of_role(rng, role)
    if asset is None or asset.attachment != "floor":
        return
    scale = rng.uniform(1.5, 4.0) if role == "plant" and asset.bounds()[1][2] < 2 else 1.0
    for _ in range(6):
        x, y = rng.uniform(-road - 1, road + 1), rng.uniform(1, 25)
        turn = rng.choice([0.5, 1.5]) * np.pi + rng.normal(0, 0.15) if role == "vehicle" else rng.uniform(0, 2 * np.pi)
        placed = asset.transformed(pose(x, y, 0.045, turn, scale))
        low, high = placed.bounds()
        if not any((low < b).all() and (a < high).all() for a, b in map(Asset.bounds, things[1:])):
            things.append(placed)
            return
