"""Quick parts in place of the models, for tests of the app itself: a room of planes, round masks, a red box."""

import time
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from app.config import AppConfig
from app.engine import DETECTOR, Engine
from editors.operations import AddOp, Operation, RemoveOp
from editors.segment import Mask
from editors.segment.words import Hit
from wt.errors import WtError
from wt.geometry.camera import Intrinsics, unproject
from wt.geometry.layers import LayeredPointmap
from wt.images import resize_mask, resize_rgb
from wt.scene.objects import Gauge, Placed
from wt.scene.scene import Scene, on_grid


@dataclass
class PlaneLifter:
    """Floor and back wall in front of the camera; two hidden surfaces behind the visible one."""

    kind: str = "scene"
    name: str = "test-planes"
    licence: str = "CC0"
    units: str = "relative"
    default_steps: int = 4
    long_side: int = 64
    step_s: float = 0.0
    calls: list[dict[str, Any]] = field(default_factory=list)

    def lift(self, image, mask=None, *, steps=None, seed=42, depth=None, intrinsics=None, on_step=None):
        steps = steps or self.default_steps
        self.calls.append({"steps": steps, "seed": seed, "mask": mask, "depth": depth})
        if self.kind == "object" and mask is None:
            raise WtError("Nothing is selected. Click the object first.")
        for done in range(1, steps + 1):
            time.sleep(self.step_s * (5 if steps >= 50 else 1))  # long enough to reload a page in the middle
            if on_step is not None:
                on_step(done, steps, self._result(image, mask, seed, done / steps))
        return self._result(image, mask, seed, 1.0)

    def lift_clip(self, frames, masks=None, *, steps=None, seed=42, sampler="euler", steady=False, on_step=None):
        """Frame by frame; the plane comes nearer, so that no two frames are alike."""
        lifted = []
        self.calls.append({"frames": len(frames), "seed": seed, "steady": steady})
        for number, frame in enumerate(frames):
            time.sleep(self.step_s)
            one = self._result(frame, None if masks is None else masks[number], seed, 1.0)
            lifted.append(replace(one, points=one.points * np.float32(1 - 0.01 * number)))
            if on_step is not None:
                on_step(number + 1, len(frames), list(lifted))
        return lifted

    def _result(self, rgb, mask, seed, share):
        scale = self.long_side / max(rgb.shape[:2])
        width, height = round(rgb.shape[1] * scale), round(rgb.shape[0] * scale)
        k = Intrinsics.from_fov(60, width, height)
        k = Intrinsics(k.fx, k.fy, k.cx, k.cy, width, height, 0.01)
        v = (np.arange(height) + 0.5 - k.cy) / k.fy
        z = np.minimum(np.where(v > 0.02, 0.6 / np.maximum(v, 0.02), 9.0), 2.5)
        noise = np.random.default_rng(seed).normal(0, 0.3 * (1 - share), (height, width))
        first = np.broadcast_to(z[:, None], (height, width)) + np.abs(noise)
        back = first + 0.3 + 0.06 * ((seed - 42) % 5)  # what is hidden is a guess, another one with each seed
        depth = np.stack([first, back, first + 0.6, *[first + 0.6] * 3]).astype(np.float32)
        alpha = np.ones((height, width), bool) if mask is None else resize_mask(mask, width, height)
        points = np.where(alpha[..., None], unproject(depth, k), np.nan).astype(np.float32)
        return LayeredPointmap(points, alpha, resize_rgb(rgb, width, height), self.units, k, self.name, seed)


class RoundSegmenter:
    """Discs of three sizes around each positive click, minus discs around the negative ones; or the box."""

    name, licence = "test discs", "CC0"

    def fresh(self):
        return RoundSegmenter()

    def set_image(self, rgb):
        self.shape = rgb.shape[:2]

    def predict(self, points=(), box=None):
        v, u = np.mgrid[: self.shape[0], : self.shape[1]] + 0.5
        masks = []
        for radius, label in ((6, "part"), (12, "middle"), (24, "object")):
            mask = np.zeros(self.shape, bool)
            if box is not None:
                mask |= (u > box[0]) & (u < box[2]) & (v > box[1]) & (v < box[3])
            for x, y, positive in points:
                disc = (u - x) ** 2 + (v - y) ** 2 < radius**2
                mask = mask | disc if positive else mask & ~disc
            masks.append(Mask(mask, 1.0, label))
        return masks

    def suggest_sky(self):
        return np.zeros(self.shape, bool)


class TwoLamps:
    """Sees two lamps on every photo, the left one more surely, and nothing else."""

    name = "test detector"

    def find(self, rgb, words):
        height, width = rgb.shape[:2]
        boxes = [(0.1, 0.2, 0.3, 0.8), (0.6, 0.2, 0.9, 0.5)] if "lamp" in words else []
        scale = (width, height, width, height)
        hits = [tuple(side * size for side, size in zip(box, scale, strict=True)) for box in boxes]
        return [Hit("lamp", 0.9 - 0.3 * number, box) for number, box in enumerate(hits)]


@dataclass
class Result:
    scene: Scene
    photo_after: np.ndarray
    region: np.ndarray
    operations: tuple[Operation, ...]
    placed: list[Placed]
    report: dict[str, Any]


@dataclass
class BoxPipeline:
    """Paints a red box at the pin and puts it in front of the wall; "remove" grinds the selection grey."""

    step_s: float = 0.0
    lifters: tuple[Any, ...] = ()
    """Of the last run."""

    def of(self, *lifters):
        self.lifters = lifters
        return self

    def run(self, scene, photo, text, *, at=None, mask=None, seed=0, camera_height_m=1.5, on_progress=None):
        for done in range(1, 4):
            time.sleep(self.step_s)
            if on_progress is not None:
                on_progress(done, 3, "Editing the photo")
        after, region = photo.rgb.copy(), np.zeros(photo.rgb.shape[:2], bool)
        kind, _, what = text.partition(" ")
        if kind == "remove":
            if mask is None:
                raise WtError("Select what is to be removed.")
            after[mask] = 128
            edited = Scene.from_layers(PlaneLifter(long_side=scene.intrinsics.width).lift(after))
            return Result(scene.replace_region(mask, edited.layers, after), after, mask, (RemoveOp(what),), [], {})
        if kind != "add":
            raise WtError(f"The word {kind!r} is not known. Say add, remove or replace.")
        x, y = at or (photo.width / 2, photo.height / 2)
        side = photo.width // 8
        region[max(int(y) - side, 0) : int(y), max(int(x) - side // 2, 0) : int(x) + side // 2] = True
        after[region] = (220, 40, 40 + 30 * (seed % 5))
        grid = scene.intrinsics
        inside = on_grid(region, grid)
        near = float(np.median(scene.background.points[0, ..., 2][inside])) * 0.8
        depth = np.where(inside, near, np.nan)[None] + np.array([0, 0.2, 0, 0, 0, 0])[:, None, None]
        present = np.zeros(depth.shape, bool)
        present[:2] = inside
        placed = Placed(
            points=unproject(depth.astype(np.float32), grid),
            present=present,
            rgb=resize_rgb(after, grid.width, grid.height),
            scale=1.25,
            shift=-0.1,
            residuals={"depth": 0.01, "reprojection_px": 0.02, "contact_gap": 0.003},
            gauge=Gauge(1.01, 0.002, 0.004),
        )
        report = {"editor": "box painter", "edit": {"shift_px": [0.0, 0.0], "zoom": 1.0, "changed_outside": 0}}
        report["editors"] = [{"name": "box painter", "licence": "CC0"}]
        report["seconds"] = {"edit": 0.25, "lift_scene": 1.5, "place": 0.04, "total": 1.8}
        report["models"] = [{"name": lifter.name, "licence": lifter.licence} for lifter in self.lifters]
        return Result(scene.insert(placed, what), after, region, (AddOp(what.removeprefix("a ")),), [placed], report)


class QuickEngine(Engine):
    """The engine with these parts instead of models; everything around them, and the `editing`, is the app's own."""

    def __init__(self, config: AppConfig, step_s: float = 0.0, long_side: int = 64, *, editing: bool = False) -> None:
        super().__init__(config)
        self.scene = PlaneLifter(step_s=step_s, long_side=long_side)
        self.object = PlaneLifter("object", name="test-object", default_steps=2, step_s=step_s, long_side=long_side)
        self.pipeline = BoxPipeline(step_s)
        self.further: dict[str, Any] = {}
        """What else is on this machine: name -> lifter, or what loading it raises."""
        self._makers = {
            "segmenter": RoundSegmenter,
            DETECTOR: TwoLamps,
            "scene": lambda: self.scene,
            "object": lambda: self.object,
            "editor": self._load_editor if editing else lambda: self.pipeline.of,
        }

    def _is_here(self, name):
        return name in self.further

    def _load_lifter(self, name):
        made = self.further[name]() if callable(self.further[name]) else self.further[name]
        if isinstance(made, Exception):
            raise made
        return made
