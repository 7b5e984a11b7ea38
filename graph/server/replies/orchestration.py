"""Questions that were asked, and how far they are. `/orchestrate /orchestration… /sessions… /agents/{id}/execute`."""

from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from graph.server.replies.approvals import Approval
from graph.server.replies.examples import AT, CHUNK, RUN, SESSION, SHA, example
from kb_contract.citation import Citation

CITATION: Final = {
    "quote": "Employees have 28 days of leave a year.", "path": "leave.md", "sha": SHA, "start": 8,
    "end": 47, "agent_id": "hr", "chunk_id": CHUNK, "generation": 4, "run_id": RUN, "score": 0.91,
    "heading_path": ["Leave"], "page": None, "title": "Leave", "uncommitted": False,
}  # fmt: skip
COVERAGE: Final[dict[str, Any]] = {
    "sentences": [{"text": "Employees have 28 days of leave a year.", "kind": "claim",
                   "supported": True, "citations": [1]}],
    "total": 1, "supported": 1, "left_out": {}, "policy": "drop",
}  # fmt: skip
_LINE: Final[dict[str, Any]] = {
    "seq": 41, "run": RUN, "at": AT, "type": "step_started", "step": "s1", "agent": "hr", "lane": "hr",
}  # fmt: skip


class Started(BaseModel):
    """It works; where to follow it."""

    model_config = example(
        session_id=SESSION, run_id=RUN, status="running",
        status_url=f"/orchestration/{SESSION}/status",
        stream_url=f"/threads/{SESSION}/runs/{RUN}/stream",
    )  # fmt: skip

    session_id: str
    run_id: str
    status: Literal["running"]
    status_url: str
    stream_url: str


class Session(BaseModel):
    """A question: how far it is, what it waits for, and the answer once there is one."""

    model_config = example(
        session_id=SESSION, thread_id=SESSION, run_id=RUN, status="completed", error=None,
        approvals=[], answer="Employees have 28 days of leave a year. [1]", citations=[CITATION],
        coverage=COVERAGE, conflicts=[], plan={"query": "How many days of leave?", "steps": []},
        query_type="simple_lookup", usage={"calls": 0, "cost": 0.0}, timings={"execute": 0.04},
        answer_id="a-1", trace_id=RUN,
    )  # fmt: skip

    session_id: str
    thread_id: str
    run_id: str | None
    status: str = Field(
        description="running, awaiting_approval, needs_clarification, completed, failed, cancelled, "
        "or what the answer says of itself"
    )
    error: str | None
    approvals: list[Approval] = Field(description="what it waits for")
    answer: str | None
    citations: list[Citation] | None = Field(description="[1] in the answer is the first of these")
    coverage: dict[str, Any] | None = Field(description="which sentence stands on which citations")
    conflicts: list[dict[str, Any]] | None = Field(description="sources that contradict each other")
    plan: dict[str, Any] | None
    query_type: str | None
    usage: dict[str, Any] | None
    timings: dict[str, float] | None = Field(description="seconds, by part")
    answer_id: str | None
    trace_id: str | None


class ListedSession(BaseModel):
    """A conversation, by its last question."""

    session_id: str
    status: Literal["idle", "busy", "interrupted", "error"]
    created_at: datetime
    updated_at: datetime
    run_id: str | None
    question: str
    requested_by: str | None


class Sessions(BaseModel):
    """Conversations, the newest first."""

    model_config = example(
        sessions=[{"session_id": SESSION, "status": "idle", "created_at": AT, "updated_at": AT,
                   "run_id": RUN, "question": "How many days of leave?", "requested_by": "ann"}]
    )  # fmt: skip

    sessions: list[ListedSession]


class TranscriptLine(BaseModel):
    """Something that a session told; each type has fields of its own."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"example": _LINE})

    seq: int
    run: str
    at: str
    type: str
    step: Any
    agent: Any
    lane: Any


class Transcript(BaseModel):
    """All that was told so far."""

    model_config = example(events=[_LINE], next=41, ended=False)

    events: list[TranscriptLine]
    next: int = Field(description="the `after` to go on with")
    ended: bool
