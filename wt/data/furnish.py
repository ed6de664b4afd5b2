"""Things in a room: furniture along walls and in the middle, chairs around tables, small things on whatever is flat."""

from dataclasses import dataclass, field

import numpy as np

from wt.data.mesh import Asset, Light, pose
from wt.data.peel import Solids
from wt.data.plan import TURN, Opening, Plan, Rectangle
from wt.data.roles import attached, of_role

GAP = 0.002
"""Everything stands this far above its support, so that the two surfaces keep their order along a ray."""
SCENARIOS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "living": (("sofa", "shelf", "cabinet", "plant", "lamp", "armchair", "sofa"), ("coffee_table", "armchair")),
    "bedroom": (("bed", "cabinet", "cabinet", "chair", "lamp", "plant", "shelf"), ()),
    "dining": (("cabinet", "shelf", "plant", "cabinet", "chair"), ("table",)),
    "study": (("table", "shelf", "shelf", "lamp", "cabinet", "plant", "boxes"), ("armchair",)),
    "mixed": (("cabinet", "sofa", "chair", "shelf", "plant", "boxes", "lamp", "bed", "table"), ("table", "animal")),
    "sparse": (("chair", "plant", "lamp", "boxes", "cabinet"), ("chair",)),
}
"""Scenario -> (roles along the walls, roles in the middle)."""


@dataclass
class Furnished:
    """What stands in a room so far."""

    plan: Plan
    things: list[Asset] = field(default_factory=list)
    taken: list[Rectangle] = field(default_factory=list)
    lights: list[Light] = field(default_factory=list)

    def fits(self, footprint: Rectangle) -> bool:
        """Whether a footprint lies on free floor."""
        if not any(_contains(area, footprint) for area in self.plan.areas):
            return False
        return not any(_overlap(footprint, other) for other in (*self.taken, *self.plan.blocked))

    def stand(self, asset: Asset, margin: float = 0.02) -> bool:
        """Keep an asset that is already in place, if its footprint is free."""
        low, high = asset.bounds()
        footprint = (low[0] - margin, low[1] - margin, high[0] + margin, high[1] + margin)
        if high[2] > self.plan.height - 0.03 or not self.fits(footprint):
            return False
        self.things.append(asset)
        self.taken.append(footprint)
        return True


def furnish(rng: np.random.Generator, plan: Plan) -> Furnished:
    """A furnished room after one of the scenarios; lamps that were placed bring their lights."""
    room = Furnished(plan)
    along, middle = SCENARIOS[str(rng.choice(list(SCENARIOS)))]
    for role in middle:
        if rng.random() < 0.8:
            _in_the_middle(rng, room, role)
    for role in rng.permutation(np.array(along)) if rng.random() < 0.5 else along:
        if rng.random() < 0.85:
            _along_wall(rng, room, of_role(rng, str(role)))
    for _ in range(int(rng.integers(0, 4))):
        _anywhere(rng, room, attached(rng, "floor"))
    for _ in range(int(rng.integers(0, 3))):
        _anywhere(rng, room, attached(rng, "table"))
    for support in list(room.things):
        _set_things_on(rng, room, support)
    if rng.random() < 0.45:
        _lay_rug(rng, room)
    for _ in range(int(rng.integers(1, 6))):
        _hang_on_wall(rng, room)
    _hang_from_ceiling(rng, room)
    return room


def _overlap(a: Rectangle, b: Rectangle) -> bool:
    return bool(a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3])


def _contains(area: Rectangle, footprint: Rectangle, rim: float = 0.0) -> bool:
    inside = footprint[0] >= area[0] + rim and footprint[1] >= area[1] + rim
    return bool(inside and footprint[2] <= area[2] - rim and footprint[3] <= area[3] - rim)


def _along_wall(rng: np.random.Generator, room: Furnished, asset: Asset | None, tries: int = 10) -> None:
    """Back against a wall, front into the room; nothing tall before a window, nothing at all before a door."""
    if asset is None:
        return
    low, high = asset.bounds()
    half, depth = (high[0] - low[0]) / 2, high[1]
    for _ in range(tries):
        side = str(rng.choice(list(TURN)))
        start, end = room.plan.wall_span(side)
        if end - start < 2 * half + 0.1:
            continue
        place = rng.random()
        along = rng.uniform(start + half + 0.05, end - half - 0.05)
        if place < 0.3:
            along = start + half + 0.05 if place < 0.15 else end - half - 0.05
        if any(_before(o, side, along, half) and (o.door or high[2] > o.bottom + 0.15) for o in room.plan.openings):
            continue
        x, y = room.plan.wall_point(side, along, depth + rng.uniform(0.03, 0.1))
        turn = TURN[side] + (rng.normal(0, 0.03) if rng.random() < 0.5 else 0.0)
        if room.stand(asset.moved(x, y, GAP, turn)):
            _light_up(rng, room, room.things[-1])
            return


def _before(opening: Opening, side: str, along: float, half: float) -> bool:
    return bool(opening.side == side and abs(opening.along - along) < half + opening.width / 2)


def _in_the_middle(rng: np.random.Generator, room: Furnished, role: str) -> None:
    """Free in the room; dining tables get chairs."""
    asset = of_role(rng, role)
    if asset is None:
        return
    x0, y0, x1, y1 = room.plan.rectangle
    for _ in range(6):
        x, y = (
            rng.uniform(0.75 * x0 + 0.25 * x1, 0.25 * x0 + 0.75 * x1),
            rng.uniform(0.7 * y0 + 0.3 * y1, 0.3 * y0 + 0.7 * y1),
        )
        turn = float(rng.integers(0, 4)) * np.pi / 2 + (rng.normal(0, 0.1) if rng.random() < 0.4 else 0.0)
        if room.stand(asset.moved(x, y, GAP, turn), 0.05):
            if role == "table":
                _chairs_around(rng, room, asset, x, y, turn)
            return


def _chairs_around(rng: np.random.Generator, room: Furnished, table: Asset, x: float, y: float, turn: float) -> None:
    """Chairs of one kind that face the table, some pushed in, some pulled out."""
    chair = of_role(rng, "chair")
    if chair is None:
        return
    high = table.bounds()[1]
    size = chair.bounds()[1]
    # A chair that is pushed in reaches under the table: only other things may not overlap.
    own = room.taken.pop()
    for angle in range(4):
        across, out = (high[0], high[1]) if angle % 2 == 0 else (high[1], high[0])
        seats = max(1, int(2 * across / (2 * size[0] + 0.15)))
        for seat in range(min(seats, 3)):
            if rng.random() < 0.3:
                continue
            shift = (seat + 0.5) / min(seats, 3) * 2 * across - across
            away = out + size[1] * rng.uniform(0.35, 1.3)
            direction = angle * np.pi / 2 + turn
            dx = -np.sin(direction) * away + np.cos(direction) * shift
            dy = np.cos(direction) * away + np.sin(direction) * shift
            room.stand(chair.moved(x + dx, y + dy, GAP, direction + rng.normal(0, 0.12)), -0.02)
    room.taken.append(own)


def _anywhere(rng: np.random.Generator, room: Furnished, asset: Asset | None, tries: int = 8) -> None:
    """Some free spot on the floor, any way round."""
    if asset is None:
        return
    for _ in range(tries):
        x0, y0, x1, y1 = room.plan.areas[rng.integers(len(room.plan.areas))]
        if room.stand(asset.moved(rng.uniform(x0, x1), rng.uniform(y0, y1), GAP, rng.uniform(0, 2 * np.pi))):
            _light_up(rng, room, room.things[-1])
            return


def _set_things_on(rng: np.random.Generator, room: Furnished, support: Asset) -> None:
    """Small things on the flat places of a piece of furniture, found with rays from above."""
    low, high = support.bounds()
    if high[2] - low[2] < 0.25 or max(high[0] - low[0], high[1] - low[1]) < 0.3 or rng.random() < 0.15:
        return
    wanted = int(rng.integers(1, 8))
    solids = Solids([support])
    placed: list[tuple[float, float, float, float]] = []
    for _ in range(wanted * 2):
        thing = of_role(rng, "lamp") if rng.random() < 0.06 else attached(rng, "table", 4)
        if thing is None or thing.attachment != "table":
            continue
        thing = thing.transformed(pose(0.0, 0.0, 0.0, rng.uniform(0, 2 * np.pi)))
        half, top = np.abs(thing.bounds()[1][:2]).max(), thing.bounds()[1][2]
        spot = _flat_spot(rng, solids, low, high, half, top)
        if spot is None or any(
            np.hypot(spot[0] - p[0], spot[1] - p[1]) < half + p[3] and abs(spot[2] - p[2]) < 0.3 for p in placed
        ):
            continue
        placed.append((*spot, half))
        room.things.append(thing.moved(spot[0], spot[1], spot[2] + GAP))
        _light_up(rng, room, room.things[-1])
        if len(placed) >= wanted:
            break


def _flat_spot(
    rng: np.random.Generator, solids: Solids, low: np.ndarray, high: np.ndarray, half: float, height: float
) -> tuple[float, float, float] | None:
    """A point on which a thing of that size stands level and below what is above it."""
    reach = 0.7 * half
    room = high[:2] - low[:2] - 2 * reach
    if (room <= 0).any():
        return None
    centre = low[:2] + reach + rng.random((6, 2)) * room
    offsets = reach * np.array([[0, 0], [1, 1], [1, -1], [-1, 1], [-1, -1]])
    # From a random height downwards, so that the boards inside a shelf are found as well as its top.
    start = rng.uniform(low[2] + 0.1, high[2] + 0.05, 6) if rng.random() < 0.6 else np.full(6, high[2] + 0.05)
    origins = np.concatenate([centre[:, None] + offsets, np.broadcast_to(start[:, None, None], (6, 5, 1))], axis=-1)
    down = np.broadcast_to(np.array([0.0, 0.0, -1.0]), (30, 3))
    hits = solids.first_hits(origins.reshape(-1, 3), down)
    drop = np.where(hits.triangle >= 0, hits.t, 1e6)
    level = (origins.reshape(-1, 3)[:, 2] - drop).reshape(6, 5)
    upward = (solids.face_normals[np.maximum(hits.triangle, 0), 2] > 0.98).reshape(6, 5).all(axis=1)
    good = np.flatnonzero(upward & (np.ptp(level, axis=1) < 0.004) & (level[:, 0] > low[2] + 0.15))
    for i in good:
        above = np.concatenate([centre[i] + offsets, np.full((5, 1), level[i].max() + 0.003)], axis=1)
        if not solids.occluded(above, -down[:5], np.full(5, height + 0.02)).any():
            return float(centre[i, 0]), float(centre[i, 1]), float(level[i].max())
    return None


def _lay_rug(rng: np.random.Generator, room: Furnished) -> None:
    rug = of_role(rng, "rug")
    if rug is None:
        return
    x0, y0, x1, y1 = room.plan.rectangle
    placed = rug.moved(
        rng.uniform(0.5 * x0, 0.5 * x1), rng.uniform(0.5 * y0, 0.5 * y1), 0.0, float(rng.integers(0, 2)) * np.pi / 2
    )
    low, high = placed.bounds()
    if _contains(room.plan.rectangle, (low[0], low[1], high[0], high[1]), 0.05) and high[2] < 0.03:
        # What stands on it stands in it: a rug is thinner than anything that would show.
        room.things.append(placed.moved(z=GAP / 2))


def _hang_on_wall(rng: np.random.Generator, room: Furnished) -> None:
    asset = of_role(rng, "picture") if rng.random() < 0.5 else attached(rng, "wall")
    if asset is None or asset.attachment != "wall":
        return
    low, high = asset.bounds()
    half = (high[0] - low[0]) / 2
    for _ in range(6):
        side = str(rng.choice(list(TURN)))
        start, end = room.plan.wall_span(side)
        if end - start < 2 * half + 0.2:
            continue
        along, centre = rng.uniform(start + half + 0.1, end - half - 0.1), rng.uniform(1.35, 1.75)
        up = centre - (low[2] + high[2]) / 2
        if up + high[2] > room.plan.height - 0.1 or any(
            _before(o, side, along, half + 0.1) for o in room.plan.openings
        ):
            continue
        if _open_side(room.plan, side):
            continue
        x, y = room.plan.wall_point(side, along, 0.003)
        placed = asset.transformed(pose(x, y, up, TURN[side]))
        if not _collides(room, placed):
            room.things.append(placed)
            return


def _open_side(plan: Plan, side: str) -> bool:
    """Whether an extension of the main room begins where the wall would be."""
    for area in plan.areas[1:]:
        middle = ((area[0] + area[2]) / 2, (area[1] + area[3]) / 2)
        x0, y0, x1, y1 = plan.rectangle
        beyond = {"north": middle[1] > y1, "south": middle[1] < y0, "east": middle[0] > x1, "west": middle[0] < x0}
        if beyond[side]:
            return True
    return False


def _collides(room: Furnished, asset: Asset) -> bool:
    low, high = asset.bounds()
    for other in room.things:
        theirs = other.bounds()
        if (low < theirs[1]).all() and (theirs[0] < high).all():
            return True
    return False


def _hang_from_ceiling(rng: np.random.Generator, room: Furnished) -> None:
    """A ceiling lamp where there is one, and in most rooms a light below the ceiling."""
    x0, y0, x1, y1 = room.plan.rectangle
    x, y = rng.uniform(0.3 * x0, 0.3 * x1), rng.uniform(0.3 * y0, 0.3 * y1)
    drop = 0.05
    asset = attached(rng, "ceiling", 40) if rng.random() < 0.7 else None
    if asset is not None:
        placed = asset.moved(x, y, room.plan.height - 0.002)
        if not _collides(room, placed):
            room.things.append(placed)
            drop = -float(asset.bounds()[0][2]) + 0.05
    if rng.random() < 0.75:
        where = np.array([x, y, max(room.plan.height - drop, 1.2)])
        room.lights.append(Light("area", warm(rng) * rng.uniform(2, 9), position=where, radius=rng.uniform(0.05, 0.35)))


def _light_up(rng: np.random.Generator, room: Furnished, asset: Asset) -> None:
    """A lamp that was placed shines, most of the time, from above its shade."""
    if "lamp" not in asset.name or rng.random() < 0.3:
        return
    low, high = asset.bounds()
    where = np.array([(low[0] + high[0]) / 2, (low[1] + high[1]) / 2, high[2] + 0.06])
    room.lights.append(Light("area", warm(rng) * rng.uniform(0.5, 2.5), position=where, radius=0.08))


def warm(rng: np.random.Generator) -> np.ndarray:
    """The colour of a lamp, from candle to daylight tube, luminance about 1."""
    warmth = rng.uniform(-0.1, 0.5)
    return np.array([1 + 0.5 * warmth, 1.0, 1 - 0.8 * warmth])
