"""What each step of the page tells: tables of figures, hints of what to do next."""

import math
from pathlib import Path
from typing import Any

import numpy as np

from app import credits, placement
from app.engine import Engine
from app.markup import escaped, hint, length, percent, size_words, table, take_away
from app.models import Kind, Model
from app.session import Session
from app.work import Work
from editors.instruction import parse
from editors.operations import understood
from wt.errors import WtError
from wt.scene.objects import SceneObject
from wt.scene.scene import Scene

_FRAME_ALONE = "Save project keeps the frame that is shown, as a photo."
_CLIP_ITSELF = "The clip goes into its zip under Export once it is lifted: its .wtc file opens here again."


def photo(work: Work) -> str:
    """Name, size and what was converted."""
    if work.photo is None:
        return hint(
            "JPEG, PNG, WebP or HEIC; a video or GIF; or a project that you saved (.wts). It stays on this machine."
        )
    notes = "".join(f"<li>{escaped(note)}</li>" for note in work.photo.notes)
    rows = [("File", work.photo.name), ("Size", f"{work.photo.width} × {work.photo.height} px")]
    if work.photo.focal_35mm:
        rows.append(("EXIF focal length", f"{work.photo.focal_35mm:.0f} mm (35 mm equivalent)"))
    saved = "" if work.clip is None else hint(f"{_FRAME_ALONE} {_CLIP_ITSELF}")
    return table(rows) + (f'<ul class="notes">{notes}</ul>' if notes else "") + saved


def select(work: Work, engine: Engine) -> str:
    """How much is selected and by what, and the sky that was suggested."""
    if work.photo is None:
        return hint("Open a photo first.")
    mask = work.selection.mask
    if mask is None:
        text = "Click a thing on the photo. Shift-click adds, Alt-click takes away, or use box and brush."
        return hint(text + _sky_words(work)) + table(_selector(engine))
    ys, xs = np.nonzero(mask)
    size = f"{np.ptp(xs) + 1} × {np.ptp(ys) + 1} px"
    rows = [("Selected", f"{mask.mean() * 100:.1f} % of the photo"), ("Extent", size), *_selector(engine)]
    return table(rows) + (hint(_sky_words(work)) if has_sky(work) else "")


def words_hint(engine: Engine) -> str:
    """What may be looked for."""
    return "lamp, red chair" if engine.config.words_model else "a name from below"


def _selector(engine: Engine) -> list[tuple[str, str]]:
    selector = engine.selector()
    return [("Clicks are read by", selector)] if selector else []


def project_link(session: Session) -> str:
    """Downloads the whole project."""
    work = session.now
    path = "" if work.photo is None else f"studio/{session.token}/download/{work.file_name}"
    title = "One file with photo, selection, scene and edits; drop it on the photo box to go on (Ctrl+S)"
    if work.clip is not None:
        title = f"{_FRAME_ALONE} (Ctrl+S) {_CLIP_ITSELF}"
    return take_away("save_project", "Save project", title, path)


def mask_link(session: Session) -> str:
    """Downloads the selection."""
    work = session.now
    path = "" if work.selection.mask is None else f"studio/{session.token}/download/{work.mask_name}"
    return take_away("save_mask", "Save mask", "A PNG of the photo file's own size, white where selected", path)


def depth(work: Work) -> str:
    """What is known of the photo's depth, and what a depth map may be."""
    if work.depth is None:
        return hint(
            "The visible surface follows a depth map of the whole photo; the model fills in what is hidden. 16-bit PNG "
            "in millimetres, EXR, TIFF, .npy or .npz in metres; 8-bit pictures are read as disparity."
        )
    rows = [("Depth map", work.depth.name), ("Known", f"{work.depth.known.mean() * 100:.0f} % of the photo")]
    return table(rows) + hint(" ".join(work.depth.notes))


def model(chosen: Model, elsewhere: list[Model], *, alone: bool) -> str:
    """The model, if there is no choice, or how large it is; and how to get those that are not on this machine."""
    told = table([("Model", chosen.label)]) if alone else ""
    told += hint(f"{chosen.name}, {chosen.size}: without a GPU a lift takes long.") if chosen.size else ""
    for other in elsewhere:
        terms = escaped(f"{other.title}, {other.size}, {other.terms}")
        command = f"<code>python -m wt download {escaped(other.name)}</code>"
        told += f'<p class="hint">Not on this machine: {terms}. To fetch it: {command}</p>'
    return told


def steps(work: Work, engine: Engine) -> str:
    """How many steps each chosen model takes of its own; more make a lift slower."""
    kinds: tuple[tuple[Kind, str], ...] = (("scene", "the photo"), ("object", "a selection"))
    own = [(engine.own_steps(kind, work.models.get(kind, "")), what) for kind, what in kinds]
    told = ", ".join(f"{number} for {what}" for number, what in own if number is not None)
    return hint(f"Model's own: {told}.") if told else ""


def lift(work: Work) -> str:
    """Camera, residual, units and counts of the lifted scene."""
    if work.photo is None:
        return hint("Open a photo first.")
    scene = work.scene
    if scene is None:
        return hint("A lift predicts six surfaces along every ray: what you see, and what lies behind it.")
    k = scene.intrinsics
    counts = [int(layer.sum()) for layer in scene.background.present]
    metres = scene.metres_per_unit()
    assumed = metres is not None and scene.units != "metres"
    unit = scene.units if not assumed else f"{scene.units}; 1 unit ≈ {metres:.2f} m"
    rows = [
        ("Model", f"{_lifted_by(work.lift)} · {work.lift.get('licence', '')}"),
        ("Steps, seed", f"{work.lift.get('steps', '')}, {work.lift.get('seed', '')} ({work.lift.get('seconds', 0)} s)"),
        *([("Known depth", str(work.lift["depth"]))] if "depth" in work.lift else []),
        ("Grid", f"{k.width} × {k.height}, {len(counts)} layers"),
        ("Focal length", f"fx {k.fx:.1f}, fy {k.fy:.1f} px · {k.fov_x_deg:.0f}° wide"),
        ("Centre", f"cx {k.cx:.1f}, cy {k.cy:.1f} px (first pixel at 0.5)"),
        ("Fit residual", f"{k.residual_px:.2f} px" if math.isfinite(k.residual_px) else "given, not fitted"),
        ("Units", unit),
        ("Surfaces", " · ".join(f"{count:,}" for count in counts)),
    ]
    told = f"Metres, and the sizes of what you add, rest on this: {scene.metres_from}."
    note = "" if not assumed else hint(told)
    return table(rows) + note


def _lifted_by(told: dict[str, Any]) -> str:
    """The model's own name, and the file's if it came from one: copies of a model share its name."""
    name = told.get("model", "")
    return name if told.get("chosen", name) == name else f"{name} ({told['chosen']})"


def edit(work: Work) -> str:
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
        return hint(place) + _edits_done(work) + credits.of_last(work)
    report = work.proposal.report
    rows = [("Understood", " ".join(understood(work.proposal.operations)))]
    rows += credits.rows(credits.last_run(work)) + _edit_figures(report)
    return table(rows) + _edits_done(work)


def preview(prompt: str | None) -> str:
    """What an instruction would do, or why it is not understood; nothing for an empty one."""
    if prompt is None or not prompt.strip():
        return ""
    try:
        items = "".join(f"<li>{escaped(line)}</li>" for line in understood(parse(prompt)))
    except WtError as error:
        return f'<p class="hint unclear" title="{escaped(error)}">{escaped(error)}</p>'
    return f'<ul class="plan">{items}</ul>'


def place(work: Work) -> str:
    """The figures of the placement that waits for a yes."""
    if work.proposal is None:
        return "" if work.scene is not None else hint("Lift the photo first.")
    scene = work.proposal.scene
    metres = scene.metres_per_unit()
    told = work.proposal.report.get("place", [])
    blocks = []
    for index, thing in enumerate(scene.objects[len(scene.objects) - len(work.proposal.placed) :]):
        row = told[index] if index < len(told) else {}
        more = []
        if row.get("centroid_error") is not None:
            more.append(("Centroid error", f"{percent(row['centroid_error'])} of its size"))
        blocks.append(_placement(scene, thing, metres, [("Object", thing.name)], more))
    for removed in work.proposal.report.get("removed", []):
        blocks.append(table([("Removed", str(removed["name"])), ("Gauge", _gauge_words(removed["gauge"]))]))
        blocks.append(hint(_agreement(removed.get("hidden_agreement"))))
    blocks.append(table([("Changed region", f"{work.proposal.region.mean() * 100:.1f} % of the photo")]))
    return "".join(blocks)


def chosen(session: Session) -> str:
    """The figures of the object that is moved by hand; without one, how to choose it."""
    scene, thing = session.now.scene, session.chosen_object
    if thing is not None and scene is not None:
        return _placement(scene, thing, scene.metres_per_unit())
    movable = scene is not None and session.now.proposal is None and bool(scene.objects)
    return hint("Click an object here or in the 3D view to move, turn and scale it.") if movable else ""


def export(session: Session) -> str:
    """The one download of the last export, what is in it, and what was left out."""
    work, made = session.now, session.exported
    if work.scene is None:
        return hint("Lift the photo first.")
    if not made:
        return hint("One zip, with a README that says which file is for which program.")
    old = "" if made["scene"] is work.scene else hint("The scene has changed since; build the zip again.")
    rows = "".join(_format_row(row) for row in made["formats"])
    anchor = _download(session, "download_zip", made["zip"])
    return f'{anchor}{old}{_notes(made["notes"])}<table class="facts files">{rows}</table>'


def textured(session: Session) -> str:
    """The one download of an object's mesh, whose it is, and what was said of it."""
    made = session.textured
    if not made:
        return ""
    changed = "" if made["scene"] is session.now.scene else " The scene has changed since."
    return (
        _download(session, "download_mesh", made["zip"]) + hint(f"Of {made['name']}.{changed}") + _notes(made["notes"])
    )


def _download(session: Session, ident: str, bundle: Path) -> str:
    link = f"studio/{session.token}/download/{bundle.name}"
    size = size_words(bundle.stat().st_size) if bundle.is_file() else ""
    attributes = f'id="{ident}" class="download" href="{escaped(link)}" download="{escaped(bundle.name)}"'
    return f"<a {attributes}>Download {escaped(bundle.name)}<small>{size}</small></a>"


def _notes(notes: list[str]) -> str:
    return f"<ul class=notes>{''.join(f'<li>{escaped(note)}</li>' for note in notes)}</ul>" if notes else ""


def _format_row(row: dict[str, Any]) -> str:
    names = row["names"][0] if row["count"] == 1 else f"{row['count']} files"
    told = f'<td title="{escaped(", ".join(row["names"]))}">{escaped(names)}</td>'
    return f"<tr><th>{escaped(row['label'])}</th>{told}<td>{size_words(row['bytes'])}</td></tr>"


def has_sky(work: Work) -> bool:
    """Whether sky was found on the photo, or marked."""
    return work.sky is not None and bool(work.sky.any())


def _sky_words(work: Work) -> str:
    if not has_sky(work):
        return ""
    assert work.sky is not None
    kept = "left out of" if work.keep_sky_out else "kept in"
    return f" Sky was found ({work.sky.mean() * 100:.0f} % of the photo) and is {kept} the lift."


def _edits_done(work: Work) -> str:
    items = "".join(f"<li>{escaped(edit['prompt'])}</li>" for edit in work.edits)
    return f'<ol class="edits">{items}</ol>' if items else ""


def _edit_figures(report: dict[str, Any]) -> list[tuple[str, str]]:
    figures, edit = [], report.get("edit") or {}
    if "shift_px" in edit:
        (x, y), zoom = edit["shift_px"], edit.get("zoom", 1.0)
        drifted = max(abs(x), abs(y)) >= 0.005 or abs(zoom - 1) >= 0.00005
        figures.append(("Frame drift", f"{x:.2f}, {y:.2f} px, zoom {zoom:.4f}, repaired" if drifted else "none"))
    if "changed_outside" in edit:
        figures.append(("Changed outside", f"{edit['changed_outside']} pixels"))
    return figures


def _placement(
    scene: Scene,
    thing: SceneObject,
    metres: float | None,
    before: list[tuple[str, str]] | None = None,
    after: list[tuple[str, str]] | None = None,
) -> str:
    """How an object was solved and how far that can be trusted, with the reason where it is in doubt."""
    info, judged = thing.info, placement.judged(scene, thing.id)
    residuals = info.get("residuals", {})
    figures = [
        *(before or []),
        ("Confidence", judged.level),
        ("Scale, shift", f"× {info.get('scale', math.nan):.3f}, {length(info.get('shift'), metres)}"),
        ("Depth residual", percent(residuals.get("depth"))),
        ("Reprojection", f"{residuals.get('reprojection_px', math.nan):.2f} px"),
        ("Contact gap", length(residuals.get("contact_gap"), metres, "no support found")),
        *([("Contact now", length(judged.contact, metres, "no support found"))] if thing.moved else []),
        *([("Gauge", _gauge_words(info["gauge"]))] if "gauge" in info else []),
        *(after or []),
    ]
    doubts = "".join(f"<li>{escaped(reason)}</li>" for reason in judged.reasons)
    return table(figures) + (f'<ul class="notes">{doubts}</ul>' if doubts else "")


def _gauge_words(gauge: dict[str, Any]) -> str:
    return f"× {gauge['scale']:.3f}, residual {percent(gauge['residual'])}"


def _agreement(found: dict[str, float] | None) -> str:
    """What the deeper layers had already known about the surface that is free now."""
    if not found or not found["share"] or not math.isfinite(found["depth"]):
        return ""
    share, off = f"{found['share'] * 100:.0f} %", percent(found["depth"])
    return f"The hidden layers knew a surface behind {share} of the region; the new one differs by {off} in depth."
