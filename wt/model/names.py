"""Published tensor names to ours by prefix, and a configuration read off a file's shapes (ARCHITECTURE section 18)."""

import re
from dataclasses import replace
from typing import Literal

from torch import Tensor

from wt.errors import WtError
from wt.model.config import PATCH, EncoderConfig, WTDiTConfig, published

# Longest published prefix first: the first that fits is used.
PREFIXES = (
    ("net.encoder.final_project.", "image_proj."),
    ("net.encoder.", "encoder."),
    ("net.feature_projection.0.", "fuse_image."),
    ("net.geo_noise_projection.0.", "fuse_noise."),
    ("net.time_embedding.0.", "time.first."),
    ("net.time_embedding.2.", "time.second."),
    ("net.time_projection.1.", "time.rows."),
    ("net.decoder_blocks.", "decoder.blocks."),
    ("net.latents_projection.geo_blocks.", "head.blocks."),
    ("net.latents_projection.geo_layer_embed.", "head.layer.table."),
    ("net.latents_projection.geo_film_proj.0.", "head.layer.film_in."),
    ("net.latents_projection.geo_film_proj.2.", "head.layer.film_out."),
    ("net.latents_projection.geo_proj.", "out."),
    ("layer_embed.", "decoder.layer.table."),
    ("layer_film_proj.0.", "decoder.layer.film_in."),
    ("layer_film_proj.2.", "decoder.layer.film_out."),
    ("layer_adaln_proj.1.", "decoder.layer.adaln."),
)
_TEMPORAL = re.compile(r"^temporal_blocks\.(\d+)\.block\.")
_WRAPPERS = ("_orig_mod.", "_checkpoint_wrapped_module.", "module.")


def plain_name(name: str) -> str:
    """A name without the artefacts of compilation, checkpointing and data parallelism."""
    for wrapper in _WRAPPERS:
        name = re.sub(rf"(^|(?<=\.)){re.escape(wrapper)}", "", name)
    return name


def our_name(published_name: str) -> str | None:
    """Our name of a published tensor, or None for a name that no release has."""
    name = plain_name(published_name)
    if match := _TEMPORAL.match(name):
        return f"decoder.temporal.{match[1]}.{name[match.end() :]}"
    return next((ours + name[len(theirs) :] for theirs, ours in PREFIXES if name.startswith(theirs)), None)


def is_published(names: list[str]) -> bool:
    """Whether these are the names of a published file rather than ours."""
    return any(plain_name(name).startswith(("net.", "layer_embed.")) for name in names)


def infer_config(tensors: dict[str, Tensor], image_side: int | None = None) -> WTDiTConfig:
    """The configuration that a published file's (our-named) tensors imply; what shapes cannot say is the release's own.

    Raises:
        WtError: tensors that a WT-DiT cannot do without are missing.
    """
    try:
        layers, width = tensors["decoder.layer.table.weight"].shape
        head_dim = tensors["decoder.blocks.0.attn.q_norm.weight"].shape[0]
        encoder_width = tensors["encoder.cls_token"].shape[-1]
        channels = tensors["image_proj.weight"].shape[1]
        positions = tensors["encoder.pos_embed"].shape[1]
        patch_numbers = tensors["out.weight"].shape[0]
    except KeyError as error:
        raise WtError(f"This is not a WT-DiT checkpoint: it has no tensor {error.args[0]}. Check the file.") from error
    if patch_numbers != 3 * PATCH * PATCH:
        raise WtError(f"This checkpoint writes {patch_numbers} numbers a patch; only {3 * PATCH * PATCH} are known.")
    temporal = _count(tensors, "decoder.temporal.")
    adaln = "decoder.layer.adaln.weight" in tensors
    kind: Literal["object", "scene", "dynamic"] = "dynamic" if temporal else "scene" if adaln else "object"
    release = published(kind)
    # DINOv2's heads are 64 wide; the shrunk ones of the golden fixtures have two heads.
    encoder_heads = encoder_width // 64 if encoder_width >= 128 else 2
    return replace(
        release,
        image_side=image_side or release.image_side,
        layers=layers,
        width=width,
        heads=width // head_dim,
        decoder_blocks=_count(tensors, "decoder.blocks."),
        head_blocks=_count(tensors, "head.blocks."),
        temporal_blocks=temporal,
        layer_adaln=adaln,
        encoder=EncoderConfig(
            channels=channels,
            width=encoder_width,
            depth=_count(tensors, "encoder.blocks."),
            heads=encoder_heads,
            pretrain_grid=round((positions - 1) ** 0.5),
        ),
    )


def _count(tensors: dict[str, Tensor], prefix: str) -> int:
    return len({name[len(prefix) :].split(".")[0] for name in tensors if name.startswith(prefix)})
