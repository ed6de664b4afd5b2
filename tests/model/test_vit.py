"""DINOv2's position table; its features are held to the golden fixtures by test_parity.py."""

import numpy as np
import torch

from wt.model.config import EncoderConfig
from wt.model.vit import DinoV2


def cubic(row, at, a=-0.75):
    """Cubic convolution with coefficient a at a continuous index, taps clamped to the border (float64)."""
    low, total = int(np.floor(at)), 0.0
    for k in range(low - 1, low + 3):
        d = abs(at - k)
        w = (a + 2) * d**3 - (a + 3) * d**2 + 1 if d <= 1 else a * d**3 - 5 * a * d**2 + 8 * a * d - 4 * a
        total += w * row[min(max(k, 0), len(row) - 1)]
    return total


def test_the_position_table_reads_the_coordinates_of_its_formula():
    """Output column i reads y(i) = (i + 0.5) 37 / (n + 0.1) - 0.5 (ARCHITECTURE section 4, step 4)."""
    vit = DinoV2(EncoderConfig(width=16, depth=4, heads=2))
    row = np.random.default_rng(0).normal(size=37)
    with torch.no_grad():
        vit.pos_embed[0, 1:] = torch.from_numpy(row).float().repeat(37)[:, None]
    table = vit.position_table((24, 30))[0, 1:, 0].view(24, 30)[5].detach().numpy()
    wanted = [cubic(row, (i + 0.5) * 37 / 30.1 - 0.5) for i in range(30)]
    np.testing.assert_allclose(table, wanted, atol=2e-5)
    assert vit.position_table((37, 37)) is vit.pos_embed
