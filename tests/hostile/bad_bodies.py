"""Events, requests, websocket frames, words and names that no page of ours sends."""

from typing import Any

NAN, INFINITE = float("nan"), float("inf")
HTML = "<img src=x onerror=alert(1)><script>alert(2)</script>"
WORDS = {
    "megabyte": "add a red chair " * 65_536,
    "no_spaces": "a" * 100_000,
    "thousand": "add a chair and " * 60,
    "control": "add\x07 a\x1b[31m red\x00 chair\x7f",
    "bidi": "add a \u202eriahc\u202c \u2066red\u2069 chair",
    "html": f"add {HTML}",
    "format": "add a %s %n {0} {x!r} ${jndi:ldap://127.0.0.1/a} chair",
    "template": "{{7*7}} <%= 7*7 %> #{7*7}",
    "code": "__import__('os').system('touch canary')",
    "sql": "add a chair'; DROP TABLE projects; --",
    "emoji": "add a 👩‍👩‍👧‍👦🏽🏴󠁧󠁢󠁳󠁣󠁴󠁿 chair" * 9,
    "combining": "add a ch\u0301\u0302\u0303" + "\u0300" * 900,
    "half_a_pair": "add a \ud800 chair",
    "newlines": "add\r\n\r\na\u2028chair\u2029",
    "quotes": "\"'`" * 200,
    "path": "add ../../../../etc/passwd",
    "spaces": "add" + " " * 900 + "chair",
    "zero_width": "a\u200bd\u200cd a\ufeff chair",
    "digits": "add 99999999999999999999999999999 chairs",
    "numbers": "move it 1e999 m to the left",
}


def _deep(levels: int) -> Any:
    inner: Any = 1
    for _ in range(levels):
        inner = {"x": inner}
    return inner


def _click(**told: Any) -> dict[str, Any]:
    return {"kind": "click", "x": 5, "y": 5, "how": "new", **told}


def _stroke(path: Any, size: Any = 9) -> dict[str, Any]:
    return {"kind": "stroke", "path": path, "size": size, "erase": False}


EVENTS: list[tuple[str, str, Any]] = [
    *(
        ("stage", "gesture", data)
        for data in (None, 5, "x", [], {}, True, [_click()], {"kind": "click"}, {"kind": None})
    ),
    *(("stage", "gesture", _click(x=x)) for x in (NAN, INFINITE, -INFINITE, 1e300, 10**400, "a", None, [1], {}, True)),
    *(("stage", "gesture", _click(how=how)) for how in ("", "other", HTML, 5, None)),
    *(
        ("stage", "gesture", {"kind": "box", "box": box})
        for box in ([NAN] * 4, [1, 2, 3], [INFINITE] * 4, "abcd", [9, 9, 9, 9])
    ),
    *(
        ("stage", "gesture", _stroke(path))
        for path in ([[NAN, 1]], [[1]], "abc", [], [[1e300, 1e300]], [["a", "b"]], None)
    ),
    ("stage", "gesture", _stroke([[i % 90, i % 60] for i in range(200_000)])),
    *(("stage", "gesture", _stroke([[1, 2], [50, 40]], size)) for size in (NAN, -4, 1e9, "x")),
    *(("stage", "gesture", {"kind": "pin", "x": x, "y": 3}) for x in (NAN, -1e9, "x")),
    ("stage", "gesture", _deep(400)),
    ("stage", "gesture", {"kind": "click", **{f"k{n}": n for n in range(100_000)}}),
    *(
        ("objects", "act", {"kind": "rename", "id": 1, "name": name})
        for name in ("", HTML, "n" * 9000, "\u202egnp", 7, None)
    ),
    *(("objects", "act", {"kind": "delete", "id": ident}) for ident in (0, -1, 10**6, 1e20, "1; rm", None, NAN)),
    ("objects", "act", {"kind": "choose", "id": -7}),
    *(("pose", "act", {"kind": kind, "value": NAN}) for kind in ("x", "heading", "scale", "snap", "reset", "other")),
    ("pose", "act", {"kind": "scale", "value": -1e9}),
    *(("history", "jump", {"number": number}) for number in (-1, 10**9, "x", None, 1.5, NAN)),
    *(("layers", "toggle", {"layer": layer, "solo": False}) for layer in (99, -5, "x", NAN)),
    *(
        ("look", "act", {"kind": kind, "value": HTML})
        for kind in ("colour", "hidden", "map", "budget", "size", "flyers")
    ),
    ("look", "act", {"kind": "budget", "value": 10**11}),
    ("look", "act", {"kind": "flyers", "value": 99}),
    *(
        ("ruler", "act", {"kind": "ends", "ends": ends})
        for ends in ([[NAN] * 3] * 2, [[1, 2, 3]], "x", [[1e300] * 3] * 2)
    ),
    *(("ruler", "act", {"kind": "really", "value": value}) for value in (NAN, -1, 0, 1e11, "x")),
    *(("camera", "act", {"kind": "typed", "value": value, "unit": "mm"}) for value in (NAN, -5, 0, 1e11, HTML)),
    ("camera", "act", {"kind": "other"}),
    *(("timeline", "act", {"kind": "seek", "frame": frame}) for frame in (-1, 10**9, NAN)),
    *(("path", "act", {"kind": kind, "value": NAN}) for kind in ("kind", "seconds", "size", "key", "other")),
    ("path", "film", {"kind": "x"}),
    *(("lift_variants", "act", {"kind": "look", "number": number}) for number in (-1, 99, "x")),
    *(("things", "act", {"kind": "choose", "of": of, "number": -1}) for of in ("named", "inserted", HTML)),
    *(("things", "act", {"kind": "name", "name": name}) for name in ("", HTML, "n" * 9000, 5)),
    *(("mask_tools", "act", {"kind": kind, "amount": 10**9}) for kind in ("grow", "feather", "other")),
    *(
        ("projects", "act", {"kind": "open", "ident": ident})
        for ident in ("../../etc", "/etc/passwd", "a" * 22, HTML, None)
    ),
    *(("projects", "act", {"kind": "delete", "ident": ident}) for ident in ("..", "", "%2e%2e%2f", "*")),
    *(("examples", "pick", {"name": name}) for name in ("../../../etc/passwd", "/etc/passwd", HTML, None, 5)),
    ("film", "act", {"kind": "frame", "number": -3}),
]
"""(component, event, what it sends)."""
VALUES: list[tuple[str, str, str, Any]] = [
    *(("lift", "click", "steps", value) for value in (10**9, -5, NAN, "x", [1])),
    *(("lift", "click", "seed", value) for value in (-1, 10**30, 1.5, "x")),
    ("lift", "click", "lift_kind", HTML),
    *(("build", "click", "formats_points", value) for value in (["../../evil"], "ply", [["ply"]], [None], 5)),
    ("build", "click", "export_axes", "../../evil"),
    *(("build", "click", "export_faces", value) for value in (-1, 1e300, NAN, "x")),
    *(("level", "input", "level", value) for value in (HTML, None, 5)),
    *(("colour", "input", "colour", value) for value in (HTML, None, [])),
    *(("camera_height", "submit", "camera_height", value) for value in (NAN, -3, 1e300, "x")),
    *(("run_edit", "click", "edit_seed", value) for value in (-1, 10**30, "x")),
    *(("upload", "upload", "upload", value) for value in ("/etc/passwd", {"path": "/etc/passwd"}, 5, [], {})),
]
"""(component, event, input, what is in it)."""


def file(path: str) -> dict[str, Any]:
    """A file as the page names one that it has sent."""
    return {"path": path, "orig_name": "a.png", "size": 9, "meta": {"_type": "gradio.FileData"}}


FILES = [
    "/etc/passwd",
    "../../etc/passwd",
    "http://127.0.0.1:9/x.png",
    "https://example.org/x.png",
    "file:///etc/passwd",
]
FILES += ["", "\0", "a" * 5000, "/proc/self/environ", "~/.ssh/id_rsa", "data:image/png;base64,AAAA"]
QUEUE = "/gradio_api/queue/join"
JOIN = {"data": [], "fn_index": 0, "session_hash": "abc", "event_data": None, "trigger_id": 1}
REQUESTS: list[tuple[str, str, Any]] = [
    *(("POST", QUEUE, body) for body in ("", "{", "[]", "null", "5", '"x"', "{}", "[" * 60_000, '{"a":' * 60_000)),
    *(("POST", QUEUE, {**JOIN, "fn_index": index}) for index in (-1, 10**6, "x", None, 1.5, 10**30)),
    *(("POST", QUEUE, {**JOIN, "session_hash": name}) for name in (None, 5, HTML, "a" * 100_000, "../../x", "\0")),
    *(("POST", QUEUE, {**JOIN, "data": data}) for data in (None, "x", [1] * 1000, {"a": 1})),
    ("POST", QUEUE, {**JOIN, "trigger_id": 10**9}),
    ("POST", QUEUE, b"\xff\xfe" * 500),
    ("POST", QUEUE, "a" * (9 << 20)),
    ("POST", "/gradio_api/run/predict", {**JOIN, "fn_index": 1}),
    ("POST", "/gradio_api/run/on_load", {"data": [None]}),
    ("POST", "/gradio_api/call/on_load", {"data": [None]}),
    ("POST", "/gradio_api/cancel", {"session_hash": "abc", "fn_index": 0, "event_id": "../x"}),
    (
        "POST",
        "/gradio_api/component_server",
        {"data": 1, "component_id": 1, "fn_name": "__init__", "session_hash": "abc"},
    ),
    ("POST", "/gradio_api/upload", "no form"),
    ("POST", "/gradio_api/process_recording", "x"),
    ("POST", "/gradio_api/vibe-edit", {"prompt": "x"}),
    ("POST", "/login", {"username": "a", "password": "b"}),
    ("GET", "/gradio_api/file=/etc/passwd", None),
    ("GET", "/gradio_api/file=..%2f..%2f..%2fetc%2fpasswd", None),
    ("GET", "/gradio_api/file=http://example.org/", None),
    ("GET", "/gradio_api/file=https://127.0.0.1:22/", None),
    ("GET", "/gradio_api/file/etc/passwd", None),
    ("GET", "/gradio_api/proxy=http://127.0.0.1:22/", None),
    ("GET", "/gradio_api/deep_link?session_hash=abc", None),
    ("GET", "/gradio_api/stream/a/b/1/playlist.m3u8", None),
    ("GET", "/gradio_api/custom_component/x/client/component/..%2f..%2fx", None),
    ("GET", "/monitoring", None),
    ("GET", "/monitoring/summary", None),
    ("GET", "/static/..%2f..%2f..%2fetc%2fpasswd", None),
    ("GET", "/assets/..%2f..%2froutes.py", None),
    ("GET", "/studio/examples/picture/..%2f..%2fapp.py", None),
    ("GET", "/studio/examples/download/scene.zip", None),
    ("GET", f"/studio/{'a' * 32}/picture/photo", None),
    ("GET", f"/studio/{'a' * 32}/download/..%2f..%2fproject.json", None),
    ("GET", "/studio/%00/picture/%00", None),
    ("GET", f"/studio/é{'🏽' * 40}/picture/photo", None),
    ("GET", "/studio/..%2f..%2fetc/download/passwd", None),
    ("GET", f"/viewer/{'b' * 32}/", None),
    ("GET", "/viewer/%F0%9F%8F%BD/", None),
    ("GET", "/?project=../../etc&__theme=<script>", None),
    ("GET", "/" + "a" * 6000, None),
    ("GET", "/gradio_api/queue/data?session_hash=", None),
]
"""(method, path, body)."""
FRAMES: list[tuple[str, bytes | str]] = [
    ("no_bytes", b""),
    ("noise", bytes(range(256)) * 8),
    ("text", "hello"),
    ("json", '{"type": "ViewerCameraMessage"}'),
    ("nothing_packed", b"\xc0"),
    ("a_number", b"\x05"),
    ("unknown_message", b"\x81\xa4type\xa5Other"),
    ("camera_of_words", b"\x82\xa4type\xb3ViewerCameraMessage\xa4wxyz\xa1x"),
    ("claims_4_gigabytes", b"\xdd\xff\xff\xff\xff"),
    ("nests", b"\x91" * 50_000),
    ("2_megabytes", b"\0" * (2 << 20)),
    ("20_megabytes", b"\0" * (20 << 20)),
]
NAMES = {
    "climbs": "../../../../evil.png",
    "windows": "..\\..\\evil.png",
    "absolute": "/etc/cron.d/evil.png",
    "long": "a" * 4000 + ".png",
    "reserved": "CON.png",
    "turned": "gnp.\u202eexe.png",
    "newline": "a\r\nSet-Cookie: x=y\r\n.png",
    "nul": "a\0.png",
    "html": f"{HTML}.png",
    "quotes": "\"';`$(touch evil)`.png",
    "dots": "...",
    "hidden": ".bashrc",
    "no_name": "",
    "emoji": "👩‍👩‍👧‍👦.png",
    "percent": "%2e%2e%2f%2e%2e%2fevil.png",
    "another_suffix": "photo.mp4.wts.php.png",
}
