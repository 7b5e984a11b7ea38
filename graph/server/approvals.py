"""The inbox: what waits for a person, and what was decided. `/approvals…`."""

import time
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from graph.server.approval_answering import Answering, one_approval
from graph.server.approval_knowledge import with_knowledge
from graph.server.approval_rows import action_name, approval_body
from graph.server.audit_entries import entry_body
from graph.server.border import BorderRoute
from graph.server.database import Row
from graph.server.encoding import JsonResponse
from graph.server.errors import ApiError
from graph.server.replies.approvals import (
    Approval,
    ApprovalEvents,
    ApprovalWithHistory,
    DecidedApprovals,
    Inbox,
    WaitingSession,
)
from graph.server.replies.examples import DIGEST, RUN, SESSION, example
from graph.server.run_request import OwnId, PathId
from graph.server.server_parts import Caller, Parts, ServerParts
from graph.server.signals import APPROVALS, happened

router = APIRouter(prefix="/approvals", tags=["approvals"], route_class=BorderRoute)
Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
ThreadId = Annotated[str | None, Query(max_length=128)]
After = Annotated[int, Query(ge=0, le=2**62)]
Wait = Annotated[float, Query(ge=0, le=12, description="seconds, where nothing happened yet")]


class Said(BaseModel):
    """What a person says beside the decision itself, whichever way it comes."""

    model_config = ConfigDict(extra="forbid")

    message: str | None = Field(default=None, max_length=20_000)
    digest: str | None = Field(default=None, max_length=200, description="of what you were shown")
    knowledge: Literal["as_pinned", "refresh"] | None = Field(
        default=None, description="whether to look again at what is live now"
    )


class Decided(Said):
    """About an approval that is named; of a copied thread, say which thread."""

    model_config = ConfigDict(json_schema_extra={"example": {"message": "agreed with Ada"}})

    thread_id: OwnId | None = None


class Modified(Decided):
    """The action with other arguments."""

    model_config = ConfigDict(json_schema_extra={"example": {"args": {"amount": 50}}})

    args: dict[str, Any]


class ResumedRun(BaseModel):
    """The run that carries the decision."""

    model_config = example(
        approval_id="c1f0a7", status="approved", decided_by="bob", thread_id=SESSION,
        resume_run_id=RUN, digest=DIGEST, on_behalf_of=None,
    )  # fmt: skip

    approval_id: str
    status: str
    decided_by: str
    thread_id: str
    resume_run_id: str
    digest: str = ""
    on_behalf_of: str | None = None


@router.get("/pending", response_model=Inbox)
async def pending_approvals(
    parts: Parts, limit: Limit = 100, offset: Offset = 0, thread_id: ThreadId = None
) -> JsonResponse:
    """What waits, oldest first, and what became of the knowledge that it stands on; events go on after `next`."""
    newest = await parts.database.row("newest_entry") or {"n": 0}
    rows = await parts.database.rows(
        "pending_approvals", thread_id=thread_id, limit=limit, offset=offset
    )
    return JsonResponse({"approvals": await _shown(parts, rows), "next": newest["n"]})


@router.get("/history", response_model=DecidedApprovals)
async def decided_approvals(
    parts: Parts, limit: Limit = 100, offset: Offset = 0, thread_id: ThreadId = None
) -> JsonResponse:
    """What was decided, by whom and when, newest first."""
    rows = await parts.database.rows(
        "decided_approvals", thread_id=thread_id, limit=limit, offset=offset
    )
    return JsonResponse({"approvals": [approval_body(row) for row in rows]})


@router.get("/events", response_model=ApprovalEvents)
async def approval_events(
    parts: Parts, after: After = 0, limit: Limit = 100, wait: Wait = 0
) -> JsonResponse:
    """What happened to approvals since an entry of the audit, in order; with `wait`, as soon as something does."""
    ends = time.monotonic() + wait
    with parts.streams.signals.waiting_for(APPROVALS) as event:
        rows = await parts.database.rows("approval_events", after=after, limit=limit)
        while not rows and time.monotonic() < ends and not parts.streams.closing.is_set():
            await happened(event, within=ends - time.monotonic())
            rows = await parts.database.rows("approval_events", after=after, limit=limit)
    last = rows[-1]["n"] if rows else after
    return JsonResponse({"events": [entry_body(row) for row in rows], "next": last})


@router.get("/{approval_id}", response_model=ApprovalWithHistory | WaitingSession)
async def get_approval(
    parts: Parts, approval_id: PathId, thread_id: ThreadId = None
) -> JsonResponse:
    """One approval with everything that happened to it; of a session's id, all that it waits for."""
    waiting = await parts.database.rows(
        "pending_approvals", thread_id=approval_id, limit=1000, offset=0
    )
    if waiting:
        return JsonResponse({"session_id": approval_id, "approvals": await _shown(parts, waiting)})
    row = await one_approval(parts.database, approval_id, thread_id)
    [body] = await _shown(parts, [row])
    entries = await parts.database.rows("audit_after", after=0, approval_id=approval_id, limit=1000)
    history = [entry_body(one) for one in entries]
    mine = [one for one in history if one.get("thread_id") == row["thread_id"]]
    return JsonResponse({**body, "history": mine})


@router.post("/{approval_id}/approve")
async def approve(
    parts: Parts, caller: Caller, approval_id: PathId, said: Decided | None = None
) -> ResumedRun:
    """Let it be done as shown."""
    return await decide(parts, caller, approval_id, {"type": "approve"}, said or Decided())


@router.post("/{approval_id}/reject")
async def reject(
    parts: Parts, caller: Caller, approval_id: PathId, said: Decided | None = None
) -> ResumedRun:
    """Do not let it be done."""
    return await decide(parts, caller, approval_id, {"type": "reject"}, said or Decided())


@router.post("/{approval_id}/modify")
async def modify(parts: Parts, caller: Caller, approval_id: PathId, said: Modified) -> ResumedRun:
    """Let it be done with other arguments, which must fit `args_schema`."""
    row = await one_approval(parts.database, approval_id, said.thread_id)
    edited = {"name": action_name(row["request"]), "args": said.args}
    return await decide(parts, caller, approval_id, {"type": "edit", "edited_action": edited}, said)


@router.post("/{approval_id}/respond")
async def respond(parts: Parts, caller: Caller, approval_id: PathId, said: Decided) -> ResumedRun:
    """Put your words in the place of what would have been done."""
    if not said.message:
        raise ApiError(422, "a response needs a message", hint='send {"message": "…"}')
    return await decide(parts, caller, approval_id, {"type": "respond"}, said)


@router.post("/{approval_id}/revoke", response_model=Approval)
async def revoke(
    parts: Parts, caller: Caller, approval_id: PathId, thread_id: ThreadId = None
) -> JsonResponse:
    """Take your decision back, as long as nothing was done with it."""
    row = await one_approval(parts.database, approval_id, thread_id)
    await parts.desk.revoke(row["thread_id"], approval_id, caller)
    row = await one_approval(parts.database, approval_id, row["thread_id"])
    return JsonResponse(approval_body(row))


async def decide(
    parts: ServerParts, caller: str, approval_id: str, decision: Mapping[str, Any], said: Decided
) -> ResumedRun:
    """Answer an approval once, and resume its thread."""
    row = await one_approval(parts.database, approval_id, said.thread_id)
    more = {"message": said.message, "knowledge": said.knowledge}
    whole = {**decision, **{name: one for name, one in more.items() if one}}
    answering = Answering(parts.database, parts.desk, parts.graphs, parts.settings.approval_grace)
    run = await answering.answer(row, whole, caller, shown=said.digest)
    decided = await one_approval(parts.database, approval_id, row["thread_id"])
    return ResumedRun(
        approval_id=approval_id,
        status=decided["status"],
        decided_by=caller,
        thread_id=row["thread_id"],
        resume_run_id=run["run_id"],
        digest=decided["decided_digest"] or "",
        on_behalf_of=decided["on_behalf_of"],
    )


async def _shown(parts: ServerParts, rows: list[Row]) -> list[dict[str, Any]]:
    bodies = [approval_body(row) for row in rows]
    return await with_knowledge(parts.database, parts.settings.workspace_id, bodies)
