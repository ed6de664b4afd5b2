"""Rooms: a shell with openings, furniture along the walls and in the middle, things on the tables, and a camera inside.

World frame as in wt.data.mesh: z up, metres, the floor's centre at the origin. Walls are numbered 0..3; wall k is the
wall at +y turned by k quarter turns, so furniture is laid out in one frame and turned into place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from wt.data import primitives, textures
from wt.data.assets import FAMILIES, HELD_OUT_FAMILIES, make_asset
from wt.data.mesh import Asset, Camera, Light, Material, Part, Texture, World, look_at, pose
from wt.geometry.camera import Intrinsics
from wt.types import Float

WALL_THICKNESS = 0.15
ALONG_WALLS = (
    "sofa", "shelf", "cabinet", "wardrobe", "bed", "desk", "bench", "armchair", "chair", "plant", "floor lamp",
    "stack of boxes", "monitor stand", "ladder", "basket", "bin", "crate",
)  # fmt: skip
IN_THE_MIDDLE = (
    "table", "coffee table", "armchair", "sofa", "stool", "chair", "box", "ball", "toy animal", "plant", "crate",
    "figure", "bench", "basket", "knot", "stack of boxes",
)  # fmt: skip
TABLES = ("table", "desk", "coffee table", "cabinet", "bench", "stool")
ON_TABLES = (
    "mug", "cup", "plate", "bowl", "bottle", "vase", "teapot", "jar", "book", "table lamp", "monitor", "laptop",
    "toy animal", "cactus", "torus", "knot", "ball", "building blocks", "robot", "clock",
)  # fmt: skip
ON_WALLS = ("picture", "mirror", "clock")
AT_CEILINGS = ("ceiling lamp",)


@dataclass
class Room:
    """A room while it is furnished: inner size in metres, what stands in it, and the floor that is taken."""

    width: float
    depth: float
    height: float
    held_out: bool = False
    instances: list[Asset] = field(default_factory=list)
    lights: list[Light] = field(default_factory=list)
    taken: list[Float[np.ndarray, "4"]] = field(default_factory=list)
    """Footprints x0, y0, x1, y1."""

    def half(self, wall: int) -> float:
        """Distance of a wall from the centre."""
        return (self.depth if wall % 2 == 0 else self.width) / 2

    def length(self, wall: int) -> float:
        """Length of a wall."""
        return self.width if wall % 2 == 0 else self.depth

    def put(self, asset: Asset, margin: float = 0.04) -> bool:
        """Add the asset if its footprint is inside the room and free."""
        low, high = asset.bounds()
        box = np.array([low[0] - margin, low[1] - margin, high[0] + margin, high[1] + margin])
        inside = abs(box[[0, 2]]).max() <= self.width / 2 + margin and abs(box[[1, 3]]).max() <= self.depth / 2 + margin
        if not inside or any(_overlap(box, other) for other in self.taken):
            return False
        self.taken.append(box)
        self.instances.append(asset)
        return True


def room_world(rng: np.random.Generator, *, held_out: bool = False) -> tuple[World, Room]:
    """A furnished room.

    Args:
        held_out: draw textures and families that training never sees, and a layout (a partition) that it never sees.
    """
    room = Room(rng.uniform(2.6, 7.5), rng.uniform(2.6, 7.5), rng.uniform(2.3, 3.3), held_out)
    _build_shell(room, rng)
    for _ in range(rng.integers(2, 7)):
        _stand_along_wall(room, rng)
    for _ in range(rng.integers(1, 5)):
        _stand_in_middle(room, rng)
    _hang(room, rng)
    _light(room, rng)
    brightness = rng.uniform(0.8, 2.2)
    blue = np.array([0.75, 0.88, 1.05]) * brightness

    def sky(directions: np.ndarray) -> np.ndarray:
        return blue * (0.7 + 0.3 * np.clip(directions[:, 2:], 0, 1))

    ambient = rng.uniform(0.25, 0.7) * np.array([1.0, rng.uniform(0.94, 1.0), rng.uniform(0.85, 1.0)])
    return World(tuple(room.instances), tuple(room.lights), ambient, sky), room


def room_camera(rng: np.random.Generator, room: Room, side: int) -> Camera:
    """A person's view: inside the room, 1.0-1.9 m high, towards its far part, FoV 35-85 degrees.

    The network sees photos squeezed to a square, hence the very different focal lengths in x and y.
    """
    for _ in range(50):
        x, y = rng.uniform(-0.5, 0.5, 2) * (room.width - 0.7, room.depth - 0.7)
        if not any(b[0] - 0.2 < x < b[2] + 0.2 and b[1] - 0.2 < y < b[3] + 0.2 for b in room.taken):
            break
    eye = np.array([x, y, rng.uniform(1.0, 1.9)])
    target = np.array([*(-eye[:2] * rng.uniform(0.2, 1.0) + rng.normal(0, 0.5, 2)), 0.0])
    distance = max(float(np.linalg.norm(target[:2] - eye[:2])), 0.5)
    target[2] = eye[2] + distance * np.tan(np.radians(rng.uniform(-25, 6)))
    fov = np.radians(rng.uniform(35, 85))
    fx = side / 2 / np.tan(fov / 2)
    fy = fx * np.exp(rng.uniform(np.log(0.7), np.log(1.8)))
    k = Intrinsics(fx, fy, side / 2 + rng.normal(0, 0.01) * side, side / 2 + rng.normal(0, 0.01) * side, side, side)
    return Camera(k, look_at(eye, target, np.radians(rng.normal(0, 2))))


def part(shell: primitives.Shell, texture: Texture, *, smooth: bool = False, emission: float = 0.0) -> Part:
    """A part from a primitive and a texture."""
    return Part(shell.vertices, shell.faces, Material(texture, emission=emission), smooth)


def available(names: Sequence[str], held_out: bool) -> list[str]:
    """The families among `names` that exist and may be drawn."""
    return [n for n in names if n in FAMILIES and (held_out or n not in HELD_OUT_FAMILIES)]


def draw(names: Sequence[str], rng: np.random.Generator, held_out: bool) -> Asset | None:
    """A random asset of one of the families, None if there are none."""
    names = available(names, held_out)
    return make_asset(names[rng.integers(len(names))], rng) if names else None


def _overlap(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3])


def _wall_frame(wall: int) -> np.ndarray:
    return pose(0.0, 0.0, 0.0, turn=wall * np.pi / 2)


def _build_shell(room: Room, rng: np.random.Generator) -> None:
    t = WALL_THICKNESS
    wide, deep = room.width + 2 * t, room.depth + 2 * t
    floor = primitives.box(wide, deep, t).at(0, 0, -t)
    room.instances.append(Asset("floor", (part(floor, textures.floor_texture(rng, held_out=room.held_out)),)))
    ceiling = primitives.box(wide, deep, t).at(0, 0, room.height)
    room.instances.append(Asset("ceiling", (part(ceiling, textures.ceiling_texture(rng)),)))
    paint = textures.wall_texture(rng, held_out=room.held_out)
    accent = textures.wall_texture(rng, held_out=room.held_out) if rng.random() < 0.3 else paint
    trim = textures.plain(rng, "white" if rng.random() < 0.7 else None)
    for wall in range(4):
        _build_wall(room, wall, accent if wall == 0 else paint, trim, rng)
    if room.held_out and rng.random() < 0.4:  # a partition that training never sees
        long = rng.uniform(0.35, 0.6) * room.width
        screen = primitives.box(long, 0.1, room.height).at((room.width - long) / 2, rng.uniform(-0.2, 0.2) * room.depth)
        room.put(Asset("partition", (part(screen, paint),)), margin=0.0)


def _build_wall(room: Room, wall: int, paint: Texture, trim: Texture, rng: np.random.Generator) -> None:
    """A wall with at most one door or window; behind a door another room, behind a window the sky or a far wall."""
    length, half, t, h = room.length(wall), room.half(wall), WALL_THICKNESS, room.height
    frame = _wall_frame(wall)
    left, right = -length / 2 - t, length / 2 + t
    kind = rng.choice(["plain", "window", "door"], p=[0.45, 0.33, 0.22])
    solid: list[tuple[float, float, float, float]] = [(left, right, 0.0, h)]
    if kind != "plain":
        wide = min(rng.uniform(0.9, 2.4) if kind == "window" else rng.uniform(0.8, 1.6), length * 0.7)
        middle = rng.uniform(-0.5, 0.5) * (length - wide - 0.4)
        a, b = middle - wide / 2, middle + wide / 2
        bottom = rng.uniform(0.5, 1.0) if kind == "window" else 0.0
        top = min(rng.uniform(1.9, 2.3), h - 0.1)
        solid = [(left, a, 0.0, h), (b, right, 0.0, h), (a, b, top, h)] + ([(a, b, 0.0, bottom)] if bottom else [])
        _frame_opening(room, frame, (a, b, bottom, top), half, trim)
        if kind == "door" or rng.random() < 0.35:
            _build_beyond(room, frame, half, rng)
        if kind == "door":
            corners = np.array([[a, half - 0.7, 0, 1], [b, half, 0, 1]]) @ frame.T
            room.taken.append(np.concatenate([corners[:, :2].min(0), corners[:, :2].max(0)]))
    boxes = [
        part(primitives.box(x1 - x0, t, z1 - z0).at((x0 + x1) / 2, half + t / 2, z0), paint)
        for x0, x1, z0, z1 in solid
        if x1 - x0 > 0.01 and z1 - z0 > 0.01
    ]
    skirting = [
        part(primitives.box(x1 - x0, 0.015, 0.09).at((x0 + x1) / 2, half - 0.0075, 0), trim)
        for x0, x1, z0, _ in solid
        if z0 == 0.0 and x1 - x0 > 0.01
    ]
    room.instances.append(Asset("wall", tuple(boxes + skirting)).transformed(frame))


def _frame_opening(
    room: Room, frame: np.ndarray, opening: tuple[float, float, float, float], half: float, trim: Texture
) -> None:
    """A frame around an opening; windows get a cross bar."""
    a, b, bottom, top = opening
    deep, border = WALL_THICKNESS + 0.03, 0.06
    y = half + WALL_THICKNESS / 2
    bars = [
        primitives.box(border, deep, top - bottom).at(a + border / 2, y, bottom),
        primitives.box(border, deep, top - bottom).at(b - border / 2, y, bottom),
        primitives.box(b - a - 2 * border, deep, border).at((a + b) / 2, y, top - border),
    ]
    if bottom > 0:
        bars.append(primitives.box(b - a - 2 * border, deep, border).at((a + b) / 2, y, bottom))
        bars.append(primitives.box(0.04, 0.05, top - bottom - 2 * border).at((a + b) / 2, y, bottom + border))
    room.instances.append(Asset("frame", tuple(part(bar, trim) for bar in bars)).transformed(frame))


def _build_beyond(room: Room, frame: np.ndarray, half: float, rng: np.random.Generator) -> None:
    """What is seen through an opening: a floor, a far wall and perhaps a piece of furniture."""
    t = WALL_THICKNESS
    deep, wide = rng.uniform(1.5, 4.0), rng.uniform(3.0, 7.0)
    y0 = half + t
    floor = primitives.box(wide, deep, t).at(0, y0 + deep / 2, -t - 0.001)
    far = primitives.box(wide, t, room.height).at(0, y0 + deep + t / 2, 0)
    parts = (part(floor, textures.floor_texture(rng)), part(far, textures.wall_texture(rng)))
    room.instances.append(Asset("beyond", parts).transformed(frame))
    thing = draw(ALONG_WALLS, rng, room.held_out)
    if thing is not None and rng.random() < 0.6:
        low, high = thing.bounds()
        if high[1] - low[1] < deep - 0.1:
            stand = pose(rng.uniform(-0.3, 0.3) * wide, y0 + deep - high[1] - 0.02)
            room.instances.append(thing.transformed(frame @ stand))


def _stand_along_wall(room: Room, rng: np.random.Generator) -> None:
    asset = draw(ALONG_WALLS, rng, room.held_out)
    if asset is None:
        return
    high = asset.bounds()[1]
    for _ in range(6):
        wall = int(rng.integers(4))
        along = rng.uniform(-0.5, 0.5) * room.length(wall)
        placed = asset.transformed(_wall_frame(wall) @ pose(along, room.half(wall) - high[1] - rng.uniform(0.02, 0.08)))
        if room.put(placed):
            _set_table(room, placed, rng)
            return


def _stand_in_middle(room: Room, rng: np.random.Generator) -> None:
    asset = draw(IN_THE_MIDDLE, rng, room.held_out)
    if asset is None:
        return
    for _ in range(6):
        turn = rng.integers(4) * np.pi / 2 + rng.normal(0, 0.15) * (rng.random() < 0.5)
        x, y = rng.uniform(-0.4, 0.4, 2) * (room.width, room.depth)
        placed = asset.moved(x, y, 0.0, turn)
        if room.put(placed):
            if rng.random() < 0.4 and asset.name in ("table", "sofa", "coffee table"):
                _lay_rug(room, placed, rng)
            if asset.name == "table":
                _seat_around(room, placed, rng)
            _set_table(room, placed, rng)
            return


def _seat_around(room: Room, table: Asset, rng: np.random.Generator) -> None:
    """Chairs of one kind around a table, facing it."""
    low, high = table.bounds()
    middle = (low + high) / 2
    seed = int(rng.integers(2**31))
    for side in range(4):
        if rng.random() < 0.55 and available(("chair",), room.held_out):
            chair = make_asset("chair", np.random.default_rng(seed))
            reach = (high - low)[1 if side % 2 == 0 else 0] / 2 + rng.uniform(0.15, 0.4)
            # The chair's front faces -y: standing at +y of the table it looks at it.
            room.put(chair.transformed(pose(middle[0], middle[1]) @ _wall_frame(side) @ pose(0, reach)), margin=-0.02)


def _set_table(room: Room, table: Asset, rng: np.random.Generator) -> None:
    """One to five things on the top of a table-like asset."""
    if table.name not in TABLES:
        return
    low, high = table.bounds()
    used: list[np.ndarray] = []
    for _ in range(rng.integers(0, 6)):
        thing = draw(ON_TABLES, rng, room.held_out)
        if thing is None:
            return
        small, large = thing.bounds()
        free = (high - low)[:2] - (large - small)[:2] - 0.06
        if (free < 0).any() or large[2] > 0.8:
            continue
        x, y = (low + high)[:2] / 2 + rng.uniform(-0.5, 0.5, 2) * free
        placed = thing.moved(x, y, high[2], rng.uniform(0, 2 * np.pi) if free.min() > 0.2 else 0.0)
        a, b = placed.bounds()
        box = np.array([a[0], a[1], b[0], b[1]])
        if not any(_overlap(box, other) for other in used):
            used.append(box)
            room.instances.append(placed)


def _lay_rug(room: Room, around: Asset, rng: np.random.Generator) -> None:
    if available(("rug",), room.held_out):
        low, high = around.bounds()
        rug = make_asset("rug", rng)
        middle = (low + high)[:2] / 2
        half = (rug.bounds()[1] - rug.bounds()[0])[:2] / 2
        limit = np.array([room.width, room.depth]) / 2 - half
        if (limit > 0).all():
            room.instances.append(rug.moved(*np.clip(middle, -limit, limit)))


def _hang(room: Room, rng: np.random.Generator) -> None:
    """Pictures and the like on the walls, a lamp at the ceiling."""
    for _ in range(rng.integers(0, 4)):
        thing = draw(ON_WALLS, rng, room.held_out)
        if thing is not None:
            wall = int(rng.integers(4))
            along = rng.uniform(-0.35, 0.35) * room.length(wall)
            at = pose(along, room.half(wall) - 0.002, rng.uniform(1.3, min(1.8, room.height - 0.6)))
            room.instances.append(thing.transformed(_wall_frame(wall) @ at))
    lamp = draw(AT_CEILINGS, rng, room.held_out) if rng.random() < 0.5 else None
    if lamp is not None:
        room.instances.append(lamp.moved(*(rng.uniform(-0.2, 0.2, 2) * (room.width, room.depth)), room.height))


def _light(room: Room, rng: np.random.Generator) -> None:
    """A lamp below the ceiling, perhaps a second one, perhaps the sun through the windows."""
    for _ in range(rng.integers(1, 3)):
        x, y = rng.uniform(-0.35, 0.35, 2) * (room.width, room.depth)
        warm = np.array([1.0, rng.uniform(0.82, 0.98), rng.uniform(0.6, 0.95)])
        at = np.array([x, y, room.height - rng.uniform(0.25, 0.6)])
        room.lights.append(Light("area", rng.uniform(2, 10) * warm, position=at, radius=rng.uniform(0.05, 0.3)))
    if rng.random() < 0.5:
        down = np.array([rng.normal(), rng.normal(), -rng.uniform(0.4, 1.5)])
        colour = rng.uniform(2, 7) * np.array([1.0, 0.93, 0.82])
        room.lights.append(Light("sun", colour, direction=down / np.linalg.norm(down), radius=0.01))
