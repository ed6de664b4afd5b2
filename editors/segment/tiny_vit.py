"""MobileSAM: segment-anything with timm's TinyViT-5M (Zhang et al. 2023) in place of its ViT as the image encoder.

Its published file names the tensors as the authors of TinyViT did; timm's names are a matter of spelling, but for
where the three patch mergings are counted: there they end a stage, in timm they begin the next one.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from wt.types import Float

if TYPE_CHECKING:
    from segment_anything.modeling import Sam

SIDE = 1024
_STRIDE = 16
_WIDTH = 256
PREFIX = "image_encoder.patch_embed.seq."
"""Begins the name of a tensor that no other segment-anything checkpoint has."""


class TinyVitEncoder(nn.Module):
    """TinyViT-5M and SAM's neck."""

    img_size = SIDE

    def __init__(self) -> None:
        from segment_anything.modeling.common import LayerNorm2d
        from timm.models.tiny_vit import tiny_vit_5m_224

        super().__init__()
        self.body: Any = tiny_vit_5m_224(pretrained=False)
        width, self.body.head = self.body.num_features, nn.Identity()
        # The last merging keeps its resolution, so that the features are SAM's: 64 cells a side, 16 pixels each.
        self.body.stages[3].downsample.conv2.conv.stride = (1, 1)
        self.neck = nn.Sequential(
            nn.Conv2d(width, _WIDTH, 1, bias=False),
            LayerNorm2d(_WIDTH),
            nn.Conv2d(_WIDTH, _WIDTH, 3, padding=1, bias=False),
            LayerNorm2d(_WIDTH),
        )

    def forward(self, image: Float[Tensor, "b 3 1024 1024"]) -> Float[Tensor, "b 256 64 64"]:
        """Features of normalised and padded photos."""
        return self.neck(self.body.forward_features(image))


def mobile_sam() -> "Sam":
    """The network, with random weights."""
    from segment_anything.modeling import MaskDecoder, PromptEncoder, Sam, TwoWayTransformer

    cells = SIDE // _STRIDE
    transformer = TwoWayTransformer(depth=2, embedding_dim=_WIDTH, mlp_dim=2048, num_heads=8)
    return Sam(
        TinyVitEncoder(),  # type: ignore[arg-type]
        PromptEncoder(_WIDTH, (cells, cells), (SIDE, SIDE), 16),
        MaskDecoder(transformer_dim=_WIDTH, transformer=transformer, iou_head_hidden_dim=_WIDTH),
    )


def renamed(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A published state dict under our names; TinyViT's classifier, which no mask needs, is left out."""
    kept = {name: tensor for name, tensor in state.items() if not _UNUSED.match(name)}
    return {_renamed(name): tensor for name, tensor in kept.items()}


_UNUSED = re.compile(r"image_encoder\.(norm_head|head)\.|.*attention_bias_idxs$")


def _renamed(name: str) -> str:
    if not name.startswith("image_encoder.") or name.startswith("image_encoder.neck."):
        return name
    name = name.replace("image_encoder.", "image_encoder.body.").replace(".c.", ".conv.")
    name = name.replace("patch_embed.seq.0.", "patch_embed.conv1.").replace("patch_embed.seq.2.", "patch_embed.conv2.")
    name = re.sub(r"layers\.(\d)\.downsample", lambda found: f"stages.{int(found[1]) + 1}.downsample", name)
    return name.replace(".layers.", ".stages.")
