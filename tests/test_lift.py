"""Photos and clips in, layered pointmaps out. Tiny networks: random for behaviour, one that knows its answer."""

import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import wt
from wt.errors import Cancelled, WtError
from wt.geometry.camera import Intrinsics, rays
from wt.geometry.steady import steadied
from wt.lift import Lifter, grid_size
from wt.model.checkpoint import save_model
from wt.model.config import EncoderConfig, mini, published
from wt.model.wt_dit import WTDiT

TINY = {"width": 32, "heads": 2, "decoder_blocks": 3, "head_blocks": 3, "image_side": 56, "default_steps": 2}
FRAMES = 3
CAMERA = Intrinsics(130.0, 130.0, 62.0, 35.0, 120, 80)  # of the photo below


class Oracle(WTDiT):
    """Answers with the true geometry of a slanted wall seen by a given camera of its square input.

    In a clip the wall goes away from the camera, by a quarter of its first depth a frame.
    """

    camera: Intrinsics
    shares = (1.0, 1.5, 1.5, 1.5, 1.5, 1.5)

    def wall(self):
        r = rays(self.camera)
        z = 3.0 / (r @ np.array([0.2, -0.1, 1.0]))
        return r * z[..., None]

    def forward(self, x_t, t, tokens, rgb, mask=None, fill_noise=None):
        frames = x_t.shape[1] // self.config.layers
        near = torch.from_numpy(self.wall()).float()
        walls = [near * (1 + 0.25 * frame) * share for frame in range(frames) for share in self.shares]
        return self.config.coordinates().forward(torch.stack(walls)[None], torch.tensor(1.0))


def tiny(kind):
    return replace(mini(kind), **TINY, temporal_blocks=1 if kind == "dynamic" else 0)


def oracle(kind, camera):
    network = Oracle(tiny(kind))
    network.camera = camera
    return Lifter(network, device="cpu")


@pytest.fixture(scope="module")
def scenes():
    torch.manual_seed(0)
    return Lifter(WTDiT(replace(mini("scene"), **TINY)), device="cpu")


@pytest.fixture(scope="module")
def objects():
    torch.manual_seed(0)
    return Lifter(WTDiT(replace(mini("object"), **TINY)), device="cpu")


@pytest.fixture(scope="module")
def photo():
    return np.random.default_rng(0).integers(0, 255, (80, 120, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def selection():
    mask = np.zeros((80, 120), dtype=bool)
    mask[20:60, 50:90] = True
    return mask


def test_a_scene_comes_back_on_the_photos_pixels(photo):
    """The photo is squeezed to a square for the network; nothing of that is left in the result."""
    truth = CAMERA.resized(56, 56)
    layers = oracle("scene", truth).lift(photo)
    assert layers.points.shape == (6, 80, 120, 3)
    assert layers.points.dtype == np.float32
    assert layers.alpha.all()
    assert layers.rgb.shape == (80, 120, 3)
    assert layers.units == "relative"
    assert layers.model == "wt-s-mini"
    k = layers.intrinsics
    assert (k.width, k.height) == (120, 80)
    for name in ("fx", "fy", "cx", "cy"):
        assert getattr(k, name) == pytest.approx(getattr(CAMERA, name), rel=2e-3), name
    assert k.residual_px < 0.05
    r = rays(CAMERA)
    z = 3.0 / (r @ np.array([0.2, -0.1, 1.0]))
    inner = np.s_[2:-2, 2:-2]
    np.testing.assert_allclose(layers.depth[0][inner], z[inner], rtol=1e-3)
    assert layers.surfaces()[1].all()
    assert not layers.surfaces()[2:].any()  # repeats


def test_layers_that_are_hardly_further_end_the_ray(photo):
    """Behind the wall at 1, the six layers lie at 1.02, 1.04, 1.2, 1.21, 1.4 of its depth."""
    shares = (1.0, 1.02, 1.04, 1.2, 1.21, 1.4)
    lifter = oracle("scene", CAMERA.resized(56, 56))
    lifter.model.shares = shares
    for tolerance, wanted in ((0.0, shares), (0.03, (1.0, 1.0, 1.04, 1.2, 1.2, 1.4)), (0.3, (1, 1, 1, 1, 1, 1.4))):
        lifter.model.config = replace(lifter.model.config, repeat_tolerance=tolerance)
        depth = lifter.lift(photo).depth[:, 2:-2, 2:-2]
        np.testing.assert_allclose((depth / depth[0]).mean(axis=(1, 2)), wanted, rtol=1e-3)


def test_an_object_is_cropped_and_put_back(photo, selection):
    """Box 40 x 40 at (50, 20), nine tenths of the crop: side 45 with corner (47, 17)."""
    square = CAMERA.cropped(47, 17, 45, 45).resized(56, 56)
    layers = oracle("object", square).lift(photo, selection)
    assert np.array_equal(layers.alpha, selection)
    assert np.isnan(layers.points[:, ~selection]).all()
    r = rays(CAMERA)
    z = 3.0 / (r @ np.array([0.2, -0.1, 1.0]))
    np.testing.assert_allclose(layers.depth[0][selection], z[selection], rtol=2e-3)
    for name in ("fx", "fy", "cx", "cy"):
        assert getattr(layers.intrinsics, name) == pytest.approx(getattr(CAMERA, name), rel=5e-3), name
    assert layers.units.startswith("relative")


def test_a_large_photo_gets_a_limited_grid_and_a_narrow_one_keeps_its_aspect(scenes):
    for size, grid in (((600, 400), (224, 149)), ((50, 400), (28, 224)), ((400, 40), (224, 22)), ((64, 33), (64, 33))):
        layers = scenes.lift(Image.new("RGB", size, (90, 120, 30)))
        assert layers.points.shape[1:3] == grid[::-1]
        assert grid_size(*size, scenes.long_side) == grid
        assert (layers.intrinsics.width, layers.intrinsics.height) == grid


class Watched:
    """What reaches a lifter's network and its encoder."""

    def __init__(self, lifter, monkeypatch):
        self.pictures, self.masks = [], []
        network = lifter.model
        encode, forward = network.encode, network.forward

        def watched_encode(pictures):
            self.pictures.append(pictures)
            return encode(pictures)

        def watched_forward(x_t, t, tokens, rgb, mask=None, fill_noise=None):
            self.pictures.append(rgb)
            self.masks.append(mask)
            return forward(x_t, t, tokens, rgb, mask, fill_noise)

        monkeypatch.setattr(network, "encode", watched_encode)
        monkeypatch.setattr(network, "forward", watched_forward)

    @property
    def sides(self):
        return {tuple(picture.shape[-2:]) for picture in self.pictures} | {tuple(m.shape[-2:]) for m in self.masks}


@pytest.mark.parametrize("kind", ["scene", "object", "dynamic"])
@pytest.mark.parametrize("size", [(600, 400), (50, 400), (33, 64), (56, 56)])
def test_whatever_the_photos_size_a_network_is_run_at_its_own(kind, size, monkeypatch):
    torch.manual_seed(0)
    lifter = Lifter(WTDiT(tiny(kind)), device="cpu")
    watched, encoder = Watched(lifter, monkeypatch), tiny(kind).encoder.side
    width, height = size
    mask = np.zeros((height, width), dtype=bool)
    mask[height // 4 : -height // 4, width // 4 : -width // 4] = True
    lifter.lift(Image.new("RGB", size, (90, 120, 30)), mask)
    assert watched.sides == {(56, 56), (encoder, encoder)}
    assert published("scene").image_side == 840, "the release's scene model is off at any other"


@pytest.mark.parametrize("way", ["mask", "alpha", "clip", "clip seen at once", "published", "clip, published"])
def test_what_lies_behind_an_object_never_reaches_the_network(way, photo, selection, monkeypatch):
    """Two photos that differ in the background alone are one to the network, grey where the object is not."""
    torch.manual_seed(0)
    config = tiny("dynamic" if way == "clip seen at once" else "object")
    if way.endswith("published"):  # its encoder sees the same picture as its network
        config = replace(config, encoder=EncoderConfig(channels=64, width=16, depth=4, heads=2, pretrain_grid=5))
    lifter = Lifter(WTDiT(config), device="cpu")
    watched, seen = Watched(lifter, monkeypatch), []
    for background in (photo, 255 - photo):
        picture = np.where(selection[..., None], photo, background)
        lifter._tokens.clear()
        watched.pictures.clear()
        if way == "alpha":
            lifts = [lifter.lift(np.dstack([picture, np.where(selection, 255, 0).astype(np.uint8)]))]
        elif way.startswith("clip"):
            lifts = lifter.lift_clip([picture] * 2, [selection] * 2)
        else:
            lifts = [lifter.lift(picture, selection)]
        assert all(np.isnan(layers.points[:, ~selection]).all() for layers in lifts), "no ghosts"
        seen.append([picture.clone() for picture in watched.pictures])
    assert len(seen[0]) == len(seen[1]) > 1
    for one, other in zip(*seen, strict=True):
        # The release's clips are resized before they are blanked: at an outline, neighbours mix.
        assert way == "clip, published" or torch.equal(one, other)
        corners = one[..., [0, 0, -1, -1], [0, -1, 0, -1]]
        torch.testing.assert_close(corners, torch.full_like(corners, 128 / 255), atol=1e-6, rtol=0)


def test_the_same_seed_gives_the_same_bits_and_global_generators_are_left_alone(photo):
    torch.manual_seed(0)
    network = WTDiT(replace(mini("scene"), **TINY))
    lifter = Lifter(network, device="cpu")
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002  the point is that it is not touched
    state, legacy = torch.random.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    first = lifter.lift(photo, seed=1)
    torch.manual_seed(99)
    again, other = Lifter(network, device="cpu").lift(photo, seed=1), lifter.lift(photo, seed=2)
    assert np.array_equal(first.points, again.points)
    assert not np.array_equal(first.points, other.points)
    torch.manual_seed(5)
    lifter.lift(photo)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert np.array_equal(np.random.get_state()[1], legacy)  # noqa: NPY002
    assert first.seed == 1


def test_every_step_is_shown_and_the_last_preview_is_the_result(scenes, photo):
    seen = []
    layers = scenes.lift(photo, steps=3, on_step=lambda *step: seen.append(step))
    assert [(done, total) for done, total, _ in seen] == [(1, 3), (2, 3), (3, 3)]
    assert all(isinstance(preview, wt.LayeredPointmap) for *_, preview in seen)
    assert np.array_equal(seen[-1][2].points, layers.points)
    assert not np.array_equal(seen[0][2].points, layers.points)


def test_slow_previews_are_made_less_often_and_every_step_is_still_reported(scenes, photo, monkeypatch):
    monkeypatch.setattr("wt.denoising.PREVIEW_REST", 1e9)
    seen = []
    layers = scenes.lift(photo, steps=4, on_step=lambda *step: seen.append(step))
    assert [done for done, _, _ in seen] == [1, 2, 3, 4]
    assert seen[0][2] is seen[1][2] is seen[2][2]
    assert seen[3][2] is layers


def test_samplers_differ_and_agree_in_one_step(scenes, photo):
    """One step goes from noise to the endpoint, whatever the order."""
    for steps, alike in ((1, True), (3, False)):
        lifts = [scenes.lift(photo, steps=steps, sampler=name).depth for name in ("euler", "multistep", "heun")]
        assert np.allclose(lifts[0], lifts[1], rtol=1e-3) is alike
        assert np.allclose(lifts[0], lifts[2], rtol=1e-3) is alike


def test_cancel_stops_within_one_step_and_the_lifter_lives_on(scenes, photo):
    calls = []

    def stop(done, total, preview):
        calls.append(done)
        if done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        scenes.lift(photo, steps=20, on_step=stop)
    assert calls == [1, 2]
    assert scenes.lift(photo).alpha.all()


def test_the_photo_is_encoded_once(scenes, photo, monkeypatch):
    count, encode = [], WTDiT.encode
    monkeypatch.setattr(WTDiT, "encode", lambda self, *a: count.append(1) or encode(self, *a))
    fresh = photo[::-1].copy()
    scenes.lift(fresh, steps=4)
    scenes.lift(fresh, steps=2, seed=7)
    assert len(count) == 1


CPU_ALLOCATOR = RuntimeError(
    "[enforce fail at alloc_cpu.cpp:114] . DefaultCPUAllocator: can't allocate memory: you tried"
)


@pytest.mark.parametrize("failure", [torch.OutOfMemoryError("CUDA out of memory."), CPU_ALLOCATOR, MemoryError()])
def test_out_of_memory_is_said_and_the_lifter_lives_on(scenes, photo, monkeypatch, failure):
    def fail(*_):
        raise failure

    with monkeypatch.context() as patched:
        patched.setattr(scenes.model, "forward", fail)
        with pytest.raises(WtError, match="ran out of memory on cpu. Close other programs"):
            scenes.lift(photo)
    assert scenes.lift(photo).alpha.all()


def test_other_errors_of_the_network_stay_what_they_are(scenes, photo, monkeypatch):
    monkeypatch.setattr(scenes.model, "forward", lambda *_: torch.zeros(2) @ torch.zeros(3))
    with pytest.raises(RuntimeError, match="size"):
        scenes.lift(photo)


def test_alpha_is_the_mask_and_a_given_mask_goes_first(objects, photo, selection):
    rgba = np.dstack([photo, np.where(selection, 255, 0).astype(np.uint8)])
    by_alpha, by_mask = objects.lift(rgba), objects.lift(photo, selection)
    assert np.array_equal(by_alpha.points, by_mask.points, equal_nan=True)
    other = np.roll(selection, 10, axis=0)
    assert np.array_equal(objects.lift(rgba, other).alpha, other)


def test_an_object_on_white_needs_no_mask_and_one_on_noise_does(objects, photo):
    white = np.full((100, 100, 3), 252, dtype=np.uint8)
    white[30:70, 40:80] = (20, 90, 160)
    layers = objects.lift(white)
    assert layers.alpha[30:70, 40:80].all()
    assert layers.alpha.sum() == 1600
    with pytest.raises(WtError, match="nothing is selected"):
        objects.lift(photo)


def test_sky_is_left_out_of_a_scene(scenes, photo):
    ground = np.ones((80, 120), dtype=bool)
    ground[:30] = False
    layers = scenes.lift(photo, ground)
    assert np.array_equal(layers.alpha, ground)
    assert np.isnan(layers.points[:, :30]).all()
    assert np.isfinite(layers.points[:, 30:]).all()


def wall(camera, distance=3.0):
    return (distance / (rays(camera) @ np.array([0.2, -0.1, 1.0]))).astype(np.float32)


def test_metric_depth_is_layer_0_and_makes_the_result_metric(photo):
    """The network knows the scene but for its unit, so hidden layers must come out at their true distance too."""
    truth = wall(CAMERA, 7.5)
    known = truth.copy()
    known[::3] = np.nan
    known[1::3] = 0
    layers = oracle("scene", CAMERA.resized(56, 56)).lift(photo, depth=known)
    assert layers.units == "metres"
    assert np.array_equal(layers.depth[0][2::3], truth[2::3])
    np.testing.assert_allclose(layers.depth[0], truth, rtol=2e-2)
    np.testing.assert_allclose(layers.depth[1], truth * Oracle.shares[1], rtol=2e-2)
    assert layers.surfaces()[1].all()
    assert not layers.surfaces()[2:].any()


@pytest.mark.parametrize("steps", [1, 3])
@pytest.mark.parametrize("kind", ["relative", "disparity"])
def test_relative_depth_is_aligned_by_scale_and_shift(photo, kind, steps):
    truth = wall(CAMERA)
    given = {"relative": 40 * truth - 7, "disparity": 5 / truth + 3}[kind].astype(np.float32)
    layers = oracle("scene", CAMERA.resized(56, 56)).lift(photo, depth=given, depth_kind=kind, steps=steps)
    assert layers.units == "relative"
    np.testing.assert_allclose(layers.depth[0], truth, rtol=5e-3)
    np.testing.assert_allclose(layers.depth[1], truth * Oracle.shares[1], rtol=1e-2)


def test_known_depth_guides_the_network_between_steps(scenes, photo, monkeypatch):
    """After the first step layer 0 of the state is the known depth at that noise level, with the noise of the start."""
    seen, forward = [], WTDiT.forward
    monkeypatch.setattr(WTDiT, "forward", lambda self, x, t, *a: seen.append((x, t)) or forward(self, x, t, *a))
    truth = wall(CAMERA)
    scenes.lift(photo, depth=truth, intrinsics=CAMERA, steps=4, seed=3)
    noise = seen[0][0][0, 0]
    square = CAMERA.resized(56, 56)
    x, t = seen[3][0][0, 0], float(seen[3][1])
    x_0 = (x - t * noise) / (1 - t)
    points = scenes.model.config.coordinates().inverse(x_0).numpy()
    flat = np.s_[4:-4, 4:-4]
    ratio = points[..., 2][flat] / wall(square)[flat]
    assert np.ptp(ratio) < 0.1 * ratio.mean()
    np.testing.assert_allclose(points[..., :2] / points[..., 2:], rays(square)[..., :2], atol=2e-2)


def test_a_lift_without_depth_is_not_touched_by_one_with_depth(scenes, photo):
    before = scenes.lift(photo, seed=5).points
    scenes.lift(photo, seed=5, depth=wall(CAMERA))
    assert np.array_equal(scenes.lift(photo, seed=5).points, before)


def test_an_objects_depth_is_metric_and_its_hidden_side_stays_behind(objects, photo, selection):
    known = np.where(selection, wall(CAMERA, 0.6), np.nan).astype(np.float32)
    layers = objects.lift(photo, selection, depth=known, intrinsics=CAMERA)
    assert layers.units == "metres"
    assert np.array_equal(layers.depth[0][selection], known[selection])
    assert (np.diff(layers.depth[:, selection], axis=0) >= 0).all()
    assert np.array_equal(layers.alpha, selection)


def test_depth_that_misses_the_lifted_rays_is_refused(objects, photo, selection):
    known = np.where(selection, np.nan, wall(CAMERA)).astype(np.float32)
    with pytest.raises(WtError, match="no depth on the lifted rays"):
        objects.lift(photo, selection, depth=known)


def test_a_known_camera_gives_the_rays(photo):
    given = Intrinsics(200.0, 210.0, 30.0, 20.0, 240, 160)
    layers = oracle("scene", CAMERA.resized(56, 56)).lift(photo, intrinsics=given)
    assert np.array_equal(layers.intrinsics.matrix(), given.resized(120, 80).matrix())
    np.testing.assert_allclose(layers.points[0], rays(layers.intrinsics) * layers.depth[0][..., None], rtol=1e-5)


@pytest.mark.parametrize("rows", [0, 1])
def test_an_empty_or_tiny_selection_is_refused(objects, photo, rows):
    mask = np.zeros((80, 120), dtype=bool)
    mask[:rows, :20] = True
    with pytest.raises(WtError, match=r"Nothing is selected|at least 64"):
        objects.lift(photo, mask)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"mask": np.ones((40, 60), bool)}, "The mask is 60 x 40"),
        ({"depth": np.ones((80, 60), np.float32)}, "The depth map is 60 x 80"),
        ({"steps": 0}, "1 to 1000 steps"),
        ({"steps": 5000}, "1 to 1000 steps"),
    ],
)
def test_numbers_that_do_not_fit_are_said(scenes, photo, arguments, words):
    with pytest.raises(WtError, match=words):
        scenes.lift(photo, **arguments)


def test_a_picture_that_is_no_photo_is_said(scenes):
    with pytest.raises(WtError, match="shorter side"):
        scenes.lift(np.zeros((1, 1, 3), np.uint8))


def test_a_mask_of_a_photo_that_gets_shrunk_still_fits(scenes):
    large = np.random.default_rng(0).integers(0, 255, (300, 2400, 3), dtype=np.uint8)
    mask = np.ones((300, 2400), dtype=bool)
    mask[:, :1200] = False
    layers = scenes.lift(large, mask)
    assert not layers.alpha[:, :111].any()
    assert layers.alpha[:, 113:].all()


def test_two_threads_get_what_one_would(scenes, photo):
    alone = [scenes.lift(photo, seed=seed).points for seed in (1, 2)]
    found = {}
    threads = [
        threading.Thread(target=lambda s=seed: found.__setitem__(s, scenes.lift(photo, seed=s).points))
        for seed in (1, 2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert np.array_equal(found[1], alone[0])
    assert np.array_equal(found[2], alone[1])


def test_a_published_kind_of_network_goes_through_the_same_door(photo, selection):
    config = replace(
        mini("object"), **TINY, encoder=EncoderConfig(channels=64, width=16, depth=4, heads=2, pretrain_grid=5)
    )
    torch.manual_seed(0)
    layers = Lifter(WTDiT(config), device="cpu").lift(photo, selection)
    assert np.array_equal(layers.alpha, selection)


def test_load_reads_a_file_and_explains_what_is_missing(scenes, tmp_path, photo):
    path = save_model(scenes.model, tmp_path / "mine.safetensors")
    again = wt.load(path, device="cpu", dtype=torch.float32)
    assert (again.kind, again.default_steps, again.long_side) == ("scene", 2, 224)
    assert np.median(np.abs(again.lift(photo).depth / scenes.lift(photo).depth - 1)) < 1e-3  # half precision
    with pytest.raises(WtError, match="There is no model named"):
        wt.load("wt-x-mini")
    with pytest.raises(WtError, match=r"haoz19/object-model-6layer.*model\.pt"):
        wt.load("world-tracing-object")
    with pytest.raises(WtError, match="does not exist"):
        wt.load(tmp_path / "absent.safetensors")
    with pytest.raises(WtError, match="cannot run on the device"):
        wt.load(path, device="toaster")


@pytest.fixture(scope="module")
def clip():
    """Noise of 120 x 80 pixels and a box of 20 x 40 that goes 10 to the right from frame to frame."""
    rng = np.random.default_rng(0)
    masks = [np.zeros((80, 120), dtype=bool) for _ in range(FRAMES)]
    for frame, mask in enumerate(masks):
        mask[20:60, 50 + 10 * frame : 70 + 10 * frame] = True
    return [rng.integers(0, 255, (80, 120, 3), dtype=np.uint8) for _ in range(FRAMES)], masks


def random_lifter(kind="dynamic", temporal_gain=0.0):
    torch.manual_seed(0)
    network = WTDiT(tiny(kind))
    for block in network.decoder.temporal:
        torch.nn.init.constant_(block.ls1.gamma, temporal_gain)
    return Lifter(network, device="cpu")


def same(one, other):
    return np.array_equal(one.points, other.points, equal_nan=True)


def test_frames_share_one_crop_and_come_back_on_their_pixels(clip):
    """Boxes 40 x 40 together, nine tenths of the crop: side 45 with corner (47, 17)."""
    pictures, masks = clip
    lifts = oracle("dynamic", CAMERA.cropped(47, 17, 45, 45).resized(56, 56)).lift_clip(pictures, masks)
    z = 3.0 / (rays(CAMERA) @ np.array([0.2, -0.1, 1.0]))
    for frame, (layers, picture, mask) in enumerate(zip(lifts, pictures, masks, strict=True)):
        assert np.array_equal(layers.alpha, mask)
        assert np.array_equal(layers.rgb, picture)
        np.testing.assert_allclose(layers.depth[0][mask], z[mask] * (1 + 0.25 * frame), rtol=2e-3)
        for name in ("fx", "fy", "cx", "cy"):
            assert getattr(layers.intrinsics, name) == pytest.approx(getattr(CAMERA, name), rel=2e-2), name


def test_a_dynamic_model_sees_all_frames_at_once_and_any_other_one_by_one(clip):
    pictures, masks = clip
    changed = [pictures[0], pictures[1], 255 - pictures[2]]
    together = random_lifter(temporal_gain=1.0)
    assert not same(together.lift_clip(pictures, masks)[0], together.lift_clip(changed, masks)[0])
    alone = random_lifter("object")
    first, second = alone.lift_clip(pictures, masks), alone.lift_clip(changed, masks)
    assert [same(a, b) for a, b in zip(first, second, strict=True)] == [True, True, False]


def test_a_clip_is_made_steady_where_that_is_asked_for(clip):
    pictures, masks = clip
    plain, calm = (random_lifter().lift_clip(pictures, masks, steady=steady) for steady in (False, True))
    expected = steadied([one.points for one in plain], [one.alpha for one in plain], [one.rgb for one in plain])
    for one, points, before in zip(calm, expected, plain, strict=True):
        np.testing.assert_array_equal(one.points, points)
        assert not same(one, before)
        assert one.intrinsics == before.intrinsics


def test_steadying_a_clip_is_cancelled_by_the_same_callback(clip):
    seen = []

    def stop(done, total, previews):
        seen.append((done, total, len(previews)))
        if len(seen) == 4:
            raise Cancelled

    with pytest.raises(Cancelled):
        random_lifter().lift_clip(*clip, steady=True, on_step=stop)
    assert seen == [(1, 2, FRAMES), (2, 2, FRAMES), (2, 2, 0), (2, 2, 0)], "after the last step it goes on asking"


@pytest.mark.parametrize("kind", ["dynamic", "object", "scene"])
def test_a_clip_of_one_frame_is_a_photo(kind, clip):
    (picture, *_), (mask, *_) = clip
    model = random_lifter(kind)
    assert same(model.lift_clip([picture], [mask], seed=3)[0], model.lift(picture, mask, seed=3))


@pytest.mark.parametrize(("kind", "total", "frames"), [("dynamic", 2, [3, 3]), ("object", 6, [1, 1, 2, 2, 3, 3])])
def test_steps_are_counted_over_all_frames(kind, total, frames, clip):
    seen = []
    lifts = random_lifter(kind).lift_clip(*clip, on_step=lambda *step: seen.append(step))
    assert [(done, whole) for done, whole, _ in seen] == [(n + 1, total) for n in range(total)]
    assert [len(previews) for *_, previews in seen] == frames
    assert all(same(one, other) for one, other in zip(seen[-1][2], lifts, strict=True))


def test_cancel_stops_a_clip(clip):
    def stop(done, total, previews):
        raise Cancelled

    model = random_lifter()
    with pytest.raises(Cancelled):
        model.lift_clip(*clip, on_step=stop)
    assert len(model.lift_clip(*clip)) == FRAMES


def test_a_frame_without_the_object_is_empty(clip):
    pictures, masks = clip
    lifts = random_lifter().lift_clip(pictures, [masks[0], np.zeros_like(masks[1]), masks[2]])
    assert [layers.alpha.any() for layers in lifts] == [True, False, True]
    assert np.isnan(lifts[1].points).all()


def test_clips_that_do_not_fit_are_said(clip):
    pictures, masks = clip
    model = random_lifter()
    with pytest.raises(WtError, match="no frames"):
        model.lift_clip([])
    with pytest.raises(WtError, match="3 frames but 2 masks"):
        model.lift_clip(pictures, masks[:2])
    with pytest.raises(WtError, match="one size; got 60 x 40 and 120 x 80"):
        model.lift_clip([pictures[0], pictures[1][:40, :60]])
    with pytest.raises(WtError, match="Nothing is selected"):
        model.lift_clip(pictures, [mask & False for mask in masks])
