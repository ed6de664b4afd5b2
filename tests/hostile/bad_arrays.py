"""Depth maps that are none, and model files that are traps."""

import json
import struct
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
from bad_pictures import SVG, encoded, frames, png
from cases import Case, Mischief, pickled, zipped
from PIL import Image

GOOD = np.linspace(1, 4, 64 * 96, dtype=np.float32).reshape(64, 96)


def npy(array: Any, **more: Any) -> bytes:
    """An .npy file."""
    stream = BytesIO()
    np.save(stream, array, **more)
    return stream.getvalue()


def npz(**arrays: Any) -> bytes:
    """A packed .npz file."""
    stream = BytesIO()
    np.savez_compressed(stream, **arrays)
    return stream.getvalue()


def header(shape: str, dtype: str = "<f4", data: bytes = b"") -> bytes:
    """An .npy file with this in its header, true or not."""
    words = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(words)) + words + data


def with_value(value: float, share: float = 1.0) -> bytes:
    """A depth map with this in so much of it."""
    depth = GOOD.copy()
    depth.ravel()[: int(share * depth.size)] = value
    return npy(depth)


def _zeros_npz(gigabytes: float) -> bytes:
    """Zeros pack a thousand to one."""
    rows = int(gigabytes * (1 << 30) / 4096)
    stream = BytesIO()
    with (
        zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as bundle,
        bundle.open("depth.npy", "w") as out,
    ):
        out.write(header(f"({rows}, 1024)"))
        for _ in range(rows // 256):
            out.write(bytes(256 * 4096))
    return stream.getvalue()


def _objects() -> Any:
    array = np.empty(2, dtype=object)
    array[:] = [Mischief(), 1]
    return array


def exr(window: tuple[int, int, int, int] = (0, 0, 95, 63), data: bytes = b"") -> bytes:
    """An EXR of one float channel, uncompressed, that claims this window."""

    def told(name: bytes, kind: bytes, value: bytes) -> bytes:
        return name + b"\0" + kind + b"\0" + struct.pack("<i", len(value)) + value

    channel = b"Z\0" + struct.pack("<iIii", 2, 0, 1, 1) + b"\0"
    box = struct.pack("<iiii", *window)
    parts = told(b"channels", b"chlist", channel) + told(b"compression", b"compression", b"\0")
    parts += told(b"dataWindow", b"box2i", box) + told(b"displayWindow", b"box2i", box)
    parts += told(b"lineOrder", b"lineOrder", b"\0") + told(b"pixelAspectRatio", b"float", struct.pack("<f", 1))
    parts += told(b"screenWindowCenter", b"v2f", struct.pack("<ff", 0, 0))
    parts += told(b"screenWindowWidth", b"float", struct.pack("<f", 1))
    return struct.pack("<II", 20000630, 2) + parts + b"\0" + data


DEPTHS = {
    "no_bytes": ("d.npy", bytes),
    "noise": ("d.npy", lambda: np.random.default_rng(6).bytes(2000)),
    "all_nan": ("d.npy", lambda: with_value(np.nan)),
    "all_infinite": ("d.npy", lambda: with_value(np.inf)),
    "all_zero": ("d.npy", lambda: with_value(0)),
    "half_nan": ("d.npy", lambda: with_value(np.nan, 0.5)),
    "negative": ("d.npy", lambda: with_value(-2, 0.5)),
    "enormous": ("d.npy", lambda: npy(np.full((64, 96), 1e300))),
    "tiny": ("d.npy", lambda: npy(np.full((64, 96), 1e-300))),
    "constant_disparity": ("d.png", lambda: encoded(picture=Image.new("L", (96, 64), 9))),
    "complex": ("d.npy", lambda: npy(GOOD.astype(np.complex64))),
    "words": ("d.npy", lambda: npy(np.array([["a", "b"], ["c", "d"]]))),
    "dates": ("d.npy", lambda: npy(np.zeros((64, 96), "datetime64[s]"))),
    "records": ("d.npy", lambda: npy(np.zeros((64, 96), [("z", "f4")]))),
    "one_number": ("d.npy", lambda: npy(np.float32(3))),
    "no_pixels": ("d.npy", lambda: npy(np.zeros((0, 96), np.float32))),
    "a_row": ("d.npy", lambda: npy(np.ones((1, 96), np.float32))),
    "five_axes": ("d.npy", lambda: npy(np.ones((2, 64, 96, 2, 2), np.float32))),
    "turned": ("d.npy", lambda: npy(GOOD.T.copy())),
    "another_shape": ("d.npy", lambda: npy(np.ones((64, 300), np.float32))),
    "pickled_objects": ("d.npy", lambda: npy(_objects(), allow_pickle=True)),
    "pickle": ("d.npy", pickled),
    "pickle_in_npz": ("d.npz", lambda: zipped({"depth.npy": pickled()})),
    "objects_in_npz": ("d.npz", lambda: zipped({"depth.npy": npy(_objects(), allow_pickle=True)})),
    "claims_a_terabyte": ("d.npy", lambda: header("(1000000, 1000000)")),
    "claims_4_gigabytes": ("d.npy", lambda: header("(32768, 32768)", data=bytes(1000))),
    "claims_to_overflow": ("d.npy", lambda: header("(4611686018427387904, 4)")),
    "claims_negative": ("d.npy", lambda: header("(-64, -96)", data=bytes(64 * 96 * 4))),
    "header_runs_code": ("d.npy", lambda: header("(__import__('os').getpid(), 96)")),
    "header_nests": ("d.npy", lambda: header("(" * 90 + ")" * 90)),
    "bomb_npz": ("d.npz", lambda: _zeros_npz(0.3)),
    "as_large_as_may_be": ("d.npy", lambda: header("(5000, 8000)", data=np.ones(40_000_000, np.float32).tobytes())),
    "many_npz": ("d.npz", lambda: zipped({f"a{n}.npy": npy(GOOD[:2, :2]) for n in range(3000)})),
    "no_npz": ("d.npz", lambda: zipped({})),
    "lies_npz": ("d.npz", lambda: npz(depth=GOOD).replace(struct.pack("<I", 64 * 96 * 4 + 128), struct.pack("<I", 9))),
    "climbs_npz": ("d.npz", lambda: zipped({"../../../evil.npy": npy(GOOD)})),
    "bomb_picture": ("d.png", lambda: png(12_500, 12_500, depth=16)),
    "bomb_grey": ("d.png", lambda: png(13_000, 13_000)),
    "colours": ("d.png", lambda: encoded(picture=Image.merge("RGB", [Image.new("L", (96, 64), n) for n in (1, 2, 3)]))),
    "svg": ("d.svg", lambda: SVG),
    "animated": ("d.gif", lambda: frames("GIF")),
    "cut_picture": ("d.png", lambda: encoded()[:120]),
    "exr_of_noise": ("d.exr", lambda: np.random.default_rng(7).bytes(900)),
    "exr_cut": ("d.exr", lambda: exr()),
    "exr_without_bytes": ("d.exr", bytes),
    "exr_of_4_gigapixels": ("d.exr", lambda: exr((0, 0, 65_534, 65_534))),
    "exr_of_40_gigabytes": ("d.exr", lambda: exr((0, 0, 99_999, 99_999), bytes(4000))),
    "exr_inside_out": ("d.exr", lambda: exr((90, 60, 0, 0))),
    "exr_is_png": ("d.exr", lambda: encoded()),
}


def weights(told: Any, data: bytes = b"", claims: int | None = None) -> bytes:
    """A safetensors file with this header."""
    words = told if isinstance(told, bytes) else json.dumps(told).encode()
    return struct.pack("<Q", len(words) if claims is None else claims) + words + data


def tensor(shape: list[int], start: int, end: int, dtype: str = "F32") -> dict[str, Any]:
    """An entry of a safetensors header."""
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def _ours(config: str) -> bytes:
    return weights({"__metadata__": {"format": "wt-dit", "config": config, "training": "{}"}})


MODELS = {
    "no_bytes": ("w.safetensors", bytes),
    "noise": ("w.safetensors", lambda: np.random.default_rng(8).bytes(3000)),
    "no_tensors": ("w.safetensors", lambda: weights({})),
    "header_of_exabytes": ("w.safetensors", lambda: weights({}, claims=1 << 62)),
    "header_is_longer": ("w.safetensors", lambda: weights({}, claims=500)),
    "header_is_no_json": ("w.safetensors", lambda: weights(b"{'a': 1}")),
    "header_nests": ("w.safetensors", lambda: weights(b'{"a":' * 20_000 + b"1" + b"}" * 20_000)),
    "header_repeats": (
        "w.safetensors",
        lambda: weights(b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},' * 2 + b'"b":1}'),
    ),
    "beyond_the_end": ("w.safetensors", lambda: weights({"a": tensor([1000], 0, 4000)}, bytes(4))),
    "overlaps": ("w.safetensors", lambda: weights({"a": tensor([2], 0, 8), "b": tensor([2], 4, 12)}, bytes(12))),
    "overflows": ("w.safetensors", lambda: weights({"a": tensor([1 << 40, 1 << 40], 0, 4)}, bytes(4))),
    "negative": ("w.safetensors", lambda: weights({"a": tensor([-1], 0, 4)}, bytes(4))),
    "unknown_type": ("w.safetensors", lambda: weights({"a": tensor([1], 0, 4, "OBJ")}, bytes(4))),
    "config_is_no_json": ("w.safetensors", lambda: _ours("__import__('os')")),
    "config_of_another": ("w.safetensors", lambda: _ours('{"hidden": 7}')),
    "config_of_a_list": ("w.safetensors", lambda: _ours("[1, 2]")),
    "config_nests": ("w.safetensors", lambda: _ours("[" * 50_000)),
    "pickle": ("w.pt", pickled),
    "pickle_as_safetensors": ("w.safetensors", pickled),
    "zip_with_pickle": (
        "w.pt",
        lambda: zipped({"model/data.pkl": pickled(), "model/version": b"3"}, zipfile.ZIP_STORED),
    ),
    "zip_climbs": ("w.pt", lambda: zipped({"../../evil": b"x", "model/data.pkl": b"."}, zipfile.ZIP_STORED)),
    "picture": ("w.safetensors", lambda: encoded()),
}


def cases() -> Iterator[Case]:
    """All of them."""
    for kind, table in (("depth map", DEPTHS), ("model file", MODELS)):
        for name, (file, make) in table.items():
            yield Case(kind, name, file, make)
