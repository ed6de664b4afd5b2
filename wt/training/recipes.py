"""What a training run does, as plain numbers; one function per recipe, and small changes of it for ablations."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from wt.data.shards import Kind
from wt.errors import WtError
from wt.flow.timesteps import LogitNormal, NoiseShift, PlateauedLogitNormal, Schedule, paper_schedule
from wt.model.config import LITE2, WTDiTConfig, mini, published


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything about a run but its data, its place and its length."""

    config: WTDiTConfig
    batch: int = 8
    """Samples that one process takes through the network at a time."""
    accumulation: int = 1
    """So many batches make one step, as if they were one."""
    frames: int = 16
    """Of a clip; longer ones are cut."""
    strides: tuple[int, ...] = (1,)
    """How many frames of a clip lie from one that is taken to the next; drawn for each clip."""
    trained: tuple[str, ...] = ()
    """Beginnings of the names of what is trained; empty: everything but the frozen encoder."""
    temporal_lr: float = 1.0
    """Factor on the learning rate of temporal blocks, which begin anew in trained weights."""
    flicker_weight: float = 0.0
    """Of the loss on wrong changes of depth from frame to frame (ours; `wt.flow.loss.flicker`)."""
    first_side: int | None = None
    """Side of the input in the first of two stages; None: there is only the one at the configuration's side."""
    first_share: float = 0.5
    """Share of the run that the first stage takes."""
    optimizer: Literal["adamw", "muon"] = "adamw"
    """"muon": Muon for the blocks' matrices, AdamW for the rest; at a few thousand steps it learns faster."""
    lr: float = 1e-3
    min_lr: float = 2e-5
    warmup_steps: int = 150
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 0.01
    clip: float = 1.0
    ema_decay: float = 0.998
    spike: float = 4.0
    """A step whose loss is above this many times the running loss is skipped (App. B)."""
    mono_weight: float = 0.1
    huber: float | None = None
    """From what deviation on, in normalised coordinates, an error counts by its size; None: by its square (Eq. 3)."""
    schedule: Schedule = field(default_factory=lambda: Schedule(NoiseShift(atom=0.6)))
    """The shift towards noise that a small model needs (DESIGN section 5), and more draws of pure noise: only they (and
    the few next to them) teach it to read the photo, and it is sampled in few steps."""
    precision: Literal["auto", "bf16", "no"] = "auto"
    """"auto": bfloat16 where it is faster."""
    gradient_checkpointing: bool = False
    photometric: float = 1.0
    refresh_steps: int = 100
    """How often new shards are looked for."""
    save_minutes: float = 3.0
    check_minutes: float = 12.0
    """How often held-out samples are lifted and drawn."""
    held_out: int = 32
    """How many; with 0 there are no checks, and a machine without the renderer will do."""

    @property
    def kind(self) -> Kind:
        """What its samples show."""
        return "clip" if self.config.kind == "dynamic" else self.config.kind

    def side(self, share_done: float) -> int:
        """Side of the network's input when that share of the run is over."""
        first = self.first_side is not None and share_done < self.first_share
        return self.first_side if first and self.first_side else self.config.image_side


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Where a recipe runs and for how long."""

    data: Path
    out: Path
    hours: float
    resume: Path | None = None
    """weights.safetensors of another run, or a model file; a run that was stopped continues by itself."""
    rgbd: tuple[Path, ...] = ()
    """Folders of RGB-D frames that are mixed into rendered scenes; they supervise the visible layer only (Eq. 4)."""
    encoder: Path | None = None
    """Weights of a frozen encoder that is part of the model; needed unless `resume` has them, whose place they take."""
    threads: int = 0
    """CPU threads; 0 leaves PyTorch's choice."""
    workers: int = 0
    """Processes that make the batches, for each process that trains."""
    seed: int = 0
    max_steps: int | None = None


def mini_scene(image_side: int = 168) -> Recipe:
    """wt-s-mini on procedural rooms."""
    return _mini("scene", image_side)


def mini_object(image_side: int = 168) -> Recipe:
    """wt-o-mini on procedural objects."""
    return _mini("object", image_side)


def _mini(kind: Literal["scene", "object"], image_side: int) -> Recipe:
    """What the two share: 84 px first, where a CPU takes three samples in the time of one at 168 px.

    An hour at 84 px lowered the shipped models' held-out error more than one at 168 px.
    """
    first = 84 if image_side > 84 else None
    return Recipe(config=mini(kind, image_side=image_side), optimizer="muon", first_side=first, first_share=0.6)


def mini_dynamic(image_side: int = 168) -> Recipe:
    """wt-d-mini on procedural clips; it starts from wt-o-mini: `--resume assets/weights/wt-o-mini.safetensors`.

    Temporal blocks and head learn, the rest stays as it is in wt-o-mini, and both files can share it.
    """
    return Recipe(
        config=mini("dynamic", image_side=image_side),
        optimizer="muon",
        batch=1,
        frames=8,
        strides=(1, 1, 2),
        trained=("decoder.temporal.", "head.", "out.", "refine."),
        first_side=112 if image_side > 112 else None,
        first_share=0.6,
        lr=2e-4,
        temporal_lr=3.0,
        warmup_steps=30,
        ema_decay=0.99,
        schedule=Schedule(NoiseShift(atom=0.8)),
        flicker_weight=0.5,
        held_out=4,
    )


def paper_object(image_side: int = 504) -> Recipe:
    """WT-O at full size: 196 px, then 504 px, for half of the run each. Sixty-four processes make the paper's batch."""
    return replace(_paper(published("object").at_side(image_side)), first_side=196)


def paper_scene(image_side: int = 840) -> Recipe:
    """WT-S at full size: the paper's 504 px, then the released model's 840 px."""
    return replace(_paper(published("scene").at_side(image_side)), first_side=504)


def paper_dynamic(image_side: int = 336) -> Recipe:
    """WT-D at full size on clips of 16 frames; it starts from a trained WT-O, given as `--resume`."""
    return replace(_paper(published("dynamic").at_side(image_side)), batch=1, accumulation=8, held_out=4)


def _paper(config: WTDiTConfig) -> Recipe:
    """What the paper's three runs share (sections 3.3 and App. B)."""
    return Recipe(
        config=config,
        batch=2,
        accumulation=4,
        lr=1e-4,
        min_lr=1e-5,
        warmup_steps=2000,
        betas=(0.9, 0.999),
        ema_decay=0.9995,
        schedule=paper_schedule(),
        precision="bf16",
        gradient_checkpointing=True,
        save_minutes=30.0,
        check_minutes=30.0,
    )


RECIPES: dict[str, Callable[..., Recipe]] = {
    made.__name__: made for made in (mini_scene, mini_object, mini_dynamic, paper_object, paper_scene, paper_dynamic)
}


def recipe(name: str, image_side: int | None = None, ablate: str | None = None) -> Recipe:
    """A recipe by name, at its own or another input side, with one thing changed if `ablate` says so.

    Raises:
        WtError: no such recipe or ablation.
    """
    if name not in RECIPES:
        raise WtError(f"There is no training recipe {name!r}. Choose one of {', '.join(RECIPES)}.")
    made = RECIPES[name]() if image_side is None else RECIPES[name](image_side)
    if ablate is None:
        return made
    if ablate not in ABLATIONS:
        raise WtError(f"There is no ablation {ablate!r}. Choose one of {', '.join(ABLATIONS)}.")
    changed = ABLATIONS[ablate](made)
    name = f"{made.config.name}-{ablate.replace('=', '-')}"
    return replace(changed, config=replace(changed.config, name=name))


def shrunk(whole: Recipe) -> Recipe:
    """The recipe with a network and a batch that take a step within seconds on one core, and no neck."""
    small = whole.config.encoder
    if small.kind == "dinov2":
        small = replace(small, channels=128, width=32, depth=4, heads=2)
    else:
        small = replace(LITE2, side=64)
    config = replace(
        whole.config,
        image_side=42,
        width=32,
        heads=2,
        decoder_blocks=3,
        head_blocks=3,
        refine_channels=min(whole.config.refine_channels, 8),
        temporal_blocks=1 if whole.config.temporal_blocks else 0,
        encoder=small,
    )
    return replace(
        whole,
        config=config,
        batch=min(whole.batch, 2),
        accumulation=min(whole.accumulation, 2),
        frames=2,
        first_side=None if whole.first_side is None else 28,
        warmup_steps=5,
        held_out=2,
    )


def _with_schedule(schedule: Schedule) -> Callable[[Recipe], Recipe]:
    """The schedule, and with it the published sampler: even steps, as no schedule of the paper dwells on noise."""

    def changed(made: Recipe) -> Recipe:
        return replace(made, schedule=schedule, config=replace(made.config, sampling_shift=1.0, default_steps=20))

    return changed


def _with_recipe(**numbers: Any) -> Callable[[Recipe], Recipe]:
    return lambda made: replace(made, **numbers)


def _with_config(**numbers: Any) -> Callable[[Recipe], Recipe]:
    return lambda made: replace(made, config=replace(made.config, **numbers))


ABLATIONS: dict[str, Callable[[Recipe], Recipe]] = {
    "per-layer-mask": _with_config(layer_mask=True),
    "schedule=plateaued": _with_schedule(Schedule(PlateauedLogitNormal())),
    "schedule=logit-normal": _with_schedule(Schedule(LogitNormal())),
    "schedule=mixture": _with_schedule(paper_schedule()),
    "no-ray": _with_config(ray_attention=False),
    "no-layerscale": _with_config(layerscale_init=None),
    "layerscale=1e-4": _with_config(layerscale_init=1e-4),
    "no-refinement": _with_config(refine_channels=0),
    "no-neck": _with_config(encoder=LITE2),
    "huber=0.1": _with_recipe(huber=0.1),
}
"""The paper's section 4.3, Table 4 and App. F.3; the mixture is its whole two-phase curriculum. Small models start
LayerScale at 1, where it changes little: the paper's start is the fair opponent of none at all. The
refinement and the neck are ours, and so are their ablations."""
