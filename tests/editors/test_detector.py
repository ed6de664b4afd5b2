"""Finding by words: the detector's plumbing with a tiny random GroundingDINO, and masks from its boxes."""

import numpy as np
import pytest
import torch
from transformers import (
    BertConfig,
    BertTokenizerFast,
    GroundingDinoConfig,
    GroundingDinoForObjectDetection,
    GroundingDinoImageProcessor,
    GroundingDinoProcessor,
    SwinConfig,
)

from editors.segment import words
from editors.segment.base import Mask
from wt.errors import WtError

PHOTO = np.random.default_rng(0).integers(0, 255, (75, 120, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("models") / "grounding-dino-toy"
    known = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "lamp", "chair", "red", "a"]
    config = GroundingDinoConfig(
        backbone_config=SwinConfig(
            image_size=64,
            embed_dim=8,
            depths=[1] * 4,
            num_heads=[1, 1, 2, 2],
            window_size=4,
            out_features=["stage2", "stage3", "stage4"],
        ),
        text_config=BertConfig(
            vocab_size=len(known), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16
        ),
        d_model=32,
        encoder_layers=1,
        decoder_layers=2,
        encoder_ffn_dim=16,
        decoder_ffn_dim=16,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        num_queries=20,
        max_text_len=16,
    )
    GroundingDinoForObjectDetection(config).save_pretrained(path)
    tokenizer = BertTokenizerFast(vocab={word: number for number, word in enumerate(known)})
    pictures = GroundingDinoImageProcessor(size={"shortest_edge": 64, "longest_edge": 96})
    GroundingDinoProcessor(pictures, tokenizer).save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def detector(folder):
    return words.load_detector(str(folder), "cpu")


def test_hits_are_in_photo_pixels_the_surest_first(detector):
    assert (detector.name, detector.licence) == ("grounding-dino-toy", "Apache-2.0")
    hits = detector.find(PHOTO, "Lamp, red chair")
    assert 0 < len(hits) <= words.MOST_HITS
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    for hit in hits:
        left, top, right, bottom = hit.box
        assert 0 <= left < right <= 120
        assert 0 <= top < bottom <= 75
        assert hit.label
        assert set(hit.label.split()) <= {"lamp", "red", "chair"}
    assert max(hit.box[2] for hit in hits) > 75, "x is scaled by the width, not by the height"
    assert detector.find(PHOTO, " , ") == []


def test_boxes_are_scaled_joined_cut_and_thresholded(detector, monkeypatch):
    """Four boxes in shares of the photo as (centre, size): one twice, one over the edge, one below the threshold."""

    def seen(*_, **inputs):
        boxes = [[0.25, 0.4, 0.3, 0.4], [0.25, 0.4, 0.3, 0.42], [0.95, 0.9, 0.2, 0.4], [0.6, 0.5, 0.2, 0.2]]
        chances = torch.tensor([[0.9, 0.8, 0.6, 0.2]])
        logits = torch.full((1, 4, 16), -9.0)
        logits[..., 1] = torch.logit(chances)  # token 1 of "[CLS] lamp . [SEP]"
        found = {"logits": logits, "pred_boxes": torch.tensor([boxes]), "input_ids": inputs["input_ids"]}
        return type("Seen", (), found)()

    monkeypatch.setattr(detector, "_model", type("Model", (), {"device": "cpu", "__call__": seen})())
    hits = detector.find(PHOTO, "lamp")
    assert [(hit.label, round(hit.score, 3)) for hit in hits] == [("lamp", 0.9), ("lamp", 0.6)]
    np.testing.assert_allclose(hits[0].box, (0.1 * 120, 0.2 * 75, 0.4 * 120, 0.6 * 75), atol=1e-3)
    np.testing.assert_allclose(hits[1].box, (0.85 * 120, 0.7 * 75, 120, 75), atol=1e-3)


def test_the_mask_that_fills_the_box_is_taken():
    def rectangle(left, top, right, bottom):
        mask = np.zeros((75, 120), bool)
        mask[top:bottom, left:right] = True
        return Mask(mask, 1.0, "")

    nothing = Mask(np.zeros((75, 120), bool), 1.0, "")
    offered = [nothing, rectangle(20, 20, 30, 30), rectangle(11, 10, 60, 50), rectangle(0, 0, 120, 75)]
    assert words.filling(offered, (10.0, 10.0, 60.0, 50.0)).sum() == 49 * 40


def test_a_words_model_that_is_not_here_is_one_sentence(tmp_path):
    with pytest.raises(WtError, match="grounding-dino-tiny could not be loaded.*--allow-download"):
        words.load_detector("IDEA-Research/grounding-dino-tiny")
    with pytest.raises(WtError, match="could not be loaded"):
        words.load_detector(str(tmp_path))
