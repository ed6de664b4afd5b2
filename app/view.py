"""What the page shows of a session: plain properties per component, so that it can be tested without a page."""

from typing import Any

from app import camera_path, clip, facts, pane, personal, placement, projects
from app.engine import Engine
from app.jobs import Job, Wait
from app.markup import escaped
from app.server_paths import without_paths
from app.session import Session
from app.work import LEVELS, Work
from wt.scene.cloud import LAYER_COLOURS
from wt.scene.objects import SceneObject

Props = dict[str, Any]
STEPS = ("photo", "select", "geometry", "edit", "place", "export")
TITLES = ("Photo", "Select", "Geometry", "Edit", "Place", "Export")


def describe(session: Session, engine: Engine, wait: Wait | None = None) -> dict[str, Props]:
    """Component name -> properties, for the whole page."""
    work, seen, busy = session.now, session.seen, session.busy
    return {
        **_steps(work, session),
        **_buttons(work, session, busy),
        **progress(session.job, wait),
        **variants(session),
        **_seeds(session),
        "chip": {"value": chip(engine)},
        "status": {"value": status(session)},
        "stage": {"value": stage(seen, session)},
        "photo_facts": {"value": facts.photo(work)},
        "project_save": {"value": facts.project_link(session)},
        "projects": {"value": project_list(session, engine)},
        "level": {"value": LEVELS[work.selection.level], "interactive": bool(work.selection.candidates) and not busy},
        "select_facts": {"value": facts.select(work, engine)},
        **_words(work, session, engine),
        "mask_save": {"value": facts.mask_link(session)},
        "sky_out": {"value": work.keep_sky_out, "visible": facts.has_sky(work)},
        "depth_facts": {"value": facts.depth(work)},
        **_model(work, session, engine),
        "steps_facts": {"value": facts.steps(work, engine)},
        "lift_facts": {"value": facts.lift(seen)},
        "edit_facts": {"value": facts.edit(seen)},
        "place_facts": {"value": facts.place(work)},
        "objects": {"value": objects(work, session.chosen_object)},
        "pose": {"value": placement.pose(session)},
        "pose_facts": {"value": facts.chosen(session)},
        "textured_facts": {"value": facts.textured(session)},
        "export_facts": {"value": facts.export(session)},
        "path": {"value": camera_path.describe(work.scene, session.camera_path, session.token, busy)},
        "view_caption": {"value": view_caption(session)},
        "viewer": {"value": viewer(seen, session)},
        **pane.describe(session),
        "layers": {"value": layers(seen, session)},
        **clip.describe(session),
    }


def chip(engine: Engine) -> str:
    """The status chip with the models' names and licences."""
    state, text = engine.chip()
    detail = " ".join(engine.problems()) or "About this studio: device, memory, models, disk"
    return f'<button class="chip {state}" title="{escaped(detail)}"><i></i>{escaped(text)}</button>'


def status(session: Session) -> str:
    """The last message, and beside it that work is not saved."""
    kind, unsaved = "problem" if session.problem else "", session.unsaved()
    told = f'<span class="{kind}">{escaped(without_paths(session.message))}</span>'
    return f'{told} <span class="problem">{escaped(unsaved)}</span>' if unsaved else told


def running(session: Session, job: Job, wait: Wait | None = None) -> dict[str, Props]:
    """What changes while a job runs: its progress, and the variants that are done."""
    return {**progress(job, wait), **variants(session)}


def variants(session: Session) -> dict[str, Props]:
    """The cards to choose from, in the step that they belong to."""
    made, strips = session.variants, dict[str, Props]()
    for step, name in (("geometry", "lift_variants"), ("edit", "edit_variants")):
        if made is None or made.step != step:
            strips[name] = {"value": {}}
            continue
        rows = [{"name": made.name_of(row), "seed": row.outcome.seed, "note": row.note} for row in made.rows]
        told = {"token": session.token, "busy": session.busy, "rows": rows, "at": made.at}
        hint = "Depth, seen · hidden, and its median difference from the first." if step == "geometry" else ""
        strips[name] = {"value": {**told, "title": "Which one?", "hint": hint}}
    return strips


def progress(job: Job | None, wait: Wait | None = None) -> dict[str, Props]:
    """The bar with step and time left, and its cancel button."""
    if job is None or not job.active:
        return {"progress_row": {"visible": False}, "progress": {"value": ""}, "cancel": {"interactive": False}}
    share = 100 * job.done / job.total if job.total else 0
    if job.cancelling:
        text = "Cancelling after this step…"
    elif job.state == "waiting":
        text = ": ".join(said for said in (job.part or job.label, str(wait or "waiting")) if said)
    else:
        text = job.message or job.label
        if job.total:
            text += f", step {job.done} of {job.total}"
        left = job.seconds_left()
        if left is not None:
            text += f", about {max(1, round(left))} s left"
    known = f'aria-valuenow="{share:.0f}"' if job.total else ""
    kind = "bar" if job.total else "bar unknown"
    spoken = f'role="progressbar" aria-label="Progress" {known}'
    bar = f'<div class="{kind}" {spoken}><b style="width:{share:.1f}%"></b></div>'
    return {
        "progress_row": {"visible": True},
        "progress": {"value": f'<div class="progress"><span>{escaped(text)}</span>{bar}</div>'},
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


def objects(work: Work, chosen: SceneObject | None = None) -> list[Props]:
    """Rows of the object list; the photo itself is the last."""
    scene = work.shown_scene
    if scene is None:
        return []
    rows = [
        {"id": thing.id, "name": thing.name, "visible": thing.visible, "points": int(thing.present.sum())}
        for thing in (*reversed(scene.objects), scene.background)
    ]
    held, locked = 0 if chosen is None else chosen.id, work.proposal is not None
    return [{**row, "chosen": row["id"] == held != 0, "locked": locked} for row in rows]


def project_list(session: Session, engine: Engine) -> Props:
    """This browser's saved projects; of the open one no time, which would change with every step."""
    rows = list[Props]()
    for one in projects.saved(session.folder):
        opened = one.ident == session.now.project
        rows.append({"ident": one.ident, "name": one.name, "open": opened, "saved": None if opened else one.saved})
    days, others = engine.config.keep_days, [row["saved"] for row in rows if row["saved"]]
    until = min(others) + days * 86400 if others else None
    return {
        "token": session.token,
        "projects": rows,
        "days": f"{days:g}",
        "kept": personal.kept(session.folder),
        "until": until,
    }


def viewer(work: Work, session: Session) -> Props:
    """Address of the 3D view, its hint, and whether something in it can be taken by hand."""
    live = bool(_count(work)) or session.ruler.picking
    legend = pane.legend(session)
    return {"path": _view_path(session), "hint": _view_hint(work, session), "live": live, "legend": legend}


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


def view_caption(session: Session) -> str:
    """Point counts under the 3D view."""
    shown = session.viewer.shown if session.viewer else None
    if shown is None or not shown.total:
        return "<span>Left-drag turns, right-drag pans, wheel zooms.</span>"
    if shown.points < shown.total:
        text = f"{shown.points:,} of {shown.total:,} points shown; exports hold all."
    else:
        text = f"All {shown.total:,} points shown."
    if session.display.flyers is not None:
        text += " Pink: what the filter would take."
    if session.peeking:
        text = "The scene before the edit."
    elif session.previewing:
        text = "A variant, not kept yet."
    return f"<span>{'Forming… ' if shown.forming else ''}{text}</span>"


def _steps(work: Work, session: Session) -> dict[str, Props]:
    has_photo, has_scene = work.photo is not None, work.scene is not None
    need = {
        "select": "" if has_photo else "open a photo first",
        "geometry": "" if has_photo else "open a photo first",
        "edit": "" if has_scene else "lift the photo first",
        "place": "" if has_scene else "lift the photo first",
        "export": "" if has_scene else "lift the photo first",
    }
    count = _count(work)
    mask = work.selection.mask
    summary = {
        "photo": work.photo.name if work.photo else "",
        "select": "" if mask is None else f"{mask.mean() * 100:.1f} %",
        "geometry": work.lift.get("model", "") if has_scene else "",
        "edit": f"{len(work.edits)} done" if work.edits else "",
        "place": "waiting for your yes" if work.proposal else (f"{count} placed" if count else ""),
        "export": "zip ready" if session.exported else "",
    }
    made = session.variants
    if made is not None and made.rows:
        opened: set[str] = {made.step}
    elif not has_photo:
        opened = {"photo"}
    elif not has_scene:
        opened = {"select", "geometry"}
    elif work.proposal:
        opened = {"edit", "place"}
    elif session.chosen_object is not None:
        opened = {"place"}
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
        "mask_upload": free,
        "sky_mark": free and selected,
        "depth_upload": free,
        "depth_forget": free and work.depth is not None,
        "lift": free,
        "lift_many": free,
        "run_edit": free and scene and work.lift.get("kind") != "object",
        "prompt": scene and not waiting,
        "build": scene and not busy,
        "undo": bool(undo),
        "redo": bool(redo),
        "home": session.shown_scene is not None,
        "textured": session.chosen_object is not None and not busy,
    }
    props: dict[str, Props] = {name: {"interactive": value} for name, value in on.items()}
    before = session.scene_before is not None
    props["peek"] = {"interactive": before, "variant": "primary" if session.peeking else "secondary"}
    props["history"] = {"value": {"steps": session.history.steps, "at": session.history.at}}
    props["mask_tools"] = {"value": {"free": free, "selected": free and selected}}
    # What cannot be used while an edit waits makes room for its Accept and Discard.
    props["run_edit"]["visible"] = not waiting
    props["edit_many"] = dict(props["run_edit"])
    props["prompt"]["visible"] = not waiting
    props["edit_seed_row"] = props["understood"] = {"visible": not waiting}
    props["unpin"] = {"visible": free and work.pin is not None}
    props["snap"] = {"visible": waiting and bool(work.proposal and work.proposal.placed), "interactive": not busy}
    props["accept"] = props["discard"] = {"visible": waiting, "interactive": not busy}
    return props


def _words(work: Work, session: Session, engine: Engine) -> dict[str, Props]:
    free = work.photo is not None and work.proposal is None and not session.busy
    scene = work.scene
    things = {
        "free": free,
        "selected": work.selection.mask is not None,
        "found": [thing.name for thing in work.selection.found],
        "at": work.selection.at,
        "named": [thing.name for thing in work.named],
        "inserted": [] if scene is None else [thing.name for thing in reversed(scene.objects)],
    }
    return {"find": {"interactive": free, "placeholder": facts.words_hint(engine)}, "things": {"value": things}}


def _model(work: Work, session: Session, engine: Engine) -> dict[str, Props]:
    kind = session.lift_kind
    offered, chosen = engine.offered(kind), engine.chosen(kind, work.models.get(kind, ""))
    free = work.photo is not None and work.proposal is None and not session.busy
    told = facts.model(chosen, engine.elsewhere(kind), alone=len(offered) == 1)
    return {
        "lift_kind": {"value": kind},
        "model": {
            "choices": [(model.label, model.name) for model in offered],
            "value": chosen.name,
            "visible": len(offered) > 1,
            "interactive": free,
        },
        "model_facts": {"value": told, "visible": bool(told)},
    }


def _seeds(session: Session) -> dict[str, Props]:
    return {"seed": {"value": session.seeds["geometry"]}, "edit_seed": {"value": session.seeds["edit"]}}


def _view_path(session: Session) -> str:
    return f"viewer/{session.viewer.token}/" if session.viewer else ""


def _count(work: Work) -> int:
    return len(work.scene.objects) if work.scene else 0


def _view_hint(work: Work, session: Session) -> str:
    if work.shown_scene is not None or (session.viewer is not None and session.viewer.shown.total):
        return ""
    if session.busy:
        return "The geometry appears here as it forms."
    if work.photo is None:
        return "The 3D scene will stand here."
    if work.clip is not None:
        return "Lift the clip: every frame becomes six layers of points."
    return "Press Lift: the photo becomes six layers of points."
