"""Settings: private unless told otherwise, and nothing is asked of outside hosts."""

import os
from dataclasses import replace

from app.config import AppConfig, parse_args, prepare_environment


def test_the_default_is_loopback_and_offline(monkeypatch, tmp_path):
    for name in ("GRADIO_SERVER_NAME", "GRADIO_TEMP_DIR", "HF_HUB_OFFLINE"):
        monkeypatch.setenv(name, "")  # so that it is put back afterwards
        monkeypatch.delenv(name)
    config = AppConfig(cache=tmp_path)
    assert config.host == "127.0.0.1"
    prepare_environment(config)
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert os.environ["HF_HUB_OFFLINE"] == "1"
    assert os.environ["GRADIO_TEMP_DIR"].startswith(str(tmp_path))


def test_a_hosted_space_an_editor_and_the_leave_to_download_are_heard(monkeypatch, tmp_path):
    monkeypatch.setenv("GRADIO_SERVER_NAME", "0.0.0.0")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    config = parse_args(["--editor", "klein", "--cache", str(tmp_path), "--port", "7999", "--points", "5000"])
    assert not config.allow_download
    config = replace(config, allow_download=True)
    assert config.host == "0.0.0.0"
    assert (config.port, config.point_budget, config.editor) == (7999, 5000, "klein")
    assert (config.sam_checkpoint, config.words_model) == ("auto", "")
    prepare_environment(config)
    assert "HF_HUB_OFFLINE" not in os.environ
