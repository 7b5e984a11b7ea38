"""Ask: a question, the work on it as it happens, and an answer whose every quote can be opened."""

import re
from typing import Any, Final
from uuid import uuid4

from fastapi import Request
from nicegui import ui

from graph.console.frame import Seat, framed
from graph.console.gate import MOUNTED
from graph.console.page_work import begin
from graph.console.pages.session import SessionPanel
from graph.console.server_calls import Refused
from graph.console.views import View

HISTORY: Final = 30
_SESSION: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")


async def ask_page(seat: Seat, request: Request) -> None:
    """One session, or the beginning of one."""
    said = request.query_params.get("session", "")
    page = AskPage(seat, said if _SESSION.fullmatch(said) else "")
    await page.show()


class AskPage:
    """The question's form, the sessions before, and the session that is looked at."""

    def __init__(self, seat: Seat, session: str) -> None:
        self.seat, self.calls, self.session = seat, seat.calls, session

    async def show(self) -> None:
        with framed(self.seat, "/", "Ask"), ui.element("div").classes("ask"):
            self.history = View("history.html", self._acted, classes="history")
            with ui.element("section").classes("ask-main"):
                self.intro = View("ask_intro.html", self._acted)
                self.panel = SessionPanel(self.calls, self._settled)
                self.form = View("ask_form.html", self._acted, classes="ask-form")
        self._show_form()
        self.history.show(loading=True)
        self.panel.idle()
        if self.session:
            self.intro.show(agents=None)
            begin(self.panel.open(self.session))
        else:
            begin(self._introduce())
        begin(self._list_sessions())

    async def _introduce(self) -> None:
        try:
            said = await self.calls.get("/agents")
        except Refused as refusal:
            self.intro.show(refusal=refusal)
            return
        known = [one for one in said["agents"] if one["generation"] is not None]
        self.intro.show(agents=sorted(known, key=lambda one: one["title"]))

    async def _list_sessions(self) -> None:
        try:
            said = await self.calls.get("/sessions", limit=HISTORY)
        except Refused as refusal:
            self.history.show(refusal=refusal)
            return
        self.history.show(sessions=said["sessions"], now=self.session)

    async def _acted(self, act: dict[str, Any]) -> None:
        match act:
            case {"act": "ask", "question": str(question)} if question.strip():
                await self._ask(question.strip(), str(act.get("agent") or ""))
            case {"act": "stop"}:
                await self.panel.stop()
            case _:
                return

    async def _ask(self, question: str, agent: str) -> None:
        new = not self.session
        self.session = self.session or str(uuid4())
        self._show_form(working=True)
        self.intro.show(agents=None)
        if new:
            place = f"{MOUNTED}/?session={self.session}"
            ui.navigate.history.replace(place)
        await self.panel.ask(self.session, question, agent or None)

    async def _settled(self, *, working: bool) -> None:
        self._show_form(working=working)
        if not working:
            await self._list_sessions()

    def _show_form(self, *, working: bool = False) -> None:
        self.form.show(working=working, follow_up=bool(self.session))
