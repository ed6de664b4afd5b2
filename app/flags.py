"""The command line of the app: groups of flags that fill an `AppConfig`."""

import argparse
import os
import re
from pathlib import Path

from app.config import AppConfig
from app.models import KINDS, KNOWN

_FAMILIES = {
    "mini": ("wt-s-mini", "wt-o-mini"),
    "world-tracing": ("world-tracing-scene", "world-tracing-object"),
}
_EPILOG = """The studio is at this machine only unless --host says otherwise; then ask for a secret with --token or
--auth. Secrets may also come from the environment: WT_STUDIO_TOKEN, and WT_STUDIO_AUTH as USER:PASSWORD."""


def parse_args(arguments: list[str] | None = None) -> AppConfig:
    """The configuration that the command line asks for; leaves the program with a sentence where it cannot be."""
    base = AppConfig()
    parser = argparse.ArgumentParser(
        prog="app.py",
        usage="python app.py [flags]",
        description="World Tracing Studio: a photo becomes a layered 3D scene that you edit by text.",
        epilog=_EPILOG,
    )
    _serving(parser.add_argument_group("serving"), base)
    _models(parser.add_argument_group("models"), base)
    _editing(parser.add_argument_group("editing"), base)
    _limits(parser.add_argument_group("limits"), base)
    _data(parser.add_argument_group("data"), base)
    told = vars(parser.parse_args(arguments))
    try:
        told["auth"] = _auth(told["auth"] or os.environ.get("WT_STUDIO_AUTH", ""))
    except argparse.ArgumentTypeError as error:
        parser.error(f"WT_STUDIO_AUTH: {error}")
    if told["offline"] and told["allow_download"]:
        parser.error("--offline and --allow-download cannot both be: nothing is fetched offline. Leave one out.")
    told["data_dir"] = told["data_dir"].expanduser().resolve()
    told["frame_ancestors"] = tuple(told["frame_ancestors"])
    return AppConfig(**{**_lifters(told.pop("model")), **{k: v for k, v in told.items() if v is not None}})


def _serving(group: argparse._ArgumentGroup, base: AppConfig) -> None:
    group.add_argument(
        "--host", default=base.host, help="address to bind; 0.0.0.0 is all of them (default: this machine only)"
    )
    group.add_argument("--port", type=int, default=base.port, help="port (default: first free one from 7860)")
    group.add_argument(
        "--root-path",
        default=base.root_path,
        type=_below,
        metavar="PATH",
        help="path below which a proxy shows the studio, and which it takes off, as /studio (default: none)",
    )
    group.add_argument(
        "--token", default=base.token, metavar="SECRET", help="ask for this secret: open the page with ?token=SECRET"
    )
    group.add_argument("--auth", type=_named, metavar="USER:PASSWORD", help="ask for this user and password")
    group.add_argument(
        "--frame-ancestors",
        nargs="+",
        default=base.frame_ancestors,
        type=_origin,
        metavar="ORIGIN",
        help="sites that may show the studio in a frame, as https://example.org (default: none but itself)",
    )
    group.add_argument("--api", action="store_true", help="offer lift, edit, remove and export over HTTP and MCP")
    group.add_argument(
        "--engine", choices=("local", "ray"), default=base.engine, help="run models here, or on Ray Serve"
    )
    group.add_argument(
        "--replicas", type=_positive, default=base.replicas, metavar="N", help="of the models on Ray Serve"
    )
    group.add_argument("--open", dest="inbrowser", action="store_true", help="open the page in a browser")


def _models(group: argparse._ArgumentGroup, base: AppConfig) -> None:
    group.add_argument("--device", default=base.device, help="auto, cpu, cuda, mps")
    group.add_argument(
        "--model",
        default="",
        help="what lifts: mini (built-in) or world-tracing, each for photos and objects; or one model by its name",
    )
    group.add_argument(
        "--scene-model", metavar="MODEL", help=f"model that lifts whole photos (default: {base.scene_model})"
    )
    group.add_argument(
        "--object-model", metavar="MODEL", help=f"model that lifts a selected object (default: {base.object_model})"
    )
    group.add_argument("--allow-download", action="store_true", help="let a named model fetch its weights")
    group.add_argument("--offline", action="store_true", help="fetch nothing, whatever the environment says")


def _editing(group: argparse._ArgumentGroup, base: AppConfig) -> None:
    group.add_argument(
        "--sam-checkpoint",
        default=base.sam_checkpoint,
        metavar="MODEL",
        help="what selects: sam-mini (built-in), superpixels, a file of segment-anything or MobileSAM, a folder or hub "
        "name of SAM 2.1 (default: facebook/sam2.1-hiera-tiny if it is on this machine or may be downloaded, else "
        "sam-mini)",
    )
    group.add_argument(
        "--words-model",
        default=base.words_model,
        metavar="MODEL",
        help="what finds things by words: a folder or hub name of GroundingDINO (default: none, names alone are found)",
    )
    group.add_argument(
        "--editor",
        default=base.editor,
        help="what paints: catalogue (auto), klein, qwen-edit, sdxl-inpaint, sd15-inpaint, or a diffusers folder",
    )
    group.add_argument(
        "--remover", default=base.remover, help="what removes: the editor if it can, else patchmatch; or a LaMa file"
    )


def _limits(group: argparse._ArgumentGroup, base: AppConfig) -> None:
    group.add_argument(
        "--max-visitors",
        type=_positive,
        default=base.max_visitors,
        metavar="N",
        help="most people at once (%(default)s)",
    )
    group.add_argument(
        "--max-upload", type=_size, default=base.max_upload, metavar="SIZE", help="of one file (%(default)s)"
    )
    group.add_argument(
        "--max-kept",
        type=_size,
        default=base.max_kept,
        metavar="SIZE",
        help="of one browser's projects and exports; 0mb sets no limit (%(default)s)",
    )
    group.add_argument(
        "--rate",
        type=_count,
        default=base.rate,
        metavar="N",
        help="gestures a minute from one address, uploads a fifteenth of it; 0 sets no limit (%(default)s)",
    )
    group.add_argument(
        "--points",
        dest="point_budget",
        type=_positive,
        default=base.point_budget,
        metavar="N",
        help="most points sent to the browser (%(default)s)",
    )


def _data(group: argparse._ArgumentGroup, base: AppConfig) -> None:
    group.add_argument(
        "--data-dir",
        type=Path,
        default=base.data_dir,
        metavar="DIR",
        help="folder for sessions and uploads (default: $WT_STUDIO_HOME, else in the user's cache folder)",
    )
    group.add_argument(
        "--keep-days",
        type=float,
        default=base.keep_days,
        metavar="DAYS",
        help=f"a saved project that nobody changes is deleted after this ({base.keep_days:g})",
    )


def _lifters(model: str) -> dict[str, str]:
    """The fields that --model means: both for a family, the object's for a model of objects, else the scene's."""
    if not model:
        return {}
    if model in _FAMILIES:
        return dict(zip((f"{kind}_model" for kind in KINDS), _FAMILIES[model], strict=True))
    is_object = model in [known.name for known in KNOWN["object"]]
    return {"object_model" if is_object else "scene_model": model}


def _named(text: str) -> str:
    _auth(text)
    return text


def _auth(text: str) -> tuple[str, str] | None:
    user, colon, password = text.partition(":")
    if text and not (user and colon and password):
        raise argparse.ArgumentTypeError("a user and a password are needed, as USER:PASSWORD.")
    return (user, password) if text else None


def _positive(text: str) -> int:
    number = _count(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is too few; at least 1 is needed.")
    return number


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0 on.")
    return int(text)


def _size(text: str) -> str:
    if not re.fullmatch(r"\d+ ?(kb|mb|gb)", text.lower()):
        raise argparse.ArgumentTypeError(f"{text!r} is no size; write it as 256mb.")
    return text.lower()


def _below(text: str) -> str:
    if text and not re.fullmatch(r"(https?://[^/\s]+)?(/[\w.~-]+)*/?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no path; write it as /studio.")
    return text.rstrip("/")


def _origin(text: str) -> str:
    if not re.fullmatch(r"https?://[A-Za-z0-9.*-]+(:\d+)?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no site; write it as https://example.org.")
    return text
