"""Which TRELLIS this machine has, and where its weights are; nothing is downloaded unless that is allowed."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from wt.errors import WtError


@dataclass(frozen=True)
class Trellis:
    """One of the two programs, as their authors publish them."""

    package: str
    """The Python package that it installs."""
    name: str
    repo: str
    """Of its weights on the hub."""
    home: str
    pipelines: MappingProxyType[str, int]
    """Name -> voxels along a side of the box that its first stage would make, and that ours are made with."""
    default: str

    @property
    def here(self) -> bool:
        """Whether the package can be imported; a folder that only has its name is none."""
        spec = importlib.util.find_spec(self.package)
        return spec is not None and spec.origin is not None


TRELLIS2 = Trellis(
    "trellis2",
    "TRELLIS.2",
    "microsoft/TRELLIS.2-4B",
    "https://github.com/microsoft/TRELLIS.2",
    # A cascade begins with the shape model of 512, whose latents lie on a grid of 32.
    MappingProxyType({"512": 32, "1024": 64, "1024_cascade": 32, "1536_cascade": 32}),
    "1024_cascade",
)
TRELLIS1 = Trellis(
    "trellis",
    "TRELLIS",
    "microsoft/TRELLIS-image-large",
    "https://github.com/microsoft/TRELLIS",
    MappingProxyType({"image-large": 64}),
    "image-large",
)
KNOWN = (TRELLIS2, TRELLIS1)
"""The newer one first: it is taken where both are here."""


class MissingWeights(WtError):
    """The program is here, its weights are not; the sentence is for a command line."""


def installed() -> Trellis | None:
    """The TRELLIS to use, if there is one."""
    return next((found for found in KNOWN if found.here), None)


def missing() -> str:
    """What a person without one reads."""
    return (
        "A textured mesh needs TRELLIS.2 or TRELLIS, which are not installed here: they want a CUDA GPU with 16 GB or "
        f"more ({TRELLIS2.home})."
    )


def resolution_of(trellis: Trellis, pipeline: str | None) -> int:
    """Voxels along a side of the box for one of its pipelines; its default one if None.

    Raises:
        WtError: it has no such pipeline.
    """
    name = pipeline or trellis.default
    if name not in trellis.pipelines:
        raise WtError(f"{trellis.name} has no pipeline {name!r}. Choose from {', '.join(trellis.pipelines)}.")
    return trellis.pipelines[name]


def weights_of(trellis: Trellis, weights: str | None, *, allow_download: bool) -> str:
    """What its `from_pretrained` is given: a folder, or the name on the hub where a download is allowed.

    Raises:
        MissingWeights: they are not here.
    """
    name = weights or trellis.repo
    if allow_download or Path(name).is_dir():
        return name
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return snapshot_download(name, local_files_only=True)
    except (LocalEntryNotFoundError, HfHubHTTPError, HFValidationError) as error:
        raise MissingWeights(
            f"The weights of {trellis.name} ({name}) are not on this machine. Allow the download (--allow-download), "
            "or name a folder that holds them (--weights)."
        ) from error
