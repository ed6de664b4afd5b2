"""The diffusers editors end to end, on tiny random pipelines built offline and reloaded from their folders."""

import importlib.util
import inspect
import json
from types import SimpleNamespace

import numpy as np
import pytest

from editors.diffusion import DiffusionEditor
from editors.diffusion_loading import fit_for, use_lcm, weight_bytes
from editors.diffusion_models import RECIPES
from tests.test_benchmarks import benchmark
from wt.errors import Cancelled, WtError

RANDOM = benchmark("random_pipelines")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A random Flux2KleinPipeline of 0.1 M parameters, with the real classes, pads and size rules."""
    return RANDOM.klein(tmp_path_factory.mktemp("klein"))


@pytest.fixture(scope="module")
def sd15(tmp_path_factory):
    return RANDOM.sd15(tmp_path_factory.mktemp("sd15"))


@pytest.fixture(scope="module")
def sdxl(tmp_path_factory):
    return RANDOM.sdxl(tmp_path_factory.mktemp("sdxl"))


@pytest.fixture(scope="module")
def editor(folder):
    return DiffusionEditor(folder, device="cpu")


PHOTO = np.random.default_rng(0).integers(0, 255, (97, 131, 3), dtype=np.uint8)
MASK = np.zeros((97, 131), bool)
MASK[20:60, 40:90] = True


@pytest.mark.parametrize("mask", [None, MASK])
def test_any_size_comes_back_with_steps_told_and_seed_exact(editor, mask):
    told = []
    first = editor.edit(PHOTO, mask, "add a red chair", seed=1, on_step=lambda done, total: told.append((done, total)))
    assert first.shape == PHOTO.shape
    assert first.dtype == np.uint8
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    np.testing.assert_array_equal(first, editor.edit(PHOTO, mask, "add a red chair", seed=1))
    assert (first != editor.edit(PHOTO, mask, "add a red chair", seed=2)).any()


def test_cancel_stops_within_one_step_and_the_next_call_works(editor):
    told = []

    def stop(done, total):
        told.append(done)
        raise Cancelled

    with pytest.raises(Cancelled):
        editor.edit(PHOTO, None, "add a lamp", on_step=stop)
    assert told == [1]
    assert editor.edit(PHOTO, None, "add a lamp").shape == PHOTO.shape


def test_missing_weights_and_an_empty_prompt_get_a_sentence(editor, tmp_path):
    with pytest.raises(WtError, match="holds no diffusers model"):
        DiffusionEditor(tmp_path)
    with pytest.raises(WtError, match="prompt is empty"):
        editor.edit(PHOTO, None, "  ")


@pytest.mark.parametrize("kind", ["sd15", "sdxl"])
def test_inpainting_repaints_a_place_and_needs_one(kind, request):
    editor = DiffusionEditor(request.getfixturevalue(kind), device="cpu", steps=2)
    # The real models' sizes take a minute here.
    editor.recipe = SimpleNamespace(inpaint=editor.recipe.inpaint, edit=None, fit_size=lambda *_: (64, 48))
    told = []
    first = editor.edit(PHOTO, MASK, "a red chair", seed=1, on_step=lambda *step: told.append(step))
    assert first.shape == PHOTO.shape
    assert told == [(1, 2), (2, 2)]
    np.testing.assert_array_equal(first, editor.edit(PHOTO, MASK, "a red chair", seed=1))
    assert (first != editor.edit(PHOTO, MASK, "a red chair", seed=2)).any()
    with pytest.raises(WtError, match="repaints a place that is marked"):
        editor.edit(PHOTO, None, "a red chair")


def named(family, tmp_path):
    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": family}))
    return DiffusionEditor(tmp_path)


@pytest.mark.parametrize("family", RECIPES)
def test_every_argument_is_one_of_the_real_pipelines(family, tmp_path):
    import diffusers

    editor = named(family, tmp_path)
    for pipeline, mask in ((editor.recipe.edit, None), (editor.recipe.inpaint, MASK)):
        if pipeline is not None:
            known = inspect.signature(getattr(diffusers, pipeline).__call__).parameters
            given = editor._arguments(PHOTO, mask, 0)
            assert {*given, "prompt", "callback_on_step_end"} <= set(known)
            assert ("mask_image" in given) == (mask is not None)


def test_a_model_that_cannot_repaint_edits_the_whole_picture(tmp_path):
    """Qwen's own arguments, and a mask that it is not told of."""
    editor, asked = named("QwenImageEditPipeline", tmp_path), {}

    def pipeline(**call):
        asked.update(call)
        return SimpleNamespace(images=[call["image"]])

    editor._pipelines["edit"] = pipeline
    assert editor.edit(PHOTO, MASK, "remove the lamp").shape == PHOTO.shape
    assert "mask_image" not in asked
    assert (asked["true_cfg_scale"], asked["num_inference_steps"]) == (4.0, 40)
    assert (asked["width"], asked["height"]) == asked["image"].size
    assert asked["width"] % 32 == asked["height"] % 32 == 0
    assert asked["width"] * asked["height"] == pytest.approx(1024 * 1024, rel=0.03)


def test_a_few_step_lora_says_which_package_it_needs(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(WtError, match="needs the package peft"):
        use_lcm(None, "latent-consistency/lcm-lora-sdv1-5", allow_download=False)


def test_lcm_takes_its_scheduler_four_steps_and_no_guidance(sd15, monkeypatch):
    """The LoRA itself needs peft; what it is asked for is seen instead."""
    editor = DiffusionEditor(sd15, device="cpu", lcm="somebody/lora")
    assert editor.steps == 4
    asked = []
    pipe = SimpleNamespace(
        load_lora_weights=lambda *names, **options: asked.append((names, options["local_files_only"])),
        fuse_lora=lambda: asked.append("fused"),
        unload_lora_weights=lambda: None,
        scheduler=SimpleNamespace(config={"beta_schedule": "scaled_linear"}),
    )
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    use_lcm(pipe, "somebody/lora", allow_download=False)
    assert asked == [(("somebody/lora",), True), "fused"]
    assert type(pipe.scheduler).__name__ == "LCMScheduler"


def test_memory_decides_how_much_of_a_model_is_on_the_gpu(folder):
    total, largest = weight_bytes(folder)
    assert 0 < largest < total < 1e6
    klein = {"total": 16e9, "largest": 8e9}
    assert fit_for(**klein, free=24e9, nf4=True) == "full"
    assert fit_for(**klein, free=12e9, nf4=True) == "model offload"
    assert fit_for(**klein, free=6e9, nf4=True) == "nf4"
    assert fit_for(**klein, free=6e9, nf4=False) == "sequential offload"
    assert fit_for(**klein, free=3e9, nf4=True) == "sequential offload"


@pytest.mark.parametrize(
    ("family", "size", "fitted"),
    [
        ("Flux2KleinPipeline", (131, 97), (128, 96)),
        ("Flux2KleinPipeline", (1300, 1000), (1168, 896)),
        ("Flux2KleinPipeline", (40, 40), (64, 64)),
        ("QwenImageEditPipeline", (800, 600), (1184, 896)),
        ("StableDiffusionXLInpaintPipeline", (2000, 2000), (1024, 1024)),
        ("StableDiffusionInpaintPipeline", (400, 300), (592, 440)),
    ],
)
def test_sizes_are_what_the_model_takes(family, size, fitted):
    """Klein at most a megapixel in multiples of 16, Qwen a megapixel in 32, Stable Diffusion its own area in 8."""
    assert RECIPES[family].fit_size(*size) == fitted
