"""Shared by all tests: one thread (two busy cores spin), no outside request, fixtures of the published numerics."""

import os
from pathlib import Path

import pytest
from ball_room import ball_room, fine_room  # noqa: F401  (fixtures)

# Before torch, gradio or huggingface_hub are imported by a test module.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"

REFERENCE = Path(__file__).resolve().parent.parent.parent / "shared" / "reference"


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of golden fixtures, beside the repository where there is one."""
    if not REFERENCE.is_dir():
        pytest.skip("the golden fixtures (../shared/reference) are not here")
    return REFERENCE
