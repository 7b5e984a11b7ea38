"""What stands before several servers: requests go to those that say that they are ready, in turn."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx

EVERY = 0.1


@dataclass
class Balancer(httpx.AsyncBaseTransport):
    """A transport that knows several addresses; what cannot be reached is tried elsewhere."""

    urls: Sequence[str]
    ready: list[str] = field(default_factory=list)
    refused: int = 0
    """Requests that found the chosen server's door closed already."""
    _out: httpx.AsyncHTTPTransport = field(default_factory=httpx.AsyncHTTPTransport)
    _turn: int = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        for _ in range(50):
            try:
                return await self._out.handle_async_request(self._sent_on(request))
            except httpx.ConnectError:
                self.refused += 1
                await asyncio.sleep(EVERY)
        raise httpx.ConnectError("no server takes it", request=request)

    def _sent_on(self, request: httpx.Request) -> httpx.Request:
        known = self.ready or list(self.urls)
        self._turn += 1
        to = httpx.URL(known[self._turn % len(known)])
        request.url = request.url.copy_with(host=to.host, port=to.port)
        return request

    async def watch(self) -> None:
        """Ask again and again which of them are ready."""
        async with httpx.AsyncClient(timeout=2) as http:
            while True:
                told = await asyncio.gather(*(_is_ready(http, one) for one in self.urls))
                self.ready = [one for one, well in zip(self.urls, told, strict=True) if well]
                await asyncio.sleep(EVERY)


async def _is_ready(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(f"{url}/health/ready")).status_code == 200
    except httpx.TransportError:
        return False


@asynccontextmanager
async def balanced(urls: Sequence[str]) -> AsyncIterator[Balancer]:
    balancer = Balancer(urls, list(urls))
    watching = asyncio.create_task(balancer.watch())
    try:
        yield balancer
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        await balancer._out.aclose()
