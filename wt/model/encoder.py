"""The frozen image encoders: DINOv2 ViT for the published checkpoints, EfficientNet-Lite2 (with a neck) for ours.

An encoder has `features(rgb, grid)`: rgb in [0, 1] in, [b, patches, channels] on the asked patch grid out, no gradient.
"""

import hashlib
import threading
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wt.errors import WtError
from wt.images import resize_rgb
from wt.model.config import EncoderConfig
from wt.model.efficientnet_lite import CHANNELS, EfficientNetLite2
from wt.model.neck import Neck, see
from wt.model.vit import DinoV2
from wt.types import Float, UInt8

SHARED_FILE = Path(__file__).resolve().parents[2] / "assets" / "weights" / "encoder-lite2.safetensors"
SHARED_DIGEST = "3a4f25b938971ad99d0821e172727acb"
"""Of its tensors: every model of ours was trained with these, and another encoder has tensors of the same shapes."""
STRIDES = (8, 16, 32)
"""Maps that our models condition on; stride 4 is for those who want edges (segmentation)."""
CONVOLUTIONAL = sum(CHANNELS[stride] for stride in STRIDES)
"""Channels of those maps."""


class Encoder(Protocol):
    """What WTDiT asks of its encoder."""

    def features(self, rgb: Tensor, grid: tuple[int, int]) -> Tensor:
        """[b, 3, h, w] in [0, 1] -> [b, grid rows x grid columns, channels], row-major."""
        ...


class Lite2Encoder(nn.Module):
    """EfficientNet-Lite2 with each channel's mean and deviation taken out; it has no batch norm."""

    def __init__(self, side: int = 224) -> None:
        super().__init__()
        self.side = side
        self.trunk = EfficientNetLite2()
        for stride, channels in CHANNELS.items():
            self.register_buffer(f"mean_{stride}", torch.zeros(channels))
            self.register_buffer(f"std_{stride}", torch.ones(channels))
        self.requires_grad_(False)

    @torch.no_grad()
    def maps(self, rgb: Float[Tensor, "b 3 h w"]) -> dict[int, Tensor]:
        """Stride (4, 8, 16, 32) -> standardised map [b, c, ceil(h / stride), ceil(w / stride)]; always float32."""
        with torch.autocast(rgb.device.type, enabled=False):
            found = self.trunk(rgb.float())
            return {s: (m - self._column("mean", s)) / self._column("std", s) for s, m in found.items()}

    @torch.no_grad()
    def features(self, rgb: Float[Tensor, "b 3 h w"], grid: tuple[int, int]) -> Float[Tensor, "b p c"]:
        """Strides 8, 16, 32 of the photo squeezed to `side`, each resampled to the patch grid: 520 channels."""
        maps = self.maps(self.squeezed(rgb))
        return on_grid([maps[s] for s in STRIDES], grid)

    def squeezed(self, rgb: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 e e"]:
        """The photo at `side` x `side`."""
        if rgb.shape[2:] == (self.side, self.side):
            return rgb
        return F.interpolate(rgb, size=(self.side, self.side), mode="bilinear", antialias=True)

    def _column(self, name: str, stride: int) -> Tensor:
        return getattr(self, f"{name}_{stride}").view(1, -1, 1, 1)


def on_grid(maps: list[Float[Tensor, "b _ _ _"]], grid: tuple[int, int]) -> Float[Tensor, "b p c"]:
    """The maps resampled to a patch grid, side by side."""
    parts = [F.interpolate(m, size=grid, mode="bilinear", antialias=True) for m in maps]
    return torch.cat(parts, dim=1).flatten(2).transpose(1, 2).contiguous()


class SharedEncoder:
    """The one copy of the shared encoder file per device, used by every small model. Not a module: its weights are
    neither trained, nor moved, nor saved with a model."""

    def __init__(self, side: int) -> None:
        self.side = side

    def features(self, rgb: Float[Tensor, "b 3 h w"], grid: tuple[int, int]) -> Float[Tensor, "b p c"]:
        """`Lite2Encoder.features` at this side, on the device of `rgb`."""
        return shared_encoder(rgb.device, self.side).features(rgb, grid)


class NeckedEncoder(nn.Module):
    """The shared convolutions and a frozen neck, which is part of the model.

    520 channels of theirs, then the neck's, then the neck's of the mirrored photo, mirrored back: two looks err in
    different places, and WT-DiT makes the best of both.
    """

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.side = config.side or 224
        self.neck = Neck(self.side, config.width, config.depth, config.heads, (config.channels - CONVOLUTIONAL) // 2)

    @torch.no_grad()
    def features(self, rgb: Float[Tensor, "b 3 h w"], grid: tuple[int, int]) -> Float[Tensor, "b p c"]:
        """Of the photo squeezed to `side`, resampled to the patch grid; always float32."""
        shared = shared_encoder(rgb.device, self.side)
        with torch.autocast(rgb.device.type, enabled=False):
            photo = shared.squeezed(rgb.float())
            looks = torch.cat([photo, photo.flip(-1)])
            maps = shared.maps(looks)
            straight, mirrored = self.neck(see(maps, looks)).chunk(2)
            return on_grid([*(maps[s][: len(photo)] for s in STRIDES), straight, mirrored.flip(-1)], grid)


def build_encoder(config: EncoderConfig) -> DinoV2 | SharedEncoder | NeckedEncoder:
    """The encoder that the configuration names."""
    if config.kind == "dinov2":
        return DinoV2(config)
    if config.kind == "necked_lite2":
        return NeckedEncoder(config)
    return SharedEncoder(config.side or 224)


_SHARED: dict[tuple[str, int], Lite2Encoder] = {}
_SHARED_LOCK = threading.Lock()


def shared_encoder(device: torch.device | str = "cpu", side: int = 224) -> Lite2Encoder:
    """Load assets/weights/encoder-lite2.safetensors once per device and side (thread-safe).

    Raises:
        WtError: the file is missing, not the encoder, or another version of it.
    """
    key = (str(device), side)
    with _SHARED_LOCK:
        if key not in _SHARED:
            # A lift may be the first to ask, in inference mode; training must be able to use the weights too.
            with torch.inference_mode(False):
                _SHARED[key] = _read_shared(side).to(device)
        return _SHARED[key]


def _read_shared(side: int) -> Lite2Encoder:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    rebuild = "Rebuild it: python -m wt.model.encoder_file installed"
    if not SHARED_FILE.is_file():
        raise WtError(f"The shared image encoder {SHARED_FILE.name} is missing from assets/weights. {rebuild}")
    try:
        stored = load_file(SHARED_FILE)
        tensors = {name.replace(".", "_", 1) if name[0] in "ms" else name: tensor for name, tensor in stored.items()}
        encoder = Lite2Encoder(side)
        encoder.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except (SafetensorError, RuntimeError) as error:
        raise WtError(f"{SHARED_FILE.name} is not the shared image encoder ({error}). {rebuild}") from error
    if _digest(stored) != SHARED_DIGEST:
        raise WtError(
            f"{SHARED_FILE.name} is not the version of the shared image encoder that our models were trained with. "
            f"{rebuild}"
        )
    return encoder.eval()


def _digest(tensors: dict[str, Tensor]) -> str:
    found = hashlib.blake2b(digest_size=16)
    for name in sorted(tensors):
        found.update(name.encode() + tensors[name].contiguous().numpy().tobytes())
    return found.hexdigest()


def image_features(rgb: UInt8[np.ndarray, "h w 3"], long_side: int = 512) -> dict[int, Float[np.ndarray, "c h2 w2"]]:
    """Standardised frozen features of a photo for selection and sky: stride (4, 8, 16, 32) -> float32 map.

    A photo longer than `long_side` is shrunk to it first, so strides count pixels of the shrunk photo.
    """
    height, width = rgb.shape[:2]
    factor = min(1.0, long_side / max(height, width))
    small = resize_rgb(rgb, max(1, round(width * factor)), max(1, round(height * factor)))
    batch = torch.from_numpy(np.array(small)).permute(2, 0, 1)[None].float() / 255
    return {s: m[0].contiguous().numpy() for s, m in shared_encoder("cpu").maps(batch).items()}
