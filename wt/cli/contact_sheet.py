"""What a batch looks like: each photo beside the depth of its visible surface, and sheets of all of them."""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from wt.cli.common import write_png
from wt.files import write_atomic
from wt.images import open_photo
from wt.scene.colour_maps import depth_colours, depth_scale
from wt.scene.scene import Scene

PREVIEW = "preview.jpg"
CELL = (240, 180)
COLUMNS, ROWS, LABEL, GAP = 3, 8, 20, 8
GROUND, INK = (18, 21, 27), (200, 205, 215)
"""Colours of the studio's page."""


def write_preview(photo: Path, out: Path) -> Path:
    """OUT/preview.jpg: the photo, and beside it the depth of the scene that lies in OUT (or of its first seed)."""
    scene = Scene.load(next(iter(sorted([*out.glob("scene.wts"), *out.glob("seed_*/scene.wts")]))))
    depth = depth_colours(scene.visible_depth(), depth_scale([scene.background]))
    pair = Image.new("RGB", (2 * CELL[0], CELL[1]), GROUND)
    for at, picture in enumerate((open_photo(photo).rgb, depth)):
        image = Image.fromarray(picture)
        image = image.resize(_inside(image.size), Image.Resampling.LANCZOS if at == 0 else Image.Resampling.NEAREST)
        pair.paste(image, (at * CELL[0] + (CELL[0] - image.width) // 2, (CELL[1] - image.height) // 2))
    buffer = io.BytesIO()
    pair.save(buffer, "JPEG", quality=90)
    return write_atomic(out / PREVIEW, buffer.getvalue())


def write_sheets(cells: Sequence[tuple[str, Path]], out: Path) -> list[Path]:
    """OUT/contact_sheet_1.png and on, of the previews that there are, each with its name below."""
    shown = [(name, path) for name, path in cells if path.is_file()]
    return [
        write_png(out / f"contact_sheet_{number}.png", _sheet(page))
        for number, page in enumerate(_pages(shown), start=1)
    ]


def _pages(cells: Sequence[tuple[str, Path]]) -> Iterator[Sequence[tuple[str, Path]]]:
    for first in range(0, len(cells), COLUMNS * ROWS):
        yield cells[first : first + COLUMNS * ROWS]


def _sheet(cells: Sequence[tuple[str, Path]]) -> np.ndarray:
    width, height = 2 * CELL[0] + GAP, CELL[1] + LABEL + GAP
    columns, rows = min(COLUMNS, len(cells)), -(-len(cells) // COLUMNS)
    sheet = Image.new("RGB", (columns * width + GAP, rows * height + GAP), GROUND)
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for number, (name, path) in enumerate(cells):
        left, top = GAP + number % COLUMNS * width, GAP + number // COLUMNS * height
        with Image.open(path) as preview:
            sheet.paste(preview, (left, top))
        label = "".join(letter if letter.isprintable() else "?" for letter in name)
        draw.text((left, top + CELL[1] + 3), label[-60:], fill=INK, font=font)
    return np.asarray(sheet)


def _inside(size: tuple[int, int]) -> tuple[int, int]:
    scale = min(CELL[0] / size[0], CELL[1] / size[1])
    return max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)
