"""Approvals: what waits for a person, all that helps to decide it, and what was decided."""

import asyncio
from typing import Any, Final

from fastapi import Request
from nicegui import ui

from graph.console.frame import Seat, framed
from graph.console.page_work import begin
from graph.console.pages.approval import ApprovalPanel
from graph.console.server_calls import Refused
from graph.console.views import View

WAIT_SECONDS: Final = 10.0
AGAIN_SECONDS: Final = 2.0
HISTORY: Final = 50


async def approvals_page(seat: Seat, request: Request) -> None:
    """The inbox, with one approval open."""
    await InboxPage(seat, request.query_params.get("open", "")).show()


class InboxPage:
    """A list that is always of now, beside what is looked at."""

    def __init__(self, seat: Seat, opened: str) -> None:
        self.seat, self.calls, self.opened = seat, seat.calls, opened
        self.pending: list[dict[str, Any]] = []
        self.next: int | None = None
        """Where the events of approvals go on; not known while the server does not say."""

    async def show(self) -> None:
        with framed(self.seat, "/approvals", "Approvals"), ui.element("div").classes("inbox"):
            with ui.element("section").classes("inbox-list"):
                self.waiting = View("inbox.html", self._acted, live=True)
                self.decided = View("decided.html", self._acted)
            with ui.element("section").classes("inbox-open"):
                self.panel = ApprovalPanel(self.calls, self._look)
        self.waiting.show(loading=True)
        self.panel.show_nothing()
        begin(self.panel.learn_rights())
        if self.opened:
            begin(self.panel.open(self.opened))
        begin(self._follow())

    async def _follow(self) -> None:
        """Look whenever something happened to an approval, wherever it was decided."""
        while True:
            await self._look()
            if self.next is None or not await self._happened(self.next):
                await asyncio.sleep(AGAIN_SECONDS)

    async def _happened(self, after: int) -> bool:
        """Wait until it is worth to look again; False when that cannot be known."""
        try:
            await self.calls.get("/approvals/events", after=after, wait=WAIT_SECONDS, limit=1)
        except Refused:
            return False
        return True

    async def _look(self) -> None:
        """Look at what waits; where that is not what it was, somebody decided, here or elsewhere."""
        try:
            said = await self.calls.get("/approvals/pending")
        except Refused as refusal:
            self.waiting.show(refusal=refusal)
            self.next = None
            return
        self.next = said["next"]
        before = {one["approval_id"] for one in self.pending}
        self.pending = said["approvals"]
        now = {one["approval_id"] for one in self.pending}
        self._show_waiting()
        if before != now or not self.decided.shown:
            await self._show_decided()
        if self.panel.approval_id in before - now:
            await self.panel.open(self.panel.approval_id)

    def _show_waiting(self) -> None:
        self.waiting.show(pending=self.pending, opened=self.panel.approval_id)

    async def _show_decided(self) -> None:
        try:
            said = await self.calls.get("/approvals/history", limit=HISTORY)
        except Refused as refusal:
            self.decided.show(refusal=refusal)
            return
        self.decided.show(decided=said["approvals"])

    async def _acted(self, act: dict[str, Any]) -> None:
        match act:
            case {"act": "open", "approval": str(approval)}:
                await self.panel.open(approval)
                self._show_waiting()
            case _:
                return
