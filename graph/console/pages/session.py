"""A session on the page: its story so far, what it tells now, and what it waits for."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Final, Protocol

from nicegui import ui

from graph.console.page_work import begin
from graph.console.pages.turn import TurnPanel
from graph.console.server_calls import Refused, ServerCalls
from graph.console.story import Story, Turn
from graph.console.views import View
from graph.ending_tasks import end

# Lines come faster than eyes; what changed is drawn this often at most.
DRAW_SECONDS: Final = 0.12
WAITING_SECONDS: Final = 2.0
AGAIN_SECONDS: Final = 1.0


class Settled(Protocol):
    """Hears whether the session works."""

    def __call__(self, *, working: bool) -> Coroutine[Any, Any, None]: ...


class SessionPanel:
    """Draws a `Story` turn by turn, and follows it while it goes on."""

    def __init__(self, calls: ServerCalls, settled: Settled) -> None:
        self.calls, self.settled = calls, settled
        self.session = ""
        self.story = Story()
        self.turns: list[TurnPanel] = []
        self.changed = asyncio.Event()
        self.place = ui.element("div").classes("turns")
        self.note = View("note.html", classes="session-note")

    def idle(self) -> None:
        self.note.show()

    async def open(self, session: str) -> None:
        """Show what was told so far, and go on from there."""
        self.session = session
        self.note.show(loading=True)
        try:
            told = await self.calls.get(f"/orchestration/{session}/transcript")
        except Refused as refusal:
            self.note.show(refusal=refusal)
            return
        for line in told["events"]:
            self.story.take(line)
        # What waits before anything is told is a turn too: there is something to answer.
        if not told["ended"] and not self.story.turns:
            self.story.ask("")
        await self._name_turns()
        self.note.show()
        self._draw()
        if not told["ended"]:
            await self._follow()

    async def ask(self, session: str, question: str, agent: str | None) -> None:
        """Ask in a session, new or old."""
        self.session = session
        turn = self.story.ask(question)
        self._draw()
        order = {"question": question, "session_id": session, "agent": agent}
        try:
            await self.calls.post("/orchestrate", order)
        except Refused as refusal:
            turn.status, turn.error = "failed", str(refusal)
            self._draw()
            await self.settled(working=False)
            return
        begin(self._follow())

    async def stop(self) -> None:
        """Stop what works, and withdraw what waits."""
        try:
            await self.calls.delete(f"/orchestration/{self.session}")
        except Refused as refusal:
            self.note.show(refusal=refusal)
        if self.story.turns and not self.story.turns[-1].ended:
            self.story.turns[-1].status = "cancelled"
        self._draw()

    async def _follow(self) -> None:
        await self.settled(working=True)
        beside = [
            asyncio.create_task(self._keep_drawing()),
            asyncio.create_task(self._keep_asking()),
        ]
        try:
            await self._take_events()
        finally:
            await end(*beside)
        self._draw()
        await self.settled(working=False)

    async def _take_events(self) -> None:
        while True:
            try:
                async for line in self.calls.events(self.session, self.story.seen):
                    self.story.take(line)
                    self.changed.set()
            except Refused as refusal:
                self.note.show(refusal=refusal)
                if refusal.status not in (429, 503):
                    return
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            return

    async def _keep_drawing(self) -> None:
        while True:
            await self.changed.wait()
            self.changed.clear()
            self._draw()
            await asyncio.sleep(DRAW_SECONDS)

    async def _keep_asking(self) -> None:
        """What people are asked is no part of the story when it comes before a plan."""
        while True:
            if self.turns:
                await self.turns[-1].look_for_requests(self.session)
            await asyncio.sleep(WAITING_SECONDS)

    async def _name_turns(self) -> None:
        """A plan says its question; what was asked back about, or answered without one, is looked up."""
        for turn in self.story.turns:
            if not turn.question:
                turn.question = await self._question_of(turn)

    async def _question_of(self, turn: Turn) -> str:
        try:
            if turn.answer_id:
                return str((await self.calls.get(f"/answers/{turn.answer_id}"))["question"])
            thread: dict[str, Any] = await self.calls.get(f"/threads/{self.session}")
            values: dict[str, Any] = thread["values"] or {}
            return str(values.get("question") or "")
        except Refused:
            return ""

    def _draw(self) -> None:
        while len(self.turns) < len(self.story.turns):
            with self.place:
                self.turns.append(TurnPanel(self.calls))
        for panel, turn in zip(self.turns, self.story.turns, strict=True):
            panel.show(turn)
