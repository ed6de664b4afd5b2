"""What a training run does, as plain numbers; one function per recipe."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from wt.errors import WtError
from wt.flow.timesteps import NoiseShift, Schedule
from wt.model.config import WTDiTConfig, mini


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Everything about a run but its data, its place and its length."""

    config: WTDiTConfig
    batch: int = 8
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
    schedule: Schedule = field(default_factory=lambda: Schedule(NoiseShift(atom=0.6)))
    """The shift towards noise that a small model needs (DESIGN section 5), and more draws of pure noise: only they (and
    the few next to them) teach it to read the photo, and it is sampled in few steps."""
    photometric: float = 1.0
    refresh_steps: int = 100
    """How often new shards are looked for."""
    save_minutes: float = 3.0
    check_minutes: float = 12.0
    """How often held-out samples are lifted and drawn."""
    held_out: int = 32

    @property
    def kind(self) -> Literal["scene", "object"]:
        """What its samples show."""
        return "scene" if self.config.kind == "scene" else "object"


def mini_scene(image_side: int = 112) -> Recipe:
    """wt-s-mini on procedural rooms."""
    return Recipe(config=mini("scene", image_side=image_side), optimizer="muon")


def mini_object(image_side: int = 112) -> Recipe:
    """wt-o-mini on procedural objects."""
    return Recipe(config=mini("object", image_side=image_side), optimizer="muon")


RECIPES: dict[str, Callable[[int], Recipe]] = {"mini_scene": mini_scene, "mini_object": mini_object}


def recipe(name: str, image_side: int = 112) -> Recipe:
    """A recipe by name.

    Raises:
        WtError: no such recipe.
    """
    if name not in RECIPES:
        raise WtError(f"There is no training recipe {name!r}. Choose one of {', '.join(sorted(RECIPES))}.")
    return RECIPES[name](image_side)
