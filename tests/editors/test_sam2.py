"""SAM 2.1 through transformers, with a tiny random model in a folder; and who is chosen when nobody is named."""

import logging

import numpy as np
import pytest
from transformers import (
    Sam2Config,
    Sam2HieraDetConfig,
    Sam2ImageProcessor,
    Sam2MaskDecoderConfig,
    Sam2Model,
    Sam2Processor,
    Sam2PromptEncoderConfig,
    Sam2VisionConfig,
)

from editors.segment import AUTO, new_segmenter, sam2
from editors.segment.base import Segmenter
from editors.segment.sam_mini_segmenter import SamMiniSegmenter
from wt.errors import WtError

PHOTO = np.random.default_rng(0).integers(0, 255, (75, 120, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "sam2.1-hiera-toy"
    backbone = Sam2HieraDetConfig(
        hidden_size=12,
        image_size=[128, 128],
        blocks_per_stage=[1, 1, 2, 1],
        embed_dim_per_stage=[12, 24, 48, 96],
        num_attention_heads_per_stage=[1, 2, 4, 8],
        window_size_per_stage=[4, 2, 4, 2],
        global_attention_blocks=[3],
        window_positional_embedding_background_size=[2, 2],
    )
    vision = Sam2VisionConfig(
        backbone_config=backbone,
        backbone_channel_list=[96, 48, 24, 12],
        backbone_feature_sizes=[[32, 32], [16, 16], [8, 8]],
        fpn_hidden_size=32,
    )
    config = Sam2Config(
        vision_config=vision,
        prompt_encoder_config=Sam2PromptEncoderConfig(hidden_size=32, image_size=128),
        mask_decoder_config=Sam2MaskDecoderConfig(
            hidden_size=32, mlp_dim=64, num_attention_heads=2, iou_head_hidden_dim=32
        ),
    )
    Sam2Model(config).save_pretrained(path)
    Sam2Processor(Sam2ImageProcessor(size={"height": 128, "width": 128})).save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def segmenter(folder):
    found = new_segmenter(folder, device="cpu")
    found.set_image(PHOTO)
    return found


def test_a_folder_selects_by_clicks_and_boxes(segmenter):
    assert isinstance(segmenter, Segmenter)
    assert (segmenter.name, segmenter.licence) == ("sam2.1-hiera-toy", "Apache-2.0")
    for prompt in (
        {"points": [(60.0, 40.0, True)]},
        {"points": [(60.0, 40.0, True), (5.0, 5.0, False)]},
        {"box": (10.0, 10.0, 80.0, 60.0)},
        {"points": [(60.0, 40.0, True)], "box": (10.0, 10.0, 80.0, 60.0)},
    ):
        masks = segmenter.predict(**prompt)
        assert [mask.label for mask in masks] == ["part", "middle", "object"]
        assert all(mask.mask.shape == (75, 120) and mask.mask.dtype == bool for mask in masks)
        sizes = [int(mask.mask.sum()) for mask in masks]
        assert sizes == sorted(sizes)


def test_the_photo_is_encoded_once_and_kept_apart(segmenter, monkeypatch):
    other = segmenter.fresh()
    assert other._model is segmenter._model
    with pytest.raises(WtError, match="Open a photo"):
        other.predict(points=[(1.0, 1.0, True)])
    other.set_image(PHOTO[::-1].copy())

    def refuse(*_, **__):
        raise AssertionError("encoded again")

    before = segmenter.predict(points=[(30.0, 30.0, True)])
    monkeypatch.setattr(segmenter._model, "get_image_features", refuse)
    again = segmenter.predict(points=[(30.0, 30.0, True)])
    assert all((a.mask == b.mask).all() for a, b in zip(before, again, strict=True))


def test_what_is_not_here_is_one_sentence_and_nothing_is_downloaded(monkeypatch, tmp_path):
    asked = []

    def absent(source, **options):
        asked.append((source, options["local_files_only"]))
        raise OSError("not in the cache")

    monkeypatch.setattr(Sam2Processor, "from_pretrained", absent)
    with pytest.raises(WtError, match="--allow-download"):
        new_segmenter("facebook/sam2.1-hiera-small")
    with pytest.raises(WtError, match="could not be loaded as a SAM 2 model"):
        new_segmenter(tmp_path)
    with pytest.raises(WtError):
        new_segmenter("facebook/sam2.1-hiera-small", allow_download=True)
    assert asked == [
        ("facebook/sam2.1-hiera-small", True),
        (str(tmp_path), True),
        ("facebook/sam2.1-hiera-small", False),
    ]


def test_by_itself_the_light_model_selects_where_it_is_or_may_be_fetched(monkeypatch, caplog):
    asked = []

    def load(source, device, *, allow_download):
        asked.append((source, allow_download))
        raise WtError("No network.")

    monkeypatch.setattr(sam2, "load_sam2", load)
    monkeypatch.setattr(sam2, "is_cached", lambda: False)
    assert isinstance(new_segmenter(AUTO), SamMiniSegmenter)
    assert asked == []
    with caplog.at_level(logging.WARNING):
        assert isinstance(new_segmenter(AUTO, allow_download=True), SamMiniSegmenter)
    assert "No network." in caplog.text
    monkeypatch.setattr(sam2, "is_cached", lambda: True)
    new_segmenter(AUTO)
    assert asked == [("facebook/sam2.1-hiera-tiny", True), ("facebook/sam2.1-hiera-tiny", False)]
