"""Batches of clips: one crop, one mask jitter, one colour treatment and one depth unit for all frames (paper App. C).

Frame-major views, as the network wants them (wt/model/wt_dit.py): view index = frame * layers + layer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from wt.data.shards import ClipSample
from wt.data.source import Source
from wt.training.augment import Target, draw_augmentation, object_window, target
from wt.training.dataset import GREY, OBJECT_DEPTH, Sampling, normalised, resample
from wt.training.masks import jitter_mask
from wt.training.photometric import photometric
from wt.training.window import Window
from wt.types import Bool, Float

MILD = 0.1
"""Strength of the colour changes from frame to frame, as a share of those from clip to clip."""


@dataclass(frozen=True)
class ClipBatch:
    """One training batch of clips on the network's grid; `v` counts frames times layers, frame-major."""

    photo: Float[Tensor, "b t 3 e e"]
    """What the encoder sees, [0, 1]."""
    rgb: Float[Tensor, "b t 3 s s"]
    """What the network sees, [0, 1]."""
    x0: Float[Tensor, "b v s s 3"]
    """Forward-filled target in the network's coordinates; 0 where `weight` is 0."""
    weight: Float[Tensor, "b t s s"]
    """1 on rays with a surface, less where a grown mask added them, 0 elsewhere."""

    def to(self, device: torch.device) -> "ClipBatch":
        """The batch on another device."""
        return ClipBatch(**{name: value.to(device, non_blocking=True) for name, value in vars(self).items()})


def make_clip_batch(clips: Sequence[ClipSample], sampling: Sampling, rng: np.random.Generator | None) -> ClipBatch:
    """Augment (where `rng` is given and sampling says so), crop, resample and normalise clips of equal length.

    `sampling.kind` is not asked: a clip is an object that moves. The median depth over all frames and layers of a clip
    becomes `OBJECT_DEPTH`, so nearness to the camera still changes from frame to frame.
    """
    rng = rng if sampling.augment else None
    photos, targets = [], []
    for clip in clips:
        frames = torch.from_numpy(clip.rgb).permute(0, 3, 1, 2).float() / 255
        if rng is not None:
            frames = clip_photometric(frames, rng, sampling.photometric_strength)
        window, masks = shared_window(clip.depth[:, 0] > 0, rng, sampling.crop_fill)
        frames = torch.where(torch.from_numpy(masks)[:, None], frames, GREY)
        photos.append(resample(frames, [window] * len(frames), sampling.photo_side))
        sources = (Source(*parts, clip.k) for parts in zip(clip.rgb, clip.depth, strict=True))
        targets.append(_in_unit([target(s, window, sampling.image_side, m) for s, m in zip(sources, masks)]))
    x0, weight, _ = normalised([frame for clip in targets for frame in clip], sampling.coordinates)
    photo = torch.stack(photos)
    rgb = F.interpolate(photo.flatten(0, 1), size=(sampling.image_side,) * 2, mode="area")
    shape = photo.shape[:2]
    return ClipBatch(photo, rgb.unflatten(0, shape), x0.unflatten(0, shape).flatten(1, 2), weight.unflatten(0, shape))


def shared_window(
    masks: Bool[np.ndarray, "t h w"], rng: np.random.Generator | None, fill: float
) -> tuple[Window, Bool[np.ndarray, "t h w"]]:
    """(crop around all frames' masks, the masks jittered all in the same way)."""
    if rng is None:
        return object_window(np.any(masks, axis=0), None, fill), masks
    drawn = draw_augmentation("object", rng)
    masks = np.stack([jitter_mask(mask, drawn.mask) for mask in masks])
    return object_window(np.any(masks, axis=0), drawn, fill), masks


def clip_photometric(
    frames: Float[Tensor, "t 3 h w"], rng: np.random.Generator, strength: float = 1.0
) -> Float[Tensor, "t 3 h w"]:
    """One drawn treatment for the whole clip with fresh noise in every frame, and a mild one for each frame."""
    t, _, height, width = frames.shape
    # One tall picture gets one draw of everything, and its noise does not repeat.
    tall = frames.transpose(0, 1).reshape(1, 3, t * height, width)
    treated = photometric(tall, rng, strength).reshape(3, t, height, width).transpose(0, 1)
    return photometric(treated.contiguous(), rng, MILD * strength)


def _in_unit(frames: list[Target]) -> list[Target]:
    """Scaled by one factor so that the median depth of all layers and frames is `OBJECT_DEPTH`."""
    depths = [frame.points[..., 2][:, frame.weight > 0].reshape(-1) for frame in frames]
    median = float(np.median(np.concatenate(depths)))
    return [replace(frame, points=(frame.points * (OBJECT_DEPTH / median)).astype(np.float32)) for frame in frames]
