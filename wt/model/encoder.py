"""The frozen image encoders: DINOv2 ViT for the published checkpoints, EfficientNet-Lite2 for ours.

An encoder has `features(rgb, grid)`: rgb in [0, 1] in, [b, patches, channels] on the asked patch grid out, no gradient.
"""

import threading
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wt.errors import WtError
from wt.images import resize_rgb
from wt.model.config import PATCH, EncoderConfig
from wt.model.efficientnet_lite import CHANNELS, EfficientNetLite2
from wt.types import Float, UInt8

NORM_EPS = 1e-6
LAST_BLOCKS = 4
POSITION_OFFSET = 0.1
SHARED_FILE = Path(__file__).resolve().parents[2] / "assets" / "weights" / "encoder-lite2.safetensors"
STRIDES = (8, 16, 32)
"""Maps that our models condition on; stride 4 is for those who want edges (segmentation)."""


class Encoder(Protocol):
    """What WTDiT asks of its encoder."""

    def features(self, rgb: Tensor, grid: tuple[int, int]) -> Tensor:
        """[b, 3, h, w] in [0, 1] -> [b, grid rows x grid columns, channels], row-major."""
        ...


class ViTAttention(nn.Module):
    """Plain multi-head attention with biases."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Float[Tensor, "b s d"]) -> Float[Tensor, "b s d"]:
        """softmax(q k / sqrt(head width)) v."""
        q, k, v = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class ViTBlock(nn.Module):
    """Pre-norm block with LayerScale."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width, eps=NORM_EPS)
        self.attn = ViTAttention(width, heads)
        self.ls1 = nn.ParameterDict({"gamma": torch.ones(width)})
        self.norm2 = nn.LayerNorm(width, eps=NORM_EPS)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(width, 4 * width), "fc2": nn.Linear(4 * width, width)})
        self.ls2 = nn.ParameterDict({"gamma": torch.ones(width)})

    def forward(self, x: Float[Tensor, "b s d"]) -> Float[Tensor, "b s d"]:
        """u + g1 Attn(LN(u)), then u + g2 MLP(LN(u))."""
        x = x + self.ls1["gamma"] * self.attn(self.norm1(x))
        return x + self.ls2["gamma"] * self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.norm2(x))))


class DinoV2(nn.Module):
    """ViT without register tokens; the last four blocks' patch tokens side by side (ARCHITECTURE section 4)."""

    image_mean: Tensor
    image_std: Tensor

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        width, self.pretrain_grid = config.width, config.pretrain_grid
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.zeros(1, 1 + config.pretrain_grid**2, width))
        self.mask_token = nn.Parameter(torch.zeros(1, width))  # in every file, never used
        self.register_buffer("image_mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("image_std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(3, width, PATCH, PATCH)})
        self.blocks = nn.ModuleList(ViTBlock(width, config.heads) for _ in range(config.depth))
        self.norm = nn.LayerNorm(width, eps=NORM_EPS)

    def position_table(self, grid: tuple[int, int]) -> Float[Tensor, "1 s c"]:
        """Class row and the position table resampled to `grid`, bicubic in float32 with the scale (n + 0.1) / 37."""
        side = self.pretrain_grid
        if grid == (side, side):
            return self.pos_embed
        table = self.pos_embed[:, 1:].float().unflatten(1, (side, side)).permute(0, 3, 1, 2)
        scale = tuple((n + POSITION_OFFSET) / side for n in grid)
        table = F.interpolate(table, scale_factor=scale, mode="bicubic", antialias=False)
        if table.shape[2:] != grid:
            raise WtError(f"The position table came out {tuple(table.shape[2:])} for a patch grid {grid}.")
        rows = table.permute(0, 2, 3, 1).flatten(1, 2).to(self.pos_embed.dtype)
        return torch.cat([self.pos_embed[:, :1], rows], dim=1)

    def normalised_features(self, x: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b p c"]:
        """Features of an image whose mean and deviation are already taken out; sides are multiples of 14."""
        grid = (x.shape[2] // PATCH, x.shape[3] // PATCH)
        tokens = self.patch_embed["proj"](x.to(self.pos_embed.dtype)).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.cls_token.expand(len(tokens), -1, -1), tokens], dim=1) + self.position_table(grid)
        kept = []
        for index, block in enumerate(self.blocks):
            tokens = block(tokens)
            if index >= len(self.blocks) - LAST_BLOCKS:
                kept.append(self.norm(tokens)[:, 1:])
        return torch.cat(kept, dim=-1)

    @torch.no_grad()
    def features(self, rgb: Float[Tensor, "b 3 h w"], grid: tuple[int, int]) -> Float[Tensor, "b p c"]:
        """Normalise, resize to 14 pixels a patch, encode."""
        x = (rgb - self.image_mean.float()) / self.image_std.float()
        size = (PATCH * grid[0], PATCH * grid[1])
        if x.shape[2:] != size:
            x = F.interpolate(x, size=size, mode="bilinear", align_corners=False)
        return self.normalised_features(x).float()


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
        if rgb.shape[2:] != (self.side, self.side):
            rgb = F.interpolate(rgb, size=(self.side, self.side), mode="bilinear", antialias=True)
        maps = self.maps(rgb)
        parts = [F.interpolate(maps[s], size=grid, mode="bilinear", antialias=True) for s in STRIDES]
        return torch.cat(parts, dim=1).flatten(2).transpose(1, 2).contiguous()

    def _column(self, name: str, stride: int) -> Tensor:
        return getattr(self, f"{name}_{stride}").view(1, -1, 1, 1)


class SharedEncoder:
    """The one copy of the shared encoder file per device, used by every small model. Not a module: its weights are
    neither trained, nor moved, nor saved with a model."""

    def __init__(self, side: int) -> None:
        self.side = side

    def features(self, rgb: Float[Tensor, "b 3 h w"], grid: tuple[int, int]) -> Float[Tensor, "b p c"]:
        """`Lite2Encoder.features` at this side, on the device of `rgb`."""
        return shared_encoder(rgb.device, self.side).features(rgb, grid)


def build_encoder(config: EncoderConfig) -> DinoV2 | SharedEncoder:
    """The encoder that the configuration names."""
    if config.kind == "dinov2":
        return DinoV2(config)
    return SharedEncoder(config.side or 224)


_SHARED: dict[tuple[str, int], Lite2Encoder] = {}
_SHARED_LOCK = threading.Lock()


def shared_encoder(device: torch.device | str = "cpu", side: int = 224) -> Lite2Encoder:
    """Load assets/weights/encoder-lite2.safetensors once per device and side (thread-safe).

    Raises:
        WtError: the file is missing or not the encoder.
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
        tensors = {
            name.replace(".", "_", 1) if name[0] in "ms" else name: t for name, t in load_file(SHARED_FILE).items()
        }
        encoder = Lite2Encoder(side)
        encoder.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except (SafetensorError, RuntimeError) as error:
        raise WtError(f"{SHARED_FILE.name} is not the shared image encoder ({error}). {rebuild}") from error
    return encoder.eval()


def image_features(rgb: UInt8[np.ndarray, "h w 3"], long_side: int = 512) -> dict[int, Float[np.ndarray, "c h2 w2"]]:
    """Standardised frozen features of a photo for selection and sky: stride (4, 8, 16, 32) -> float32 map.

    A photo longer than `long_side` is shrunk to it first, so strides count pixels of the shrunk photo.
    """
    height, width = rgb.shape[:2]
    factor = min(1.0, long_side / max(height, width))
    small = resize_rgb(rgb, max(1, round(width * factor)), max(1, round(height * factor)))
    batch = torch.from_numpy(np.array(small)).permute(2, 0, 1)[None].float() / 255
    return {s: m[0].contiguous().numpy() for s, m in shared_encoder("cpu").maps(batch).items()}
