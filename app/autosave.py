"""Work that survives: each visitor's present state in a folder of its own, written behind the person's back."""

import io
import json
import logging
import queue
import shutil
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from app.models import KINDS, Kind
from app.work import Selection, Work
from wt.depth import DepthMap
from wt.errors import WtError
from wt.files import json_text, write_atomic
from wt.images import Photo
from wt.scene.scene import Scene

log = logging.getLogger(__name__)

VERSION = 1


class Autosaver:
    """One thread that writes the newest state of every visitor who changed something."""

    def __init__(self) -> None:
        self._queue: queue.Queue[Path | None] = queue.Queue()
        self._newest: dict[Path, Work] = {}
        self._written: dict[Path, Work] = {}
        self._lock = threading.Lock()
        self._idle = threading.Event()
        self._idle.set()
        self._thread = threading.Thread(target=self._loop, name="autosave", daemon=True)
        self._thread.start()

    def save(self, folder: Path, work: Work) -> None:
        """Write soon; only the newest state of a folder is written."""
        with self._lock:
            known = folder in self._newest
            self._newest[folder] = work
            self._idle.clear()
        if not known:
            self._queue.put(folder)

    def flush(self, seconds: float = 20.0) -> bool:
        """Wait until everything is on disk."""
        return self._idle.wait(seconds)

    def forget(self, folder: Path) -> None:
        """Stop remembering what was written there."""
        with self._lock:
            self._written.pop(folder, None)

    def stop(self) -> None:
        """Write what waits, then stop."""
        self._queue.put(None)
        self._thread.join(timeout=20)

    def _loop(self) -> None:
        while (folder := self._queue.get()) is not None:
            with self._lock:
                work = self._newest.pop(folder)
                before = self._written.get(folder, Work())
            try:
                write(folder, work, before)
            except (OSError, WtError) as error:  # a full disk must not stop the work itself
                log.warning("work could not be saved to %s: %s", folder, error)
            with self._lock:
                self._written[folder] = work
                if not self._newest:
                    self._idle.set()


def write(folder: Path, work: Work, before: Work) -> None:
    """Write what differs from `before`; a pending proposal is not kept, the state under it is."""
    folder.mkdir(parents=True, exist_ok=True)
    if work.photo is None or work.rgb is None:
        return
    if work.photo is not before.photo:
        _picture(folder / "photo.png", work.photo.rgb)
    if work.rgb is not before.rgb:
        _picture(folder / "rgb.png", work.rgb)
    masks = {"alpha": work.photo.alpha, "mask": work.selection.mask, "sky": work.sky}
    for name, mask in masks.items():
        if mask is None:
            (folder / f"{name}.png").unlink(missing_ok=True)
        else:
            _picture(folder / f"{name}.png", mask.astype(np.uint8) * 255)
    if work.scene is None:
        (folder / "scene.wts").unlink(missing_ok=True)
    elif work.scene is not before.scene:
        work.scene.save(folder / "scene.wts")
    if work.depth is None:
        (folder / "depth.npy").unlink(missing_ok=True)
    elif work.depth is not before.depth:
        _numbers(folder / "depth.npy", work.depth.values)
    document = {
        "version": VERSION,
        "saved": time.time(),
        "name": work.photo.name,
        "notes": work.photo.notes,
        "focal_35mm": work.photo.focal_35mm,
        "level": work.selection.level,
        "keep_sky_out": work.keep_sky_out,
        "depth": work.depth and {"kind": work.depth.kind, "name": work.depth.name, "notes": work.depth.notes},
        "models": work.models,
        "lift": work.lift,
        "pin": work.pin,
        "edits": work.edits,
    }
    write_atomic(folder / "work.json", json_text(document).encode())


def read(folder: Path) -> Work | None:
    """The state saved in a folder; None if there is none.

    Raises:
        WtError: it is there but cannot be read.
    """
    if not (folder / "work.json").is_file():
        return None
    try:
        document = json.loads((folder / "work.json").read_text(encoding="utf-8"))
        if document["version"] != VERSION:
            raise WtError(f"Your saved work is of version {document['version']}, this program reads {VERSION}.")
        return _work(folder, document)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WtError(f"Your saved work could not be read ({error}). Open the photo again.") from error


def sweep(sessions: Path, keep_days: float, keep: set[str]) -> int:
    """Delete folders of visitors who have not come back for so long; how many were deleted."""
    if not sessions.is_dir():
        return 0
    old = time.time() - keep_days * 86400
    gone = 0
    for folder in sessions.iterdir():
        if folder.is_dir() and folder.name not in keep and _touched(folder) < old:
            shutil.rmtree(folder, ignore_errors=True)
            gone += 1
    return gone


def _touched(folder: Path) -> float:
    try:
        return max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
    except OSError:  # it is being written or deleted right now
        return time.time()


def _work(folder: Path, document: dict[str, Any]) -> Work:
    rgb = _array(folder / "photo.png")
    assert rgb is not None
    now = _array(folder / "rgb.png")
    mask = _mask(folder / "mask.png")
    photo = Photo(rgb, _mask(folder / "alpha.png"), tuple(document["notes"]), document["name"], document["focal_35mm"])
    return Work(
        photo=photo,
        rgb=photo.rgb if now is None or np.array_equal(now, rgb) else now,
        selection=Selection(base=mask, level=int(document["level"])),
        sky=_mask(folder / "sky.png"),
        keep_sky_out=bool(document["keep_sky_out"]),
        depth=_depth(folder / "depth.npy", document.get("depth")),
        models=_models(document.get("models")),
        scene=Scene.load(folder / "scene.wts") if (folder / "scene.wts").is_file() else None,
        lift=dict(document["lift"]),
        pin=None if document["pin"] is None else (float(document["pin"][0]), float(document["pin"][1])),
        edits=tuple(document["edits"]),
    )


def _picture(path: Path, array: np.ndarray) -> None:
    temporary = path.with_name(f".{path.stem}.tmp.png")
    Image.fromarray(array).save(temporary, compress_level=1)
    temporary.replace(path)


def _numbers(path: Path, array: np.ndarray) -> None:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    write_atomic(path, buffer.getvalue())


def _depth(path: Path, told: dict[str, Any] | None) -> DepthMap | None:
    if not told or not path.is_file():
        return None
    return DepthMap(np.load(path, allow_pickle=False), told["kind"], told["name"], tuple(told["notes"]))


def _models(told: Any) -> dict[Kind, str]:
    """Names that nobody offers any more do no harm: `Engine.chosen` knows what to do without them."""
    return {kind: str(told[kind]) for kind in KINDS if kind in told} if isinstance(told, dict) else {}


def _array(path: Path) -> np.ndarray | None:
    return np.array(Image.open(path)) if path.is_file() else None


def _mask(path: Path) -> np.ndarray | None:
    array = _array(path)
    return None if array is None else array > 127
