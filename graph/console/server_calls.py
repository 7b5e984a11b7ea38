"""What pages ask of the server: its own routes, with the rights of whoever looks at the page."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, cast

import httpx
import orjson
from langgraph_sdk.sse import SSEDecoder, aiter_lines_raw
from starlette.types import ASGIApp

from graph.console.in_process import InProcess
from graph.console.visits import Visit, Visits

ANSWER_SECONDS: Final = 60.0
# The host that the server believes in wherever it listens: this machine.
_HERE: Final = "http://127.0.0.1"
# Of routes and headers, people who look at a page have none.
_FOR_PROGRAMS: Final = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) /|X-Api-Key|if_exists")


class Refused(Exception):
    """The server said no, and why."""

    def __init__(
        self, status: int, message: str, hint: str = "", more: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(f"{message} ({hint})" if hint else message)
        self.status = status
        self.message = message
        self.hint = hint
        self.more = dict(more or {})


@dataclass(frozen=True)
class ServerCalls:
    """Calls of one visitor."""

    app: ASGIApp
    visits: Visits
    visit: Visit
    address: str = "127.0.0.1"

    async def get(self, path: str, **query: Any) -> Any:
        return await self._call("GET", path, query=query)

    async def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return await self._call("POST", path, body=body or {})

    async def delete(self, path: str) -> Any:
        return await self._call("DELETE", path)

    async def events(self, session: str, after: int) -> AsyncIterator[dict[str, Any]]:
        """Follow a session from a place on, until it has ended."""
        path = f"/orchestration/{session}/events"
        async with (
            self._client() as client,
            client.stream("GET", path, params={"after": after}) as response,
        ):
            if response.is_error:
                raise refusal_of(response.status_code, await response.aread())
            decoder = SSEDecoder()
            async for line in aiter_lines_raw(response):
                event = decoder.decode(bytes(line).rstrip(b"\n"))
                if event is not None and event.event == "end":
                    return
                if event is not None:
                    yield cast("dict[str, Any]", event.data)

    async def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        said = {name: one for name, one in (query or {}).items() if one is not None}
        try:
            async with asyncio.timeout(ANSWER_SECONDS), self._client() as client:
                response = await client.request(method, path, params=said, json=body)
        except TimeoutError:
            raise Refused(504, "the server takes too long", "look at `kb status`") from None
        if response.is_error:
            wait = response.headers.get("retry-after", "")
            raise refusal_of(response.status_code, response.content, wait)
        return orjson.loads(response.content) if response.content else None

    @asynccontextmanager
    async def _client(self) -> AsyncGenerator[httpx.AsyncClient]:
        if not self.visits.goes_on(self.visit):
            raise Refused(401, "you are signed out", "sign in again")
        said = self.visit.credential
        headers = {"x-api-key": said} if said else {}
        transport = InProcess(self.app, self.address)
        async with httpx.AsyncClient(
            transport=transport, base_url=_HERE, headers=headers, timeout=httpx.Timeout(None)
        ) as client:
            yield client


def refusal_of(status: int, body: bytes, wait: str = "") -> Refused:
    """Read the server's one form of error; anything else is told by its number."""
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        said = {}
    if not isinstance(said, dict):
        said = {}
    known = cast("dict[str, Any]", said)
    message = str(known.get("message") or f"the server answers {status}")
    hint = str(known.get("hint") or "")
    hint = "" if _FOR_PROGRAMS.search(hint) else hint
    return Refused(status, message, hint, {**known, "retry_after": wait})
