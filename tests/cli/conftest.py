"""A folder with a photo, a mask and two tiny models; commands run in this process."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))

from helpers import tiny_model

import wt.__main__ as program


@pytest.fixture(scope="session")
def here(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cli")
    for kind in ("scene", "object"):
        tiny_model(folder, kind)
    rng = np.random.default_rng(0)
    v, u = np.mgrid[:80, :120]
    photo = np.stack([u * 2, v * 3, 128 + 0 * u], -1) + rng.integers(0, 9, (80, 120, 3))
    Image.fromarray(photo.clip(0, 255).astype(np.uint8)).save(folder / "photo.png")
    mask = np.zeros((80, 120), np.uint8)
    mask[20:60, 40:90] = 255
    Image.fromarray(mask).save(folder / "mask.png")
    return folder


@pytest.fixture
def call(capfd):
    """Run a command in this process; returns (exit code, the JSON object, standard error)."""

    def run(*argv):
        code = program.main([str(argument) for argument in argv])
        found = capfd.readouterr()
        return code, json.loads(found.out) if found.out else None, found.err

    return run
