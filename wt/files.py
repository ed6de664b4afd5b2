"""Writing files so that a reader never sees half of one, and JSON that every reader accepts."""

import json
import math
import os
import tempfile
import uuid
from pathlib import Path
from typing import Any

import numpy as np

from wt.errors import WtError


def write_atomic(path: str | Path, data: bytes, *, durable: bool = False) -> Path:
    """Write to a temporary name in the same folder, then rename; folders are made as needed.

    Args:
        durable: return only when a power cut cannot take it any more, which costs a few milliseconds.

    Raises:
        WtError: the folder cannot be made or written to.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                file.write(data)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            temporary.replace(path)
            if durable:
                _sync_folder(path.parent)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise WtError(f"{path.name} could not be written ({error.strerror or error}). Check the folder.") from error
    return path


def unwritable(folder: Path) -> str:
    """Why nothing can be written to a folder, which is made if it is not there; empty if it can."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"something")
    except OSError as error:
        return error.strerror or str(error)
    return ""


def _sync_folder(folder: Path) -> None:
    """The rename itself, where a folder can be opened at all (not on Windows)."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def json_text(value: Any) -> str:
    """Strict, indented JSON: NumPy values become plain ones, NaN and infinities null."""
    return json.dumps(_plain(value), indent=2, allow_nan=False, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray | list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Path):
        return value.as_posix()
    return value
