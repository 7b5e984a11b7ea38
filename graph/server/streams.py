"""Events of a run as Server-Sent Events: from any place, across restarts of anything."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Any, Final

from fastapi.responses import StreamingResponse

from graph.server.database import Database, Row
from graph.server.encoding import to_json
from graph.server.errors import ApiError
from graph.server.run_parts import STORY
from graph.server.signals import POLL_SECONDS, Signals, happened

HEARTBEAT: Final = ": heartbeat\n\n"
HEARTBEAT_SECONDS: Final = 10.0
# For the API's page: what a stream answers with.
SSE: Final[dict[str, Any]] = {
    "response_class": StreamingResponse,
    "responses": {200: {"content": {"text/event-stream": {}}}},
}
ALWAYS_SENT: Final = frozenset({"metadata", "error", "end"})
# What clients call a mode, and what its events are called.
EVENT_OF_MODE: Final = {"messages-tuple": "messages"}


@dataclass(frozen=True)
class EventStreams:
    """Reads the event log of runs, and waits for more."""

    database: Database
    signals: Signals
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when this process will end: it is not ready any more, and still serves."""
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when this process ends: streams stop without an `end`, so that clients come again."""

    async def tail(self, run_id: str, after: int = 0) -> AsyncIterator[Row | None]:
        """Yield events in order up to `end`; None about every second in which nothing came."""
        with self.signals.waiting_for(run_id) as event:
            while not self.closing.is_set():
                found = await self.database.rows("events_after", run_id=run_id, after=after)
                for row in found:
                    after = row["seq"]
                    yield row
                    if row["event"] == "end":
                        return
                if not found:
                    if await self.database.row("run", run_id=run_id) is None:
                        yield {"seq": None, "event": "end", "data": None}
                        return
                    yield None
                    await happened(event, within=POLL_SECONDS)

    def respond(
        self,
        thread_id: str,
        run_id: str,
        *,
        after: int = 0,
        modes: Collection[str] | None = None,
        on_leave: Callable[[], Awaitable[None]] | None = None,
    ) -> StreamingResponse:
        """Answer with the stream; `Location` is where a client continues it."""
        return StreamingResponse(
            self._frames(run_id, after, modes, on_leave),
            media_type="text/event-stream",
            headers={
                "Content-Location": f"/threads/{thread_id}/runs/{run_id}",
                "Location": f"/threads/{thread_id}/runs/{run_id}/stream",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
            },
        )

    async def _frames(
        self,
        run_id: str,
        after: int,
        modes: Collection[str] | None,
        on_leave: Callable[[], Awaitable[None]] | None,
    ) -> AsyncIterator[str]:
        wanted = {EVENT_OF_MODE.get(one, one) for one in modes} if modes else None
        spoke, ended = time.monotonic(), False
        try:
            async for row in self.tail(run_id, after):
                if row is None:
                    if time.monotonic() - spoke > HEARTBEAT_SECONDS:
                        spoke = time.monotonic()
                        yield HEARTBEAT
                    continue
                ended = row["event"] == "end"
                if _is_wanted(row["event"], wanted):
                    spoke = time.monotonic()
                    yield frame(row)
        finally:
            if on_leave is not None and not ended and not self.closing.is_set():
                await asyncio.shield(on_leave())


def frame(row: Row) -> str:
    """One event on the wire."""
    place = f"id: {row['seq']}\n" if row["seq"] is not None else ""
    return f"{place}event: {row['event']}\ndata: {row['data'] or 'null'}\n\n"


def error_stream(error: ApiError) -> StreamingResponse:
    """Answer with a stream that says one error."""

    async def frames() -> AsyncIterator[str]:
        data = {"error": "Conflict", "message": error.message, "status": error.status_code}
        yield frame({"seq": None, "event": "error", "data": to_json({**error.more, **data})})

    return StreamingResponse(frames(), media_type="text/event-stream")


def last_seen(header: str | None) -> int:
    """Read `Last-Event-ID`; anything that is no number of ours means from the start."""
    if header and header.isascii() and header.isdecimal() and len(header) < 19:
        return int(header)
    return 0


def _is_wanted(event: str, wanted: Collection[str] | None) -> bool:
    name = event.split("|")[0]
    if wanted is None or name == STORY:
        return name != STORY
    return name in ALWAYS_SENT or name in wanted or name.split("/")[0] in wanted
