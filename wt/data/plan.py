"""Floor plans: the blocks of wall and air that make a room (wt/data/shell.py), its openings and what closes them."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from wt.data import primitives as shapes
from wt.data.mesh import Asset, Material, Part, pose
from wt.data.palette import FABRICS, WALLS, rgb_of
from wt.data.shell import OUTSIDE, Block, Face, build
from wt.data.textures import materials, pickers

LAYOUTS = ("box", "ell", "corridor", "suite", "bay")
HELD_OUT_LAYOUT = "loft"
WALL, SKIRTING, RAISED = -1, -2, -3
MAIN, SIDE = 1, 2
WINDOW, DOOR = 100, 200
INWARD = {"north": (0, -1), "east": (-1, 0), "south": (0, 1), "west": (1, 0)}
TURN = {"north": 0.0, "east": -np.pi / 2, "south": np.pi, "west": np.pi / 2}
"""Turn about z that brings a wall asset (back at y = 0, front to -y) onto the wall of that side."""

Rectangle = tuple[float, float, float, float]
"""x low, y low, x high, y high in metres."""


@dataclass(frozen=True)
class Opening:
    """A hole in the wall of a side: `along` is its centre on the wall's own axis."""

    side: str
    along: float
    width: float
    bottom: float
    top: float
    door: bool


@dataclass(frozen=True)
class Plan:
    """An empty room: the shell, the free floor of the main room, the openings and the things that belong to them."""

    shell: Asset
    rectangle: Rectangle
    areas: tuple[Rectangle, ...]
    height: float
    thickness: float
    openings: tuple[Opening, ...]
    fittings: tuple[Asset, ...]
    blocked: tuple[Rectangle, ...] = field(default=())
    """Floor that furniture leaves free: door swings, columns, steps."""

    def wall_point(self, side: str, along: float, out: float = 0.0) -> tuple[float, float]:
        """The floor point `along` a wall's axis and `out` metres from the wall into the room."""
        x0, y0, x1, y1 = self.rectangle
        if side in ("north", "south"):
            return along, (y1 - out if side == "north" else y0 + out)
        return (x1 - out if side == "east" else x0 + out), along

    def wall_span(self, side: str) -> tuple[float, float]:
        """Where a wall begins and ends on its axis."""
        x0, y0, x1, y1 = self.rectangle
        return (x0, x1) if side in ("north", "south") else (y0, y1)


def draw_plan(rng: np.random.Generator, layout: str, held_out: bool) -> Plan:
    """A room of a layout with openings, curtains, skirting; `held_out` uses the textures kept for evaluation."""
    width, depth = rng.uniform(2.6, 7.5), rng.uniform(2.8, 7.5)
    if layout == "corridor":
        width, depth = rng.uniform(1.6, 2.4), rng.uniform(5.0, 9.0)
    height, thickness = rng.uniform(2.3, 3.3), rng.uniform(0.1, 0.3)
    rectangle = (-width / 2, -depth / 2, width / 2, depth / 2)
    main = Block(MAIN, (rectangle[0], rectangle[1], 0.0), (rectangle[2], rectangle[3], height))
    rooms, areas, raised, blocked, wide = _extensions(rng, layout, main, thickness)
    openings = _draw_openings(rng, rectangle, height, rooms, wide)
    blocks = [room.grown(WALL, thickness, 0.25, 0.2) for room in rooms] + rooms
    if rng.random() < 0.8:
        blocks += [strip for room in rooms for strip in _skirting(room, rng.uniform(0.05, 0.14))]
        blocks += [_joint(room, main) for room in rooms[1:] if room.label == MAIN]
    blocks += raised
    blocks += [_hole(opening, rectangle, thickness) for opening in openings]
    shell = build("room", blocks, _materials(rng, held_out))
    plan = Plan(shell, rectangle, tuple(areas), height, thickness, tuple(openings), (), tuple(blocked))
    fittings = [asset for opening in openings for asset in _fit_out(rng, plan, opening, held_out)]
    swings = [_swing(plan, opening) for opening in openings if opening.door]
    return Plan(
        shell, rectangle, tuple(areas), height, thickness, tuple(openings), tuple(fittings), (*blocked, *swings)
    )


def _extensions(
    rng: np.random.Generator, layout: str, main: Block, thickness: float
) -> tuple[list[Block], list[Rectangle], list[Block], list[Rectangle], list[str]]:
    """Rooms, usable floor, solids inside the room, blocked floor, and the sides that are open to a side room."""
    (x0, y0, _), (x1, y1, height) = main.low, main.high
    areas: list[Rectangle] = [(x0, y0, x1, y1)]
    side = str(rng.choice(["north", "east", "west"]))
    if layout in ("ell", "bay"):
        out = rng.uniform(1.2, 2.6) if layout == "ell" else rng.uniform(0.5, 1.1)
        extra = _beside(rng, main, side, out, rng.uniform(0.4, 0.65), 0.0, MAIN, height)
        return [main, extra], [*areas, (*extra.low[:2], *extra.high[:2])], [], [], [side]
    if layout == "suite" or (layout in ("box", "corridor") and rng.random() < 0.55):
        other = _beside(rng, main, side, rng.uniform(1.8, 4.5), rng.uniform(0.7, 1.2), thickness, SIDE, height)
        return [main, other], areas, [], [], [side] if layout != "suite" else [side, "wide"]
    if layout == HELD_OUT_LAYOUT:
        step, edge = rng.uniform(0.18, 0.45), y1 - rng.uniform(0.25, 0.4) * (y1 - y0)
        solids = [Block(RAISED, (x0, edge, 0.0), (x1, y1, step))]
        blocked: list[Rectangle] = [(x0, edge, x1, y1)]
        for x in np.linspace(x0, x1, 4)[1:3]:
            size = rng.uniform(0.1, 0.2)
            solids.append(Block(RAISED, (x - size, edge - size, 0.0), (x + size, edge + size, height)))
        solids.append(Block(RAISED, (x0, edge - 0.12, height - 0.35), (x1, edge + 0.12, height)))
        return [main], areas, solids, blocked, []
    return [main], areas, [], [], []


def _beside(
    rng: np.random.Generator, main: Block, side: str, out: float, share: float, gap: float, label: int, height: float
) -> Block:
    """A room that lies `gap` metres beyond a side of the main one and takes `share` of that side's length."""
    (x0, y0, _), (x1, y1, _) = main.low, main.high
    low, high = (x0, x1) if side == "north" else (y0, y1)
    length = max(share * (high - low), 1.3)
    start = rng.uniform(low, max(high - length, low)) if length < high - low else low - 0.2
    if side == "north":
        return Block(label, (start, y1 + gap, 0.0), (start + length, y1 + gap + out, height))
    if side == "east":
        return Block(label, (x1 + gap, start, 0.0), (x1 + gap + out, start + length, height))
    return Block(label, (x0 - gap - out, start, 0.0), (x0 - gap, start + length, height))


def _draw_openings(
    rng: np.random.Generator, rectangle: Rectangle, height: float, rooms: list[Block], wide: list[str]
) -> list[Opening]:
    """A door or wide opening into the side room, windows (now and then a door) to the outside on other sides."""
    x0, y0, x1, y1 = rectangle
    openings: list[Opening] = []
    if len(rooms) > 1 and rooms[1].label == SIDE:
        axis = 0 if wide[0] == "north" else 1
        low, high = max(rooms[1].low[axis], rectangle[axis]), min(rooms[1].high[axis], rectangle[axis + 2])
        broad = "wide" in wide
        width = min(rng.uniform(1.5, 2.8) if broad else rng.uniform(0.8, 1.0), high - low - 0.2)
        centre = (
            rng.uniform(low + width / 2 + 0.1, high - width / 2 - 0.1) if high - low > width + 0.2 else (low + high) / 2
        )
        openings.append(Opening(wide[0], centre, width, 0.0, min(rng.uniform(1.98, 2.3), height - 0.15), True))
    for side in ("north", "east", "south", "west"):
        if side in wide or rng.random() > 0.55:
            continue
        low, high = (x0, x1) if side in ("north", "south") else (y0, y1)
        if rng.random() < 0.15:
            centre = rng.uniform(low + 0.7, high - 0.7)
            openings.append(Opening(side, centre, rng.uniform(0.8, 1.0), 0.0, min(2.05, height - 0.15), True))
            continue
        count = int(rng.integers(1, max(2, int((high - low) / 1.8) + 1)))
        width = min(rng.uniform(0.7, 2.2), (high - low) / count - 0.4)
        bottom = rng.choice([0.05, rng.uniform(0.5, 1.0)], p=[0.15, 0.85])
        top = min(rng.uniform(1.9, 2.5), height - 0.12)
        for i in range(count):
            openings.append(Opening(side, low + (i + 0.5) * (high - low) / count, width, float(bottom), top, False))
    return openings


def _hole(opening: Opening, rectangle: Rectangle, thickness: float) -> Block:
    x0, y0, x1, y1 = rectangle
    a, b = opening.along - opening.width / 2, opening.along + opening.width / 2
    near = {"north": y1, "south": y0 - thickness, "east": x1, "west": x0 - thickness}[opening.side]
    # A skirting board in front of a door goes with the door.
    low, high = (near - 0.03, near + thickness + 0.03) if opening.door else (near, near + thickness)
    label = DOOR if opening.door else WINDOW
    if opening.side in ("north", "south"):
        return Block(label, (a, low, opening.bottom), (b, high, opening.top))
    return Block(label, (low, a, opening.bottom), (high, b, opening.top))


def _skirting(room: Block, height: float, depth: float = 0.018) -> list[Block]:
    (x0, y0, _), (x1, y1, _) = room.low, room.high
    strips = [(x0, y0, x1, y0 + depth), (x0, y1 - depth, x1, y1), (x0, y0, x0 + depth, y1), (x1 - depth, y0, x1, y1)]
    return [Block(SKIRTING, (a, b, 0.0), (c, d, height)) for a, b, c, d in strips]


def _joint(extra: Block, main: Block, depth: float = 0.02) -> Block:
    """Air over the skirting between the main room and an extension that opens to it over its whole width."""
    low, high = list(extra.low), list(extra.high)
    for axis in (0, 1):
        low[axis] += -depth if abs(extra.low[axis] - main.high[axis]) < 1e-6 else depth
        high[axis] -= -depth if abs(extra.high[axis] - main.low[axis]) < 1e-6 else depth
    return Block(MAIN, (low[0], low[1], low[2]), (high[0], high[1], high[2]))


def _materials(rng: np.random.Generator, held_out: bool) -> Callable[[Face], Material]:
    """One floor, ceiling, wall paint and sometimes an accent wall for each room, drawn when first asked for."""
    chosen: dict[object, Material] = {}
    accent = (int(rng.integers(0, 2)), int(rng.choice([-1, 1]))) if rng.random() < 0.3 else None
    gloss = rng.uniform(0.12, 0.6)

    def pick(key: object, make: Callable[[], Material]) -> Material:
        if key not in chosen:
            chosen[key] = make()
        return chosen[key]

    def material(face: Face) -> Material:
        if face.solid == SKIRTING:
            return pick("skirting", lambda: _paint(rng))
        if face.axis == 2 and face.sign > 0 and face.air not in (OUTSIDE, WINDOW):
            room = SIDE if face.air == SIDE and rng.random() < 0.5 else MAIN
            return pick(("floor", room), lambda: Material(_floor(rng, held_out), 0.04, gloss))
        if face.air >= WINDOW:
            return pick("reveal", lambda: _paint(rng))
        if face.air == OUTSIDE:
            return pick("outside", lambda: Material(pickers.wall_texture(rng)))
        if face.axis == 2:
            return pick(("ceiling", face.air), lambda: Material(pickers.ceiling_texture(rng)))
        if accent == (face.axis, face.sign) or face.solid == RAISED:
            return pick(
                ("accent", face.air), lambda: Material(pickers.wall_texture(rng, rgb_of(None, rng), held_out=held_out))
            )
        return pick(("wall", face.air), lambda: Material(pickers.wall_texture(rng)))

    return material


def _floor(rng: np.random.Generator, held_out: bool) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    return pickers.floor_texture(rng, held_out=held_out)


def _paint(rng: np.random.Generator) -> Material:
    if rng.random() < 0.25:
        return Material(materials.wood(rng, axis=0), 0.04, 0.4)
    return Material(materials.plain(rng, rgb_of(None, rng, WALLS[:4], 0.04), 0.02), 0.04, 0.35)


def _swing(plan: Plan, opening: Opening) -> Rectangle:
    x, y = plan.wall_point(opening.side, opening.along, 0.35)
    half = opening.width / 2 + 0.05
    return (x - half, y - half, x + half, y + half)


def _fit_out(rng: np.random.Generator, plan: Plan, opening: Opening, held_out: bool) -> list[Asset]:
    """Frames, sashes, door leaves, curtains and blinds of one opening, in place."""
    width, height = opening.width, opening.top - opening.bottom
    paint = _paint(rng)
    made: list[Asset] = []
    if opening.door:
        if width < 1.2 and rng.random() < 0.6:
            made.append(Asset("door", _leaf(rng, width, height, paint, plan.thickness)))
    else:
        made.append(Asset("window", _sash(rng, width, height, paint, plan.thickness)))
        kind = rng.random()
        if kind < 0.45:
            made.append(Asset("curtain", _curtains(rng, plan, opening, held_out)))
        elif kind < 0.6:
            blind = shapes.box(width - 0.02, 0.012, height * rng.uniform(0.15, 0.6))
            drop = height - float(blind.vertices[:, 2].max())
            cloth = Material(pickers.fabric_texture(rng, rgb_of(None, rng, FABRICS + WALLS)))
            made.append(Asset("blind", (_part(blind.at(y=0.03, z=drop - 0.005), cloth),)))
    x, y = plan.wall_point(opening.side, opening.along)
    return [asset.transformed(pose(x, y, opening.bottom, TURN[opening.side])) for asset in made]


def _part(shell: shapes.Shell, material: Material, smooth: bool = False) -> Part:
    return Part(shell.vertices, shell.faces, material, smooth)


def _sash(rng: np.random.Generator, width: float, height: float, paint: Material, thickness: float) -> tuple[Part, ...]:
    border, inset = rng.uniform(0.035, 0.07), 0.55 * thickness
    parts = [_part(shapes.frame(width, height, border, 0.05).at(y=inset), paint)]
    for i in range(1, int(rng.integers(1, 4))):
        x = width * (i / 2 - 0.5) if width > 0.9 else 0.0
        if abs(x) < width / 2 - border:
            parts.append(
                _part(shapes.box(border * 0.8, 0.03, height - border).at(x=x, y=inset - 0.025, z=border / 2), paint)
            )
    if rng.random() < 0.5:
        bar = shapes.box(width - border, 0.03, border * 0.7).at(y=inset - 0.025, z=height * rng.uniform(0.45, 0.75))
        parts.append(_part(bar, paint))
    if rng.random() < 0.7:
        parts.append(_part(shapes.box(width + 0.06, 0.16, 0.03).at(y=-0.02, z=-0.031), paint))
    return tuple(parts)


def _leaf(rng: np.random.Generator, width: float, height: float, paint: Material, thickness: float) -> tuple[Part, ...]:
    """A door leaf hinged at its left edge that opens away from the room, with a handle; ajar or open."""
    leaf = shapes.box(width - 0.02, 0.04, height - 0.02).at(x=width / 2, z=0.008)
    handle = shapes.bar([width - 0.18, -0.06, 0.98], [width - 0.06, -0.06, 0.98], 0.011)
    stem = shapes.bar([width - 0.07, -0.07, 0.98], [width - 0.07, 0.07, 0.98], 0.012)
    angle = float(rng.choice([rng.uniform(50, 115), rng.uniform(5, 40), 0.0], p=[0.55, 0.25, 0.2]))
    metal = Material(pickers.metal_texture(rng), 0.4, 0.3)
    moved = [shell.turned("z", angle).at(x=-width / 2, y=thickness * 0.6) for shell in (leaf, handle, stem)]
    return _part(moved[0], paint), _part(moved[1], metal, True), _part(moved[2], metal, True)


def _curtains(rng: np.random.Generator, plan: Plan, opening: Opening, held_out: bool) -> tuple[Part, ...]:
    """A rod with one or two folded cloths, hanging in front of the wall; z is counted from the opening's bottom."""
    low, high = plan.wall_span(opening.side)
    reach = min(opening.width / 2 + 0.25, opening.along - low - 0.05, high - opening.along - 0.05)
    top = min(opening.top + 0.12, plan.height - 0.06) - opening.bottom
    bottom = (0.02 if rng.random() < 0.7 else max(opening.bottom - 0.2, 0.02)) - opening.bottom
    cloth = Material(pickers.fabric_texture(rng, held_out=held_out), 0.02, 0.9)
    rod = shapes.bar([-reach - 0.05, -0.09, top], [reach + 0.05, -0.09, top], 0.014)
    parts = [_part(rod, Material(pickers.metal_texture(rng), 0.3, 0.4), True)]
    drawn = rng.uniform(0.18, 0.5)
    for sign in (-1, 1) if rng.random() < 0.8 else (1,):
        across = np.linspace(reach - 2 * reach * drawn, reach, 49)
        fold = 0.03 * np.sin(np.linspace(0, 2 * np.pi * max(3, round(drawn * reach * 22)), 49) + rng.uniform(0, 6))
        rows = np.linspace(bottom, top, 5)
        swell = np.linspace(1.2, 0.7, 5)
        grid = np.stack(
            np.broadcast_arrays(sign * across[None], -0.09 + fold[None] * swell[:, None], rows[:, None]), -1
        )
        parts.append(_part(shapes.sheet(grid, 0.006), cloth, True))
    return tuple(parts)
