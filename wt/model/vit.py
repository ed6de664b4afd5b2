"""DINOv2's ViT, the frozen image encoder of the published models (ARCHITECTURE section 4)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wt.errors import WtError
from wt.model.config import PATCH, EncoderConfig
from wt.types import Float

NORM_EPS = 1e-6
LAST_BLOCKS = 4
POSITION_OFFSET = 0.1


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
