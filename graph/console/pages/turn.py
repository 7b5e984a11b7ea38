"""One question on the page: plan, lanes, answer, sources, and what is waited for."""

from typing import Any

from nicegui import ui

from graph.console.plan_picture import picture_of
from graph.console.server_calls import Refused, ServerCalls
from graph.console.story import Turn
from graph.console.views import View


class TurnPanel:
    """Shows a turn; each part is sent only when it changed."""

    def __init__(self, calls: ServerCalls) -> None:
        self.calls = calls
        self.turn = Turn()
        self.session = ""
        self.thanks: dict[str, Any] = {}
        with ui.element("article").classes("turn"):
            self.head = View("turn_head.html")
            self.plan = View("plan.html", classes="plan")
            self.lanes = View("lanes.html", classes="lanes")
            self.requests = View("requests.html", self._acted, live=True)
            with ui.element("div").classes("answer-row"):
                self.answer = View("answer.html", self._acted, classes="answer", live=True)
                self.passage = View("passage.html", self._acted, classes="passage")
        self.pending: list[dict[str, Any]] = []
        self.refusal: Refused | None = None
        self.about_to: dict[str, Any] = {}

    def show(self, turn: Turn) -> None:
        self.turn = turn
        self.head.show(turn=turn, asked=bool(self.pending))
        self.plan.show(picture=picture_of(turn.steps), turn=turn)
        self.lanes.show(turn=turn, steps=list(turn.steps.values()))
        if turn.ended and self.pending:
            self.pending = []
        self._show_answer()
        self._show_requests()

    async def look_for_requests(self, session: str) -> None:
        """Ask what waits for people, unless the turn has ended."""
        if self.turn.ended:
            return
        self.session = session
        try:
            said = await self.calls.get("/approvals/pending", thread_id=session)
        except Refused:
            return
        self.pending = said["approvals"]
        self.head.show(turn=self.turn, asked=bool(self.pending))
        self._show_answer()
        self._show_requests()

    def _show_answer(self) -> None:
        self.answer.show(turn=self.turn, thanks=self.thanks, asked=bool(self.pending))

    def _show_requests(self) -> None:
        self.requests.show(pending=self.pending, refusal=self.refusal, about_to=self.about_to)

    async def _acted(self, act: dict[str, Any]) -> None:
        match act:
            case {"act": "cite", "number": str(number)}:
                await self._open(number)
            case {"act": "close"}:
                self.passage.show()
            case {"act": "verdict", "verdict": "up" | "down" as verdict}:
                await self._say(verdict, "")
            case {"act": "correct", "correction": str(correction)}:
                await self._say("down", correction)
            case {"act": "prepare", "approval": str()}:
                self.about_to = act
                self._show_requests()
            case {"act": "back"}:
                self.about_to = {}
                self._show_requests()
            case {"act": "decide", "approval": str(approval)}:
                await self._decide(approval, act)
            case _:
                return

    async def _open(self, number: str) -> None:
        cited = self.turn.citations.get(int(number)) if number.isdecimal() else None
        if cited is None:
            return
        self.passage.show(loading=True, number=number)
        try:
            found = await self.calls.get(f"/answers/{self.turn.answer_id}/citations/{number}")
        except Refused as refusal:
            self.passage.show(refusal=refusal, number=number, cited=cited)
            return
        self.passage.show(found=found, number=number)
        self.passage.reveal()

    async def _say(self, verdict: str, correction: str) -> None:
        said = {"answer_id": self.turn.answer_id, "verdict": verdict, "correction": correction}
        try:
            await self.calls.post("/feedback", said)
        except Refused as refusal:
            self.thanks = {"refusal": refusal}
        else:
            self.thanks = {"verdict": verdict, "corrected": bool(correction)}
        self._show_answer()

    async def _decide(self, approval: str, act: dict[str, Any]) -> None:
        known = {one["approval_id"]: one for one in self.pending}
        decision, message = str(act.get("decision")), str(act.get("message") or "").strip()
        if approval not in known or decision not in ("approve", "reject", "respond"):
            return
        said: dict[str, Any] = {"thread_id": self.session, "digest": known[approval]["digest"]}
        if message:
            said["message"] = message
        self.refusal, self.about_to = None, {}
        try:
            await self.calls.post(f"/approvals/{approval}/{decision}", said)
        except Refused as refusal:
            self.refusal = refusal
        await self.look_for_requests(self.session)
