"""HTTP to tool servers with an end: a body without one would take all of the memory before its time is over."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, cast

import httpx2

MOST_BYTES: Final = 64 * 1024 * 1024


class TooMuch(httpx2.ReadError):
    """A tool server sent more than any answer has."""


@dataclass
class _Bounded(httpx2.AsyncByteStream):
    body: httpx2.AsyncByteStream
    most: int

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self.most
        async for piece in self.body:
            left -= len(piece)
            if left < 0:
                raise TooMuch(f"more than {self.most:,} bytes in one answer")
            yield piece

    async def aclose(self) -> None:
        await self.body.aclose()


class BoundedTransport(httpx2.AsyncHTTPTransport):
    """Counts what each response brings."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        super().__init__()
        self.most = most

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await super().handle_async_request(request)
        body = cast("httpx2.AsyncByteStream", response.stream)
        response.stream = _Bounded(body, self.most)
        return response
