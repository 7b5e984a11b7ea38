"""Sessions: conversations with their answers, for people and pages. `/sessions…`, `/agents/{id}/execute`."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from graph.server.border import BorderRoute
from graph.server.encoding import JsonResponse
from graph.server.errors import ApiError
from graph.server.orchestrate import Order, orchestrate, session_body, stop_session
from graph.server.replies.orchestration import Session, Sessions, Started
from graph.server.run_request import OwnId, PathId
from graph.server.server_parts import Caller, Parts
from graph.server.threads import check_own_thread, forget_thread

router = APIRouter(tags=["orchestration"], route_class=BorderRoute)


class Execution(BaseModel):
    """What an agent is asked."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"question": "How many days of leave?"}}
    )

    question: str = Field(default="", max_length=100_000)
    query: str = Field(default="", max_length=100_000, description="the same as `question`")
    session_id: OwnId | None = None
    wait: bool = Field(default=True, description="answer only when it is done or waits for people")

    @model_validator(mode="after")
    def _asks_something(self) -> "Execution":
        if not (self.question or self.query).strip():
            raise ValueError("a question is needed")
        return self


@router.get("/sessions", response_model=Sessions)
async def list_sessions(
    parts: Parts,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> JsonResponse:
    """Conversations, the newest first: what was asked last, and how far it is."""
    rows = await parts.database.rows("sessions", limit=limit, offset=offset)
    return JsonResponse({"sessions": rows})


@router.get("/sessions/{session_id}", response_model=Session)
async def get_session(parts: Parts, session_id: PathId) -> JsonResponse:
    """One conversation: its newest answer, or what it waits for."""
    return JsonResponse(await session_body(parts, session_id))


@router.delete("/sessions/{session_id}", status_code=204)
async def delete_session(parts: Parts, caller: Caller, session_id: PathId) -> Response:
    """Stop what works, and forget the conversation."""
    await check_own_thread(parts, session_id)
    await stop_session(parts, caller, session_id)
    return await forget_thread(parts, session_id)


@router.post(
    "/agents/{agent_id}/execute",
    responses={202: {"model": Started, "description": "it works"}},
    response_model=Session,
)
async def execute_agent(
    parts: Parts, caller: Caller, agent_id: PathId, said: Execution
) -> JsonResponse:
    """Ask one agent, and no other."""
    if parts.agents is None:
        raise ApiError(503, "this server was started without agents", hint="start it: kb serve")
    if (await parts.agents.current()).find(agent_id) is None:
        raise ApiError(404, f"there is no agent {agent_id}", hint="GET /agents")
    order: dict[str, Any] = {**said.model_dump(), "agent": agent_id}
    return await orchestrate(parts, caller, Order(**order))
