"""Jobs done here, in processes, and by Ray; shards that many may write at once."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from wt.data import generate as generation
from wt.data.engines import run_jobs
from wt.data.shards import Sample, ShardFolder, write_shard
from wt.errors import WtError


def test_here_and_in_processes_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert list(run_jobs(abs, [-3, 2, -1])) == [3, 2, 1]
    names = ["OMP_NUM_THREADS", "MKL_NUM_THREADS"]
    assert list(run_jobs(os.getenv, names, processes=2)) == ["1", "1"], "workers compute in one thread each"
    assert "OMP_NUM_THREADS" not in os.environ


def test_ray_that_is_missing_is_said_with_its_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(WtError, match=r"pip install 'ray\[data\]'"):
        list(run_jobs(abs, [1], engine="ray"))


@pytest.fixture
def ray_here(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One worker on this machine, which `run_jobs` finds started."""
    ray = pytest.importorskip("ray", reason="ray is not installed")
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    try:
        ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, configure_logging=False)
    except Exception as error:
        if "timed out" not in str(error):
            raise
        pytest.skip("Ray did not start in its 30 seconds: this machine is too busy")
    yield
    ray.shutdown()


@pytest.mark.filterwarnings("ignore")
def test_ray_writes_the_same_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ray_here: None) -> None:
    monkeypatch.setattr(generation, "SHARD", 1)
    paths = generation.generate("object", 2, tmp_path / "ray", size=16, engine="ray")
    assert [path.name for path in paths] == ["objects-00000.safetensors", "objects-00001.safetensors"]
    expected, stored = generation.make_sample("object", 1, 16), ShardFolder(tmp_path / "ray", "object")[1]
    np.testing.assert_array_equal(stored.rgb, expected.rgb)
    np.testing.assert_array_equal(stored.depth, expected.depth.astype(np.float16))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WtError, match="could not be written"):
        generation.generate("object", 1, tmp_path / "file", size=16, engine="ray")


def test_a_shard_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    sample = Sample(np.zeros((4, 4, 3), np.uint8), np.zeros((6, 4, 4)), np.zeros((4, 4), np.uint8), np.ones(4))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WtError, match="could not be written"):
        write_shard(tmp_path / "file" / "objects-00000.safetensors", [sample])
    (tmp_path / "objects-00001.safetensors").mkdir()
    with pytest.raises(WtError, match="could not be written"):
        write_shard(tmp_path / "objects-00001.safetensors", [sample])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "objects-00001.safetensors"]
