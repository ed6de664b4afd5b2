"""The one place where a 2D edit becomes 3D: instruction -> edited photo -> repair -> lift -> place -> new scene."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from editors.base import Editor
from editors.catalogue import LICENCE as CATALOGUE_LICENCE
from editors.catalogue import NAME as CATALOGUE
from editors.catalogue import Painting, paint
from editors.instruction import Operation, parse
from editors.memory import KEY, Memory
from editors.patchmatch import PatchMatchEditor, grown
from editors.register import UNMOVED, Repair, repair, repair_unmasked
from editors.segment.base import Segmenter
from editors.where import find_object, spot
from wt.errors import WtError
from wt.geometry.layers import LayeredPointmap
from wt.images import Photo
from wt.scene.gauge import apply_gauge, gauge, hidden_agreement
from wt.scene.objects import Placed, SceneObject
from wt.scene.place import place
from wt.scene.scene import Scene, on_grid
from wt.types import Bool, UInt8

if TYPE_CHECKING:
    from wt.lift import Lifter

OnProgress = Callable[[int, int, str], None]
"""(done, total, what happens now); may raise wt.Cancelled."""
MOST_OF_PHOTO = 0.25
RESTORED = "the photo before it"
"""Credited where an object that this pipeline painted is taken back."""


@dataclass(frozen=True, eq=False)
class EditResult:
    """A proposed edit; nothing of what went in was changed."""

    scene: Scene
    photo_after: UInt8[np.ndarray, "h w 3"]
    region: Bool[np.ndarray, "h w"]
    """Every photo pixel that may have changed."""
    operations: tuple[Operation, ...]
    placed: list[Placed]
    report: dict[str, Any]


@dataclass(eq=False)
class _Work:
    """The state that passes from one operation to the next."""

    scene: Scene
    rgb: UInt8[np.ndarray, "h w 3"]
    region: Bool[np.ndarray, "h w"]
    at: tuple[float, float] | None
    mask: Bool[np.ndarray, "h w"] | None
    seed: int
    say: OnProgress
    placed: list[Placed] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    edits: list[dict[str, Any]] = field(default_factory=list)
    removals: list[dict[str, Any]] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    editors: list[str] = field(default_factory=list)
    models: list[dict[str, str]] = field(default_factory=list)
    """Those that lifted something."""

    def timed(self, name: str, began: float) -> None:
        self.seconds[name] = round(self.seconds.get(name, 0.0) + time.monotonic() - began, 3)

    def credit(self, lifter: "Lifter") -> None:
        model = {"name": lifter.name, "licence": lifter.licence}
        if model not in self.models:
            self.models.append(model)


@dataclass(frozen=True, eq=False)
class _Painted:
    """What a painter gave, repaired."""

    fixed: Repair
    mask: Bool[np.ndarray, "h w"]
    """The new object."""
    region: Bool[np.ndarray, "h w"]
    truth: Painting | None


class EditPipeline:
    """Runs instructions on a photo and its scene.

    Adding is painted by the catalogue editor, or by `editor` where it is a diffusion model; removing by PatchMatch, or
    by the same diffusion model. The geometry always comes from the two lifters' look at the edited photo.
    """

    def __init__(
        self,
        scene_lifter: "Lifter",
        object_lifter: "Lifter",
        segmenter: Segmenter | None = None,
        *,
        editor: str | Editor | None = "auto",
        memory: Memory | None = None,
    ) -> None:
        """Args:
        scene_lifter, object_lifter: WT-S and WT-O.
        segmenter: finds the object under a click when nothing is selected; shared state, one call at a time.
        editor: "auto" or "catalogue" for the offline catalogue and PatchMatch, a folder or hub name of a
            FLUX.2-klein pipeline, or what `painter_of` made of one of these.
        memory: of what the photo showed before, shared by pipelines that differ in their lifters.
        """
        self.scene_lifter, self.object_lifter, self.segmenter = scene_lifter, object_lifter, segmenter
        self.painter = painter_of(editor) if isinstance(editor, str) else editor
        self.remover: Editor = self.painter or PatchMatchEditor()
        self._memory = memory or Memory()
        self._lock = threading.Lock()

    def run(
        self,
        scene: Scene,
        photo: Photo,
        request: str | Sequence[Operation],
        *,
        at: tuple[float, float] | None = None,
        mask: Bool[np.ndarray, "h w"] | None = None,
        seed: int = 0,
        on_progress: OnProgress | None = None,
    ) -> EditResult:
        """Carry out every operation in turn and propose the result.

        Args:
            scene: the scene of `photo`.
            request: an instruction, or operations already parsed.
            at: (u, v) in photo pixels: where a new object stands, or which object is meant.
            mask: the selection: what is removed or replaced.
            seed: of editors and lifters.
            on_progress: told (done, total, message); may raise Cancelled, which leaves everything as it was.

        Raises:
            WtError: unknown words, nothing selected, no place for the object; Cancelled from `on_progress`.
        """
        operations = parse(request) if isinstance(request, str) else tuple(request)
        began, work = time.monotonic(), _start(scene, photo, at, mask, seed, on_progress)
        for operation in operations:
            if operation.kind in ("remove", "replace"):
                self._remove(work, operation)
            if operation.kind in ("add", "replace"):
                self._add(work, operation)
        work.seconds["total"] = round(time.monotonic() - began, 3)
        report = {
            "editor": ", ".join(dict.fromkeys(work.editors)),
            "editors": self._credits(work.editors),
            "edit": _worst(work.edits),
            "place": work.rows,
            "removed": work.removals,
            "seconds": work.seconds,
            "seed": seed,
            "models": work.models,
        }
        return EditResult(work.scene, work.rgb, work.region, operations, work.placed, report)

    def _add(self, work: _Work, operation: Operation) -> None:
        """Paint the object, lift the edited photo twice, place the object."""
        began, before = time.monotonic(), work.rgb
        work.say(0, 0, f"Painting {_called(operation)}")
        painted = self._catalogue(work, operation) if self.painter is None else self._diffusion(work, operation)
        fixed, region = painted.fixed, painted.region
        work.editors.append(CATALOGUE if self.painter is None else self.painter.name)
        work.timed("edit", began)
        work.edits.append(_figures(fixed))
        scene_layers = self._lift_scene(work, fixed.rgb)
        began = time.monotonic()
        thing = self.object_lifter.lift(
            fixed.rgb, painted.mask, seed=work.seed, on_step=_steps(work, "Lifting the object")
        )
        work.credit(self.object_lifter)
        work.timed("lift_object", began)
        began = time.monotonic()
        # The object's own alpha says where it is; its shadow, too, is no unchanged pixel for the gauge.
        placed = place(thing, work.scene, region | painted.mask, scene_layers)
        row = {
            "name": _called(operation),
            "scale": placed.scale,
            "shift": placed.shift,
            "depth_residual": placed.residuals["depth"],
            "residual_px": placed.residuals["reprojection_px"],
            "contact_gap": placed.residuals["contact_gap"],
            "centroid_error": None if painted.truth is None else _centroid_error(placed, painted.truth),
        }
        memory = {KEY: self._memory.keep(before, fixed.rgb, region)}
        work.scene = work.scene.insert(placed, _called(operation), {**row, "prompt": operation.text, **memory})
        work.timed("place", began)
        work.rgb, work.region = fixed.rgb, work.region | region
        work.placed.append(placed)
        work.rows.append(row)
        # The place is used up: a second object of the same instruction finds its own.
        work.at = None

    def _catalogue(self, work: _Work, operation: Operation) -> _Painted:
        at = work.at or spot(work.scene, operation, work.rgb.shape[:2], work.mask)
        painting = paint(
            work.scene,
            work.rgb,
            operation.what,
            at,
            colour=operation.colour,
            material=operation.material,
            size=operation.size,
            seed=work.seed + len(work.rows),
        )
        fixed = repair(work.rgb, painting.rgb, painting.region, registered=True)
        return _Painted(fixed, painting.mask, painting.region, painting)

    def _diffusion(self, work: _Work, operation: Operation) -> _Painted:
        """With a place, repaint around it; without one, let the editor find the place and see what it changed."""
        assert self.painter is not None
        before, tell = work.rgb, _steps(work, "Painting")
        if work.at is not None:
            region = _disc(before.shape[:2], work.at, 0.22)
            edited = self.painter.edit(before, region, operation.text, seed=work.seed, on_step=tell)
            fixed = repair(before, edited, region)
        else:
            edited = self.painter.edit(before, None, operation.text, seed=work.seed, on_step=tell)
            fixed, region = repair_unmasked(before, edited)
        changed = (np.abs(fixed.rgb.astype(np.int16) - before).max(axis=2) > 24) & region
        if changed.sum() < 100:
            raise WtError(
                f'{self.painter.name} changed next to nothing for "{operation.text}". Say it in other words, '
                "or click where the object shall stand."
            )
        return _Painted(fixed, changed, region, None)

    def _remove(self, work: _Work, operation: Operation) -> None:
        """Fill the hole in the photo and in the scene; an object that was inserted goes, and the photo comes back."""
        noun = operation.target or operation.what
        thing, mask = self._meant(work, operation)
        began = time.monotonic()
        work.say(0, 0, f"Removing the {noun}")
        restored = None if thing is None else self._memory.restore(str(thing.info.get(KEY, "")), work.rgb)
        if restored is not None:
            fixed, hole = Repair(restored[0], UNMOVED, 0, 0.0), restored[1]
            work.editors.append(RESTORED)
        else:
            hole = grown(mask)
            filled = self.remover.edit(work.rgb, hole, operation.text, seed=work.seed, on_step=_steps(work, "Filling"))
            fixed = repair(work.rgb, filled, hole, registered=self.painter is None)
            work.editors.append(self.remover.name)
        work.timed("edit", began)
        work.edits.append(_figures(fixed))
        inserted = [thing.id] if thing is not None else _covered(work.scene, mask)
        for ident in inserted:
            work.scene = work.scene.remove(ident)
        if not inserted:
            layers = self._lift_scene(work, fixed.rgb)
            found = gauge(layers, work.scene, hole)
            gauged = apply_gauge(found, layers)
            agreement = hidden_agreement(work.scene, hole, gauged)
            work.removals.append({"name": noun, "gauge": asdict(found), "hidden_agreement": agreement})
            work.scene = work.scene.replace_region(hole, gauged, fixed.rgb)
        if work.at is None or operation.kind == "replace":
            rows, columns = np.nonzero(mask)
            work.at = (float(columns.mean()), float(np.percentile(rows, 95)))
        work.rgb, work.region, work.mask = fixed.rgb, work.region | hole, None

    def _meant(self, work: _Work, operation: Operation) -> tuple[SceneObject | None, Bool[np.ndarray, "h w"]]:
        """(the inserted object, if it is one; its pixels in the photo) of what shall go.

        In this order: what is selected, what was clicked, the inserted object of that name.
        """
        noun = operation.target or operation.what
        colour = operation.target_colour if operation.kind == "replace" else operation.colour
        shape = work.rgb.shape[:2]
        if work.mask is not None and work.mask.any():
            covered = _covered(work.scene, work.mask)
            return (work.scene[covered[-1]] if len(covered) == 1 else None), work.mask
        if work.at is not None:
            thing = _object_at(work.scene, work.at, shape)
            if thing is not None:
                return thing, _footprint(thing, shape)
            return None, self._segmented(work.rgb, work.at)
        thing = find_object(work.scene, noun, colour)
        if thing is None and noun == "object" and work.scene.objects:
            thing = work.scene.objects[-1]
        if thing is None:
            raise WtError(f"Which {noun}? Click it in the photo, or select it, and run this again.")
        return thing, _footprint(thing, shape)

    def _lift_scene(self, work: _Work, rgb: UInt8[np.ndarray, "h w 3"]) -> LayeredPointmap:
        began = time.monotonic()
        valid = work.scene.alpha
        whole = np.ones(rgb.shape[:2], bool) if valid.all() else _enlarged(valid, rgb.shape[:2])
        layers = self.scene_lifter.lift(rgb, whole, seed=work.seed, on_step=_steps(work, "Lifting the edited photo"))
        work.credit(self.scene_lifter)
        work.timed("lift_scene", began)
        return layers

    def _segmented(self, rgb: UInt8[np.ndarray, "h w 3"], at: tuple[float, float]) -> Bool[np.ndarray, "h w"]:
        """The object under a click."""
        if self.segmenter is None:
            raise WtError("Select the object first: no segmenter is loaded.")
        with self._lock:
            self.segmenter.set_image(rgb)
            masks = self.segmenter.predict(points=[(at[0], at[1], True)])
        found = [mask.mask for mask in masks if mask.mask.any()]
        if not found:
            raise WtError("Nothing was found under the click. Select the object by hand.")
        # The largest proposal, unless it is most of the picture: nobody points at a room to have it removed.
        return next((mask for mask in reversed(found) if mask.mean() < MOST_OF_PHOTO), found[0])

    def _credits(self, used: Sequence[str]) -> list[dict[str, str]]:
        licences = {CATALOGUE: CATALOGUE_LICENCE, RESTORED: "", self.remover.name: self.remover.licence}
        return [{"name": name, "licence": licences.get(name, "")} for name in dict.fromkeys(used)]


def _start(
    scene: Scene,
    photo: Photo,
    at: tuple[float, float] | None,
    mask: Bool[np.ndarray, "h w"] | None,
    seed: int,
    on_progress: OnProgress | None,
) -> _Work:
    shape = photo.rgb.shape[:2]
    if at is not None and not (0 <= at[0] <= shape[1] and 0 <= at[1] <= shape[0]):
        raise WtError(f"The place {at[0]:.0f},{at[1]:.0f} is outside the photo of {shape[1]} x {shape[0]} pixels.")
    if mask is not None and mask.shape != shape:
        raise WtError(f"The mask is {mask.shape[1]} x {mask.shape[0]} pixels, the photo {shape[1]} x {shape[0]}.")
    say = on_progress or (lambda done, total, message: None)
    return _Work(scene, photo.rgb, np.zeros(shape, bool), at, mask, seed, say)


def painter_of(editor: str) -> Editor | None:
    """The diffusion editor of that name or folder; None for the catalogue.

    Raises:
        WtError: it cannot be loaded.
    """
    if editor in ("auto", CATALOGUE, ""):
        return None
    from editors.diffusion import KLEIN, DiffusionEditor

    return DiffusionEditor(KLEIN if editor in ("diffusion", "klein") else editor)


def _steps(work: _Work, words: str) -> Callable[..., None]:
    return lambda done, total, *_: work.say(done, total, words)


def _called(operation: Operation) -> str:
    return " ".join(word for word in (operation.size, operation.colour, operation.material, operation.what) if word)


def _figures(fixed: Repair) -> dict[str, Any]:
    x, y = fixed.registration.shift_px
    return {
        "shift_px": [x, y],
        "zoom": fixed.registration.zoom,
        "changed_outside": fixed.changed_outside,
        "colour_drift": fixed.colour_drift,
    }


def _worst(edits: list[dict[str, Any]]) -> dict[str, Any]:
    """The figures of the edit that moved most; changed pixels are added up."""
    if not edits:
        return {}
    worst = max(edits, key=lambda e: abs(e["shift_px"][0]) + abs(e["shift_px"][1]) + 100 * abs(e["zoom"] - 1))
    return {**worst, "changed_outside": sum(edit["changed_outside"] for edit in edits)}


def _centroid_error(placed: Placed, painting: Painting) -> float:
    """Distance of the placed surfaces' mean from the true mesh's, over the object's size."""
    mean = placed.points[placed.present].astype(np.float64).mean(axis=0)
    return float(np.linalg.norm(mean - painting.true_centroid) / painting.true_size)


def _object_at(scene: Scene, at: tuple[float, float], shape: tuple[int, int]) -> SceneObject | None:
    """The nearest inserted object on a photo pixel."""
    grid = scene.intrinsics
    column = min(int(at[0] * grid.width / shape[1]), grid.width - 1)
    row = min(int(at[1] * grid.height / shape[0]), grid.height - 1)
    here = [thing for thing in scene.objects if thing.visible and thing.present[:, row, column].any()]
    return min(here, key=lambda thing: float(thing.points[0, row, column, 2])) if here else None


def _footprint(thing: SceneObject, shape: tuple[int, int]) -> Bool[np.ndarray, "h w"]:
    return _enlarged(np.any(thing.present, axis=0), shape)


def _covered(scene: Scene, mask: Bool[np.ndarray, "h w"]) -> list[int]:
    """Inserted objects that lie mostly inside the mask."""
    inside = on_grid(mask, scene.intrinsics)
    covered = []
    for thing in scene.objects:
        own = thing.present.any(axis=0)
        if own.any() and (own & inside).sum() > 0.6 * own.sum():
            covered.append(thing.id)
    return covered


def _enlarged(mask: Bool[np.ndarray, "h w"], shape: tuple[int, int]) -> Bool[np.ndarray, "rh rw"]:
    from wt.images import resize_mask

    return resize_mask(mask, shape[1], shape[0])


def _disc(shape: tuple[int, int], at: tuple[float, float], share: float) -> Bool[np.ndarray, "h w"]:
    """Where a diffusion editor may paint: a disc that stands on the place."""
    radius = share * min(shape)
    v, u = np.mgrid[: shape[0], : shape[1]] + 0.5
    return (u - at[0]) ** 2 + (v - (at[1] - 0.8 * radius)) ** 2 < radius**2
