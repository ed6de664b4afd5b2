"""Furnished rooms seen by somebody who stands in them: plan, furniture, light, camera."""

import numpy as np

from wt.data.furnish import furnish, warm
from wt.data.mesh import Camera, Light, Sky, World, look_at
from wt.data.peel import Solids, world_rays
from wt.data.plan import HELD_OUT_LAYOUT, INWARD, LAYOUTS, Plan, draw_plan
from wt.geometry.camera import Intrinsics, rays
from wt.types import Float


def draw_room(rng: np.random.Generator, *, held_out: bool = False) -> tuple[World, Plan]:
    """A lit room with furniture; `held_out` takes the layout and the textures kept for evaluation."""
    layout = HELD_OUT_LAYOUT if held_out else str(rng.choice(LAYOUTS))
    plan = draw_plan(rng, layout, held_out)
    room = furnish(rng, plan)
    lights = room.lights + _windows(rng, plan)
    if not lights:
        lights = [Light("area", warm(rng) * 5, position=np.array([0.0, 0.0, plan.height - 0.1]), radius=0.3)]
    ambient = np.exp(rng.normal(0, 0.08, 3)) * rng.uniform(0.12, 0.5)
    instances = (plan.shell, *plan.fittings, *room.things)
    return World(instances, tuple(lights), ambient, draw_sky(rng)), plan


def _windows(rng: np.random.Generator, plan: Plan) -> list[Light]:
    """Daylight through each window as an area light in the opening, and a sun that may come in."""
    lights = []
    strength = rng.uniform(0.5, 5)
    for opening in plan.openings:
        if opening.door:
            continue
        x, y = plan.wall_point(opening.side, opening.along, 0.02)
        where = np.array([x, y, (opening.bottom + opening.top) / 2])
        size = opening.width * (opening.top - opening.bottom)
        cool = np.array([0.9, 1.0, 1.12]) * strength * size
        lights.append(Light("area", cool, position=where, radius=0.45 * float(np.sqrt(size))))
    windows = [opening for opening in plan.openings if not opening.door]
    if windows and rng.random() < 0.55:
        inward = np.array([*INWARD[windows[rng.integers(len(windows))].side], 0.0])
        aside = np.array([-inward[1], inward[0], 0.0]) * rng.uniform(-1, 1)
        direction = inward + aside - np.array([0, 0, rng.uniform(0.3, 1.2)])
        colour = np.array([1.0, 0.9, 0.74]) * rng.uniform(4, 16)
        lights.append(Light("sun", colour, direction=direction / np.linalg.norm(direction), radius=0.012))
    return lights


def draw_sky(rng: np.random.Generator) -> Sky:
    """A soft gradient from horizon to zenith over a ground tone: overcast, blue, or evening."""
    kind = rng.random()
    strength = rng.uniform(0.8, 2.2)
    if kind < 0.45:
        zenith, horizon = np.array([0.75, 0.8, 0.88]), np.array([0.92, 0.94, 0.96])
    elif kind < 0.85:
        zenith, horizon = np.array([0.2, 0.4, 0.85]), np.array([0.72, 0.84, 0.98])
    else:
        zenith, horizon = np.array([0.3, 0.34, 0.6]), np.array([1.0, 0.66, 0.42])
    ground = np.array([0.22, 0.22, 0.16]) * rng.uniform(0.5, 1.5)
    zenith, horizon = zenith * strength, horizon * strength

    def sky(directions: np.ndarray) -> np.ndarray:
        up = directions[:, 2:3]
        above = horizon + (zenith - horizon) * np.sqrt(np.clip(up, 0, 1))
        return above + (ground - above) * np.clip(-up * 12 + 0.5, 0, 1)

    return sky


def room_intrinsics(rng: np.random.Generator, size: int) -> Intrinsics:
    """Field of view 35 to 85 degrees across, a photo of any common shape squeezed to a square, centre a little off."""
    fov = np.radians(rng.uniform(35, 85))
    fx = size / (2 * np.tan(fov / 2))
    # A photo of aspect a squeezed to a square has fy = a fx.
    aspect = np.exp(rng.normal(0.12, 0.22))
    fy = fx * float(np.clip(aspect, 1 / 1.8, 1.8))
    offset = rng.normal(0, 0.015, 2) * size
    return Intrinsics(float(fx), fy, size / 2 + float(offset[0]), size / 2 + float(offset[1]), size, size)


def draw_view(rng: np.random.Generator, world: World, plan: Plan, solids: Solids, size: int, tries: int = 16) -> Camera:
    """A camera in the room that sees something: the first good one of `tries`, else the best."""
    best, best_score = None, -np.inf
    for _ in range(tries):
        camera = _candidate(rng, world, plan, size)
        if camera is None:
            continue
        score = view_score(camera, solids, len(plan.fittings))
        if score > best_score:
            best, best_score = camera, score
        if score > 3.0:
            break
    if best is None:
        x0, y0, x1, y1 = plan.rectangle
        eye = np.array([0.9 * x0 + 0.1 * x1, 0.9 * y0 + 0.1 * y1, min(1.7, plan.height - 0.3)])
        best = Camera(room_intrinsics(rng, size), look_at(eye, np.array([x1, y1, 0.8])))
    return best


def _candidate(rng: np.random.Generator, world: World, plan: Plan, size: int) -> Camera | None:
    """Eye 1.0 to 1.9 m up and clear of all furniture, towards a piece of furniture or across the room."""
    area = plan.areas[rng.integers(len(plan.areas))]
    eye = np.array([rng.uniform(area[0] + 0.2, area[2] - 0.2), rng.uniform(area[1] + 0.2, area[3] - 0.2), 0.0])
    eye[2] = min(rng.uniform(1.0, 1.9), plan.height - 0.3)
    for thing in world.instances[1:]:
        low, high = thing.bounds()
        if (eye > low - 0.25).all() and (eye < high + 0.25).all():
            return None
    things = world.instances[1 + len(plan.fittings) :]
    if things and rng.random() < 0.7:
        low, high = things[rng.integers(len(things))].bounds()
        target = (low + high) / 2
    else:
        target = np.array([rng.uniform(area[0], area[2]), rng.uniform(area[1], area[3]), 1.0])
    ahead = target - eye
    if np.hypot(ahead[0], ahead[1]) < 0.6:
        return None
    yaw = np.arctan2(ahead[1], ahead[0]) + rng.normal(0, 0.2)
    pitch = np.radians(rng.uniform(-25, 10))
    forward = np.array([np.cos(yaw) * np.cos(pitch), np.sin(yaw) * np.cos(pitch), np.sin(pitch)])
    return Camera(room_intrinsics(rng, size), look_at(eye, eye + forward, np.radians(rng.normal(0, 2))))


def view_score(camera: Camera, solids: Solids, fittings: int, side: int = 20) -> float:
    """How much there is to see: depth, its spread, and how many things; -inf if something is nearer than 0.4 m."""
    coarse = camera.intrinsics.resized(side, side)
    origin, directions = world_rays(camera, rays(coarse).reshape(-1, 3))
    hits = solids.first_hits(np.broadcast_to(origin, directions.shape), directions)
    seen = hits.triangle >= 0
    if seen.mean() < 0.5 or hits.t[seen].min() < 0.4:
        return -np.inf
    instances, counts = np.unique(solids.triangle_instance[hits.triangle[seen]], return_counts=True)
    things = int(((instances > fittings) & (counts >= 4)).sum())
    covered = counts[instances > fittings].sum() / side**2
    depth: Float[np.ndarray, "n"] = hits.t[seen]
    spread = float(np.log(np.quantile(depth, 0.95) / np.quantile(depth, 0.05)))
    too_near = max(0.0, 1.2 - float(np.median(depth)))
    return min(things, 6) * 0.4 + min(spread, 1.5) + min(covered, 0.5) * 2 - 3 * too_near - 4 * max(0.0, covered - 0.75)
