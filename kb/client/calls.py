"""Each thing that can be asked of the server, as one request: what both clients have in common."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

from graph.classification.question_back import asked_back
from kb.client.refusals import ServerSaid
from kb_contract.text_border import clean_text

GRAPH: Final = "scriptorium"
LOOK_AGAIN_SECONDS: Final = 1.0
FOLLOWED: Final = ("custom", "updates")
ANSWER_KEYS: Final = (
    "answer", "status", "citations", "coverage", "conflicts", "plan", "query_type", "usage", "timings",
    "answer_id", "trace_id", "cached", "cache",
)  # fmt: skip


Event = Mapping[str, Any]
OnEvent = Callable[[Event], None]


def nobody_listens(_: Event) -> None:
    """For callers that want only the answer."""


@dataclass(frozen=True)
class Call:
    """A request, and the part of its answer that is meant."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    part: str | None = None
    key: str | None = None
    """Makes a repeat harmless."""

    @property
    def headers(self) -> dict[str, str]:
        return {"Idempotency-Key": self.key} if self.key else {}

    def meant(self, said: Any) -> Any:
        return said if self.part is None else said[self.part]


def headers_of(user: str | None, api_key: str | None) -> dict[str, str]:
    """Who asks, as headers say it."""
    said = {"X-User": user, "X-Api-Key": api_key}
    return {name: one for name, one in said.items() if one}


def decide(approval_id: str, how: str, body: Mapping[str, Any]) -> Call:
    """One of the ways to answer an approval."""
    return Call("POST", f"/approvals/{_name(approval_id)}/{how}", body)


def approve(
    approval_id: str, edit: Mapping[str, Any] | None, digest: str | None, *, refresh: bool
) -> Call:
    """Agree to what was shown, or to changed arguments."""
    body: dict[str, Any] = {"knowledge": "refresh"} if refresh else {}
    body |= {"digest": digest} if digest else {}
    if edit is None:
        return decide(approval_id, "approve", body)
    return decide(approval_id, "modify", {**body, "args": dict(edit)})


def pending_approvals() -> Call:
    """What waits for people."""
    return Call("GET", "/approvals/pending", part="approvals")


def about_question(route: str, question: str) -> Call:
    """Something about a question that is not asked yet."""
    return Call("POST", route, {"question": clean_text(question)})


def about_plan(route: str, plan: Mapping[str, Any]) -> Call:
    """Something about a plan."""
    return Call("POST", route, {"plan": dict(plan)})


def delegate(deputy: str, until: datetime, reason: str) -> Call:
    """Let another answer."""
    said = {"deputy": deputy, "until": until.isoformat(), "reason": reason}
    return Call("POST", "/delegations", said)


def feedback(
    answer_id: str, verdict: str, correction: str, passages: Sequence[Mapping[str, Any]]
) -> Call:
    """A verdict on an answer."""
    said = {"answer_id": answer_id, "verdict": verdict, "correction": clean_text(correction),
            "passages": [dict(one) for one in passages]}  # fmt: skip
    return Call("POST", "/feedback", said)


def costs(by: str, since: str | None) -> Call:
    """What providers cost."""
    return Call("GET", f"/costs?{urlencode({'by': by, **({'since': since} if since else {})})}")


def stale_answers(agent: str | None, since: datetime | None, limit: int) -> Call:
    """Answers that hold no more."""
    named = {"agent": agent, "since": since.isoformat() if since else None, "limit": limit}
    asked = urlencode({name: one for name, one in named.items() if one is not None})
    return Call("GET", f"/answers/stale?{asked}", part="answers")


def ingest(agents: Sequence[str] | None, key: str | None, *, force: bool) -> Call:
    """Ask the writer to look at git."""
    wanted = {"agents": list(agents) if agents is not None else None, "force": force}
    return Call("POST", "/knowledge/ingest", wanted, key=key)


def ingestion(key: str) -> Call:
    """How far it is."""
    return Call("GET", f"/knowledge/operations/{_name(key)}")


def kept_answer(answer_id: str) -> Call:
    """An answer as it was kept."""
    return Call("GET", f"/answers/{_name(answer_id)}")


def passage(answer_id: str, number: int) -> Call:
    """The passage of a citation."""
    return Call("GET", f"/answers/{_name(answer_id)}/citations/{number}")


def search(query: str, agent: str | None, limit: int, bounds: Mapping[str, Any]) -> Call:
    """Passages without an answer around them."""
    narrowed = {**bounds, "only": dict(bounds["only"] or {})}
    said = {"query": clean_text(query), "agent": agent, "limit": limit, **narrowed}
    return Call("POST", "/search", said)


def run_of(
    question: str, agent: str | None, plan: Mapping[str, Any] | None, bounds: Mapping[str, Any]
) -> dict[str, Any]:
    """What `runs.stream` of langgraph_sdk is given for a question."""
    given = {
        "question": clean_text(question),
        "agent": agent,
        "own_plan": dict(plan) if plan else None,
    }
    context = {name: one for name, one in bounds.items() if one}
    return {
        "input": given, "stream_mode": list(FOLLOWED), "stream_subgraphs": True, "stream_resumable": True,
        **({"context": context} if context else {}),
    }  # fmt: skip


def outcome(
    values: Mapping[str, Any], waiting: list[dict[str, Any]], thread_id: str, run_id: str
) -> dict[str, Any]:
    """Put an answer together out of the state of its thread, and of what waits for people."""
    said = {key: values.get(key) for key in ANSWER_KEYS}
    if waiting:
        said |= {"status": "awaiting_approval", "answer": "", "citations": [], "approvals": waiting}
        if asked := asked_back(waiting):
            said |= {"status": "needs_clarification", "answer": asked}
    return {**said, "thread_id": thread_id, "run_id": run_id}


def answer_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """The answer out of the last line of a stream."""
    return {name: one for name, one in event.items() if name not in ("type", "lane")}


def not_in_time(said: Mapping[str, Any], seconds: float) -> ServerSaid:
    """Say that it takes longer than was waited for."""
    return ServerSaid(
        f"it is {said['status']} after {seconds:.0f} s",
        where=f"/knowledge/operations/{said['key']}",
        cure="look again later under this key; is Dagster's sensor on?",
    )


def of_thread(waiting: Sequence[Mapping[str, Any]], thread: str | None) -> list[Any]:
    """Those of one thread, or all."""
    return [one for one in waiting if thread in (None, one["thread_id"])]


def checked(citation: Mapping[str, Any], shown: Mapping[str, Any] | str) -> dict[str, Any]:
    """A citation beside the passage that the server shows for it, or the reason that it shows none."""
    if isinstance(shown, str):
        return {**citation, "found": False, "reason": shown}
    return {**citation, "found": bool(shown["stands"])}


def verified(answer_id: str, citations: list[dict[str, Any]]) -> dict[str, Any]:
    """All citations of an answer together."""
    whole = bool(citations) and all(one["found"] for one in citations)
    return {"answer_id": answer_id, "citations": citations, "verified": whole}


def _name(said: str) -> str:
    return quote(said, safe="")
