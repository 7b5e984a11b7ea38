"""Agents and the generations of what they know."""

from typing import Annotated

from fastapi import APIRouter, Query

from graph.server.border import BorderRoute
from graph.server.encoding import JsonResponse
from graph.server.errors import ApiError
from graph.server.run_request import PathId
from graph.server.server_parts import Parts

router = APIRouter(tags=["knowledge"], route_class=BorderRoute)


@router.get("/agents")
async def list_agents(parts: Parts) -> JsonResponse:
    """Every agent that can be asked now."""
    if parts.agents is None:
        raise ApiError(503, "this server was started without agents", hint="start it: kb serve")
    registry = await parts.agents.current()
    return JsonResponse({"agents": [one.model_dump() for one in registry.agents]})


@router.get("/knowledge/{agent_id}/generations")
async def list_generations(
    parts: Parts,
    agent_id: PathId,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> JsonResponse:
    """What an agent knew and knows, newest first."""
    rows = await parts.database.rows(
        "generations",
        workspace_id=parts.settings.workspace_id,
        agent_id=agent_id,
        limit=limit,
        offset=offset,
    )
    if not rows and offset == 0:
        raise ApiError(404, f"agent {agent_id} never had a generation", hint="kb ingest")
    return JsonResponse({"agent_id": agent_id, "generations": rows})
