"""What `edit` and `remove` share: lift the photo, run the edit, write pictures, scene and exports.

`wt` knows nothing of the editors: `python -m wt` hands in the function that builds their pipeline.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from wt.cli.common import (
    LOG,
    Timer,
    add_lift_arguments,
    flat,
    full_size,
    log_steps,
    names,
    open_input,
    peak_rss_mb,
    pixel,
    write_png,
)


@runtime_checkable
class Pipeline(Protocol):
    """What is needed of `editors.pipeline.EditPipeline`."""

    def run(self, scene: Any, photo: Any, text: Any, **options: Any) -> Any:
        """The edited scene and photo, the region, operations, placed objects and a report."""
        ...


MakePipeline = Callable[..., Pipeline]
"""(scene lifter, object lifter, editor's name, remover's name, allow_download=, device=) -> pipeline."""


def add_editing_arguments(parser: argparse.ArgumentParser, *, out_required: bool = True) -> None:
    """Arguments of both commands."""
    add_lift_arguments(parser, out_required=out_required)
    parser.add_argument(
        "--at", type=pixel, metavar="U,V", help="where: a place in the photo's pixels, from left and top"
    )
    parser.add_argument("--mask", type=Path, help="picture of the photo's size, white where to edit")
    parser.add_argument("--model", default="wt-s-mini", help="scene model: registry name or file (wt-s-mini)")
    parser.add_argument("--object-model", default="wt-o-mini", help="object model: registry name or file (wt-o-mini)")
    parser.add_argument(
        "--editor",
        default="auto",
        help="what paints: catalogue (auto), klein, qwen-edit, sdxl-inpaint, sd15-inpaint, the last two also with "
        "-lcm, or a diffusers folder or hub name; `doctor` lists them",
    )
    parser.add_argument(
        "--remover",
        default="auto",
        help="what removes: the editor if it can, else patchmatch (auto); patchmatch, klein, qwen-edit, or a LaMa file",
    )
    parser.add_argument(
        "--camera-height",
        type=float,
        default=1.5,
        metavar="M",
        help="how high above the floor or table the camera was, in metres (1.5): it makes true sizes true",
    )
    parser.add_argument("--allow-download", action="store_true", help="let an editor fetch its weights from the hub")


def run_edit(
    arguments: argparse.Namespace, make_pipeline: MakePipeline, instruction: Any, prompt: str
) -> dict[str, Any]:
    """Lift, edit, place, write; the JSON object of both commands."""
    timer = Timer()
    opened = open_input(arguments.photo, arguments.mask, arguments.at)
    from wt.lift import load
    from wt.scene.scene import Scene

    scene_lifter = load(arguments.model, device=arguments.device)
    object_lifter = load(arguments.object_model, device=arguments.device)
    asked = {"allow_download": arguments.allow_download, "device": arguments.device}
    pipeline = make_pipeline(scene_lifter, object_lifter, arguments.editor, arguments.remover, **asked)
    timer.lap("load")
    layers = scene_lifter.lift(opened.photo, steps=arguments.steps, seed=arguments.seed, on_step=log_steps("lift"))
    timer.lap("lift")
    result = pipeline.run(
        Scene.from_layers(layers),
        opened.photo,
        instruction,
        at=opened.at,
        mask=opened.mask,
        seed=arguments.seed,
        camera_height_m=arguments.camera_height,
        on_progress=said,
    )
    timer.lap("edit")
    report = dict(result.report)
    place = placements(result)
    facts = {
        "operations": [describe(operation) for operation in result.operations],
        "editor": report.get("editor", ""),
        "edit": report.get("edit", {}),
        "place": place,
        "removed": list(report.get("removed", [])),
        "steps": list(report.get("steps", [])),
    }
    # The parts of "edit"; its own "edit" is the painting of pixels.
    parts = {{"edit": "paint"}.get(name, name): value for name, value in report.get("seconds", {}).items()}
    parts.pop("total", None)
    models = [{"name": lifter.name, "licence": lifter.licence} for lifter in (scene_lifter, object_lifter)]
    manifest = {
        **facts,
        "prompts": [prompt],
        "seeds": [arguments.seed],
        "models": [*models, *report.get("editors", [])],
        "photo": {"name": opened.photo.name, "size": opened.size, "notes": list(opened.photo.notes)},
    }
    files = write_all(arguments, opened, result, manifest)
    timer.lap("write")
    return {
        **facts,
        "photo": opened.size,
        "objects": [{"id": thing.id, "name": thing.name} for thing in result.scene.objects],
        "seconds": {**timer.seconds, **parts},
        "peak_rss_mb": peak_rss_mb(),
        "seed": arguments.seed,
        "notes": list(opened.photo.notes),
        "files": names(files),
    }


def write_all(arguments: argparse.Namespace, opened: Any, result: Any, manifest: dict[str, Any]) -> Sequence[Path]:
    """before.png, after.png and region.png at the photo's size, scene.wts, and the exports."""
    from wt.exports.export import export

    out, before = arguments.out, opened.full.rgb
    after, region = full_size(result.photo_after, result.region, opened.full)
    files = [
        write_png(out / "before.png", before),
        write_png(out / "after.png", after),
        write_png(out / "region.png", region),
        result.scene.save(out / "scene.wts"),
    ]
    return [*files, *flat(export(result.scene, out, arguments.formats, manifest=manifest, before=before, after=after))]


def said(done: int, total: int, message: str = "", *_: Any) -> None:
    """Progress on standard error."""
    LOG.info("%s%s", message or "edit", f": {done} of {total}" if total else "")


def placements(result: Any) -> list[dict[str, Any]]:
    """One row for every placed object: the report's own facts, completed from what was placed."""
    told = list(result.report.get("place", []))
    rows = []
    for index, placed in enumerate(result.placed):
        known = told[index] if index < len(told) else {}
        row = {
            "name": known.get("name", "object"),
            "scale": placed.scale,
            "shift": placed.shift,
            "depth_residual": placed.residuals.get("depth"),
            "residual_px": placed.residuals.get("reprojection_px"),
            "contact_gap": placed.residuals.get("contact_gap"),
            "centroid_error": None,
        }
        rows.append({**row, **known})
    return rows


def describe(operation: Any) -> Any:
    """An operation as JSON values: its row, else its fields if it has any."""
    from dataclasses import asdict, is_dataclass

    if hasattr(operation, "row"):
        return operation.row()
    return asdict(operation) if is_dataclass(operation) and not isinstance(operation, type) else operation
