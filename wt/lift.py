"""Photo in, layered pointmap out: the only place where photos, the network and the sampler meet."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from wt.denoising import Previews, denoise
from wt.depth import DepthKind, DepthMap, depth_map
from wt.errors import WtError
from wt.flow import SAMPLERS, Sampler
from wt.geometry.camera import Intrinsics, rays
from wt.geometry.fit_intrinsics import fit_intrinsics
from wt.geometry.layers import LayeredPointmap, forward_fill, real_surfaces
from wt.geometry.regrid import MIN_DEPTH, Placement, regrid
from wt.geometry.steady import steadied
from wt.guidance import Known
from wt.images import Photo, as_photo, resize_mask, resize_rgb
from wt.model.checkpoint import load_model
from wt.model.memory import RESIDENTS, memory_need
from wt.model.precision import arithmetic, autocast, memory_explained, pick_device, round_weights
from wt.model.registry import locate
from wt.model.wt_dit import WTDiT
from wt.preprocess import (
    GREY,
    SquareCrop,
    blend,
    fallback_intrinsics,
    near_white_alpha,
    prepare,
    prepare_frame,
    require_foreground,
    union_crop,
)
from wt.types import Bool, Float, UInt8
from wt.windows import LEAST_SHARE, WHOLE, WINDOWS, Window, mean_depth

OnStep = Callable[[int, int, LayeredPointmap], None]
OnClipStep = Callable[[int, int, list[LayeredPointmap]], None]
Told = Callable[[int, Tensor], None]
"""Of the steps done and the estimate of x_0, while more are to come."""
Picture = Image.Image | UInt8[np.ndarray, "h w _"] | Photo
MAX_STEPS = 1000
_CACHED_PHOTOS = 4 * len(WINDOWS)


@dataclass(frozen=True)
class Job:
    """One photo made ready: what the network is given, and where its square lies on the grid of the result."""

    rgb: Float[Tensor, "1 3 s s"]
    encoder_rgb: Float[Tensor, "1 3 e e"]
    mask: Bool[Tensor, "1 1 s s"]
    place: Placement
    grid_rgb: UInt8[np.ndarray, "h w 3"]
    grid_alpha: Bool[np.ndarray, "h w"]
    seed: int
    known: Known | None
    intrinsics: Intrinsics | None
    mirrored: bool = False
    """The network is given the mirror image."""

    @property
    def valid(self) -> Bool[np.ndarray, "s s"]:
        """The rays of the square that count, as the photo shows them."""
        valid = self.mask[0, 0].numpy()
        return valid[:, ::-1] if self.mirrored else valid


class Lifter:
    """A loaded model. One lifter may be used by several threads: it keeps no state but a cache of encoded photos.

    The model becomes the lifter's: its weights are kept in the arithmetic's dtype, and it may wait in host memory while
    another needs the accelerator.
    """

    def __init__(self, model: WTDiT, *, name: str = "", device: str = "auto", dtype: torch.dtype | None = None) -> None:
        config = model.config
        self.device = pick_device(device)
        self.dtype = arithmetic(self.device, dtype)
        self.name = name or config.name
        self.model = model.eval()
        round_weights(model, self.dtype)
        with self._ready(f"Loading {self.name}", frames=1):
            pass
        self.kind, self.licence, self.units = config.kind, config.licence, config.units
        self.default_steps, self.long_side = config.default_steps, config.long_side
        self.default_windows = config.windows
        self._tokens: OrderedDict[bytes, Tensor] = OrderedDict()
        self._lock = threading.Lock()

    @torch.inference_mode()
    def lift(
        self,
        image: Picture,
        mask: Bool[np.ndarray, "mask_h mask_w"] | None = None,
        *,
        steps: int | None = None,
        seed: int = 42,
        depth: DepthMap | Float[np.ndarray, "depth_h depth_w"] | None = None,
        depth_kind: DepthKind | None = None,
        intrinsics: Intrinsics | None = None,
        sampler: Sampler = "euler",
        windows: int | None = None,
        on_step: OnStep | None = None,
    ) -> LayeredPointmap:
        """Lift a photo, or the selected object in it, to ordered layers of camera-space points.

        Args:
            image: a PIL image, or uint8 [h, w, 3] or [h, w, 4], whose alpha is the mask.
            mask: valid rays on the photo's pixels: the object, or a scene without its sky. It goes before the alpha.
                Objects without either use the near-white rule (ARCHITECTURE section 3.1).
            steps: of the sampler; the model's default if None.
            seed: the same seed, photo and machine give the same result; global generators are left alone.
            depth: known depth of the visible surface on the photo's pixels (`wt.depth.open_depth` reads files), NaN or
                0 where unknown. It guides every step and layer 0 of the result equals it where it is known; metric
                depth makes the result metric (see `wt.guidance`).
            depth_kind: "metric" (metres), "relative" (z up to scale and shift) or "disparity" (1 / z up to scale and
                shift). None: what the `DepthMap` says, metric for an array.
            intrinsics: the known camera; points are put on its rays. By default it is fitted to the result, and known
                depth is put on the rays fitted to each step's estimate.
            sampler: "euler" as published; "multistep" and "heun" (twice the evaluations) follow the flow to second
                order.
            windows: the lift is the mean over so many windows of the photo (`wt.windows`), each denoised by itself; the
                model's default if None. With known depth it is one.
            on_step: called as (done, total, preview) after each step; may raise `Cancelled`. The preview is the latest
                estimate of which one was made: a large model makes one every few steps.

        Returns:
            Points on a grid with the photo's aspect, longer side at most `long_side`; OpenCV camera frame, `units`.

        Raises:
            WtError: nothing or too little selected, sizes that do not fit, numbers out of range, or out of memory.
        """
        steps = self._steps(steps, sampler)
        photo, size = as_photo(image), _size_given(image)
        alpha = self._alpha(photo, size, mask)
        require_foreground(alpha)
        known = _as_map(depth, depth_kind)
        if known is not None:
            _require_size("depth map", known.values, size)
        crop = self._crop([alpha])
        job = self._prepare(photo, alpha, crop, seed, depth=known, lens=intrinsics)
        looks = self._windows(windows)[1:] if known is None else ()
        more = [(window, self._prepare(photo, alpha, crop, seed, window=window)) for window in looks]
        more = [each for each in more if each[1].valid.mean() > LEAST_SHARE]
        total, previews = steps * (1 + len(more)), Previews(partial(self._results, [job]))
        others: list[tuple[np.ndarray, np.ndarray]] = []

        def told(done: int, x_0: Tensor) -> None:
            if on_step is not None:
                on_step(done, total, previews.of(x_0)[0])

        x = self._denoised([job], steps, sampler, told)

        def going_on(before: int) -> Told:
            """Estimates of a part of the photo are not shown: the whole stays on view."""
            return lambda done, _: told(before + done, x)

        for number, (window, look) in enumerate(more, start=1):
            told(number * steps, x)
            answer = self._denoised([look], steps, sampler, going_on(number * steps))
            points, found, _ = self._mapped(look, answer)
            others.append((points, found * window.weight(look.place.width, look.place.height)))
        lifted = self._result(job, x, others)
        if on_step is not None:
            on_step(total, total, lifted)
        return lifted

    @torch.inference_mode()
    def lift_clip(
        self,
        frames: Sequence[Picture],
        masks: Sequence[Bool[np.ndarray, "mask_h mask_w"]] | None = None,
        *,
        steps: int | None = None,
        seed: int = 42,
        sampler: Sampler = "euler",
        steady: bool = False,
        on_step: OnClipStep | None = None,
    ) -> list[LayeredPointmap]:
        """Lift the frames of a clip, all on one square crop around whatever the object sweeps over (section 3.5).

        A dynamic model sees all frames at once, so that they agree with each other; any other lifts one after the
        other. Memory grows with the number of frames: 16 is what the published model was trained on.

        Args:
            frames: pictures of one size, as `lift` takes them.
            masks: the object in each frame, on its pixels; a frame where it is out of sight may be empty.
            steps, seed, sampler: as of `lift`.
            steady: depth is made steady over time by the motion of the thing (`wt.geometry.steady`), else it is as the
                network answers.
            on_step: called as (done, total, previews) after each step, with one preview for each frame reached so far;
                as the last one, with none, now and then while depth is made steady; may raise `Cancelled`.

        Returns:
            One lift a frame, in the frame's camera; the network's unit of length is the same in all that were lifted
            together.

        Raises:
            WtError: as of `lift`, no frames, frames of several sizes, or not one mask for each.
        """
        steps = self._steps(steps, sampler)
        _require_clip(frames, masks)
        photos, size = [as_photo(frame) for frame in frames], _size_given(frames[0])
        given = [None] * len(frames) if masks is None else masks
        alphas = [self._alpha(photo, size, mask) for photo, mask in zip(photos, given, strict=True)]
        require_foreground(np.concatenate(alphas))
        crop = self._crop(alphas)
        jobs = [self._prepare(photo, alpha, crop, seed, clip=True) for photo, alpha in zip(photos, alphas, strict=True)]
        groups = [jobs] if self.kind == "dynamic" else [[job] for job in jobs]
        lifted: list[LayeredPointmap] = []

        total = len(groups) * steps

        def telling(group: list[Job]) -> Told:
            before, previews = list(lifted), Previews(partial(self._results, group))

            def told(done: int, x_0: Tensor) -> None:
                if on_step is not None:
                    on_step(len(before) // len(group) * steps + done, total, before + previews.of(x_0))

            return told

        for group in groups:
            lifted += self._results(group, self._denoised(group, steps, sampler, telling(group)))
            if on_step is not None:
                on_step(len(lifted) // len(group) * steps, total, list(lifted))
        check = (lambda: None) if on_step is None else partial(on_step, total, total, [])
        return _steadied(lifted, check) if steady else lifted

    @contextmanager
    def _ready(self, what: str, frames: int) -> Iterator[None]:
        """Inside, the model is on its device and has room there for so many frames at once."""
        need = memory_need(self.model.config, self.dtype, frames)
        with memory_explained(what, self.device), RESIDENTS.using(self.model, self.device, need, what):
            yield

    def _steps(self, steps: int | None, sampler: str) -> int:
        steps = self.default_steps if steps is None else steps
        if not 1 <= steps <= MAX_STEPS:
            raise WtError(f"A lift takes 1 to {MAX_STEPS} steps; got {steps}.")
        if sampler not in SAMPLERS:
            raise WtError(f"There is no sampler {sampler!r}. Choose one of {', '.join(SAMPLERS)}.")
        return steps

    def _windows(self, windows: int | None) -> tuple[Window, ...]:
        windows = self.default_windows if windows is None else windows
        most = len(WINDOWS) if self.kind == "scene" else 1
        if not 1 <= windows <= most:
            raise WtError(f"{self.name} lifts over 1 to {most} windows of a photo; got {windows}.")
        return WINDOWS[:windows]

    def _crop(self, alphas: list[UInt8[np.ndarray, "_ _"]]) -> SquareCrop | None:
        """Scenes are squeezed whole."""
        return None if self.kind == "scene" else union_crop(alphas, self.model.config.crop_fill)

    def _denoised(self, jobs: list[Job], steps: int, sampler: Sampler, told: Told | None) -> Float[Tensor, "1 v s s 3"]:
        """The network's answer for all frames that it sees at once."""
        layers = self.model.config.layers
        with self._ready(f"A lift by {self.name}", len(jobs)), autocast(self.device, self.dtype):
            tokens = self._condition(jobs)
            generator = torch.Generator(self.device).manual_seed(jobs[0].seed)
            rgb = torch.stack([job.rgb for job in jobs], dim=1).to(self.device)
            valid = torch.cat([job.mask.expand(-1, layers, -1, -1) for job in jobs], dim=1).to(self.device)
            guide = None if jobs[0].known is None else partial(self._guided, jobs[0])
            estimates = denoise(self.model, tokens, rgb, valid, steps, generator, guide, sampler)
            for done, step in enumerate(estimates, start=1):
                state, x_0 = step
                if done < steps and told is not None:
                    told(done, x_0)
        return state

    def _results(self, jobs: list[Job], x: Float[Tensor, "1 v s s 3"]) -> list[LayeredPointmap]:
        return [self._result(job, part) for job, part in zip(jobs, x.chunk(len(jobs), dim=1), strict=True)]

    def _prepare(
        self,
        photo: Photo,
        alpha: UInt8[np.ndarray, "h w"],
        crop: SquareCrop | None,
        seed: int,
        *,
        depth: DepthMap | None = None,
        lens: Intrinsics | None = None,
        clip: bool = False,
        window: Window = WHOLE,
    ) -> Job:
        grid = grid_size(photo.width, photo.height, self.long_side)
        left, top, across, down = window.pixels(photo.width, photo.height)
        if crop is not None:
            left, top, across, down = crop.left, crop.top, crop.side, crop.side
        small, large, inside = self._pictures(window.cut(photo.rgb), window.cut(alpha), crop, clip)
        side = self.model.config.image_side
        place = Placement(
            scale=(photo.width / grid[0] * side / across, photo.height / grid[1] * side / down),
            shift=(-left * side / across, -top * side / down),
            height=grid[1],
            width=grid[0],
        )
        camera = lens.resized(*grid) if lens else None
        known = None
        if depth is not None:
            known = Known.of(depth, place, side, camera, one_lens=self.kind != "scene")
        return Job(
            rgb=small,
            encoder_rgb=large,
            mask=inside,
            place=place,
            grid_rgb=resize_rgb(photo.rgb, *grid),
            grid_alpha=resize_mask(alpha > 127, *grid),
            seed=seed,
            known=known,
            intrinsics=camera,
            mirrored=window.mirrored,
        )

    def _alpha(self, photo: Photo, size: tuple[int, int], mask: np.ndarray | None) -> UInt8[np.ndarray, "h w"]:
        """Alpha on the photo's pixels: the mask, else the file's, else near-white (objects) or all (scenes)."""
        if mask is not None:
            _require_size("mask", mask, size)
            kept = np.asarray(mask, dtype=bool)
            alpha = np.where(resize_mask(kept, photo.width, photo.height), 255, 0).astype(np.uint8)
        elif photo.alpha is not None:
            alpha = np.where(photo.alpha, 255, 0).astype(np.uint8)
        elif self.kind == "scene":
            return np.full((photo.height, photo.width), 255, dtype=np.uint8)
        else:
            found = near_white_alpha(photo.rgb)
            if found is None:
                raise WtError(
                    f"{self.name} lifts one object, and nothing is selected. Click the object, draw a box around it, "
                    "or use a picture with a transparent or white background."
                )
            alpha = found
        return alpha

    def _pictures(
        self, rgb: np.ndarray, alpha: np.ndarray, crop: SquareCrop | None, clip: bool
    ) -> tuple[Tensor, Tensor, Tensor]:
        """(network's rgb [1,3,s,s], encoder's rgb [1,3,e,e], mask [1,1,s,s])."""
        config = self.model.config
        if clip and crop is not None:
            prepared = prepare_frame(rgb, alpha, config.image_side, crop)
        else:
            prepared = prepare(rgb, alpha, config.image_side, crop=crop, background=GREY if crop else None)
        mask = torch.from_numpy(prepared.mask)[None, None]
        if config.encoder.side is None:
            small = torch.from_numpy(prepared.rgb)[None]
            return small, small, mask
        # Small networks are trained on antialiased pictures, and their encoder sees a larger one.
        if crop is not None:
            rgb, alpha = crop.cut(rgb), crop.cut(alpha)
            rgb = blend(rgb, alpha, GREY)
        picture = resize_rgb(rgb, config.encoder.side, config.encoder.side)
        large = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None].float() / 255
        return F.interpolate(large, size=(config.image_side,) * 2, mode="area"), large, mask

    def _condition(self, jobs: list[Job]) -> Tensor:
        """Image tokens of the frames, once per photo or clip: the last few are kept."""
        pictures = torch.stack([job.encoder_rgb for job in jobs], dim=1)
        key = hashlib.blake2b(pictures.numpy().tobytes(), digest_size=16).digest()
        with self._lock:
            if key in self._tokens:
                self._tokens.move_to_end(key)
                return self._tokens[key]
        tokens = self.model.condition(self.model.encode(pictures.to(self.device)))
        with self._lock:
            self._tokens[key] = tokens
            while len(self._tokens) > _CACHED_PHOTOS:
                self._tokens.popitem(last=False)
        return tokens

    def _estimate(self, job: Job, x: Float[Tensor, "1 l s s 3"]) -> tuple[np.ndarray, Intrinsics]:
        """Camera-space points [l, s, s, 3] on the network's square, in front of the camera, and their camera."""
        points = self.model.config.coordinates().inverse(x[0].float()).cpu().numpy()
        points = np.nan_to_num(points, posinf=1e6, neginf=-1e6).clip(-1e6, 1e6)
        points[..., 2] = points[..., 2].clip(MIN_DEPTH)
        if job.mirrored:
            points = points[:, :, ::-1] * np.array([-1, 1, 1], points.dtype)
        return points, _camera(points[0], job.valid) or fallback_intrinsics(len(job.valid))

    def _guided(self, job: Job, x_0: Float[Tensor, "1 l s s 3"]) -> Float[Tensor, "1 l s s 3"]:
        """A step's estimate with known depth put in."""
        assert job.known is not None
        points, camera = self._estimate(job, x_0)
        guided = job.known.guide(points, job.valid, camera)
        return self.model.config.coordinates().forward(torch.from_numpy(guided)[None], torch.tensor(1.0)).to(x_0)

    def _mapped(
        self, job: Job, x: Float[Tensor, "1 l s s 3"]
    ) -> tuple[Float[np.ndarray, "l h w 3"], Bool[np.ndarray, "h w"], Intrinsics]:
        """De-normalised and put on the photo's grid: points, where there are any, the camera of the square."""
        points, camera = self._estimate(job, x)
        colours = (job.rgb[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
        colours = colours[:, ::-1] if job.mirrored else colours
        return *regrid(points, job.valid, camera, colours, job.place, job.grid_rgb), camera

    def _result(
        self,
        job: Job,
        x: Float[Tensor, "1 l s s 3"],
        others: Sequence[tuple[Float[np.ndarray, "l h w 3"], Float[np.ndarray, "h w"]]] = (),
    ) -> LayeredPointmap:
        """The mean with what other windows saw, the camera fitted, what is known applied."""
        mapped, found, camera = self._mapped(job, x)
        alpha = job.grid_alpha & found
        if others:
            mapped = mean_depth(mapped, alpha, others)
        fitted = _camera(mapped[0], alpha, self.model.config.square_pixels) or job.place.camera(camera)
        units, lens = self.units, job.intrinsics or fitted
        if job.known is not None:
            z = job.known.finish(mapped[..., 2].astype(np.float64), alpha, fitted, job.intrinsics)
            if z is None:
                raise WtError("The depth map holds no depth on the lifted rays. Check that it belongs to this photo.")
            mapped = (z[..., None] * rays(lens)).astype(np.float32)
            units = "metres" if job.known.kind == "metric" else units
        elif job.intrinsics is not None:
            mapped = (mapped[..., 2:] * rays(lens)).astype(np.float32)
        tolerance = self.model.config.repeat_tolerance
        if tolerance > 0:
            mapped = forward_fill(mapped, real_surfaces(mapped[..., 2], tolerance))
        return LayeredPointmap(mapped, alpha, job.grid_rgb, units, lens, self.name, job.seed)


def _steadied(lifts: list[LayeredPointmap], check: Callable[[], object]) -> list[LayeredPointmap]:
    points = [lift.points for lift in lifts]
    points = steadied(points, [lift.alpha for lift in lifts], [lift.rgb for lift in lifts], check)
    return [replace(lift, points=moved) for lift, moved in zip(lifts, points, strict=True)]


def grid_size(width: int, height: int, long_side: int) -> tuple[int, int]:
    """(width, height) of the result's grid: the photo's aspect, never finer than the photo."""
    factor = min(1.0, long_side / max(width, height))
    return max(2, round(width * factor)), max(2, round(height * factor))


def _as_map(depth: DepthMap | np.ndarray | None, kind: DepthKind | None) -> DepthMap | None:
    if depth is None or isinstance(depth, np.ndarray):
        return None if depth is None else depth_map(depth, kind or "metric", scale=1.0)
    return depth if kind is None or kind == depth.kind else depth_map(depth.values, kind, name=depth.name, scale=1.0)


def _camera(points0: np.ndarray, valid: np.ndarray, square_pixels: bool = False) -> Intrinsics | None:
    try:
        return fit_intrinsics(points0, valid, square_pixels=square_pixels)
    except WtError:
        return None


def _size_given(image: Picture) -> tuple[int, int]:
    """(width, height) of what the caller passed, before any shrinking."""
    if isinstance(image, Photo):
        return image.width, image.height
    if isinstance(image, Image.Image):
        upright = image.getexif().get(0x0112, 1) < 5
        return image.size if upright else image.size[::-1]
    return image.shape[1], image.shape[0]


def _require_clip(frames: Sequence[Picture], masks: Sequence[np.ndarray] | None) -> None:
    if not frames:
        raise WtError("The clip has no frames. Give at least one picture.")
    if masks is not None and len(masks) != len(frames):
        raise WtError(f"The clip has {len(frames)} frames but {len(masks)} masks. Give one mask for each frame.")
    sizes = sorted({_size_given(frame) for frame in frames})
    if len(sizes) > 1:
        raise WtError(
            f"The frames of a clip must have one size; got {sizes[0][0]} x {sizes[0][1]} and {sizes[-1][0]} x "
            f"{sizes[-1][1]}. Resize them first."
        )


def _require_size(what: str, array: np.ndarray, size: tuple[int, int]) -> None:
    if array.shape != size[::-1]:
        got = " x ".join(str(n) for n in array.shape[::-1])
        raise WtError(f"The {what} is {got} but the photo is {size[0]} x {size[1]} pixels. They must be the same.")


def load(name: str | Path, device: str = "auto", dtype: torch.dtype | None = None) -> Lifter:
    """Load a model by registry name, from a local file, or from what was downloaded of the hub.

    Args:
        name: "wt-s-mini", "wt-o-mini", a published model's name, hf://owner/name[@revision][/file], or a path.
            Nothing is downloaded: `python -m wt download` does that.
        device: "auto", "cpu", "cuda", "mps".
        dtype: torch.float32 or torch.bfloat16 for the network's arithmetic; by default the faster one.

    Raises:
        WtError: unknown name, weights that are not here, or too little memory; says what to do.
    """
    entry, path = locate(str(name))
    dtype = arithmetic(pick_device(device), dtype)
    model = load_model(path, dtype=dtype)
    if entry is not None:
        # Which model it is and its licence are ours to say, not the file's.
        model.config = replace(model.config, name=entry.name, licence=entry.licence)
    return Lifter(model, name=model.config.name or path.stem, device=device, dtype=dtype)
