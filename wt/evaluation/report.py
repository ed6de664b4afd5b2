"""The result of an evaluation as Markdown: the paper's two halves of a table, and models side by side."""

from typing import Any

VISIBLE = {
    "l0_mae": "MAE ↓",
    "l0_rmse": "RMSE ↓",
    "l0_absrel": "AbsRel ↓",
    "l0_delta1": "δ<1.25 ↑",
    "l0_delta2": "δ<1.25² ↑",
    "l0_delta3": "δ<1.25³ ↑",
    "l0_cd_l1": "CD-L1 ↓",
    "l0_cd_l2": "CD-L2 ↓",
    "l0_f01": "F@0.01 ↑",
    "l0_f05": "F@0.05 ↑",
}
COMPLETE = {
    "hidden_cd_l1": "hidden CD-L1 ↓",
    "hidden_cd_l2": "hidden CD-L2 ↓",
    "hidden_f01": "hidden F@0.01 ↑",
    "hidden_f05": "hidden F@0.05 ↑",
    "all_cd_l1": "all CD-L1 ↓",
    "all_cd_l2": "all CD-L2 ↓",
    "all_f01": "all F@0.01 ↑",
    "all_f05": "all F@0.05 ↑",
}

CLIPS = {"l0_jitter": "L0 jitter ↓", "all_jitter": "all jitter ↓"}
POOLED = {"l0_jitter_pooled": "L0 jitter, all clips as one ↓"}


def as_markdown(result: dict[str, Any]) -> str:
    """What `python -m wt eval` shows: `result` is its JSON object (split, n, seeds, steps, source, rows, ...)."""
    rows = result["rows"]
    parts = [
        f"# {result['model']} on {result['split']}",
        f"{result['n']} samples of {result['source']}, best of {result['seeds']} seed(s), {result['steps']} sampling "
        f"steps, {result.get('windows', 1)} window(s) of each photo. Every sample is "
        "aligned by one scale and one shift of depth, fitted on layer 0.",
        "Visible surface (layer 0)",
        _table(rows, VISIBLE),
    ]
    if any(_known(row.get(name)) for row in rows for name in COMPLETE):
        parts += ["Complete geometry (hidden: layers 1 and deeper)", _table(rows, COMPLETE)]
    if any(_known(row.get(name)) for row in rows for name in CLIPS):
        parts += [
            "From frame to frame (median of |dz - dz_true| in the object's longest side)",
            _table(rows, CLIPS | POOLED),
        ]
    for pair in result.get("differences", []):
        parts += [f"{pair['method']} minus {pair['against']}, the same samples", _differences(pair["figures"])]
    if result.get("worst"):
        parts += ["Worst samples", _worst(result["worst"])]
    seconds = result["seconds_per_sample"]
    parts.append(f"A lift takes {seconds['lift']:.2f} s, a method's figures on one sample {seconds['figures']:.2f} s.")
    return "\n\n".join(parts) + "\n"


def figure(value: float | None) -> str:
    """Four digits that say something, however small the number."""
    if value is None or value != value:
        return "–"
    return f"{value:.4f}" if value == 0 or abs(value) >= 0.01 else f"{value:.3g}"


def _known(value: float | None) -> bool:
    return value is not None and value == value


def _table(rows: list[dict[str, Any]], columns: dict[str, str]) -> str:
    lines = ["| method | " + " | ".join(columns.values()) + " |", "|---" * (len(columns) + 1) + "|"]
    lines += [f"| {row['method']} | " + " | ".join(figure(row.get(name)) for name in columns) + " |" for row in rows]
    return "\n".join(lines)


def _differences(figures: dict[str, dict[str, Any]]) -> str:
    lines = ["| figure | mean difference | standard error | samples | |", "|---|---|---|---|---|"]
    for name, label in {**{k: f"L0 {v}" for k, v in VISIBLE.items()}, **COMPLETE, **CLIPS}.items():
        found = figures[name]
        if found["n"]:
            verdict = {"unknown": "", "same": "may be chance"}.get(found["verdict"], found["verdict"])
            lines.append(f"| {label} | {found['mean']:+.4g} | {figure(found['se'])} | {found['n']} | {verdict} |")
    return "\n".join(lines)


def _worst(entries: list[dict[str, Any]]) -> str:
    lines = ["| sample | AbsRel ↓ | all CD-L1 ↓ | picture |", "|---|---|---|---|"]
    for entry in entries:
        figures = f"{figure(entry['l0_absrel'])} | {figure(entry['all_cd_l1'])}"
        lines.append(f"| {entry['sample']} | {figures} | {entry['file']} |")
    return "\n".join(lines)
