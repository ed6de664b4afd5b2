"""The app's settings: one frozen dataclass, filled from the command line."""

import argparse
import os
from dataclasses import dataclass, field
from pathlib import Path

LOOPBACK = "127.0.0.1"


def default_cache() -> Path:
    """Where sessions and uploads live: $WT_STUDIO_HOME, else the user's cache folder."""
    if named := os.environ.get("WT_STUDIO_HOME"):
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "world-tracing-studio"


@dataclass(frozen=True, kw_only=True)
class AppConfig:
    """Everything that can be set about a running studio."""

    host: str = field(default_factory=lambda: os.environ.get("GRADIO_SERVER_NAME", LOOPBACK))
    """Loopback unless told otherwise (a hosted Space sets the variable); there is no switch for a share link."""
    port: int | None = None
    """None takes the first free port from 7860."""
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
    cache: Path = field(default_factory=default_cache)
    point_budget: int = 300_000
    """Points sent to the browser at most; exports always hold all of them."""
    max_visitors: int = 32
    idle_minutes: float = 30.0
    """A 3D view that no browser watches is stopped after this; so is, when the studio is full, that of a visitor who
    did nothing for so long. The work is kept on disk."""
    keep_days: float = 7.0
    """A saved project that nobody opens is deleted after this."""
    max_upload: str = "256mb"
    """Of one file: a project of a large model's scene with many objects has about half of it."""
    inbrowser: bool = False

    @property
    def sessions(self) -> Path:
        """One folder per browser below this, with its projects."""
        return self.cache / "sessions"


def prepare_environment(config: AppConfig) -> None:
    """Settings that gradio and the hub's library read when they are imported; call before that."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # it would look up outside hosts
    os.environ.setdefault("GRADIO_TEMP_DIR", str(config.cache / "uploads"))
    if not config.allow_download:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")


def parse_args(arguments: list[str] | None = None) -> AppConfig:
    """The configuration that the command line asks for."""
    base = AppConfig()
    parser = argparse.ArgumentParser(
        prog="app.py", description="World Tracing Studio: a photo becomes a layered 3D scene that you edit by text."
    )
    parser.add_argument("--host", default=base.host, help="address to bind (default: this machine only)")
    parser.add_argument("--port", type=int, default=base.port, help="port (default: first free one from 7860)")
    parser.add_argument("--device", default=base.device, help="auto, cpu, cuda, mps")
    parser.add_argument("--scene-model", default=base.scene_model, help="model that lifts whole photos")
    parser.add_argument("--object-model", default=base.object_model, help="model that lifts a selected object")
    parser.add_argument(
        "--sam-checkpoint",
        default=base.sam_checkpoint,
        help="what selects: sam-mini (built-in), superpixels, a file of segment-anything or MobileSAM, a folder or hub "
        "name of SAM 2.1 (default: facebook/sam2.1-hiera-tiny if it is on this machine or may be downloaded, else "
        "sam-mini)",
    )
    parser.add_argument(
        "--words-model",
        default=base.words_model,
        help="what finds things by words: a folder or hub name of GroundingDINO (default: none, names alone are found)",
    )
    parser.add_argument(
        "--editor",
        default=base.editor,
        help="what paints: catalogue (auto), klein, qwen-edit, sdxl-inpaint, sd15-inpaint, or a diffusers folder",
    )
    parser.add_argument(
        "--remover", default=base.remover, help="what removes: the editor if it can, else patchmatch; or a LaMa file"
    )
    parser.add_argument("--allow-download", action="store_true", help="let a named model fetch its weights")
    parser.add_argument("--cache", type=Path, default=base.cache, help="folder for sessions and uploads")
    parser.add_argument("--points", type=int, default=base.point_budget, help="most points sent to the browser")
    parser.add_argument("--max-visitors", type=int, default=base.max_visitors, help="most people at once")
    parser.add_argument("--open", action="store_true", help="open the page in a browser")
    args = parser.parse_args(arguments)
    return AppConfig(
        host=args.host,
        port=args.port,
        device=args.device,
        scene_model=args.scene_model,
        object_model=args.object_model,
        sam_checkpoint=args.sam_checkpoint,
        words_model=args.words_model,
        editor=args.editor,
        remover=args.remover,
        allow_download=args.allow_download,
        cache=args.cache.expanduser().resolve(),
        point_budget=args.points,
        max_visitors=args.max_visitors,
        inbrowser=args.open,
    )
