"""Convolutions over the whole pixel grid after the last patch: they join what a small WT-DiT says patch by patch.

The published network has none (its patches are small beside its picture). A network that sees 12 x 12 patches does
need them: one linear layer makes 14 x 14 points of one token, and nothing tells it where its neighbour's surface ends.
"""

import torch
from torch import Tensor, nn

from wt.types import Bool, Float

DILATIONS = (1, 2, 4)
FOLD = 2
"""Pixels are folded into channels 2 x 2, at a quarter of the cost; PATCH is a multiple of it."""


class Refinement(nn.Module):
    """A correction of the clean geometry, seen beside the photo; it starts as none."""

    def __init__(self, layers: int, channels: int, patch: int) -> None:
        super().__init__()
        self.patch = patch
        seen = FOLD * FOLD * (3 * layers + 3 + 1 + 2)
        self.first = nn.Conv2d(seen, channels, 3, padding=1)
        self.middle = nn.ModuleList(nn.Conv2d(channels, channels, 3, padding=d, dilation=d) for d in DILATIONS)
        self.last = nn.Conv2d(channels, FOLD * FOLD * 3 * layers, 3, padding=1)
        for parameter in self.last.parameters():
            nn.init.zeros_(parameter)

    def forward(
        self,
        x_0: Float[Tensor, "n l h w 3"],
        rgb: Float[Tensor, "n 3 h w"],
        mask: Bool[Tensor, "n 1 h w"] | None = None,
    ) -> Float[Tensor, "n l h w 3"]:
        """x0 in normalised coordinates, with the correction added.

        Args:
            x_0: what the patches say, in normalised coordinates.
            rgb: in [0, 1].
            mask: valid pixels; what is said elsewhere is not looked at.
        """
        n, layers, height, width, _ = x_0.shape
        valid = torch.ones_like(rgb[:, :1]) if mask is None else mask.to(rgb.dtype)
        points = x_0.permute(0, 1, 4, 2, 3).flatten(1, 2) * valid
        # Where in its patch a pixel lies: convolutions cannot know where the seams are.
        rows, columns = (torch.arange(side, device=x_0.device) % self.patch for side in (height, width))
        within = torch.stack(torch.meshgrid(rows, columns, indexing="ij")).to(points) / (self.patch - 1) - 0.5
        seen = torch.cat([points, rgb - 0.5, valid, within.expand(n, -1, -1, -1)], dim=1)
        x = nn.functional.gelu(self.first(nn.functional.pixel_unshuffle(seen, FOLD)))
        for convolution in self.middle:
            x = x + nn.functional.gelu(convolution(x))
        correction = nn.functional.pixel_shuffle(self.last(x), FOLD)
        return x_0 + correction.unflatten(1, (layers, 3)).permute(0, 1, 3, 4, 2)
