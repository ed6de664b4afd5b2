"""Model names that people type, and what stands behind each."""

from dataclasses import dataclass
from pathlib import Path

from wt.errors import WtError
from wt.model.config import WTDiTConfig, mini, published

WEIGHTS = Path(__file__).resolve().parents[2] / "assets" / "weights"


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
    hub: str | None = None
    """Model hub repository; never downloaded without being asked for."""


def _ours(kind: str, summary: str) -> ModelEntry:
    config = mini(kind)  # type: ignore[arg-type]
    return ModelEntry(config.name, kind, summary, config.licence, config, file=WEIGHTS / f"{config.name}.safetensors")


def _published(kind: str, hub: str, summary: str) -> ModelEntry:
    config = published(kind)  # type: ignore[arg-type]
    return ModelEntry(config.name, kind, summary, config.licence, config, hub=hub)


MODELS: dict[str, ModelEntry] = {
    entry.name: entry
    for entry in (
        _ours("scene", "whole photos, small, offline, on a CPU"),
        _ours("object", "one selected object, small, offline, on a CPU"),
        _published("object", "haoz19/object-model-6layer", "one selected object, 1.7 B parameters"),
        _published("scene", "haoz19/scene-model-6layer-840", "whole photos, 1.5 B parameters"),
        _published("dynamic", "haoz19/dynamic-model-16frame", "clips of up to 16 frames, 2.1 B parameters"),
    )
}


def find(name: str) -> ModelEntry:
    """The registry's entry for a name or for a published model's hub repository.

    Raises:
        WtError: unknown.
    """
    wanted = name.removeprefix("hf://").split("@")[0].strip("/")
    for entry in MODELS.values():
        if wanted in (entry.name, entry.hub):
            return entry
    raise WtError(f"There is no model named {name!r}. Choose one of {', '.join(MODELS)}, or give a local model file.")


def weights_of(entry: ModelEntry) -> Path:
    """The file to load.

    Raises:
        WtError: the weights are not on this machine; says what to do.
    """
    if entry.file is not None:
        if not entry.file.is_file():
            raise WtError(
                f"The weights of {entry.name} are missing (assets/weights/{entry.file.name}). "
                "Restore them from the repository, or train them: python -m wt train --help"
            )
        return entry.file
    raise WtError(
        f"{entry.name} needs the published weights, which are not part of this program (licence {entry.licence}). "
        f"Download model.pt from the hub repository {entry.hub}, then load it by its path, as in "
        'wt.load("path/to/model.pt").'
    )
