"""Clips: one thing that moves, part by part or as a whole, before a camera that stands or slowly goes around it.

As in wt/data/objects.py the thing is alone on grey, and one crop holds it in all frames (paper App. C): K is the same
for the whole clip, fitted to everything that the thing's outline sweeps over.
"""

from dataclasses import replace

import numpy as np

from wt.data.mesh import Asset, Camera, look_at
from wt.data.motion import draw_motion, posed
from wt.data.objects import BACKDROP, FIELD_OF_VIEW, fitted_lens, normalised, object_world
from wt.data.render import Rendering, render
from wt.data.rigs import rigged
from wt.data.roles import all_families, make
from wt.data.seeds import unseen
from wt.data.shards import ClipSample
from wt.types import UInt8

FRAMES = 16
"""Frames of a clip (paper App. B)."""


def make_clip(seed: int, size: int = 192, frames: int = FRAMES) -> ClipSample:
    """The clip of a seed, with float32 depth (0 no surface), in units of the longest side of the thing at rest."""
    found = render_clip(seed, size, frames)
    first = np.stack([frame.instance[0] for frame in found])
    k = found[0].camera.intrinsics
    return ClipSample(
        np.stack([frame.rgb for frame in found]),
        np.nan_to_num(np.stack([frame.depth for frame in found]), nan=0.0),
        np.where(first < 0, 255, np.minimum(first, 254)).astype(np.uint8),
        np.array([k.fx, k.fy, k.cx, k.cy], np.float32),
    )


def render_clip(seed: int, size: int = 192, frames: int = FRAMES) -> list[Rendering]:
    """The renderings behind `make_clip`. Light and exposure stay; shadows' jitter and noise change by the frame."""
    rng = np.random.default_rng([seed, 3])
    asset, joints = rigged(normalised(make(str(rng.choice(all_families(unseen(seed)))), rng)), rng)
    motion = draw_motion(rng, asset, joints, frames)
    poses = [posed(asset, motion, frame) for frame in range(frames)]
    world = object_world(rng, asset)
    return [
        render(
            replace(world, instances=(pose,)),
            camera,
            rng=np.random.default_rng([seed, 4, frame]),
            backdrop=BACKDROP,
            film=np.random.default_rng([seed, 5]),
        )
        for frame, (pose, camera) in enumerate(zip(poses, draw_clip_view(rng, poses, size), strict=True))
    ]


def draw_clip_view(rng: np.random.Generator, poses: list[Asset], size: int) -> list[Camera]:
    """A camera for every frame with one K: as `draw_object_view`, around all poses together.

    Six in ten stand still; the others go around the thing by 5 to 25 degrees, and up or down by some.
    """
    corners = np.array([pose.bounds() for pose in poses])
    low, high = corners[:, 0].min(axis=0), corners[:, 1].max(axis=0)
    azimuth, elevation = rng.uniform(0, 2 * np.pi), np.radians(rng.uniform(-10, 55))
    if poses[0].attachment == "wall":
        azimuth = -np.pi / 2 + rng.normal(0, 0.5)
    fov, fill, roll = np.radians(rng.uniform(*FIELD_OF_VIEW)), rng.uniform(0.55, 0.9), np.radians(rng.normal(0, 3))
    reach = float((high - low).max())
    distance = max(0.9 * reach / (2 * np.tan(fov / 2) * fill), 0.62 * float(np.linalg.norm(high - low)) + 0.15)
    aim = (low + high) / 2 + rng.normal(0, 0.02, 3)
    drift = np.zeros(2)
    if rng.random() < 0.4:
        drift = np.radians([rng.choice([-1, 1]) * rng.uniform(5, 25), rng.normal(0, 4)])
    places = []
    for share in np.linspace(-0.5, 0.5, len(poses)):
        a, e = azimuth + drift[0] * share, elevation + drift[1] * share
        towards = np.array([np.cos(a) * np.cos(e), np.sin(a) * np.cos(e), np.sin(e)])
        places.append(look_at(aim + towards * distance, aim, roll))
    seen = [part.vertices @ place[:3, :3].T + place[:3, 3] for pose, place in zip(poses, places) for part in pose.parts]
    lens = fitted_lens(rng, np.concatenate(seen), fill, size)
    return [Camera(lens, place) for place in places]


def filmstrip(clip: ClipSample, columns: int = 8, hidden: bool = True) -> UInt8[np.ndarray, "h w 3"]:
    """Every so many frames side by side; with `hidden`, below them the depth of layers 0 and 1 (near is bright)."""
    chosen = np.unique(np.linspace(0, len(clip.rgb) - 1, min(columns, len(clip.rgb))).round().astype(int))
    rows = [np.concatenate(list(clip.rgb[chosen]), axis=1)]
    if hidden:
        depth = clip.depth[chosen][:, :2]
        near, far = (float(np.quantile(depth[depth > 0], q)) if (depth > 0).any() else 1.0 for q in (0.01, 0.99))
        share = (far - depth) / max(far - near, 1e-6)
        shown = np.where(depth > 0, 40 + 215 * np.clip(share, 0, 1), 0).astype(np.uint8)[..., ::2, ::2]
        strips = [np.concatenate(list(np.concatenate(list(frame), axis=1) for frame in shown), axis=1)]
        width = rows[0].shape[1]
        rows += [np.repeat(np.pad(s, ((0, 0), (0, max(width - s.shape[1], 0))))[:, :width, None], 3, 2) for s in strips]
    return np.concatenate(rows)
