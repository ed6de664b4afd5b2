"""One quick studio for each test: real controller, sessions, viewer and autosave; quick parts instead of models."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))

from doubles import QuickEngine

from app.config import AppConfig
from app.controller import Controller
from app.jobs import Worker
from app.session import Sessions


@pytest.fixture
def config(tmp_path: Path) -> AppConfig:
    return AppConfig(data_dir=tmp_path / "data", point_budget=3000, max_visitors=4)


@pytest.fixture
def controller(config: AppConfig):
    sessions, worker = Sessions(config), Worker()
    yield Controller(QuickEngine(config), sessions, worker)
    worker.stop()
    sessions.close()


@pytest.fixture
def session(controller: Controller):
    return controller.sessions.attach("page-1")


@pytest.fixture
def photo_file(tmp_path: Path) -> Path:
    """An asymmetric 96 x 64 picture: a flip or a swap of axes shows."""
    v, u = np.mgrid[:64, :96]
    rgb = np.stack([u * 2.5, v * 3.9, (u > 60) * 200], axis=-1).astype(np.uint8)
    path = tmp_path / "ramp.png"
    Image.fromarray(rgb).save(path)
    return path
