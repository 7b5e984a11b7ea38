"""`WS /ws`: several sessions over one connection, each from where its reader left off.

A client sends `{"subscribe": SESSION, "after": SEQ, "view": "interleaved", "lanes": []}` or
`{"unsubscribe": SESSION}`, and gets every line as JSON with its `session`.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any, cast

import orjson
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from graph.ending_tasks import end
from graph.server.door.tickets import SUBPROTOCOL
from graph.server.encoding import to_json
from graph.server.run_request import OwnId
from graph.server.server_parts import ServerParts
from graph.server.transcript import Seen, View
from graph.server.transcripts import Transcripts

router = APIRouter()
MOST_SESSIONS = 20
LONGEST_MESSAGE = 10_000
NO_TEXT, TRY_LATER = 1003, 1012


class Wish(BaseModel):
    """What a client wants to hear."""

    model_config = ConfigDict(extra="forbid")

    subscribe: OwnId | None = None
    unsubscribe: OwnId | None = None
    after: int = Field(default=0, ge=0, lt=2**63)
    view: View = "interleaved"
    lanes: list[str] = Field(default_factory=list, max_length=100)

    @model_validator(mode="after")
    def _one_of_both(self) -> "Wish":
        if (self.subscribe is None) == (self.unsubscribe is None):
            raise ValueError("either subscribe or unsubscribe")
        return self


@dataclass
class Conversation:
    """One open socket; all lines go through one writer, so none is cut by another."""

    socket: WebSocket
    transcripts: Transcripts
    _told: dict[str, asyncio.Task[None]] = field(
        default_factory=dict[str, asyncio.Task[None]], init=False
    )
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    async def run(self) -> None:
        """Serve until the client leaves."""
        try:
            while True:
                await self._obey(await self.socket.receive_text())
        except WebSocketDisconnect:
            return
        except KeyError:
            await self.socket.close(NO_TEXT, "send text")
        finally:
            await end(*self._told.values())

    async def _obey(self, text: str) -> None:
        try:
            wish = Wish.model_validate(orjson.loads(text[:LONGEST_MESSAGE]))
        except (ValidationError, orjson.JSONDecodeError) as error:
            await self._say({"type": "error", "message": f"not understood: {error}"[:500]})
            return
        if wish.unsubscribe:
            await self._end(wish.unsubscribe)
        elif wish.subscribe:
            await self._begin(wish.subscribe, wish)

    async def _begin(self, session: str, wish: Wish) -> None:
        await self._end(session)
        if len(self._told) >= MOST_SESSIONS:
            await self._refuse(session, f"one connection follows {MOST_SESSIONS} sessions at most")
            return
        if await self.transcripts.database.row("thread", thread_id=session) is None:
            await self._refuse(session, f"there is no session {session}")
            return
        seen = Seen(wish.view, frozenset(wish.lanes))
        self._told[session] = asyncio.create_task(self._tell(session, wish.after, seen))

    async def _end(self, session: str) -> None:
        task = self._told.pop(session, None)
        if task:
            await end(task)

    async def _tell(self, session: str, after: int, seen: Seen) -> None:
        async for line in self.transcripts.tail(session, after, seen):
            if line is not None:
                await self._say({"session": session, **line})
        if self.transcripts.streams.closing.is_set():
            await self.socket.close(TRY_LATER, "the server stops; come again")
            return
        self._told.pop(session, None)
        await self._say({"session": session, "type": "end"})

    async def _refuse(self, session: str, why: str) -> None:
        await self._say({"session": session, "type": "error", "message": why})

    async def _say(self, line: dict[str, Any]) -> None:
        async with self._writing:
            await self.socket.send_text(to_json(line))


@router.websocket("/ws")
async def follow(socket: WebSocket) -> None:
    """Tell what happens in the sessions that the client names."""
    parts = cast("ServerParts", socket.app.state.parts)
    offered = cast("list[str]", socket.scope.get("subprotocols") or [])
    await socket.accept(SUBPROTOCOL if SUBPROTOCOL in offered else None)
    await Conversation(socket, Transcripts(parts.database, parts.streams)).run()
