"""The paper's ablations at small scale, in one table: `python benchmarks/ablations.py --data DATA --out DIR --json`.

Every variant is trained from scratch on the same samples for the same number of steps (`python -m wt train RECIPE
--ablate NAME`), then all are measured on the same held-out samples, beside the plain recipe (`python -m wt eval
--against`). A run that was stopped goes on where it was; a finished one is not trained again.
"""

import argparse
import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from wt.training.recipes import ABLATIONS  # noqa: E402

PLAIN = "plain"
COLUMNS = ("l0_absrel", "l0_f05", "hidden_f05", "all_f05", "all_cd_l1")
FOREVER = "1000"
"""Hours: the number of steps ends a run."""
log = logging.getLogger("ablations")


def main() -> None:
    """Parse, train, measure, print one JSON object or a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder of shards: python -m wt data generate")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--recipe", default="mini_object", choices=["mini_object", "mini_scene"])
    parser.add_argument("--only", nargs="+", choices=[PLAIN, *ABLATIONS], help="variants to train now (all)")
    parser.add_argument("--steps", type=int, default=1500, help="training steps of each variant (1500)")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--side", type=int, default=56, help="network input in pixels (56)")
    parser.add_argument("--limit", type=int, default=64, help="held-out samples (64)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--train-only", action="store_true", help="no table; another process may train the others")
    parser.add_argument("--json", action="store_true", help="compact output in place of the table")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    for name in options.only or (PLAIN, *ABLATIONS):
        trained(name, options)
    if options.train_only:
        return
    report = measured(options)
    print(json.dumps(report) if options.json else as_markdown(report))


def trained(name: str, options: argparse.Namespace) -> None:
    """Train one variant, or the rest of it."""
    out = options.out / name
    if steps_done(out) >= options.steps:
        log.info("%s: %d steps done", name, options.steps)
        return
    log.info("%s: training", name)
    command = ["train", options.recipe, "--data", str(options.data), "--out", str(out), "--hours", FOREVER]
    command += ["--steps", str(options.steps), "--batch", str(options.batch), "--side", str(options.side)]
    command += ["--threads", str(options.threads), "--held-out", "0", "--json"]
    called([*command, *([] if name == PLAIN else ["--ablate", name])])


def steps_done(run: Path) -> int:
    """Of a stored run, by its curve; 0 without a model."""
    curve = run / "curve.jsonl"
    if not curve.is_file() or not (run / "model.safetensors").is_file():
        return 0
    rows = [json.loads(line) for line in curve.read_text().splitlines()]
    return max((row["step"] for row in rows), default=0)


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """All variants that are there, on the same samples: figures, and each one's difference from the plain recipe."""
    names = [name for name in (PLAIN, *ABLATIONS) if steps_done(options.out / name) >= options.steps]
    files = {name: str(options.out / name / "model.safetensors") for name in names}
    command = ["eval", "--split", f"{options.recipe.removeprefix('mini_')}s", "--limit", str(options.limit)]
    command += ["--cache", str(options.out / "held-out"), "--model", files[PLAIN], "--json"]
    for name in names[1:]:
        command += ["--against", files[name]]
    found = called(command)
    # The rows of models come in the order in which they were asked for, then those of the baselines.
    rows = [{"variant": name, **{c: row[c] for c in COLUMNS}} for name, row in zip(names, found["rows"], strict=False)]
    for row, gap in zip(rows[1:], found["differences"], strict=True):
        figures = {c: gap["figures"][c] for c in COLUMNS}
        row["minus_plain"] = {c: {"mean": -figures[c]["mean"], "se": figures[c]["se"]} for c in COLUMNS}
    settings = {"recipe": options.recipe, "side": options.side, "steps": options.steps, "batch": options.batch}
    return {**settings, "n": found["n"], "rows": rows}


def called(command: list[str]) -> dict[str, Any]:
    """What a command of the program prints with --json."""
    done = subprocess.run([sys.executable, "-m", "wt", *command], cwd=ROOT, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise SystemExit(f"`python -m wt {' '.join(command)}` failed; what it said is above.")
    return json.loads(done.stdout)


def as_markdown(report: dict[str, Any]) -> str:
    """The table; in brackets a variant's mean difference from the plain recipe, sample by sample, and its error."""
    lines = ["| variant | " + " | ".join(COLUMNS) + " |", "|---" * (1 + len(COLUMNS)) + "|"]
    for row in report["rows"]:
        gaps = row.get("minus_plain", {})
        cells = [
            f"{row[c]:.4f}" + (f" ({gaps[c]['mean']:+.4f} ± {gaps[c]['se']:.4f})" if gaps else "") for c in COLUMNS
        ]
        lines.append(f"| {row['variant']} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
