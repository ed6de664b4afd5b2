"""What sam-mini learns from: rendered rooms cut and changed at random, their things, clicks and boxes on them."""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from editors.segment.sam_mini import SIDE
from wt.data.shards import Sample, ShardFolder
from wt.training.photometric import photometric
from wt.types import Bool, Float, UInt8

NOTHING = 255
"""In a map of instances."""
_SMALLEST = 0.002
"""Share of the picture that a thing must cover to be asked for."""
_SHELL, _SHELL_WEIGHT = 0.35, 0.15
"""What covers more than this share is mostly the room itself, and is asked for so much more seldom."""
_PASTED = 0.5
"""Pictures that get things from another room."""
_ZOOM = (72, 192)
"""Longest side of the part of a rendering that a picture shows, in its pixels."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One training picture, its longest side SIDE, with the masks that are asked for."""

    rgb: Float[Tensor, "3 h w"]
    """In [0, 1]."""
    masks: Bool[np.ndarray, "k s s"]
    """Padded to the square."""


def draw_picture(shards: ShardFolder, rng: np.random.Generator, count: int) -> Picture:
    """A part of a random rendering, perhaps mirrored and with things of another one, and `count` of its masks."""
    while True:
        sample = shards[int(rng.integers(len(shards)))]
        rgb, instance = sample.rgb, sample.instance
        if rng.random() < _PASTED:
            rgb, instance = pasted(rgb, instance, shards[int(rng.integers(len(shards)))], rng)
        rgb, instance = _part(rgb, instance, rng)
        masks = _asked(instance, rng, count)
        if len(masks):
            changed = photometric(torch.from_numpy(rgb.copy()).permute(2, 0, 1)[None].float() / 255, rng, 1.5)[0]
            return Picture(changed, masks)


def pasted(
    rgb: UInt8[np.ndarray, "h w 3"], instance: UInt8[np.ndarray, "h w"], other: Sample, rng: np.random.Generator
) -> tuple[UInt8[np.ndarray, "h w 3"], UInt8[np.ndarray, "h w"]]:
    """With up to three things of another rendering, at another size and place (Ghiasi et al. 2021)."""
    rgb, instance = rgb.copy(), instance.copy()
    side = instance.shape[0]
    things = [i for i in np.unique(other.instance) if i != NOTHING and _whole(other.instance == i)]
    free = [i for i in range(NOTHING - 1, 0, -1) if not (instance == i).any()]
    for thing, new in zip(rng.permutation(things)[:3].astype(int), free):
        mask = (other.instance == thing).astype(np.uint8)
        x, y, w, h = cv2.boundingRect(mask)
        scale = float(np.exp(rng.uniform(np.log(0.15), np.log(0.7)))) * side / max(w, h)
        centre = rng.uniform(0, side, 2)
        flip = -1.0 if rng.random() < 0.5 else 1.0
        move = np.array(
            [
                [flip * scale, 0, centre[0] - flip * scale * (x + w / 2)],
                [0, scale, centre[1] - scale * (y + h / 2)],
            ]
        )
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        alpha = cv2.warpAffine(mask.astype(np.float32), move, (side, side), flags=cv2.INTER_LINEAR)
        colour = cv2.warpAffine(other.rgb, move, (side, side), flags=how, borderMode=cv2.BORDER_REPLICATE)
        rgb = (rgb + (colour.astype(np.float32) - rgb) * alpha[..., None]).round().astype(np.uint8)
        instance[alpha > 0.5] = new
    return rgb, instance


def _whole(mask: Bool[np.ndarray, "h w"]) -> bool:
    """Large enough to be pasted, and not cut by the picture's edge."""
    rim = mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any()
    return bool(mask.sum() >= 150) and not rim


def _part(
    rgb: UInt8[np.ndarray, "h w 3"], instance: UInt8[np.ndarray, "h w"], rng: np.random.Generator
) -> tuple[UInt8[np.ndarray, "h2 w2 3"], UInt8[np.ndarray, "h2 w2"]]:
    """A random window at longest side SIDE, mirrored half of the time."""
    side = instance.shape[0]
    longest = int(rng.integers(_ZOOM[0], _ZOOM[1] + 1)) if rng.random() < 0.6 else side
    longest = min(longest, side)
    shorter = int(longest * rng.uniform(0.6, 1.0)) if rng.random() < 0.7 else longest
    height, width = (longest, shorter) if rng.random() < 0.4 else (shorter, longest)
    top, left = int(rng.integers(side - height + 1)), int(rng.integers(side - width + 1))
    size = (round(width * SIDE / longest), round(height * SIDE / longest))
    window = np.s_[top : top + height, left : left + width]
    rgb = cv2.resize(np.ascontiguousarray(rgb[window]), size, interpolation=cv2.INTER_CUBIC)
    instance = _enlarged(instance[window], size)
    return (rgb[:, ::-1], instance[:, ::-1]) if rng.random() < 0.5 else (rgb, instance)


def _enlarged(instance: UInt8[np.ndarray, "h w"], size: tuple[int, int]) -> UInt8[np.ndarray, "h2 w2"]:
    """Each pixel goes to the instance with the largest share in it, so that outlines have no stairs."""
    kept = np.unique(instance)
    shares = [cv2.resize((instance == i).astype(np.float32), size, interpolation=cv2.INTER_LINEAR) for i in kept]
    return kept[np.argmax(shares, axis=0)].astype(np.uint8)


def _asked(instance: UInt8[np.ndarray, "h w"], rng: np.random.Generator, count: int) -> Bool[np.ndarray, "k s s"]:
    """`count` masks, some perhaps twice; none if there is no thing."""
    ids, pixels = np.unique(instance[instance != NOTHING], return_counts=True)
    share = pixels / instance.size
    ids, share = ids[share >= _SMALLEST], share[share >= _SMALLEST]
    if not (share <= _SHELL).any():
        return np.zeros((0, SIDE, SIDE), bool)
    weight = np.where(share > _SHELL, _SHELL_WEIGHT, 1.0)
    masks = np.zeros((count, SIDE, SIDE), bool)
    height, width = instance.shape
    for mask, chosen in zip(masks, rng.choice(ids, count, p=weight / weight.sum())):
        mask[:height, :width] = instance == chosen
    return masks


def click_in(mask: Bool[np.ndarray, "h w"], rng: np.random.Generator) -> tuple[float, float]:
    """(x, y) of a pixel in the mask: anywhere, or away from the outline as people click."""
    depth = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 3)[1:-1, 1:-1]
    least = rng.choice([0.0, 0.5, 0.95], p=[0.5, 0.3, 0.2]) * depth.max()
    rows, columns = np.nonzero(mask & (depth >= least))
    pick = int(rng.integers(len(rows)))
    return float(columns[pick]), float(rows[pick])


def deepest(mask: Bool[np.ndarray, "h w"]) -> tuple[float, float]:
    """(x, y) of the pixel that lies deepest inside the mask."""
    depth = cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    row, column = np.unravel_index(int(depth.argmax()), depth.shape)
    return float(column), float(row)


def box_around(mask: Bool[np.ndarray, "h w"], rng: np.random.Generator) -> tuple[float, float, float, float]:
    """left, top, right, bottom, each side off by about a twentieth of the box."""
    x, y, w, h = cv2.boundingRect(mask.astype(np.uint8))
    off = np.clip(rng.normal(0, 0.05, 4), -0.15, 0.15) * [w, h, w, h]
    return tuple(np.clip(np.array([x, y, x + w, y + h]) + off, 0, SIDE).tolist())
