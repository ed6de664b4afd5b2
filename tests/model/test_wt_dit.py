"""Properties that the network must have whatever its weights are; numbers against the release are in test_parity.py."""

from dataclasses import replace

import pytest
import torch

from wt.errors import WtError
from wt.flow.path import interpolate, velocity
from wt.model.config import EncoderConfig, WTDiTConfig, mini, published
from wt.model.embeddings import grid_positions, patchify, rotary_table, rotate, unpatchify
from wt.model.wt_dit import WTDiT

SMALL = replace(mini("scene"), width=32, heads=2, decoder_blocks=3, head_blocks=3, image_side=28, layer_adaln=True)
CHANNELS = SMALL.encoder.channels


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return shake(WTDiT(SMALL)).eval()


def shake(network):
    """Random weights everywhere: parts that start at zero would hide what is wired wrongly."""
    for p in network.parameters():
        torch.nn.init.normal_(p, std=0.2 if p.ndim < 4 else 0.05)
    return network


def inputs(height=28, width=42, batch=2, frames=1, seed=1):
    g = torch.Generator().manual_seed(seed)
    rgb = torch.rand(batch, 3, height, width, generator=g)
    x_t = torch.randn(batch, 6 * frames, height, width, 3, generator=g)
    features = torch.randn(batch, (height // 14) * (width // 14), CHANNELS, generator=g)
    return rgb, x_t, features


@torch.no_grad()
def test_samples_of_a_batch_do_not_mix(model):
    rgb, x_t, features = inputs()
    t = torch.tensor([0.3, 0.9])
    both = model(x_t, t, model.condition(features), rgb)
    alone = model(x_t[1:], t[1:], model.condition(features[1:]), rgb[1:])
    assert both.shape == x_t.shape
    torch.testing.assert_close(both[1:], alone, rtol=1e-4, atol=1e-4)


@torch.no_grad()
def test_one_time_per_layer_equals_one_time_per_sample_where_they_agree(model):
    rgb, x_t, features = inputs()
    t, tokens = torch.tensor([0.3, 0.9]), model.condition(features)
    per_sample = model(x_t, t, tokens, rgb)
    torch.testing.assert_close(model(x_t, t[:, None].expand(2, 6), tokens, rgb), per_sample, rtol=1e-4, atol=1e-4)
    other = t[:, None].repeat(1, 6)
    other[:, 3] = 0.05
    assert (model(x_t, other, tokens, rgb) - per_sample).abs().max() > 1e-3


@torch.no_grad()
def test_points_outside_the_mask_are_not_seen(model):
    rgb, x_t, features = inputs()
    mask = torch.rand(2, 1, 28, 42) > 0.4
    fill, tokens, t = torch.randn_like(x_t), model.condition(features), torch.tensor([0.5, 0.5])
    changed = torch.where(mask[..., None], x_t, x_t + 10)
    torch.testing.assert_close(model(x_t, t, tokens, rgb, mask, fill), model(changed, t, tokens, rgb, mask, fill))
    assert (model(x_t, t, tokens, rgb) - model(changed, t, tokens, rgb)).abs().max() > 1e-2
    torch.manual_seed(3)
    fresh = model(x_t, t, tokens, rgb, mask)
    assert (fresh - model(x_t, t, tokens, rgb, mask, fill)).abs().max() > 1e-3


@torch.no_grad()
def test_rows_and_columns_of_the_picture_are_told_apart(model):
    """Transposing picture and points is not transposing the answer, even on a square grid."""
    rgb, x_t, features = inputs(28, 28)
    t = torch.tensor([0.5, 0.5])
    y = model(x_t, t, model.condition(features), rgb)
    turned = features.view(2, 2, 2, -1).transpose(1, 2).reshape(2, 4, -1)
    z = model(x_t.transpose(2, 3), t, model.condition(turned), rgb.transpose(2, 3)).transpose(2, 3)
    assert (y - z).abs().max() > 1e-2


def test_gradients_reach_every_trainable_weight():
    torch.manual_seed(0)
    network = shake(WTDiT(SMALL))
    rgb, x_t, features = inputs()
    network(x_t, torch.tensor([0.3, 0.9]), network.condition(features), rgb).square().mean().backward()
    # The final addition of a bias after the last norm is the only thing a gradient could miss: nothing is.
    trained = {name: p for name, p in network.named_parameters() if p.requires_grad}
    assert not any(name.startswith("encoder") for name in trained)
    assert [name for name, p in trained.items() if p.grad is None or not p.grad.abs().max() > 0] == []


def test_training_goes_on_after_a_lift_with_the_same_network(monkeypatch):
    from wt.model import encoder

    monkeypatch.setattr(encoder, "_SHARED", {})
    network = WTDiT(SMALL)
    rgb, x_t, _ = inputs(28, 28)
    t = torch.tensor([0.3, 0.9])
    with torch.inference_mode():
        network(x_t, t, network.condition(network.encode(rgb)), rgb)
    network(x_t, t, network.condition(network.encode(rgb)), rgb).square().mean().backward()
    assert network.out.weight.grad.abs().max() > 0


def test_a_clip_of_one_frame_is_a_still_and_more_frames_talk():
    torch.manual_seed(0)
    network = shake(WTDiT(replace(SMALL, kind="dynamic", temporal_blocks=1, layer_adaln=False))).eval()
    rgb, x_t, features = inputs(28, 28, batch=1)
    t = torch.tensor([0.5])
    with torch.no_grad():
        still = network(x_t, t, network.condition(features), rgb)
        clip = network(x_t, t, network.condition(features[:, None]), rgb[:, None])
        torch.testing.assert_close(still, clip, rtol=1e-5, atol=1e-5)
        two, first = x_t.repeat(1, 2, 1, 1, 1), network.condition(features[:, None].repeat(1, 2, 1, 1))
        y = network(two, t, first, rgb[:, None].repeat(1, 2, 1, 1, 1))
        two[:, 6:] += 1
        z = network(two, t, first, rgb[:, None].repeat(1, 2, 1, 1, 1))
    assert (y[:, :6] - z[:, :6]).abs().max() > 1e-3


def test_encode_takes_any_size_and_gives_the_asked_grid(model):
    rgb = torch.rand(1, 3, 100, 60)
    assert model.encode(rgb).shape == (1, 4, CHANNELS)
    assert model.encode(rgb, (3, 5)).shape == (1, 15, CHANNELS)
    assert model.encode(rgb[:, None].repeat(1, 2, 1, 1, 1)).shape == (1, 2, 4, CHANNELS)
    assert not model.encode(rgb).requires_grad


def test_the_small_network_is_small_and_takes_along_the_neck_alone_of_its_encoder():
    network = WTDiT(mini("scene"))
    count = sum(p.numel() for p in network.trainable_parameters())
    assert 5.0e6 < count < 6.0e6
    of_encoder = [name for name in network.state_dict() if name.startswith("encoder.")]
    assert of_encoder
    assert all(name.startswith("encoder.neck.") for name in of_encoder)


def test_the_published_encoder_is_frozen():
    config = replace(SMALL, encoder=EncoderConfig(channels=64, width=16, depth=4, heads=2, pretrain_grid=5))
    network = WTDiT(config)
    frozen = [name for name, p in network.named_parameters() if not p.requires_grad]
    assert frozen
    assert all(name.startswith(("encoder.", "image_proj.")) for name in frozen)
    assert network.encode(torch.rand(1, 3, 28, 42)).shape == (1, 6, 64)


@pytest.mark.parametrize("sides", [(30, 28), (28, 27)])
def test_sides_must_be_multiples_of_the_patch(model, sides):
    rgb, x_t, features = torch.rand(1, 3, *sides), torch.randn(1, 6, *sides, 3), torch.randn(1, 4, CHANNELS)
    with pytest.raises(WtError, match="multiples of 14"):
        model(x_t, torch.tensor([0.5]), model.condition(features), rgb)


@pytest.mark.parametrize(
    "bad",
    [{"width": 30}, {"decoder_blocks": 4}, {"temporal_blocks": 5}, {"image_side": 100}],
    ids=lambda b: next(iter(b)),
)
def test_a_configuration_that_cannot_be_is_refused(bad):
    with pytest.raises(WtError):
        replace(published("object"), **bad)


@pytest.mark.parametrize("config", [mini("scene"), mini("object"), published("scene"), published("dynamic")])
def test_configurations_survive_json(config):
    assert WTDiTConfig.from_json(config.to_json()) == config


def test_patches_come_back():
    x = torch.arange(2 * 28 * 42 * 3.0).view(2, 28, 42, 3)
    patches = patchify(x)
    assert patches.shape == (2, 6, 588)
    # Patch 4 is row 1, column 1; element (i 14 + j) 3 + c is its pixel (i, j).
    assert patches[1, 4, (5 * 14 + 2) * 3 + 1] == x[1, 14 + 5, 14 + 2, 1]
    assert torch.equal(unpatchify(patches, 28, 42), x)


def test_rotary_products_depend_on_the_difference_of_positions_only():
    g = torch.Generator().manual_seed(0)
    q, k = torch.randn(52, generator=g), torch.randn(52, generator=g)
    where = grid_positions(9, 9)
    cos, sin = rotary_table(where, 52)
    rq, rk = rotate(q.expand(81, 52), cos, sin).view(9, 9, 52), rotate(k.expand(81, 52), cos, sin).view(9, 9, 52)
    torch.testing.assert_close((rq[1, 2] * rk[4, 3]).sum(), (rq[5, 7] * rk[8, 8]).sum(), rtol=1e-4, atol=1e-4)
    assert abs((rq[1, 2] * rk[4, 3]).sum() - (rq[1, 2] * rk[3, 4]).sum()) > 1e-2


def test_the_path_and_its_velocity():
    x_0, noise, t = torch.randn(2, 6, 1, 1, 3), torch.randn(2, 6, 1, 1, 3), torch.tensor([0.2, 1.0])
    x_t = interpolate(x_0, noise, t)
    torch.testing.assert_close(velocity(x_t, x_0, t), noise - x_0)
    torch.testing.assert_close(interpolate(x_0, noise, t[:, None].expand(2, 6)), x_t)
    late = torch.tensor([0.01, 0.01])
    torch.testing.assert_close(velocity(x_t, x_0, late), (x_t - x_0) / 0.05)


def test_the_refinement_starts_as_none_and_then_joins_patches():
    torch.manual_seed(0)
    plain = shake(WTDiT(replace(SMALL, refine_channels=0))).eval()
    refined = WTDiT(replace(SMALL, refine_channels=4)).eval()
    refined.load_state_dict(plain.state_dict(), strict=False)
    rgb, x_t, features = inputs()
    t, tokens = torch.tensor([0.3, 0.9]), plain.condition(features)
    with torch.no_grad():
        before = plain(x_t, t, tokens, rgb)
        assert torch.equal(before, refined(x_t, t, tokens, rgb))
        shake(refined.refine)
        points = before.clone().requires_grad_(True)
    with torch.enable_grad():
        after = refined.refine(points, rgb)
        after[0, 0, 13, 13].sum().backward()
    (across,) = torch.nonzero(points.grad[0, 0, 13, 14:].abs().sum(-1), as_tuple=True)
    assert 3 <= len(across) <= 20  # beyond the seam, not everywhere
    assert not points.grad[1].any()


@torch.no_grad()
def test_the_refinement_does_not_see_points_outside_the_mask(model):
    rgb, x_t, _ = inputs()
    mask = torch.rand(2, 1, 28, 42, generator=torch.Generator().manual_seed(2)) > 0.4
    elsewhere = torch.where(mask[..., None], x_t, x_t + 10)
    inside = mask[..., None].expand_as(x_t)
    seen, again = model.refine(x_t, rgb, mask), model.refine(elsewhere, rgb, mask)
    torch.testing.assert_close(seen[inside], again[inside])


@torch.no_grad()
def test_the_refinement_sees_a_clip_frame_by_frame():
    torch.manual_seed(0)
    network = shake(WTDiT(replace(SMALL, kind="dynamic", temporal_blocks=1, layer_adaln=False))).eval()
    rgb, x_t, _ = inputs(28, 28, frames=2)
    clip, mask = torch.stack([rgb, 1 - rgb], dim=1), torch.rand(2, 12, 28, 28) > 0.4
    mask = mask[:, ::6].repeat_interleave(6, dim=1)
    together = network._refined(x_t, clip, mask)
    for frame in range(2):
        views = slice(6 * frame, 6 * frame + 6)
        alone = network.refine(x_t[:, views], clip[:, frame], mask[:, 6 * frame, None])
        torch.testing.assert_close(together[:, views], alone)
