"""Where browsers get what opens a stream for them. `/tickets`."""

from typing import Any, cast

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from graph.caller import current_caller
from graph.server.border import BorderRoute
from graph.server.door.entrance import GUEST, Doorkeeper
from graph.server.door.tickets import ROUTES
from graph.server.encoding import JsonResponse
from graph.server.errors import ApiError
from graph.server.replies.chat import Ticket

router = APIRouter(tags=["door"], route_class=BorderRoute)


class WantedTicket(BaseModel):
    """What is to be opened with it."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"path": "/ws"}})

    path: str = Field(pattern="^/", max_length=500, description="of a stream, or /ws")


@router.post("/tickets", response_model=Ticket)
async def give_ticket(request: Request, wanted: WantedTicket) -> JsonResponse:
    """Get a ticket for one stream: good once, within a minute, for your rights and this path only."""
    keeper = cast("Doorkeeper", request.app.state.doorkeeper)
    kinds: list[dict[str, Any]] = [{"type": "http", "method": "GET"}, {"type": "websocket"}]
    found = {keeper.routes.find({**one, "path": wanted.path}).path for one in kinds}
    if not found & ROUTES:
        raise ApiError(
            422, "tickets are for streams only", hint="one of " + ", ".join(sorted(ROUTES))
        )
    credential = request.scope[GUEST].credential
    return JsonResponse(await keeper.tickets.give(current_caller(), credential, wanted.path))
