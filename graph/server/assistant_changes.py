"""Makes assistants, changes them into their next version, and forgets them. `/assistants…`."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

from fastapi import APIRouter, Query, Response
from psycopg.types.json import Jsonb

from graph.caller import current_caller
from graph.server.assistant_book import assistant_of
from graph.server.assistant_request import ChangedAssistant, LatestVersion, NewAssistant
from graph.server.border import BorderRoute
from graph.server.database import Row, Statements
from graph.server.door.audit import write_privileged
from graph.server.door.authentication import require
from graph.server.encoding import JsonResponse
from graph.server.errors import ApiError
from graph.server.graph_set import assistant_id
from graph.server.replies.assistants import Assistant
from graph.server.run_request import PathId
from graph.server.server_parts import Parts, ServerParts
from graph.server.threads import check_own_thread, forget_thread

router = APIRouter(prefix="/assistants", tags=["assistants"], route_class=BorderRoute)
MOST_OF_ONE: Final = 500
MOST_VERSIONS: Final = 1000
MOST_THREADS: Final = 1000


@router.post("", response_model=Assistant)
async def create_assistant(parts: Parts, new: NewAssistant) -> JsonResponse:
    """Make an assistant; one that exists is refused, or returned when `if_exists` says so."""
    graph_id = parts.graphs.name(new.graph_id)
    own_id = new.assistant_id or str(uuid.uuid4())
    if any(own_id in (name, assistant_id(name)) for name in parts.graphs.graphs):
        raise ApiError(409, f"{own_id} is the assistant of a graph", hint="choose another id")
    said = new.model_dump(exclude_none=True)
    async with parts.database.transaction() as statements:
        await _check_room(statements)
        made = await statements.row("new_assistant", assistant_id=own_id)
        if made is not None:
            whole = {"name": graph_id, **said, "graph_id": graph_id}
            await _keep_version(parts, statements, own_id, 1, whole)
        elif new.if_exists != "do_nothing":
            raise ApiError(409, f"there is an assistant {own_id} already", hint="say if_exists")
    return await _shown(parts, own_id)


@router.patch("/{assistant}", response_model=Assistant)
async def change_assistant(
    parts: Parts, assistant: PathId, change: ChangedAssistant
) -> JsonResponse:
    """Make its next version, which runs from now on."""
    async with parts.database.transaction() as statements:
        locked = await _own(parts, statements, assistant)
        if locked["newest"] >= MOST_VERSIONS:
            raise ApiError(409, f"it has {MOST_VERSIONS} versions", hint="make another assistant")
        before = await statements.row("assistant", assistant_id=assistant) or {}
        said = change.model_dump(exclude_none=True)
        about = {**before["metadata"], **said.get("metadata", {})}
        graph_id = parts.graphs.name(said.get("graph_id") or before["graph_id"])
        version = locked["newest"] + 1
        whole = {**before, **said, "metadata": about, "graph_id": graph_id}
        await _keep_version(parts, statements, assistant, version, whole)
        await statements.rows("set_assistant_version", assistant_id=assistant, version=version)
    return await _shown(parts, assistant)


@router.post("/{assistant}/latest", response_model=Assistant)
async def set_latest(parts: Parts, assistant: PathId, latest: LatestVersion) -> JsonResponse:
    """Let another version run from now on."""
    async with parts.database.transaction() as statements:
        await _own(parts, statements, assistant)
        found = await statements.row(
            "set_assistant_version", assistant_id=assistant, version=latest.version
        )
        if found is None:
            raise ApiError(404, f"it has no version {latest.version}", hint="see its versions")
    return await _shown(parts, assistant)


@router.delete("/{assistant}", status_code=204)
async def delete_assistant(
    parts: Parts, assistant: PathId, *, delete_threads: bool = Query(default=False)
) -> Response:
    """Forget it with all of its versions, and with `delete_threads` the threads that it ran on last."""
    async with parts.database.transaction() as statements:
        await _own(parts, statements, assistant)
        await statements.rows("delete_assistant", assistant_id=assistant)
    if delete_threads:
        await _forget_threads(parts, assistant)
    return Response(status_code=204)


async def _forget_threads(parts: ServerParts, assistant: str) -> None:
    """Those that the caller may forget; all are looked at before the first one goes."""
    threads = await parts.database.rows(
        "search_threads", metadata=Jsonb({"assistant_id": assistant}), status=None, ids=None,
        descending=False, sort_by="created_at", limit=MOST_THREADS, offset=0,
    )  # fmt: skip
    for one in threads:
        await check_own_thread(parts, one["thread_id"])
    for one in threads:
        await forget_thread(parts, one["thread_id"])


async def _check_room(statements: Statements) -> None:
    mine = await statements.row("assistants_of_owner")
    if mine is not None and mine["found"] >= MOST_OF_ONE:
        raise ApiError(409, f"you have {MOST_OF_ONE} assistants already", hint="delete one")


async def _own(parts: ServerParts, statements: Statements, assistant: str) -> Row:
    """The assistant, locked: its maker's to change, or an operator's, and then that is written down."""
    row = await statements.row("lock_assistant", assistant_id=assistant)
    if row is None:
        found = await assistant_of(statements, parts.graphs, assistant)
        raise ApiError(
            409, f"{found['name']} is built in", hint="make one of your own: POST /assistants"
        )
    caller = current_caller()
    if row["owner"] != caller.name:
        require(caller, "operator")
        about = {"route": "another's assistant", "assistant_id": assistant}
        await write_privileged(parts.database, about)
    return row


async def _keep_version(
    parts: ServerParts, statements: Statements, own_id: str, version: int, said: Mapping[str, Any]
) -> None:
    parts.graphs.check_context(said["graph_id"], said.get("context") or None)
    hidden = parts.desk.secrets.hidden
    await statements.rows(
        "new_assistant_version", assistant_id=own_id, version=version, graph_id=said["graph_id"],
        title=hidden(said["name"]), description=hidden(said.get("description")),
        **{one: Jsonb(hidden(said.get(one) or {})) for one in ("config", "context", "metadata")},
    )  # fmt: skip


async def _shown(parts: ServerParts, own_id: str) -> JsonResponse:
    return JsonResponse(await assistant_of(parts.database, parts.graphs, own_id))
