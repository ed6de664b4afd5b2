"""A visitor's hands on the page without a browser: its real listeners, given what the page would send."""

import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import numpy as np
from doubles import PlaneLifter, QuickEngine
from gradio.helpers import special_args
from PIL import Image

from app import layout
from app.config import AppConfig
from app.controller import Controller
from app.events import Events
from app.jobs import Worker
from app.session import Sessions

LARGE = "world-tracing-scene"


class Hands:
    """One page of a studio; `shown` is what its components hold, which a person may change."""

    def __init__(self, controller: Controller, page: str = "page-1") -> None:
        with gr.Blocks() as self.demo:
            events = Events(layout.build(), controller)
            events.bind(self.demo)
        self.parts: dict[str, Any] = events.page.parts
        self.shown = {name: getattr(part, "value", None) for name, part in self.parts.items()}
        self._request = SimpleNamespace(session_hash=page, query_params={})
        self._names = {part._id: name for name, part in self.parts.items()}

    def listeners(self) -> list[tuple[str, str]]:
        """(component, event) of all that the page listens to."""
        targets = [target for function in self.demo.fns.values() for target in function.targets]
        return [(self._names[part], event) for part, event in targets if part in self._names]

    def inputs_of(self, name: str, event: str) -> list[str]:
        """The components whose values are sent along."""
        return [self._names[part._id] for part in self._function(name, event).inputs]

    def do(self, name: str, event: str = "click", data: Any = None, /, **changed: Any) -> None:
        """An event of a component, after some components were changed; what comes back is shown."""
        self.shown |= changed
        function = self._function(name, event)
        inputs = [self._sent(self._names[part._id]) for part in function.inputs]
        inputs, *_ = special_args(function.fn, inputs, self._request, gr.EventData(self.parts[name], data))
        answer = function.fn(*inputs)
        for updates in answer if isinstance(answer, Iterator) else [answer]:
            plain = not isinstance(updates, dict) or "__type__" in updates
            for part, news in {function.outputs[0]: updates}.items() if plain else updates.items():
                self._show(self._names[part._id], news)

    def choose(self, name: str, value: Any, event: str = "input") -> None:
        """Another value of a component that listens to that."""
        self.do(name, event, **{name: value})

    def _function(self, name: str, event: str) -> Any:
        target = (self.parts[name]._id, event)
        return next(function for function in self.demo.fns.values() if target in function.targets)

    def _sent(self, name: str) -> Any:
        part, value = self.parts[name], self.shown[name]
        return value if isinstance(part, gr.File | gr.UploadButton | gr.Dropdown) else part.preprocess(value)

    def _show(self, name: str, news: Any) -> None:
        if not isinstance(news, dict) or "__type__" not in news:
            self.shown[name] = news
        elif "value" in news:
            self.shown[name] = news["value"]


class Studio:
    """A studio of the quick parts with one visitor, and the visitor's hands."""

    def __init__(self, folder: Path) -> None:
        config = AppConfig(data_dir=folder / "data", point_budget=500)
        self.sessions, self.worker = Sessions(config), Worker()
        self.engine = QuickEngine(config, long_side=32)
        self.engine.further = {
            "wt-s-mini": self.engine.scene,
            "wt-o-mini": self.engine.object,
            LARGE: PlaneLifter(name=LARGE),
        }
        self.controller = Controller(self.engine, self.sessions, self.worker)
        self.session = self.sessions.attach("page-1")
        self.hands = Hands(self.controller)
        v, u = np.mgrid[:64, :96]
        ramp = np.stack([u * 2.5, v * 3.9, (u > 60) * 200], axis=-1).astype(np.uint8)
        Image.fromarray(ramp).save(folder / "ramp.png")
        frames = [Image.fromarray(np.roll(ramp, 3 * n, axis=1)) for n in range(3)]
        frames[0].save(folder / "ramp.gif", save_all=True, append_images=frames[1:], duration=100)
        values = np.linspace(1, 4, 64 * 96, dtype=np.float32).reshape(64, 96)
        np.save(folder / "depth.npy", values)
        self.folder = folder

    def close(self) -> None:
        self.worker.stop()
        self.sessions.close()

    def idle(self) -> None:
        while self.session.busy:
            time.sleep(0.005)

    def photo(self) -> None:
        """A new photo with a selection."""
        self.hands.do("upload", "upload", upload=str(self.folder / "ramp.png"))
        assert self.session.preparing.wait(20)
        self.hands.do("stage", "gesture", {"kind": "click", "x": 30, "y": 20, "how": "new"})

    def scene(self) -> None:
        """The same, lifted."""
        self.photo()
        self.hands.do("lift")
        assert self.session.now.scene is not None, self.session.message

    def thing(self) -> None:
        """The same with a box in it, which is chosen."""
        self.scene()
        self.hands.do("stage", "gesture", {"kind": "pin", "x": 40, "y": 50})
        self.hands.do("run_edit", prompt="add a box")
        self.hands.do("accept")
        self.hands.do("objects", "act", {"kind": "choose", "id": 1})
        assert self.session.chosen_object is not None, self.session.message

    def clip(self) -> None:
        """A lifted clip."""
        self.hands.do("upload", "upload", upload=str(self.folder / "ramp.gif"))
        self.hands.do("stage", "gesture", {"kind": "click", "x": 30, "y": 20, "how": "new"})
        self.hands.do("lift_clip")
        assert self.session.shown_clip is not None, self.session.message

    def files(self) -> dict[str, bytes]:
        """What is in the last zip."""
        with zipfile.ZipFile(self.session.exported["zip"]) as bundle:
            return {name: bundle.read(name) for name in bundle.namelist()}

    def colours(self) -> bytes:
        """Of all points that the 3D view shows."""
        return b"".join(handle.colors.tobytes() for handle, _ in self.session.viewer._nodes.values())
