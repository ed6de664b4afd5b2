"""MCP: gradio makes a tool of every endpoint; three things that it leaves open are settled here.

All reach into gradio's server object, as of 6.31; tests/app/test_api.py would notice if it changed.
"""

import asyncio
import importlib.util
from collections.abc import Awaitable, Callable
from typing import Any

import gradio as gr
from gradio_client import Client

from app.config import AppConfig

MISSING = "MCP is not offered: the package mcp is not installed (pip install mcp)."


def has_mcp() -> bool:
    """Whether the package is here that gradio needs for it."""
    return importlib.util.find_spec("mcp") is not None


def settle(demo: gr.Blocks, config: AppConfig) -> None:
    """Call once `demo` is served with its MCP server."""
    server: Any = demo.mcp_server_obj
    server._execute_tool_without_progress = _cancelled_with_its_caller(_results)
    server._execute_tool_with_progress = _cancelled_with_its_caller(server._execute_tool_with_progress)
    if config.token or config.auth:
        # Tools call the studio over HTTP, so they need to be let in like everybody. Who calls them was asked before.
        headers = {"x-gradio-user": "mcp"} | ({"Authorization": f"Bearer {config.token}"} if config.token else {})
        more: dict[str, Any] = {"download_files": False, "analytics_enabled": False, "verbose": False}
        server._client_instance = Client(
            demo.local_url, headers=headers, auth=config.auth, ssl_verify=False, _skip_components=False, **more
        )


async def _results(job: Any) -> list[Any]:
    """Each output for itself, where gradio's own would hand on several as one text."""
    result = await asyncio.wrap_future(job.future)
    return list(result) if isinstance(result, list | tuple) else [result]


def _cancelled_with_its_caller(execute: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def executed(job: Any, *more: Any) -> Any:
        try:
            return await execute(job, *more)
        except asyncio.CancelledError:
            await asyncio.shield(asyncio.to_thread(job.cancel))
            raise

    return executed
