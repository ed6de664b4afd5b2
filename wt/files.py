"""Writing files so that a reader never sees half of one, and JSON that every reader accepts."""

import json
import math
import uuid
from pathlib import Path
from typing import Any

import numpy as np

from wt.errors import WtError


def write_atomic(path: str | Path, data: bytes) -> Path:
    """Write to a temporary name in the same folder, then rename; folders are made as needed.

    Raises:
        WtError: the folder cannot be made or written to.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:12]}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.write_bytes(data)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise WtError(f"{path.name} could not be written ({error.strerror or error}). Check the folder.") from error
    return path


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
