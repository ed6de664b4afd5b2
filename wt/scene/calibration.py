"""True sizes and the true camera of a scene, when somebody knows better than the fit."""

import math
from dataclasses import replace

import numpy as np

from wt.errors import WtError
from wt.geometry.camera import Intrinsics, pixel_centres, project, unproject
from wt.geometry.layers import LayeredPointmap
from wt.scene.objects import SceneObject
from wt.scene.scene import Scene


def with_known_length(scene: Scene, length: float, metres: float) -> Scene:
    """The scene in which `length` scene units are so many metres; nothing is moved.

    Raises:
        WtError: one of the two is not a positive number.
    """
    if not (math.isfinite(metres) and metres > 0):
        raise WtError(f"A length in metres is a positive number; got {metres:g}.")
    if not (math.isfinite(length) and length > 0):
        raise WtError("The two points are the same. Pick two that are some way apart.")
    return replace(scene, measured_scale=metres / length)


def with_camera_height(scene: Scene, metres: float) -> Scene:
    """The scene whose camera stood so high above the fitted floor; a measured length no longer counts.

    Raises:
        WtError: not a positive number.
    """
    if not (math.isfinite(metres) and metres > 0):
        raise WtError(f"The camera height in metres is a positive number; got {metres:g}.")
    return replace(scene, camera_height_m=metres, measured_scale=None)


def camera_height_m(scene: Scene) -> float | None:
    """Metres from the fitted floor to the camera; None without a floor."""
    plane, metres = scene.floor(), scene.metres_per_unit()
    return None if plane is None or metres is None else plane.offset * metres


def with_camera(scene: Scene, intrinsics: Intrinsics) -> Scene:
    """Every point on the ray of its pixel under another camera; z is kept, so pixel alignment holds by construction.

    Objects keep their transforms. `layers`, the raw lift, stays as it is.

    Raises:
        WtError: a camera of another grid.
    """
    if (intrinsics.width, intrinsics.height) != (scene.intrinsics.width, scene.intrinsics.height):
        raise WtError(
            f"The camera's grid is {intrinsics.width} x {intrinsics.height}, the scene's is "
            f"{scene.intrinsics.width} x {scene.intrinsics.height}. Use Intrinsics.resized."
        )

    def snapped(thing: SceneObject) -> SceneObject:
        return replace(thing, points=unproject(thing.points[..., 2], intrinsics))

    objects = tuple(snapped(thing) for thing in scene.objects)
    return replace(scene, intrinsics=intrinsics, background=snapped(scene.background), objects=objects)


def residual_px(layers: LayeredPointmap, intrinsics: Intrinsics) -> float:
    """RMS distance in grid pixels between where a camera sees the raw visible points and their pixels; NaN of none."""
    off = (project(layers.points[0], intrinsics) - pixel_centres(*layers.alpha.shape))[layers.alpha]
    off = off[np.isfinite(off).all(axis=-1)]
    return math.sqrt(float((off**2).sum(axis=-1).mean())) if len(off) else math.nan


def calibrated_like(scene: Scene, old: Scene | None) -> Scene:
    """A fresh lift of a photo with what was known of its camera before: its height, and a focal length that was given.

    A relative lift has a scale of its own, so a measured length is carried over as the camera's height above the floor.
    """
    if old is None:
        return scene
    k = old.intrinsics
    if math.isnan(k.residual_px) and not math.isnan(scene.intrinsics.residual_px):
        scene = with_camera(scene, k.resized(scene.intrinsics.width, scene.intrinsics.height))
    height = camera_height_m(old) if old.measured_scale is not None else old.camera_height_m
    return scene if height is None else replace(scene, camera_height_m=height)
