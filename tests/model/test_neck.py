"""The neck: what it is given lies where it should, and what it says fits WT-DiT."""

import numpy as np
import pytest
import torch

from wt.model.config import mini
from wt.model.encoder import CONVOLUTIONAL, NeckedEncoder, build_encoder, shared_encoder
from wt.model.neck import IN_CHANNELS, Neck, see
from wt.model.wt_dit import WTDiT

CONFIG = mini("object").encoder


@pytest.fixture(scope="module")
def photo():
    return torch.rand(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))


def test_a_token_is_given_what_lies_under_it(photo):
    maps = shared_encoder().maps(photo)
    seen = see(maps, photo)
    assert seen.shape == (2, IN_CHANNELS, 7, 7)
    row, column = 4, 2
    token = seen[1, :, row, column].numpy()
    sixteen = maps[16][1, :, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2].flatten(1)
    eight = maps[8][1, :, 4 * row : 4 * row + 4, 4 * column : 4 * column + 4].numpy()
    eight = eight.reshape(-1, 2, 2, 2, 2).mean(axis=(2, 4)).reshape(48, 4)
    pixels = photo[1, :, 32 * row : 32 * row + 32, 32 * column : 32 * column + 32].numpy()
    pixels = 2 * pixels.reshape(3, 8, 4, 8, 4).mean(axis=(2, 4)) - 1
    own = maps[32][1, :, row, column]
    expected = np.concatenate([eight.ravel(), sixteen.ravel(), own, pixels.ravel()])
    np.testing.assert_allclose(token, expected, rtol=1e-4, atol=1e-5)


def test_a_cell_speaks_with_mean_0_and_deviation_1(photo):
    torch.manual_seed(0)
    neck = Neck(224, 32, 1, 2, 24)
    said = neck(see(shared_encoder().maps(photo), photo))
    assert said.shape == (2, 24, 14, 14)
    torch.testing.assert_close(said.mean(dim=1), torch.zeros(2, 14, 14), atol=1e-5, rtol=0)
    torch.testing.assert_close(said.var(dim=1, correction=0), torch.ones(2, 14, 14), atol=1e-2, rtol=0)


def test_the_convolutions_come_first_and_the_neck_after_them(photo):
    encoder = build_encoder(CONFIG)
    assert isinstance(encoder, NeckedEncoder)
    features = encoder.features(photo, (14, 14))
    assert features.shape == (2, 196, CONFIG.channels)
    torch.testing.assert_close(features[..., :CONVOLUTIONAL], shared_encoder().features(photo, (14, 14)))
    said = encoder.neck(see(shared_encoder().maps(photo), photo))
    straight = features[..., CONVOLUTIONAL : -encoder.neck.channels]
    torch.testing.assert_close(straight, said.flatten(2).transpose(1, 2), atol=1e-4, rtol=1e-4)


def test_a_mirrored_photo_swaps_the_two_looks(photo):
    encoder = build_encoder(CONFIG)
    features, mirrored = (
        encoder.features(p, (14, 14)).unflatten(1, (14, 14))[..., CONVOLUTIONAL:] for p in (photo, photo.flip(-1))
    )
    assert not torch.allclose(features, mirrored.flip(2), atol=0.1)
    swapped = mirrored.flip(2).roll(encoder.neck.channels, dims=-1)
    torch.testing.assert_close(features, swapped, atol=1e-4, rtol=1e-4)


def test_autocast_changes_nothing_and_other_sizes_are_squeezed(photo):
    encoder = build_encoder(CONFIG)
    before = encoder.features(photo, (6, 8))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(encoder.features(photo, (6, 8)), before)
    assert encoder.features(torch.rand(1, 3, 100, 180), (6, 8)).shape == (1, 48, CONFIG.channels)


def test_it_is_saved_with_the_model_and_never_trained():
    model = WTDiT(mini("object"))
    names = {name for name, _ in model.named_parameters() if name.startswith("encoder.")}
    assert "encoder.neck.first.weight" in names
    assert not names & {name for name, p in model.named_parameters() if p.requires_grad}
