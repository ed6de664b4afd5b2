"""`python -m wt doctor`: is everything here that the program needs, and how fast is this machine?"""

import argparse
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wt.cli.common import Subparsers, add_command
from wt.errors import WtError

ROOT = Path(__file__).resolve().parents[2]
REQUIRED = ("torch", "torchvision", "numpy", "Pillow", "safetensors", "scipy", "scikit-image", "opencv-python-headless")
APP = ("gradio", "viser", "trimesh", "embreex", "pypatchmatch", "pillow-heif")
OPTIONAL = (
    "bitsandbytes",
    "peft",
    "accelerate",
    "diffusers",
    "transformers",
    "segment-anything",
    "open3d",
    "matplotlib",
)
EXTRA = {
    "bitsandbytes": "missing; with it large 2D editors run in 4 bits on a small GPU: pip install bitsandbytes",
    "peft": "missing; the editors with lcm in their names need it: pip install peft",
}
PYTHONS = ((3, 11), (3, 13))


def register(subparsers: Subparsers, editors: Callable[[], list[dict[str, Any]]]) -> None:
    """Add the parser; `editors` tells {name, ok, detail} of every 2D editor."""
    add_command(
        subparsers,
        "doctor",
        lambda arguments: run(arguments, editors()),
        "Check this machine: Python, packages, devices, weights; says what to do.",
    )


def run(arguments: argparse.Namespace, editors: list[dict[str, Any]]) -> dict[str, Any]:
    """Every check as {name, ok, needed, detail}; `ok` if all that is needed is well."""
    checks = [python_check(), *(package_check(name, needed=True) for name in REQUIRED)]
    checks += [package_check(name, needed=True) for name in APP]
    checks += [package_check(name, needed=False) for name in OPTIONAL]
    checks += [torch_pair_check(), encoder_check(), *model_checks(), *trellis_checks(), browser_check(), disk_check()]
    checks += [check(f"editor {found['name']}", found["ok"], found["detail"], needed=False) for found in editors]
    bad = [check for check in checks if check["needed"] and not check["ok"]]
    return {
        "ok": not bad,
        "device": device(),
        "cpu_cores": os.cpu_count(),
        "memory_mb": memory_mb(),
        "platform": platform.platform(),
        "problems": [f"{check['name']}: {check['detail']}" for check in bad],
        "checks": checks,
    }


def check(name: str, ok: bool, detail: str, needed: bool = True) -> dict[str, Any]:
    """One line of the report."""
    return {"name": name, "ok": ok, "needed": needed, "detail": detail}


def python_check() -> dict[str, Any]:
    """The supported Python versions."""
    version = platform.python_version()
    if PYTHONS[0] <= sys.version_info[:2] < PYTHONS[1]:
        return check("python", True, version)
    return check("python", False, f"{version}; Python 3.11 or 3.12 is needed")


def package_check(name: str, *, needed: bool) -> dict[str, Any]:
    """Whether a distribution is installed."""
    try:
        return check(name, True, importlib.metadata.version(name), needed)
    except importlib.metadata.PackageNotFoundError:
        return check(name, False, EXTRA.get(name, "missing; pip install -r requirements.txt"), needed)


def torch_pair_check() -> dict[str, Any]:
    """torchvision's own operators only load if both come from the same index."""
    try:
        import torch  # noqa: F401
        import torchvision.ops
    except (ImportError, RuntimeError) as error:
        return check("torch with torchvision", False, f"{error}; install both from the same index")
    return check("torch with torchvision", hasattr(torchvision.ops, "nms"), "both load")


def encoder_check() -> dict[str, Any]:
    """The shared image encoder."""
    from wt.model.encoder import shared_encoder

    try:
        shared_encoder("cpu")
    except WtError as error:
        return check("image encoder", False, str(error))
    return check("image encoder", True, "assets/weights/encoder-lite2.safetensors")


def model_checks() -> list[dict[str, Any]]:
    """Every model of the registry: ours must be here, published ones may be."""
    from wt.model.checkpoint import read_metadata
    from wt.model.registry import MODELS

    found = []
    for entry in MODELS.values():
        if entry.hub is not None:
            here = entry.hub.cached() is not None
            text = "downloaded" if here else f"not part of this program; python -m wt download {entry.name}"
            found.append(check(entry.name, here, f"{text} ({entry.licence})", needed=False))
            continue
        assert entry.file is not None
        try:
            training = read_metadata(entry.file)["training"] if entry.file.is_file() else None
        except WtError as error:
            found.append(check(entry.name, False, str(error)))
            continue
        text = f"{training.get('samples', '?')} samples" if training is not None else "assets/weights lacks it"
        found.append(check(entry.name, training is not None, text))
    return found


def trellis_checks() -> list[dict[str, Any]]:
    """The programs that make textured meshes of objects; neither is part of this one."""
    from wt.trellis.installed import KNOWN

    text = {True: "installed", False: "not installed; with it objects get textured meshes"}
    return [check(found.name, found.here, f"{text[found.here]} ({found.home})", needed=False) for found in KNOWN]


def browser_check() -> dict[str, Any]:
    """Chromium drives the page in the tests only."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    return check(
        "chromium", found is not None, "for the browser tests" if found else "missing; browser tests skip", False
    )


def disk_check() -> dict[str, Any]:
    """Room for exports and temporary files."""
    free = shutil.disk_usage(ROOT).free >> 20
    return check("disk", free > 500, f"{free} MB free")


def device() -> str:
    """What `device="auto"` takes."""
    if importlib.util.find_spec("torch") is None:
        return "none: torch is missing"
    from wt.machine import device_words

    return device_words()


def memory_mb() -> int | None:
    """Physical memory, where the system tells."""
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return None
    return (os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")) >> 20
