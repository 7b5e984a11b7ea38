"""What the server answers, as types; `docs/api.md` and `/docs` say the rest."""

from typing import Any, Literal, NotRequired, TypedDict

from kb_contract.citation import Citation

AnswerStatus = Literal[
    "completed", "partial", "awaiting_approval", "needs_clarification", "refused", "failed"
]
Verdict = Literal["up", "down"]


class Approval(TypedDict):
    """What waits for a person: exactly what would be done, and why."""

    approval_id: str
    thread_id: str
    run_id: str
    step_id: str
    agent_id: str
    status: str
    request: dict[str, Any]
    requested_by: str | None
    deadline: str | None
    digest: str


class Answer(TypedDict):
    """What a question led to, or what it waits for."""

    answer: str
    status: AnswerStatus
    citations: list[Citation]
    approvals: NotRequired[list[Approval]]
    coverage: dict[str, Any]
    conflicts: list[dict[str, Any]]
    plan: dict[str, Any]
    query_type: str
    usage: dict[str, Any]
    timings: dict[str, Any]
    answer_id: str
    trace_id: str
    cached: NotRequired[Any]
    cache: NotRequired[Any]
    thread_id: str
    run_id: str


class StaleAnswer(TypedDict):
    """An answer that was given and holds no more: since when, why, and by whose generation."""

    answer_id: str
    thread_id: str
    question: str
    query_type: str
    created_at: str
    stale_at: str
    why: str
    cached_from: str | None
    agent_id: str | None
    generation: int | None


class Agent(TypedDict):
    """Somebody who can be asked."""

    agent_id: str
    kind: str
    purpose: str
    capabilities: list[str]


class Ingestion(TypedDict):
    """What the writer was asked for, and how far it is."""

    key: str
    action: str
    arguments: dict[str, Any]
    status: Literal["requested", "running", "done", "failed"]
    requested_by: str
    result: dict[str, Any] | None
    new: NotRequired[bool]


class CheckedCitation(Citation):
    """A citation, and whether its quote stands where it says, in what the server serves now."""

    found: bool
    reason: NotRequired[str]


class Verified(TypedDict):
    """What became of the citations of an answer."""

    answer_id: str
    citations: list[CheckedCitation]
    verified: bool
