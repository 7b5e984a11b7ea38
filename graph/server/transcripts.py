"""A session as it unfolds: plan, steps, passages, approvals, answer. SSE, WebSocket, or at once.

One order, kept in Postgres: a reader that was cut off says the last `seq` it saw and misses nothing.
A session outlives its runs, so the stream stays open while the session waits for people.
"""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from graph.server.border import BorderRoute
from graph.server.database import Database
from graph.server.encoding import JsonResponse, to_json
from graph.server.replies.orchestration import Transcript
from graph.server.run_request import PathId
from graph.server.server_parts import Parts
from graph.server.signals import POLL_SECONDS, happened
from graph.server.streams import HEARTBEAT, HEARTBEAT_SECONDS, SSE, EventStreams, frame, last_seen
from graph.server.threads import known_thread
from graph.server.transcript import Line, Seen, View, line_of

router = APIRouter(tags=["orchestration"], route_class=BorderRoute)
LastEventId = Annotated[str | None, Header(alias="Last-Event-ID")]
After = Annotated[int, Query(ge=0, lt=2**63, description="the last `seq` that you have")]
Lanes = Annotated[list[str], Query(alias="lane", description="agents to hear; none: everyone")]


@dataclass(frozen=True)
class Transcripts:
    """Reads the transcript of a session, and waits for more of it."""

    database: Database
    streams: EventStreams

    async def told(self, session: str, after: int) -> tuple[list[Line], int, bool]:
        """Give the next lines, the place to go on from, and whether nothing more will come."""
        # Asked first: what a session that has ended said is all there by then.
        standing = await self.database.row("thread_standing", thread_id=session)
        rows = await self.database.rows("transcript_after", thread_id=session, after=after)
        lines = [line for row in rows if (line := line_of(row))]
        over = standing is None or not standing["goes_on"]
        return lines, rows[-1]["seq"] if rows else after, over and not rows

    async def tail(self, session: str, after: int, seen: Seen) -> AsyncIterator[Line | None]:
        """Yield lines until the session has ended; None about every second without one."""
        while not self.streams.closing.is_set():
            standing = await self.database.row("thread_standing", thread_id=session)
            newest = (standing or {}).get("run_id") or ""
            with self.streams.signals.waiting_for(newest) as event:
                lines, after, over = await self.told(session, after)
                for line in lines:
                    if seen.wants(line):
                        yield line
                if over:
                    return
                if not lines:
                    yield None
                    await happened(event, within=POLL_SECONDS)


@router.get("/orchestration/{session_id}/transcript", response_model=Transcript)
async def transcript(
    parts: Parts,
    session_id: PathId,
    after: After = 0,
    view: View = "interleaved",
    lane: Lanes = [],  # noqa: B006 - FastAPI copies it
) -> JsonResponse:
    """All that was told so far, at once; `next` is where to go on."""
    await known_thread(parts, session_id)
    transcripts, seen = Transcripts(parts.database, parts.streams), Seen(view, frozenset(lane))
    told: list[Line] = []
    while True:
        lines, after, over = await transcripts.told(session_id, after)
        told += [one for one in lines if seen.wants(one)]
        if not lines:
            return JsonResponse({"events": told, "next": after, "ended": over})


@router.get("/orchestration/{session_id}/events", **SSE)
async def session_events(
    parts: Parts,
    session_id: PathId,
    after: After = 0,
    view: View = "interleaved",
    lane: Lanes = [],  # noqa: B006 - FastAPI copies it
    last_event_id: LastEventId = None,
) -> StreamingResponse:
    """The same as Server-Sent Events, while it happens; `Last-Event-ID` goes on after a cut."""
    await known_thread(parts, session_id)
    transcripts, seen = Transcripts(parts.database, parts.streams), Seen(view, frozenset(lane))
    return StreamingResponse(
        _frames(transcripts, session_id, last_seen(last_event_id) or after, seen),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _frames(
    transcripts: Transcripts, session: str, after: int, seen: Seen
) -> AsyncIterator[str]:
    spoke = time.monotonic()
    async for line in transcripts.tail(session, after, seen):
        if line is not None:
            spoke = time.monotonic()
            yield frame({"seq": line["seq"], "event": line["type"], "data": to_json(line)})
        elif time.monotonic() - spoke > HEARTBEAT_SECONDS:
            spoke = time.monotonic()
            yield HEARTBEAT
    if not transcripts.streams.closing.is_set():
        end: dict[str, Any] = {"seq": None, "event": "end", "data": None}
        yield frame(end)
