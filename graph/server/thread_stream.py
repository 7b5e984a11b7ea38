"""Everything that happens on a thread, whichever run does it. `/threads/{thread_id}/stream`."""

import time
from collections.abc import AsyncIterator, Collection
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from graph.server.border import BorderRoute
from graph.server.database import Row
from graph.server.encoding import to_json
from graph.server.run_parts import STORY
from graph.server.run_request import PathId
from graph.server.server_parts import Parts, ServerParts
from graph.server.signals import POLL_SECONDS, happened
from graph.server.streams import HEARTBEAT, HEARTBEAT_SECONDS, SSE, frame, last_seen
from graph.server.threads import known_thread

router = APIRouter(tags=["threads"], route_class=BorderRoute)
Mode = Literal["run_modes", "lifecycle"]
LIFECYCLE: Final = frozenset({"metadata", "error", "end"})
FROM_THE_START: Final = frozenset({"-", "-1", "0"})


@router.get("/threads/{thread_id}/stream", **SSE)
async def follow_thread(
    parts: Parts,
    thread_id: PathId,
    stream_mode: Annotated[list[Mode], Query(max_length=20)] = ["run_modes"],  # noqa: B006 - FastAPI copies it
    last_event_id: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
) -> StreamingResponse:
    """Follow all runs of a thread from now on, or from after `Last-Event-ID` (`-`: all of it)."""
    await known_thread(parts, thread_id)
    after = last_seen(last_event_id)
    if not after and last_event_id not in FROM_THE_START:
        newest = await parts.database.row("newest_event_of_thread", thread_id=thread_id)
        after = newest["seq"] if newest else 0
    place = f"/threads/{thread_id}/stream"
    return StreamingResponse(
        _frames(parts, thread_id, after, stream_mode),
        media_type="text/event-stream",
        headers={"Location": place, "Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _frames(
    parts: ServerParts, thread_id: str, after: int, modes: Collection[Mode]
) -> AsyncIterator[str]:
    spoke = time.monotonic()
    while not parts.streams.closing.is_set():
        standing = await parts.database.row("thread_standing", thread_id=thread_id)
        if standing is None:
            return
        with parts.streams.signals.waiting_for(standing["run_id"] or "") as event:
            rows = await parts.database.rows(
                "thread_events_after", thread_id=thread_id, after=after
            )
            for row in rows:
                after = row["seq"]
                if _is_wanted(row["event"], modes):
                    spoke = time.monotonic()
                    yield frame(_as_told(row))
            if rows:
                continue
            if time.monotonic() - spoke > HEARTBEAT_SECONDS:
                spoke = time.monotonic()
                yield HEARTBEAT
            await happened(event, within=POLL_SECONDS)


def _is_wanted(event: str, modes: Collection[Mode]) -> bool:
    name = event.split("|")[0]
    return name != STORY and ("run_modes" in modes or name in LIFECYCLE)


def _as_told(row: Row) -> dict[str, Any]:
    """A run's end is not the stream's: clients leave at `end`."""
    if row["event"] != "end":
        return row
    done = {"status": "run_done", "run_id": row["run_id"]}
    return {"seq": row["seq"], "event": "metadata", "data": to_json(done)}
