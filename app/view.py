"""What the page says about a session: plain properties per component, so that it can be tested without a page."""

import html
import math
from typing import Any

import numpy as np

from app.engine import Engine, Part
from app.jobs import Job
from app.session import Session
from app.units import metres_per_unit
from app.work import LEVELS, Work
from wt.scene.cloud import LAYER_COLOURS

Props = dict[str, Any]
STEPS = ("photo", "select", "geometry", "edit", "place", "export")
TITLES = ("Photo", "Select", "Geometry", "Edit", "Place", "Export")


def describe(session: Session, engine: Engine, ahead: int = 0) -> dict[str, Props]:
    """Component name -> properties, for the whole page."""
    work, busy = session.now, session.busy
    return {
        **_steps(work, session),
        **_buttons(work, session, busy),
        **progress(session.job, ahead),
        "chip": {"value": chip(engine)},
        "status": {"value": f'<span class="{"problem" if session.problem else ""}">{_e(session.message)}</span>'},
        "stage": {"value": stage(work, session)},
        "photo_facts": {"value": photo_facts(work)},
        "level": {"value": LEVELS[work.selection.level], "interactive": bool(work.selection.candidates) and not busy},
        "select_facts": {"value": select_facts(work)},
        "sky_out": {"value": work.keep_sky_out, "visible": _has_sky(work)},
        "depth_facts": {"value": depth_facts(work)},
        "lift_facts": {"value": lift_facts(work, session.camera_height_m)},
        "edit_facts": {"value": edit_facts(work)},
        "place_facts": {"value": place_facts(work, session.camera_height_m)},
        "objects": {"value": objects(work)},
        "export_facts": {"value": export_facts(session)},
        "view_caption": {"value": view_caption(session)},
        "viewer": {"value": {"path": _view_path(session), "hint": _view_hint(work, session)}},
        "layers": {"value": layers(work, session)},
        "steps_facts": {"value": steps_facts(engine)},
    }


def chip(engine: Engine) -> str:
    """The status chip with the models' names and licences."""
    state, text = engine.chip()
    detail = " ".join(engine.problems()) or "Models run on this machine; nothing leaves it."
    return f'<span class="chip {state}" title="{_e(detail)}"><i></i>{_e(text)}</span>'


def progress(job: Job | None, ahead: int = 0) -> dict[str, Props]:
    """The bar with step and time left, and its cancel button."""
    if job is None or not job.active:
        return {"progress_row": {"visible": False}, "progress": {"value": ""}, "cancel": {"interactive": False}}
    share = 100 * job.done / job.total if job.total else 0
    if job.cancelling:
        text = "Cancelling after this step…"
    elif job.state == "waiting":
        text = f"Waiting, {ahead} ahead of you" if ahead else "Waiting for the worker"
    else:
        text = job.message or job.label
        if job.total:
            text += f", step {job.done} of {job.total}"
        left = job.seconds_left()
        if left is not None:
            text += f", about {max(1, round(left))} s left"
    bar = f'<div class="bar{"" if job.total else " unknown"}"><b style="width:{share:.1f}%"></b></div>'
    return {
        "progress_row": {"visible": True},
        "progress": {"value": f'<div class="progress"><span>{_e(text)}</span>{bar}</div>'},
        "cancel": {"interactive": not job.cancelling},
    }


def stage(work: Work, session: Session) -> Props:
    """State of the photo pane; its script fetches the pictures by version."""
    if work.shown_rgb is None:
        return {"empty": True, "token": session.token, "echo": session.gestures}
    height, width = work.shown_rgb.shape[:2]
    comparable = work.proposal is not None or work.rgb is not (work.photo.rgb if work.photo else None)
    return {
        "empty": False,
        "token": session.token,
        "width": width,
        "height": height,
        "photo": session.version("photo"),
        "before": session.version("before"),
        "overlay": session.version("overlay"),
        "points": [list(point) for point in work.selection.points] if work.proposal is None else [],
        "box": list(work.selection.box) if work.selection.box and work.proposal is None else None,
        "pin": list(work.pin) if work.pin and work.proposal is None else None,
        "compare": comparable,
        "tool": session.tool,
        "locked": work.proposal is not None,
        "scene": work.scene is not None,
        "echo": session.gestures,
    }


def photo_facts(work: Work) -> str:
    """Name, size and what was converted."""
    if work.photo is None:
        return '<p class="hint">JPEG, PNG, WebP or HEIC. It stays on this machine.</p>'
    notes = "".join(f"<li>{_e(note)}</li>" for note in work.photo.notes)
    rows = [("File", work.photo.name), ("Size", f"{work.photo.width} × {work.photo.height} px")]
    if work.photo.focal_35mm:
        rows.append(("EXIF focal length", f"{work.photo.focal_35mm:.0f} mm (35 mm equivalent)"))
    return table(rows) + (f'<ul class="notes">{notes}</ul>' if notes else "")


def select_facts(work: Work) -> str:
    """How much is selected, and the sky that was suggested."""
    if work.photo is None:
        return hint("Open a photo first.")
    mask = work.selection.mask
    if mask is None:
        text = "Click a thing on the photo. Shift-click adds, Alt-click takes away, or use box and brush."
        return hint(text + (_sky_words(work)))
    ys, xs = np.nonzero(mask)
    size = f"{np.ptp(xs) + 1} × {np.ptp(ys) + 1} px"
    return table([("Selected", f"{mask.mean() * 100:.1f} % of the photo"), ("Extent", size)]) + (
        hint(_sky_words(work)) if _has_sky(work) else ""
    )


def depth_facts(work: Work) -> str:
    """What is known of the photo's depth, and what a depth map may be."""
    if work.depth is None:
        return hint(
            "The visible surface follows a depth map of the whole photo; the model fills in what is hidden. 16-bit PNG "
            "in millimetres, EXR, TIFF, .npy or .npz in metres; 8-bit pictures are read as disparity."
        )
    rows = [("Depth map", work.depth.name), ("Known", f"{work.depth.known.mean() * 100:.0f} % of the photo")]
    return table(rows) + hint(" ".join(work.depth.notes))


def steps_facts(engine: Engine) -> str:
    """How many steps each model takes of its own; more make a lift slower."""
    parts: tuple[tuple[Part, str], ...] = (("scene", "the photo"), ("object", "a selection"))
    own = [f"{engine.get(part).default_steps} for {what}" for part, what in parts if engine.loaded(part)]
    return hint(f"Model's own: {', '.join(own)}.") if own else ""


def lift_facts(work: Work, camera_height_m: float) -> str:
    """Camera, residual, units and counts of the lifted scene."""
    if work.photo is None:
        return hint("Open a photo first.")
    scene = work.scene
    if scene is None:
        return hint("A lift predicts six surfaces along every ray: what you see, and what lies behind it.")
    k = scene.intrinsics
    counts = [int(layer.sum()) for layer in scene.background.present]
    metres = metres_per_unit(scene, camera_height_m)
    assumed = metres is not None and scene.units != "metres"
    unit = scene.units if not assumed else f"{scene.units}; 1 unit ≈ {metres:.2f} m"
    rows = [
        ("Model", f"{work.lift.get('model', '')} · {work.lift.get('licence', '')}"),
        ("Steps, seed", f"{work.lift.get('steps', '')}, {work.lift.get('seed', '')} ({work.lift.get('seconds', 0)} s)"),
        *([("Known depth", str(work.lift["depth"]))] if "depth" in work.lift else []),
        ("Grid", f"{k.width} × {k.height}, {len(counts)} layers"),
        ("Focal length", f"fx {k.fx:.1f}, fy {k.fy:.1f} px · {k.fov_x_deg:.0f}° wide"),
        ("Centre", f"cx {k.cx:.1f}, cy {k.cy:.1f} px (first pixel at 0.5)"),
        ("Fit residual", f"{k.residual_px:.2f} px" if math.isfinite(k.residual_px) else "given, not fitted"),
        ("Units", unit),
        ("Surfaces", " · ".join(f"{count:,}" for count in counts)),
    ]
    note = "" if not assumed else hint(f"Metres assume a camera {camera_height_m:g} m above the fitted floor.")
    return table(rows) + note


def edit_facts(work: Work) -> str:
    """What was understood and which editor ran."""
    if work.scene is None:
        return hint("Lift the photo first.")
    if work.lift.get("kind") == "object":
        return hint("Only one object was lifted. To edit by words, lift the whole photo.")
    if work.proposal is None:
        place = (
            f"The next object stands at {work.pin[0]:.0f}, {work.pin[1]:.0f}."
            if work.pin
            else "Click the photo to mark where it shall stand, or let the words decide."
        )
        return hint(place) + _edits_done(work)
    report = work.proposal.report
    rows = [("Understood", ", then ".join(_operation(operation) for operation in work.proposal.operations))]
    if report.get("editor"):
        rows.append(("Editor", str(report["editor"])))
    rows += _edit_figures(report)
    return table(rows) + _edits_done(work)


def place_facts(work: Work, camera_height_m: float) -> str:
    """The figures of the placement that waits for a yes."""
    if work.proposal is None:
        return "" if work.scene is not None else hint("Lift the photo first.")
    scene = work.proposal.scene
    metres = metres_per_unit(scene, camera_height_m)
    told = work.proposal.report.get("place", [])
    blocks = []
    for index, placed in enumerate(work.proposal.placed):
        row = told[index] if index < len(told) else {}
        figures = [
            ("Object", str(row.get("name", ""))),
            ("Scale, shift", f"× {placed.scale:.3f}, {_length(placed.shift, metres)}"),
            ("Depth residual", _percent(placed.residuals.get("depth"))),
            ("Reprojection", f"{placed.residuals.get('reprojection_px', math.nan):.2f} px"),
            ("Contact gap", _length(placed.residuals.get("contact_gap"), metres, "no support found")),
            ("Gauge", f"× {placed.gauge.scale:.3f}, residual {_percent(placed.gauge.residual)}"),
        ]
        if row.get("centroid_error") is not None:
            figures.append(("Centroid error", f"{_percent(row['centroid_error'])} of its size"))
        blocks.append(table([figure for figure in figures if figure[1]]))
    for removed in work.proposal.report.get("removed", []):
        blocks.append(table([("Removed", str(removed["name"])), ("Gauge", _gauge_words(removed["gauge"]))]))
        blocks.append(hint(_agreement(removed.get("hidden_agreement"))))
    blocks.append(table([("Changed region", f"{work.proposal.region.mean() * 100:.1f} % of the photo")]))
    return "".join(blocks)


def objects(work: Work) -> list[Props]:
    """Rows of the object list; the photo itself is the last."""
    scene = work.shown_scene
    if scene is None:
        return []
    rows = [
        {"id": thing.id, "name": thing.name, "visible": thing.visible, "points": int(thing.present.sum())}
        for thing in (*reversed(scene.objects), scene.background)
    ]
    return [{**row, "locked": work.proposal is not None} for row in rows]


def layers(work: Work, session: Session) -> Props:
    """Pills of the layers with their colours and counts."""
    scene, shown = work.shown_scene, session.display.layers
    things = [] if scene is None else [thing for thing in (scene.background, *scene.objects) if thing.visible]
    rows = []
    for number, colour in enumerate(LAYER_COLOURS):
        points = sum(int(thing.present[number].sum()) for thing in things if number < len(thing.present))
        on = shown is None or number in shown
        rows.append({"number": number, "shown": on, "points": points, "colour": "rgb({},{},{})".format(*colour)})
    return {"layers": rows}


def export_facts(session: Session) -> str:
    """The files of the last export and its one download."""
    work, made = session.now, session.exported
    if work.scene is None:
        return hint("Lift the photo first.")
    if not made:
        return hint("One zip: points by layer, GLB, camera with K and residual, pictures, manifest.")
    rows = "".join(f"<tr><td>{_e(name)}</td><td>{size_words(size)}</td></tr>" for name, size in made["files"])
    bundle = made["zip"]
    old = "" if made["scene"] is work.scene else hint("The scene has changed since; build the zip again.")
    link = f"studio/{session.token}/download/{bundle.name}"
    size = size_words(bundle.stat().st_size) if bundle.is_file() else ""
    attributes = f'id="download_zip" class="download" href="{_e(link)}" download="{_e(bundle.name)}"'
    anchor = f"<a {attributes}>Download {_e(bundle.name)}<small>{size}</small></a>"
    return f'{anchor}{old}<table class="facts files">{rows}</table>'


def view_caption(session: Session) -> str:
    """Point counts under the 3D view."""
    shown = session.viewer.shown if session.viewer else None
    if shown is None or not shown.total:
        return "<span>Left-drag turns, right-drag pans, wheel zooms.</span>"
    if shown.points < shown.total:
        text = f"{shown.points:,} of {shown.total:,} points shown; exports hold all."
    else:
        text = f"All {shown.total:,} points shown."
    return f"<span>{'Forming… ' if shown.forming else ''}{text}</span>"


def table(rows: list[tuple[str, str]]) -> str:
    """Two columns of plain text."""
    return '<table class="facts">' + "".join(f"<tr><th>{_e(k)}</th><td>{_e(v)}</td></tr>" for k, v in rows) + "</table>"


def hint(text: str) -> str:
    """One muted sentence."""
    return f'<p class="hint">{_e(text)}</p>' if text else ""


def size_words(size: int) -> str:
    """Bytes as a person reads them."""
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(size / 1e3, 0.1):.1f} kB"


def _steps(work: Work, session: Session) -> dict[str, Props]:
    has_photo, has_scene = work.photo is not None, work.scene is not None
    need = {
        "select": "" if has_photo else "open a photo first",
        "geometry": "" if has_photo else "open a photo first",
        "edit": "" if has_scene else "lift the photo first",
        "place": "" if has_scene else "lift the photo first",
        "export": "" if has_scene else "lift the photo first",
    }
    count = len(work.scene.objects) if work.scene else 0
    mask = work.selection.mask
    summary = {
        "photo": work.photo.name if work.photo else "",
        "select": "" if mask is None else f"{mask.mean() * 100:.1f} %",
        "geometry": work.lift.get("model", "") if has_scene else "",
        "edit": f"{len(work.edits)} done" if work.edits else "",
        "place": "waiting for your yes" if work.proposal else (f"{count} placed" if count else ""),
        "export": "zip ready" if session.exported else "",
    }
    if not has_photo:
        opened = {"photo"}
    elif not has_scene:
        opened = {"select", "geometry"}
    elif work.proposal:
        opened = {"edit", "place"}
    else:
        opened = {"edit", "place"} if count or work.edits else {"edit"}
    steps = {}
    for name, title in zip(STEPS, TITLES, strict=True):
        tail = need.get(name) or summary[name]
        state = "locked" if need.get(name) else ("done" if summary[name] else "open")
        steps[f"step_{name}"] = {
            "label": f"{title}   {tail}".rstrip(),
            "open": name in opened,
            "elem_classes": ["step", state, "current" if name in opened else "rest"],
        }
    return steps


def _buttons(work: Work, session: Session, busy: bool) -> dict[str, Props]:
    photo, scene, waiting = work.photo is not None, work.scene is not None, work.proposal is not None
    selected = work.selection.mask is not None
    free = photo and not busy and not waiting
    undo, redo = session.history.undo_label, session.history.redo_label
    on = {
        "invert": free,
        "clear": free and selected,
        "grow": free and selected,
        "shrink": free and selected,
        "mask_upload": free,
        "sky_mark": free and selected,
        "depth_upload": free,
        "depth_forget": free and work.depth is not None,
        "lift": free,
        "run_edit": free and scene and work.lift.get("kind") != "object",
        "prompt": scene and not waiting,
        "build": scene and not busy,
        "undo": bool(undo),
        "redo": bool(redo),
        "home": work.shown_scene is not None,
    }
    props: dict[str, Props] = {name: {"interactive": value} for name, value in on.items()}
    props["unpin"] = {"visible": free and work.pin is not None}
    props["snap"] = {"visible": waiting and bool(work.proposal and work.proposal.placed), "interactive": not busy}
    props["accept"] = props["discard"] = {"visible": waiting, "interactive": not busy}
    return props


def _has_sky(work: Work) -> bool:
    return work.sky is not None and bool(work.sky.any())


def _sky_words(work: Work) -> str:
    if not _has_sky(work):
        return ""
    assert work.sky is not None
    kept = "left out of" if work.keep_sky_out else "kept in"
    return f" Sky was found ({work.sky.mean() * 100:.0f} % of the photo) and is {kept} the lift."


def _edits_done(work: Work) -> str:
    items = "".join(f"<li>{_e(edit['prompt'])}</li>" for edit in work.edits)
    return f'<ol class="edits">{items}</ol>' if items else ""


def _operation(operation: Any) -> str:
    thing = " ".join(str(p) for p in (operation.size, operation.colour, operation.material, operation.what) if p)
    if operation.kind == "replace" and operation.target:
        return f"replace: {operation.target} by {thing}"
    return f"{operation.kind}: {thing}"


def _edit_figures(report: dict[str, Any]) -> list[tuple[str, str]]:
    figures, edit = [], report.get("edit") or {}
    if "shift_px" in edit:
        x, y = edit["shift_px"]
        figures.append(("Frame drift", f"{x:.2f}, {y:.2f} px, zoom {edit.get('zoom', 1):.4f}, repaired"))
    if "changed_outside" in edit:
        figures.append(("Changed outside", f"{edit['changed_outside']} pixels"))
    return figures


def _view_path(session: Session) -> str:
    return f"viewer/{session.viewer.token}/" if session.viewer else ""


def _view_hint(work: Work, session: Session) -> str:
    if work.shown_scene is not None or (session.viewer is not None and session.viewer.shown.total):
        return ""
    if session.busy:
        return "The geometry appears here as it forms."
    if work.photo is None:
        return "The 3D scene will stand here."
    return "Press Lift: the photo becomes six layers of points."


def _gauge_words(gauge: dict[str, Any]) -> str:
    return f"× {gauge['scale']:.3f}, residual {_percent(gauge['residual'])}"


def _agreement(found: dict[str, float] | None) -> str:
    """What the deeper layers had already known about the surface that is free now."""
    if not found or not found["share"] or not math.isfinite(found["depth"]):
        return ""
    share, off = f"{found['share'] * 100:.0f} %", _percent(found["depth"])
    return f"The hidden layers knew a surface behind {share} of the region; the new one differs by {off} in depth."


def _length(value: float | None, metres: float | None, missing: str = "—") -> str:
    if value is None or not math.isfinite(value):
        return missing
    return f"{value:.3f} units" + ("" if metres is None else f" (≈ {value * metres * 100:.1f} cm)")


def _percent(value: float | None) -> str:
    return "—" if value is None or not math.isfinite(value) else f"{value * 100:.2f} %"


def _e(text: Any) -> str:
    return html.escape(str(text))
