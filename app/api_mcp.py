"""MCP: gradio makes a tool of every endpoint; four things that it leaves open are settled here.

All reach into gradio's server object, as of 6.31; tests/app/test_api.py would notice if it changed.
"""

import asyncio
import importlib.util
from collections.abc import Awaitable, Callable
from typing import Any

import gradio as gr
from gradio_client import Client
from starlette.requests import Request

from app.asked import caller_of, in_the_name_of
from app.config import AppConfig

_OF_SESSIONS = "/messages/"
MISSING = "MCP is not offered: the package mcp is not installed (pip install mcp)."


def has_mcp() -> bool:
    """Whether the package is here that gradio needs for it."""
    return importlib.util.find_spec("mcp") is not None


def settle(demo: gr.Blocks, config: AppConfig) -> None:
    """Call once `demo` is served with its MCP server."""
    server: Any = demo.mcp_server_obj
    server._prepare_tool_call_args = _in_the_callers_name(server)
    server._execute_tool_without_progress = _cancelled_with_its_caller(_results)
    server._execute_tool_with_progress = _cancelled_with_its_caller(server._execute_tool_with_progress)
    if config.token or config.auth:
        # Tools call the studio over HTTP, so they need to be let in like everybody. Who calls them was asked before.
        headers = {"x-gradio-user": "mcp"} | ({"Authorization": f"Bearer {config.token}"} if config.token else {})
        more: dict[str, Any] = {"download_files": False, "analytics_enabled": False, "verbose": False}
        server._client_instance = Client(
            demo.local_url, headers=headers, auth=config.auth, ssl_verify=False, _skip_components=False, **more
        )


def _in_the_callers_name(server: Any) -> Callable[..., tuple[Any, ...]]:
    """Tools call the studio from here, so that without this all who use them would be one caller."""
    prepare = server._prepare_tool_call_args

    def prepared(name: str, arguments: dict[str, Any]) -> tuple[Any, ...]:
        endpoint, given, headers, block_fn = prepare(name, arguments)
        return endpoint, given, headers | in_the_name_of(_named(server.mcp_server.request_context.request)), block_fn

    return prepared


def _named(request: Request) -> str:
    """The address, and the session over SSE, whose id nobody guesses; over HTTP gradio keeps no sessions."""
    session = request.query_params.get("session_id", "") if request.url.path.endswith(_OF_SESSIONS) else ""
    return " ".join(filter(None, (caller_of(request), session)))


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
