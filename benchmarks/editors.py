"""The path of a diffusers editor on this machine: `python benchmarks/editors.py [--size full] [--json]`.

Each editor repaints a place of a photo; what it painted there is registered and composited as in the app. Without
FOLDER the pipelines have random weights: tiny ones, or with `--size full` those of FLUX.2-klein-4B and of Stable
Diffusion 1.5, which tell seconds and memory but paint noise. Folders hold pipelines that diffusers saved.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import numpy as np  # noqa: E402
import random_pipelines  # noqa: E402
import torch  # noqa: E402

from editors.diffusion import DiffusionEditor  # noqa: E402
from editors.diffusion_loading import weight_bytes  # noqa: E402
from editors.register import repair  # noqa: E402
from wt.cli.common import peak_rss_mb  # noqa: E402
from wt.images import open_photo  # noqa: E402

PHOTO = ROOT / "assets" / "examples" / "room_chair.jpg"
PROMPT = "a red chair"
COLUMNS = ("load_s", "seconds", "seconds_per_step", "repair_s", "peak_mb", "changed_outside")


def main() -> None:
    """Parse, measure, print one JSON object or a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="pipelines that diffusers saved")
    parser.add_argument("--size", choices=("tiny", "full"), default="tiny", help="of the random pipelines (tiny)")
    parser.add_argument("--only", nargs="*", choices=("klein", "sd15", "sdxl"), help="of the random pipelines")
    parser.add_argument("--photo", type=Path, default=PHOTO, help="the photo that is edited")
    parser.add_argument("--steps", type=int, help="denoising steps (each model's own)")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--json", action="store_true", help="one JSON object in place of the table")
    options = parser.parse_args()
    photo = open_photo(options.photo).rgb
    with tempfile.TemporaryDirectory() as scratch:
        folders = options.folders or random_ones(Path(scratch), options.size, options.only)
        rows = [measured(folder, photo, options.steps, options.device) for folder in folders]
    about = {"photo": f"{photo.shape[1]} x {photo.shape[0]}", "size": options.size, "device": device_name()}
    print(json.dumps({**about, "rows": rows}) if options.json else as_markdown(rows))


def random_ones(scratch: Path, size: random_pipelines.Size, only: list[str] | None) -> Iterator[Path]:
    """The random pipelines, each written when its turn comes."""
    makers = {"klein": random_pipelines.klein, "sd15": random_pipelines.sd15}
    for name in only or [*makers, *(["sdxl"] if size == "tiny" else [])]:
        folder = scratch / name
        yield random_pipelines.sdxl(folder) if name == "sdxl" else makers[name](folder, size)


def measured(folder: Path, photo: np.ndarray, steps: int | None, device: str) -> dict[str, Any]:
    """One editor on one photo: the first edit, which loads the weights, and a second one."""
    editor = DiffusionEditor(folder, device=device, steps=steps)
    height, width = photo.shape[:2]
    mask = np.zeros((height, width), bool)
    mask[height // 2 : 7 * height // 8, width // 3 : 2 * width // 3] = True
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    first, _ = timed(editor, photo, mask)
    seconds, edited = timed(editor, photo, mask)
    began = time.perf_counter()
    # Random weights paint noise everywhere, which is refused, as it should be: only the place keeps it.
    fixed = repair(photo, np.where(mask[..., None], edited, photo), mask)
    return {
        "editor": folder.name,
        "model": editor.name,
        "weights_mb": round(weight_bytes(folder)[0] / 1e6, 1),
        "steps": editor.steps,
        "load_s": round(first - seconds, 2),
        "seconds": round(seconds, 2),
        "seconds_per_step": round(seconds / editor.steps, 3),
        "repair_s": round(time.perf_counter() - began, 2),
        "peak_mb": round(torch.cuda.max_memory_allocated() / 2**20) if torch.cuda.is_available() else peak_rss_mb(),
        "changed_outside": fixed.changed_outside,
    }


def timed(editor: DiffusionEditor, photo: np.ndarray, mask: np.ndarray) -> tuple[float, np.ndarray]:
    """(seconds, picture) of one edit."""
    began = time.perf_counter()
    edited = editor.edit(photo, mask, PROMPT)
    return time.perf_counter() - began, edited


def device_name() -> str:
    """What ran it."""
    return torch.cuda.get_device_name() if torch.cuda.is_available() else f"CPU, {torch.get_num_threads()} threads"


def as_markdown(rows: list[dict[str, Any]]) -> str:
    """A table, one row an editor."""
    head = ["editor", "weights MB", "steps", *(name.replace("_", " ") for name in COLUMNS)]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        cells = [row["model"], row["weights_mb"], row["steps"], *(row[name] for name in COLUMNS)]
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
