"""What waits for a person, what became of it, and deputies. `/approvals… /delegations…`."""

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from graph.server.replies.examples import AT, CHUNK, DIGEST, RUN, SESSION, example

_APPROVAL: Final[dict[str, Any]] = {
    "approval_id": "c1f0a7", "thread_id": SESSION, "run_id": RUN, "step_id": "s2",
    "agent_id": "operations", "digest": DIGEST,
    "request": {"action_requests": [{"name": "refresh_knowledge", "args": {"agent_id": "hr"}}]},
    "status": "pending", "requested_by": "ann", "approvers": [], "deadline": AT, "warn_at": None,
    "level": 0, "policy": {}, "decision": None, "decided_by": None, "on_behalf_of": None,
    "decided_at": None, "decided_digest": None, "resume_run_id": None, "revoked_by": None,
    "revoked_at": None, "created_at": AT,
}  # fmt: skip
_DECIDED: Final = {
    **_APPROVAL, "status": "approved", "decision": {"type": "approve"}, "decided_by": "bob",
    "decided_at": AT, "decided_digest": DIGEST, "resume_run_id": RUN,
}  # fmt: skip
_CITED: Final = {
    "cited": 1, "changed": 1, "choices": ["as_pinned", "refresh"],
    "chunks": [{"agent_id": "hr", "path": "leave.md", "chunk_id": CHUNK, "generation": 4,
                "state": "changed"}],
}  # fmt: skip
_ENTRY: Final[dict[str, Any]] = {
    "n": 17, "at": AT, "kind": "decided", "approval_id": "c1f0a7", "thread_id": SESSION,
    "actor": "bob", "previous": DIGEST, "entry_digest": DIGEST,
}  # fmt: skip
_DEPUTY: Final = {
    "delegation_id": 3, "person": "ann", "deputy": "dora", "reason": "holiday", "starts_at": AT,
    "ends_at": "2031-01-31T00:00:00Z", "ended_at": None, "created_at": AT, "workspace_id": "default",
}  # fmt: skip


class Approval(BaseModel):
    """What somebody is asked to allow, and what they decided."""

    model_config = example(**_APPROVAL)

    approval_id: str
    thread_id: str
    run_id: str
    step_id: str
    agent_id: str
    digest: str = Field(description="of exactly what was shown")
    request: Any = Field(description="what is to be done, with arguments and evidence")
    status: Literal["pending", "approved", "edited", "rejected", "responded", "cancelled"]
    requested_by: str
    approvers: list[str] = Field(description="who may answer; none: everyone with the role")
    deadline: datetime | None
    warn_at: datetime | None
    level: int = Field(description="how often it was handed on because nobody answered")
    policy: dict[str, Any]
    decision: Any
    decided_by: str | None
    on_behalf_of: str | None
    decided_at: datetime | None
    decided_digest: str | None
    resume_run_id: str | None
    revoked_by: str | None
    revoked_at: datetime | None
    created_at: datetime


class ChangedChunk(BaseModel):
    """A cited passage that is not what is live now."""

    agent_id: str
    path: str
    chunk_id: str
    generation: int
    state: Literal["changed", "gone"]


class CitedKnowledge(BaseModel):
    """What became of the passages that an approval was shown with."""

    cited: int
    changed: int
    chunks: list[ChangedChunk]
    choices: list[str] = Field(description="what a decision may say of `knowledge`")


class WaitingApproval(Approval):
    """An approval, and whether the knowledge that it stands on is still so."""

    model_config = example(**_APPROVAL, knowledge=_CITED)

    knowledge: CitedKnowledge


class AuditEntry(BaseModel):
    """Something that happened; its digest covers the entry before it. Each kind has fields of its own."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"example": _ENTRY})

    n: int
    at: str
    previous: str
    entry_digest: str


class Inbox(BaseModel):
    """What waits, oldest first."""

    model_config = example(approvals=[{**_APPROVAL, "knowledge": _CITED}], next=17)

    approvals: list[WaitingApproval]
    next: int = Field(description="where `/approvals/events` goes on")


class DecidedApprovals(BaseModel):
    """What was decided, newest first."""

    model_config = example(approvals=[_DECIDED])

    approvals: list[Approval]


class ApprovalEvents(BaseModel):
    """What happened, in order."""

    model_config = example(events=[_ENTRY], next=17)

    events: list[AuditEntry]
    next: int = Field(description="the `after` to ask with again")


class ApprovalWithHistory(WaitingApproval):
    """One approval, and everything that happened to it."""

    model_config = example(**_APPROVAL, knowledge=_CITED, history=[_ENTRY])

    history: list[AuditEntry]


class WaitingSession(BaseModel):
    """All that a session waits for."""

    model_config = example(session_id=SESSION, approvals=[{**_APPROVAL, "knowledge": _CITED}])

    session_id: str
    approvals: list[WaitingApproval]


class Deputyship(BaseModel):
    """Who answers in whose place, and when."""

    model_config = example(**_DEPUTY)

    delegation_id: int
    person: str
    deputy: str
    reason: str
    starts_at: datetime
    ends_at: datetime
    ended_at: datetime | None = Field(description="when it was taken back before its end")
    created_at: datetime
    workspace_id: str


class StandingDeputyship(Deputyship):
    """The same, and whether it holds now."""

    in_force: bool


class Deputyships(BaseModel):
    """Every delegation, newest first."""

    model_config = example(delegations=[{**_DEPUTY, "in_force": True}])

    delegations: list[StandingDeputyship]
