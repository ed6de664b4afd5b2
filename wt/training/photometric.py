"""Photometric augmentation of a batch of renderings, to narrow the gap to photos (paper App. C). Values in [0, 1]."""

import io
import math

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
    """Gamma, exposure, white balance, hue, saturation, contrast, brightness for all; blur or sharpening, noise, JPEG
    for some. `strength` 0 changes nothing.
    """
    if strength == 0:
        return rgb
    b = len(rgb)
    gamma = torch.from_numpy(np.exp(rng.normal(0, 0.18 * strength, b))).float()
    matrix, offset = _colour_maps(b, rng, strength)
    contrast = torch.from_numpy(np.exp(rng.normal(0, 0.2 * strength, b))).float()
    rgb = coloured(rgb, gamma, matrix, contrast, offset)
    for i in range(b):
        rgb[i] = _degrade(rgb[i], rng, strength)
    return rgb.clamp(0, 1)


def coloured(
    rgb: Float[Tensor, "b 3 h w"],
    gamma: Float[Tensor, "b"],
    matrix: Float[Tensor, "b 3 3"],
    contrast: Float[Tensor, "b"],
    brightness: Float[Tensor, "b 3"],
) -> Float[Tensor, "b 3 h w"]:
    """contrast * (matrix @ rgb^gamma) + (1 - contrast) * mean + brightness, mean that of rgb^gamma; not yet clipped.

    One affine map for each sample, so the pixels are visited few times.
    """
    rgb = rgb.clamp(1e-4, 1).pow(gamma[:, None, None, None])
    offset = brightness + ((1 - contrast) * rgb.mean(dim=(1, 2, 3)))[:, None]
    return torch.baddbmm(offset[..., None], matrix * contrast[:, None, None], rgb.flatten(2)).reshape(rgb.shape)


def _colour_maps(b: int, rng: np.random.Generator, strength: float) -> tuple[Tensor, Tensor]:
    """[b,3,3] and [b,3]: exposure x white balance x saturation x hue turn, and a small change of brightness."""
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
    offset = rng.normal(0, 0.03 * strength, (b, 1)) * np.ones((1, 3))
    return torch.from_numpy(maps).float(), torch.from_numpy(offset).float()


def _hue_turn(angle: float) -> np.ndarray:
    """Rotation of colour space about the grey axis."""
    axis = np.full(3, 1 / np.sqrt(3))
    cross = np.cross(np.eye(3), axis)
    return np.cos(angle) * np.eye(3) + (1 - np.cos(angle)) * np.outer(axis, axis) + np.sin(angle) * cross


def _degrade(rgb: Tensor, rng: np.random.Generator, strength: float) -> Tensor:
    """What a lens, a sensor and a file do to one picture [3,h,w]: at most one of blur and sharpening, noise, JPEG."""
    soft = rng.random()
    if soft < 0.18 * strength:
        rgb = blurred(rgb, rng.uniform(0.4, 1.3))
    elif soft < 0.32 * strength:
        rgb = sharpened(rgb, rng.uniform(0.2, 1.0))
    if rng.random() < 0.3 * strength:
        read, shot = np.abs(rng.normal(0, (0.015, 0.02)))
        rgb = noisy(rgb, rng, float(read), float(shot), grey=bool(rng.random() < 0.5))
    if rng.random() < 0.15 * strength:
        rgb = jpeg(rgb, int(rng.integers(30, 90)))
    return rgb


def blurred(rgb: Float[Tensor, "3 h w"], sigma: float) -> Float[Tensor, "3 h w"]:
    """A Gaussian blur of `sigma` pixels, cut at three; the border goes on outside."""
    reach = max(math.ceil(3 * sigma), 1)
    taps = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    taps = taps / taps.sum()
    padded = F.pad(rgb[:, None], (reach, reach, reach, reach), mode="replicate")
    return F.conv2d(F.conv2d(padded, taps[None, None, None]), taps[None, None, :, None])[:, 0]


def sharpened(rgb: Float[Tensor, "3 h w"], amount: float) -> Float[Tensor, "3 h w"]:
    """What a camera's unsharp mask of one pixel does."""
    return rgb + amount * (rgb - blurred(rgb, 1.0))


def noisy(
    rgb: Float[Tensor, "3 h w"], rng: np.random.Generator, read: float, shot: float, *, grey: bool = False
) -> Float[Tensor, "3 h w"]:
    """Sensor noise of variance read^2 + shot^2 * value; `grey` noise is the same in all channels."""
    noise = torch.from_numpy(rng.standard_normal(rgb.shape[1:] if grey else rgb.shape, dtype=np.float32))
    return rgb + noise * (read**2 + shot**2 * rgb.clamp(0, 1)).sqrt()


def jpeg(rgb: Float[Tensor, "3 h w"], quality: int) -> Float[Tensor, "3 h w"]:
    """There and back through a JPEG file."""
    pixels = (rgb.clamp(0, 1) * 255).round().byte().permute(1, 2, 0).contiguous().numpy()
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    decoded = np.asarray(Image.open(buffer))
    return torch.from_numpy(decoded.copy()).permute(2, 0, 1).float() / 255
