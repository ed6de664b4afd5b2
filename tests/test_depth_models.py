"""Depth estimators: a tiny random Depth-Anything from a folder, a stand-in for MoGe's package, nothing downloaded."""

import shutil
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch

from wt.depth_models import estimate_depth, kind_of
from wt.errors import WtError


@pytest.fixture(scope="module")
def photo():
    return np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)


def tiny(folder, **more):
    from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config, DPTImageProcessor

    torch.manual_seed(0)
    stages = {"out_features": ["stage1", "stage2", "stage3", "stage4"], "reshape_hidden_states": False}
    backbone = Dinov2Config(
        hidden_size=16, num_hidden_layers=4, num_attention_heads=2, image_size=28, patch_size=14, **stages
    )
    config = DepthAnythingConfig(
        backbone_config=backbone, reassemble_hidden_size=16, neck_hidden_sizes=[4, 8, 8, 8], fusion_hidden_size=8,
        head_hidden_size=4, **more,
    )  # fmt: skip
    network = DepthAnythingForDepthEstimation(config)
    torch.nn.init.constant_(network.head.conv3.bias, 2.0)  # ReLU or sigmoid behind it
    network.save_pretrained(folder)
    DPTImageProcessor(size={"height": 28, "width": 42}, ensure_multiple_of=14).save_pretrained(folder)
    return folder


def test_depth_anything_gives_disparity_on_the_photos_pixels(tmp_path, photo):
    found, camera = estimate_depth(str(tiny(tmp_path)), photo, device="cpu")
    assert found.values.shape == (48, 64)
    assert found.known.all()
    assert found.kind == "disparity"
    assert camera is None


def test_an_estimator_is_read_once_for_many_photos(tmp_path, photo):
    folder = tiny(tmp_path / "model")
    first = estimate_depth(str(folder), photo, device="cpu")[0]
    shutil.rmtree(folder)
    np.testing.assert_array_equal(estimate_depth(str(folder), photo, device="cpu")[0].values, first.values)


def test_the_metric_variant_says_so():
    assert kind_of(SimpleNamespace(model_type="depth_anything", depth_estimation_type="metric")) == "metric"
    assert kind_of(SimpleNamespace(model_type="depth_anything", depth_estimation_type="relative")) == "disparity"
    assert kind_of(SimpleNamespace(model_type="zoedepth")) == "metric"
    assert kind_of(SimpleNamespace(model_type="dpt")) == "disparity"


@pytest.mark.parametrize("name", ["depth-anything", "nobody/has-this", "/no/such/folder"])
def test_nothing_is_downloaded_unless_asked(photo, name, monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(WtError, match="--allow-download"):
        estimate_depth(name, photo, device="cpu")


def test_moge_comes_with_a_camera_and_leaves_its_sky_out(photo, monkeypatch):
    asked = []

    class MoGeModel(torch.nn.Module):
        @classmethod
        def from_pretrained(cls, name, **options):
            asked.append((name, options))
            return cls()

        def infer(self, picture):
            assert picture.shape == (3, 48, 64)
            mask = torch.ones(48, 64, dtype=torch.bool)
            mask[:10] = False
            depth = torch.where(mask, 3.0, torch.inf)
            k = torch.tensor([[0.8, 0, 0.5], [0, 1.1, 0.5], [0, 0, 1]])
            return {"depth": depth, "mask": mask, "intrinsics": k}

    module = ModuleType("moge.model.v2")
    module.MoGeModel = MoGeModel
    for name in ("moge", "moge.model"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, "moge.model.v2", module)
    found, camera = estimate_depth("moge", photo, device="cpu")
    assert asked == [("Ruicheng/moge-2-vits-normal", {"local_files_only": True})]
    assert found.kind == "metric"
    assert found.known.sum() == 38 * 64
    assert (found.values[10:] == 3).all()
    assert (camera.fx, camera.fy, camera.cx, camera.cy) == pytest.approx((51.2, 52.8, 32, 24), rel=1e-6)


def test_moge_that_is_not_installed_is_named(photo, monkeypatch):
    monkeypatch.setitem(sys.modules, "moge", None)
    with pytest.raises(WtError, match="pip install git"):
        estimate_depth("moge", photo)
