"""A bare GPU node: torch, numpy, Pillow, safetensors and accelerate are enough to train."""

import subprocess
import sys
from pathlib import Path

from wt.training.run_files import RunFolder, read_curve

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import importlib.metadata as metadata, re, sys

def closure(names):
    found, left = set(), list(names)
    while left:
        name = re.sub(r"[-_.]+", "-", left.pop()).lower()
        if name in found:
            continue
        try:
            needed = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        found.add(name)
        left += [re.match(r"[A-Za-z0-9._-]+", one)[0] for one in needed if "extra ==" not in one]
    return found

allowed = closure(["torch", "numpy", "pillow", "safetensors", "accelerate"])
blocked = {{
    top for top, owners in metadata.packages_distributions().items()
    if not {{re.sub(r"[-_.]+", "-", owner).lower() for owner in owners}} & allowed
}}
assert {{"trimesh", "gradio", "scipy", "cv2", "matplotlib", "jaxtyping", "embreex"}} <= blocked, blocked

class Bare:  # a finder that does not see what is not there
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        return None if name.split(".")[0] in blocked else self.finder.find_spec(name, path, target)

    def find_distributions(self, *given):
        return self.finder.find_distributions(*given) if hasattr(self.finder, "find_distributions") else []

sys.meta_path[:] = [Bare(finder) for finder in sys.meta_path]
from wt.__main__ import main
sys.exit(main({arguments!r}))
"""


def test_one_step_with_five_packages(shards, tmp_path):
    run = ["train", "mini_object", "--data", str(shards), "--out", str(tmp_path / "run"), "--hours", "100"]
    arguments = [*run, "--steps", "1", "--side", "28", "--batch", "1", "--threads", "1", "--held-out", "0", "--json"]
    code = CODE.format(arguments=arguments)
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-3000:]
    files = RunFolder(tmp_path / "run")
    assert [row["step"] for row in read_curve(files.curve)] == [1]
    assert files.model.is_file()
