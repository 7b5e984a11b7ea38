"""One approval, opened: why, what for, with which arguments; and the form that decides it."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from graph.console.argument_form import Field, NotReadable, arguments_from, fields_of
from graph.console.server_calls import Refused, ServerCalls
from graph.console.views import View

ROLE: Final = "approver"
WORDS: Final = {
    "approve": "Do it as shown",
    "modify": "Do it with these arguments",
    "reject": "Do not do it",
    "respond": "Put these words in its place",
}


class ApprovalPanel:
    """What is shown, and what a person is about to decide; nothing is sent before they confirm it."""

    def __init__(self, calls: ServerCalls, decided: Callable[[], Awaitable[None]]) -> None:
        self.calls, self.decided = calls, decided
        self.approval: dict[str, Any] = {}
        self.rights: dict[str, Any] = {}
        self.fields: list[Field] = []
        self.about_to: dict[str, Any] = {}
        self.refusal: Refused | None = None
        self.view = View("approval.html", classes="approval")
        self.deciding = View("deciding.html", self._acted)
        self.story = View("approval_story.html")

    @property
    def approval_id(self) -> str:
        return str(self.approval.get("approval_id") or "")

    def show_nothing(self) -> None:
        self.view.show()

    async def learn_rights(self) -> None:
        """Learn who looks, so that it can be said why they may not decide."""
        try:
            self.rights = await self.calls.get("/me")
        except Refused as refusal:
            self.refusal = refusal
        self._show_deciding()

    async def open(self, approval_id: str) -> None:
        """Show an approval as it is now."""
        another = approval_id != self.approval_id
        if another:
            self.view.show(loading=True)
        try:
            found = await self.calls.get(f"/approvals/{approval_id}")
        except Refused as refusal:
            self.view.show(refusal=refusal)
            return
        self.approval = found["approvals"][0] if "approvals" in found else found
        if another:
            self.about_to, self.refusal = {}, None
        action, review = self._first("action_requests"), self._first("review_configs")
        self.fields = fields_of(review.get("args_schema") or {}, action.get("args") or {})
        self._show()

    def _first(self, name: str) -> dict[str, Any]:
        """The one action that is asked for, or its review; graphs of others may ask without."""
        several: list[dict[str, Any]] = self.approval["request"].get(name) or []
        return several[0] if several else {}

    def _show(self) -> None:
        self.view.show(one=self.approval, request=self.approval["request"], fields=self.fields)
        self.story.show(history=self.approval.get("history") or [])
        self._show_deciding()

    def _show_deciding(self) -> None:
        if not self.approval:
            self.deciding.show()
            return
        review = self._first("review_configs")
        self.deciding.show(
            one=self.approval, fields=self.fields, about_to=self.about_to, words=WORDS,
            allowed=review.get("allowed_decisions") or list(WORDS), refusal=self.refusal,
            why_not=self._why_not(), next=self.approval["request"].get("next") or {},
        )  # fmt: skip

    def _why_not(self) -> str:
        """Why the reader may not decide; nothing when they may."""
        roles = self.rights.get("roles")
        if roles is not None and ROLE not in roles:
            have = ", ".join(roles) or "none"
            return f"You are {self.rights['name']}, with the roles {have}. Deciding asks for the role {ROLE}."
        named: list[str] = self.approval.get("approvers") or []
        if named and self.rights.get("name") not in named:
            return f"Named for this: {', '.join(named)}. Others may decide only as their deputies."
        return ""

    async def _acted(self, act: dict[str, Any]) -> None:
        match act:
            case {"act": "prepare", "decision": str(decision)} if decision in WORDS:
                self._prepare(decision, act)
            case {"act": "confirm"} if self.about_to:
                await self._send()
            case {"act": "back"}:
                self.about_to = {}
            case {"act": "revoke"}:
                await self._revoke()
            case _:
                return
        self._show_deciding()

    def _prepare(self, decision: str, act: dict[str, Any]) -> None:
        self.refusal = None
        body: dict[str, Any] = {
            "digest": self.approval["digest"], "thread_id": self.approval["thread_id"]
        }  # fmt: skip
        if message := str(act.get("message") or "").strip():
            body["message"] = message
        if act.get("knowledge") in ("as_pinned", "refresh"):
            body["knowledge"] = act["knowledge"]
        if decision == "modify":
            try:
                body["args"] = arguments_from(self.fields, act)
            except NotReadable as error:
                self.refusal = Refused(422, str(error))
                return
        if decision == "respond" and not message:
            self.refusal = Refused(422, "a response needs words", "write them in the field")
            return
        self.about_to = {"decision": decision, "body": body}

    async def _send(self) -> None:
        decision, body = self.about_to["decision"], self.about_to["body"]
        self.about_to = {}
        await self._post(decision, body)

    async def _revoke(self) -> None:
        await self._post("revoke", {})

    async def _post(self, what: str, body: dict[str, Any]) -> None:
        try:
            await self.calls.post(f"/approvals/{self.approval_id}/{what}", body)
        except Refused as refusal:
            self.refusal = refusal
        await self.open(self.approval_id)
        await self.decided()
