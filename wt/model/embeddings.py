"""Time features, rotary embedding, patches: the parts of WT-DiT without weights (ARCHITECTURE sections 5.2, 6, 9)."""

import torch
from torch import Tensor

from wt.types import Float, Int


def time_features(t: Float[Tensor, "*n"], features: int = 256) -> Float[Tensor, "*n features"]:
    """Sinusoids of 1000 t (rounded to float32), cosines first, computed in float64, returned in float32 (section 6)."""
    half = features // 2
    frequencies = 10000.0 ** (-torch.arange(half, dtype=torch.float64, device=t.device) / half)
    angles = (1000.0 * t.float()).double()[..., None] * frequencies
    return torch.cat([angles.cos(), angles.sin()], dim=-1).float()


def grid_positions(height: int, width: int, device: torch.device | None = None) -> Int[Tensor, "p 2"]:
    """(row, column) of every patch of a height x width grid, row-major."""
    rows, columns = torch.meshgrid(
        torch.arange(height, device=device), torch.arange(width, device=device), indexing="ij"
    )
    return torch.stack([rows, columns], dim=-1).reshape(-1, 2)


def rotary_table(
    positions: Int[Tensor, "*n 2"], head_dim: int, base: float = 100.0, dtype: torch.dtype = torch.float32
) -> tuple[Float[Tensor, "*n head_dim"], Float[Tensor, "*n head_dim"]]:
    """(cos, signed sin) for `rotate`.

    The first half of the channels follows the row, the second the column. Angles are rounded to `dtype` before cosine
    and sine, as the published weights were run in bfloat16 (section 17).
    """
    axis = head_dim // 2
    exponent = 2.0 * torch.arange(axis // 2, device=positions.device) / axis
    angles = (positions[..., None].float() * base**-exponent).to(dtype)  # [*n, 2, axis / 2]
    cos, sin = angles.cos(), angles.sin()
    signed = torch.cat([-sin, sin], dim=-1)
    return torch.cat([cos, cos], dim=-1).flatten(-2), signed.flatten(-2)


def rotate(
    u: Float[Tensor, "*n head_dim"], cos: Float[Tensor, "*#n head_dim"], signed_sin: Float[Tensor, "*#n head_dim"]
) -> Float[Tensor, "*n head_dim"]:
    """Rotate channel k with channel k + n/2 inside each axis half (section 9); the tables broadcast over `n`."""
    partner = u.unflatten(-1, (2, 2, -1)).flip(-2).flatten(-3)
    return u * cos + partner * signed_sin


def patchify(x: Float[Tensor, "*n h w c"], patch: int = 14) -> Float[Tensor, "*n p k"]:
    """Cut into patches, row-major; a patch is flattened as (row, column, channel), channel fastest (section 5.2)."""
    *n, height, width, c = x.shape
    x = x.reshape(*n, height // patch, patch, width // patch, patch, c).transpose(-4, -3)
    return x.reshape(*n, (height // patch) * (width // patch), patch * patch * c)


def unpatchify(tokens: Float[Tensor, "*n p k"], height: int, width: int, patch: int = 14) -> Float[Tensor, "*n h w c"]:
    """The inverse of `patchify` for a picture of height x width pixels."""
    *n, _, k = tokens.shape
    x = tokens.reshape(*n, height // patch, width // patch, patch, patch, k // (patch * patch))
    return x.transpose(-4, -3).reshape(*n, height, width, k // (patch * patch))
