"""Bodies of requests: read whole before a route sees them, within a time, and only from those who were let in."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graph.server.border import MOST_BYTES, too_large
from graph.server.errors import error_response

SECONDS: Final = 30.0
GOODBYE_SECONDS: Final = 2.0


@dataclass(frozen=True)
class WholeBody:
    """Stands behind the door, so that strangers fill no memory."""

    app: ASGIApp
    larger: Mapping[str, int] = field(default_factory=dict[str, int])
    """Paths that take more than `MOST_BYTES`."""
    seconds: float = SECONDS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        most = self.larger.get(scope["path"], MOST_BYTES)
        try:
            async with asyncio.timeout(self.seconds):
                body = await _read(receive, most)
        except TimeoutError:
            late = error_response(
                408, f"the body did not come within {self.seconds:g} s", hint="send it at once"
            )
            await late(scope, receive, send)
            return
        if body is None:
            await too_large(most)(scope, receive, send)
            return
        await self.app(_as_json(scope, Headers(scope=scope), body), _replay(body, receive), send)


async def let_go_by(receive: Receive) -> None:
    """Read what is still on its way and keep nothing of it: who is cut off does not hear why."""
    try:
        async with asyncio.timeout(GOODBYE_SECONDS):
            await _read(receive, MOST_BYTES, keep=False)
    except TimeoutError:
        return


async def _read(receive: Receive, most: int, *, keep: bool = True) -> bytes | None:
    """Read the whole body; None when it is too large."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        part: bytes = message.get("body", b"")
        size += len(part)
        if size > most:
            return None
        if keep:
            parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _as_json(scope: Scope, headers: Headers, body: bytes) -> Scope:
    """Studio sends JSON under other names at times."""
    if not body or "json" in headers.get("content-type", ""):
        return scope
    if body.lstrip()[:1] not in (b"{", b"["):
        return scope
    kept = [(name, value) for name, value in scope["headers"] if name != b"content-type"]
    return {**scope, "headers": [*kept, (b"content-type", b"application/json")]}


def _replay(body: bytes, receive: Receive) -> Receive:
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
