"""Model names that people type, and what stands behind each."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from wt.errors import WtError
from wt.model.config import WTDiTConfig, mini, published
from wt.model.hub import PREFIX, HubFile

WEIGHTS = Path(__file__).resolve().parents[2] / "assets" / "weights"
REPLACED = date(2026, 9, 23)
"""The day when the published weights were replaced, the dynamic ones by some that want another sampler. Those from
before it are meant by default, which the golden fixtures describe; hf://owner/name@main means the newest."""


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One line of the registry."""

    name: str
    kind: str
    summary: str
    licence: str
    config: WTDiTConfig
    file: Path | None = None
    """Weights shipped with the repository."""
    hub: HubFile | None = None
    """Never downloaded without being asked for."""


def _ours(kind: str, summary: str) -> ModelEntry:
    config = mini(kind)  # type: ignore[arg-type]
    return ModelEntry(config.name, kind, summary, config.licence, config, file=WEIGHTS / f"{config.name}.safetensors")


def _published(kind: str, repo: str, summary: str) -> ModelEntry:
    config = published(kind)  # type: ignore[arg-type]
    return ModelEntry(config.name, kind, summary, config.licence, config, hub=HubFile(repo, before=REPLACED))


MODELS: dict[str, ModelEntry] = {
    entry.name: entry
    for entry in (
        _ours("scene", "whole photos, small, offline, on a CPU"),
        _ours("object", "one selected object, small, offline, on a CPU"),
        _ours("dynamic", "one object in a clip, all frames at once, small, offline, on a CPU"),
        _published("object", "haoz19/object-model-6layer", "one selected object, 1.7 B parameters"),
        _published("scene", "haoz19/scene-model-6layer-840", "whole photos, 1.5 B parameters"),
        _published("dynamic", "haoz19/dynamic-model-16frame", "clips of up to 16 frames, 2.1 B parameters"),
    )
}


FILES = (".safetensors", ".pt", ".pth")


def find(name: str) -> ModelEntry:
    """The registry's entry for a name or for a published model's place on the hub.

    Raises:
        WtError: unknown.
    """
    repo = HubFile.parse(name).repo if name.startswith(PREFIX) else None
    for entry in MODELS.values():
        if name == entry.name or (entry.hub and entry.hub.repo == repo):
            return entry
    raise WtError(
        f"There is no model named {name!r}. Choose one of {', '.join(MODELS)}, or give a local model file or "
        f"{PREFIX}owner/name."
    )


def place_of(name: str) -> HubFile:
    """Where a published model, or hf://owner/name[@revision][/file], lies on the hub.

    Raises:
        WtError: a model of ours, which is here, or unknown.
    """
    if name.startswith(PREFIX):
        return HubFile.parse(name)
    entry = find(name)
    if entry.hub is None:
        raise WtError(f"{name} is part of this program: there is nothing to download.")
    return entry.hub


def locate(name: str) -> tuple[ModelEntry | None, Path]:
    """(the registry's entry, if there is one; the weights on this machine) of a name, a file or a place on the hub.

    Raises:
        WtError: unknown, or not on this machine; says what to do.
    """
    if not name.startswith(PREFIX) and Path(name).suffix in FILES:
        return None, Path(name)
    if name.startswith(PREFIX):
        place = HubFile.parse(name)
        entry = next((e for e in MODELS.values() if e.hub and e.hub.repo == place.repo), None)
    else:
        entry = find(name)
        if entry.file is not None:
            return entry, _shipped(entry.name, entry.file)
        place = place_of(name)
    path = place.cached()
    if path is None:
        terms = f", licence {entry.licence}" if entry else ""
        raise WtError(
            f"{name} is not on this machine: its weights ({place}{terms}) are no part of this program. "
            f"`python -m wt download {name}` says how large they are and fetches them, or give the path of a "
            f"{place.file} that you have."
        )
    return entry, path


def _shipped(name: str, file: Path) -> Path:
    if not file.is_file():
        raise WtError(
            f"The weights of {name} are missing (assets/weights/{file.name}). "
            "Restore them from the repository, or train them: python -m wt train --help"
        )
    return file
