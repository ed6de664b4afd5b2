"""Project, scene and clip files that a stranger has been at; and films that are traps."""

import io
import json
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from bad_arrays import header
from bad_pictures import RAMP, encoded, frames, gif, png
from cases import CANARY, Case, pickled, zipped
from PIL import Image

from wt.clips.clip import Clip
from wt.geometry.camera import Intrinsics, unproject
from wt.geometry.layers import LayeredPointmap
from wt.scene import archive
from wt.scene.scene import Scene

Members = dict[str, bytes]
DOCUMENT = {
    "format": "world-tracing-project",
    "version": 1,
    "saved": 1.0,
    "name": "ramp.png",
    "notes": [],
    "focal_35mm": None,
    "original": None,
    "level": 2,
    "keep_sky_out": True,
    "named": [],
    "depth": None,
    "models": {},
    "lift": {"model": "m", "kind": "scene", "seed": 1, "licence": "CC0"},
    "pin": None,
    "edits": [],
}


def layers() -> LayeredPointmap:
    """A wall two units away, and five that repeat it."""
    k = Intrinsics.from_fov(60, 24, 16)
    points = unproject(np.full((6, 16, 24), 2, np.float32), k).astype(np.float32)
    return LayeredPointmap(points, np.ones((16, 24), bool), RAMP[::4, ::4].copy(), "relative", k, "m", 1)


def scene() -> Members:
    """A good scene file."""
    return dict(archive.members(Scene.from_layers(layers())))


def project(**told: Any) -> Members:
    """A good project file, but for what is told."""
    return {**scene(), "photo.png": encoded(), "project.json": json.dumps({**DOCUMENT, **told}).encode()}


def clip() -> Members:
    """A good clip file of two lifted frames."""
    return dict(Clip(np.stack([RAMP, RAMP])).masked(None).with_lifts([layers(), layers()]).members())


def with_meta(make: Callable[[], Members], document: str, change: Callable[[dict[str, Any]], Any]) -> bytes:
    """A file whose document was changed."""
    members = make()
    meta = json.loads(members[document])
    changed = change(meta)
    members[document] = json.dumps(meta if changed is None else changed).encode()
    return zipped(members)


def with_arrays(make: Callable[[], Members], member: str = "arrays.npz", **arrays: Any) -> bytes:
    """A file some of whose arrays were put in the place of the right ones."""
    members = make()
    kept = archive.unpack_arrays(members[member]) if member in members else {}
    return zipped({**members, member: archive.pack_arrays({**kept, **arrays})})


def with_files(make: Callable[[], Members], **files: bytes) -> bytes:
    """A file with more, or other, members; a double underscore stands for a dot."""
    return zipped({**make(), **{name.replace("__", "."): data for name, data in files.items()}})


def _named(name: str) -> Callable[[], bytes]:
    return lambda: zipped({**project(), name: b"evil"})


def _linked() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as bundle:
        for name, data in project().items():
            bundle.writestr(name, data)
        entry = zipfile.ZipInfo("rgb.png")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        bundle.writestr(entry, f"../../../../{CANARY}")
    return stream.getvalue()


def _nested(depth: int) -> bytes:
    data = zipped(project())
    for _ in range(depth):
        data = zipped({"project.wts": data})
    return data


def _bomb(members: Members, name: str, size: int, first: bytes = b"") -> bytes:
    """A file one member of which unpacks to so much."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle:
        for other, data in members.items():
            if other != name:
                bundle.writestr(other, data)
        with bundle.open(name, "w", force_zip64=True) as out:
            out.write(first)
            for _ in range(size >> 20):
                out.write(bytes(1 << 20))
    return stream.getvalue()


def _npz_bomb() -> bytes:
    """arrays.npz itself says that one array is 4 GB."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as bundle:
        bundle.writestr("layers_points.npy", header("(1024, 1024, 1024)"))
    return zipped({**scene(), "arrays.npz": stream.getvalue()})


def _packed_arrays() -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, layers_points=np.zeros((6, 4000, 2000, 3), np.float32))
    return zipped({**scene(), "arrays.npz": stream.getvalue()})


def _crowd() -> bytes:
    """Forty-five objects, seventy million points, in a file of a megabyte."""
    side, count = 512, 45
    k = {"fx": 450, "fy": 450, "cx": 256, "cy": 256, "width": side, "height": side, "residual_px": 0}
    things = [
        {"id": n, "name": "x", "visible": True, "transform": np.eye(4).tolist(), "info": {}} for n in range(count)
    ]
    meta = {**json.loads(scene()["scene.json"]), "intrinsics": k, "objects": things, "next_id": count}
    meta["layers"]["intrinsics"] = k
    grid, rgb = (6, side, side), np.zeros((side, side, 3), np.uint8)
    arrays = {
        "layers_points": np.ones((*grid, 3), np.float32),
        "layers_alpha": np.ones(grid[1:], bool),
        "layers_rgb": rgb,
    }
    for number in range(count):
        one = {"depth": np.broadcast_to(np.float32(1), grid), "present": np.broadcast_to(True, grid), "rgb": rgb}
        arrays |= {f"object_{number}_{name}": array for name, array in one.items()}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as bundle:
        bundle.writestr("scene.json", json.dumps(meta))
        bundle.writestr("arrays.npz", archive.pack_arrays(arrays))
    return stream.getvalue()


def _cut(make: Callable[[], Members], share: float) -> bytes:
    data = zipped(make())
    return data[: int(len(data) * share)]


def _lies() -> bytes:
    """The directory says that a member has nine bytes."""
    data = zipped(project())
    at = data.rfind(b"PK\x01\x02", 0, data.rfind(b"project.json"))
    return data[: at + 24] + struct.pack("<I", 9) + data[at + 28 :]


def _twice() -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(stream, "w") as bundle:
        for name, data in [*project().items(), ("project.json", b"[]")]:
            bundle.writestr(name, data)
    return stream.getvalue()


def _object(**told: Any) -> Callable[[], bytes]:
    return lambda: with_meta(scene, "scene.json", lambda meta: meta["objects"][0].update(told))


def _camera(**told: Any) -> Callable[[], bytes]:
    return lambda: with_meta(scene, "scene.json", lambda meta: meta["intrinsics"].update(told))


def _scene_says(**told: Any) -> Callable[[], bytes]:
    return lambda: with_meta(scene, "scene.json", lambda meta: meta.update(told))


def _clip_says(**told: Any) -> Callable[[], bytes]:
    return lambda: with_meta(clip, "clip.json", lambda meta: meta.update(told))


def _says(**told: Any) -> Callable[[], bytes]:
    return lambda: zipped(project(**told))


NAN = np.full((6, 16, 24, 3), np.nan, np.float32)
PROJECTS: dict[str, Callable[[], bytes]] = {
    "no_bytes": bytes,
    "noise": lambda: np.random.default_rng(9).bytes(5000),
    "pickle": pickled,
    "empty_zip": lambda: zipped({}),
    "only_a_name": lambda: b"PK\x05\x06" + bytes(18),
    "climbs": _named("../../../../evil.txt"),
    "climbs_as_windows_does": _named("..\\..\\evil.txt"),
    "absolute": _named("/tmp/evil.txt"),
    "a_drive": _named("C:\\evil.txt"),
    "with_a_nul": _named("rgb.png\0.txt"),
    "name_of_newlines": _named("a\nb\r\n.txt"),
    "name_of_4000": _named("a" * 4000),
    "name_turned": _named("gnp.\u202egpj"),
    "a_link": _linked,
    "nested_100": lambda: _nested(100),
    "quine_like": lambda: _nested(1),
    "members_5000": lambda: zipped({**project(), **{f"m{n}": b"" for n in range(5000)}}),
    "packed_by_bzip2": lambda: zipped(project(), zipfile.ZIP_BZIP2),
    "packed_by_lzma": lambda: zipped(project(), zipfile.ZIP_LZMA),
    "twice_the_same": _twice,
    "lies_about_size": _lies,
    "cut_at_half": lambda: _cut(project, 0.5),
    "cut_at_99": lambda: _cut(project, 0.99),
    "without_its_head": lambda: zipped(project())[40:],
    "document_bomb": lambda: _bomb(project(), "project.json", 256 << 20),
    "photo_bomb": lambda: _bomb(project(), "photo.png", 512 << 20, encoded()),
    "photo_of_4_gigapixels": lambda: with_files(project, photo__png=png(65_535, 65_535, b"")),
    "photo_is_pickle": lambda: with_files(project, photo__png=pickled()),
    "photo_of_one_pixel": lambda: with_files(project, photo__png=encoded(picture=Image.new("RGB", (1, 1)))),
    "mask_of_another_size": lambda: with_files(project, mask__png=encoded(picture=Image.new("L", (40, 40)))),
    "document_is_no_json": lambda: with_files(project, project__json=b"{'a': 1}"),
    "document_is_a_list": lambda: with_files(project, project__json=b"[]"),
    "document_is_null": lambda: with_files(project, project__json=b"null"),
    "document_nests": lambda: with_files(project, project__json=b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "document_of_digits": lambda: with_files(project, project__json=b'{"version":' + b"9" * 100_000 + b"}"),
    "document_repeats": lambda: with_files(project, project__json=b'{"version":1,"version":"x","name":1}'),
    "document_of_utf_16": lambda: with_files(project, project__json=json.dumps(DOCUMENT).encode("utf-16")),
    "document_of_half_a_pair": lambda: with_files(project, project__json=b'{"version":1,"name":"\\ud800"}'),
    "nan": lambda: with_files(project, project__json=json.dumps({**DOCUMENT, "pin": [float("nan"), 1]}).encode()),
    "newer": _says(version=99),
    "version_of_words": _says(version="1"),
    "version_negative": _says(version=-1),
    "level_99": _says(level=99),
    "level_minus_5": _says(level=-5),
    "pin_outside": _says(pin=[1e9, -4]),
    "pin_of_words": _says(pin=["a", "b"]),
    "focal_negative": _says(focal_35mm=-20),
    "focal_infinite": _says(focal_35mm=1e999),
    "original_enormous": _says(original=[10**9, 10**9]),
    "name_of_html": _says(name="<img src=x onerror=alert(1)>\"'.png"),
    "name_of_a_path": _says(name="../../../../etc/passwd"),
    "name_of_a_megabyte": _says(name="n" * (1 << 20)),
    "name_is_a_list": _says(name=[1, 2]),
    "notes_are_a_number": _says(notes=7),
    "notes_of_html": _says(notes=["<script>alert(1)</script>"] * 50),
    "notes_100000": _says(notes=["n"] * 100_000),
    "named_10000": _says(named=["x"] * 10_000),
    "named_of_wrong_bits": lambda: zipped(
        {**project(named=["a"]), "named.npz": archive.pack_arrays({"values": np.zeros((1, 3), np.uint8)})}
    ),
    "depth_of_nan_kind": lambda: zipped(
        {
            **project(depth={"kind": "<b>", "name": "d", "notes": []}),
            "depth.npz": archive.pack_arrays({"values": np.ones((64, 96), np.float32)}),
        }
    ),
    "depth_negative_in_npz": lambda: zipped(
        {
            **project(depth={"kind": "metric", "name": "<b>d</b>", "notes": []}),
            "depth.npz": archive.pack_arrays({"values": np.full((64, 96), -3, np.float32)}),
        }
    ),
    "edits_are_words": _says(edits=["a", "b"]),
    "edit_of_html": _says(edits=[{"prompt": "<script>alert(1)</script>", "report": {"editor": "<b>x</b>"}, "seed": 1}]),
    "edit_report_of_wrong_types": _says(
        edits=[
            {"prompt": "x", "seed": [], "report": {"editors": 5, "seconds": {"edit": "a"}, "models": [1], "place": 3}}
        ]
    ),
    "lift_of_wrong_types": _says(lift={"model": [1], "kind": {}, "seed": "x", "seconds": "y", "licence": None}),
    "lift_is_a_list": _says(lift=[1, 2, 3]),
    "models_unknown": _says(models={"scene": "../../../../etc/passwd", "object": 5}),
    "version_2_of_scene": _scene_says(version=2),
    "format_of_another": _scene_says(format="wtx"),
    "no_objects": _scene_says(objects=[]),
    "objects_100000": _scene_says(objects=[{}] * 100_000),
    "objects_are_a_number": _scene_says(objects=3),
    "negative_id": _object(id=-1),
    "id_of_words": _object(id="zero"),
    "next_id_huge": _scene_says(next_id=10**400),
    "next_id_negative": _scene_says(next_id=-3),
    "transform_of_nan": _object(transform=[[float("nan")] * 4] * 4),
    "transform_flat": _object(transform=[0] * 16),
    "transform_collapses": _object(transform=np.diag([0.0, 0, 0, 1]).tolist()),
    "info_is_words": _object(info="words"),
    "name_of_thing_is_html": _object(name="<script>alert(1)</script>"),
    "camera_negative": _camera(fx=-5),
    "camera_of_nan": _camera(fx=float("nan")),
    "camera_of_billions": _camera(width=10**9, height=10**9),
    "camera_of_words": _camera(cx="left"),
    "camera_of_more": _camera(roll=1),
    "height_negative": _scene_says(camera_height_m=-1),
    "height_of_words": _scene_says(camera_height_m="high"),
    "points_of_nan": lambda: with_arrays(scene, layers_points=NAN),
    "points_infinite": lambda: with_arrays(scene, layers_points=np.full_like(NAN, np.inf)),
    "points_behind": lambda: with_arrays(scene, layers_points=np.full_like(NAN, -1)),
    "points_of_doubles": lambda: with_arrays(scene, layers_points=np.zeros((6, 16, 24, 3))),
    "points_of_bytes": lambda: with_arrays(scene, layers_points=np.zeros((6, 16, 24, 3), np.uint8)),
    "no_layers": lambda: with_arrays(scene, layers_points=np.zeros((0, 16, 24, 3), np.float32)),
    "layers_1000": lambda: with_arrays(scene, layers_points=np.ones((1000, 16, 24, 3), np.float32)),
    "alpha_of_numbers": lambda: with_arrays(scene, layers_alpha=np.ones((16, 24), np.float32)),
    "depth_of_another_grid": lambda: with_arrays(scene, object_0_depth=np.ones((6, 9, 9), np.float32)),
    "depth_of_thing_is_nan": lambda: with_arrays(scene, object_0_depth=np.full((6, 16, 24), np.nan, np.float32)),
    "depth_of_thing_is_infinite": lambda: with_arrays(scene, object_0_depth=np.full((6, 16, 24), np.inf, np.float32)),
    "present_of_numbers": lambda: with_arrays(scene, object_0_present=np.ones((6, 16, 24), np.float32)),
    "rgb_of_numbers": lambda: with_arrays(scene, object_0_rgb=np.ones((16, 24, 3), np.float32)),
    "objects_in_arrays": lambda: zipped({**scene(), "arrays.npz": zipped({"layers_points.npy": pickled()}, 0)}),
    "arrays_are_pickle": lambda: zipped({**scene(), "arrays.npz": pickled()}),
    "arrays_missing": lambda: zipped({"scene.json": scene()["scene.json"]}),
    "arrays_claim_4_gigabytes": _npz_bomb,
    "arrays_packed_again": _packed_arrays,
    "arrays_bomb": lambda: _bomb(scene(), "arrays.npz", 600 << 20),
    "arrays_of_zeros": lambda: _bomb(scene(), "arrays.npz", 400 << 20, scene()["arrays.npz"]),
    "crowd": _crowd,
}
CLIPS: dict[str, Callable[[], bytes]] = {
    "no_bytes": bytes,
    "pickle": pickled,
    "noise": lambda: np.random.default_rng(10).bytes(5000),
    "a_scene": lambda: zipped(scene()),
    "cut": lambda: _cut(clip, 0.7),
    "climbs": lambda: zipped({**clip(), "../evil": b""}),
    "frames_missing": lambda: zipped({"clip.json": clip()["clip.json"]}),
    "frames_1000": lambda: with_arrays(clip, frames=np.zeros((1000, 33, 33, 3), np.uint8)),
    "frames_of_no_pixels": lambda: with_arrays(clip, frames=np.zeros((2, 0, 0, 3), np.uint8)),
    "frames_of_floats": lambda: with_arrays(clip, frames=np.zeros((2, 64, 96, 3), np.float32)),
    "frames_of_another_size": lambda: with_arrays(clip, frames=np.zeros((2, 40, 300, 3), np.uint8)),
    "masks_of_another_size": lambda: with_arrays(clip, masks=np.zeros((2, 5, 5), bool)),
    "lifts_of_nan": lambda: with_arrays(clip, lift_points=np.stack([NAN, NAN])),
    "fewer_lifts": lambda: with_arrays(clip, lift_points=NAN[None]),
    "fps_of_nan": _clip_says(fps=float("nan")),
    "fps_negative": _clip_says(fps=-1),
    "fps_enormous": _clip_says(fps=1e300),
    "cameras_10000": _clip_says(intrinsics=[{}] * 10_000),
    "cameras_are_a_number": _clip_says(intrinsics=4),
    "name_of_html": _clip_says(name="<script>alert(1)</script>"),
    "newer": _clip_says(version=2),
    "seed_of_words": _clip_says(seed="x"),
    "bomb": lambda: _bomb(clip(), "arrays.npz", 600 << 20),
}


def film(suffix: str, size: tuple[int, int] = (64, 48), count: int = 8, codec: str = "mpeg4") -> bytes:
    """A film of moving greys."""
    import av

    with TemporaryDirectory() as folder:
        path = Path(folder) / f"film.{suffix}"
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=8)
            stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
            for number in range(count):
                grey = np.full((size[1], size[0], 3), 20 * (number % 12), np.uint8)
                container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
            container.mux(stream.encode(None))
        return path.read_bytes()


def _without(data: bytes, word: bytes) -> bytes:
    return data.replace(word, b"skip")


PLAYLIST = "#EXTM3U\n#EXTINF:1,\nfile://{canary}\n#EXT-X-ENDLIST\n"
FILMS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "no_bytes": ("f.mp4", bytes),
    "noise": ("f.mp4", lambda: np.random.default_rng(11).bytes(5000)),
    "text": ("f.mov", lambda: b"no film" * 200),
    "cut_at_half": ("f.mp4", lambda: film("mp4")[:1500]),
    "without_its_index": ("f.mp4", lambda: _without(film("mp4"), b"moov")),
    "without_frames": ("f.mp4", lambda: _without(film("mp4"), b"mdat")),
    "index_of_noise": ("f.mp4", lambda: film("mp4").replace(b"stco\0\0\0\0", b"stco\xff\xff\xff\xff")),
    "one_frame": ("f.mp4", lambda: film("mp4", count=1)),
    "tiny": ("f.mp4", lambda: film("mp4", (16, 16))),
    "playlist": ("f.mp4", lambda: PLAYLIST.encode()),
    "playlist_of_files": ("f.ts", lambda: b"ffconcat version 1.0\nfile '/etc/passwd'\n"),
    "sdp": ("f.mp4", lambda: b"v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n"),
    "subtitles": ("f.mkv", lambda: b"\x1a\x45\xdf\xa3" + np.random.default_rng(12).bytes(900)),
    "avi_of_noise": ("f.avi", lambda: b"RIFF\xff\xff\xff\x7fAVI LIST" + np.random.default_rng(13).bytes(900)),
    "picture_as_film": ("f.mp4", lambda: encoded()),
    "gif_of_gigapixels": ("f.gif", lambda: gif((65_535, 65_535), 3)),
    "gif_of_many_large_frames": ("f.gif", lambda: gif((10_000, 10_000), 4000)),
    "gif_of_100000_frames": ("f.gif", lambda: gif((40, 40), 100_000)),
    "gif_cut": ("f.gif", lambda: frames("GIF")[:-120]),
    "gif_of_no_frames": ("f.gif", lambda: b"GIF89a\x40\0\x40\0\0\0\0;"),
    "webp_cut": ("f.webp", lambda: frames("WEBP")[:-100]),
    "apng_cut": ("f.png", lambda: frames("PNG")[:-60]),
    "zip_climbs": ("f.zip", lambda: zipped({f"../../{n}.png": encoded() for n in range(3)})),
    "zip_of_absolute_names": ("f.zip", lambda: zipped({f"/etc/{n}.png": encoded() for n in range(3)})),
    "zip_of_sizes": (
        "f.zip",
        lambda: zipped({"1.png": encoded(), "2.png": encoded(picture=Image.new("RGB", (50, 50)))}),
    ),
    "zip_of_one": ("f.zip", lambda: zipped({"1.png": encoded()})),
    "zip_of_pickles": ("f.zip", lambda: zipped({"1.png": pickled(), "2.png": pickled()})),
    "zip_of_bombs": ("f.zip", lambda: zipped({f"{n}.png": png(10_900, 10_900, colour=2) for n in range(3)})),
    "zip_member_bomb": ("f.zip", lambda: _bomb({"2.png": encoded()}, "1.png", 512 << 20, encoded())),
    "zip_of_30000": ("f.zip", lambda: zipped({f"{n}.png": b"" for n in range(30_000)})),
    "zip_of_digits": ("f.zip", lambda: zipped({f"{'9' * 5000}{n}.png": encoded() for n in range(2)})),
    "zip_of_odd_digits": ("f.zip", lambda: zipped({f"²{n}.png": encoded() for n in range(2)})),
    "zip_cut": ("f.zip", lambda: zipped({f"{n}.png": encoded() for n in range(3)})[:-30]),
    "zip_locked": ("f.zip", lambda: _locked()),
}


def _locked() -> bytes:
    """The flag of an encrypted member, in both places."""
    data = bytearray(zipped({f"{n}.png": encoded() for n in range(2)}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(mark, at + 1)
    return bytes(data)


def cases() -> Iterator[Case]:
    """All of them."""
    for kind, suffix, table in (("project file", "wts", PROJECTS), ("clip file", "wtc", CLIPS)):
        for name, make in table.items():
            yield Case(kind, name, f"p.{suffix}", make)
    for name, (file, make) in FILMS.items():
        yield Case("film", name, file, make)
