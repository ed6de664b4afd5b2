"""Downloads, from a small hub of our own on the loopback."""

import json
import threading
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
from huggingface_hub import constants

import wt
from wt.__main__ import main
from wt.errors import WtError
from wt.model.checkpoint import save_model
from wt.model.config import EncoderConfig, WTDiTConfig
from wt.model.hub import HubFile
from wt.model.registry import find, locate
from wt.model.wt_dit import WTDiT

REPO, COMMIT = "somebody/tiny", "c0ffee" + "0" * 34
NEWER, OLDER = "d" * 40, "b" * 40
DAYS = {NEWER: "2026-09-23T00:00:00.000Z", COMMIT: "2026-09-22T23:59:59.000Z", OLDER: "2026-06-13T12:00:00.000Z"}
OBJECT = "haoz19/object-model-6layer"


class Hub(ThreadingHTTPServer):
    """Two repositories with a model each; `cut` bytes into the first download the line goes dead."""

    def __init__(self, content: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.cut, self.seen = content, 0, []


class Handler(BaseHTTPRequestHandler):
    server: Hub

    def log_message(self, *_) -> None:
        pass

    def do_HEAD(self) -> None:
        self.answer(with_body=False)

    def do_GET(self) -> None:
        self.answer(with_body=True)

    def answer_about_commits(self) -> None:
        if not self.path.endswith("/commits/main"):  # nothing else is of use here
            self.send_error(404)
            return
        told = [{"id": commit, "authors": [], "date": day, "title": "", "message": ""} for commit, day in DAYS.items()]
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer(self, *, with_body: bool) -> None:
        hub = self.server
        if self.path.startswith("/api/"):
            self.answer_about_commits()
            return
        hub.seen.append((self.command, {name.lower(): value for name, value in self.headers.items()}))
        owner, name, _, revision, file = self.path.strip("/").split("/", 4)
        refusal = (
            "RepoNotFound"
            if f"{owner}/{name}" not in (REPO, OBJECT)
            else "RevisionNotFound"
            if revision not in ("main", "v1", *DAYS)
            else "EntryNotFound"
            if not file.startswith("model.")
            else None
        )
        if refusal:
            self.send_response(404)
            self.send_header("X-Error-Code", refusal)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
        body = hub.content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(hub.content) - 1}/{len(hub.content)}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", '"0123456789abcdef"')
        self.send_header("X-Repo-Commit", revision if revision in DAYS else COMMIT)
        self.end_headers()
        if with_body and hub.cut:
            self.wfile.write(body[: hub.cut])
            hub.cut = 0
            self.close_connection = True
        elif with_body:
            self.wfile.write(body)


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    """A whole published kind of model, small."""
    config = WTDiTConfig(
        image_side=42,
        width=32,
        heads=2,
        decoder_blocks=3,
        head_blocks=3,
        encoder=EncoderConfig(channels=64, width=16, depth=4, heads=2, pretrain_grid=5),
    )
    torch.manual_seed(0)
    return save_model(WTDiT(config), tmp_path_factory.mktemp("hub") / "model.safetensors").read_bytes()


@pytest.fixture
def hub(content, tmp_path, monkeypatch):
    server = Hub(content)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(constants, "ENDPOINT", endpoint)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", endpoint + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    yield server
    server.shutdown()
    server.server_close()


PLACE = f"hf://{REPO}/model.safetensors"


def test_a_place_is_read_and_written():
    assert HubFile.parse("hf://a/b") == HubFile("a/b", "model.pt", None)
    assert HubFile.parse("hf://a/b@v2/deep/er.pt") == HubFile("a/b", "deep/er.pt", "v2")
    for text in ("hf://a/b/model.pt", "hf://a/b@v2/deep/er.pt"):
        assert str(HubFile.parse(text)) == text
    for text in ("a/b", "hf://a", "hf://a/", "hf:///b", "hf://a/b@", "hf://a/b@/x.pt"):
        with pytest.raises(WtError, match="Write hf://owner/name"):
            HubFile.parse(text)


def test_looking_downloads_nothing_and_fetching_brings_the_file(hub, content):
    place = HubFile.parse(PLACE)
    assert place.cached() is None
    assert hub.seen == []
    offer = place.look()
    assert (offer.size, offer.commit, offer.is_here) == (len(content), COMMIT, False)
    assert {command for command, _ in hub.seen} == {"HEAD"}
    assert place.cached() is None
    assert place.fetch().read_bytes() == content
    assert place.look().is_here
    asked = len(hub.seen)
    assert place.cached().read_bytes() == content
    assert HubFile(REPO, "model.safetensors", COMMIT).cached() is not None
    assert len(hub.seen) == asked, "the cache is read without a request"


def test_a_published_name_means_the_weights_from_before_they_were_replaced(hub, content):
    """Their numerics are those that this program has; the newest are had by asking for them."""
    place = find("world-tracing-object").hub
    assert place.before == date(2026, 9, 23)
    place = HubFile(OBJECT, "model.safetensors", before=place.before)
    assert place.look().commit == COMMIT
    assert place.cached() is None
    assert COMMIT in place.fetch().as_posix()
    asked = len(hub.seen)
    assert place.cached().read_bytes() == content
    assert len(hub.seen) == asked, "which commit it was is remembered"
    assert HubFile(OBJECT, "model.safetensors").cached() is None, "the newest are not here"
    assert str(place).endswith("model.safetensors before 2026-09-23")
    with pytest.raises(WtError, match=f"no version from before 2026-01-01.*hf://{OBJECT}@REVISION"):
        HubFile(OBJECT, before=date(2026, 1, 1)).look()


def test_a_download_goes_on_when_the_line_comes_back(hub, content, monkeypatch):
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 65536)
    hub.cut = len(content) // 2
    assert HubFile.parse(PLACE).fetch().read_bytes() == content
    ranges = [headers.get("range") for command, headers in hub.seen if command == "GET"]
    assert ranges == [None, "bytes=131072-"], "the last whole chunk was kept"


def test_the_token_of_the_person_is_used(hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    HubFile.parse(PLACE).look()
    assert hub.seen[-1][1]["authorization"] == "Bearer hf_secret"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hf://somebody/else", "has no somebody/else, or it is private"),
        (f"hf://{REPO}@v9", "no revision 'v9'"),
        (f"hf://{REPO}/other.pt", r"no file other\.pt"),
        ("hf://some body/tiny", "no place on the hub"),
    ],
)
def test_what_is_not_there_is_said(hub, text, words):
    with pytest.raises(WtError, match=words):
        HubFile.parse(text).look()


def test_without_a_network_it_is_said(hub, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(WtError, match="not reached"):
        HubFile.parse(PLACE).look()
    assert hub.seen == []


def test_too_little_room_is_said_before_anything_is_downloaded(hub, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 10})())
    with pytest.raises(WtError, match="Make room"):
        HubFile.parse(PLACE).fetch()
    assert all(command == "HEAD" for command, _ in hub.seen)


def test_a_model_is_loaded_from_the_cache_and_never_downloaded_by_itself(hub):
    with pytest.raises(WtError, match=f"python -m wt download {PLACE}"):
        wt.load(PLACE)
    assert hub.seen == []
    HubFile.parse(PLACE).fetch()
    lifter = wt.load(PLACE, device="cpu")
    assert lifter.kind == "object"
    # A published model's own repository: its name and its licence, whatever the file says.
    published = f"hf://{OBJECT}@v1/model.safetensors"
    HubFile.parse(published).fetch()
    entry, path = locate(published)
    assert entry == find("world-tracing-object")
    assert COMMIT in path.as_posix()
    assert wt.load(published, device="cpu").licence == "CC BY-NC-ND 4.0"


def test_the_command_says_size_and_licence_and_waits_for_yes(hub, content, capsys):
    assert main(["download", "world-tracing-object"]) == 0
    said = capsys.readouterr().err
    for words in ("GB", COMMIT[:12], "CC BY-NC-ND 4.0", "Add --yes"):
        assert words in said
    assert find("world-tracing-object").hub.cached() is None
    assert main(["download", "world-tracing-object", "--yes"]) == 0
    assert find("world-tracing-object").hub.cached().read_bytes() == content
    assert main(["download", "wt-s-mini"]) == 2
    assert "nothing to download" in capsys.readouterr().err
