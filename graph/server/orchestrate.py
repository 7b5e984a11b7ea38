"""A question in, a session to follow: the plain way in for callers without langgraph_sdk."""

import asyncio
import uuid
from typing import Any, Literal

from fastapi import APIRouter
from langchain_core.runnables import RunnableConfig
from pydantic import BaseModel, ConfigDict, Field, model_validator

from graph.classification.question_back import asked_back
from graph.selection import EVERYTHING, Selection
from graph.server.approval_rows import action_name, approval_body
from graph.server.approvals import Decided, ResumedRun, Said, decide
from graph.server.border import BorderRoute
from graph.server.correlation import current_session_id
from graph.server.database import Row
from graph.server.encoding import JsonResponse, plain
from graph.server.errors import ApiError
from graph.server.replies.orchestration import Session, Started
from graph.server.run_request import OwnId, PathId, RunRequest
from graph.server.runs import until_ended
from graph.server.server_parts import Caller, Parts, ServerParts
from graph.server.threads import check_own_thread, known_thread
from kb_contract.text_border import checked_text

router = APIRouter(tags=["orchestration"], route_class=BorderRoute)
ANSWER_FIELDS = (
    "answer",
    "citations",
    "coverage",
    "conflicts",
    "plan",
    "query_type",
    "usage",
    "timings",
    "answer_id",
    "trace_id",
)
STATUS_OF_THREAD = {"busy": "running", "error": "failed", "interrupted": "awaiting_approval"}


class Order(BaseModel):
    """A question, and how to go about it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"question": "How many days of leave?", "wait": True}},
    )

    question: str = Field(default="", max_length=100_000)
    query: str = Field(default="", max_length=100_000, description="the same as `question`")
    session_id: OwnId | None = None
    agent: str | None = Field(default=None, max_length=200)
    plan: dict[str, Any] | None = Field(default=None, description="a plan of your own")
    as_of: str | None = Field(
        default=None,
        max_length=60,
        description="answer from the past: a generation's number, a commit, or a moment",
    )
    only: Selection = Field(default=EVERYTHING, description="documents that are looked at")
    wait: bool = Field(default=False, description="answer only when it is done or waits for people")

    @model_validator(mode="after")
    def _asks_something(self) -> "Order":
        if not (self.question or self.query).strip():
            raise ValueError("a question is needed")
        return self

    def context(self) -> dict[str, Any] | None:
        """Return what the run is told beside its input."""
        said = {
            "as_of": self.as_of,
            "only": self.only.model_dump(mode="json", exclude_defaults=True),
        }
        return {name: value for name, value in said.items() if value} or None


class SessionDecision(Said):
    """An answer to what a session waits for."""

    model_config = ConfigDict(json_schema_extra={"example": {"decision": "approve"}})

    approval_id: OwnId | None = None
    approved: bool | None = None
    decision: Literal["approve", "reject", "edit", "respond"] | None = None
    args: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _decides(self) -> "SessionDecision":
        if self.kind == "edit" and self.args is None:
            raise ValueError("an edit needs args")
        if self.kind == "respond" and not self.message:
            raise ValueError("a response needs a message")
        return self

    @property
    def kind(self) -> str:
        return self.decision or ("reject" if self.approved is False else "approve")


@router.post(
    "/orchestrate",
    status_code=202,
    responses={200: {"model": Session, "description": "it is done, or waits"}},
    response_model=Started,
)
async def orchestrate(parts: Parts, caller: Caller, order: Order) -> JsonResponse:
    """Ask; follow with the status, or with the stream of the run."""
    question = asked_text(parts, order.question or order.query)
    session = order.session_id or current_session_id() or str(uuid.uuid4())
    request = RunRequest(
        assistant_id=next(iter(parts.graphs.graphs)),
        input={
            "question": question,
            "agent": order.agent,
            "own_plan": order.plan,
        },
        context=order.context(),
        stream_mode=["custom", "updates", "values"],
        stream_subgraphs=True,
        if_not_exists="create",
    )
    run = await parts.desk.start(session, request, caller)
    if order.wait:
        await until_ended(parts, run["run_id"])
        return JsonResponse(await session_body(parts, session), status_code=200)
    places = {
        "status_url": f"/orchestration/{session}/status",
        "stream_url": f"/threads/{session}/runs/{run['run_id']}/stream",
    }
    return JsonResponse(
        {"session_id": session, "run_id": run["run_id"], "status": "running", **places},
        status_code=202,
    )


@router.get("/orchestration/{session_id}/status", response_model=Session)
async def session_status(parts: Parts, session_id: PathId) -> JsonResponse:
    """How far it is, what it waits for, and the answer once there is one."""
    return JsonResponse(await session_body(parts, session_id))


@router.post("/orchestration/{session_id}/approve")
async def decide_in_session(
    parts: Parts, caller: Caller, session_id: PathId, said: SessionDecision | None = None
) -> ResumedRun:
    """Answer what the session waits for; `approval_id` says which when there are several."""
    said = said or SessionDecision()
    await known_thread(parts, session_id)
    row = await _waiting(parts, session_id, said.approval_id)
    decision: dict[str, Any] = {"type": said.kind}
    if said.kind == "edit":
        decision["edited_action"] = {"name": action_name(row["request"]), "args": said.args}
    beside = {name: getattr(said, name) for name in Said.model_fields}
    about = Decided(thread_id=session_id, **beside)
    return await decide(parts, caller, row["approval_id"], decision, about)


@router.delete("/orchestration/{session_id}", response_model=Session)
async def stop_session(parts: Parts, caller: Caller, session_id: PathId) -> JsonResponse:
    """Stop what works, and withdraw what waits for people."""
    await check_own_thread(parts, session_id, "stop")
    runs = await _runs(parts, session_id)
    active = [run for run in runs if run["status"] in ("pending", "running")]
    for run in active:
        await parts.desk.cancel(session_id, run["run_id"], "interrupt", caller)
    async with parts.database.transaction() as statements:
        await statements.row("lock_thread", thread_id=session_id)
        await statements.rows("drop_approvals", thread_id=session_id, decided_by=caller, keep=[])
    await asyncio.gather(*(until_ended(parts, run["run_id"]) for run in active))
    return JsonResponse({**await session_body(parts, session_id), "status": "cancelled"})


def asked_text(parts: ServerParts, said: str) -> str:
    """The question, clean; one that no run would take is refused before there is one."""
    return checked_text(said, what="question", at_most=parts.settings.max_question_chars)


async def session_body(parts: ServerParts, session_id: str) -> dict[str, Any]:
    """Everything that a caller asks of a session."""
    thread = await known_thread(parts, session_id)
    place = RunnableConfig(configurable={"thread_id": session_id})
    state = await parts.graphs.of_thread(thread["metadata"]).aget_state(place)
    pending = await parts.database.rows(
        "pending_approvals", thread_id=session_id, limit=100, offset=0
    )
    runs = await _runs(parts, session_id)
    values: dict[str, Any] = plain(state.values) or {}
    return {
        "session_id": session_id,
        "thread_id": session_id,
        "run_id": runs[0]["run_id"] if runs else None,
        "status": _status(thread, values, pending, runs),
        "error": runs[0]["error"] if runs else None,
        "approvals": [approval_body(row) for row in pending],
        **{name: values.get(name) for name in ANSWER_FIELDS},
        "answer": values.get("answer") or asked_back(pending) or None,
    }


def _status(thread: Row, values: dict[str, Any], pending: list[Row], runs: list[Row]) -> str:
    if pending and thread["status"] != "busy":
        return "needs_clarification" if asked_back(pending) else "awaiting_approval"
    if runs and runs[0]["status"] == "interrupted":
        return "cancelled"
    if thread["status"] == "interrupted":
        return "cancelled"
    return STATUS_OF_THREAD.get(thread["status"]) or str(values.get("status") or "completed")


async def _waiting(parts: ServerParts, session_id: str, approval_id: str | None) -> Row:
    if approval_id is not None:
        rows = await parts.database.rows("approval", approval_id=approval_id, thread_id=session_id)
    else:
        rows = await parts.database.rows(
            "pending_approvals", thread_id=session_id, limit=100, offset=0
        )
    if not rows:
        status = 404 if approval_id else 409
        raise ApiError(status, "the session waits for no such answer", hint="see its status")
    if len(rows) > 1:
        ids = [row["approval_id"] for row in rows]
        raise ApiError(
            422, f"it waits for {len(ids)}: {', '.join(ids)}", hint="say approval_id",
            more={"pending": ids},
        )  # fmt: skip
    return rows[0]


async def _runs(parts: ServerParts, session_id: str) -> list[Row]:
    return await parts.database.rows(
        "runs_of_thread", thread_id=session_id, limit=100, offset=0, status=None
    )
