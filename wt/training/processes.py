"""How the processes of a training were started, and the Accelerator that serves them."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from wt.errors import WtError

if TYPE_CHECKING:
    from accelerate import Accelerator


def sharding_wanted() -> bool:
    """Whether `accelerate launch --use_fsdp --fsdp_version 2` started this process.

    Raises:
        WtError: version 1, which has flattened weights that neither Muon nor the average can use.
    """
    if os.environ.get("ACCELERATE_USE_FSDP", "false").lower() != "true" or "LOCAL_RANK" not in os.environ:
        return False
    version = os.environ.get("FSDP_VERSION", "1")
    if version != "2":
        raise WtError(f"Sharded training needs FSDP 2; got version {version}. Add --fsdp_version 2 to the launch.")
    return True


def build_accelerator(out: Path, precision: str, accumulation: int, *, sharded: bool) -> "Accelerator":
    """Device, arithmetic, accumulation and processes of this run.

    Raises:
        WtError: started for a kind of parallelism that this training does not know.
    """
    from accelerate import Accelerator
    from accelerate.utils import AutocastKwargs, GradientAccumulationPlugin, is_tensorboard_available

    several = int(os.environ.get("WORLD_SIZE", "1")) > 1
    accelerator = Accelerator(
        cpu=(several or sharded) and not torch.cuda.is_available(),
        mixed_precision=precision,
        # Gradients that wait for the last batch of a step would be whole ones.
        gradient_accumulation_plugin=GradientAccumulationPlugin(accumulation, sync_each_batch=sharded),
        # A forward pass needs every weight once: casts that are kept would only take memory.
        kwargs_handlers=[AutocastKwargs(cache_enabled=False)],
        log_with="tensorboard" if is_tensorboard_available() else None,
        project_dir=out,
    )
    way = accelerator.distributed_type.value
    if way not in ("NO", "MULTI_CPU", "MULTI_GPU") and not (sharded and way == "FSDP"):
        raise WtError(
            f"This training runs on one device, data-parallel or sharded, not with {way}. Start it with "
            "`accelerate launch --multi_gpu`, `torchrun` or `accelerate launch --use_fsdp --fsdp_version 2`."
        )
    return accelerator
