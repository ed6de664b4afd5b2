"""`python -m wt convert`: a published model.pt, or any model file, as our safetensors."""

import argparse
from pathlib import Path
from typing import Any

from wt.cli.common import Subparsers, add_command
from wt.errors import WtError

DTYPES = ("float16", "bfloat16", "float32")


def register(subparsers: Subparsers) -> None:
    """Add the parser."""
    parser = add_command(
        subparsers, "convert", run, "Rewrite a published model.pt as safetensors with its configuration."
    )
    parser.add_argument("source", type=Path, help="model.pt of the published release, or a .safetensors file")
    parser.add_argument("-o", "--out", type=Path, required=True, help="the .safetensors file to write")
    parser.add_argument("--dtype", choices=DTYPES, default="float16", help="precision of the weights (float16)")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Read strictly (no pickle code runs), write."""
    import torch

    from wt.model.checkpoint import load_model, save_model

    if arguments.out.suffix != ".safetensors":
        raise WtError(f"The converted model is a .safetensors file; got {arguments.out.name}. Change -o.")
    model = load_model(arguments.source)
    save_model(model, arguments.out, dtype=getattr(torch, arguments.dtype))
    return {
        "source": arguments.source.as_posix(),
        "model": model.config.name,
        "kind": model.config.kind,
        "image_side": model.config.image_side,
        "licence": model.config.licence,
        "parameters": sum(p.numel() for p in model.parameters()),
        "dtype": arguments.dtype,
        "bytes": arguments.out.stat().st_size,
        "files": [arguments.out.as_posix()],
    }
