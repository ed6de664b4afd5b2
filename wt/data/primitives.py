"""Closed triangle shells that assets are put together from: boxes, lofts, lathes, tubes, sheets, extrusions.

Every function returns a `Shell` in metres, z up: closed (each edge belongs to exactly two faces), wound
counter-clockwise seen from outside, so that a ray meets it an even number of times. Unless said otherwise a
shell stands on z = 0 and is centred on x = y = 0. Sharp edges are bevelled rather than split, which keeps vertex
normals usable.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from wt.types import Float, Int

Number = float | int
Points = Sequence | np.ndarray
"""Coordinates as nested sequences or an array: [3] for a point, [k, 3] or [k, 2] for a path."""

_AXES = {"x": 0, "y": 1, "z": 2}


@dataclass(frozen=True)
class Shell:
    """A closed mesh without a material; the methods return moved copies and can be chained."""

    vertices: Float[np.ndarray, "v 3"]
    faces: Int[np.ndarray, "f 3"]

    def at(self, x: Number = 0.0, y: Number = 0.0, z: Number = 0.0) -> "Shell":
        """Shifted by (x, y, z)."""
        return Shell(self.vertices + np.array([x, y, z], float), self.faces)

    def turned(self, axis: str, degrees: Number) -> "Shell":
        """Turned about the x, y or z axis through the origin, counter-clockwise seen against the axis."""
        return Shell(self.vertices @ turn(axis, degrees).T, self.faces)

    def scaled(self, x: Number, y: Number | None = None, z: Number | None = None) -> "Shell":
        """Scaled about the origin; one number scales evenly. Factors must be positive."""
        return Shell(self.vertices * np.array([x, x if y is None else y, x if z is None else z], float), self.faces)

    def mirrored(self, axis: str = "x") -> "Shell":
        """Reflected through the plane at zero of an axis, still facing outwards."""
        factors = np.ones(3)
        factors[_AXES[axis]] = -1.0
        return Shell(self.vertices * factors, np.ascontiguousarray(self.faces[:, ::-1]))

    def warped(self, points: Float[np.ndarray, "v 3"]) -> "Shell":
        """The same faces on other vertices."""
        return Shell(points, self.faces)

    def volume(self) -> float:
        """Signed volume in cubic metres; positive when faces look outwards."""
        a, b, c = (self.vertices[self.faces[:, i]] for i in range(3))
        return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6.0)


def turn(axis: str, degrees: Number) -> Float[np.ndarray, "3 3"]:
    """Rotation matrix about a coordinate axis."""
    i = _AXES[axis]
    j, k = (i + 1) % 3, (i + 2) % 3
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix = np.eye(3)
    matrix[j, j], matrix[j, k], matrix[k, j], matrix[k, k] = cos, -sin, sin, cos
    return matrix


def merge(shells: Iterable[Shell]) -> Shell:
    """Several shells as one mesh; they stay separate solids."""
    shells = list(shells)
    starts = np.cumsum([0] + [len(shell.vertices) for shell in shells[:-1]])
    vertices = np.concatenate([shell.vertices for shell in shells])
    return Shell(vertices, np.concatenate([shell.faces + start for shell, start in zip(shells, starts)]))


def _outward(vertices: np.ndarray, faces: np.ndarray) -> Shell:
    shell = Shell(np.ascontiguousarray(vertices, dtype=np.float64), np.ascontiguousarray(faces, dtype=np.int32))
    return shell if shell.volume() > 0 else Shell(shell.vertices, np.ascontiguousarray(shell.faces[:, ::-1]))


def loft(
    rings: Float[np.ndarray, "k n 3"],
    *,
    closed: bool = False,
    start: Float[np.ndarray, "3"] | None = None,
    end: Float[np.ndarray, "3"] | None = None,
) -> Shell:
    """Skin over k rings of n points; the ends are closed by fans around `start` and `end` (default: ring centres),
    or the last ring is joined to the first (`closed`)."""
    k, n = rings.shape[:2]
    index = np.arange(k * n).reshape(k, n)
    rows = np.concatenate([index, index[:1]]) if closed else index
    a, b = rows[:-1], np.roll(rows[:-1], -1, axis=1)
    c, d = np.roll(rows[1:], -1, axis=1), rows[1:]
    faces = [np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)]
    vertices = [rings.reshape(-1, 3)]
    if not closed:
        vertices += [(rings[0].mean(axis=0) if start is None else start)[None]]
        vertices += [(rings[-1].mean(axis=0) if end is None else end)[None]]
        first, last, apex = index[0], index[-1], np.full(n, k * n)
        faces.append(np.stack([apex, np.roll(first, -1), first], -1))
        faces.append(np.stack([apex + 1, last, np.roll(last, -1)], -1))
    return _outward(np.concatenate(vertices), np.concatenate(faces))


def circle(sides: int) -> Float[np.ndarray, "n 2"]:
    """Points of the unit circle, counter-clockwise."""
    angles = np.arange(sides) * (2 * np.pi / sides)
    return np.stack([np.cos(angles), np.sin(angles)], -1)


def bevelled(profile: Float[np.ndarray, "k 2"], bevel: Number, min_degrees: Number = 28.0) -> Float[np.ndarray, "m 2"]:
    """A polyline whose inner corners sharper than `min_degrees` are cut by `bevel` metres on either side."""
    points = [profile[0]]
    for before, here, after in zip(profile[:-2], profile[1:-1], profile[2:]):
        into, out = here - before, after - here
        length_in, length_out = np.linalg.norm(into), np.linalg.norm(out)
        if length_in < 1e-9 or length_out < 1e-9:
            continue
        cosine = np.clip(into @ out / (length_in * length_out), -1.0, 1.0)
        if np.degrees(np.arccos(cosine)) < min_degrees:
            points.append(here)
        else:
            points.append(here - into / length_in * min(bevel, 0.3 * length_in))
            points.append(here + out / length_out * min(bevel, 0.3 * length_out))
    return np.array([*points, profile[-1]])


def lathe(profile: Points, sides: int = 28, bevel: Number = 0.004) -> Shell:
    """Solid of revolution about z of a profile of (radius, z); its ends are led to the axis."""
    profile = np.asarray(profile, float)
    if profile[0, 0] > 1e-6:
        profile = np.concatenate([[[0.0, profile[0, 1]]], profile])
    if profile[-1, 0] > 1e-6:
        profile = np.concatenate([profile, [[0.0, profile[-1, 1]]]])
    profile = bevelled(profile, bevel)
    inner = profile[1:-1]
    ring = circle(sides)
    rings = np.empty((len(inner), sides, 3))
    rings[..., :2] = inner[:, None, :1] * ring
    rings[..., 2] = inner[:, 1:]
    start, end = np.array([0.0, 0.0, profile[0, 1]]), np.array([0.0, 0.0, profile[-1, 1]])
    return loft(rings, start=start, end=end)


def ring_lathe(profile: Points, sides: int = 32) -> Shell:
    """Ring of revolution about z of a closed profile of (radius, z) that stays off the axis (lamp shades, tyres)."""
    ring = circle(sides)
    rings = np.empty((sides, len(profile), 3))
    rings[..., :2] = ring[:, None] * np.asarray(profile)[None, :, :1]
    rings[..., 2] = np.asarray(profile)[None, :, 1]
    return loft(rings, closed=True)


def vessel(outer: Points, wall: Number, sides: int = 32) -> Shell:
    """Hollow body of revolution: `outer` runs from the bottom centre up to the lip, the wall is `wall` metres thick."""
    outer = np.asarray(outer, float)
    steps = np.diff(outer, axis=0)
    normals = np.stack([-steps[:, 1], steps[:, 0]], -1)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    before, after = np.concatenate([normals[:1], normals]), np.concatenate([normals, normals[-1:]])
    # Mitred corners keep the wall's thickness on both sides.
    shifted = outer + wall * (before + after) / np.maximum(1 + (before * after).sum(axis=1, keepdims=True), 0.3)
    shifted[-1] = [outer[-1, 0] - wall, outer[-1, 1]]
    kept = [np.array([0.0, outer[0, 1] + wall])]
    for radius, z in shifted[1:]:
        # Flat bottoms run outwards at one height; anything that would fold back under it is left out.
        if z >= kept[-1][1] - 1e-6 and radius > 0.1 * wall and abs(radius - kept[-1][0]) + z - kept[-1][1] > 1e-4:
            kept.append(np.array([radius, z]))
    return lathe(np.concatenate([outer, np.array(kept)[::-1]]), sides, bevel=0.3 * wall)


def cylinder(radius: Number, height: Number, sides: int = 24, bevel: Number = 0.003) -> Shell:
    """Upright cylinder."""
    return lathe(np.array([[radius, 0.0], [radius, height]]), sides, bevel)


def frustum(bottom: Number, top: Number, height: Number, sides: int = 24, bevel: Number = 0.003) -> Shell:
    """Cone whose radius runs from `bottom` to `top` (0 for a pointed one)."""
    return lathe(np.array([[bottom, 0.0], [top, height]]), sides, bevel)


def rounded_rectangle(width: Number, depth: Number, radius: Number, segments: int) -> Float[np.ndarray, "n 2"]:
    """Outline with round corners, counter-clockwise, centred on the origin."""
    radius = min(radius, 0.499 * width, 0.499 * depth)
    angles = np.linspace(0.0, np.pi / 2, segments + 1)
    arc = radius * np.stack([np.cos(angles), np.sin(angles)], -1)
    quarter = [(1, 1, False), (-1, 1, True), (-1, -1, False), (1, -1, True)]
    centre = np.array([width / 2 - radius, depth / 2 - radius])
    return np.concatenate(
        [(arc[::-1] if flip else arc + 0.0) * [sx, sy] + centre * [sx, sy] for sx, sy, flip in quarter]
    )


def box(width: Number, depth: Number, height: Number, bevel: Number = 0.0) -> Shell:
    """Box along x, y, z; `bevel` cuts its edges."""
    if bevel > 0:
        return rounded_box(width, depth, height, bevel, segments=1)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [width / 2, depth / 2]
    vertices = np.concatenate([np.c_[corners, np.zeros(4)], np.c_[corners, np.full(4, height)]])
    faces = [[0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7]]
    for i in range(4):
        j = (i + 1) % 4
        faces += [[i, j, j + 4], [i, j + 4, i + 4]]
    return _outward(vertices, np.array(faces))


def rounded_box(width: Number, depth: Number, height: Number, radius: Number, segments: int = 3) -> Shell:
    """Box with round edges and corners of `radius`."""
    radius = min(radius, 0.48 * width, 0.48 * depth, 0.48 * height)
    angles = np.linspace(0.0, np.pi / 2, segments + 1)
    lower = [(radius * (1 - np.sin(a)), radius * (1 - np.cos(a))) for a in angles]
    rings = []
    for inset, z in lower + [(inset, height - z) for inset, z in reversed(lower)]:
        # The full outline shrunk by `inset` keeps its point count, corner arcs shrink towards a small rest.
        corner = max(radius - inset, 0.12 * radius)
        outline = rounded_rectangle(width - 2 * inset, depth - 2 * inset, corner, segments)
        rings.append(np.c_[outline, np.full(len(outline), z)])
    return loft(np.array(rings))


def superellipsoid(
    rx: Number,
    ry: Number,
    rz: Number,
    roundness: Number = 0.5,
    sides: int = 24,
    rows: int = 12,
    *,
    profile: Number | None = None,
) -> Shell:
    """Cushion-like body centred on the origin: `roundness` 1 is an ellipsoid, towards 0 a box, above 1 pinched;
    `profile` is the roundness of its upright sections where that is another (a pillow: square, but thin at the rim)."""

    def power(values: np.ndarray, exponent: Number = roundness) -> np.ndarray:
        return np.sign(values) * np.abs(values) ** exponent

    steep = roundness if profile is None else profile

    angles = (np.arange(sides) + 0.5) * (2 * np.pi / sides)
    heights = np.linspace(-np.pi / 2, np.pi / 2, rows + 1)[1:-1]
    rings = np.empty((rows - 1, sides, 3))
    rings[..., 0] = rx * power(np.cos(heights), steep)[:, None] * power(np.cos(angles))
    rings[..., 1] = ry * power(np.cos(heights), steep)[:, None] * power(np.sin(angles))
    rings[..., 2] = rz * power(np.sin(heights), steep)[:, None]
    return loft(rings, start=np.array([0.0, 0.0, -rz]), end=np.array([0.0, 0.0, rz]))


def ellipsoid(rx: Number, ry: Number, rz: Number, sides: int = 20, rows: int = 12) -> Shell:
    """Ellipsoid centred on the origin."""
    return superellipsoid(rx, ry, rz, 1.0, sides, rows)


def sphere(radius: Number, sides: int = 20, rows: int = 12) -> Shell:
    """Sphere centred on the origin."""
    return ellipsoid(radius, radius, radius, sides, rows)


def _frames(path: np.ndarray, closed: bool) -> tuple[np.ndarray, np.ndarray]:
    """Two directions across a path at each point, carried along without twist."""
    if closed:
        tangents = np.roll(path, -1, axis=0) - np.roll(path, 1, axis=0)
    else:
        tangents = np.gradient(path, axis=0)
    tangents /= np.maximum(np.linalg.norm(tangents, axis=1, keepdims=True), 1e-12)
    helper = np.eye(3)[np.argmin(np.abs(tangents[0]))]
    across = [np.cross(tangents[0], helper)]
    for tangent in tangents[1:]:
        across.append(across[-1] - tangent * (across[-1] @ tangent))
    first = np.array([a / np.linalg.norm(a) for a in across])
    if closed:
        # Carried once around, the frame comes back turned; the turn is spread over the loop.
        second = np.cross(tangents, first)
        last = first[-1] - tangents[0] * (first[-1] @ tangents[0])
        angle = -np.arctan2(last @ second[0], last @ first[0])
        steps = angle * np.arange(len(path)) / len(path)
        first = np.cos(steps)[:, None] * first + np.sin(steps)[:, None] * second
    return first, np.cross(tangents, first)


def tube(
    path: Points,
    radius: Number | Float[np.ndarray, "k"],
    sides: int = 12,
    *,
    closed: bool = False,
    flatten: Number = 1.0,
) -> Shell:
    """Round bar along a path, radius per point; `flatten` squeezes the section along the second direction across."""
    path = np.asarray(path, float)
    first, second = _frames(path, closed)
    section = circle(sides)
    radii = np.broadcast_to(np.asarray(radius, float), (len(path),))[:, None, None]
    offsets = section[None, :, :1] * first[:, None] + flatten * section[None, :, 1:] * second[:, None]
    return loft(path[:, None] + radii * offsets, closed=closed)


def smooth_path(points: Points, samples: int = 16) -> np.ndarray:
    """Catmull-Rom curve [samples, 3] (or [samples, d]) through control points, ends included."""
    points = np.asarray(points, float)
    padded = np.concatenate([[2 * points[0] - points[1]], points, [2 * points[-1] - points[-2]]])
    t = np.linspace(0.0, len(points) - 1, samples)
    i = np.minimum(t.astype(int), len(points) - 2)
    u = (t - i)[:, None]
    a, b, c, d = padded[i], padded[i + 1], padded[i + 2], padded[i + 3]
    return 0.5 * (2 * b + (c - a) * u + (2 * a - 5 * b + 4 * c - d) * u**2 + (3 * b - a - 3 * c + d) * u**3)


def bar(start: Points, end: Points, radius: Number, top: Number | None = None, sides: int = 10) -> Shell:
    """Round bar between two points, tapering from `radius` to `top`."""
    return tube([start, end], np.array([radius, radius if top is None else top], float), sides)


def beam(start: Points, end: Points, width: Number, depth: Number, taper: Number = 1.0) -> Shell:
    """Rectangular bar between two points with horizontal ends (legs); x by `width`, y by `depth`, scaled by `taper`
    at `end`. The points must differ in z."""
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [width / 2, depth / 2]
    rings = [np.c_[corners * f, np.zeros(4)] + np.asarray(p, float) for p, f in ((start, 1.0), (end, taper))]
    return loft(np.array(rings))


def torus(major: Number, minor: Number, sides: int = 32, section: int = 14) -> Shell:
    """Torus around z, centred on the origin."""
    return ring_lathe(circle(section) * minor + [major, 0.0], sides)


def knot(p: int, q: int, radius: Number, thickness: Number, samples: int = 160, section: int = 10) -> Shell:
    """(p, q) torus knot centred on the origin, about 1.5 `radius` wide on either side."""
    t = np.arange(samples) * (2 * np.pi / samples)
    r = radius * (1.0 + 0.45 * np.cos(q * t))
    path = np.stack([r * np.cos(p * t), r * np.sin(p * t), 0.45 * radius * np.sin(q * t)], -1)
    return tube(path, thickness, section, closed=True)


def frame(width: Number, height: Number, border: Number, depth: Number) -> Shell:
    """Rectangular frame upright in the xz plane: outer size width x height, from y = 0 to y = -depth, mitred."""
    corners = np.array([[-1, 0], [1, 0], [1, 1], [-1, 1]]) * [width / 2, height]
    inward = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * border
    rings = []
    for corner, step in zip(corners, inward):
        outer, inner = corner, corner + step
        rings.append(
            [
                [outer[0], 0, outer[1]],
                [outer[0], -depth, outer[1]],
                [inner[0], -depth, inner[1]],
                [inner[0], 0, inner[1]],
            ]
        )
    return loft(np.array(rings, float), closed=True)


def extrude(outline: Points, height: Number) -> Shell:
    """Prism over a simple polygon in the xy plane (any winding, may be concave)."""
    outline = np.asarray(outline, float)
    x, y = outline.T
    if np.sum(x * np.roll(y, -1) - y * np.roll(x, -1)) < 0:
        outline = outline[::-1]
    n = len(outline)
    lid = _ear_clip(outline)
    sides = [f for i in range(n) for f in ([i, (i + 1) % n, n + (i + 1) % n], [i, n + (i + 1) % n, n + i])]
    vertices = np.concatenate([np.c_[outline, np.zeros(n)], np.c_[outline, np.full(n, height)]])
    return _outward(vertices, np.concatenate([lid[:, ::-1], lid + n, np.array(sides)]))


def upright(shell: Shell) -> Shell:
    """An extrusion of an (x, z) outline stood up: its plane becomes xz, its height runs towards -y from y = 0."""
    return shell.turned("x", 90.0)


def _area(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """Twice the signed area of triangles whose corners come as (x, y)."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _empty(outline: np.ndarray, rest: list[int], ear: tuple) -> bool:
    """Whether no other remaining corner lies inside the ear of three indices."""
    a, b, c = outline[list(ear)]
    others = outline[[p for p in rest if p not in ear]].T
    return not bool(((_area(a, b, others) > 0) & (_area(b, c, others) > 0) & (_area(c, a, others) > 0)).any())


def _ear_clip(outline: np.ndarray) -> np.ndarray:
    """Triangles [n-2, 3] of a counter-clockwise simple polygon."""
    rest, triangles = list(range(len(outline))), []
    while len(rest) > 3:
        i, j, m = np.roll(rest, 1), np.array(rest), np.roll(rest, -1)
        a, b, c = outline[i].T, outline[j].T, outline[m].T
        # The fattest ear first keeps slivers away.
        scores = _area(a, b, c) / np.maximum((c[0] - a[0]) ** 2 + (c[1] - a[1]) ** 2, 1e-12)
        order = np.argsort(-scores)
        best = next((k for k in order if scores[k] > 0 and _empty(outline, rest, (i[k], j[k], m[k]))), order[0])
        triangles.append([i[best], j[best], m[best]])
        rest.pop(int(best))
    return np.array([*triangles, rest])


def sheet(points: Float[np.ndarray, "r c 3"], thickness: Number) -> Shell:
    """A surface given as a grid, thickened by half of `thickness` to either side along its normals."""
    across, along = np.gradient(points, axis=1), np.gradient(points, axis=0)
    normals = np.cross(across, along)
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-12)
    return slab(points + normals * thickness / 2, points - normals * thickness / 2)


def slab(top: Float[np.ndarray, "r c 3"], bottom: Float[np.ndarray, "r c 3"]) -> Shell:
    """The solid between two grids of the same shape."""
    rows, columns = top.shape[:2]
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]
    upper = np.concatenate([np.stack([a, b, c], -1).reshape(-1, 3), np.stack([a, c, d], -1).reshape(-1, 3)])
    rim = np.concatenate([index[0, :-1], index[:-1, -1], index[-1, :0:-1], index[:0:-1, 0]])
    after, n = np.roll(rim, -1), rows * columns
    sides = np.concatenate([np.stack([rim, rim + n, after + n], -1), np.stack([rim, after + n, after], -1)])
    vertices = np.concatenate([top.reshape(-1, 3), bottom.reshape(-1, 3)])
    return _outward(vertices, np.concatenate([upper, upper[:, ::-1] + n, sides]))
