"""The diffusers editor end to end, on a tiny random klein pipeline built offline and reloaded from its folder."""

import warnings

import numpy as np
import pytest

from editors.diffusion import DiffusionEditor, fit_size
from wt.errors import Cancelled, WtError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A random Flux2KleinPipeline of 0.1 M parameters, with the real classes, pads and size rules."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import diffusers
        import torch
        from tokenizers.pre_tokenizers import ByteLevel
        from transformers import Qwen2TokenizerFast, Qwen3Config, Qwen3ForCausalLM
    torch.manual_seed(0)
    letters = [*sorted(ByteLevel.alphabet()), "<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tokenizer = Qwen2TokenizerFast(
        vocab={token: i for i, token in enumerate(letters)},
        merges=[],
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        model_max_length=512,
    )
    tokenizer.chat_template = "{% for m in messages %}<|im_start|>{{ m['content'] }}<|im_end|>{% endfor %}"
    blocks = 4  # four VAE levels give the real multiple-of-16 rule
    vae = diffusers.AutoencoderKLFlux2(
        sample_size=32,
        down_block_types=("DownEncoderBlock2D",) * blocks,
        up_block_types=("UpDecoderBlock2D",) * blocks,
        block_out_channels=(4,) * blocks,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=2,
        mid_block_add_attention=False,
    )
    transformer = diffusers.Flux2Transformer2DModel(
        patch_size=1,
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=48,
        timestep_guidance_channels=16,
        axes_dims_rope=(4, 4, 4, 4),
        guidance_embeds=False,
    )
    text = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=16,
        num_hidden_layers=28,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        max_position_embeddings=512,
        tie_word_embeddings=True,
    )
    scheduler = diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, shift=3.0)
    pipe = diffusers.Flux2KleinPipeline(
        scheduler, vae, Qwen3ForCausalLM(text).eval(), tokenizer, transformer, is_distilled=True
    )
    path = tmp_path_factory.mktemp("klein")
    pipe.save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def editor(folder):
    return DiffusionEditor(folder, device="cpu")


PHOTO = np.random.default_rng(0).integers(0, 255, (97, 131, 3), dtype=np.uint8)
MASK = np.zeros((97, 131), bool)
MASK[20:60, 40:90] = True


@pytest.mark.parametrize("mask", [None, MASK])
def test_any_size_comes_back_with_steps_told_and_seed_exact(editor, mask):
    told = []
    first = editor.edit(PHOTO, mask, "add a red chair", seed=1, on_step=lambda done, total: told.append((done, total)))
    assert first.shape == PHOTO.shape
    assert first.dtype == np.uint8
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    np.testing.assert_array_equal(first, editor.edit(PHOTO, mask, "add a red chair", seed=1))
    assert (first != editor.edit(PHOTO, mask, "add a red chair", seed=2)).any()


def test_cancel_stops_within_one_step_and_the_next_call_works(editor):
    told = []

    def stop(done, total):
        told.append(done)
        raise Cancelled

    with pytest.raises(Cancelled):
        editor.edit(PHOTO, None, "add a lamp", on_step=stop)
    assert told == [1]
    assert editor.edit(PHOTO, None, "add a lamp").shape == PHOTO.shape


def test_missing_weights_and_an_empty_prompt_get_a_sentence(editor, tmp_path):
    with pytest.raises(WtError, match="not on this machine"):
        DiffusionEditor("nobody/nothing").edit(PHOTO, None, "add a lamp")
    with pytest.raises(WtError, match="prompt is empty"):
        editor.edit(PHOTO, None, "  ")


@pytest.mark.parametrize(
    ("size", "fitted"), [((131, 97), (128, 96)), ((1300, 1000), (1168, 896)), ((40, 40), (64, 64))]
)
def test_sizes_are_multiples_of_16_below_a_megapixel(size, fitted):
    assert fit_size(*size) == fitted
