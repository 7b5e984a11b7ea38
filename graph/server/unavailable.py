"""Parts of the LangGraph API that this server does not have yet; each says so."""

from typing import Final

from fastapi import APIRouter

from graph.server.encoding import JsonResponse
from graph.server.errors import error_response

router = APIRouter(tags=["not available"])
REASONS: Final = {
    "/runs/crons": "runs cannot be scheduled yet; start them from outside",
    "/runs/crons/{rest:path}": "runs cannot be scheduled yet; start them from outside",
    "/threads/{thread_id}/runs/crons": "runs cannot be scheduled yet; start them from outside",
    "/threads/{thread_id}/stream": "threads cannot be followed as a whole; follow their runs",
    "/threads/{thread_id}/stream/events": "threads cannot be followed as a whole; follow their runs",
    "/threads/{thread_id}/commands": "the v3 protocol is not spoken; start a run instead",
}
MANAGED: Final = "assistants are built in, one for each graph; pass context with the run instead"


def _says(reason: str) -> None:
    async def refuse() -> JsonResponse:
        return error_response(501, reason, hint="see GET /docs for what there is")

    for path, why in REASONS.items():
        if why == reason:
            router.add_api_route(
                path, refuse, methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
                status_code=501, include_in_schema=False,
            )  # fmt: skip


for _reason in dict.fromkeys(REASONS.values()):
    _says(_reason)


@router.post("/assistants", include_in_schema=False)
@router.patch("/assistants/{assistant}", include_in_schema=False)
@router.delete("/assistants/{assistant}", include_in_schema=False)
@router.post("/assistants/{assistant}/latest", include_in_schema=False)
async def manage_assistants() -> JsonResponse:
    """Refuse, and say why."""
    return error_response(501, MANAGED)
