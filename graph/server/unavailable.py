"""Parts of the LangGraph API that this server does not have yet; each says so."""

from typing import Final

from fastapi import APIRouter

from graph.server.encoding import JsonResponse
from graph.server.errors import error_response

router = APIRouter(tags=["not available"])
REASONS: Final = {
    "/threads/{thread_id}/stream/events": "the v3 protocol is not spoken; GET /threads/{thread_id}/stream instead",
    "/threads/{thread_id}/commands": "the v3 protocol is not spoken; start a run instead",
}


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
