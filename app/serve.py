"""How gradio's server is set up: everything passes the gate, and every response carries the headers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from app.config import AppConfig
from app.gate import Gate
from app.headers import SecurityHeaders


@contextmanager
def served_through_the_gate(config: AppConfig) -> Iterator[None]:
    """While this lasts, `gr.Blocks.launch`, which builds uvicorn's Config itself, takes ours."""
    plain = uvicorn.Config

    def ours(app: ASGIApp, **more: Any) -> uvicorn.Config:
        around = SecurityHeaders(Gate(app, config), config.frame_ancestors)
        more |= {"ws_per_message_deflate": False, "server_header": False}  # point clouds do not shrink
        if config.root_path.startswith("/"):  # which the proxy took off: no path of ours is then mistaken for it
            more["root_path"] = config.root_path.rstrip("/")
        return plain(around, **more)

    uvicorn.Config = ours  # type: ignore[misc, assignment]
    try:
        yield
    finally:
        uvicorn.Config = plain  # type: ignore[misc]
