"""How good answers are: measurements over time, and questions that nobody could answer. `/evaluations`, `/gaps`."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from graph.server.border import BorderRoute
from graph.server.encoding import JsonResponse
from graph.server.knowledge import own_agents
from graph.server.replies.answers import Evaluations, Gaps
from graph.server.run_request import OwnId
from graph.server.server_parts import Parts

router = APIRouter(tags=["answers"], route_class=BorderRoute)
Limit = Annotated[int, Query(ge=1, le=1000)]
Agent = Annotated[OwnId | None, Query(description="of one agent; none: of all that you may ask")]


@router.get("/evaluations", response_model=Evaluations)
async def list_evaluations(
    parts: Parts,
    agent: Agent = None,
    kind: Literal["retrieval", "answers", "citations", "extraction"] | None = None,
    limit: Limit = 200,
) -> JsonResponse:
    """What `kb eval` measured, newest first: figures, and how they differ from the time before."""
    _check(agent)
    rows = await parts.database.rows(
        "evaluations_of_callers", agent_id=agent, kind=kind, limit=limit
    )
    return JsonResponse({"evaluations": rows})


@router.get("/gaps", response_model=Gaps)
async def list_gaps(
    parts: Parts,
    agent: Agent = None,
    state: Literal["open", "closed", "dismissed"] | None = None,
    limit: Limit = 100,
) -> JsonResponse:
    """Questions that an agent had nothing about: open ones first, the most asked before the others."""
    _check(agent)
    rows = await parts.database.rows("gaps_of_callers", agent_id=agent, state=state, limit=limit)
    return JsonResponse({"gaps": rows})


def _check(agent: str | None) -> None:
    if agent is not None:
        own_agents([agent])
