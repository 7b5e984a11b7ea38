"""States of a thread: the newest, those before it, and changes by hand."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from langchain_core.runnables import RunnableConfig
from langgraph.errors import EmptyInputError, InvalidUpdateError
from langgraph.types import StateSnapshot
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graph.server.border import BorderRoute
from graph.server.encoding import JsonResponse
from graph.server.errors import ApiError
from graph.server.graph_set import Graph
from graph.server.replies.threads import State, WrittenState
from graph.server.run_request import ID_PATTERN, CheckpointPlace, Metadata, OwnId, PathId
from graph.server.server_parts import Parts, ServerParts
from graph.server.snapshots import checkpoint_body, only, snapshot_body
from graph.server.threads import known_thread

router = APIRouter(prefix="/threads/{thread_id}", tags=["threads"], route_class=BorderRoute)
Select = Annotated[list[str] | None, Query(max_length=50)]


class StateAt(BaseModel):
    """A state of the past."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"checkpoint": {"checkpoint_id": "1f0"}}}
    )

    checkpoint: CheckpointPlace
    subgraphs: bool = False
    select: list[str] | None = None


class StateChange(BaseModel):
    """Values to write as if a node had written them."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"values": {"question": "How many days?"}, "as_node": "intake"}
        }
    )

    values: Any = None
    as_node: str | None = Field(default=None, max_length=200)
    checkpoint: CheckpointPlace | None = None
    checkpoint_id: OwnId | None = None


class HistorySearch(BaseModel):
    """Which states to list."""

    model_config = ConfigDict(json_schema_extra={"example": {"limit": 10}})

    limit: int = Field(default=10, ge=1, le=1000)
    before: CheckpointPlace | OwnId | None = None
    metadata: Metadata | None = None
    checkpoint: CheckpointPlace | None = None
    select: list[str] | None = None


def place_of(
    thread_id: str, *places: CheckpointPlace | None, checkpoint_id: str | None = None
) -> RunnableConfig:
    """Where a state lies."""
    place: dict[str, Any] = {"thread_id": thread_id, "checkpoint_ns": ""}
    for one in places:
        place |= one.configurable() if one else {}
    if checkpoint_id:
        place["checkpoint_id"] = checkpoint_id
    return RunnableConfig(configurable=place)


async def _graph(parts: ServerParts, thread_id: str) -> Graph:
    thread = await known_thread(parts, thread_id)
    return parts.graphs.of_thread(thread["metadata"])


async def _state(parts: ServerParts, config: RunnableConfig, *, subgraphs: bool) -> StateSnapshot:
    place: dict[str, Any] = config.get("configurable", {})
    graph = await _graph(parts, place["thread_id"])
    try:
        state = await graph.aget_state(config, subgraphs=subgraphs)
    except ValueError as error:
        raise ApiError(404, f"there is no such state: {error}"[:300]) from error
    if place.get("checkpoint_id") and state.created_at is None:
        raise ApiError(404, "there is no such checkpoint", hint="see /history")
    return state


@router.get("/state", response_model=State)
async def get_state(
    parts: Parts, thread_id: PathId, *, subgraphs: bool = False, select: Select = None
) -> JsonResponse:
    """The newest state."""
    state = await _state(parts, place_of(thread_id), subgraphs=subgraphs)
    return JsonResponse(only(snapshot_body(state), select))


@router.get("/state/{checkpoint_id}", response_model=State)
async def get_state_at(
    parts: Parts,
    thread_id: PathId,
    checkpoint_id: PathId,
    *,
    subgraphs: bool = False,
    select: Select = None,
) -> JsonResponse:
    """The state at a checkpoint."""
    config = place_of(thread_id, checkpoint_id=checkpoint_id)
    state = await _state(parts, config, subgraphs=subgraphs)
    return JsonResponse(only(snapshot_body(state), select))


@router.post("/state/checkpoint", response_model=State)
async def get_state_at_place(parts: Parts, thread_id: PathId, at: StateAt) -> JsonResponse:
    """The state at a checkpoint, of a subgraph too."""
    state = await _state(parts, place_of(thread_id, at.checkpoint), subgraphs=at.subgraphs)
    return JsonResponse(only(snapshot_body(state), at.select))


@router.post("/state", response_model=WrittenState)
async def change_state(parts: Parts, thread_id: PathId, change: StateChange) -> JsonResponse:
    """Write values; from a checkpoint of the past this forks the thread."""
    change = parts.kept(change)
    thread = await known_thread(parts, thread_id)
    if thread["status"] == "busy":
        raise ApiError(409, "the thread works on a run", hint="wait for it, or cancel it")
    graph = await _graph(parts, thread_id)
    config = place_of(thread_id, change.checkpoint, checkpoint_id=change.checkpoint_id)
    try:
        placed = await graph.aupdate_state(config, change.values, as_node=change.as_node)
    except (
        InvalidUpdateError,
        EmptyInputError,
        ValidationError,
        ValueError,
        TypeError,
        KeyError,
    ) as error:
        said = f"the graph refuses these values: {type(error).__name__}: {error}"
        raise ApiError(422, said[:500], hint="see GET /assistants/{id}/schemas") from error
    return JsonResponse(
        {"checkpoint": checkpoint_body(placed), "configurable": checkpoint_body(placed)}
    )


@router.post("/history", response_model=list[State])
async def search_history(
    parts: Parts, thread_id: PathId, search: HistorySearch | None = None
) -> JsonResponse:
    """States, newest first."""
    return await _history(parts, thread_id, search or HistorySearch())


@router.get("/history", response_model=list[State])
async def get_history(
    parts: Parts,
    thread_id: PathId,
    limit: Annotated[int, Query(ge=1, le=1000)] = 10,
    before: Annotated[str | None, Query(pattern=ID_PATTERN)] = None,
) -> JsonResponse:
    """States, newest first."""
    place = CheckpointPlace(checkpoint_id=before) if before else None
    return await _history(parts, thread_id, HistorySearch(limit=limit, before=place))


async def _history(parts: ServerParts, thread_id: str, search: HistorySearch) -> JsonResponse:
    graph = await _graph(parts, thread_id)
    before = search.before
    place = CheckpointPlace(checkpoint_id=before) if isinstance(before, str) else before
    states = graph.aget_state_history(
        place_of(thread_id, search.checkpoint),
        limit=search.limit,
        before=place_of(thread_id, place) if place else None,
        filter=search.metadata,
    )
    bodies = [only(snapshot_body(state), search.select) async for state in states]
    return JsonResponse(bodies)
