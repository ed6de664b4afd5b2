"""The golden fixtures of the published numerics, through the same script that a person runs."""

import importlib.util
from pathlib import Path

import pytest
import torch

from wt.model.checkpoint import assemble, read_tensors
from wt.model.names import infer_config

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "parity.py"


@pytest.fixture(scope="module")
def parity():
    spec = importlib.util.spec_from_file_location("parity", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_fixture_matches(parity, reference):
    result = parity.run(reference)
    assert result["missing"] == []
    for name, errors in result["fixtures"].items():
        for quantity, error in errors.items():
            limit = parity.VELOCITY_LIMIT if quantity in parity.ABSOLUTE else parity.LIMIT
            assert error <= limit, f"{name}: {quantity} is off by {error:.2e}"
    assert result["ok"]
    for name in ("preprocess_io", "timestep_io", "edge_flyer_io"):
        assert max(result["fixtures"][name].values()) == 0, name
    for name in ("object_tiny", "scene_tiny", "dynamic_tiny"):
        assert result["fixtures"][name]["sample_x_T"] == result["fixtures"][name]["sample_fill_noise"] == 0


def test_a_missing_fixture_is_not_ok(parity, tmp_path):
    assert parity.run(tmp_path) == {"fixtures": {}, "ok": False, "missing": sorted(parity.FIXTURES)}


DAMAGE = {
    "query norm eps": lambda m: setattr(m.decoder.blocks[1].attn.q_norm, "eps", 1e-2),
    "no FiLM offset": lambda m: m.decoder.layer.film_out.bias.zero_(),
    "no image mean": lambda m: m.encoder.image_mean.zero_(),
    "one layer scale": lambda m: m.head.blocks[2].ls1.gamma.mul_(1.02),
    "no layer AdaLN": lambda m: m.decoder.layer.adaln.weight.zero_(),
    "rotary base": lambda m: object.__setattr__(m.config, "rope_base", 10000.0),
    "image gain": lambda m: object.__setattr__(m.config, "image_token_gain", 0.301),
}


@pytest.mark.parametrize("damage", DAMAGE)
@torch.no_grad()
def test_the_fixtures_notice_damage(parity, reference, damage):
    tensors, _ = read_tensors(reference / "scene_tiny.safetensors")
    model = assemble(infer_config(tensors, image_side=56), tensors)
    DAMAGE[damage](model)
    io = parity._arrays(reference, "scene_tiny")
    found = parity._evaluation(model, io, "fwd0", torch.from_numpy(io["rgb"]))
    errors = {name: parity.compare(got, wanted) for name, got, wanted in found}
    assert errors["fwd0_x0"] > 2 * parity.LIMIT
