"""Deputies: a person lets another answer approvals, for a time. `/delegations…`."""

from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from graph.server.border import BorderRoute
from graph.server.encoding import JsonResponse
from graph.server.errors import ApiError
from graph.server.replies.approvals import Deputyship, Deputyships
from graph.server.server_parts import Caller, Parts

router = APIRouter(prefix="/delegations", tags=["approvals"], route_class=BorderRoute)
LONGEST: Final = timedelta(days=366)


class Delegation(BaseModel):
    """Who may answer in your place, and until when."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"deputy": "dora", "until": "2031-01-31T00:00:00Z", "reason": "holiday"}
        },
    )

    deputy: str = Field(min_length=1, max_length=100)
    until: AwareDatetime
    starting: AwareDatetime | None = Field(default=None, description="by default at once")
    reason: str = Field(default="", max_length=2000)


@router.post("", status_code=201, response_model=Deputyship)
async def delegate(parts: Parts, caller: Caller, said: Delegation) -> JsonResponse:
    """Name a deputy, who may answer what you may answer; not what you asked for yourself."""
    said, now = parts.kept(said), parts.desk.now()
    starts = said.starting or now
    _check(caller, said, starts, now)
    row = await parts.database.row(
        "new_delegation",
        person=caller,
        deputy=said.deputy,
        reason=said.reason,
        starts_at=starts,
        ends_at=said.until,
    )
    return JsonResponse(row, status_code=201)


@router.get("", response_model=Deputyships)
async def delegations(
    parts: Parts,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> JsonResponse:
    """Every delegation, newest first, and whether it is in force."""
    rows = await parts.database.rows(
        "delegations", now=parts.desk.now(), limit=limit, offset=offset
    )
    return JsonResponse({"delegations": rows})


@router.delete("/{delegation_id}", response_model=Deputyship)
async def end_delegation(
    parts: Parts, caller: Caller, delegation_id: Annotated[int, Path(ge=1, le=2**62)]
) -> JsonResponse:
    """Take it back before its time."""
    row = await parts.database.row(
        "end_delegation", delegation_id=delegation_id, person=caller, now=parts.desk.now()
    )
    if row is None:
        raise ApiError(404, f"{caller} has no delegation {delegation_id} that could end")
    return JsonResponse(row)


def _check(caller: str, said: Delegation, starts: datetime, now: datetime) -> None:
    if said.deputy == caller:
        raise ApiError(422, "nobody is their own deputy")
    if said.until <= max(starts, now) or said.until - starts > LONGEST:
        raise ApiError(
            422,
            "a delegation ends after its start, within a year",
            hint="say until, with a time zone: 2027-01-31T18:00:00Z",
        )
