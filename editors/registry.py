"""Every 2D editor by name: what it can do, under which licence, how large it is, where it comes from, how it is made.

A folder of a diffusers model, a hub name and a TorchScript file are as good as a name. Nothing heavy is imported, and
nothing is loaded or downloaded, before an editor is made.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from editors.base import Editor, Task
from wt.errors import WtError

AUTO = ("auto", "")
CATALOGUE = "catalogue"
UNKNOWN_LICENCE = "see its page on the hub"
_SCRIPTS = (".pt", ".ts", ".torchscript")
_LCM = {"sdxl-inpaint": "latent-consistency/lcm-lora-sdxl", "sd15-inpaint": "latent-consistency/lcm-lora-sdv1-5"}
Make = Callable[["EditorEntry", bool, str], Editor]
"""(the entry, whether downloads are allowed, device) -> the editor."""


@dataclass(frozen=True, slots=True)
class EditorEntry:
    """One line of the registry."""

    name: str
    title: str
    licence: str
    tasks: tuple[Task, ...]
    make: Make | None
    """None for the catalogue, which is part of the pipeline."""
    source: str = ""
    """Hub name, folder or file; empty for what is part of the program."""
    memory_gb: float = 0.0
    """Of its weights in 16 bits, roughly: what a download takes, and a GPU that shall hold all of it."""
    variant: str | None = None
    """Of the weights' files."""

    def is_here(self) -> bool:
        """Whether it can be made without a download; no request is made."""
        if not self.source:
            return self.name != "lama"
        if Path(self.source).exists():
            return True
        from wt.model.hub import HubFile

        return HubFile(self.source, "model_index.json").cached() is not None


def _diffusion(entry: EditorEntry, allow_download: bool, device: str) -> Editor:
    from editors.diffusion import DiffusionEditor
    from editors.diffusion_loading import fetch

    folder = fetch(entry.source, allow_download=allow_download, variant=entry.variant)
    return DiffusionEditor(
        folder,
        name=entry.title,
        licence=_card_licence(folder) if entry.licence == UNKNOWN_LICENCE else entry.licence,
        lcm=_LCM.get(entry.name.removesuffix("-lcm")) if entry.name.endswith("-lcm") else None,
        variant=entry.variant,
        allow_download=allow_download,
        device=device,
    )


def _patchmatch(entry: EditorEntry, allow_download: bool, device: str) -> Editor:
    from editors.patchmatch import PatchMatchEditor

    return PatchMatchEditor()


def _lama(entry: EditorEntry, allow_download: bool, device: str) -> Editor:
    from editors.lama import LamaEditor

    if not entry.source:
        raise WtError(
            "LaMa is a TorchScript file, which is code, so it is only run from a file that you name: --remover "
            "PATH/big-lama.pt. The patchmatch remover needs no file."
        )
    return LamaEditor(entry.source, device=device)


_BOTH: tuple[Task, ...] = ("edit", "inpaint", "remove")
_WHOLE: tuple[Task, ...] = ("edit", "remove")
_SD: tuple[Task, ...] = ("inpaint",)
_XL = ("CreativeML OpenRAIL++-M", _SD, _diffusion, "diffusers/stable-diffusion-xl-1.0-inpainting-0.1", 7.0, "fp16")
_15 = ("CreativeML OpenRAIL-M", _SD, _diffusion, "stable-diffusion-v1-5/stable-diffusion-inpainting", 2.1, "fp16")
_KLEIN = ("Apache-2.0", _BOTH, _diffusion, "black-forest-labs/FLUX.2-klein-4B", 16.0)
_QWEN = ("Apache-2.0", _WHOLE, _diffusion, "Qwen/Qwen-Image-Edit-2511", 57.0)
EDITORS: dict[str, EditorEntry] = {
    entry.name: entry
    for entry in (
        EditorEntry(CATALOGUE, "Catalogue", "Apache-2.0", ("edit",), None),
        EditorEntry("patchmatch", "PatchMatch", "MIT", ("remove",), _patchmatch),
        EditorEntry("lama", "LaMa", "Apache-2.0", ("remove",), _lama, memory_gb=0.2),
        EditorEntry("klein", "FLUX.2-klein-4B", *_KLEIN),
        EditorEntry("qwen-edit", "Qwen-Image-Edit-2511", *_QWEN),
        EditorEntry("sdxl-inpaint", "SDXL inpaint", *_XL),
        EditorEntry("sdxl-inpaint-lcm", "SDXL inpaint, LCM", *_XL),
        EditorEntry("sd15-inpaint", "SD-1.5 inpaint", *_15),
        EditorEntry("sd15-inpaint-lcm", "SD-1.5 inpaint, LCM", *_15),
    )
}
"""A further one is a line here; README.md shows a whole one."""


def find(name: str) -> EditorEntry:
    """The entry of a name, a folder, a TorchScript file, or a hub name.

    Raises:
        WtError: none of these; lists the names.
    """
    if name in EDITORS:
        return EDITORS[name]
    known = next((entry for entry in EDITORS.values() if entry.source == name), None)
    if known is not None:
        return known
    path = Path(name).expanduser()
    if path.suffix in _SCRIPTS:
        return EditorEntry("lama", "LaMa", EDITORS["lama"].licence, ("remove",), _lama, str(path), 0.2)
    if path.is_dir():
        from editors.diffusion_models import recipe_of

        tasks = tuple(sorted(recipe_of(path).tasks))
        return EditorEntry(name, path.name, UNKNOWN_LICENCE, tasks, _diffusion, str(path))
    if re.fullmatch(r"[\w.-]+/[\w.-]+", name):
        return EditorEntry(name, name, UNKNOWN_LICENCE, _BOTH, _diffusion, name)
    raise WtError(
        f"There is no 2D editor {name!r}. Known are: {', '.join(EDITORS)}; or give a folder that holds a diffusers "
        "model, a hub name (owner/name), or for removal a LaMa file (big-lama.pt)."
    )


def make_editor(name: str, *, allow_download: bool = False, device: str = "auto") -> Editor:
    """The editor of a name, see `find`; its weights are loaded when it first edits.

    Args:
        name: not the catalogue's, which is no editor of its own.
        allow_download: the person's explicit act.
        device: "auto", "cuda", "mps" or "cpu".

    Raises:
        WtError: unknown, or not on this machine.
    """
    entry = find(name)
    if entry.make is None:
        raise WtError(f"The {name} paints new things only; choose another one of {', '.join(EDITORS)}.")
    return entry.make(entry, allow_download, device)


def painter_of(name: str, *, allow_download: bool = False, device: str = "auto") -> Editor | None:
    """What paints new objects; None for the catalogue.

    Raises:
        WtError: as `make_editor`, or it cannot paint.
    """
    if name in AUTO or name == CATALOGUE:
        return None
    editor = make_editor(name, allow_download=allow_download, device=device)
    if not editor.tasks & {"edit", "inpaint"}:
        raise WtError(
            f"{editor.name} can only remove. Give it as --remover, and as --editor one of {_able('edit', 'inpaint')}."
        )
    return editor


def remover_of(name: str, *, allow_download: bool = False, device: str = "auto") -> Editor | None:
    """What fills the place of what is removed; None leaves it to the painter if it can, else to PatchMatch.

    Raises:
        WtError: as `make_editor`, or it cannot remove.
    """
    if name in AUTO:
        return None
    editor = make_editor(name, allow_download=allow_download, device=device)
    if "remove" not in editor.tasks:
        raise WtError(f"{editor.name} cannot remove: it paints what it is told. Choose one of {_able('remove')}.")
    return editor


def _able(*tasks: Task) -> str:
    return ", ".join(entry.name for entry in EDITORS.values() if set(tasks) & set(entry.tasks))


def _card_licence(folder: Path) -> str:
    """What the model's card says."""
    from huggingface_hub import metadata_load

    card = folder / "README.md"
    found = (metadata_load(card) or {}).get("license") if card.is_file() else None
    return str(found) if found else UNKNOWN_LICENCE


def checks() -> list[dict[str, object]]:
    """{name, ok, detail} of every entry, for `python -m wt doctor`."""
    rows: list[dict[str, object]] = []
    for entry in EDITORS.values():
        here = entry.is_here()
        size = f", {entry.memory_gb:g} GB" if entry.memory_gb else ""
        absent = "" if here else "; name its file: --remover PATH" if entry.name == "lama" else "; not downloaded"
        place = f", {entry.source}" if entry.source else ""
        detail = f"{', '.join(entry.tasks)}{size}, {entry.licence}{place}{absent}"
        rows.append({"name": entry.name, "ok": here, "detail": detail})
    return rows
