"""sam-mini: segment-anything's `Sam` with a small image encoder, trained on this repository's own renderings.

The encoder is the frozen EfficientNet-Lite2 that our other models share (ImageNet), so the file holds only what was
trained: an adapter that fuses its maps, the prompt encoder and the mask decoder (`sam_mini_training.py`).
"""

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from wt.errors import WtError
from wt.model.efficientnet_lite import CHANNELS
from wt.model.encoder import shared_encoder
from wt.model.vit import ViTBlock
from wt.types import Float

if TYPE_CHECKING:
    from segment_anything.modeling import Sam
    from segment_anything.modeling.transformer import Attention

FILE = Path(__file__).resolve().parents[2] / "assets" / "weights" / "sam-mini.safetensors"
FORMAT = "wt-sam-mini"
SIDE = 256
"""Photos are shrunk to this longest side and padded to a square."""
STRIDE = 8
"""Photo pixels along a cell of the embedding; a mask has four times as many cells a side."""
_WIDTH = 128
_GREY = 127.0
"""What padding looks like: the encoder's zero."""
_THUMBNAIL = 2
"""The photo itself is looked at this many times smaller, for outlines."""


class Lite2Adapter(nn.Module):
    """The frozen maps of strides 4 to 32 and a thumbnail in one embedding of stride 8."""

    img_size = SIDE

    def __init__(self) -> None:
        from segment_anything.modeling.common import LayerNorm2d
        from torchvision.models.convnext import CNBlock

        super().__init__()
        self.fine = nn.Conv2d(4 * CHANNELS[4] + CHANNELS[8] + 3 * (STRIDE // _THUMBNAIL) ** 2, _WIDTH, 1)
        self.coarse = nn.Conv2d(CHANNELS[16] + CHANNELS[32], _WIDTH, 1)
        self.positions = nn.Parameter(0.02 * torch.randn(1, (SIDE // 16) ** 2, _WIDTH))
        self.blocks = nn.Sequential(*(ViTBlock(_WIDTH, 4) for _ in range(3)))
        self.local = nn.Sequential(*(CNBlock(_WIDTH, 0.5, 0.0) for _ in range(2)))
        self.norm = LayerNorm2d(_WIDTH)

    def forward(self, image: Float[Tensor, "b 3 s s"]) -> Float[Tensor, "b c h w"]:
        """Features of photos that `Sam.preprocess` has normalised and padded."""
        rgb = image + _GREY / 255
        maps = shared_encoder(image.device).maps(rgb)
        thumbnail = F.pixel_unshuffle(F.avg_pool2d(image, _THUMBNAIL), STRIDE // _THUMBNAIL)
        fine = self.fine(torch.cat([F.pixel_unshuffle(maps[4], 2), maps[8], thumbnail], dim=1))
        coarse = self.coarse(torch.cat([maps[16], F.interpolate(maps[32], scale_factor=2, mode="bilinear")], dim=1))
        seen = self.blocks(coarse.flatten(2).transpose(1, 2) + self.positions)
        seen = seen.transpose(1, 2).unflatten(2, coarse.shape[2:])
        return self.norm(self.local(fine + F.interpolate(seen, scale_factor=2, mode="bilinear")))


def sam_mini() -> "Sam":
    """The network, with random weights around the frozen convolutions."""
    from segment_anything.modeling import MaskDecoder, PromptEncoder, Sam, TwoWayTransformer
    from segment_anything.modeling.transformer import Attention

    cells = SIDE // STRIDE
    transformer = TwoWayTransformer(depth=2, embedding_dim=_WIDTH, mlp_dim=512, num_heads=8)
    for module in transformer.modules():
        if isinstance(module, Attention) and module.internal_dim < _WIDTH:
            _look_where_it_is_pointed(module)
    return Sam(
        Lite2Adapter(),  # type: ignore[arg-type]
        PromptEncoder(_WIDTH, (cells, cells), (SIDE, SIDE), 16),
        MaskDecoder(transformer_dim=_WIDTH, transformer=transformer, iou_head_hidden_dim=_WIDTH),
        pixel_mean=[_GREY] * 3,
        pixel_std=[255.0] * 3,
    )


@torch.no_grad()
def _look_where_it_is_pointed(attention: "Attention") -> None:
    """Equal queries and keys: from the first step on, a click attends to the cells whose position is like its own."""
    nn.init.orthogonal_(attention.q_proj.weight, gain=2.0)
    attention.k_proj.weight.copy_(attention.q_proj.weight)
    nn.init.zeros_(attention.q_proj.bias)
    nn.init.zeros_(attention.k_proj.bias)


def load_sam_mini(path: Path = FILE) -> "Sam":
    """The trained network.

    Raises:
        WtError: the file is missing, or is not sam-mini's.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    again = "The README has the command that trains it again."
    if not path.is_file():
        raise WtError(f"{path.name} is missing from {path.parent.name}. {again}")
    try:
        tensors = load_file(path)
        model = sam_mini()
        model.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except (SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise WtError(f"{path.name} does not hold the segmenter sam-mini ({reason}). {again}") from error
    return model.eval()
