"""Select: clicks, box, brush, a loaded mask, the sky."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from app import pictures
from app.session import Session
from app.verbs.base import Verbs, empty_mask, inside
from app.work import LEVELS, Selection
from editors.segment import masks
from wt.errors import WtError
from wt.images import decoding, open_image, refuse_pixels


class SelectVerbs(Verbs):
    """What the mask of the moment is."""

    def click(self, session: Session, x: float, y: float, how: str = "new") -> None:
        """Select what is at a photo pixel: "new" starts over, "add" and "subtract" refine."""
        rgb = self._photo_rgb(session)
        x, y = inside(x, y, rgb)
        old = session.now.selection
        if how == "new":
            points: tuple[tuple[float, float, bool], ...] = ((x, y, True),)
            base, box = None, None
        else:
            points, base, box = (*old.points, (x, y, how == "add")), old.base, old.box
        if not any(positive for *_, positive in points) and box is None:
            if old.mask is None:
                raise WtError("There is nothing to subtract from. Select something first.")
            self._select(session, "Subtract", old.painted(old.mask & ~self._predict(session, rgb, [(x, y, True)])[0]))
            return
        candidates = self._predict(session, rgb, list(points), box)
        label = {"new": "Select", "add": "Add to the selection", "subtract": "Subtract from the selection"}[how]
        self._select(session, label, Selection(base, points, box, candidates, old.level))

    def box(self, session: Session, left: float, top: float, right: float, bottom: float) -> None:
        """Select what a box holds."""
        rgb = self._photo_rgb(session)
        (left, top), (right, bottom) = inside(left, top, rgb), inside(right, bottom, rgb)
        box = (min(left, right), min(top, bottom), max(left, right), max(top, bottom))
        if box[2] - box[0] < 4 or box[3] - box[1] < 4:
            raise WtError("The box is smaller than 4 pixels. Click two opposite corners around the thing.")
        candidates = self._predict(session, rgb, [], box)
        self._select(session, "Select by box", Selection(None, (), box, candidates, session.now.selection.level))

    def level(self, session: Session, name: str) -> None:
        """Part, middle or object of the same clicks."""
        if name not in LEVELS:
            raise WtError(f"A click selects a part, a middle or an object; got {name!r}.")
        selection = session.now.selection
        if LEVELS[selection.level] != name:
            self._select(session, f"Choose {name}", replace(selection, level=LEVELS.index(name)))

    def stroke(self, session: Session, path: Sequence[Sequence[float]], diameter: float, *, erase: bool) -> None:
        """Paint into the selection or out of it along a path of photo pixels."""
        rgb = self._photo_rgb(session)
        if not path:
            return
        size = (rgb.shape[1], rgb.shape[0])
        drawn = pictures.stroke(size, [(float(x), float(y)) for x, y in path], min(max(float(diameter), 1), 2000))
        selection, old = session.now.selection, session.now.selection.mask
        if erase:
            self._select(session, "Erase", selection.painted(empty_mask(rgb) if old is None else old & ~drawn))
        else:
            self._select(session, "Brush", selection.painted(drawn if old is None else old | drawn))

    def invert(self, session: Session) -> None:
        """Everything that is not selected."""
        rgb = self._photo_rgb(session)
        selection = session.now.selection
        inverted = ~(empty_mask(rgb) if selection.mask is None else selection.mask)
        self._select(session, "Invert the selection", selection.painted(inverted))

    def clear(self, session: Session) -> None:
        """Select nothing."""
        self._photo_rgb(session)
        self._select(session, "Clear the selection", Selection(level=session.now.selection.level))

    def grow(self, session: Session, pixels: int) -> None:
        """Larger, or smaller if negative, by so many pixels."""
        label = "Grow the selection" if pixels > 0 else "Shrink the selection"
        self._reshape(session, label, lambda mask: masks.grown(mask, pixels))

    def feather(self, session: Session, pixels: int) -> None:
        """Smooth the outline over so many pixels."""
        self._reshape(session, "Feather the selection", lambda mask: masks.feathered(mask, pixels))

    def fill_holes(self, session: Session) -> None:
        """Select what the selection encloses."""
        self._reshape(session, "Fill holes", masks.filled)

    def keep_largest(self, session: Session) -> None:
        """Drop all pieces but the largest."""
        self._reshape(session, "Keep the largest piece", masks.largest)

    def load_mask(self, session: Session, path: str | Path | None) -> None:
        """A mask from a picture of any size: white, or opaque, is selected."""
        rgb = self._photo_rgb(session)
        if not path:
            raise WtError("No file arrived. Choose a mask.")
        path = Path(path)
        with decoding(path.name, "Load a PNG that is white inside."), open_image(path) as image:
            refuse_pixels(image, path.name)
            mask = pictures.mask_from(image, (rgb.shape[1], rgb.shape[0]))
        if not mask.any():
            raise WtError("That mask is black everywhere. Load one that is white, or opaque, where the thing is.")
        self._select(session, "Load a mask", session.now.selection.painted(mask))

    def keep_sky_out(self, session: Session, keep: bool) -> None:
        """Whether the suggested sky is left out of a lift."""
        if session.now.keep_sky_out != keep and session.now.photo is not None:
            self._commit(session, "Sky out" if keep else "Sky in", replace(session.now, keep_sky_out=keep))

    def sky_from_selection(self, session: Session) -> None:
        """Correct the suggested sky: what is selected is the sky."""
        mask = self._selected(session)
        chosen = Selection(level=session.now.selection.level)
        work = replace(session.now, sky=mask, keep_sky_out=True, selection=chosen)
        self._commit(session, "Mark the sky", work)

    def _select(self, session: Session, label: str, selection: Selection) -> None:
        self._commit(session, label, replace(session.now, selection=selection), show=False)
        mask = selection.mask
        share = 0.0 if mask is None else float(mask.mean()) * 100
        session.message = f"{label}: {share:.1f} % of the photo." if mask is not None else "Nothing is selected."

    def _reshape(self, session: Session, label: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
        mask = self._selected(session)
        changed = change(mask)
        if not changed.any():
            raise WtError(f"{label}: nothing would be left of the selection. Choose fewer pixels.")
        self._select(session, label, session.now.selection.painted(changed))

    def _selected(self, session: Session) -> np.ndarray:
        self._photo_rgb(session)
        mask = session.now.selection.mask
        if mask is None:
            raise WtError("Nothing is selected. Click a thing on the photo first.")
        return mask

    def _predict(
        self,
        session: Session,
        rgb: np.ndarray,
        points: list[tuple[float, float, bool]],
        box: tuple[float, float, float, float] | None = None,
    ) -> tuple[np.ndarray, ...]:
        with session.looking:
            found = self._segmenter(session, rgb).predict(points=points, box=box)
        masks = tuple(candidate.mask for candidate in found)
        if not any(mask.any() for mask in masks):
            raise WtError("Nothing was found there. Click inside the thing, or draw a box around it.")
        return masks
