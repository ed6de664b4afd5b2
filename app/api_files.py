"""Files that callers of the API hand in and get back, each call's in a folder with a name that nobody guesses."""

import base64
import binascii
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from gradio import FileData
from gradio.utils import get_upload_folder

from app.uploads import CALLS
from wt.errors import WtError
from wt.files import write_atomic

Given = dict[str, Any] | str
"""A file as gradio's clients send it, the path of an upload, the address of a file of this studio, or a data: URI."""
MOST_INLINE = 8 << 20
"""Characters of a data: URI; what is larger is uploaded first."""
_SERVED = "/gradio_api/file="


class Exchange:
    """Below the folder of uploads, which gradio serves file by file and never lists."""

    @property
    def root(self) -> Path:
        """Of all uploads and results."""
        return Path(get_upload_folder()).resolve()

    def folder(self) -> Path:
        """A new one for a call; `app.uploads` deletes it some hours later."""
        made = self.root / CALLS / secrets.token_urlsafe(24)
        made.mkdir(parents=True)
        return made

    def path(self, given: Given, what: str, folder: Path) -> Path:
        """Where a file that was handed in lies.

        Args:
            what: it is called in sentences.
            folder: of the call, for one that comes within the request.

        Raises:
            WtError: it is no file of this studio.
        """
        text = str(given.get("path") or "") if isinstance(given, dict) else str(given or "")
        if text.startswith("data:"):
            return write_atomic(folder / f"{what}{_suffix(text)}", _decoded(text, what))
        if text.startswith(("http://", "https://")):
            text = unquote(urlsplit(text).path.partition(_SERVED)[2])  # nothing is ever fetched from elsewhere
        try:
            path = Path(text).resolve()
            if text and path.is_relative_to(self.root) and path.is_file():
                return path
        except (OSError, ValueError):  # too long, or with characters that no path has
            pass
        raise WtError(
            f"The {what} is no file of this studio. Upload it first (POST /gradio_api/upload, or handle_file() in "
            "Python), or give it as a data: URI."
        )

    def give(self, path: Path, content: bytes | None = None) -> FileData:
        """A file to hand back, written first if it has content."""
        return FileData(path=str(path if content is None else write_atomic(path, content)), orig_name=path.name)


def _decoded(uri: str, what: str) -> bytes:
    head, comma, body = uri.partition(",")
    if len(uri) > MOST_INLINE:
        raise WtError(f"The {what} is too large for a data: URI ({len(uri) >> 20} MB). Upload it first.")
    if not comma or not head.endswith(";base64"):
        raise WtError(f"The {what} is a data: URI without base64. Send data:image/png;base64,... or upload the file.")
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise WtError(
            f"The {what} is a data: URI that is cut short or damaged. Encode the whole file again."
        ) from error


def _suffix(uri: str) -> str:
    """Only what a photo and a project are told by: their content decides."""
    return "" if uri.startswith("data:image/") else ".wts"
