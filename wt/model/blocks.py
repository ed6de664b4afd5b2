"""The transformer block that decoder, temporal stage and head share (ARCHITECTURE sections 8, 10, 11).

Shape suffixes: B batch, T frames, L layers, V = T x L views, P patches, D width, N heads, d head width.
"""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wt.model.embeddings import rotate
from wt.types import Float

Kind = Literal["layer", "ray", "global", "time"]
NORM_EPS = 1e-5


@dataclass(frozen=True)
class Views:
    """How the views of a token tensor [B, V, P, D] are ordered, and the rotary tables of its grid."""

    frames: int
    layers: int
    rotary: dict[str, tuple[Tensor, Tensor]]
    """(cos, signed sin) for "layer", "global" and "time"; ray-wise attention has none."""


class LayerScale(nn.Module):
    """A learned gain per channel; the block multiplies it into its gate."""

    def __init__(self, width: int, init: float) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.full((width,), init))


class Attention(nn.Module):
    """Multi-head attention with query/key LayerNorm over the sequences that `kind` names."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads, self.head_dim = heads, width // heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.q_norm = nn.LayerNorm(self.head_dim, eps=NORM_EPS)
        self.k_norm = nn.LayerNorm(self.head_dim, eps=NORM_EPS)
        self.proj = nn.Linear(width, width)

    def forward(self, y: Float[Tensor, "b v p d"], kind: Kind, views: Views) -> Float[Tensor, "b v p d"]:
        """Attend within each sequence of `kind`; the layout of the tokens is kept."""
        q, k, v = self.qkv(y).unflatten(-1, (3, self.heads, self.head_dim)).unbind(3)  # [B, V, P, N, d]
        # The norms run in float32; half precision comes back before the rotation (section 17).
        q, k = self.q_norm(q).to(v.dtype), self.k_norm(k).to(v.dtype)
        q, k, v = (_sequences(u, kind, views) for u in (q, k, v))  # [sequences, N, tokens, d]
        if kind in views.rotary:
            q, k = (rotate(u, *views.rotary[kind]) for u in (q, k))
        out = F.scaled_dot_product_attention(q, k, v)
        return self.proj(_tokens(out, kind, views, y.shape))


def _sequences(u: Tensor, kind: Kind, views: Views) -> Tensor:
    """[B, V, P, N, d] -> [sequences, N, tokens, d]."""
    b, v, p, n, d = u.shape
    if kind == "layer":
        return u.reshape(b * v, p, n, d).transpose(1, 2)
    if kind == "global":
        return u.reshape(b * views.frames, views.layers * p, n, d).transpose(1, 2)
    u = u.reshape(b, views.frames, views.layers, p, n, d)
    if kind == "ray":
        return u.permute(0, 1, 3, 4, 2, 5).reshape(b * views.frames * p, n, views.layers, d)
    return u.permute(0, 2, 3, 4, 1, 5).reshape(b * views.layers * p, n, views.frames, d)


def _tokens(out: Tensor, kind: Kind, views: Views, shape: torch.Size) -> Tensor:
    """[sequences, N, tokens, d] -> [B, V, P, D]."""
    b, _, p, _ = shape
    _, n, _, d = out.shape
    if kind in ("layer", "global"):
        return out.transpose(1, 2).reshape(shape)
    if kind == "ray":
        return out.reshape(b, views.frames, p, n, views.layers, d).permute(0, 1, 4, 2, 3, 5).reshape(shape)
    return out.reshape(b, views.layers, p, n, views.frames, d).permute(0, 4, 1, 2, 3, 5).reshape(shape)


class Mlp(nn.Module):
    """Two linear layers with an exact GELU between them."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(width, hidden)
        self.fc2 = nn.Linear(hidden, width)

    def forward(self, x: Float[Tensor, "*n d"]) -> Float[Tensor, "*n d"]:
        """fc2(GELU(fc1(x)))."""
        return self.fc2(F.gelu(self.fc1(x)))


class Block(nn.Module):
    """Pre-norm attention and MLP, both modulated by the diffusion time."""

    def __init__(self, width: int, heads: int, layerscale_init: float | None) -> None:
        super().__init__()
        self.modulation = nn.Parameter(torch.randn(6 * width) / width**0.5)
        self.norm1 = nn.LayerNorm(width, eps=NORM_EPS)
        self.attn = Attention(width, heads)
        self.ls1 = None if layerscale_init is None else LayerScale(width, layerscale_init)
        self.norm3 = nn.LayerNorm(width, eps=NORM_EPS)
        self.mlp = Mlp(width, 4 * width)
        self.ls2 = None if layerscale_init is None else LayerScale(width, layerscale_init)

    def forward(
        self, x: Float[Tensor, "b v p d"], conditioning: Float[Tensor, "b #v 6 d"], kind: Kind, views: Views
    ) -> Float[Tensor, "b v p d"]:
        """Args:
        x: the residual stream, float32.
        conditioning: A(t), one per batch element or per view (plus R_l where layer AdaLN is on), float32.
        kind: which sequences the attention runs over.
        """
        rows = (self.modulation.view(6, -1) + conditioning).unsqueeze(3).unbind(2)  # six of [b, v, 1, d]
        shift_a, scale_a, gate_a, shift_m, scale_m, gate_m = rows
        y = self.attn(_modulated_norm(x, self.norm1, scale_a, shift_a), kind, views)
        x = torch.addcmul(x, _scaled(gate_a, self.ls1), y.to(x.dtype))
        y = self.mlp(_modulated_norm(x, self.norm3, scale_m, shift_m))
        return torch.addcmul(x, _scaled(gate_m, self.ls2), y.to(x.dtype))


def _scaled(gate: Tensor, scale: LayerScale | None) -> Tensor:
    return gate if scale is None else gate * scale.gamma


def _modulated_norm(x: Tensor, norm: nn.LayerNorm, scale: Tensor, shift: Tensor) -> Tensor:
    """LN(x) (1 + scale) + shift, with the norm's own weight and bias folded into one product."""
    gain = norm.weight * (1 + scale)
    offset = torch.addcmul(shift, norm.bias, 1 + scale)
    return torch.addcmul(offset, F.layer_norm(x, norm.normalized_shape, eps=norm.eps), gain)
