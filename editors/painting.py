"""Painting a new object into the photo: by the catalogue, or by a diffusion model that reads prose."""

from dataclasses import dataclass

import numpy as np

from editors.base import Editor
from editors.catalogue import Painting, paint
from editors.edit_state import Work, steps
from editors.made import Kept, Made, stands_at
from editors.operations import AddOp, called
from editors.register import Repair, repair, repair_unmasked
from editors.where import spot
from wt.errors import WtError
from wt.scene.objects import Placed
from wt.types import Bool


@dataclass(frozen=True, eq=False)
class Painted:
    """What a painter gave, repaired."""

    fixed: Repair
    mask: Bool[np.ndarray, "h w"]
    """The new object."""
    region: Bool[np.ndarray, "h w"]
    at: tuple[float, float]
    """Where it stands, photo pixels."""
    truth: Painting | None

    def made(self, operation: AddOp, seed: int) -> Made:
        """What the scene shall remember of it."""
        height, width = self.mask.shape
        at = (self.at[0] / width, self.at[1] / height)
        measured = (None, None) if self.truth is None else (self.truth.height_m, self.truth.heading_deg)
        return Made(operation.what, operation.colour, operation.material, operation.size, seed, at, *measured)

    def centroid_error(self, placed: Placed) -> float | None:
        """Distance of the placed surfaces' mean from the true mesh's, over the object's size, where that is known."""
        if self.truth is None:
            return None
        mean = placed.points[placed.present].astype(np.float64).mean(axis=0)
        return float(np.linalg.norm(mean - self.truth.true_centroid) / self.truth.true_size)


def from_catalogue(work: Work, operation: AddOp, seed: int, kept: Kept) -> Painted:
    """An asset of the catalogue where the click, or the words, say.

    Raises:
        WtError: there is no place for it, or nothing of it would be seen.
    """
    at = work.at or spot(work.scene, operation, work.rgb.shape[:2], work.mask)
    painting = paint(
        work.scene,
        work.rgb,
        operation.what,
        at,
        colour=operation.colour,
        material=operation.material,
        size=operation.size,
        seed=seed,
        height_m=kept.height_m,
        heading_deg=kept.heading_deg,
        camera_height_m=work.camera_height_m,
    )
    fixed = repair(work.rgb, painting.rgb, painting.region, registered=True)
    return Painted(fixed, painting.mask, painting.region, at, painting)


def by_prose(editor: Editor, work: Work, operation: AddOp, seed: int) -> Painted:
    """With a place, repaint around it; without one, let the editor find the place and see what it changed.

    It follows words alone; the height and the heading of another object it does not know. One that only repaints is
    told what to show, one that only follows instructions finds the place by itself.

    Raises:
        WtError: it changed next to nothing, moved the picture too far, or needs a place and there is none.
    """
    before, tell = work.rgb, steps(work, "Painting")
    if work.at is None and "edit" not in editor.tasks:
        raise WtError(f"{editor.name} repaints a place. Click where the {called(operation)} shall stand, then run it.")
    prompt = operation.text if "edit" in editor.tasks else f"a {called(operation)}"
    place = work.at if "inpaint" in editor.tasks else None
    if place is not None:
        region = _disc(before.shape[:2], place, 0.22)
        edited = editor.edit(before, region, prompt, seed=seed, on_step=tell)
        fixed = repair(before, edited, region)
    else:
        edited = editor.edit(before, None, prompt, seed=seed, on_step=tell)
        fixed, region = repair_unmasked(before, edited)
    changed = (np.abs(fixed.rgb.astype(np.int16) - before).max(axis=2) > 24) & region
    if changed.sum() < 100:
        raise WtError(
            f'{editor.name} changed next to nothing for "{operation.text}". Say it in other words, '
            "or click where the object shall stand."
        )
    return Painted(fixed, changed, region, place or stands_at(changed), None)


def _disc(shape: tuple[int, int], at: tuple[float, float], share: float) -> Bool[np.ndarray, "h w"]:
    """Where a diffusion editor may paint: a disc that stands on the place."""
    radius = share * min(shape)
    v, u = np.mgrid[: shape[0], : shape[1]] + 0.5
    return (u - at[0]) ** 2 + (v - (at[1] - 0.8 * radius)) ** 2 < radius**2
