"""Agents, the generations of what they know, and asking the writer to look again."""

import uuid
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Path, Query
from psycopg.types.json import Jsonb
from pydantic import BaseModel, ConfigDict, Field

from graph.caller import current_caller
from graph.server.border import BorderRoute
from graph.server.correlation import current_trace_id
from graph.server.encoding import JsonResponse
from graph.server.errors import ApiError
from graph.server.replies.examples import RUN, example
from graph.server.replies.knowledge import Agents, Generations
from graph.server.run_request import OwnId, PathId
from graph.server.server_parts import Caller, Parts

router = APIRouter(tags=["knowledge"], route_class=BorderRoute)
INGEST: Final = "ingest"
_KEY: Final = r"^[\x21-\x7e]{1,200}$"
Key = Annotated[
    str | None, Header(alias="Idempotency-Key", pattern=_KEY, description="makes a repeat harmless")
]


class IngestBody(BaseModel):
    """Which agents to bring to what git says now."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"agents": ["git_recipes"]}}
    )

    agents: list[OwnId] | None = Field(
        default=None, min_length=1, max_length=1000, description="null: every agent"
    )
    force: bool = Field(default=False, description="a new generation even when nothing changed")


class RequestedOperation(BaseModel):
    """What the writer was asked for, and how far it is."""

    model_config = example(
        key="nightly-31", action="ingest", arguments={"agents": ["hr"], "force": False},
        status="done", requested_by="ann", result={"runs": [RUN]}, new=False,
    )  # fmt: skip

    key: str
    action: str
    arguments: dict[str, Any]
    status: str = Field(description="requested, running, done or failed")
    requested_by: str
    result: dict[str, Any] | None = Field(
        description="the Dagster runs, and the agents for which it cannot be done"
    )
    new: bool = Field(default=False, description="whether this request made it")


@router.get("/agents", response_model=Agents)
async def list_agents(parts: Parts) -> JsonResponse:
    """Every agent that can be asked now."""
    if parts.agents is None:
        raise ApiError(503, "this server was started without agents", hint="start it: kb serve")
    registry = await parts.agents.current()
    return JsonResponse({"agents": [one.model_dump() for one in registry.agents]})


@router.post(
    "/knowledge/ingest",
    status_code=202,
    response_model=RequestedOperation,
    responses={200: {"model": RequestedOperation, "description": "it was asked for before"}},
)
async def request_ingest(
    parts: Parts, caller: Caller, body: IngestBody, key: Key = None
) -> JsonResponse:
    """Ask the writer to bring agents to what git says now; the same key is the same request."""
    name = key or uuid.uuid4().hex
    wanted = {"agents": own_agents(body.agents), "force": body.force}
    async with parts.database.transaction() as statements:
        kept = await statements.row(
            "request_operation", key=name, action=INGEST, arguments=Jsonb(wanted), by=caller,
            trace_id=current_trace_id(),
        )  # fmt: skip
        row = await statements.row("operation", key=name)
    if row is None or row["action"] != INGEST or row["arguments"] != wanted:
        raise ApiError(409, "this Idempotency-Key was used for something else", hint="take another")
    return JsonResponse(_told(row, new=kept is not None), status_code=202 if kept else 200)


@router.get("/knowledge/{agent_id}/generations", response_model=Generations)
async def list_generations(
    parts: Parts,
    agent_id: PathId,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> JsonResponse:
    """What an agent knew and knows, newest first: commit, state, checks, who asked for it and how."""
    own_agents([agent_id])
    async with parts.database.transaction() as statements:
        # The ledger is the writer's; here it is read as whoever may only read it.
        await statements.rows("as_reader")
        rows = await statements.rows(
            "generations",
            workspace_id=parts.settings.workspace_id,
            agent_id=agent_id,
            limit=limit,
            offset=offset,
        )
    if not rows and offset == 0:
        raise ApiError(404, f"agent {agent_id} never had a generation", hint="kb ingest")
    return JsonResponse({"agent_id": agent_id, "generations": rows})


# After the generations: an agent may be called `operations`.
@router.get("/knowledge/operations/{key:path}", response_model=RequestedOperation)
async def show_operation(parts: Parts, key: Annotated[str, Path(pattern=_KEY)]) -> JsonResponse:
    """How far what was asked for is; it ends as done or failed, with its Dagster runs."""
    row = await parts.database.row("operation", key=key)
    mine = current_caller().agents
    if row is None or (mine is not None and not _agents_of(row) <= mine):
        raise ApiError(404, "nothing was asked for under this key", hint="POST /knowledge/ingest")
    return JsonResponse(_told(row, new=False))


def own_agents(agents: list[str] | None) -> list[str] | None:
    """The agents that are meant: only those that the caller may ask, and all of these for null."""
    caller = current_caller()
    if agents is None:
        return caller.scope
    others = [one for one in agents if not caller.may_ask(one)]
    if others:
        raise ApiError(404, f"there is no agent {', '.join(others)}"[:300], hint="GET /agents")
    return agents


def _agents_of(row: dict[str, Any]) -> set[str]:
    """The agents of an operation; every agent, which nobody's few are, when it names none."""
    said = row["arguments"]
    named = said.get("agents") or ([said["agent_id"]] if "agent_id" in said else ["*"])
    return {str(one) for one in named}


def _told(row: dict[str, Any], *, new: bool) -> dict[str, Any]:
    return {**row, "new": new}
