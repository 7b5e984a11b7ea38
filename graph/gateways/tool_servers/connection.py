"""One connection to one server: made on first use, kept open, made again after it broke."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar, cast

import structlog

from graph.gateways.tool_servers.server_specs import ServerSpec
from kb_contract.errors import ScriptoriumError, ToolRefused, ToolUnavailable

if TYPE_CHECKING:
    from mcp import Client

log = structlog.get_logger(__name__)
Found = TypeVar("Found")
# A program that is started may have to be fetched first.
CONNECT_SECONDS: Final = 30.0
GOODBYE_SECONDS: Final = 6.0
# A server may hold a stream open without saying anything.
READ_SECONDS: Final = 300.0


@dataclass
class Connection:
    """A task of its own owns the client, since it must be closed where it was opened."""

    spec: ServerSpec
    connect_seconds: float = CONNECT_SECONDS
    _client: "asyncio.Future[Client] | None" = field(default=None, init=False)
    _owner: asyncio.Task[None] | None = field(default=None, init=False)
    _enough: asyncio.Event | None = field(default=None, init=False)
    _ending: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]], init=False)

    async def use(self, work: "Callable[[Client], Awaitable[Found]]", *, seconds: float) -> Found:
        """Do something with the server; every way to fail is one of two errors of ours."""
        client = await self._connected()
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                return await work(client)
        except ScriptoriumError:
            raise
        except Exception as error:
            if limit.expired():
                raise self._silent(f"no answer within {seconds:g} s") from error
            if _is_refusal(error):
                raise ToolRefused(
                    f"the server says: {str(error)[:300]}", where=self.spec.name,
                    cure="mend the arguments, or look at the server",
                ) from error  # fmt: skip
            self._drop(client)
            raise self._silent(f"the connection broke ({_words(error)})") from error

    async def close(self) -> None:
        """End the connection, and the server when it is ours."""
        self._let_go()
        if self._ending:
            await asyncio.wait(self._ending, timeout=GOODBYE_SECONDS)

    async def _connected(self) -> "Client":
        loop = asyncio.get_running_loop()
        if self._client is not None and self._client.get_loop() is not loop:
            # The loop that it lived in is gone, and took it along.
            self._client = self._owner = self._enough = None
        if self._client is None:
            self._client, self._enough = loop.create_future(), asyncio.Event()
            self._owner = loop.create_task(self._own(self._client, self._enough))
        waited = self._client
        try:
            async with asyncio.timeout(self.connect_seconds):
                return await asyncio.shield(waited)
        except TimeoutError as error:
            if waited is self._client:
                self._let_go(at_once=True)
            raise self._silent(f"no connection within {self.connect_seconds:g} s") from error

    async def _own(self, ready: "asyncio.Future[Client]", enough: asyncio.Event) -> None:
        try:
            async with AsyncExitStack() as stack:
                client = await stack.enter_async_context(_made(self.spec, stack))
                if not ready.done():
                    ready.set_result(client)
                await enough.wait()
        except Exception as error:  # noqa: BLE001 - a server may fail in any way; whoever waits hears it
            log.warning("tool server is gone", server=self.spec.name, error=_words(error))
            if not ready.done():
                ready.set_exception(self._silent(_words(error)))
                ready.exception()  # whoever waited may have gone; then nobody else looks at it
            if self._client is ready:
                self._client = self._owner = self._enough = None

    def _drop(self, client: "Client") -> None:
        """Let the next use connect anew, unless somebody else saw to it already."""
        current = self._client
        if current is not None and current.done() and current.result() is client:
            self._let_go()

    def _let_go(self, *, at_once: bool = False) -> None:
        owner, enough = self._owner, self._enough
        self._client = self._owner = self._enough = None
        if owner is None or enough is None:
            return
        enough.set()
        if at_once:
            owner.cancel()
        self._ending.add(owner)
        owner.add_done_callback(self._ending.discard)

    def _silent(self, why: str) -> ToolUnavailable:
        return ToolUnavailable(
            f"the tool server {self.spec.name} does not answer: {why}", where=self.spec.place,
            cure="see `kb doctor`; is it running, and is MCP_SERVERS right?",
        )  # fmt: skip


def _made(spec: ServerSpec, stack: AsyncExitStack) -> "Client":
    # The SDK is only loaded where there is a server: it takes half a second.
    from mcp import Client, StdioServerParameters  # noqa: PLC0415

    if spec.command:
        secrets = {name: one.get_secret_value() for name, one in spec.env.items()}
        started = StdioServerParameters(
            command=spec.command, args=list(spec.args), env=secrets or None, cwd=spec.cwd
        )
        # Nothing is kept of what a server says: it must be the same when it is asked again.
        return Client(started, cache=None)
    import httpx2  # noqa: PLC0415
    from mcp.client.streamable_http import streamable_http_client  # noqa: PLC0415

    from graph.gateways.tool_servers.bounded_transport import BoundedTransport  # noqa: PLC0415

    headers = {name: one.get_secret_value() for name, one in spec.headers.items()}
    waits = httpx2.Timeout(CONNECT_SECONDS, read=READ_SECONDS)
    http = httpx2.AsyncClient(headers=headers, timeout=waits, transport=BoundedTransport())
    stack.push_async_callback(http.aclose)
    return Client(streamable_http_client(spec.url, http_client=http), cache=None)


def _is_refusal(error: Exception) -> bool:
    from mcp import MCPError  # noqa: PLC0415
    from mcp.types import CONNECTION_CLOSED  # noqa: PLC0415

    return isinstance(error, MCPError) and error.code != CONNECTION_CLOSED


def _words(error: BaseException) -> str:
    """Say the first real cause: task groups wrap what happened."""
    cause = error
    while isinstance(cause, BaseExceptionGroup):
        cause = cast("BaseExceptionGroup[BaseException]", cause).exceptions[0]
    return f"{type(cause).__name__}: {str(cause)[:200]}"
