"""The app's settings: one frozen dataclass, which `app.flags` fills from the command line."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

LOOPBACK = "127.0.0.1"
HOSTED_PORT = 7860
"""Where a hosted Space is looked for."""
FRAMED_BY_SPACES = ("https://huggingface.co", "https://*.hf.space")

EngineKind = Literal["local", "ray"]


def hosted() -> bool:
    """Whether this is a Hugging Face Space."""
    return bool(os.environ.get("SPACE_ID"))


def default_host() -> str:
    """Loopback unless told otherwise: by GRADIO_SERVER_NAME, or by being a hosted Space."""
    return os.environ.get("GRADIO_SERVER_NAME") or ("0.0.0.0" if hosted() else LOOPBACK)


def default_port() -> int | None:
    """GRADIO_SERVER_PORT, the one port of a hosted Space, else None."""
    named = os.environ.get("GRADIO_SERVER_PORT", "")
    return int(named) if named.isdecimal() else HOSTED_PORT if hosted() else None


def default_data_dir() -> Path:
    """Where sessions and uploads live: $WT_STUDIO_HOME, a Space's lasting disk, else the user's cache folder."""
    if named := os.environ.get("WT_STUDIO_HOME"):
        return Path(named)
    if hosted() and os.access("/data", os.W_OK):
        return Path("/data/world-tracing-studio")
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "world-tracing-studio"


@dataclass(frozen=True, kw_only=True)
class AppConfig:
    """Everything that can be set about a running studio."""

    host: str = field(default_factory=default_host)
    """Loopback unless told otherwise; there is no switch for a share link."""
    port: int | None = field(default_factory=default_port)
    """None takes the first free port from 7860."""
    root_path: str = field(default_factory=lambda: os.environ.get("GRADIO_ROOT_PATH", ""))
    """The path below which a proxy shows the studio, and which it takes off; or the whole address. Empty: none."""
    token: str = field(default_factory=lambda: os.environ.get("WT_STUDIO_TOKEN", ""))
    """A secret that is asked for before anything is served; empty: nothing is asked."""
    auth: tuple[str, str] | None = None
    """User and password that are asked for before anything is served."""
    frame_ancestors: tuple[str, ...] = field(default_factory=lambda: FRAMED_BY_SPACES if hosted() else ())
    """Sites beside this one that may show the studio in a frame."""
    api: bool = False
    """Whether lift, edit, remove and export can be called over HTTP and MCP."""
    engine: EngineKind = "local"
    """Where models run: in this process, or as deployments of Ray Serve."""
    replicas: int = 1
    """Of the models, where they are deployments."""
    device: str = "auto"
    scene_model: str = "wt-s-mini"
    object_model: str = "wt-o-mini"
    sam_checkpoint: str = "auto"
    """What selects by clicks and boxes: "auto", "sam-mini", or what else `editors.segment.new_segmenter` takes."""
    words_model: str = ""
    """A detector that finds things on the photo by words, a folder or a name on the hub; empty: there is none."""
    editor: str = "auto"
    """What paints: "auto" for the catalogue, or what editors/registry.py knows."""
    remover: str = "auto"
    """What removes: "auto" is the editor if it can, else PatchMatch."""
    allow_download: bool = False
    """Whether weights that are asked for by name may be fetched from the hub."""
    offline: bool = False
    """Whether the hub's libraries are told to stay offline, whatever the environment says."""
    data_dir: Path = field(default_factory=default_data_dir)
    point_budget: int = 300_000
    """Points sent to the browser at most; exports always hold all of them."""
    max_visitors: int = 32
    idle_minutes: float = 30.0
    """A 3D view that no browser watches is stopped after this; so is, when the studio is full, that of a visitor who
    did nothing for so long. The work is kept on disk."""
    keep_days: float = 7.0
    """A saved project that nobody changes is deleted after this."""
    max_upload: str = "256mb"
    """Of one file: a project of a large model's scene with many objects has about half of it."""
    max_kept: str = "4gb"
    """Of one browser's projects and exports; past it no new project is begun; 0mb sets no limit."""
    rate: int = 3600
    """Gestures a minute from one address, uploads a fifteenth of it; 0 sets no limit."""
    inbrowser: bool = False

    @property
    def sessions(self) -> Path:
        """One folder per browser below this, with its projects."""
        return self.data_dir / "sessions"

    @property
    def public(self) -> bool:
        """Whether other machines can reach it."""
        return self.host not in (LOOPBACK, "localhost", "::1", "[::1]")

    @property
    def guarded(self) -> bool:
        """Whether something is asked for before anything is served."""
        return bool(self.token or self.auth)


def prepare_environment(config: AppConfig) -> None:
    """Settings that gradio and the hub's library read when they are imported; call before that."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # it would look up outside hosts
    os.environ.setdefault("GRADIO_TEMP_DIR", str(config.data_dir / "uploads"))
    if config.offline:
        os.environ["HF_HUB_OFFLINE"] = "1"
    elif not config.allow_download:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
    if hosted():  # only the platform's proxy reaches a Space: what it says of the visitor's address is believed
        os.environ.setdefault("FORWARDED_ALLOW_IPS", "*")
