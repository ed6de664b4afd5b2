"""What a person changes about the 3D view: layers, colours, budget, ground, and the edge flyers that it marks."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app import flyers
from app.display import Display
from app.session import Session
from app.verbs.base import Verbs
from wt.errors import WtError
from wt.scene.flyers import MIDDLE, without

_LAYERS = 6
SIZES = (0.3, 3.0)


class LookVerbs(Verbs):
    """Only what is cached is shown again; taking edge flyers out is a step of the history."""

    def show_as(self, session: Session, display: Display) -> None:
        """Show the scene of the moment like this from now on."""
        before, session.display = session.display, display
        if before.same_points(display):
            self.sessions.viewer_of(session).dress(display)
        else:
            self.refresh(session)

    def change(self, session: Session, **choices: Any) -> None:
        """The same, with some choices made anew."""
        self.show_as(session, replace(session.display, **choices))

    def toggle_layer(self, session: Session, layer: int, *, solo: bool = False) -> None:
        """Show or hide one layer; solo shows it alone, or all again if it was alone."""
        everything = set(range(_LAYERS))
        shown = everything if session.display.layers is None else set(session.display.layers)
        if solo:
            shown = everything if shown == {layer} else {layer}
        else:
            shown = (shown ^ {layer}) or everything
        self.change(session, layers=None if shown == everything else tuple(sorted(shown)))

    def act(self, session: Session, data: dict[str, Any]) -> None:
        """One gesture in the View panel: `kind` and, for most, `value`."""
        kind, value = data.get("kind"), data.get("value")
        acts: dict[Any, Callable[[], None]] = {
            "colour": lambda: self.change(session, colour=str(value)),
            "hidden": lambda: self.change(session, hidden=str(value)),
            "map": lambda: self.change(session, colour_map=str(value)),
            "budget": lambda: self.change(session, budget=max(0, int(value or 0))),
            "size": lambda: self.change(session, point_scale=min(max(float(value or 1), SIZES[0]), SIZES[1])),
            "light": lambda: self.change(session, light=bool(value)),
            "frustum": lambda: self.change(session, frustum=bool(value)),
            "axes": lambda: self.change(session, axes=bool(value)),
            "flyers": lambda: self.mark_flyers(session, None if value is None else int(value)),
            "drop_flyers": lambda: self.drop_flyers(session),
        }
        if kind in acts:
            acts[kind]()

    def mark_flyers(self, session: Session, strength: int | None = MIDDLE) -> None:
        """Show which points a filter of this strength would take, or no longer; nothing is taken."""
        if strength is not None and session.shown_scene is None:
            raise WtError("There is no scene to look for edge flyers in. Lift the photo first.")
        self.change(session, flyers=strength)

    def drop_flyers(self, session: Session) -> None:
        """Take the marked points out of the scene, as one step."""
        self._photo_rgb(session)
        scene, strength = session.now.scene, session.display.flyers
        if scene is None or strength is None or session.previewing or session.peeking:
            raise WtError("No edge flyers of the present scene are marked. Switch on Mark first.")
        found = flyers.found(scene, strength)
        if not found.count:
            raise WtError("No point is marked at this strength, so there is nothing to take. Raise it.")
        cleaned = without(scene, found.surfaces)
        session.display = replace(session.display, flyers=None)
        self._commit(session, "Remove edge flyers", replace(session.now, scene=cleaned))
        session.message = f"{found.count:,} edge flyers are gone. Undo brings them back."
