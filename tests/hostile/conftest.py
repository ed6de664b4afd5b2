"""The corpus, the quick parts of the app's tests, and one house for all file inputs."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.append(str(HERE.parent / "app"))

from house import House  # noqa: E402


@pytest.fixture(scope="session")
def house(tmp_path_factory):
    """The studio that every bad file is put into, one after the other."""
    house = House(tmp_path_factory.mktemp("house"))
    yield house
    house.close()
