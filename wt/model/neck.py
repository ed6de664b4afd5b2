"""The neck of our small image encoder: a few blocks that turn ImageNet features into features of layered geometry.

EfficientNet-Lite2 was trained to name what is in a picture. A neck was trained on our renderings to say where the
surfaces of the coarse pixel grid lie, all layers at once (`wt.training.neck`); then it is frozen, and WT-DiT
conditions on what it says from. It sees each photo once, and once mirrored, however many steps are sampled.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wt.model.vit import ViTBlock
from wt.types import Float

COARSE = 32
"""Photo pixels along the side of one of the neck's tokens."""
CELL = 16
"""Photo pixels along the side of one cell of its answer: a token speaks for 2 x 2 of them."""
THUMBNAIL = 4
"""The photo itself is looked at this many times smaller: outlines tell what features of a stride of 8 do not."""
MAP_CHANNELS = {8: 48, 16: 120, 32: 352}
IN_CHANNELS = 4 * (MAP_CHANNELS[8] + MAP_CHANNELS[16]) + MAP_CHANNELS[32] + 3 * (COARSE // THUMBNAIL) ** 2


def see(maps: dict[int, Float[Tensor, "b _ _ _"]], photo: Float[Tensor, "b 3 e e"]) -> Float[Tensor, "b _ g g"]:
    """What the neck is given, all of it on its own grid (e / 32).

    Args:
        maps: standardised features of `photo` at strides 8, 16 and 32.
        photo: in [0, 1], square, its side a multiple of 32.
    """
    fine = torch.cat([F.avg_pool2d(maps[8], 2), maps[16]], dim=1)
    thumbnail = 2 * F.avg_pool2d(photo, THUMBNAIL) - 1
    parts = [F.pixel_unshuffle(fine, 2), maps[32], F.pixel_unshuffle(thumbnail, COARSE // THUMBNAIL)]
    return torch.cat(parts, dim=1)


class Neck(nn.Module):
    """What `see` returns in, one map of features out."""

    def __init__(self, side: int, width: int, depth: int, heads: int, channels: int) -> None:
        super().__init__()
        self.grid, self.channels = side // COARSE, channels
        self.first = nn.Linear(IN_CHANNELS, width)
        self.positions = nn.Parameter(0.02 * torch.randn(self.grid**2, width))
        self.blocks = nn.ModuleList(ViTBlock(width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.last = nn.Linear(width, 4 * channels)

    def forward(self, seen: Float[Tensor, "b _ g g"]) -> Float[Tensor, "b c h w"]:
        """`see(...)` to a map of twice its side, every cell with mean 0 and deviation 1 over its channels."""
        x = self.first(seen.flatten(2).transpose(1, 2)) + self.positions
        for block in self.blocks:
            x = block(x)
        cells = self.last(self.norm(x)).transpose(1, 2).unflatten(2, (self.grid, self.grid))
        cells = F.pixel_shuffle(cells, 2)
        return F.layer_norm(cells.movedim(1, -1), cells.shape[1:2]).movedim(-1, 1)
