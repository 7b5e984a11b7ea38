"""`/mcp`: the tools for assistants, over streamable HTTP, behind the same border as every route."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx
from fastapi import FastAPI
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from graph.server.errors import error_response
from graph.server.mcp_tools import Routes, callers_headers, mcp_server

PATH: Final = "/mcp"


@dataclass(frozen=True)
class McpDoor:
    """Hands requests to the MCP server of this process; each stands for itself."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "POST":
            # There are no sessions, so there is nothing to listen to and nothing to delete.
            refusal = error_response(405, "only POST is answered here", hint="see docs/agents.md")
            await refusal(scope, receive, send)
            return
        await scope["app"].state.mcp.handle_request(scope, receive, send)


def mcp_route() -> Route:
    """Make the route; `open_door` must be open while it is used."""
    return Route(PATH, endpoint=McpDoor(), include_in_schema=False)


@asynccontextmanager
async def open_door(app: FastAPI, *, seconds: float) -> AsyncGenerator[None]:
    """Serve as long as this is open; tools reach the app's own routes without a socket."""
    from mcp.server.transport_security import TransportSecuritySettings  # noqa: PLC0415 - slow import

    inside = httpx.ASGITransport(app, raise_app_exceptions=False)
    base = "http://127.0.0.1"
    async with httpx.AsyncClient(transport=inside, base_url=base, timeout=seconds) as http:
        server: Any = mcp_server(Routes(http, callers_headers))
        server.streamable_http_app(
            stateless_http=True,
            json_response=True,
            # Our own border has looked at host and origin already.
            transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
        )
        async with _in_its_own_task(server.session_manager.run()):
            app.state.mcp = server.session_manager
            yield


@asynccontextmanager
async def _in_its_own_task(context: AbstractAsyncContextManager[None]) -> AsyncGenerator[None]:
    """Enter and leave it in one task, whichever tasks begin and end the server."""
    ready, stop = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with context:
            ready.set()
            await stop.wait()

    life = asyncio.create_task(live())
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait([life, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if life.done():
        life.result()
    try:
        yield
    finally:
        stop.set()
        await life
