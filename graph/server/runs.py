"""Runs of a thread, and runs without one. `/threads/{thread_id}/runs…`, `/runs…`."""

from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse
from langchain_core.runnables import RunnableConfig
from pydantic import BaseModel, ConfigDict, Field

from graph.caller import current_caller
from graph.server.border import BorderRoute
from graph.server.database import Row
from graph.server.door.authentication import require
from graph.server.encoding import JsonResponse, to_json
from graph.server.errors import ApiError
from graph.server.replies.runs import FinalValues, Run, SelectedRun, Stopping
from graph.server.resume_guard import ResumeConflict
from graph.server.run_creation import run_body
from graph.server.run_request import OwnId, PathId, RunRequest
from graph.server.server_parts import Caller, Parts, ServerParts
from graph.server.streams import SSE, error_stream, last_seen
from graph.server.threads import check_own_thread, known_thread

router = APIRouter(tags=["runs"], route_class=BorderRoute)
THREAD_RUNS = "/threads/{thread_id}/runs"
Action = Literal["interrupt", "rollback"]
LastEventId = Annotated[str | None, Header(alias="Last-Event-ID")]


class BulkCancel(BaseModel):
    """Which runs to cancel."""

    model_config = ConfigDict(json_schema_extra={"example": {"thread_id": "t-1", "status": "all"}})

    thread_id: OwnId | None = None
    run_ids: list[OwnId] | None = Field(default=None, max_length=1000)
    status: Literal["pending", "running", "all"] | None = None


async def known_run(parts: ServerParts, thread_id: str, run_id: str) -> Row:
    """The run's row, or 404."""
    run = await parts.database.row("run", run_id=run_id)
    if run is None or run["thread_id"] != thread_id:
        raise ApiError(404, f"there is no run {run_id} on thread {thread_id}")
    return run


def _stream(parts: ServerParts, run: Row, request: RunRequest, caller: str) -> StreamingResponse:
    async def call_off() -> None:
        try:
            await parts.desk.cancel(run["thread_id"], run["run_id"], "interrupt", caller)
        except ApiError:
            return  # it ended meanwhile

    leave = call_off if request.on_disconnect == "cancel" else None
    return parts.streams.respond(run["thread_id"], run["run_id"], on_leave=leave)


def _created(run: Row) -> JsonResponse:
    place = f"/threads/{run['thread_id']}/runs/{run['run_id']}"
    return JsonResponse(run_body(run), headers={"Content-Location": place})


def wait_response(parts: ServerParts, thread_id: str, run_id: str) -> StreamingResponse:
    """Answer with the final values; headers go at once, so that a cut-off client can come again."""

    async def body() -> AsyncIterator[str]:
        error: Any = None
        async for row in parts.streams.tail(run_id):
            if row is None:
                yield "\n"  # space before JSON keeps the connection alive
            elif row["event"] == "error":
                error = orjson.loads(row["data"])
        if parts.streams.closing.is_set():
            raise ConnectionResetError("the server stops; come again at Location")
        yield to_json({"__error__": error} if error else await _values(parts, thread_id))

    place = f"/threads/{thread_id}/runs/{run_id}"
    return StreamingResponse(
        body(),
        media_type="application/json",
        headers={"Content-Location": place, "Location": f"{place}/join"},
    )


async def _values(parts: ServerParts, thread_id: str) -> Any:
    thread = await parts.database.row("thread", thread_id=thread_id)
    if thread is None:
        return None
    place = RunnableConfig(configurable={"thread_id": thread_id})
    state = await parts.graphs.of_thread(thread["metadata"]).aget_state(place)
    if not state.interrupts:
        return state.values
    waiting = [{"id": one.id, "value": one.value} for one in state.interrupts]
    return {**state.values, "__interrupt__": waiting}


@router.post(THREAD_RUNS, response_model=Run)
async def create_run(
    parts: Parts, caller: Caller, thread_id: PathId, run: RunRequest
) -> JsonResponse:
    """Start a run in the background."""
    return _created(await parts.desk.start(thread_id, run, caller))


@router.post(f"{THREAD_RUNS}/stream", **SSE)
async def stream_run(
    parts: Parts, caller: Caller, thread_id: PathId, run: RunRequest
) -> StreamingResponse:
    """Start a run and follow it."""
    try:
        started = await parts.desk.start(thread_id, run, caller)
    except ResumeConflict as conflict:
        # An answer to what was settled before is told in the stream; one that lost a race gets 409.
        if conflict.settled and not run.strict_resume:
            return error_stream(conflict)
        raise
    return _stream(parts, started, run, caller)


@router.post(f"{THREAD_RUNS}/wait", response_model=FinalValues | None)
async def wait_for_run(
    parts: Parts, caller: Caller, thread_id: PathId, run: RunRequest
) -> StreamingResponse:
    """Start a run and answer with its final values."""
    started = await parts.desk.start(thread_id, run, caller)
    return wait_response(parts, thread_id, started["run_id"])


@router.get(THREAD_RUNS, response_model=list[SelectedRun])
async def list_runs(
    parts: Parts,
    thread_id: PathId,
    limit: Annotated[int, Query(ge=1, le=1000)] = 10,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    status: Literal["pending", "running", "success", "error", "timeout", "interrupted"]
    | None = None,
    select: Annotated[list[str] | None, Query(max_length=20)] = None,
) -> JsonResponse:
    """Runs of a thread, newest first."""
    await known_thread(parts, thread_id)
    rows = await parts.database.rows(
        "runs_of_thread", thread_id=thread_id, limit=limit, offset=offset, status=status
    )
    return JsonResponse([run_body(row, select) for row in rows])


@router.get(f"{THREAD_RUNS}/{{run_id}}", response_model=Run)
async def get_run(parts: Parts, thread_id: PathId, run_id: PathId) -> JsonResponse:
    """One run."""
    return JsonResponse(run_body(await known_run(parts, thread_id, run_id)))


@router.delete(f"{THREAD_RUNS}/{{run_id}}", status_code=204)
async def delete_run(parts: Parts, thread_id: PathId, run_id: PathId) -> Response:
    """Forget a run that has ended."""
    run = await known_run(parts, thread_id, run_id)
    await check_own_thread(parts, thread_id)
    if run["status"] in ("pending", "running"):
        raise ApiError(409, "the run still works", hint="cancel it first")
    await parts.database.row("delete_run", run_id=run_id, attempt=None)
    return Response(status_code=204)


@router.get(f"{THREAD_RUNS}/{{run_id}}/join", response_model=FinalValues | None)
async def join_run(parts: Parts, thread_id: PathId, run_id: PathId) -> StreamingResponse:
    """Wait for a run and answer with its final values."""
    await known_run(parts, thread_id, run_id)
    return wait_response(parts, thread_id, run_id)


@router.get(f"{THREAD_RUNS}/{{run_id}}/stream", **SSE)
async def join_stream(  # noqa: PLR0913 - each is a parameter of the route
    parts: Parts,
    caller: Caller,
    thread_id: PathId,
    run_id: PathId,
    stream_mode: Annotated[list[str] | None, Query(max_length=20)] = None,
    last_event_id: LastEventId = None,
    *,
    cancel_on_disconnect: bool = False,
) -> StreamingResponse:
    """Follow a run: from after `Last-Event-ID`, else from its start."""
    await known_run(parts, thread_id, run_id)
    if cancel_on_disconnect:
        require(current_caller(), "asker")

    async def call_off() -> None:
        try:
            await parts.desk.cancel(thread_id, run_id, "interrupt", caller)
        except ApiError:
            return  # it ended meanwhile

    return parts.streams.respond(
        thread_id,
        run_id,
        after=last_seen(last_event_id),
        modes=[one for one in stream_mode or [] if one],
        on_leave=call_off if cancel_on_disconnect else None,
    )


@router.post(
    f"{THREAD_RUNS}/{{run_id}}/cancel",
    responses={202: {"model": Stopping, "description": "it will stop"}},
    response_model=Stopping,
)
async def cancel_run(
    parts: Parts,
    caller: Caller,
    thread_id: PathId,
    run_id: PathId,
    action: Action = "interrupt",
    *,
    wait: bool = False,
) -> JsonResponse:
    """Stop a run; `rollback` also undoes what it did to the thread."""
    await parts.desk.cancel(thread_id, run_id, action, caller)
    if wait:
        await until_ended(parts, run_id)
    return JsonResponse({}, status_code=200 if wait else 202)


async def until_ended(parts: ServerParts, run_id: str) -> None:
    """Wait for the run's end."""
    async for _ in parts.streams.tail(run_id):
        run = await parts.database.row("run", run_id=run_id)
        if run is None or run["status"] not in ("pending", "running"):
            return


@router.post("/runs/cancel", status_code=204)
async def cancel_runs(
    parts: Parts, caller: Caller, which: BulkCancel, action: Action = "interrupt"
) -> Response:
    """Stop several runs of a thread."""
    if which.thread_id is None:
        raise ApiError(422, "thread_id is needed", hint="cancel thread by thread")
    await known_thread(parts, which.thread_id)
    rows = await parts.database.rows(
        "runs_of_thread", thread_id=which.thread_id, limit=1000, offset=0, status=None
    )
    states = {"pending", "running"} if which.status in (None, "all") else {which.status}
    for row in rows:
        named = which.run_ids is None or row["run_id"] in which.run_ids
        if named and row["status"] in states:
            await parts.desk.cancel(which.thread_id, row["run_id"], action, caller)
    return Response(status_code=204)


@router.post("/runs", response_model=Run)
async def create_stateless_run(parts: Parts, caller: Caller, run: RunRequest) -> JsonResponse:
    """Start a run on a thread of its own."""
    return _created(await parts.desk.start(None, run, caller))


@router.post("/runs/stream", **SSE)
async def stream_stateless_run(parts: Parts, caller: Caller, run: RunRequest) -> StreamingResponse:
    """Start a run on a thread of its own, and follow it."""
    return _stream(parts, await parts.desk.start(None, run, caller), run, caller)


@router.post("/runs/wait", response_model=FinalValues | None)
async def wait_for_stateless_run(
    parts: Parts, caller: Caller, run: RunRequest
) -> StreamingResponse:
    """Start a run on a thread of its own, and answer with its final values."""
    started = await parts.desk.start(None, run, caller)
    return wait_response(parts, started["thread_id"], started["run_id"])


@router.post("/runs/batch", response_model=list[Run])
async def create_batch(parts: Parts, caller: Caller, runs: list[RunRequest]) -> JsonResponse:
    """Start several runs, each on a thread of its own: all of them, or none."""
    if len(runs) > 100:
        raise ApiError(422, "at most 100 runs in a batch")
    started = await parts.desk.start_together(runs, caller)
    return JsonResponse([run_body(one) for one in started])
