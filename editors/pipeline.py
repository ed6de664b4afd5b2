"""The one place where a 2D edit becomes 3D: instruction -> edited photo -> repair -> lift -> place -> new scene."""

import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from editors.base import Editor
from editors.catalogue import LICENCE as CATALOGUE_LICENCE
from editors.catalogue import NAME as CATALOGUE
from editors.edit_state import OnProgress, Work, figures, start, steps, worst
from editors.instruction import parse
from editors.made import Kept, Made, again, place_of, stands_at, taken_over
from editors.meant import covered, footprint, object_at
from editors.memory import KEY, Memory
from editors.operations import IT, AddOp, MoveOp, Operation, RemoveOp, ReplaceOp, Where, called
from editors.painting import by_prose, from_catalogue
from editors.patchmatch import PatchMatchEditor, grown
from editors.register import UNMOVED, Repair, repair
from editors.registry import painter_of, remover_of
from editors.segment.base import Segmenter
from editors.vocabulary import belongs
from editors.where import find_object, spot
from wt.errors import WtError
from wt.geometry.layers import LayeredPointmap
from wt.images import Photo, resize_mask
from wt.scene.gauge import apply_gauge, gauge, hidden_agreement
from wt.scene.objects import Placed, SceneObject
from wt.scene.place import place
from wt.scene.scene import CAMERA_HEIGHT_M, Scene
from wt.types import Bool, UInt8

if TYPE_CHECKING:
    from wt.lift import Lifter

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


class EditPipeline:
    """Runs instructions on a photo and its scene.

    Adding is painted by the catalogue, or by `editor` where it is another one; removing by `remover`, else by that
    editor if it can, else by PatchMatch. The geometry always comes from the two lifters' look at the edited photo.
    """

    def __init__(
        self,
        scene_lifter: "Lifter",
        object_lifter: "Lifter",
        segmenter: Segmenter | None = None,
        *,
        editor: str | Editor | None = "auto",
        remover: str | Editor | None = "auto",
        memory: Memory | None = None,
    ) -> None:
        """Args:
        scene_lifter, object_lifter: WT-S and WT-O.
        segmenter: finds the object under a click when nothing is selected; shared state, one call at a time.
        editor: what paints: "auto" or "catalogue" for the offline catalogue, anything else that
            `editors.registry` knows, or an editor; None is the catalogue.
        remover: what removes, likewise; None or "auto" is `editor` if it can, else PatchMatch.
        memory: of what the photo showed before, shared by pipelines that differ in their lifters.
        """
        self.scene_lifter, self.object_lifter, self.segmenter = scene_lifter, object_lifter, segmenter
        self.painter = painter_of(editor) if isinstance(editor, str) else editor
        own = remover_of(remover) if isinstance(remover, str) else remover
        able = self.painter if self.painter is not None and "remove" in self.painter.tasks else None
        self.remover: Editor = own or able or PatchMatchEditor()
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
        camera_height_m: float = CAMERA_HEIGHT_M,
        on_progress: OnProgress | None = None,
    ) -> EditResult:
        """Carry out every operation in turn and propose the result.

        Args:
            scene: the scene of `photo`.
            request: an instruction, or operations already parsed.
            at: (u, v) in photo pixels: where a new object stands, or which object is meant.
            mask: the selection: what is removed or replaced.
            seed: of editors and lifters.
            camera_height_m: how high the camera is taken to have stood: it decides how large true sizes are.
            on_progress: told (done, total, message); may raise Cancelled, which leaves everything as it was.

        Raises:
            WtError: unknown words, nothing selected, no place for the object; Cancelled from `on_progress`.
        """
        operations = parse(request) if isinstance(request, str) else tuple(request)
        began, work = time.monotonic(), start(scene, photo, at, mask, seed, on_progress)
        work.camera_height_m = camera_height_m
        for operation in operations:
            if isinstance(operation, AddOp):
                self._add(work, *again(work.scene, operation))
            elif isinstance(operation, RemoveOp):
                self._remove(work, operation)
            elif isinstance(operation, ReplaceOp):
                self._replace(work, operation)
            else:
                self._move(work, operation)
        work.seconds["total"] = round(time.monotonic() - began, 3)
        report = {
            "editor": ", ".join(dict.fromkeys(credit["name"] for credit in work.editors)),
            "editors": work.editors,
            "steps": work.steps,
            "edit": worst(work.edits),
            "place": [row for _, row in work.placed.values()],
            "removed": work.removals,
            "seconds": work.seconds,
            "seed": seed,
            "models": work.models,
        }
        placed = [placed for placed, _ in work.placed.values()]
        return EditResult(work.scene, work.rgb, work.region, operations, placed, report)

    def _add(self, work: Work, operation: AddOp, kept: Kept, name: str = "") -> None:
        """Paint the object, lift the edited photo twice, place the object; without a name it is called what it is."""
        began, before, name = time.monotonic(), work.rgb, name or called(operation)
        work.say(0, 0, f"Painting {name}")
        if operation.where is None:
            work.at = work.at or work.free
        seed = work.seed + work.painted if kept.seed is None else kept.seed
        if self.painter is None:
            painted = from_catalogue(work, operation, seed, kept)
        else:
            painted = by_prose(self.painter, work, operation, seed)
        fixed, region = painted.fixed, painted.region
        painter = (CATALOGUE, CATALOGUE_LICENCE) if self.painter is None else (self.painter.name, self.painter.licence)
        work.edited(*painter, began)
        work.edits.append(figures(fixed))
        scene_layers = self._lift_scene(work, fixed.rgb)
        began = time.monotonic()
        thing = self.object_lifter.lift(
            fixed.rgb, painted.mask, seed=work.seed, on_step=steps(work, "Lifting the object")
        )
        work.lifted("lift_object", self.object_lifter, began)
        began = time.monotonic()
        # The object's own alpha says where it is; its shadow, too, is no unchanged pixel for the gauge.
        placed = place(thing, work.scene, region | painted.mask, scene_layers)
        row = {
            "name": name,
            "scale": placed.scale,
            "shift": placed.shift,
            "depth_residual": placed.residuals["depth"],
            "residual_px": placed.residuals["reprojection_px"],
            "contact_gap": placed.residuals["contact_gap"],
            "centroid_error": painted.centroid_error(placed),
        }
        info = {**row, "prompt": operation.text, KEY: self._memory.keep(before, fixed.rgb, region)}
        work.placed[work.scene.next_id] = placed, row
        work.scene = work.scene.insert(placed, name, {**info, **painted.made(operation, seed).info()})
        work.timed("place", began)
        work.rgb, work.region = fixed.rgb, work.region | region
        work.painted += 1
        # The place is used up: a second object of the same instruction finds its own.
        work.at = work.free = None

    def _remove(self, work: Work, operation: RemoveOp) -> None:
        """What is meant goes; its place is free for what comes next."""
        thing, mask = self._meant(work, operation.what, operation.colour, operation.where)
        self._take_out(work, thing, mask, operation.what, operation.text)
        work.free = stands_at(mask)

    def _replace(self, work: Work, operation: ReplaceOp) -> None:
        """What is meant goes, and the new thing takes over its place, height and heading unless words say otherwise."""
        thing, mask = self._meant(work, operation.target, operation.target_colour, operation.origin)
        new, kept = taken_over(work.scene, thing, mask, operation, work.camera_height_m)
        at = place_of(work.scene, thing, mask, hangs=belongs(operation.what) in ("wall", "ceiling"))
        self._take_out(work, thing, mask, operation.target, operation.text)
        work.at = at if operation.where is None else None
        self._add(work, new, kept)

    def _move(self, work: Work, operation: MoveOp) -> None:
        """The photo before the object comes back, and the same object is made anew at the other place."""
        thing, made = self._movable(work, operation)
        if operation.where is None and work.at is None:
            raise WtError(f"Where to? Mark the place for the {thing.name} in the photo, or say it: to the corner.")
        new, shape = replace(made.op(), where=operation.where), work.rgb.shape[:2]
        selected = work.mask  # it may be what the words call "the table"
        self._take_out(work, thing, footprint(thing, shape), thing.name, operation.text)
        work.at, work.mask = work.at or spot(work.scene, new, shape, selected), selected
        self._add(work, new, Kept(made.seed, made.height_m, made.heading_deg), thing.name)

    def _movable(self, work: Work, operation: MoveOp) -> tuple[SceneObject, Made]:
        """The inserted object of that name, else the one that is selected; a click says where it goes."""
        thing = find_object(work.scene, operation.what, operation.colour, operation.origin)
        if thing is None and work.mask is not None and work.mask.any():
            thing = next(iter(reversed(covered(work.scene, work.mask))), None)
            work.mask = work.mask if thing is None else None
        elif thing is None and operation.what == IT and work.scene.objects:
            thing = work.scene.objects[-1]
        made = Made.now(thing, work.scene)
        if thing is None or made is None:
            noun = "thing" if operation.what == IT else operation.what
            raise WtError(
                f"Only what was added here can be moved, and no such {noun} was. Remove it, then add one where you "
                f'want it: "add a {noun} in the corner".'
            )
        return thing, made

    def _take_out(
        self, work: Work, thing: SceneObject | None, mask: Bool[np.ndarray, "h w"], noun: str, text: str
    ) -> None:
        """Fill the hole in the photo and in the scene; an object that was inserted goes, and the photo comes back."""
        began = time.monotonic()
        work.say(0, 0, f"Removing the {noun}")
        restored = None if thing is None else self._memory.restore(str(thing.info.get(KEY, "")), work.rgb)
        if restored is not None:
            fixed, hole = Repair(restored[0], UNMOVED, 0, 0.0), restored[1]
            work.edited(RESTORED, "", began)
        else:
            hole = grown(mask)
            filled = self.remover.edit(work.rgb, hole, text, seed=work.seed, on_step=steps(work, "Filling"))
            fixed = repair(work.rgb, filled, hole)
            work.edited(self.remover.name, self.remover.licence, began)
        work.edits.append(figures(fixed))
        inserted = [thing] if thing is not None else covered(work.scene, mask)
        for gone in inserted:
            work.scene = work.scene.remove(gone.id)
            work.placed.pop(gone.id, None)
        if not inserted:
            layers = self._lift_scene(work, fixed.rgb)
            found = gauge(layers, work.scene, hole)
            gauged = apply_gauge(found, layers)
            agreement = hidden_agreement(work.scene, hole, gauged)
            work.removals.append({"name": noun, "gauge": asdict(found), "hidden_agreement": agreement})
            work.scene = work.scene.replace_region(hole, gauged, fixed.rgb)
        work.rgb, work.region, work.mask = fixed.rgb, work.region | hole, None

    def _meant(
        self, work: Work, noun: str, colour: str | None, where: Where | None
    ) -> tuple[SceneObject | None, Bool[np.ndarray, "h w"]]:
        """(the inserted object, if it is one; its pixels in the photo) of what shall go.

        In this order: what is selected, what was clicked, the inserted object of that name.
        """
        shape = work.rgb.shape[:2]
        if work.mask is not None and work.mask.any():
            things = covered(work.scene, work.mask)
            return (things[0] if len(things) == 1 else None), work.mask
        if work.at is not None:
            clicked, work.at = work.at, None  # the next thing has to be named
            thing = object_at(work.scene, clicked, shape)
            return thing, self._segmented(work.rgb, clicked) if thing is None else footprint(thing, shape)
        thing = find_object(work.scene, noun, colour, where)
        if thing is None and noun == IT and work.scene.objects:
            thing = work.scene.objects[-1]
        if thing is None:
            raise WtError(f"Which {noun}? Click it in the photo, or select it, and run this again.")
        return thing, footprint(thing, shape)

    def _lift_scene(self, work: Work, rgb: UInt8[np.ndarray, "h w 3"]) -> LayeredPointmap:
        began = time.monotonic()
        valid = work.scene.alpha
        whole = np.ones(rgb.shape[:2], bool) if valid.all() else resize_mask(valid, rgb.shape[1], rgb.shape[0])
        layers = self.scene_lifter.lift(rgb, whole, seed=work.seed, on_step=steps(work, "Lifting the edited photo"))
        work.lifted("lift_scene", self.scene_lifter, began)
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
