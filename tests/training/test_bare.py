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

class Bare:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in blocked:
            raise ModuleNotFoundError(f"No module named {{name!r}}: this node is bare", name=name)

sys.meta_path.insert(0, Bare())
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
