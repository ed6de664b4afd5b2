"""Diffusers pipelines with random weights, built without a network: tiny ones for tests, full-size ones to time.

The classes, paddings and size rules are the real ones, so that only the pictures are noise.
"""

import warnings
from pathlib import Path
from typing import Any, Literal

import torch

Size = Literal["tiny", "full"]
KLEIN: dict[Size, dict[str, dict[str, Any]]] = {
    "tiny": {
        # Four VAE levels give the real multiple-of-16 rule.
        "vae": {"block_out_channels": (4,) * 4, "layers_per_block": 1, "latent_channels": 4, "norm_num_groups": 2},
        "transformer": {
            "in_channels": 16,
            "num_layers": 1,
            "num_single_layers": 1,
            "attention_head_dim": 16,
            "num_attention_heads": 2,
            "joint_attention_dim": 48,
            "timestep_guidance_channels": 16,
            "axes_dims_rope": (4, 4, 4, 4),
        },
        "text": {
            "hidden_size": 16,
            "intermediate_size": 16,
            "num_hidden_layers": 28,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "head_dim": 8,
        },
    },
    "full": {
        "vae": {},
        "transformer": {
            "in_channels": 128,
            "num_layers": 5,
            "num_single_layers": 20,
            "attention_head_dim": 128,
            "num_attention_heads": 24,
            "joint_attention_dim": 7680,
        },
        "text": {
            "vocab_size": 151_936,
            "hidden_size": 2560,
            "intermediate_size": 9728,
            "num_hidden_layers": 36,
            "num_attention_heads": 32,
            "num_key_value_heads": 8,
            "head_dim": 128,
        },
    },
}
"""FLUX.2-klein-4B, whose transformer has 3.88 billion parameters and whose text encoder is Qwen3-4B."""
DENOISER: dict[Size, dict[str, Any]] = {
    "tiny": {
        "block_out_channels": (8, 16),
        "layers_per_block": 1,
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
        "attention_head_dim": 2,
        "norm_num_groups": 4,
        "cross_attention_dim": 16,
    },
    "full": {"block_out_channels": (320, 640, 1280, 1280), "attention_head_dim": 8, "cross_attention_dim": 768},
}
"""Stable Diffusion 1.5's, with the five more input channels of its inpainting model."""
CLIP: dict[Size, dict[str, Any]] = {
    "tiny": {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2},
    "full": {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12},
}
VAE: dict[Size, dict[str, Any]] = {
    "tiny": {"block_out_channels": (8,) * 4, "norm_num_groups": 4, "layers_per_block": 1},
    "full": {"block_out_channels": (128, 256, 512, 512), "norm_num_groups": 32, "layers_per_block": 2},
}


def letters(*special: str) -> dict[str, int]:
    """A vocabulary of every byte and the special tokens: there are no unknown words."""
    from tokenizers.pre_tokenizers import ByteLevel

    return {token: number for number, token in enumerate([*sorted(ByteLevel.alphabet()), *special])}


def klein(folder: Path, size: Size = "tiny") -> Path:
    """A Flux2KleinPipeline, saved: 0.1 million parameters, or 8 billion (16 GB)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import diffusers
        from transformers import Qwen2TokenizerFast, Qwen3Config, Qwen3ForCausalLM
    parts = KLEIN[size]
    tokenizer = Qwen2TokenizerFast(
        vocab=letters("<|endoftext|>", "<|im_start|>", "<|im_end|>"),
        merges=[],
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        model_max_length=512,
    )
    tokenizer.chat_template = "{% for m in messages %}<|im_start|>{{ m['content'] }}<|im_end|>{% endfor %}"
    text = {"vocab_size": len(tokenizer), "max_position_embeddings": 512, "tie_word_embeddings": True, **parts["text"]}
    levels = len(parts["vae"].get("block_out_channels", (128, 256, 512, 512)))
    blocks = {
        "down_block_types": ("DownEncoderBlock2D",) * levels,
        "up_block_types": ("UpDecoderBlock2D",) * levels,
        "mid_block_add_attention": size == "full",
    }
    with _random(size):
        pipe = diffusers.Flux2KleinPipeline(
            diffusers.FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True, shift=3.0),
            diffusers.AutoencoderKLFlux2(**blocks, **parts["vae"]),
            Qwen3ForCausalLM(Qwen3Config(**text)).eval(),
            tokenizer,
            diffusers.Flux2Transformer2DModel(patch_size=1, guidance_embeds=False, **parts["transformer"]),
            is_distilled=True,
        )
    pipe.save_pretrained(folder)
    return folder


def sd15(folder: Path, size: Size = "tiny") -> Path:
    """A StableDiffusionInpaintPipeline, saved."""
    import diffusers

    with _random(size):
        tokenizer, text = clip(size)
        vae, unet, scheduler = latents_and_denoiser(size)
        pipe = diffusers.StableDiffusionInpaintPipeline(
            vae, text, tokenizer, unet, scheduler, None, None, requires_safety_checker=False
        )
    pipe.save_pretrained(folder)
    return folder


def sdxl(folder: Path) -> Path:
    """A StableDiffusionXLInpaintPipeline, saved; tiny only."""
    import diffusers

    # Size, crop and target are six numbers, each embedded in eight dimensions, beside the pooled words.
    embeds = {"addition_embed_type": "text_time", "addition_time_embed_dim": 8}
    with _random("tiny"):
        (first, text), (second, text_2) = clip(), clip(projects=True)
        vae, unet, scheduler = latents_and_denoiser(
            cross_attention_dim=32, projection_class_embeddings_input_dim=16 + 6 * 8, **embeds
        )
        pipe = diffusers.StableDiffusionXLInpaintPipeline(
            vae, text, text_2, first, second, unet, scheduler, add_watermarker=False
        )
    pipe.save_pretrained(folder)
    return folder


def wan_vace(folder: Path) -> Path:
    """A WanVACEPipeline, saved; tiny only."""
    import diffusers

    with _random("tiny"):
        tokenizer, text = t5()
        pipe = diffusers.WanVACEPipeline(
            tokenizer,
            text,
            diffusers.AutoencoderKLWan(
                base_dim=4, z_dim=16, dim_mult=[1, 1, 1, 1], num_res_blocks=1, temperal_downsample=[False, True, True]
            ),
            diffusers.FlowMatchEulerDiscreteScheduler(shift=7.0),
            diffusers.WanVACETransformer3DModel(
                num_attention_heads=2,
                attention_head_dim=12,
                text_dim=16,
                freq_dim=16,
                ffn_dim=16,
                num_layers=2,
                rope_max_seq_len=32,
                vace_layers=[0],
                vace_in_channels=96,
            ),
        )
    pipe.save_pretrained(folder)
    return folder


def cogvideox(folder: Path) -> Path:
    """A CogVideoXVideoToVideoPipeline, saved; tiny only."""
    import diffusers

    with _random("tiny"):
        tokenizer, text = t5()
        pipe = diffusers.CogVideoXVideoToVideoPipeline(
            tokenizer,
            text,
            diffusers.AutoencoderKLCogVideoX(
                down_block_types=("CogVideoXDownBlock3D",) * 4,
                up_block_types=("CogVideoXUpBlock3D",) * 4,
                block_out_channels=(8,) * 4,
                latent_channels=4,
                layers_per_block=1,
                norm_num_groups=2,
            ),
            diffusers.CogVideoXTransformer3DModel(
                num_attention_heads=2,
                attention_head_dim=16,
                in_channels=4,
                out_channels=4,
                time_embed_dim=2,
                text_embed_dim=16,
                num_layers=1,
                sample_width=8,
                sample_height=8,
                sample_frames=9,
                max_text_seq_length=226,
                use_rotary_positional_embeddings=True,
            ),
            diffusers.CogVideoXDDIMScheduler(),
        )
    pipe.save_pretrained(folder)
    return folder


def t5() -> tuple[Any, Any]:
    """A T5 tokenizer of single characters, and its text encoder."""
    from transformers import T5Config, T5EncoderModel, T5TokenizerFast

    pieces = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *((chr(code), -2.0) for code in (9601, *range(97, 123)))]
    tokenizer = T5TokenizerFast(vocab=pieces, extra_ids=0)
    config = T5Config(vocab_size=len(tokenizer), d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    return tokenizer, T5EncoderModel(config).eval()


def clip(size: Size = "tiny", *, projects: bool = False) -> tuple[Any, Any]:
    """A CLIP tokenizer and its text encoder; the second one of SDXL projects."""
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

    one, end = "<|startoftext|>", "<|endoftext|>"
    words = list(letters())
    vocab = {token: n for n, token in enumerate([*words, *(word + "</w>" for word in words), one, end])}
    tokenizer = CLIPTokenizer(vocab=vocab, merges=[], model_max_length=77)
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=77,
        projection_dim=16,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        **CLIP[size],
    )
    return tokenizer, (CLIPTextModelWithProjection if projects else CLIPTextModel)(config).eval()


def latents_and_denoiser(size: Size = "tiny", **unet: Any) -> tuple[Any, Any, Any]:
    """VAE, denoiser and scheduler of a Stable Diffusion inpainting model."""
    import diffusers

    vae = diffusers.AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        mid_block_add_attention=size == "full",
        sample_size=512,
        **VAE[size],
    )
    denoiser = diffusers.UNet2DConditionModel(
        sample_size=64, in_channels=9, out_channels=4, **{**DENOISER[size], **unet}
    )
    return vae, denoiser, diffusers.EulerDiscreteScheduler(beta_schedule="scaled_linear", steps_offset=1)


class _random:
    """Seed 0; full-size weights are drawn in bfloat16, which halves what the machine must hold."""

    def __init__(self, size: Size) -> None:
        self.dtype = torch.bfloat16 if size == "full" else torch.float32

    def __enter__(self) -> None:
        self.before = torch.get_default_dtype()
        torch.set_default_dtype(self.dtype)
        torch.manual_seed(0)

    def __exit__(self, *_: object) -> None:
        torch.set_default_dtype(self.before)
