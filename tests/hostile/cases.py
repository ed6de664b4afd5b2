"""What a bad input is: made by code on the spot, put through the door that a person's own would take."""

import pickle
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

CANARY = "canary-7f3a"
"""In the file that nothing may read, and in the name of the one that no unpickling may make."""


@dataclass(frozen=True)
class Case:
    """One bad input."""

    kind: str
    """Of input, as the table counts them; it is also the door."""
    name: str
    file: str
    """Name under which it arrives."""
    make: Callable[[], bytes]

    def __str__(self) -> str:
        return f"{self.kind}-{self.name}"


class Mischief:
    """Unpickled, it makes a file in the folder that the process works in."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.write_text, (Path(f"{CANARY}-ran"), "code ran")


def pickled() -> bytes:
    """A pickle that runs code."""
    return pickle.dumps(Mischief())


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip with these members, whatever their names."""
    whole = BytesIO()
    with zipfile.ZipFile(whole, "w", method) as bundle:
        for name, data in members.items():
            bundle.writestr(zipfile.ZipInfo(name), data, method)
    return whole.getvalue()
