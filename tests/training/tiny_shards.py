"""Shards of a made-up world with a closed form: a slanted wall and a ball before it."""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file


def ball_and_wall(rng: np.random.Generator, side: int, kind: str) -> dict[str, np.ndarray]:
    """rgb, depth, instance and K of one sample; an object is the ball alone, one unit across."""
    f = rng.uniform(0.8, 1.4) * side
    v, u = np.mgrid[:side, :side] + 0.5
    ray = np.stack([(u - side / 2) / f, (v - side / 2) / f, np.ones((side, side))], axis=-1)
    radius = 0.5 if kind == "object" else rng.uniform(0.3, 0.6)
    centre = np.array([rng.uniform(-0.2, 0.2), rng.uniform(-0.2, 0.2), rng.uniform(2.0, 3.0)])
    a, b = (ray**2).sum(-1), ray @ centre
    disc = b * b - a * (centre @ centre - radius**2)
    hit, root = disc > 0, np.sqrt(np.maximum(disc, 0))
    depth = np.zeros((6, side, side))
    depth[0], depth[1] = np.where(hit, (b - root) / a, 0), np.where(hit, (b + root) / a, 0)
    shade = np.where(hit, 0.4 + 0.6 * (depth[0] - centre[2]) / -radius, 0.2)
    if kind == "scene":
        slope = rng.uniform(-0.4, 0.4)
        wall = 4.0 / (1 - slope * ray[..., 0])
        depth[2], depth[0], depth[1] = np.where(hit, wall, 0), np.where(hit, depth[0], wall), depth[1]
        shade = np.where(hit, shade, 0.3 + 0.3 * (u / side))
    rgb = (shade[..., None].clip(0, 1) * rng.uniform(120, 255, 3)).astype(np.uint8)
    instance = np.where(hit, 0, 255 if kind == "object" else 1).astype(np.uint8)
    k = np.array([f, f, side / 2, side / 2], np.float32)
    return {"rgb": rgb, "depth": depth.astype(np.float16), "instance": instance, "K": k}


def write_shards(folder: Path, kind: str, shards: int = 1, count: int = 64, side: int = 192, first: int = 0) -> Path:
    """Write `shards` files of `count` samples."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(first, first + shards):
        rng = np.random.default_rng(index)
        samples = [ball_and_wall(rng, side, kind) for _ in range(count)]
        arrays = {name: np.stack([s[name] for s in samples]) for name in samples[0]}
        save_file(arrays, folder / f"{kind}s-{index:05d}.safetensors")
    return folder


def write_clips(folder: Path, count: int = 4, frames: int = 4, side: int = 64) -> Path:
    """Write one shard of clips: a ball that goes from left to right."""
    folder.mkdir(parents=True, exist_ok=True)
    clips = []
    for seed in range(count):
        ball = ball_and_wall(np.random.default_rng(seed), side, "object")
        moved = [
            {name: np.roll(ball[name], 2 * n, axis=axis) for name, axis in (("rgb", 1), ("depth", 2), ("instance", 1))}
            for n in range(frames)
        ]
        clips.append({name: np.stack([frame[name] for frame in moved]) for name in moved[0]} | {"K": ball["K"]})
    arrays = {name: np.stack([clip[name] for clip in clips]) for name in clips[0]}
    save_file(arrays, folder / "clips-00000.safetensors")
    return folder
