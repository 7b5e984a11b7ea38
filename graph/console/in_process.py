"""Calls an app of this very process over ASGI, and hands its answer on while it is still being made."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
from starlette.types import ASGIApp, Message, Scope

from graph.ending_tasks import end

WAITING_PARTS = 64


@dataclass
class _Exchange:
    """One request, and what the app has said to it so far."""

    body: bytes
    start: asyncio.Future[Message]
    parts: asyncio.Queue[bytes | None] = field(
        default_factory=lambda: asyncio.Queue(maxsize=WAITING_PARTS)
    )
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    told: bool = False
    whole: bool = False

    async def receive(self) -> Message:
        if self.told:
            await self.gone.wait()
            return {"type": "http.disconnect"}
        self.told = True
        return {"type": "http.request", "body": self.body, "more_body": False}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start.set_result(message)
        elif message["type"] == "http.response.body":
            if message.get("body"):
                await self.parts.put(message["body"])
            if not message.get("more_body", False):
                self.whole = True
                await self.parts.put(None)


@dataclass
class _Parts(httpx.AsyncByteStream):
    """The body as it comes; closing it is the caller's going away."""

    exchange: _Exchange
    work: asyncio.Task[None]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (part := await self.exchange.parts.get()) is not None:
            yield part
        if not self.exchange.whole:
            raise httpx.RemoteProtocolError("the answer broke off")

    async def aclose(self) -> None:
        self.exchange.gone.set()
        await end(self.work)
        if not self.work.cancelled():
            # The app has logged its own error; here it only must not be called forgotten.
            self.work.exception()


@dataclass
class InProcess(httpx.AsyncBaseTransport):
    """httpx.ASGITransport waits for the whole body, so a stream of events would never arrive."""

    app: ASGIApp
    address: str = "127.0.0.1"
    """Whom the request is for: the server counts a stranger's guesses by address."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        start: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        exchange = _Exchange(await request.aread(), start)
        work = asyncio.create_task(self._answered(self._scope(request), exchange))
        try:
            await asyncio.wait({start, work}, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            work.cancel()
            raise
        if not start.done():
            raise httpx.RemoteProtocolError("the app ended without an answer") from work.exception()
        said = start.result()
        return httpx.Response(
            said["status"], headers=said["headers"], stream=_Parts(exchange, work), request=request
        )

    async def _answered(self, scope: Scope, exchange: _Exchange) -> None:
        try:
            await self.app(scope, exchange.receive, exchange.send)
        finally:
            if exchange.start.done():
                # A body that breaks off ends here too; whoever reads it must not wait for ever.
                await exchange.parts.put(None)

    def _scope(self, request: httpx.Request) -> Scope:
        return {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": request.url.scheme,
            "path": request.url.path,
            "raw_path": request.url.raw_path.split(b"?")[0],
            "query_string": request.url.query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "server": (request.url.host, request.url.port),
            "client": (self.address, 0),
        }
