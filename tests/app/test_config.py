"""Settings: private unless told otherwise, and nothing is asked of outside hosts."""

import os
import re

import pytest

from app.config import AppConfig, prepare_environment
from app.flags import parse_args

READ = (
    *("GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT", "GRADIO_ROOT_PATH", "GRADIO_TEMP_DIR", "HF_HUB_OFFLINE", "SPACE_ID"),
    *("WT_STUDIO_HOME", "WT_STUDIO_TOKEN", "WT_STUDIO_AUTH", "FORWARDED_ALLOW_IPS"),
)


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    """None of the variables that are read, and a user's cache folder of the test's own."""
    for name in READ:
        monkeypatch.setenv(name, "")  # so that it is put back afterwards
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_the_default_is_loopback_and_offline(tmp_path):
    config = parse_args([])
    assert config == AppConfig()
    assert (config.host, config.port, config.public, config.guarded) == ("127.0.0.1", None, False, False)
    assert (config.engine, config.replicas, config.api, config.frame_ancestors) == ("local", 1, False, ())
    assert config.data_dir == tmp_path / "cache" / "world-tracing-studio"
    prepare_environment(config)
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert os.environ["GRADIO_TEMP_DIR"] == str(config.data_dir / "uploads")
    assert "FORWARDED_ALLOW_IPS" not in os.environ


def test_flags_are_heard(tmp_path):
    line = f"--host 0.0.0.0 --port 7999 --root-path /studio/ --token s3cret --auth ann:b:c --data-dir {tmp_path} --api"
    line += " --engine ray --replicas 2 --max-visitors 3 --max-upload 8MB --max-kept 1GB --rate 0 --points 5000"
    line += " --editor klein"
    config = parse_args([*line.split(), "--frame-ancestors", "https://a.example", "http://b.example:81"])
    assert (config.host, config.port, config.root_path, config.public) == ("0.0.0.0", 7999, "/studio", True)
    assert (config.token, config.auth, config.data_dir) == ("s3cret", ("ann", "b:c"), tmp_path)
    assert (config.engine, config.replicas, config.api) == ("ray", 2, True)
    assert (config.max_visitors, config.max_upload, config.max_kept) == (3, "8mb", "1gb")
    assert (config.rate, config.point_budget) == (0, 5000)
    assert (config.sam_checkpoint, config.words_model, config.editor) == ("auto", "", "klein")
    assert config.frame_ancestors == ("https://a.example", "http://b.example:81")


@pytest.mark.parametrize(
    ("line", "scene", "thing"),
    [
        ("--model world-tracing", "world-tracing-scene", "world-tracing-object"),
        ("--model world-tracing --object-model wt-o-mini", "world-tracing-scene", "wt-o-mini"),
        ("--model world-tracing-object", "wt-s-mini", "world-tracing-object"),
        ("--model mine.safetensors", "mine.safetensors", "wt-o-mini"),
    ],
)
def test_one_flag_names_the_models_that_lift(line, scene, thing):
    config = parse_args(line.split())
    assert (config.scene_model, config.object_model) == (scene, thing)


def test_a_space_is_public_on_its_port_keeps_data_on_its_disk_and_may_be_framed_by_the_hub(monkeypatch):
    monkeypatch.setenv("SPACE_ID", "someone/studio")
    monkeypatch.setattr(os, "access", lambda path, mode: str(path) == "/data")
    config = parse_args([])
    assert (config.host, config.port, str(config.data_dir)) == ("0.0.0.0", 7860, "/data/world-tracing-studio")
    assert "https://huggingface.co" in config.frame_ancestors
    prepare_environment(config)
    assert os.environ["FORWARDED_ALLOW_IPS"] == "*"


def test_the_environment_may_name_host_home_and_secrets_and_flags_go_before_it(monkeypatch, tmp_path):
    for name, value in {
        "GRADIO_SERVER_NAME": "0.0.0.0",
        "WT_STUDIO_HOME": str(tmp_path / "home"),
        "WT_STUDIO_TOKEN": "of the environment",
        "WT_STUDIO_AUTH": "ann:secret",
    }.items():
        monkeypatch.setenv(name, value)
    config = parse_args([])
    assert (config.host, config.data_dir) == ("0.0.0.0", tmp_path / "home")
    assert (config.token, config.auth) == ("of the environment", ("ann", "secret"))
    assert parse_args(["--host", "127.0.0.1", "--token", "mine"]).token == "mine"


def test_leave_to_download_opens_the_hub_and_offline_shuts_it_whatever_the_environment_says(monkeypatch):
    prepare_environment(parse_args(["--allow-download"]))
    assert "HF_HUB_OFFLINE" not in os.environ
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    prepare_environment(parse_args(["--offline"]))
    assert os.environ["HF_HUB_OFFLINE"] == "1"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("--offline --allow-download", "cannot both be"),
        ("--auth ann", "USER:PASSWORD"),
        ("--auth :", "USER:PASSWORD"),
        ("--max-upload lots", "256mb"),
        ("--max-visitors 0", "at least 1"),
        ("--rate=-1", "whole number"),
        ("--frame-ancestors nonsense;script-src", "https://example.org"),
        ("--root-path studio", "/studio"),
        ("--engine gpu", "invalid choice"),
        ("--cache x", "unrecognized"),
    ],
)
def test_what_cannot_be_is_refused_in_one_sentence(line, words, capsys):
    with pytest.raises(SystemExit):
        parse_args(line.split())
    assert words in capsys.readouterr().err


def test_help_is_in_groups(capsys):
    with pytest.raises(SystemExit):
        parse_args(["--help"])
    told = capsys.readouterr().out
    titles = [line.removesuffix(":") for line in told.splitlines() if re.fullmatch(r"\w+:", line)]
    assert titles == ["options", "serving", "models", "editing", "limits", "data"]
