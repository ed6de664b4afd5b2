"""Every number of a WT-DiT: the published variants (ARCHITECTURE section 1) and ours differ in these only."""

import json
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal

from wt.errors import WtError
from wt.geometry.normalise import PUBLISHED_MEAN, PUBLISHED_STD, LogMedian, Normalisation, ZScore

PATCH = 14
BLOCK_CYCLE: tuple[Literal["layer", "ray", "global"], ...] = ("layer", "ray", "global")


@dataclass(frozen=True, kw_only=True)
class EncoderConfig:
    """The frozen image encoder."""

    kind: Literal["dinov2", "efficientnet_lite2", "necked_lite2"] = "dinov2"
    """A necked one has a few trained blocks of ours (`wt.model.neck`) after the convolutions."""
    channels: int = 4096
    """Channels of its features on the patch grid; a linear layer maps them to the network's width."""
    side: int | None = None
    """The photo is squeezed to this square before it is encoded; None: the encoder sees what the network sees."""
    width: int = 1024
    """This and the next two: of the ViT, or of the neck."""
    depth: int = 24
    heads: int = 16
    pretrain_grid: int = 37


LITE2 = EncoderConfig(kind="efficientnet_lite2", channels=520, side=224)
NECKED_LITE2 = EncoderConfig(kind="necked_lite2", channels=520 + 2 * 96, side=224, width=256, depth=6, heads=4)


@dataclass(frozen=True, kw_only=True)
class WTDiTConfig:
    """Everything that decides what a checkpoint computes."""

    name: str = ""
    kind: Literal["object", "scene", "dynamic"] = "object"
    image_side: int = 504
    """Side of the network's square input in pixels, a multiple of 14."""
    layers: int = 6
    width: int = 1536
    heads: int = 24
    decoder_blocks: int = 42
    head_blocks: int = 6
    temporal_blocks: int = 0
    """0, or one after every global decoder block (dynamic)."""
    layer_adaln: bool = False
    """Per-layer AdaLN in layer-wise decoder blocks, beside the FiLM (scene)."""
    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    time_features: int = 256
    image_token_gain: float = 0.3
    rope_base: float = 100.0
    min_t: float = 0.05
    layerscale_init: float | None = 1e-4
    """What the gains of LayerScale start from (ARCHITECTURE section 26); None: the blocks have no LayerScale."""
    ray_attention: bool = True
    """False (an ablation): the ray-wise blocks attend layer-wise."""
    temporal_start: Literal["absent", "mean"] = "absent"
    """What temporal blocks begin training as: nothing yet (the paper's), or a mean over time (`wt.model.temporal`)."""
    layer_mask: bool = False
    """True (an ablation): a second output says where each layer has a surface, in place of the depth filling."""
    refine_channels: int = 0
    """Width of the convolutions that join the patches of a small network's answer; 0: none, as published."""
    normalisation: Literal["zscore", "log_median"] = "zscore"
    mean: tuple[float, float, float] = PUBLISHED_MEAN
    std: tuple[float, float, float] = PUBLISHED_STD
    default_steps: int = 20
    sampling_shift: float = 1.0
    """Shift of the sampler's times towards noise; 1 is the published sampler."""
    repeat_tolerance: float = 0.0
    """A layer no further behind the last surface than this share of the ray's visible depth ends its ray (Eq. 2).

    The mean of "it goes on" and "it ends", which a small network answers, repeats no layer exactly.
    """
    windows: int = 1
    """Of a photo, which a lift is the mean of (`wt.windows`); 1 is the published way."""
    long_side: int = 504
    """Longer side of the grid that a lift returns."""
    crop_fill: float = 2 / 3
    """Share of the crop's side that an object's longer side takes (ARCHITECTURE section 3.2)."""
    square_pixels: bool = False
    """Whether the camera of a lift is fitted with one focal length for both axes."""
    units: str = "training-render units"
    licence: str = "CC BY-NC-ND 4.0"

    def __post_init__(self) -> None:
        if self.width % self.heads or (self.width // self.heads) % 4 or self.width % 2:
            raise WtError(
                f"A WT-DiT's width must be a multiple of 4 x heads; got width {self.width} with {self.heads} heads."
            )
        if self.decoder_blocks % 3 or self.head_blocks % 3:
            raise WtError(
                f"A WT-DiT's block counts must be multiples of 3 (layer, ray, global); got {self.decoder_blocks} "
                f"decoder and {self.head_blocks} head blocks."
            )
        if self.temporal_blocks not in (0, self.decoder_blocks // 3):
            raise WtError(
                f"A WT-DiT has no temporal block or one per global decoder block ({self.decoder_blocks // 3}); "
                f"got {self.temporal_blocks}."
            )
        if self.image_side % PATCH:
            raise WtError(f"A WT-DiT's image side must be a multiple of {PATCH}; got {self.image_side}.")

    @property
    def head_dim(self) -> int:
        """Channels of one attention head."""
        return self.width // self.heads

    @property
    def grid(self) -> int:
        """Patches along a side of the square input."""
        return self.image_side // PATCH

    def coordinates(self) -> Normalisation:
        """The map between camera space and the network's coordinates."""
        return ZScore(self.mean, self.std) if self.normalisation == "zscore" else LogMedian()

    def to_json(self) -> str:
        """One JSON object; `from_json` reads it back."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "WTDiTConfig":
        """Read `to_json`.

        Raises:
            WtError: not JSON, or numbers that this version does not know.
        """
        try:
            return cls._of_values(dict(json.loads(text)))
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise WtError(f"The model file's configuration is not readable ({error}). Save it again.") from error

    @classmethod
    def _of_values(cls, values: dict[str, Any]) -> "WTDiTConfig":
        unknown = sorted(set(values) - {f.name for f in fields(cls)})
        encoder = values.pop("encoder", {})
        unknown += sorted(set(encoder) - {f.name for f in fields(EncoderConfig)})
        if unknown:
            raise WtError(
                f"The model file's configuration has unknown entries {unknown}. "
                "It was written by a newer version: update World Tracing Studio."
            )
        for name in ("mean", "std"):
            if name in values:
                values[name] = tuple(values[name])
        return cls(encoder=EncoderConfig(**encoder), **values)

    def at_side(self, image_side: int) -> "WTDiTConfig":
        """The same network at another input side (stage 2 of a training)."""
        return replace(self, image_side=image_side)


def published(kind: Literal["object", "scene", "dynamic"]) -> WTDiTConfig:
    """The released configurations r75b, r69l and r76 (ARCHITECTURE section 1)."""
    name = f"world-tracing-{kind}"
    if kind == "scene":
        return WTDiTConfig(
            name=name,
            kind="scene",
            image_side=840,
            long_side=840,
            decoder_blocks=36,
            layer_adaln=True,
            normalisation="log_median",
            units="relative",
        )
    if kind == "dynamic":
        return WTDiTConfig(name=name, kind="dynamic", image_side=336, long_side=336, temporal_blocks=14)
    return WTDiTConfig(name=name, kind="object")


def mini(kind: Literal["object", "scene", "dynamic"], *, image_side: int = 112) -> WTDiTConfig:
    """Ours: 5.6 M trainable parameters beside a frozen EfficientNet-Lite2 and a frozen neck.

    `mean` and `std` of objects are the published ones until a training replaces them by its data's.
    """
    name = {"scene": "wt-s-mini", "object": "wt-o-mini", "dynamic": "wt-d-mini"}[kind]
    return WTDiTConfig(
        name=name,
        kind=kind,
        image_side=image_side,
        width=208,
        heads=4,
        decoder_blocks=6,
        head_blocks=3,
        temporal_blocks=2 if kind == "dynamic" else 0,
        encoder=NECKED_LITE2,
        layerscale_init=1.0,
        temporal_start="mean",
        refine_channels=32,
        normalisation="log_median" if kind == "scene" else "zscore",
        default_steps=8,
        sampling_shift=12.0,
        long_side=224,
        # 8 x 8 patches: what the crop leaves empty is missing from the object.
        crop_fill=0.9,
        square_pixels=True,
        units="relative" if kind == "scene" else "relative (the object's median depth is 2)",
        licence="Apache-2.0",
    )
