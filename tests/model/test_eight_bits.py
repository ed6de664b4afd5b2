"""Matrices in eight bits: near what they were, the same every time, and the rest untouched."""

import numpy as np
import torch

from wt.model.eight_bits import pack, unpack


def test_a_row_is_off_by_half_a_step_of_its_own_scale():
    rng = np.random.default_rng(0)
    weight = rng.normal(size=(48, 100)) * 10.0 ** rng.integers(-4, 3, (48, 1))
    weight[7] = 0
    packed = pack({"a.weight": torch.from_numpy(weight)})
    assert packed["a.weight"].dtype == torch.int8
    largest = np.abs(weight).max(axis=1, keepdims=True)
    error = np.abs(unpack(packed)["a.weight"].double().numpy() - weight)
    # Half a step, and the result in half precision.
    assert (error <= largest * (0.5 / 127 + 2**-11) + 2**-25).all()
    assert (error[7] == 0).all()


def test_packing_what_was_unpacked_changes_nothing():
    weight = torch.randn(16, 40, generator=torch.Generator().manual_seed(0))
    once = unpack(pack({"a.weight": weight}))
    twice = unpack(pack(once))
    # The scale is the largest weight's again, up to its own rounding.
    torch.testing.assert_close(twice["a.weight"], once["a.weight"], rtol=2e-3, atol=1e-5)
    assert once["a.weight"].dtype == torch.half


def test_everything_else_stays_in_half_precision():
    kept = {
        "positions": torch.randn(64, 128),
        "norm.weight": torch.randn(64),
        "answer.weight": torch.randn(8, 64, 1, 1),
    }
    packed = pack(kept)
    assert packed.keys() == kept.keys()
    for name, tensor in unpack(packed).items():
        assert torch.equal(tensor, kept[name].half())
