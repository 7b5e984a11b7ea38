"""The inbox: what waits for a person, and what was decided. `/approvals…`."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from graph.server.approval_rows import action_name, approval_body
from graph.server.border import BorderRoute
from graph.server.database import Row
from graph.server.encoding import JsonResponse
from graph.server.errors import ApiError
from graph.server.run_request import CommandBody, OwnId, PathId, RunRequest
from graph.server.server_parts import Caller, Parts, ServerParts

router = APIRouter(prefix="/approvals", tags=["approvals"], route_class=BorderRoute)
Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
ThreadId = Annotated[str | None, Query(max_length=128)]
RESUME_MODES = ["custom", "updates", "values"]


class Decided(BaseModel):
    """What a person says beside the decision itself."""

    model_config = ConfigDict(extra="forbid")

    message: str | None = Field(default=None, max_length=20_000)
    thread_id: OwnId | None = None
    digest: str | None = Field(default=None, max_length=200, description="of what you were shown")


class Modified(Decided):
    """The action with other arguments."""

    args: dict[str, Any]


class ResumedRun(BaseModel):
    """The run that carries the decision."""

    approval_id: str
    status: str
    decided_by: str
    thread_id: str
    resume_run_id: str


@router.get("/pending")
async def pending_approvals(
    parts: Parts, limit: Limit = 100, offset: Offset = 0, thread_id: ThreadId = None
) -> JsonResponse:
    """What waits, oldest first."""
    return await _listed(parts, "pending_approvals", thread_id, limit, offset)


@router.get("/history")
async def decided_approvals(
    parts: Parts, limit: Limit = 100, offset: Offset = 0, thread_id: ThreadId = None
) -> JsonResponse:
    """What was decided, by whom and when, newest first."""
    return await _listed(parts, "decided_approvals", thread_id, limit, offset)


async def _listed(
    parts: ServerParts, query: str, thread_id: str | None, limit: int, offset: int
) -> JsonResponse:
    rows = await parts.database.rows(query, thread_id=thread_id, limit=limit, offset=offset)
    return JsonResponse({"approvals": [approval_body(row) for row in rows]})


@router.get("/{approval_id}")
async def get_approval(
    parts: Parts, approval_id: PathId, thread_id: ThreadId = None
) -> JsonResponse:
    """One approval."""
    return JsonResponse(approval_body(await _one(parts, approval_id, thread_id)))


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
    said = said or Decided()
    return await decide(parts, caller, approval_id, _with_message("reject", said), said)


@router.post("/{approval_id}/modify")
async def modify(parts: Parts, caller: Caller, approval_id: PathId, said: Modified) -> ResumedRun:
    """Let it be done with other arguments."""
    row = await _one(parts, approval_id, said.thread_id)
    edited = {"name": action_name(row["request"]), "args": said.args}
    return await decide(parts, caller, approval_id, {"type": "edit", "edited_action": edited}, said)


async def decide(
    parts: ServerParts, caller: str, approval_id: str, decision: Mapping[str, Any], said: Decided
) -> ResumedRun:
    """Answer an approval once, and resume its thread."""
    row = await _one(parts, approval_id, said.thread_id)
    if said.digest is not None and said.digest != row["digest"]:
        raise ApiError(
            409, "what waits is not what you were shown", hint="look at it again and decide anew"
        )
    answer = {"decisions": [dict(decision)]}
    thread = await parts.database.row("thread", thread_id=row["thread_id"])
    graph_id = (thread or {"metadata": {}})["metadata"].get("graph_id")
    request = RunRequest(
        assistant_id=graph_id or next(iter(parts.graphs.graphs)),
        command=CommandBody(resume={row["approval_id"]: answer}),
        stream_mode=RESUME_MODES,
        stream_subgraphs=True,
    )
    run = await parts.desk.start(row["thread_id"], request, caller)
    decided = await _one(parts, approval_id, row["thread_id"])
    return ResumedRun(
        approval_id=approval_id,
        status=decided["status"],
        decided_by=caller,
        thread_id=row["thread_id"],
        resume_run_id=run["run_id"],
    )


def _with_message(kind: str, said: Decided) -> dict[str, Any]:
    return {"type": kind, "message": said.message} if said.message else {"type": kind}


async def _one(parts: ServerParts, approval_id: str, thread_id: str | None) -> Row:
    rows = await parts.database.rows("approval", approval_id=approval_id, thread_id=thread_id)
    if not rows:
        raise ApiError(404, f"there is no approval {approval_id}", hint="GET /approvals/pending")
    waiting = {row["thread_id"] for row in rows if row["status"] == "pending"}
    if len(waiting) > 1:
        raise ApiError(
            409, f"{len(waiting)} threads wait for this answer", hint="say which: thread_id"
        )
    return rows[0]
