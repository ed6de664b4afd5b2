"""The card beside a weights file: what it was trained on, where, for how long, and how good it is."""

from typing import Any

from wt.model.config import WTDiTConfig

SHOWN = ("l0_absrel", "l0_delta1", "l0_f05", "hidden_f05", "all_f01", "all_f05", "all_cd_l1", "all_cd_l2")
RECIPES = {"scene": "mini_scene", "object": "mini_object"}
KINDS = {"scene": "whole photos, up to one global scale", "object": "one selected object"}
UNITS = {"scene": "median depth", "object": "object's longest side"}
HELD_OUT = "seeds that are never trained on"


def card_text(
    name: str, config: WTDiTConfig, training: dict[str, Any], rows: list[dict[str, Any]], evaluation: dict[str, Any]
) -> str:
    """A model's card as Markdown.

    Args:
        name: of the weights file, without its ending.
        config, training: what the file says about itself (`wt.model.checkpoint.read_metadata`).
        rows: the table of `wt eval`.
        evaluation: its split, n, seeds and steps.
    """
    split, n, seeds = evaluation["split"], evaluation["n"], evaluation["seeds"]
    weights = f"assets/weights/{name}.safetensors"
    return f"""# {config.name}

World Tracing, small, for {KINDS.get(config.kind, config.kind)}.
{config.layers} layers, {config.image_side} px input, width {config.width}, {config.decoder_blocks} decoder and
{config.head_blocks} head blocks, frozen EfficientNet-Lite2 features (`encoder-lite2.safetensors`){_neck(config)}.
OpenCV camera axes; unit: {config.units}. Licence: {config.licence}.

## Training

| | |
|---|---|
{_training(training)}
{_history(training.get("history", []))}## Held-out figures

`python -m wt eval --split {split} --model {config.name} --limit {n} --seeds {seeds}`:
{n} samples of {evaluation.get("source", HELD_OUT)}, best of {seeds} seed(s), {evaluation["steps"]} sampling steps,
{evaluation.get("windows", 1)} window(s) of each photo.
Depth is aligned by one scale and one shift; F and Chamfer in units of the {UNITS.get(config.kind, "scene")}.

{_table(rows)}
## Train on

```sh
python -m wt data generate --kind {split} --count 20000 --out data
python -m wt train {RECIPES.get(config.kind, config.name)} --data data --out runs/{name} --hours 1 \\
  --side {config.image_side} --resume {weights}
```

Hours on several machines add up: give another machine's `runs/{name}/weights.safetensors` to `--resume`.
"""


def _neck(config: WTDiTConfig) -> str:
    encoder = config.encoder
    if encoder.kind != "necked_lite2":
        return ""
    size = f"{encoder.depth} blocks of width {encoder.width}"
    return f",\nand after them a frozen neck of {size} that was trained first (`wt.training.neck`)"


def _training(training: dict[str, Any]) -> str:
    keys = ("data", "steps", "samples", "seconds", "device", "commit")
    return "".join(f"| {key} | {_number(training.get(key))} |\n" for key in keys)


def _table(rows: list[dict[str, Any]]) -> str:
    lines = ["| method | " + " | ".join(SHOWN) + " |", "|---" * (len(SHOWN) + 1) + "|"]
    for row in rows:
        lines.append(f"| {row['method']} | " + " | ".join(_figure(row.get(name)) for name in SHOWN) + " |")
    return "\n".join(lines) + "\n"


def _history(runs: list[dict[str, Any]]) -> str:
    if len(runs) < 2:
        return ""
    keys = ("recipe", "image_side", "device", "steps", "samples", "seconds")
    lines = ["Runs that followed each other:\n", "| " + " | ".join(keys) + " |", "|---" * len(keys) + "|"]
    lines += ["| " + " | ".join(str(run.get(key, "")) for key in keys) + " |" for run in runs]
    return "\n".join(lines) + "\n\n"


def _figure(value: float | None) -> str:
    return "–" if value is None or value != value else f"{value:.4f}"


def _number(value: Any) -> str:
    return f"{value:,}".replace(",", " ") if isinstance(value, int) else str(value if value is not None else "unknown")
