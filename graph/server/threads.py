"""Threads: conversations and their states. `/threads…`."""

import uuid
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from langchain_core.runnables import RunnableConfig
from psycopg.types.json import Jsonb
from pydantic import BaseModel, ConfigDict, Field

from graph.server.border import BorderRoute
from graph.server.database import Row
from graph.server.encoding import JsonResponse
from graph.server.errors import ApiError
from graph.server.replies.threads import Pruned, SelectedThread, Thread
from graph.server.run_request import Metadata, OwnId, PathId
from graph.server.server_parts import Caller, Parts, ServerParts
from graph.server.snapshots import interrupts_by_task, only
from graph.server.thread_copying import ThreadCopying
from graph.server.thread_pruning import prune_at_rest
from graph.server.thread_rights import check_may_change

router = APIRouter(prefix="/threads", tags=["threads"], route_class=BorderRoute)
STATE_FIELDS = {"values", "interrupts"}
OF_RUNS = {"graph_id", "assistant_id"}


class TimeToLive(BaseModel):
    """How long a thread is kept."""

    ttl: float = Field(gt=0, le=5_256_000, description="minutes")
    strategy: Literal["delete"] = "delete"


Ttl = TimeToLive | Annotated[float, Field(gt=0, le=5_256_000)] | None


class NewThread(BaseModel):
    """A thread to be made."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"metadata": {"team": "hr"}, "if_exists": "do_nothing"}}
    )

    thread_id: OwnId | None = None
    metadata: Metadata | None = None
    if_exists: Literal["raise", "do_nothing"] = "raise"
    supersteps: list[Any] | None = None
    ttl: Ttl = None


class ChangedThread(BaseModel):
    """Metadata to add."""

    model_config = ConfigDict(json_schema_extra={"example": {"metadata": {"team": "hr"}}})

    metadata: Metadata | None = None
    ttl: Ttl = None


class ThreadSearch(BaseModel):
    """What to look for."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {"metadata": {"team": "hr"}, "status": "interrupted", "limit": 10}
        }
    )

    metadata: Metadata | None = None
    values: dict[str, Any] | None = None
    ids: list[OwnId] | None = Field(default=None, max_length=1000)
    status: Literal["idle", "busy", "interrupted", "error"] | None = None
    limit: int = Field(default=10, ge=1, le=1000)
    offset: int = Field(default=0, ge=0, le=1_000_000)
    sort_by: Literal["thread_id", "status", "created_at", "updated_at", "state_updated_at"] = (
        "updated_at"
    )
    sort_order: Literal["asc", "desc"] = "desc"
    select: list[str] | None = None

    def check(self) -> None:
        if self.values:
            raise ApiError(422, "threads cannot be found by values yet", hint="use metadata")

    def filters(self) -> dict[str, Any]:
        return {"metadata": Jsonb(self.metadata or {}), "status": self.status}


class PrunedThreads(BaseModel):
    """Which threads, and how much of each goes."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"thread_ids": ["t-1"], "strategy": "keep_latest"}}
    )

    thread_ids: list[OwnId] = Field(max_length=1000)
    strategy: Literal["delete", "keep_latest"] = "delete"


async def known_thread(parts: ServerParts, thread_id: str) -> Row:
    """The thread's row, or 404."""
    thread = await parts.database.row("thread", thread_id=thread_id)
    if thread is None:
        raise ApiError(404, f"there is no thread {thread_id}", hint="make it: POST /threads")
    return thread


async def thread_body(parts: ServerParts, thread: Row, select: list[str] | None) -> dict[str, Any]:
    """A thread as the API says it; its state is read only where it is wanted."""
    body: dict[str, Any] = {**thread, "values": None, "interrupts": {}}
    if select is None or STATE_FIELDS & {one.partition(".")[0] for one in select}:
        place = RunnableConfig(configurable={"thread_id": thread["thread_id"]})
        state = await parts.graphs.of_thread(thread["metadata"]).aget_state(place)
        body |= {"values": state.values or None, "interrupts": interrupts_by_task(state)}
    return only(body, select)


async def check_own_thread(parts: ServerParts, thread_id: str, what: str = "forget") -> None:
    """Whoever began a thread may change and forget it; so may operators, and that is written down."""
    row = await parts.database.row("thread_owner", thread_id=thread_id)
    if row is None:
        raise ApiError(404, f"there is no thread {thread_id}")
    await check_may_change(parts.database, thread_id, row["owner"], what)


@router.post("", response_model=Thread)
async def create_thread(parts: Parts, new: NewThread | None = None) -> JsonResponse:
    """Make a thread; one that exists is refused, or returned when `if_exists` says so."""
    new = parts.kept(new or NewThread())
    if new.supersteps:
        raise ApiError(422, "a thread cannot be made from supersteps yet", hint="copy a thread")
    thread_id = new.thread_id or str(uuid.uuid4())
    made = await parts.database.row(
        "new_thread", thread_id=thread_id, metadata=Jsonb(new.metadata or {})
    )
    if made is None and new.if_exists == "raise":
        raise ApiError(409, f"there is a thread {thread_id} already", hint="say if_exists")
    thread = made or await known_thread(parts, thread_id)
    await _keep_for(parts, thread_id, new.ttl if made else None)
    return JsonResponse(await thread_body(parts, thread, None))


@router.post("/search", response_model=list[SelectedThread])
async def search_threads(parts: Parts, search: ThreadSearch | None = None) -> JsonResponse:
    """Find threads, newest first."""
    search = search or ThreadSearch()
    search.check()
    rows = await parts.database.rows(
        "search_threads",
        **search.filters(),
        ids=search.ids,
        descending=search.sort_order == "desc",
        sort_by=search.sort_by.removeprefix("state_"),
        limit=search.limit,
        offset=search.offset,
    )
    return JsonResponse([await thread_body(parts, row, search.select) for row in rows])


@router.post("/count")
async def count_threads(parts: Parts, search: ThreadSearch | None = None) -> int:
    """How many there are."""
    search = search or ThreadSearch()
    search.check()
    row = await parts.database.row("count_threads", **search.filters())
    return row["found"] if row else 0


@router.post("/prune", response_model=Pruned)
async def prune_threads(parts: Parts, which: PrunedThreads) -> dict[str, int]:
    """Delete threads, or of each all states but its newest; one that is gone, or works, does not count."""
    pruned = 0
    for thread_id in dict.fromkeys(which.thread_ids):
        if await parts.database.row("thread", thread_id=thread_id) is None:
            continue
        if which.strategy == "delete":
            await forget_thread(parts, thread_id)
        elif not await prune_at_rest(parts.database, parts.saver, thread_id):
            continue
        pruned += 1
    return {"pruned_count": pruned}


@router.get("/{thread_id}", response_model=Thread)
async def get_thread(
    parts: Parts, thread_id: PathId, include: Annotated[str, Query(max_length=200)] = ""
) -> JsonResponse:
    """One thread with its values and what it waits for."""
    del include  # whatever it asks for is in the body anyway
    thread = await known_thread(parts, thread_id)
    return JsonResponse(await thread_body(parts, thread, None))


@router.patch("/{thread_id}", response_model=Thread)
async def change_thread(parts: Parts, thread_id: PathId, change: ChangedThread) -> JsonResponse:
    """Add to its metadata."""
    await check_own_thread(parts, thread_id, "change")
    change = parts.kept(change)
    # Which graph reads it, and answers what it asks, is for its runs to say.
    about = {k: v for k, v in (change.metadata or {}).items() if k not in OF_RUNS}
    row = await parts.database.row("change_thread", thread_id=thread_id, metadata=Jsonb(about))
    if row is None:
        raise ApiError(404, f"there is no thread {thread_id}")
    await _keep_for(parts, thread_id, change.ttl)
    return JsonResponse(await thread_body(parts, row, None))


async def _keep_for(parts: ServerParts, thread_id: str, ttl: Ttl) -> None:
    if ttl is not None:
        minutes = ttl.ttl if isinstance(ttl, TimeToLive) else ttl
        at = parts.desk.now() + timedelta(minutes=minutes)
        await parts.database.rows("keep_thread_until", thread_id=thread_id, at=at)


@router.delete("/{thread_id}", status_code=204)
async def delete_thread(parts: Parts, thread_id: PathId) -> Response:
    """Delete it with its runs, approvals and states; a run that works is stopped."""
    await check_own_thread(parts, thread_id)
    return await forget_thread(parts, thread_id)


async def forget_thread(parts: ServerParts, thread_id: str) -> Response:
    """Delete everything of it."""
    if await parts.database.row("delete_thread", thread_id=thread_id) is None:
        raise ApiError(404, f"there is no thread {thread_id}")
    await parts.saver.adelete_thread(thread_id)
    return Response(status_code=204)


@router.post("/{thread_id}/copy", response_model=Thread)
async def copy_thread(parts: Parts, caller: Caller, thread_id: PathId) -> JsonResponse:
    """A new thread with the same past, asking people for itself; what was allowed here is not allowed there."""
    copying = ThreadCopying(parts.database, parts.saver, parts.graphs)
    copy_id = await copying(thread_id, caller)
    return JsonResponse(await thread_body(parts, await known_thread(parts, copy_id), None))
