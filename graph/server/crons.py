"""Runs by the clock. `/runs/crons…`, `/threads/{thread_id}/runs/crons`."""

import uuid
from typing import Any, Final

from fastapi import APIRouter, Response
from psycopg.types.json import Jsonb
from pydantic import ValidationError

from graph.caller import current_caller
from graph.server.assistant_book import assistant_of
from graph.server.border import BorderRoute
from graph.server.cron_request import CronChange, CronRequest, CronSearch
from graph.server.cron_schedule import next_time
from graph.server.database import Row, Statements
from graph.server.door.audit import write_privileged
from graph.server.door.authentication import require
from graph.server.encoding import JsonResponse
from graph.server.errors import ApiError
from graph.server.replies.runs import Cron, SelectedCron
from graph.server.run_request import PathId
from graph.server.server_parts import Parts, ServerParts
from graph.server.snapshots import only
from graph.server.thread_rights import check_is_own

router = APIRouter(tags=["crons"], route_class=BorderRoute)
MOST_OF_ONE: Final = 100
SHOWN: Final = (
    "cron_id", "assistant_id", "thread_id", "on_run_completed", "end_time", "schedule", "timezone",
    "created_at", "updated_at", "payload", "next_run_date", "metadata", "enabled", "last_run_id", "last_error",
)  # fmt: skip


def cron_body(row: Row) -> dict[str, Any]:
    """A cron as the API says it."""
    return {**{name: row[name] for name in SHOWN}, "user_id": row["owner"]}


@router.post("/runs/crons", response_model=Cron)
async def create_cron(parts: Parts, cron: CronRequest) -> JsonResponse:
    """Have a run started by the clock, each time on a thread of its own."""
    return await _created(parts, None, cron)


@router.post("/threads/{thread_id}/runs/crons", response_model=Cron)
async def create_cron_of_thread(parts: Parts, thread_id: PathId, cron: CronRequest) -> JsonResponse:
    """Have a run of a thread started by the clock."""
    if cron.on_run_completed is not None:
        raise ApiError(422, "on_run_completed is for crons without a thread", hint="leave it out")
    row = await parts.database.row("thread_owner", thread_id=thread_id)
    if row is None:
        raise ApiError(404, f"there is no thread {thread_id}", hint="make it: POST /threads")
    check_is_own(row["owner"])
    return await _created(parts, thread_id, cron)


@router.post("/runs/crons/search", response_model=list[SelectedCron])
async def search_crons(parts: Parts, search: CronSearch | None = None) -> JsonResponse:
    """Find crons, newest first."""
    search = search or CronSearch()
    rows = await parts.database.rows(
        "search_crons",
        **await _filters(parts, search),
        enabled=search.enabled,
        sort_by=search.sort_by,
        descending=search.sort_order == "desc",
        limit=search.limit,
        offset=search.offset,
    )
    return JsonResponse([only(cron_body(row), search.select) for row in rows])


@router.post("/runs/crons/count")
async def count_crons(parts: Parts, search: CronSearch | None = None) -> int:
    """How many there are."""
    row = await parts.database.row("count_crons", **await _filters(parts, search or CronSearch()))
    return row["found"] if row else 0


@router.patch("/runs/crons/{cron_id}", response_model=Cron)
async def change_cron(parts: Parts, cron_id: PathId, change: CronChange) -> JsonResponse:
    """Change when it runs, or what; its next run is reckoned anew."""
    async with parts.database.transaction() as statements:
        row = await _own_cron(parts, statements, cron_id)
        try:
            cron = parts.kept(change).applied(row)
        except ValidationError as error:
            raise ApiError(422, str(error)[:500], hint="see /docs for what a cron takes") from error
        await parts.desk.checked(statements, cron)
        changed = await statements.row("change_cron", cron_id=cron_id, **_kept(parts, cron))
    assert changed is not None  # noqa: S101 - it is locked
    return JsonResponse(cron_body(changed))


@router.delete("/runs/crons/{cron_id}", status_code=204)
async def delete_cron(parts: Parts, cron_id: PathId) -> Response:
    """Start no more runs; those that were started go on."""
    async with parts.database.transaction() as statements:
        await _own_cron(parts, statements, cron_id)
        await statements.rows("delete_cron", cron_id=cron_id)
    return Response(status_code=204)


async def _created(parts: ServerParts, thread_id: str | None, cron: CronRequest) -> JsonResponse:
    cron = parts.kept(cron)
    async with parts.database.transaction() as statements:
        _, assistant = await parts.desk.checked(statements, cron)
        mine = await statements.row("crons_of_owner")
        if mine is not None and mine["found"] >= MOST_OF_ONE:
            raise ApiError(409, f"you have {MOST_OF_ONE} crons already", hint="delete one")
        made = await statements.row(
            "new_cron",
            cron_id=str(uuid.uuid4()),
            key_id=current_caller().key_id or None,
            thread_id=thread_id,
            assistant_id=assistant["assistant_id"],
            **_kept(parts, cron),
        )
    assert made is not None  # noqa: S101 - an insert without conditions returns its row
    return JsonResponse(cron_body(made))


def _kept(parts: ServerParts, cron: CronRequest) -> dict[str, Any]:
    next_run = next_time(cron.schedule, cron.timezone, parts.desk.now())
    over = next_run is None or (cron.end_time is not None and next_run > cron.end_time)
    return {
        "schedule": cron.schedule,
        "timezone": cron.timezone,
        "payload": Jsonb(cron.payload()),
        "metadata": Jsonb(cron.metadata or {}),
        "on_run_completed": cron.on_run_completed,
        "enabled": cron.enabled,
        "end_time": cron.end_time,
        "next_run_date": None if over else next_run,
    }


async def _own_cron(parts: ServerParts, statements: Statements, cron_id: str) -> Row:
    """The cron, locked: its owner's to change, or an operator's, and then that is written down."""
    row = await statements.row("cron", cron_id=cron_id)
    if row is None:
        raise ApiError(404, f"there is no cron {cron_id}", hint="POST /runs/crons/search")
    caller = current_caller()
    if row["owner"] != caller.name:
        require(caller, "operator")
        await write_privileged(parts.database, {"route": "another's cron", "cron_id": cron_id})
    return row


async def _filters(parts: ServerParts, search: CronSearch) -> dict[str, Any]:
    asked = search.assistant_id
    found = await assistant_of(parts.database, parts.graphs, asked) if asked else None
    return {
        "assistant_id": found and found["assistant_id"],
        "thread_id": search.thread_id,
        "metadata": Jsonb(search.metadata or {}),
    }
