"""One connection to the server: how large the head of a request may be, and how long it may be on its way."""

import asyncio
from typing import Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

LARGEST_HEAD: Final = 32 * 1024
"""Longest address and headers together; more would be work before anybody is known."""
HEAD_SECONDS: Final = 20.0


class BoundedProtocol(H11Protocol):
    """Closes a connection whose request does not come: thousands that say nothing would fill the server."""

    head_seconds: float = HEAD_SECONDS
    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride] - as its own base
        super().connection_made(transport)
        self._late = self.loop.call_later(self.head_seconds, transport.close)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        begun = self.conn.trailing_data[0]
        if self.conn.their_state is not h11.IDLE or not begun:
            self._in_time()
        elif self._late is None:
            self._late = self.loop.call_later(self.head_seconds, self.transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        self._in_time()
        super().connection_lost(exc)

    def _in_time(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
