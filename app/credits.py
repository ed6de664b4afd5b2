"""Who did an edit: the editors and models that ran, their licences, and the seconds of each part."""

from typing import Any

from app.markup import table
from app.work import Work

_PARTS = {
    "edit": "photo",
    "lift_scene": "lifting the photo",
    "lift_object": "lifting the object",
    "place": "placing",
    "total": "in all",
}


def last_run(work: Work) -> dict[str, Any]:
    """Report and seed of the edit that waits, else of the last one that was accepted; empty if there is none."""
    if work.proposal is not None:
        return {"report": work.proposal.report, "seed": work.proposal.seed}
    return work.edits[-1] if work.edits else {}


def rows(run: dict[str, Any]) -> list[tuple[str, str]]:
    """Editor, models, seed and seconds, as a report of `editors.pipeline` tells them."""
    report = run.get("report") or {}
    told = [("Editor", _named(report.get("editors", [])) or str(report.get("editor", "")))]
    told += [("Lifted by", _named(report.get("models", []))), ("Seed", str(run.get("seed", "")))]
    seconds = report.get("seconds") or {}
    parts = [f"{words} {seconds[name]:.1f}" for name, words in _PARTS.items() if name in seconds]
    return [(name, text) for name, text in [*told, ("Seconds", " · ".join(parts))] if text]


def of_last(work: Work) -> str:
    """A table of the last accepted edit; nothing if there is none."""
    told = rows(last_run(work))
    return table(told) if told else ""


def _named(things: list[dict[str, str]]) -> str:
    return ", ".join(" · ".join(part for part in (one["name"], one.get("licence", "")) if part) for one in things)
