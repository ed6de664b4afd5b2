"""How the temporal blocks of a clip model begin: as good as absent (the paper's), or as a mean over time (ours)."""

import torch
from torch import nn

from wt.model.blocks import Block
from wt.model.config import WTDiTConfig

LAYERSCALE = 1e-5
"""Where the gains of the paper's temporal blocks start (section 26), so that a clip begins as its frames one by one."""
TOKEN_STD = 0.65
"""Of a token's channels where the temporal blocks of our small models see it."""
PULL = 1.5
"""How strongly tokens are drawn to their mean over time: what is left of a deviation is about 1 / (1 + PULL)."""


def temporal_block(config: WTDiTConfig) -> Block:
    """A block at its start."""
    if config.temporal_start == "absent":
        return Block(config.width, config.heads, LAYERSCALE)
    return mean_block(config.width, config.heads)


@torch.no_grad()
def mean_block(width: int, heads: int) -> Block:
    """A block that draws every token to the mean of those that its place has in the frames around it.

    Queries equal keys, so a frame attends to itself and to those near in time whose content is alike: a bilateral
    mean. Values are the normalised tokens. The MLP takes the token itself away again, as gelu(x) - gelu(-x) = x. A
    place where nothing changes keeps its token exactly (as long as the modulation by the diffusion time is 0).
    """
    block = Block(width, heads, PULL * TOKEN_STD)
    one = torch.eye(width)
    query, _, _ = block.attn.qkv.weight.chunk(3)
    block.attn.qkv.weight.copy_(torch.cat([query, query, one]))
    block.attn.proj.weight.copy_(one)
    spare = 4 * width - 2 * width
    block.mlp.fc1.weight[: 2 * width].copy_(torch.cat([one, -one]))
    block.mlp.fc2.weight.copy_(torch.cat([-one, one, torch.zeros(width, spare)], dim=1))
    for linear in (block.attn.proj, block.mlp.fc1, block.mlp.fc2):
        nn.init.zeros_(linear.bias)
    rows = block.modulation.view(6, width)
    rows.zero_()
    rows[2], rows[5] = 1.0, 1.0  # the gates
    return block
