"""Photos to click at once; sources and licences are in assets/README.md."""

import io
from functools import lru_cache
from pathlib import Path

from PIL import Image

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "examples"
THUMBNAIL_PX = (200, 150)


def examples() -> list[Path]:
    """Every example photo, rooms first."""
    found = [path for path in FOLDER.glob("*") if path.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp")]
    return sorted(found, key=lambda path: (not path.name.startswith("room"), path.name))


@lru_cache(maxsize=64)
def thumbnail(name: str) -> bytes | None:
    """A small JPEG of an example; None if there is no such example."""
    path = next((path for path in examples() if path.name == name), None)
    if path is None:
        return None
    with Image.open(path) as image:
        image.draft("RGB", THUMBNAIL_PX)
        small = image.convert("RGBA")
    small.thumbnail(THUMBNAIL_PX)
    ground = Image.new("RGB", small.size, (236, 238, 242))
    ground.paste(small, mask=small.getchannel("A"))
    buffer = io.BytesIO()
    ground.save(buffer, "JPEG", quality=82)
    return buffer.getvalue()
