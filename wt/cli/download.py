"""`python -m wt download`: a published model's size and licence, and with --yes its weights."""

import argparse
from typing import Any

from wt.cli.common import LOG, Subparsers, add_command

TERMS = "see its page on the hub"


def register(subparsers: Subparsers) -> None:
    """Add the parser."""
    parser = add_command(subparsers, "download", run, "Say how large a published model is; with --yes, fetch it.")
    parser.add_argument("model", help="world-tracing-object, -scene, -dynamic, or hf://owner/name[@revision][/file]")
    parser.add_argument("--yes", action="store_true", help="I accept the licence: download")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Ask the hub; without --yes nothing is downloaded."""
    import torch

    from wt.model.memory import memory_need
    from wt.model.registry import MODELS, place_of

    place = place_of(arguments.model)
    known = next((entry for entry in MODELS.values() if entry.hub and entry.hub.repo == place.repo), None)
    licence = known.licence if known else TERMS
    offer = place.look()
    LOG.info("%s: %.2f GB, commit %s, licence: %s", place, offer.size / 1e9, offer.commit[:12], licence)
    if known:
        gpu, cpu = (memory_need(known.config, dtype) for dtype in (torch.bfloat16, torch.float32))
        LOG.info("A lift takes about %s on a GPU, %s on a CPU.", gpu, cpu)
    if offer.is_here:
        LOG.info("It is on this machine already.")
    elif not arguments.yes:
        LOG.info("Nothing was downloaded. Add --yes if you accept the licence.")
    path = place.fetch() if arguments.yes else place.cached()
    return {
        "model": arguments.model,
        "place": str(place),
        "commit": offer.commit,
        "bytes": offer.size,
        "licence": licence,
        "downloaded": path is not None,
        "files": [] if path is None else [path.as_posix()],
    }
