"""`python -m wt export`: a saved scene in other formats."""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from wt.cli.common import Subparsers, add_command, add_formats, names


def register(subparsers: Subparsers) -> None:
    """Add the parser."""
    parser = add_command(subparsers, "export", run, "Write a saved scene (.wts) as PLY, GLB, NPZ, camera and more.")
    parser.add_argument("scene", type=Path, help="scene.wts of lift, edit or the app")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for the files")
    add_formats(parser)
    parser.add_argument("--hidden", choices=("grey", "photo"), default="grey", help="colours behind layer 0 (grey)")


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Export, then read cloud and camera back and project every point to its pixel."""
    from wt.exports.export import export, roundtrip_px
    from wt.scene.scene import Scene

    scene = Scene.load(arguments.scene)
    written = export(scene, arguments.out, arguments.formats, hidden=arguments.hidden)
    if {"ply", "camera"} <= set(written):
        error = roundtrip_px(scene, arguments.out)
    else:
        with tempfile.TemporaryDirectory() as folder:
            export(scene, folder, ("ply", "camera"))
            error = roundtrip_px(scene, folder)
    return {
        "scene": arguments.scene.as_posix(),
        "units": scene.units,
        "objects": [thing.name for thing in scene.objects],
        "files": {name: names(paths) for name, paths in written.items()},
        "roundtrip_px": error,
    }
