"""Photometric augmentation of a batch of renderings, to narrow the gap to photos (paper App. C). Values in [0, 1]."""

import io

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from wt.types import Float

_LUMA = (0.299, 0.587, 0.114)


def photometric(
    rgb: Float[Tensor, "b 3 h w"], rng: np.random.Generator, strength: float = 1.0
) -> Float[Tensor, "b 3 h w"]:
    """Exposure, white balance, gamma, contrast, saturation, hue for all; blur, sharpening, noise, JPEG for some.

    Colour is one affine map per sample, so the pixels are visited few times. `strength` 0 changes nothing.
    """
    if strength == 0:
        return rgb
    b = len(rgb)
    gamma = torch.from_numpy(np.exp(rng.normal(0, 0.18 * strength, b))).float()
    rgb = rgb.clamp(1e-4, 1).pow(gamma[:, None, None, None])
    matrix, offset = _colour_maps(b, rng, strength)
    mean = rgb.mean(dim=(1, 2, 3))
    contrast = torch.from_numpy(np.exp(rng.normal(0, 0.2 * strength, b))).float()
    matrix = matrix * contrast[:, None, None]
    offset = offset + ((1 - contrast) * mean)[:, None]
    rgb = torch.baddbmm(offset[..., None], matrix, rgb.flatten(2)).reshape(rgb.shape)
    for i in range(b):
        rgb[i] = _degrade(rgb[i], rng, strength)
    return rgb.clamp(0, 1)


def _colour_maps(b: int, rng: np.random.Generator, strength: float) -> tuple[Tensor, Tensor]:
    """[b,3,3] and [b,3]: exposure x white balance x saturation x hue turn, and a small black-level shift."""
    gain = np.exp(rng.normal(0, 0.15 * strength, (b, 1)) + rng.normal(0, 0.07 * strength, (b, 3)))
    saturation = np.exp(rng.normal(0, 0.3 * strength, b))
    grey = rng.random(b) < 0.03 * strength
    saturation[grey] = 0
    angle = rng.normal(0, 0.12 * strength, b)
    luma = np.tile(np.array(_LUMA), (3, 1))
    maps = np.empty((b, 3, 3))
    for i in range(b):
        saturate = saturation[i] * np.eye(3) + (1 - saturation[i]) * luma
        maps[i] = np.diag(gain[i]) @ saturate @ _hue_turn(angle[i])
    offset = rng.normal(0, 0.02 * strength, (b, 1)) * np.ones((1, 3))
    return torch.from_numpy(maps).float(), torch.from_numpy(offset).float()


def _hue_turn(angle: float) -> np.ndarray:
    """Rotation of colour space about the grey axis."""
    axis = np.full(3, 1 / np.sqrt(3))
    cross = np.cross(np.eye(3), axis)
    return np.cos(angle) * np.eye(3) + (1 - np.cos(angle)) * np.outer(axis, axis) + np.sin(angle) * cross


def _degrade(rgb: Tensor, rng: np.random.Generator, strength: float) -> Tensor:
    """What a camera and a file do to one picture [3,h,w]: at most one of blur and sharpening, noise, JPEG."""
    if rng.random() < 0.3 * strength:
        amount = rng.uniform(-0.8, 0.7)
        soft = F.avg_pool2d(F.pad(rgb[None], (1, 1, 1, 1), mode="replicate"), 3, stride=1)[0]
        rgb = rgb + amount * (rgb - soft)
    if rng.random() < 0.3 * strength:
        sigma = abs(rng.normal(0, 0.025))
        noise = rng.standard_normal(rgb.shape[1:] if rng.random() < 0.5 else rgb.shape, dtype=np.float32)
        rgb = rgb + sigma * torch.from_numpy(noise)
    if rng.random() < 0.12 * strength:
        rgb = _jpeg(rgb, int(rng.integers(30, 90)))
    return rgb


def _jpeg(rgb: Tensor, quality: int) -> Tensor:
    pixels = (rgb.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).contiguous().numpy()
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    decoded = np.asarray(Image.open(buffer))
    return torch.from_numpy(decoded.copy()).permute(2, 0, 1).float() / 255
