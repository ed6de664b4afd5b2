import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from tiny_shards import write_clips, write_shards


@pytest.fixture(scope="session")
def shards(tmp_path_factory):
    """A folder with a few scenes, objects and clips."""
    folder = tmp_path_factory.mktemp("shards")
    write_shards(folder, "scene", count=16)
    write_shards(folder, "object", count=16)
    return write_clips(folder)


@pytest.fixture(autouse=True)
def new_accelerate():
    """Accelerate keeps the first run's precision and accumulation for the life of the process."""
    yield
    if "accelerate" in sys.modules:
        from accelerate.state import AcceleratorState, GradientState

        AcceleratorState._reset_state(reset_partial_state=True)
        GradientState._reset_state()
