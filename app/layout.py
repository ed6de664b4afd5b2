"""Components and labels; no callbacks. Every component that events or tests touch has an elem_id, which is its name."""

import html
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from app import clip, seeds, shortcuts, theme
from app.examples import examples
from app.formats import EXPORT_FORMATS, GROUPS
from app.view import STEPS, TITLES
from app.work import LEVELS
from wt.exports.axes import AXES

MOST_STEPS = 50


@dataclass
class Page:
    """The components by name. Gradio adds the listeners (`click`, `input`, ...) at run time, so their type is Any."""

    parts: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self.parts[name]

    def add(self, name: str, part: Any) -> Any:
        """Keep a component under its name."""
        self.parts[name] = part
        return part


def build() -> Page:
    """The whole page; call inside `gr.Blocks`."""
    page = Page()
    page.add("browser", gr.BrowserState(None, storage_key="world-tracing-studio", secret="studio-session"))
    page.add("clock", gr.Timer(1.5))
    numbered = gr.HTML("", js_on_load=theme.read("revision.js"), elem_id="revision", visible="hidden")
    page.add("revision", numbered)
    with gr.Column(elem_id="app"):
        _header(page)
        with gr.Row(elem_id="columns"):
            with gr.Column(elem_id="left"):
                _steps(page)
            with gr.Column(elem_id="middle"):
                script = "".join(theme.read(f"{name}.js") for name in ("stage", "stage_draw", "stage_gestures"))
                _widget(page, "stage", {"empty": True}, theme.read("stage.html"), script)
                _film(page)
            with gr.Column(elem_id="right"):
                _view(page)
        with gr.Row(elem_id="footer"):
            _text(page, "status")
        _widget(page, "panes", None, theme.read("panes.html"), theme.read("panes.js"))
    gr.HTML(shortcuts.sheet(), elem_id="help_sheet", apply_default_css=False)
    _widget(page, "tour", None, theme.read("tour.html"), theme.read("tour.js"))
    return page


def _header(page: Page) -> None:
    with gr.Row(elem_id="header"):
        gr.HTML(theme.BRAND, elem_id="brand", apply_default_css=False)
        _text(page, "chip")
        _button(page, "undo", "↶ Undo", size="sm", interactive=False)
        _button(page, "redo", "↷ Redo", size="sm", interactive=False)
        _widget(page, "history", {"steps": [], "at": 0}, theme.read("history.html"), theme.read("history.js"))
        _text(page, "project_save")
        gr.Button("?", elem_id="help", size="sm")


def _steps(page: Page) -> None:
    builders = (_photo, _select, _geometry, _edit, _place, _export)
    for name, title, build_step in zip(STEPS, TITLES, builders, strict=True):
        step = gr.Accordion(title, open=name == "photo", elem_id=f"step_{name}", elem_classes=["step", "locked"])
        with page.add(f"step_{name}", step):
            build_step(page)


def _photo(page: Page) -> None:
    page.add("upload", gr.File(label="Photo", show_label=False, type="filepath", height=96, elem_id="upload"))
    tiles = "".join(
        f'<button data-name="{html.escape(path.name)}" title="{html.escape(path.stem.replace("_", " "))}">'
        f'<img alt="{html.escape(path.stem)}" data-src="studio/examples/picture/{html.escape(path.name)}"></button>'
        for path in examples()
    )
    script = """
    const root = ((window.gradio_config && window.gradio_config.root) || "").replace(/\\/$/, "");
    for (const image of element.querySelectorAll("img")) image.src = root + "/" + image.dataset.src;
    element.addEventListener("click", (event) => {
      const tile = event.target.closest("button");
      if (tile) trigger("pick", { name: tile.dataset.name });
    });"""
    template = f'<p class="caption">Or begin with one of these</p><div class="examples">{tiles}</div>'
    _widget(page, "examples", None, template, script)
    template = (
        '<p class="caption"></p><div class="projects"></div>'
        '<div class="kept" hidden><span></span><button title="Projects, exports, uploads and the 3D view of this '
        'browser; the page starts anew">Delete my data</button></div>'
    )
    _widget(page, "projects", {"projects": []}, template, theme.read("projects.js"))
    _text(page, "photo_facts")


def _select(page: Page) -> None:
    _radio(page, "level", "A click selects", [(name.capitalize(), name) for name in LEVELS], "object", wide=True)
    _widget(page, "mask_tools", {}, theme.read("masks.html"), theme.read("masks.js"))
    page.add("find", gr.Textbox(label="Find by words", max_lines=1, elem_id="find", interactive=False))
    _widget(page, "things", {}, theme.read("things.html"), theme.read("things.js"))
    with gr.Row(elem_id="mask_files"):
        upload = gr.UploadButton("Load mask", size="sm", elem_id="mask_upload", interactive=False, type="filepath")
        page.add("mask_upload", upload)
        _text(page, "mask_save")
        _button(page, "sky_mark", "Mark as sky", size="sm", interactive=False)
    page.add("sky_out", gr.Checkbox(True, label="Leave the sky out of the lift", elem_id="sky_out", visible=False))
    _text(page, "select_facts")


def _geometry(page: Page) -> None:
    kinds = [("Photo · WT-S", "scene"), ("Selection · WT-O", "object")]
    _radio(page, "lift_kind", "What to lift", kinds, "scene", wide=True)
    model = gr.Dropdown([], label="Model", filterable=False, visible=False, elem_id="model")
    page.add("model", model)
    _text(page, "model_facts")
    choices = [("Model's own", "own"), ("My number", "mine")]
    _radio(page, "steps_from", "Steps", choices, "own", wide=True)
    _text(page, "steps_facts")
    page.add("steps", gr.Slider(1, MOST_STEPS, 20, step=1, label="My number of steps", elem_id="steps", visible=False))
    _seed(page, "seed", 42, locked=True)
    with gr.Accordion("Use my depth map", open=False, elem_id="known_depth"):
        kinds = [("Auto", "auto"), ("Metric", "metric"), ("Relative", "relative"), ("Disparity", "disparity")]
        _radio(page, "depth_kind", "Its numbers are", kinds, "auto", wide=True)
        with gr.Row():
            load = gr.UploadButton(
                "Load depth map", size="sm", elem_id="depth_upload", interactive=False, type="filepath"
            )
            page.add("depth_upload", load)
            _button(page, "depth_forget", "Forget it", size="sm", interactive=False)
        _text(page, "depth_facts")
    with gr.Row():
        _button(page, "lift", "Lift", variant="primary", interactive=False, scale=2)
        _button(page, "lift_many", "4 variants", interactive=False, scale=1)
    _variants(page, "lift_variants")
    _text(page, "lift_facts")
    _widget(page, "camera", {}, theme.read("camera.html"), theme.read("camera.js"))
    height = gr.Number(1.5, label="Camera height, m", minimum=0.1, step=0.1, elem_id="camera_height")
    page.add("camera_height", height)


def _edit(page: Page) -> None:
    prompt = gr.Textbox(
        label="What to do",
        placeholder="add a red chair next to the table",
        lines=2,
        max_lines=4,
        elem_id="prompt",
        interactive=False,
    )
    page.add("prompt", prompt)
    _text(page, "understood")
    _button(page, "unpin", "Unmark the place", size="sm", visible=False)
    _seed(page, "edit_seed", 0, locked=False)
    with gr.Row():
        _button(page, "run_edit", "Run the edit", variant="primary", interactive=False, scale=2)
        _button(page, "edit_many", "4 variants", interactive=False, scale=1)
    _variants(page, "edit_variants")
    _text(page, "edit_facts")


def _place(page: Page) -> None:
    with gr.Row():
        _button(page, "accept", "Accept", variant="primary", visible=False)
        _button(page, "discard", "Discard", visible=False)
    _button(page, "snap", "Stand it on the floor", size="sm", visible=False)
    _text(page, "place_facts")
    _widget(page, "objects", [], '<div class="objects"></div>', theme.read("objects.js"))
    _widget(page, "pose", {}, theme.read("pose.html"), theme.read("pose.js"))
    _text(page, "pose_facts")
    _button(page, "textured", "Textured mesh (TRELLIS)", size="sm", interactive=False)
    _text(page, "textured_facts")


def _export(page: Page) -> None:
    _clip_export(page)
    with page.add("scene_export", gr.Column(elem_id="scene_export")):
        _scene_export(page)


def _scene_export(page: Page) -> None:
    for group in GROUPS:
        choices = [choice for choice in group.choices if choice[1] in EXPORT_FORMATS]
        box = gr.CheckboxGroup(
            choices,
            value=group.usual,
            label=group.label,
            info=group.hint,
            elem_id=f"formats_{group.name}",
            elem_classes=["pills", "formats"],
        )
        page.add(f"formats_{group.name}", box)
    directions = [(axes.label, axes.name) for axes in AXES.values()]
    label = "Axes, where a format leaves them open"
    axes = gr.Dropdown(directions, value="opencv", label=label, filterable=False, elem_id="export_axes")
    page.add("export_axes", axes)
    label = "Triangles of the surfaces in a file at most, 0 for all"
    faces = gr.Number(0, label=label, precision=0, minimum=0, step=10_000, elem_id="export_faces")
    page.add("export_faces", faces)
    _button(page, "build", "Build the zip", variant="primary", interactive=False)
    _text(page, "export_facts")
    _widget(page, "path", {}, theme.read("path.html"), theme.read("path.js"))


def _film(page: Page) -> None:
    _widget(page, "film", {}, theme.read("film.html"), theme.read("film.js"))
    with page.add("film_tools", gr.Row(elem_id="film_tools", visible=False)):
        _button(page, "follow", "Follow the selection", size="sm", interactive=False)
        page.add("clean_clip", gr.Checkbox(False, label="Remove edge flyers", elem_id="clean_clip"))
        page.add("steady_clip", gr.Checkbox(True, label="Steady depth", elem_id="steady_clip"))
        _button(page, "lift_clip", "Lift the clip", variant="primary", size="sm", interactive=False)


def _clip_export(page: Page) -> None:
    with page.add("clip_export", gr.Column(elem_id="clip_export", visible=False)):
        choices = clip.formats()
        names = [name for _, name in choices]
        box = gr.CheckboxGroup(choices, value=names, label="The clip", elem_id="clip_formats", elem_classes=["pills"])
        page.add("clip_formats", box)
        _button(page, "build_clip", "Build the clip's zip", variant="primary", interactive=False)
        _text(page, "clip_facts")


def _view(page: Page) -> None:
    with gr.Row(elem_id="view_tools"):
        template = '<span>Layers</span><div class="layers"></div>'
        _widget(page, "layers", {}, template, theme.read("layers.js"))
        colours = [("Photo", "photo"), ("Layer", "layer"), ("Depth", "depth"), ("Normals", "normals")]
        _radio(page, "colour", "Colour", colours, "photo")
        _radio(page, "hidden", "Hidden", [("Grey", "grey"), ("Photo", "photo"), ("Filled", "filled")], "grey")
        _widget(page, "look", {}, theme.read("look.html"), theme.read("look.js"))
    _widget(page, "viewer", {}, theme.read("viewer.html"), theme.read("viewer.js"))
    _widget(page, "ruler", {}, theme.read("ruler.html"), theme.read("ruler.js"))
    _widget(page, "depths", {}, theme.read("depths.html"), theme.read("depths.js"))
    _widget(page, "timeline", {}, theme.read("timeline.html"), theme.read("timeline.js"))
    with gr.Row(elem_id="view_foot"):
        _button(page, "home", "Photo's view", size="sm", interactive=False)
        _button(page, "peek", "Before", size="sm", interactive=False)
        _button(page, "measure", "Ruler", size="sm", interactive=False)
        gr.Button("Depths", size="sm", elem_id="depths_open")
        _text(page, "view_caption")
    with page.add("progress_row", gr.Row(elem_id="progress_row", visible=False)):
        _text(page, "progress")
        _button(page, "cancel", "Cancel", size="sm", interactive=False)


def _seed(page: Page, name: str, number: int, *, locked: bool) -> None:
    """Number, dice and lock; unlocked, every run takes a fresh seed and shows it."""
    with page.add(f"{name}_row", gr.Row(elem_id=f"{name}_row", elem_classes=["seed"])):
        value = gr.Number(
            number, label="Seed", precision=0, minimum=0, maximum=seeds.HIGHEST, elem_id=name, min_width=0, scale=3
        )
        page.add(name, value)
        _button(page, f"{name}_dice", "⚄ Dice", min_width=0, scale=2)
        lock = gr.Checkbox(
            locked, label="Lock", elem_id=f"{name}_lock", elem_classes=["pills", "lock"], min_width=0, scale=2
        )
        page.add(f"{name}_lock", lock)


def _variants(page: Page, name: str) -> None:
    _widget(page, name, {}, theme.read("variants.html"), theme.read("variants.js"))


def _widget(page: Page, name: str, value: object, template: str, script: str) -> None:
    widget = gr.HTML(value, html_template=template, js_on_load=script, apply_default_css=False, elem_id=name)
    page.add(name, widget)


def _text(page: Page, name: str) -> None:
    page.add(name, gr.HTML("", apply_default_css=False, js_on_load=None, elem_id=name))


def _button(page: Page, name: str, label: str, **more: object) -> None:
    page.add(name, gr.Button(label, elem_id=name, **more))  # type: ignore[arg-type]


def _radio(
    page: Page, name: str, label: str, choices: list[tuple[str, str]], value: str, *, wide: bool = False
) -> None:
    classes = ["pills", "wide"] if wide else ["pills"]
    page.add(name, gr.Radio(choices, value=value, label=label, elem_id=name, elem_classes=classes))
