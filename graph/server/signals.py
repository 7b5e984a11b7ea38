"""NOTIFY from other processes, over one connection that does nothing but listen."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Final

import psycopg
import structlog
from psycopg import sql
from pydantic import SecretStr

from graph.ending_tasks import end

log = structlog.get_logger(__name__)
EVENTS: Final = "ops_events"
CONTROL: Final = "ops_control"
APPROVALS: Final = "ops_approvals"
# LISTEN may lose what happens while it reconnects, so everyone also looks this often.
POLL_SECONDS: Final = 1.0


@dataclass(frozen=True)
class Signals:
    """Wakes those who wait for a run, or for anything on a channel; they look for themselves what happened."""

    database_url: SecretStr
    channels: Sequence[str]
    on_message: Callable[[str, str], None] | None = None
    _waiting: dict[str, set[asyncio.Event]] = field(default_factory=dict, init=False)

    @contextmanager
    def waiting_for(self, what: str) -> Generator[asyncio.Event]:
        """Give an event that is set when something may have happened to the run, or on the channel."""
        event = asyncio.Event()
        self._waiting.setdefault(what, set()).add(event)
        try:
            yield event
        finally:
            self._waiting[what].discard(event)
            if not self._waiting[what]:
                del self._waiting[what]

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[None]:
        """Listen until the end of the block."""
        task = asyncio.create_task(self._listen_always(), name="signals")
        try:
            yield
        finally:
            await end(task)

    def wake_all(self) -> None:
        """Have everyone look, for what could have been missed."""
        for events in self._waiting.values():
            for event in events:
                event.set()

    async def _listen_always(self) -> None:
        while True:
            try:
                await self._listen()
            except psycopg.Error as error:
                log.warning("listening was cut off", error=str(error)[:200])
            self.wake_all()
            await asyncio.sleep(POLL_SECONDS)

    async def _listen(self) -> None:
        url = self.database_url.get_secret_value()
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            for channel in self.channels:
                await connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
            self.wake_all()
            async for notice in connection.notifies():
                self._tell(notice.channel, notice.payload)

    def _tell(self, channel: str, run_id: str) -> None:
        for event in (*self._waiting.get(run_id, ()), *self._waiting.get(channel, ())):
            event.set()
        if self.on_message is not None:
            self.on_message(channel, run_id)


async def happened(event: asyncio.Event, *, within: float = POLL_SECONDS) -> None:
    """Wait for the event, but not longer than the next look is due."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            await event.wait()
    event.clear()
