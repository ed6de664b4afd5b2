"""Light on surfaces: sky and lamps with soft shadows, hemisphere rays for occlusion and one bounce, highlights.

Irradiance is worked out once per pixel centre (the part that comes from all around at half the resolution), smoothed
across neighbours on the same surface, and shared by the four colour samples of the pixel; only textures are sampled
more finely. All is linear rgb; albedo a under irradiance e (already divided by pi) gives radiance a * e.
"""

from dataclasses import dataclass

import numpy as np

from wt.data.mesh import Light, World
from wt.data.peel import Hits, Solids
from wt.types import Bool, Float, Int

LIFT = 1e-3
"""Secondary rays start this many metres in front of the surface."""


@dataclass(frozen=True)
class Surface:
    """What n rays see first: the point, face and shading normal (both towards the eye), the part (-1 none)."""

    hit: Bool[np.ndarray, "n"]
    point: Float[np.ndarray, "n 3"]
    face: Float[np.ndarray, "n 3"]
    normal: Float[np.ndarray, "n 3"]
    part: Int[np.ndarray, "n"]
    towards_eye: Float[np.ndarray, "n 3"]
    depth: Float[np.ndarray, "n"]


def look(solids: Solids, origin: Float[np.ndarray, "3"], directions: Float[np.ndarray, "n 3"]) -> Surface:
    """First surfaces along rays that share their origin; directions of z = 1 in the camera give z-depths."""
    hits = solids.first_hits(np.broadcast_to(origin, directions.shape), directions)
    hit = hits.triangle >= 0
    known = Hits(hits.t, np.maximum(hits.triangle, 0), hits.u, hits.v)
    face, normal = solids.normals(known)
    t = np.where(hit, hits.t, 0).astype(np.float32)
    eye = -directions / np.linalg.norm(directions, axis=1, keepdims=True)
    face = np.where(np.einsum("nk,nk->n", face, eye)[:, None] < 0, -face, face)
    normal = np.where(np.einsum("nk,nk->n", normal, face)[:, None] < 0, -normal, normal)
    part = np.where(hit, solids.triangle_part[known.triangle], -1)
    return Surface(hit, origin + t[:, None] * directions, face, normal, part, eye, t)


def albedo(solids: Solids, surface: Surface) -> Float[np.ndarray, "n 3"]:
    """Textures looked up in the frame in which they were written; black where nothing was hit."""
    colour = np.zeros(surface.point.shape, np.float32)
    order = np.argsort(surface.part, kind="stable")
    order = order[np.searchsorted(surface.part[order], 0) :]
    parts = surface.part[order]
    for chunk in np.split(order, np.flatnonzero(np.diff(parts)) + 1) if len(order) else []:
        part = solids.parts[surface.part[chunk[0]]]
        back = part.object_from_world
        points = surface.point[chunk] @ back[:3, :3].T + back[:3, 3]
        # Maps are rigid up to scale, so turning normals like points and making them unit again is exact.
        normals = surface.normal[chunk] @ back[:3, :3].T
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-20)
        colour[chunk] = part.material.texture(points, normals)
    return np.clip(colour, 0, 1)


def part_colours(solids: Solids, rng: np.random.Generator, samples: int = 12) -> Float[np.ndarray, "p 3"]:
    """Mean albedo of every part over a few of its vertices: what a bounce sees."""
    table = np.empty((len(solids.parts), 3), np.float32)
    for i, part in enumerate(solids.parts):
        triangles = part.vertices[part.faces[rng.integers(0, len(part.faces), samples)]]
        weights = rng.dirichlet([1.0, 1.0, 1.0], samples)
        normals = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
        back = part.object_from_world
        normals = normals @ back[:3, :3].T
        normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-20)
        points = np.einsum("ns,nsk->nk", weights, triangles) @ back[:3, :3].T + back[:3, 3]
        table[i] = np.clip(part.material.texture(points, normals), 0, 1).mean(axis=0)
    return table


def ambient_light(
    world: World, solids: Solids, colours: np.ndarray, surface: Surface, count: int, rng: np.random.Generator
) -> Float[np.ndarray, "n 3"]:
    """Cosine-weighted rays over the hemisphere: sky where they leave, else one bounce off what they meet."""
    seen = np.flatnonzero(surface.hit)
    total = np.zeros(surface.point.shape, np.float32)
    normal = surface.normal[seen]
    origin = surface.point[seen] + LIFT * surface.face[seen]
    across, along = _frame(normal)
    phase = rng.random(len(seen), dtype=np.float32)
    emission = np.array([part.material.emission for part in solids.parts], np.float32)[:, None]
    glow = colours * (world.ambient.astype(np.float32) + emission)
    light = np.zeros((len(seen), 3), np.float32)
    for i in range(count):
        radius = np.sqrt((i + rng.random(len(seen), dtype=np.float32)) / count)
        angle = 2 * np.pi * (phase + np.float32(i * 0.618034))
        up = np.sqrt(np.maximum(1 - radius * radius, 0))
        x, y = radius * np.cos(angle), radius * np.sin(angle)
        ray = x[:, None] * across + y[:, None] * along + up[:, None] * normal
        hits = solids.first_hits(origin, ray)
        meets = hits.triangle >= 0
        light[meets] += glow[solids.triangle_part[hits.triangle[meets]]]
        if not meets.all():
            light[~meets] += _sky(world, ray[~meets])
    total[seen] = light / count
    return total


def direct_light(
    world: World, solids: Solids, surface: Surface, *, shadows: bool, rng: np.random.Generator
) -> tuple[Float[np.ndarray, "n 3"], Float[np.ndarray, "n 3"]]:
    """(irradiance / pi, highlights) of all lamps, one jittered shadow ray each."""
    diffuse = np.zeros(surface.point.shape, np.float32)
    highlight = np.zeros(surface.point.shape, np.float32)
    specular = np.array([part.material.specular for part in solids.parts], np.float32)
    rough = np.array([part.material.roughness for part in solids.parts], np.float32)
    for light in world.lights:
        ray, strength, reach = _towards(light, surface.point, rng)
        cosine = np.einsum("nk,nk->n", ray, surface.normal)
        lit = surface.hit & (cosine > 0) & (np.einsum("nk,nk->n", ray, surface.face) > 0)
        at = np.flatnonzero(lit)
        if shadows and len(at):
            start = surface.point[at] + LIFT * surface.face[at]
            at = at[~solids.occluded(start, ray[at], reach[at])]
        power = strength[at, None] * light.colour.astype(np.float32)
        diffuse[at] += cosine[at, None] * power / np.pi
        part = surface.part[at]
        half = ray[at] + surface.towards_eye[at]
        half /= np.maximum(np.linalg.norm(half, axis=1, keepdims=True), 1e-6)
        shine = 2 / np.maximum(rough[part], 0.05) ** 4
        lobe = np.maximum(np.einsum("nk,nk->n", half, surface.normal[at]), 0) ** shine * (shine + 2) / 8
        fresnel = _fresnel(specular[part], rough[part], np.einsum("nk,nk->n", half, ray[at]))
        highlight[at] += (np.minimum(lobe, 30) * fresnel * cosine[at])[:, None] * power / np.pi
    return diffuse, highlight


def mirrored(
    world: World, solids: Solids, colours: np.ndarray, surface: Surface, rng: np.random.Generator
) -> Float[np.ndarray, "n 3"]:
    """What glossy surfaces reflect: one ray about the mirror direction, spread by roughness."""
    out = np.zeros(surface.point.shape, np.float32)
    specular = np.array([part.material.specular for part in solids.parts], np.float32)
    rough = np.array([part.material.roughness for part in solids.parts], np.float32)
    at = np.flatnonzero(surface.hit & (rough[surface.part] < 0.45))
    if len(at) == 0:
        return out
    normal, eye = surface.normal[at], surface.towards_eye[at]
    facing = np.einsum("nk,nk->n", normal, eye)
    ray = 2 * facing[:, None] * normal - eye
    ray += rough[surface.part[at], None] ** 2 * rng.normal(size=ray.shape).astype(np.float32) * 0.7
    hits = solids.first_hits(surface.point[at] + LIFT * surface.face[at], ray)
    meets = hits.triangle >= 0
    seen = np.empty(ray.shape, np.float32)
    emission = np.array([part.material.emission for part in solids.parts], np.float32)[:, None]
    glow = colours * (world.ambient.astype(np.float32) + emission)
    seen[meets] = glow[solids.triangle_part[hits.triangle[meets]]]
    seen[~meets] = _sky(world, ray[~meets] / np.linalg.norm(ray[~meets], axis=1, keepdims=True))
    out[at] = _fresnel(specular[surface.part[at]], rough[surface.part[at]], np.abs(facing))[:, None] * seen
    return out


def _fresnel(at_normal: np.ndarray, rough: np.ndarray, cosine: np.ndarray) -> np.ndarray:
    """Schlick's approximation; the rise towards grazing angles fades with roughness."""
    return at_normal + (1 - np.minimum(rough, 1)) ** 2 * (1 - at_normal) * (1 - np.clip(cosine, 0, 1)) ** 5


def _towards(light: Light, points: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unit rays to a jittered point of the lamp, falloff, and how far a shadow ray has to go."""
    count = len(points)
    jitter = rng.normal(size=(count, 3)).astype(np.float32)
    jitter *= light.radius * rng.random((count, 1), dtype=np.float32) / np.linalg.norm(jitter, axis=1, keepdims=True)
    if light.kind == "sun":
        assert light.direction is not None
        ray = jitter - light.direction.astype(np.float32)
        ray /= np.linalg.norm(ray, axis=1, keepdims=True)
        return ray, np.ones(count, np.float32), np.full(count, 1e30, np.float32)
    assert light.position is not None
    ray = light.position.astype(np.float32) + jitter - points
    distance = np.linalg.norm(ray, axis=1)
    ray /= np.maximum(distance, 1e-6)[:, None]
    # A lamp has a size, so its light does not grow without bound towards it.
    falloff = 1 / (distance**2 + 0.5 * light.radius**2 + 0.02)
    return ray, falloff, np.maximum(distance - 2 * LIFT, 0)


def _sky(world: World, directions: np.ndarray) -> np.ndarray:
    if world.sky is None:
        return np.broadcast_to(world.ambient.astype(np.float32), directions.shape)
    return world.sky(directions).astype(np.float32)


def _frame(normal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two unit vectors that make a frame with each normal (Duff et al. 2017, branchless)."""
    x, y, z = normal.T
    sign = np.where(z >= 0, np.float32(1), np.float32(-1))
    a = -1 / (sign + z)
    b = x * y * a
    across = np.stack([1 + sign * x * x * a, sign * b, -sign * x], axis=1)
    along = np.stack([b, sign + y * y * a, -y], axis=1)
    return across, along
