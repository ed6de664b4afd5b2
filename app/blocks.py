"""Gradio's Blocks for many visitors, with sentences where it has none: foreign files, calls that do not fit."""

import copy
import errno
import logging
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.route_utils import FnIndexInferError
from gradio.utils import get_upload_folder
from gradio_client.utils import is_file_obj_with_meta
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

log = logging.getLogger(__name__)

NOT_OURS = "That is no file of this studio. Upload it first; nothing is fetched from other places."
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG}
_NAMED_CALLS = "/gradio_api/call/v2/"
_QUEUE, _UPLOAD = "/gradio_api/queue/join", "/gradio_api/upload"


class StudioBlocks(gr.Blocks):
    """An event names only files that were uploaded here or handed back; an answer costs what it changes."""

    async def preprocess_data(self, block_fn: Any, inputs: list[Any], *more: Any, **named: Any) -> Any:
        """See gradio, which would fetch a file that is an address.

        Raises:
            gr.Error: a sentence for whoever sent it.
        """
        if len(inputs) != len(block_fn.inputs):
            names = ", ".join(block_fn.input_parameter_names or [])
            told = f"It takes {len(block_fn.inputs)} values{f' ({names})' if names else ''}; got {len(inputs)}."
            raise gr.Error(told, print_exception=False)
        if not all(is_ours(path) for path in paths_in(inputs)):
            raise gr.Error(NOT_OURS, print_exception=False)
        return await super().preprocess_data(block_fn, inputs, *more, **named)

    async def postprocess_data(self, block_fn: Any, predictions: Any, state: Any) -> list[Any]:
        """See gradio, which builds every output anew, those that are left alone too: a tenth of a second each time."""
        if not isinstance(predictions, dict) or not all(isinstance(key, Block) for key in predictions):
            return await super().postprocess_data(block_fn, predictions, state)
        news = {key._id: value for key, value in predictions.items() if value != gr.skip()}
        changing = copy.copy(block_fn)
        changing.outputs = [block for block in block_fn.outputs if block._id in news]
        values = [news[block._id] for block in changing.outputs]
        if values:
            values = await super().postprocess_data(changing, values if len(values) > 1 else values[0], state)
        made = dict(zip((block._id for block in changing.outputs), values, strict=True))
        return [made.get(block._id, gr.skip()) for block in block_fn.outputs]


def paths_in(value: Any) -> Iterator[str]:
    """Of every file that is named anywhere in what was sent."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if is_file_obj_with_meta(one):
                yield str(one["path"])
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def is_ours(path: str) -> bool:
    """Whether a file lies in the folder of uploads and results."""
    try:
        return Path(path).resolve().is_relative_to(Path(get_upload_folder()).resolve())
    except (OSError, ValueError):  # too long, or with characters that no path has
        return False


async def no_such_call(request: Request, error: Exception) -> Response:
    """A name that no call has."""
    return _said(HTTPStatus.NOT_FOUND, "There is no such call. The page at /api lists those that there are.")


async def misfit(request: Request, error: Exception) -> Response:
    """A call without what it needs, or with what it does not know.

    Raises:
        Exception: the error itself, if it is about anything else.
    """
    path = request.url.path
    if path == _UPLOAD:
        return _said(HTTPStatus.BAD_REQUEST, "No file arrived, or one without a name. Choose a file.")
    if path == _QUEUE and isinstance(error, KeyError):
        return await no_such_call(request, error)
    if not path.startswith(_NAMED_CALLS):
        raise error
    if isinstance(error, KeyError):
        return await no_such_call(request, error)
    problem = str(error).partition(". ")[0]
    return _said(HTTPStatus.UNPROCESSABLE_ENTITY, f"{problem}. The page at /api says what this call takes.")


async def no_room(request: Request, error: OSError) -> Response:
    """A file that arrived and cannot be kept.

    Raises:
        OSError: the error itself, if the disk is not at fault.
    """
    if error.errno not in _NO_ROOM:
        raise error
    log.error("%s failed: %s", request.url.path, error)
    why = error.strerror or type(error).__name__
    return _said(HTTPStatus.INSUFFICIENT_STORAGE, f"The studio's own disk does not take that ({why}). Try again later.")


HANDLERS: dict[Any, Any] = {FnIndexInferError: no_such_call, KeyError: misfit, TypeError: misfit, OSError: no_room}
"""For `demo.launch(app_kwargs={"exception_handlers": ...})`: what gradio raises, and answers with no words."""


def _said(status: HTTPStatus, sentence: str) -> Response:
    return JSONResponse({"detail": sentence, "error": sentence}, status, {"Cache-Control": "no-store"})
