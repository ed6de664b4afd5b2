"""The API as programs meet it: gradio_client, plain HTTP and MCP against one running studio."""

import asyncio
import base64
import html
import json
import os
import re
import subprocess
import sys
import time
import zipfile
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.testclient import TestClient

sys.path.insert(0, str(Path(__file__).parent))

from browser import ROOT, python, quick_studio

from app import project
from app.api import Api
from app.api_files import Exchange
from app.api_mcp import _named
from app.api_page import api_routes
from app.asked import caller_of, in_the_name_of
from app.config import AppConfig
from app.uploads import Uploads
from wt.errors import WtError
from wt.scene.scene import Scene

SIZE = (640, 480)
SECRET = "opened-with-this"
PATIENCE_S = 80
LONG = 200
"""Steps of a lift that takes 100 s by itself: nobody waits for its end."""


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A folder with a photo and a mask; the snippets run in it."""
    folder = tmp_path_factory.mktemp("api")
    v, u = np.mgrid[: SIZE[1], : SIZE[0]]
    Image.fromarray(np.stack([u * 0.39, v * 0.5, (u > 400) * 200], -1).astype(np.uint8)).save(folder / "photo.jpg")
    Image.fromarray((((u - 320) ** 2 + (v - 240) ** 2 < 100**2) * 255).astype(np.uint8)).save(folder / "mask.png")
    return folder


@contextmanager
def studio(folder, environment=None):
    more = {"GRADIO_TEMP_DIR": str(folder / "up"), **(environment or {})}
    with quick_studio(folder, 0.1, "api", environment=more) as address:
        yield address.rstrip("/")


@pytest.fixture(scope="module")
def url(here):
    with studio(here) as address:
        yield address


@pytest.fixture(scope="module")
def client(url, tmp_path_factory):
    return Client(url, verbose=False, download_files=tmp_path_factory.mktemp("downloads"))


@pytest.fixture(scope="module")
def lifted(client, here):
    """(scene file, picture, figures) of the photo."""
    return client.predict(photo=handle_file(here / "photo.jpg"), api_name="/lift")


def events(answer):
    """(event, data) as they arrive."""
    name = ""
    for line in answer.iter_lines():
        key, _, said = line.partition(": ")
        if key == "event":
            name = said
        elif key == "data":
            yield name, json.loads(said)


def begin(url, call, **given):
    """The address of a call's events."""
    answer = httpx.post(f"{url}/gradio_api/call/v2/{call}", json=given)
    assert answer.status_code == 200, answer.text
    return f"{url}/gradio_api/call/v2/{call}/{answer.json()['event_id']}"


def upload(url, path):
    return httpx.post(f"{url}/gradio_api/upload", files={"files": path.open("rb")}).json()[0]


def ended(address):
    """("complete" or "error", data) of a call, and all that was told before."""
    give_up, told = time.monotonic() + PATIENCE_S, []
    with httpx.stream("GET", address, timeout=PATIENCE_S) as answer:
        for event in events(answer):
            told.append(event)
            if time.monotonic() > give_up:
                pytest.fail(f"the call does not end; the last that it told is {event}")
    return told[-1], told[:-1]


def test_a_lift_hands_back_a_scene_a_picture_and_figures(lifted):
    scene, figures = Scene.load(lifted[0]), lifted[2]
    assert figures["photo"] == list(SIZE)
    assert figures["grid"] == [scene.intrinsics.width, scene.intrinsics.height]
    assert figures["points"] == scene.background.present.sum() > 0
    assert figures["layers"] == 6
    assert figures["intrinsics"]["fx"] == scene.intrinsics.fx
    assert figures["intrinsics"]["residual_px"] == scene.intrinsics.residual_px
    assert (figures["model"], figures["licence"], figures["seed"], figures["kind"]) == (
        "test-planes",
        "CC0",
        42,
        "scene",
    )
    assert figures["seconds"] > 0
    with Image.open(lifted[1]) as depth:
        near, far = np.asarray(depth.convert("RGB"), int)[[-1, 0], depth.width // 2]
    assert near[0] > near[2]  # the floor at the lower edge is red, the wall behind it blue
    assert far[2] > far[0]
    work = project.open_file(lifted[0], "")  # the page opens it with its photo
    assert work.rgb.shape == (480, 640, 3)
    assert work.lift["seed"] == 42


def test_an_object_alone_is_lifted_by_a_mask_or_a_place(client, here, lifted):
    photo = handle_file(here / "photo.jpg")
    masked, _, figures = client.predict(photo=photo, mask=handle_file(here / "mask.png"), seed=7, api_name="/lift")
    assert (figures["kind"], figures["model"], figures["seed"]) == ("object", "test-object", 7)
    assert Scene.load(masked).alpha.mean() == pytest.approx(np.pi * 100**2 / 640 / 480, rel=0.05)
    clicked, _, figures = client.predict(photo=photo, at=[320, 240], steps=1, api_name="/lift")
    assert (figures["kind"], figures["steps"]) == ("object", 1)
    assert Scene.load(clicked).alpha.mean() == pytest.approx(np.pi * 24**2 / 640 / 480, rel=0.2)  # a disc of the double
    with pytest.raises(AppError, match="Only one object was lifted"):
        client.predict(scene=handle_file(clicked), prompt="add a red chair", api_name="/edit")


def test_edits_follow_one_another_and_are_exported(client, lifted, here):
    scene, photo, figures = client.predict(
        scene=handle_file(lifted[0]), prompt="add a red chair", at=[320, 300], seed=3, api_name="/edit"
    )
    assert figures["understood"] == ["Add a red chair."]
    assert [thing["name"] for thing in figures["objects"]] == ["a red chair"]
    assert figures["editors"] == [{"name": "box painter", "licence": "CC0"}]
    assert {model["name"] for model in figures["models"]} == {"test-planes", "test-object"}
    with Image.open(photo) as changed:
        assert changed.getpixel((320, 290))[0] > 180  # the red box that the double paints above the place
    assert len(Scene.load(scene).objects) == 1
    scene, _, figures = client.predict(
        scene=handle_file(scene), mask=handle_file(here / "mask.png"), api_name="/remove"
    )
    work = project.open_file(scene, "")
    assert [edit["prompt"] for edit in work.edits] == ["add a red chair", "remove the object"]
    assert (work.rgb[240, 320] == 128).all()  # what the double fills holes with
    bundle, told = client.predict(
        scene=handle_file(scene), formats=["glb", "camera", "manifest"], axes="z-up", api_name="/export"
    )
    with zipfile.ZipFile(bundle) as files:
        assert {"scene.glb", "camera.json", "manifest.json", "README.txt"} <= set(files.namelist())
        assert json.loads(files.read("manifest.json"))["prompts"] == ["add a red chair", "remove the object"]
    assert {row["label"] for row in told["formats"]} == {"GLB", "Camera", "Manifest", "README"}


def test_plain_http_tells_how_far_it_is(url, here):
    (event, (scene, _, figures)), before = ended(begin(url, "lift", photo=upload(url, here / "photo.jpg"), steps=3))
    assert event == "complete"
    told = [data[2] for name, data in before if name == "generating" and data[2].get("state") == "running"]
    assert ("Lifting", 3) in {(state["message"], state["total"]) for state in told}
    content = httpx.get(scene["url"])
    assert content.status_code == 200
    (here / "by http.wts").write_bytes(content.content)
    assert Scene.load(here / "by http.wts").background.present.sum() == figures["points"]
    event, data = ended(begin(url, "edit", scene=scene["path"], prompt="add a lamp"))[0]
    assert (event, data[2]["understood"]) == ("complete", ["Add a lamp."])
    event, data = ended(begin(url, "models"))[0]
    assert data[0]["scene"][0]["name"] == "wt-s-mini"
    assert data[0]["formats"]["glb"] == "GLB"


def inline(data, kind="image/png"):
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def test_what_cannot_be_done_is_said_in_a_sentence(url, here, lifted):
    photo, scene = upload(url, here / "photo.jpg"), upload(url, Path(lifted[0]))
    saved = next((here / "data").rglob("*"), here / "data" / "sessions")
    bad = [
        ("lift", {"photo": inline(b"Dear reader")}, "is not a picture"),
        ("lift", {"photo": inline((here / "photo.jpg").read_bytes()[:2000])}, "is damaged or cut short"),
        ("lift", {"photo": "data:image/png,plain"}, "a data: URI without base64"),
        ("lift", {"photo": "/etc/passwd"}, "The photo is no file of this studio"),
        ("lift", {"photo": {"path": "/etc/passwd"}}, "The photo is no file of this studio"),
        ("lift", {"photo": f"{photo}/../../../log.txt"}, "The photo is no file of this studio"),
        ("lift", {"photo": str(saved)}, "The photo is no file of this studio"),
        ("lift", {"photo": "http://127.0.0.1:1/photo.jpg"}, "The photo is no file of this studio"),
        ("lift", {"photo": "\0" * 9000}, "The photo is no file of this studio"),
        ("lift", {"photo": photo, "at": [640, 10]}, "[640, 10] lies outside the photo, which is 640 x 480 pixels."),
        ("lift", {"photo": photo, "at": "middle"}, 'at is two numbers, [x, y] in pixels; got "middle".'),
        ("lift", {"photo": photo, "steps": 9999}, "steps is a whole number from 0 to 200; got 9999."),
        ("lift", {"photo": photo, "seed": "<b>"}, "seed is a whole number"),
        ("lift", {"photo": photo, "model": "gpt"}, "There is no model gpt on this machine"),
        ("edit", {"scene": photo, "prompt": "add a lamp"}, "is not a scene file"),
        ("edit", {"scene": scene, "prompt": "juggle"}, "The word 'juggle' is not known"),
        ("edit", {"scene": scene, "prompt": " "}, "Say what to do"),
        ("edit", {"scene": scene, "prompt": "x" * 3000}, "The prompt has 3000 characters"),
        ("remove", {"scene": scene}, "Say what to remove"),
        ("export", {"scene": scene, "formats": ["fbx"]}, "There is no format 'fbx'"),
        ("export", {"scene": scene, "formats": ["glb"], "axes": "left"}, "There are no axes named 'left'"),
    ]
    meta = {"meta": {"_type": "gradio.FileData"}}
    for path in ("/etc/passwd", str(here / "log.txt"), "http://192.0.2.1/photo.jpg", "https://example.org/photo.jpg"):
        bad.append(("lift", {"photo": {"path": path, **meta}}, "nothing is fetched from other places"))
        bad.append(
            ("export", {"scene": scene, "formats": [{"path": path, "deep": [{"path": path, **meta}]}]}, "fetched")
        )
    for call, given, sentence in bad:
        event, data = ended(begin(url, call, **given))[0]
        assert event == "error", (call, given)
        assert sentence in data["error"], (call, given)
        assert str(here) not in data["error"]
    for call, given, status, sentence in (
        ("lift", {}, 422, "No value provided for required argument: photo."),
        ("lift", {"photo": photo, "colour": 1}, 422, "`colour` is not a valid"),
        ("dance", {}, 404, "There is no such call."),
    ):
        answer = httpx.post(f"{url}/gradio_api/call/v2/{call}", json=given)
        assert (answer.status_code, sentence in answer.json()["error"]) == (status, True)
    answer = httpx.post(f"{url}/gradio_api/call/lift", json={"data": [photo]})
    event, data = ended(f"{url}/gradio_api/call/lift/{answer.json()['event_id']}")[0]
    assert (event, data["error"]) == ("error", "It takes 6 values (photo, mask, at, model, steps, seed); got 1.")
    assert httpx.post(f"{url}/gradio_api/call/dance", json={"data": []}).status_code == 404
    assert "Traceback" not in (here / "log.txt").read_text()


def test_callers_cannot_reach_what_is_not_theirs(url, lifted, here):
    scene = Path(ended(begin(url, "lift", photo=upload(url, here / "photo.jpg")))[0][1][0]["path"])
    assert len(scene.parent.name) >= 32
    for path in (scene.parent, scene.parent.parent, scene.parent.parent / "guessed" / scene.name, here / "data", here):
        assert httpx.get(f"{url}/gradio_api/file={path}").status_code in (403, 404), path
    log = here / "log.txt"
    assert httpx.get(f"{url}/gradio_api/file={scene.parent}/../../../{log.name}").status_code in (403, 404)


def test_a_caller_who_goes_away_leaves_the_queue(url, here):
    photo = upload(url, here / "photo.jpg")
    with httpx.stream("GET", begin(url, "lift", photo=photo, steps=LONG), timeout=60) as answer:
        next(data for name, data in events(answer) if name == "generating" and data[2].get("message") == "Lifting")
    event, _ = ended(begin(url, "lift", photo=photo))[0]  # there is one worker, so that it could not end before
    assert event == "complete"


def test_so_does_a_language_model(url, here):
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    photo, processing = inline((here / "photo.jpg").read_bytes(), "image/jpeg"), asyncio.Event()

    async def told(done, total, message):
        if message == "Processing":
            processing.set()

    async def leave():
        address = f"{url}/gradio_api/mcp/"
        async with streamable_http_client(address) as (read, write, _), ClientSession(read, write) as session:
            await session.initialize()
            long = session.call_tool("lift", {"photo": photo, "steps": LONG}, progress_callback=told)
            call = asyncio.create_task(long)
            await processing.wait()
            call.cancel()

    asyncio.run(leave())
    assert ended(begin(url, "lift", photo=photo))[0][0] == "complete"


@pytest.mark.parametrize(
    ("path", "named"),
    [("/gradio_api/mcp/messages/", "192.0.2.1 ab12"), ("/gradio_api/mcp/", "192.0.2.1")],  # SSE has sessions
)
def test_a_caller_is_an_address_and_its_session_where_there_is_one(path, named):
    asked = {"type": "http", "path": path, "query_string": b"session_id=ab12", "client": ("192.0.2.1", 9)}
    assert _named(Request(asked | {"headers": []})) == named
    forwarded = [(name.encode(), said.encode()) for name, said in in_the_name_of(named).items()]
    assert caller_of(Request(asked | {"client": ("127.0.0.1", 9), "headers": forwarded})) == named


@asynccontextmanager
async def language_model(url, address):
    """An MCP session of a client at an address of its own, who says that it has another one."""
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    transport = httpx.AsyncHTTPTransport(local_address=address)
    headers = {"X-Forwarded-For": "127.0.0.9", "X-Studio-Caller": "guessed 127.0.0.9"}
    async with (
        httpx.AsyncClient(transport=transport, headers=headers, timeout=PATIENCE_S) as http,
        streamable_http_client(f"{url}/gradio_api/mcp/", http_client=http) as (read, write, _),
        ClientSession(read, write) as session,
    ):
        await session.initialize()
        yield session


def test_language_models_take_turns_and_each_is_handed_its_own(url, here):
    """A busy one has five lifts under way when another comes: that one is served between them."""
    photo, ends, lifted = inline((here / "photo.jpg").read_bytes(), "image/jpeg"), [], {}

    async def lift(session, seed, waits=None):
        async def told(done, total, message):
            if waits is not None and message == "Processing":
                waits.set()

        given = {"photo": photo, "seed": seed, "steps": 6}
        lifted[seed] = await session.call_tool("lift", given, progress_callback=told)
        ends.append(seed)

    async def both():
        async with language_model(url, "127.0.0.2") as busy, language_model(url, "127.0.0.3") as other:
            under_way = [asyncio.Event() for _ in range(5)]
            first = [asyncio.create_task(lift(busy, seed, waits)) for seed, waits in enumerate(under_way)]
            await asyncio.gather(*(waits.wait() for waits in under_way))
            await asyncio.gather(*first, lift(other, 77))

    asyncio.run(both())
    assert ends.index(77) < 4, f"served in the order {ends}"
    files = {seed: re.search(r"file=(\S+/([^/]+)/[^/]+\.wts)", made.content[0].text) for seed, made in lifted.items()}
    assert all(f"'seed': {seed}," in made.content[-1].text for seed, made in lifted.items())
    assert len({found[2] for found in files.values()}) == 6, "no two have a folder in common"
    assert min(len(found[2]) for found in files.values()) >= 32, "and nobody guesses another's"


def test_language_models_find_and_use_the_tools(url, here):
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    async def use():
        address = f"{url}/gradio_api/mcp/"
        async with streamable_http_client(address) as (read, write, _), ClientSession(read, write) as session:
            await session.initialize()
            tools = (await session.list_tools()).tools
            photo = inline((here / "photo.jpg").read_bytes(), "image/jpeg")
            first = await session.call_tool("lift", {"photo": photo})
            scene = first.content[0].text
            second = await session.call_tool("edit", {"scene": scene, "prompt": "add a red chair", "at": [320, 300]})
            third = await session.call_tool("edit", {"scene": scene, "prompt": "juggle"})
            return tools, first, second, third

    tools, first, second, third = asyncio.run(use())
    assert [tool.name for tool in tools] == ["lift", "edit", "remove", "export", "models"]
    lift = tools[0]
    assert lift.description.startswith("Turn a photo into a layered 3D scene")
    assert lift.inputSchema["required"] == ["photo"]
    assert "in pixels of the photo" in lift.inputSchema["properties"]["at"]["description"]
    assert [part.type for part in first.content] == ["text", "image", "text", "text"]
    picture = next(part for part in second.content if part.type == "image")
    assert base64.b64decode(picture.data).startswith(b"\xff\xd8")
    assert "'understood': ['Add a red chair.']" in second.content[-1].text
    assert third.isError
    assert "The word 'juggle' is not known" in third.content[0].text


def snippets(page):
    return [(kind, html.unescape(code)) for kind, code in re.findall(r'<pre data-run="(\w+)">(.*?)</pre>', page, re.S)]


def run(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, env=os.environ)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_snippets_of_its_page_run_as_they_stand(url, here):
    kinds = []
    for kind, code in snippets(httpx.get(f"{url}/api").text):
        kinds.append(kind)
        if kind == "json":
            assert json.loads(code)["mcpServers"]["world-tracing-studio"]["url"] == f"{url}/gradio_api/mcp/"
        elif kind == "bash":
            assert "event: complete" in run(["bash", "-euc", code], here)
            assert Scene.load(here / "scene.wts").background.present.any()
        else:
            told = run([python(), "-c", code], here)
            assert "points in" in told or "'lift', 'edit', 'remove', 'export', 'models'" in told
    assert kinds == ["python", "bash", "json", "python"]


def test_its_page_tells_every_parameter(url):
    page = httpx.get(f"{url}/api").text
    for name in ("lift", "edit", "remove", "export", "models"):
        assert f'<h3 id="{name}">' in page
    assert page.count("<code>seed</code>") == 3
    assert "{{" not in page
    assert 'href="./api"' in httpx.get(f"{url}/studio/about").text


def test_its_page_knows_its_address_behind_a_proxy():
    visitor = TestClient(Starlette(routes=api_routes(AppConfig(root_path="/studio"), [Api.lift])))
    page = visitor.get("/api", headers={"x-forwarded-proto": "https", "x-forwarded-host": "example.org"}).text
    assert 'Client("https://example.org/studio/")' in page
    page = visitor.get("/api", headers={"x-forwarded-host": '"><script>alert(1)</script>'}).text
    assert "<script" not in page


def test_the_example_lifts_edits_and_exports(url, here):
    told = run([python(), str(ROOT / "examples/api_client.py"), url, "photo.jpg", "-o", "edited.zip"], here)
    assert "object 1: a red chair" in told
    with zipfile.ZipFile(here / "edited.zip") as files:
        assert "scene.glb" in files.namelist()


def test_nothing_else_is_public(client):
    told = client.view_api(return_format="dict", print_info=False)
    assert set(told["named_endpoints"]) == {"/lift", "/edit", "/remove", "/export", "/models"}
    assert told["unnamed_endpoints"] == {}


def test_with_a_secret_only_those_who_show_it_get_in(tmp_path, here):
    with studio(tmp_path, {"WT_STUDIO_TOKEN": SECRET}) as url:
        assert httpx.post(f"{url}/gradio_api/call/v2/models", json={}).status_code == 401
        assert httpx.post(f"{url}/gradio_api/mcp/", json={}).status_code == 401
        headers = {"Authorization": f"Bearer {SECRET}"}
        page = httpx.get(f"{url}/api", headers=headers).text
        assert SECRET not in page
        (tmp_path / "photo.jpg").write_bytes((here / "photo.jpg").read_bytes())
        for kind, code in snippets(page)[1:]:
            if kind != "json":
                command = ["bash", "-euc"] if kind == "bash" else [python(), "-c"]
                told = run([*command, code.replace("SECRET", SECRET)], tmp_path)
                assert "event: complete" in told or "photo.wts" in told


def test_results_are_deleted_after_a_while(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    files, uploads = Exchange(), Uploads(tmp_path)
    old = files.folder()
    files.give(old / "scene.wts", b"old")
    uploads.sweep(abandoned_s=-1)
    assert files.path(str(old / "scene.wts"), "scene", old) == old / "scene.wts"
    uploads.sweep(calls_s=-1)
    with pytest.raises(WtError, match="no file of this studio"):
        files.path(str(old / "scene.wts"), "scene", files.folder())
