"""What stands in a generation, and what changed between two. `/knowledge/{agent_id}/…`."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query

from graph.server.border import BorderRoute
from graph.server.database import Row
from graph.server.encoding import JsonResponse
from graph.server.errors import ApiError, ErrorBody
from graph.server.knowledge import own_agents
from graph.server.replies.knowledge import Changes, Documents, Names
from graph.server.run_request import PathId
from graph.server.server_parts import Parts, ServerParts
from kb_contract.audience import callers_groups

router = APIRouter(prefix="/knowledge", tags=["knowledge"], route_class=BorderRoute)
Number = Annotated[int, Path(ge=1, lt=2**31)]
Asked = Annotated[int, Query(ge=1, lt=2**31, description="number of a generation")]
Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]


@router.get("/{agent_id}/generations/{number}/documents", response_model=Documents)
async def list_documents(
    parts: Parts,
    agent_id: PathId,
    number: Number,
    status: Literal["published", "unpublished", "quarantined"] | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> JsonResponse:
    """Files of one generation: title, size, chunks; those that could not be read first, with the reason."""
    standing = await _standing(parts, agent_id, number)
    rows = await _read(
        parts, "generation_documents", agent_id=agent_id, number=number, status=status,
        limit=limit, offset=offset,
    )  # fmt: skip
    return JsonResponse({"agent_id": agent_id, **standing, "documents": rows})


@router.get(
    "/{agent_id}/changes",
    response_model=Changes,
    responses={410: {"model": ErrorBody, "description": "retention took one of them"}},
)
async def list_changes(
    parts: Parts, agent_id: PathId, before: Asked, after: Asked, limit: Limit = 500
) -> JsonResponse:
    """Documents that were added, removed or changed between two generations, with their chunks."""
    sides = [await _standing(parts, agent_id, one) for one in (before, after)]
    gone = [one["number"] for one in sides if not one["kept"]]
    if gone:
        raise ApiError(
            410, f"generation {gone[0]} of {agent_id} is not kept any more",
            hint="retention left its row only; its files are in git at its commit",
        )  # fmt: skip
    rows = await _read(
        parts, "changed_documents", agent_id=agent_id, before=before, after=after, limit=limit
    )
    shown = {"before": sides[0], "after": sides[1]}
    return JsonResponse({"agent_id": agent_id, **shown, "documents": rows})


@router.get("/{agent_id}/names", response_model=Names)
async def list_names(parts: Parts, agent_id: PathId, limit: Limit = 40) -> JsonResponse:
    """What the live documents of an agent name most often."""
    own_agents([agent_id])
    rows = await _read(parts, "names_of_agent", agent_id=agent_id, limit=limit)
    return JsonResponse({"agent_id": agent_id, "names": rows})


async def _standing(parts: ServerParts, agent_id: str, number: int) -> Row:
    own_agents([agent_id])
    found = await _read(parts, "generation_standing", agent_id=agent_id, number=number)
    if not found:
        raise ApiError(
            404, f"agent {agent_id} never had a generation {number}",
            hint=f"GET /knowledge/{agent_id}/generations",
        )  # fmt: skip
    return found[0]


async def _read(parts: ServerParts, name: str, **values: Any) -> list[Row]:
    """The ledger is the writer's; here it is read as whoever may only read it, with the caller's groups."""
    groups = list(callers_groups(parts.settings.kb_audience))
    async with parts.database.transaction() as statements:
        await statements.rows("as_reader")
        return await statements.rows(name, groups=groups, **values)
