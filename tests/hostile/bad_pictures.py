"""Photos and masks that nobody takes with a camera."""

import struct
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
from cases import CANARY, Case, pickled, zipped
from PIL import Image

RAMP = np.stack(np.broadcast_arrays(np.arange(96) * 2, np.arange(64)[:, None] * 3, 90), axis=-1).astype(np.uint8)


def encoded(kind: str = "PNG", picture: Image.Image | None = None, **more: Any) -> bytes:
    """A picture in a format of Pillow's."""
    stream = BytesIO()
    (picture or Image.fromarray(RAMP)).save(stream, kind, **more)
    return stream.getvalue()


def chunk(name: bytes, data: bytes) -> bytes:
    """One of a PNG's."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width: int, height: int, rows: bytes | None = None, *, depth: int = 8, colour: int = 0) -> bytes:
    """A PNG that claims this size; without rows it is black, whatever that weighs unpacked."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    if rows is None:
        channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
        packer, row, parts = zlib.compressobj(9), bytes(1 + width * channels * depth // 8), []
        for _ in range(height):
            parts.append(packer.compress(row))
        rows = b"".join([*parts, packer.flush()])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def gif(size: tuple[int, int], count: int) -> bytes:
    """A GIF whose frames are one pixel each on a large canvas."""
    head = b"GIF89a" + struct.pack("<HHBBB", *size, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff"
    control = b"\x21\xf9\x04\x04\x0a\x00\x00\x00"
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return head + (control + frame) * count + b"\x3b"


def frames(kind: str, **more: Any) -> bytes:
    """Three frames of different greys."""
    pictures = [Image.new("RGB", (48, 40), (60 * n, 20, 90)) for n in range(3)]
    return encoded(kind, pictures[0], save_all=True, append_images=pictures[1:], **more)


def exif(tag: int, kind: int, value: bytes, *, nested: bool = False) -> bytes:
    """A JPEG with one EXIF entry of a TIFF type: 2 is text, 3 a short number, 5 a fraction elsewhere."""
    count = len(value) if kind == 2 else 1
    entry = struct.pack("<HHI", tag, kind, count) + (value if len(value) <= 4 else struct.pack("<I", 60)).ljust(
        4, b"\0"
    )
    if nested:
        entry = struct.pack("<HHII", 0x8769, 4, 1, 26) + bytes(4) + struct.pack("<H", 1) + entry
    told = b"II*\0" + struct.pack("<IH", 8, 1) + entry + bytes(4)
    return encoded("JPEG", exif=b"Exif\0\0" + told.ljust(60, b"\0") + value)


def _tiff(width: int, height: int) -> bytes:
    entries = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1)]
    entries += [(278, 4, height), (279, 4, 16)]
    directory = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", t, k, 1, v) for t, k, v in entries)
    return b"II*\0" + struct.pack("<I", 8) + directory + b"\0\0\0\0" + bytes(16)


def _zeros(width: int, height: int, colour: int, depth: int = 8) -> bytes:
    return png(width, height, depth=depth, colour=colour)


SVG = (
    b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    b'<svg xmlns="http://www.w3.org/2000/svg" width="96" height="64"><script>alert(1)</script><text>&x;</text></svg>'
)
PHP = b'<?php system($_GET["c"]); ?>'
HTML = b"<html><body><script>fetch('http://localhost/steal')</script></body></html>"
PICTURES = {
    "no_bytes": ("a.png", bytes),
    "one_byte": ("a.png", lambda: b"\x89"),
    "noise": ("a.jpg", lambda: np.random.default_rng(1).bytes(4096)),
    "zeros": ("a.jpg", lambda: bytes(100_000)),
    "text": ("a.png", lambda: b"this is no picture\n" * 50),
    "html": ("a.png", lambda: HTML),
    "svg": ("a.svg", lambda: SVG),
    "svg_as_png": ("a.png", lambda: SVG),
    "pdf": ("a.pdf", lambda: b"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj"),
    "eps": (
        "a.eps",
        lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 96 64\n(%pipe%touch canary) (r) file\n%%EOF",
    ),
    "pickle": ("a.png", pickled),
    "elf": ("a.jpg", lambda: b"\x7fELF" + bytes(200)),
    "one_pixel": ("a.png", lambda: encoded(picture=Image.new("RGB", (1, 1)))),
    "one_row": ("a.png", lambda: _zeros(100_000, 1, 0)),
    "one_column": ("a.png", lambda: _zeros(1, 100_000, 0)),
    "thin": ("a.png", lambda: _zeros(60_000, 33, 2)),
    "bomb_grey": ("a.png", lambda: _zeros(14_000, 14_000, 0)),
    "bomb_just_allowed": ("a.png", lambda: _zeros(10_900, 10_900, 0)),
    "bomb_colour": ("a.png", lambda: _zeros(10_900, 10_900, 2)),
    "bomb_16_bit": ("a.png", lambda: _zeros(10_900, 10_900, 0, 16)),
    "bomb_alpha": ("a.png", lambda: _zeros(10_900, 10_900, 6)),
    "claims_4_gigapixels": ("a.png", lambda: png(65_535, 65_535, zlib.compress(bytes(1000)))),
    "claims_negative": ("a.png", lambda: png(0xFFFFFFFF, 0xFFFFFFFF, b"")),
    "claims_zero": ("a.png", lambda: png(0, 0, b"")),
    "too_few_rows": ("a.png", lambda: png(96, 64, zlib.compress(bytes(97)))),
    "bad_rows": ("a.png", lambda: png(96, 64, b"not deflated at all")),
    "unknown_colour_type": ("a.png", lambda: png(96, 64, b"", colour=7)),
    "text_bomb": (
        "a.png",
        lambda: encoded()[:33] + chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(200 << 20))) + encoded()[33:],
    ),
    "profile_bomb": (
        "a.png",
        lambda: encoded()[:33] + chunk(b"iCCP", b"icc\0\0" + zlib.compress(bytes(200 << 20))) + encoded()[33:],
    ),
    "cut_png": ("a.png", lambda: encoded()[:150]),
    "cut_jpeg": ("a.jpg", lambda: encoded("JPEG")[:400]),
    "cut_webp": ("a.webp", lambda: encoded("WEBP")[:60]),
    "cut_tiff": ("a.tif", lambda: encoded("TIFF")[:200]),
    "huge_tiff": ("a.tif", lambda: _tiff(60_000, 60_000)),
    "tiff_beyond_its_end": ("a.tif", lambda: _tiff(96, 64)),
    "huge_bmp": ("a.bmp", lambda: b"BM" + struct.pack("<IIIIiiHHIIiiII", 54, 0, 54, 40, 1 << 30, -5, 1, 24, *[0] * 6)),
    "huge_gif": ("a.gif", lambda: gif((65_535, 65_535), 2)),
    "ico_bomb": (
        "a.ico",
        lambda: b"\0\0\1\0\1\0\0\0\0\0\1\0\x20\0" + struct.pack("<II", 90, 22) + png(60_000, 60_000, b""),
    ),
    "png_then_zip": ("a.png", lambda: encoded() + zipped({"../../evil.txt": b"x"})),
    "png_then_project": ("a.png", lambda: encoded() + zipped({"project.json": b"{}", "scene.json": b"{}"})),
    "png_then_html": ("a.html", lambda: encoded() + HTML),
    "jpeg_with_html": ("a.jpg", lambda: encoded("JPEG", comment=HTML)),
    "jpeg_with_php": ("a.php", lambda: encoded("JPEG", comment=PHP)),
    "gif_with_php": ("a.gif.php", lambda: encoded("GIF", comment=PHP)),
    "gif_as_jpeg": ("a.jpg", lambda: encoded("GIF")),
    "jpeg_as_project": ("a.wts", lambda: encoded("JPEG")),
    "png_as_film": ("a.mp4", lambda: encoded()),
    "grey_16_bit": ("a.png", lambda: encoded(picture=Image.fromarray(RAMP[..., 0].astype(np.uint16) * 200))),
    "nan_tiff": ("a.tif", lambda: encoded("TIFF", Image.fromarray(np.full((64, 96), np.nan, np.float32)))),
    "infinite_tiff": ("a.tif", lambda: encoded("TIFF", Image.fromarray(np.full((64, 96), np.inf, np.float32)))),
    "negative_tiff": ("a.tif", lambda: encoded("TIFF", Image.fromarray(np.full((64, 96), -5, np.int32)))),
    "cmyk": ("a.jpg", lambda: encoded("JPEG", Image.fromarray(RAMP).convert("CMYK"))),
    "palette_with_alpha": ("a.png", lambda: encoded(picture=Image.fromarray(RAMP).convert("P"), transparency=0)),
    "exif_of_noise": ("a.jpg", lambda: encoded("JPEG", exif=b"Exif\0\0" + np.random.default_rng(2).bytes(300))),
    "exif_loop": (
        "a.jpg",
        lambda: encoded("JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\4\0\1\0\0\0\x08\0\0\0"),
    ),
    "exif_turned_9_ways": ("a.jpg", lambda: exif(0x0112, 3, b"\x09\0")),
    "exif_turned_by_words": ("a.jpg", lambda: exif(0x0112, 2, b"sideways\0")),
    "exif_focal_of_nothing": ("a.jpg", lambda: focal(3, bytes(2))),
    "exif_focal_of_65535": ("a.jpg", lambda: focal(3, b"\xff\xff")),
    "exif_focal_of_words": ("a.jpg", lambda: focal(2, b"x" * 40)),
    "exif_focal_of_zero_over_zero": ("a.jpg", lambda: focal(5, bytes(8))),
    "heic_of_noise": ("a.heic", lambda: b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + np.random.default_rng(3).bytes(400)),
    "avif_of_noise": ("a.avif", lambda: b"\0\0\0\x18ftypavif\0\0\0\0mif1avif" + np.random.default_rng(4).bytes(400)),
    "jpeg_2000_of_noise": ("a.jp2", lambda: b"\0\0\0\x0cjP  \r\n\x87\n" + np.random.default_rng(5).bytes(300)),
    "dds_of_noise": ("a.dds", lambda: b"DDS " + struct.pack("<III", 124, 0x1007, 60_000) + bytes(120)),
    "psd_of_noise": ("a.psd", lambda: b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 40_000, 40_000, 8, 3)),
    "pcx_of_noise": ("a.pcx", lambda: b"\x0a\x05\x01\x08" + bytes(124)),
    "xpm": ("a.xpm", lambda: b'/* XPM */ static char*x[]={"999999 999999 2 1","a c #000000","b c #ffffff"};'),
    "blend_of_names": ("<img src=x onerror=alert(1)>.png", encoded),
}
MASKS = {
    "no_bytes": ("m.png", bytes),
    "text": ("m.png", lambda: b"white"),
    "pickle": ("m.npy", pickled),
    "black": ("m.png", lambda: encoded(picture=Image.new("L", (96, 64)))),
    "one_pixel": ("m.png", lambda: encoded(picture=Image.new("L", (1, 1), 255))),
    "one_row": ("m.png", lambda: _zeros(100_000, 1, 0)),
    "bomb": ("m.png", lambda: _zeros(13_000, 13_000, 2)),
    "bomb_16_bit": ("m.png", lambda: _zeros(12_000, 12_000, 0, 16)),
    "claims_4_gigapixels": ("m.png", lambda: png(65_535, 65_535, zlib.compress(bytes(1000)))),
    "nan": ("m.tif", lambda: encoded("TIFF", Image.fromarray(np.full((64, 96), np.nan, np.float32)))),
    "cut": ("m.png", lambda: encoded()[:150]),
    "svg": ("m.svg", lambda: SVG),
    "another_shape": ("m.png", lambda: encoded(picture=Image.new("L", (40, 300), 255))),
    "animated": ("m.gif", lambda: frames("GIF")),
    "text_bomb": ("m.png", lambda: PICTURES["text_bomb"][1]()),
    "cmyk": ("m.jpg", lambda: encoded("JPEG", Image.fromarray(RAMP).convert("CMYK"))),
    "zip": ("m.png", lambda: zipped({"mask.png": encoded(), CANARY: b""})),
}


def focal(kind: int, value: bytes) -> bytes:
    """A JPEG whose EXIF says this of its 35 mm focal length."""
    return exif(0xA405, kind, value, nested=True)


def cases() -> Iterator[Case]:
    """All of them."""
    for kind, table in (("photo", PICTURES), ("mask", MASKS)):
        for name, (file, make) in table.items():
            yield Case(kind, name, file, make)
