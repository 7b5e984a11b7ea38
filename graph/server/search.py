"""Passages of documents, without an answer around them. `/search`."""

import asyncio
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from graph.gateways.asked_selection import LOOKING_AT
from graph.gateways.asked_time import READING_AS_OF
from graph.retrieval.across_agents import comparable
from graph.selection import EVERYTHING, Selection, Word
from graph.server.border import BorderRoute
from graph.server.encoding import JsonResponse
from graph.server.errors import ApiError
from graph.server.replies.knowledge import Found
from graph.server.run_request import OwnId
from graph.server.server_parts import Parts, ServerParts
from graph.state import Passage

router = APIRouter(tags=["knowledge"], route_class=BorderRoute)
MOST_AGENTS = 3


class Wanted(BaseModel):
    """What to look for, and where."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"query": "days of leave", "limit": 3}}
    )

    query: str = Field(min_length=1, max_length=20_000)
    agent: OwnId | None = Field(default=None, description="null: those whose passages are nearest")
    tags: list[Word] | None = Field(default=None, max_length=20)
    only: Selection = Field(default=EVERYTHING, description="documents that are looked at")
    limit: int = Field(default=5, ge=1, le=50)
    as_of: str | None = Field(
        default=None, max_length=60, description="a generation's number, a commit, or a moment"
    )


@router.post("/search", response_model=Found)
async def search(parts: Parts, wanted: Wanted) -> JsonResponse:
    """Find passages, the best first, each with its place in git."""
    # Of this request alone: each has a context of its own.
    READING_AS_OF.set(wanted.as_of)
    LOOKING_AT.set(wanted.only)
    tagged = Selection(tags=tuple(wanted.tags or ()))
    chosen = await _agents(parts, wanted)
    reader = parts.reader
    assert reader is not None  # noqa: S101 - `_agents` has refused already
    found = await asyncio.gather(
        *(reader.search(one, wanted.query, limit=wanted.limit, only=tagged) for one in chosen)
    )
    passages = sorted((one for each in found for one in each), key=lambda one: -comparable(one))
    return JsonResponse(
        {"agents": chosen, "passages": [_shown(one) for one in passages[: wanted.limit]]}
    )


async def _agents(parts: ServerParts, wanted: Wanted) -> list[str]:
    """Only agents that the caller's registry has are ever looked at."""
    if parts.reader is None or parts.agents is None:
        raise ApiError(503, "this server was started without knowledge", hint="start it: kb serve")
    registry = await parts.agents.current()
    known = [
        one.agent_id for one in registry.by_capability("knowledge") if one.generation is not None
    ]
    if wanted.agent is not None:
        if wanted.agent not in known:
            there = ", ".join(known) or "none"
            raise ApiError(404, f"there is no agent {wanted.agent}", hint=f"agents: {there}")
        return [wanted.agent]
    near = await parts.reader.affinity(wanted.query, known)
    return sorted(known, key=lambda one: -near.get(one, 0.0))[:MOST_AGENTS]


def _shown(passage: Passage) -> dict[str, Any]:
    return {**passage, "sha": passage["git_sha"]}
