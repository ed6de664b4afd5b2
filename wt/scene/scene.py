"""The scene: a lifted photo and the objects put into it. Immutable, so that undo is keeping the old one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from wt.errors import WtError
from wt.geometry.camera import Intrinsics, unproject
from wt.geometry.layers import LayeredPointmap, real_surfaces
from wt.scene.cloud import PointCloud, point_cloud
from wt.scene.floor import CAMERA_UP, Plane
from wt.scene.objects import Placed, SceneObject
from wt.scene.reprojection import nearest_depth
from wt.types import Bool, Float, UInt8

CAMERA_HEIGHT_M = 1.5
"""How high above the fitted floor the camera of a relative scene is taken to have stood."""


@dataclass(frozen=True, eq=False)
class Scene:
    """A photo's layers on the rays of one fitted camera, plus inserted objects.

    Every operation returns a new scene that shares all untouched arrays with the old one; never write into them.
    """

    layers: LayeredPointmap
    """The raw lift of the photo as the model gave it; never edited."""
    intrinsics: Intrinsics
    background: SceneObject
    """The photo itself (id 0): same depth as `layers`, points snapped to the rays, later edits included."""
    objects: tuple[SceneObject, ...] = ()
    next_id: int = 1
    camera_height_m: float = CAMERA_HEIGHT_M
    """How high above the floor the camera is taken to have stood, where nothing better gives the scene its metres."""
    measured_scale: float | None = None
    """Metres in one scene unit by a length that somebody knows; it goes before everything else."""

    @classmethod
    def from_layers(cls, layers: LayeredPointmap, name: str = "photo") -> "Scene":
        """Keep z, snap every point to the ray of its pixel under the layers' K."""
        k = layers.intrinsics
        background = SceneObject(0, name, unproject(layers.depth, k), layers.surfaces(), layers.rgb)
        return cls(layers, k, background)

    @property
    def rgb(self) -> UInt8[np.ndarray, "h w 3"]:
        """The photo on the grid, with the colours of removals, without inserted objects."""
        return self.background.rgb

    @property
    def alpha(self) -> Bool[np.ndarray, "h w"]:
        """Valid rays of the background."""
        return np.isfinite(self.background.points[0, ..., 2])

    @property
    def units(self) -> str:
        """The unit of every length in the scene: "relative" unless the model knows better."""
        return self.layers.units

    def __getitem__(self, ident: int) -> SceneObject:
        """The object with this id; 0 is the photo."""
        for thing in (self.background, *self.objects):
            if thing.id == ident:
                return thing
        names = ", ".join(f"{thing.id} {thing.name}" for thing in self.objects) or "none"
        raise WtError(f"There is no object {ident} in the scene. Objects: {names}.")

    def insert(self, placed: Placed, name: str = "object", info: dict[str, Any] | None = None) -> "Scene":
        """Add a placed object; its id is `next_id`, ids are never used twice."""
        if placed.points.shape[1:3] != self.alpha.shape:
            raise WtError(
                f"{name!r} was placed on a {placed.points.shape[2]} x {placed.points.shape[1]} grid, the scene's is "
                f"{self.intrinsics.width} x {self.intrinsics.height}. Place it again for this scene."
            )
        if not placed.present.any():
            raise WtError(f"{name!r} has no point to insert. Select a larger region.")
        known = {
            "scale": placed.scale,
            "shift": placed.shift,
            "residuals": dict(placed.residuals),
            "gauge": {"scale": placed.gauge.scale, "shift": placed.gauge.shift, "residual": placed.gauge.residual},
            "model": placed.model,
            "seed": placed.seed,
        }
        thing = SceneObject(
            self.next_id, name, placed.points, placed.present, placed.rgb, info={**known, **(info or {})}
        )
        return replace(self, objects=(*self.objects, thing), next_id=self.next_id + 1)

    def remove(self, ident: int) -> "Scene":
        """Without this object; what it hid is as it was before the insertion."""
        if ident == 0:
            raise WtError("The photo itself cannot be removed; hide it, or remove a region of it.")
        gone = self[ident]
        return replace(self, objects=tuple(thing for thing in self.objects if thing is not gone))

    def rename(self, ident: int, name: str) -> "Scene":
        """With another name."""
        if not name.strip():
            raise WtError("An object needs a name; the text is empty.")
        return self._with(replace(self[ident], name=name.strip()))

    def show(self, ident: int, visible: bool) -> "Scene":
        """Shown or hidden; a hidden object is left out of clouds and exports."""
        return self._with(replace(self[ident], visible=visible))

    def move(self, ident: int, transform: Float[np.ndarray, "4 4"]) -> "Scene":
        """Give an object a transform, camera space to camera space; the identity is where it was placed."""
        if ident == 0:
            raise WtError("The photo itself defines the frame and cannot be moved.")
        return self._with(self[ident].with_transform(transform))

    def clear(
        self, region: Bool[np.ndarray, "rh rw"], layers: Sequence[int] | LayeredPointmap | None = None
    ) -> "Scene":
        """Take background surfaces out of a region.

        Args:
            region: mask on the grid or on the photo.
            layers: None removes every surface of the region's rays, a list of numbers only those layers;
                a lift of the inpainted photo is gauged to the scene on the pixels outside and replaces the rays.
        """
        if isinstance(layers, LayeredPointmap):
            from wt.scene.gauge import apply_gauge, gauge

            return self.replace_region(region, apply_gauge(gauge(layers, self, region), layers), layers.rgb)
        inside = on_grid(region, self.intrinsics)
        present = self.background.present.copy()
        chosen = range(len(present)) if layers is None else sorted(set(layers))
        for layer in chosen:
            if not 0 <= layer < len(present):
                raise WtError(f"There is no layer {layer}; the scene has layers 0 to {len(present) - 1}.")
            present[layer] &= ~inside
        return replace(self, background=replace(self.background, present=present))

    def replace_region(
        self,
        region: Bool[np.ndarray, "rh rw"],
        gauged_layers: LayeredPointmap,
        rgb: UInt8[np.ndarray, "rh rw 3"] | None = None,
    ) -> "Scene":
        """The rays of the region take the gauged geometry and colours of the inpainted photo; nothing else moves.

        Depth is kept and snapped to the scene's rays. Outside the region every array stays bit for bit what it was.
        """
        inside = on_grid(region, self.intrinsics)
        new = to_grid(gauged_layers, self.intrinsics, len(self.background.points))
        fresh = unproject(new.depth, self.intrinsics)
        colours = new.rgb if rgb is None else _nearest(rgb, self.intrinsics)
        old = self.background
        background = replace(
            old,
            points=np.where(inside[..., None], fresh, old.points),
            present=np.where(inside, real_surfaces(new.depth), old.present),
            rgb=np.where(inside[..., None], colours, old.rgb),
        )
        return replace(self, background=background)

    def visible_depth(self) -> Float[np.ndarray, "h w"]:
        """z of the nearest shown surface on every pixel, inserted objects included, float32; NaN on empty rays."""
        depth = np.full(self.alpha.shape, np.inf, dtype=np.float32)
        for thing in (self.background, *self.objects):
            if thing.visible:
                depth = np.fmin(depth, nearest_depth(thing, self.intrinsics))
        return np.where(np.isfinite(depth), depth, np.float32(np.nan))

    def point_cloud(
        self,
        *,
        layers: Iterable[int] | None = None,
        objects: Iterable[int] | None = None,
        colour: str = "photo",
        hidden: str = "grey",
        colour_map: str = "turbo",
        marked: Mapping[int, Bool[np.ndarray, "layers h w"]] | None = None,
    ) -> PointCloud:
        """Real surfaces of the photo and the objects as one coloured cloud.

        Args:
            layers: numbers of the layers to keep; None keeps all.
            objects: ids to keep, whether shown or hidden, 0 for the photo; None keeps all that are shown.
            colour: "photo", "layer" (one colour each), "depth" (one scale for all layers) or "normals".
            hidden: under "photo", layers behind the first are "grey" by depth, take the pixel's "photo" colour (which
                is that of what hides them), or are "filled" from the nearest visible surfaces.
            colour_map: of depth, "turbo" or "magma".
            marked: object id -> surfaces that are shown in the warning colour.
        """
        if objects is None:
            things = [thing for thing in (self.background, *self.objects) if thing.visible]
        else:
            things = [self[ident] for ident in dict.fromkeys(objects)]
        return point_cloud(things, layers=layers, colour=colour, hidden=hidden, colour_map=colour_map, marked=marked)

    def floor(self) -> Plane | None:
        """The floor under the photo as (unit normal pointing up, camera height in scene units), if one is seen."""
        return self.background.floor

    def up(self) -> Float[np.ndarray, "3"]:
        """Unit vector upwards: the floor's normal, without a floor the camera's own up."""
        plane = self.floor()
        return CAMERA_UP if plane is None else plane.normal

    def metres_per_unit(self, camera_height_m: float | None = None) -> float | None:
        """Metres in one scene unit: as measured, else as the model knows, else so that the camera stood as high above
        the fitted floor as given (by default the scene's `camera_height_m`); None if none of this is known."""
        height = self.camera_height_m if camera_height_m is None else camera_height_m
        if not height > 0:
            raise WtError(f"The camera height must be positive; got {height} m.")
        if self.measured_scale is not None:
            return self.measured_scale
        if self.units == "metres":
            return 1.0
        plane = self.floor()
        return None if plane is None else height / plane.offset

    @property
    def metres_from(self) -> str:
        """What `metres_per_unit` rests on, in words."""
        if self.measured_scale is not None:
            return "a length was measured"
        if self.units == "metres":
            return "the geometry is metric"
        return f"the camera stood {self.camera_height_m:g} m above the fitted floor"

    def save(self, path: str | Path) -> Path:
        """Write a .wts file; see wt/scene/archive.py."""
        from wt.scene.archive import save

        return save(self, path)

    @classmethod
    def load(cls, path: str | Path) -> "Scene":
        """Read a .wts file; see wt/scene/archive.py."""
        from wt.scene.archive import load

        return load(path)

    def _with(self, thing: SceneObject) -> "Scene":
        if thing.id == 0:
            return replace(self, background=thing)
        return replace(self, objects=tuple(thing if old.id == thing.id else old for old in self.objects))


def on_grid(mask: Bool[np.ndarray, "rh rw"], grid: Intrinsics) -> Bool[np.ndarray, "h w"]:
    """A mask of any size brought to the grid: a cell is in if its centre is."""
    return _nearest(mask, grid)


def to_grid(layers: LayeredPointmap, grid: Intrinsics, num_layers: int) -> LayeredPointmap:
    """The same lift on another grid of the same photo, by nearest pixel (depth must not be mixed across edges).

    Missing layers repeat the last one (Eq. 2), surplus ones are dropped.
    """
    count = len(layers.points)
    chosen = np.minimum(np.arange(num_layers), count - 1)
    points = layers.points if count == num_layers else layers.points[chosen]
    if (layers.intrinsics.height, layers.intrinsics.width) == (grid.height, grid.width):
        return layers if count == num_layers else replace(layers, points=points)
    return replace(
        layers,
        points=np.stack([_nearest(layer, grid) for layer in points]),
        alpha=_nearest(layers.alpha, grid),
        rgb=_nearest(layers.rgb, grid),
        intrinsics=layers.intrinsics.resized(grid.width, grid.height),
    )


def _nearest(image: np.ndarray, grid: Intrinsics) -> np.ndarray:
    height, width = image.shape[:2]
    if (height, width) == (grid.height, grid.width):
        return image
    if abs(width / height / (grid.width / grid.height) - 1) > 0.05:
        raise WtError(
            f"A picture of {width} x {height} does not fit the scene's grid of {grid.width} x {grid.height}; "
            "the two must have the same aspect."
        )
    rows = ((np.arange(grid.height) + 0.5) * height / grid.height).astype(int)
    columns = ((np.arange(grid.width) + 0.5) * width / grid.width).astype(int)
    return image[rows[:, None], columns]
