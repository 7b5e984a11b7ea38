"""Knowledge: every agent, what it served and serves, what changed, and what it could not answer."""

import re
from typing import Any, Final

from fastapi import Request
from nicegui import ui

from graph.console.frame import Seat, framed
from graph.console.page_work import begin
from graph.console.server_calls import Refused
from graph.console.views import View

GENERATIONS: Final = 30
DOCUMENTS: Final = 200
_AGENT: Final = re.compile(r"[a-z0-9_-]{1,64}")


async def knowledge_page(seat: Seat, request: Request) -> None:
    """The list of agents, with one of them open."""
    said = request.query_params.get("agent", "")
    await KnowledgePage(seat, said if _AGENT.fullmatch(said) else "").show()


class KnowledgePage:
    """Reads everything through the routes that anybody may call."""

    def __init__(self, seat: Seat, agent: str) -> None:
        self.calls, self.seat, self.agent = seat.calls, seat, agent
        self.title = agent
        self.generations: list[dict[str, Any]] = []

    async def show(self) -> None:
        with framed(self.seat, "/knowledge", "Knowledge"), ui.element("div").classes("inbox"):
            self.agents = View("agents.html", classes="inbox-list")
            with ui.element("section").classes("inbox-open wide"):
                self.head = View("generations.html", self._acted)
                self.changes = View("changes.html", self._acted)
                self.documents = View("documents.html", self._acted)
                self.names = View("names.html")
                self.gaps = View("gaps.html")
        self.agents.show(loading=True)
        begin(self._fill())

    async def _fill(self) -> None:
        try:
            said = await self.calls.get("/agents")
        except Refused as refusal:
            self.agents.show(refusal=refusal)
            return
        known = [one for one in said["agents"] if one["generation"] is not None]
        known.sort(key=lambda one: one["title"])
        self.agent = self.agent or (known[0]["agent_id"] if known else "")
        titles = {one["agent_id"]: one["title"] for one in known}
        self.title = titles.get(self.agent, self.agent)
        self.agents.show(agents=known, opened=self.agent)
        if self.agent:
            await self._open()

    async def _open(self) -> None:
        self.head.show(loading=True)
        path = f"/knowledge/{self.agent}"
        try:
            said = await self.calls.get(f"{path}/generations", limit=GENERATIONS)
        except Refused as refusal:
            self.head.show(refusal=refusal)
            return
        self.generations = said["generations"]
        self.head.show(title=self.title, generations=self.generations)
        numbers = [one["number"] for one in self.generations]
        self.changes.show(numbers=numbers)
        live = next(
            (one["number"] for one in self.generations if one["state"] == "live"), numbers[0]
        )
        await self._show_documents(live)
        await self._show_beside(path)

    async def _show_beside(self, path: str) -> None:
        try:
            self.names.show(names=(await self.calls.get(f"{path}/names"))["names"])
            self.gaps.show(gaps=(await self.calls.get("/gaps", agent=self.agent))["gaps"])
        except Refused as refusal:
            self.gaps.show(refusal=refusal)

    async def _show_documents(self, number: int) -> None:
        self.documents.show(loading=True, number=number)
        path = f"/knowledge/{self.agent}/generations/{number}/documents"
        try:
            said = await self.calls.get(path, limit=DOCUMENTS)
        except Refused as refusal:
            self.documents.show(refusal=refusal, number=number)
            return
        self.documents.show(most=DOCUMENTS, **said)

    async def _compare(self, before: int, after: int) -> None:
        numbers = [one["number"] for one in self.generations]
        chosen = {"numbers": numbers, "before": before, "after": after}
        self.changes.show(loading=True, **chosen)
        path = f"/knowledge/{self.agent}/changes"
        try:
            said = await self.calls.get(path, before=before, after=after)
        except Refused as refusal:
            self.changes.show(refusal=refusal, **chosen)
            return
        self.changes.show(changed=said["documents"], **chosen)

    async def _acted(self, act: dict[str, Any]) -> None:
        match act:
            case {"act": "documents", "number": str(number)} if number.isdecimal():
                await self._show_documents(int(number))
            case {"act": "compare", "older": str(before), "newer": str(after)} if (
                before.isdecimal() and after.isdecimal()
            ):
                await self._compare(int(before), int(after))
            case _:
                return
