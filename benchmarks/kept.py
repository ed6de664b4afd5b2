"""Whether two project files hold the same work, array by array."""

import io
import json
import zipfile
from typing import Any

import numpy as np
from PIL import Image


def contents(project: bytes) -> dict[str, Any]:
    """Every picture, array and document of a project file by its name.

    When it was saved and the place that is marked for the next edit are left out.
    """
    found: dict[str, Any] = {}
    with zipfile.ZipFile(io.BytesIO(project)) as bundle:
        for name in bundle.namelist():
            data = bundle.read(name)
            if name.endswith(".png"):
                found[name] = np.asarray(Image.open(io.BytesIO(data)))
            elif name.endswith(".npz"):
                with np.load(io.BytesIO(data)) as arrays:
                    found |= {f"{name}/{part}": arrays[part] for part in arrays.files}
            else:
                document = json.loads(data)
                found |= {f"{name}/{key}": value for key, value in document.items() if key not in ("saved", "pin")}
    return found


def differences(some: bytes, others: bytes) -> list[str]:
    """Names of what is not the same in both; empty if the work is."""
    a, b = contents(some), contents(others)
    return sorted({*a, *b} - {name for name in a.keys() & b.keys() if _same(a[name], b[name])})


def edits_in(project: bytes) -> int:
    """How many accepted edits a project file tells of."""
    return len(contents(project)["project.json/edits"])


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    return bool(a == b)
