import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).parent))
from tiny_shards import write_clips, write_shards

from wt.model.vit import DinoV2
from wt.training.recipes import recipe, shrunk


@pytest.fixture(scope="session")
def shards(tmp_path_factory):
    """A folder with a few scenes, objects and clips."""
    folder = tmp_path_factory.mktemp("shards")
    write_shards(folder, "scene", count=16)
    write_shards(folder, "object", count=16)
    return write_clips(folder)


@pytest.fixture(scope="session")
def encoder(tmp_path_factory):
    """A tiny ViT's weights under the names of a MoGe checkpoint, for the shrunk paper recipes."""
    torch.manual_seed(0)
    made = DinoV2(shrunk(recipe("paper_object")).config.encoder)
    tensors = {f"encoder.backbone.{name}": torch.randn_like(t) * 0.1 for name, t in made.state_dict().items()}
    path = tmp_path_factory.mktemp("encoder") / "vit.safetensors"
    save_file({name: t for name, t in tensors.items() if "image_" not in name}, path)
    return path


@pytest.fixture(autouse=True)
def new_accelerate():
    """Accelerate keeps the first run's precision and accumulation for the life of the process."""
    yield
    if "accelerate" in sys.modules:
        from accelerate.state import AcceleratorState, GradientState

        AcceleratorState._reset_state(reset_partial_state=True)
        GradientState._reset_state()
