"""Lift, edit, remove and export for programs: over HTTP, through gradio_client, as MCP tools (`--api`).

The verbs, models and the queue are the page's own. Nothing is remembered between calls: a scene goes back and forth as
a `.wts` file, the same that the page saves and opens. Docstrings are what callers and language models read.
"""

import json
from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio import FileData

from app import api_figures, depths, project
from app.api_call import Call, Steps, endpoint, finished
from app.api_figures import Figures
from app.api_files import Exchange, Given
from app.asked import caller_of
from app.controller import Controller
from app.formats import EXPORT_FORMATS, LABELS, USUALLY
from app.models import KINDS
from app.pictures import small
from app.seeds import HIGHEST
from app.work import History, Selection, Work
from wt.errors import WtError
from wt.exports.axes import AXES
from wt.images import Photo, open_photo

MOST_STEPS = 200
LONGEST_PROMPT = 2000
PREVIEW_SIDE = 1024
"""Pixels of a changed photo's longer side in a picture that is only looked at; export has the whole of it."""


class Api:
    """The endpoints. Scenes and pictures that they hand back are deleted some hours later."""

    def __init__(self, controller: Controller) -> None:
        self.controller = controller
        self.files = Exchange()

    @property
    def endpoints(self) -> list[Callable[..., Any]]:
        """All of them, as they are documented."""
        return [self.lift, self.edit, self.remove, self.export, self.models]

    def bind(self) -> None:
        """Offer them; call inside `gr.Blocks`."""
        for told in self.endpoints:
            served = told if told == self.models else endpoint(told, self.controller.worker)
            gr.api(served, api_name=told.__name__, concurrency_limit=None)

    def lift(
        self,
        request: gr.Request,
        photo: Given,
        mask: Given | None = None,
        at: list[float] | None = None,
        model: str = "",
        steps: int = 0,
        seed: int = 42,
    ) -> Steps[tuple[FileData, FileData, Figures]]:
        """Turn a photo into a layered 3D scene: for every pixel the visible surface and the hidden ones behind it.

        Without mask and at the whole photo is lifted, which edit, remove and export go on with. With one of them only
        the selected object is lifted, which can be exported but not edited.

        Args:
            photo: A JPEG, PNG, WebP or HEIC picture: an uploaded file, or a data: URI.
            mask: A picture, white where the object is that alone shall be lifted.
            at: [x, y] on that object instead, in pixels of the photo from its left and top.
            model: One of the names that models tells; empty for the studio's own.
            steps: Sampling steps, 0 for the model's own number. More steps take longer.
            seed: The same seed gives the same scene; another one guesses what is hidden differently.

        Returns:
            The scene as a .wts file, which edit, remove and export take.
            A picture of the depth of the visible surface, near red, far blue.
            Figures: layers, points, fitted camera with its residual, units, seconds, model and its licence.
        """
        call = self._call(request)
        opened = open_photo(self.files.path(photo, "photo", call.folder))
        selection = Selection() if opened.alpha is None else Selection(base=opened.alpha)
        call.history = History(Work(photo=opened, rgb=opened.rgb, selection=selection))
        self._select(call, mask, at)
        kind = "object" if mask or at else "scene"
        if model:
            self.controller.engine.look().result()
            self.controller.geometry.choose(call, kind, model)
        if kind == "scene":  # a sky that is found is left out, as on the page
            self.controller.photo.prepare(call)
            if call.preparing is not None:
                yield call.preparing
        steps = _whole("steps", steps, MOST_STEPS)
        yield from finished(self.controller.geometry.lift(call, kind, steps or None, _whole("seed", seed, HIGHEST)))
        depth = depths.picture(call.now.scene, "turbo-0")
        assert depth is not None
        picture = self.files.give(call.folder / f"{call.now.stem}-depth.png", depth[0])
        return self._scene_of(call), picture, api_figures.of_lift(call.now)

    def edit(
        self,
        request: gr.Request,
        scene: Given,
        prompt: str,
        at: list[float] | None = None,
        mask: Given | None = None,
        seed: int = 0,
    ) -> Steps[tuple[FileData, FileData, Figures]]:
        """Change a scene by words: add, remove, replace or move things, in the photo and in 3D.

        Examples: "add a red chair next to the table", "replace the box with a plant", "move the chair to the table".

        Args:
            scene: The .wts file that lift or an earlier call handed back, or one that the page saved.
            prompt: What to do, in English.
            at: [x, y] where the new thing stands, or on the thing that is meant, in pixels of the photo.
            mask: A picture of the photo, white where the thing is that is meant.
            seed: Another seed gives another shape.

        Returns:
            The changed scene as a .wts file.
            A picture of the changed photo.
            Figures: what was understood, how objects were placed with residuals, editors and models with licences.
        """
        call = self._opened(request, scene)
        self._select(call, mask, None)
        if at is not None:
            self.controller.edit.pin(call, *_pixel(call.now.photo, at))
        return (yield from self._edited(call, prompt, seed))

    def remove(
        self,
        request: gr.Request,
        scene: Given,
        at: list[float] | None = None,
        mask: Given | None = None,
        what: str = "object",
        seed: int = 0,
    ) -> Steps[tuple[FileData, FileData, Figures]]:
        """Take a thing out of a scene: the photo is filled in behind it, and so is the 3D.

        Args:
            scene: The .wts file that lift or an earlier call handed back, or one that the page saved.
            at: [x, y] on the thing, in pixels of the photo from its left and top.
            mask: A picture of the photo, white where the thing is; give this or at.
            what: What it is called in the scene's history.
            seed: Of what is filled in.

        Returns:
            The changed scene as a .wts file.
            A picture of the changed photo.
            Figures: what was removed and how well the filled-in surface fits, editors and models with licences.
        """
        call = self._opened(request, scene)
        if at is None and not mask:
            raise WtError("Say what to remove: a place on it (at), or a picture that is white there (mask).")
        self._select(call, mask, at)
        return (yield from self._edited(call, f"remove the {what.strip() or 'object'}", seed))

    def export(
        self,
        request: gr.Request,
        scene: Given,
        formats: list[str] | None = None,
        axes: str = "opencv",
        faces: int = 0,
    ) -> Steps[tuple[FileData, Figures]]:
        """Write a scene in formats that other programs open: points, meshes, splats, depth, cameras, a viewer page.

        Args:
            scene: The .wts file that lift, edit or remove handed back, or one that the page saved.
            formats: Any of those that models lists, such as ["ply", "glb", "camera"]; none for the usual ones.
            axes: opencv, opengl or z-up, for the formats whose standard leaves that open.
            faces: Triangles of the surfaces in one file at most, 0 for all.

        Returns:
            One zip with all files, a README and a manifest.
            Figures: which file belongs to which format, and what was left out.
        """
        call = self._opened(request, scene)
        chosen = USUALLY if formats is None else formats
        unknown = [name for name in chosen if name not in EXPORT_FORMATS]
        if unknown:
            raise WtError(f"There is no format {unknown[0]!r}. Choose from {', '.join(EXPORT_FORMATS)}.")
        yield from finished(self.controller.export.build(call, chosen, axes, _whole("faces", faces, 100_000_000)))
        return self.files.give(call.exported["zip"]), api_figures.of_export(call.exported)

    def models(self) -> dict[str, Any]:
        """Say what lift may be asked for: the models on this machine with their licences, formats and axes of export.

        Returns:
            Models that lift whole photos (scene), models that lift one object (object), formats, axes.
        """
        engine = self.controller.engine
        engine.look().result()
        offered: dict[str, Any] = {
            kind: [{"name": model.name, "title": model.title, "terms": model.terms} for model in engine.offered(kind)]
            for kind in KINDS
        }
        axes = {name: known.label for name, known in AXES.items()}
        return {**offered, "formats": {name: LABELS[name] for name in EXPORT_FORMATS}, "axes": axes}

    def _call(self, request: gr.Request) -> Call:
        return Call(caller_of(request), self.files.folder())

    def _opened(self, request: gr.Request, scene: Given) -> Call:
        call = self._call(request)
        call.history = History(project.open_file(self.files.path(scene, "scene", call.folder), ""))
        return call

    def _select(self, call: Call, mask: Given | None, at: list[float] | None) -> None:
        if mask:
            self.controller.select.load_mask(call, self.files.path(mask, "mask", call.folder))
        elif at is not None:
            self.controller.select.click(call, *_pixel(call.now.photo, at))

    def _edited(self, call: Call, prompt: str, seed: int) -> Steps[tuple[FileData, FileData, Figures]]:
        if len(prompt) > LONGEST_PROMPT:
            raise WtError(f"The prompt has {len(prompt)} characters; {LONGEST_PROMPT} are the most. Say it shorter.")
        yield from finished(self.controller.edit.run(call, prompt, _whole("seed", seed, HIGHEST)))
        proposal = call.now.proposal
        assert proposal is not None
        self.controller.place.accept(call)
        picture = self.files.give(call.folder / f"{call.now.stem}.jpg", small(proposal.photo_after, PREVIEW_SIDE))
        return self._scene_of(call), picture, api_figures.of_edit(call.now, proposal.operations)

    def _scene_of(self, call: Call) -> FileData:
        return self.files.give(call.folder / call.now.file_name, project.file_of(call.now))


def _pixel(photo: Photo | None, at: list[float]) -> tuple[float, float]:
    """A place in the file's pixels in those of the photo, which may have been shrunk.

    Raises:
        WtError: no two numbers, or outside.
    """
    assert photo is not None
    width, height = photo.original or (photo.width, photo.height)
    try:
        x, y = (float(value) for value in at)
    except (TypeError, ValueError):
        raise WtError(f"at is two numbers, [x, y] in pixels; got {json.dumps(at)[:80]}.") from None
    if not (0 <= x < width and 0 <= y < height):
        raise WtError(f"[{x:g}, {y:g}] lies outside the photo, which is {width} x {height} pixels.")
    return x * photo.width / width, y * photo.height / height


def _whole(name: str, value: Any, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1 or not 0 <= value <= most:
        raise WtError(f"{name} is a whole number from 0 to {most}; got {json.dumps(value)[:80]}.")
    return int(value)
