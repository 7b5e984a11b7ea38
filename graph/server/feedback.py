"""What people say of answers: `POST /feedback`. Praise and corrections become golden questions."""

from typing import Any, Literal

from fastapi import APIRouter
from psycopg.types.json import Jsonb
from pydantic import BaseModel, ConfigDict, Field

from graph.server.border import BorderRoute
from graph.server.encoding import JsonResponse
from graph.server.errors import ApiError, ErrorBody
from graph.server.replies.answers import GivenFeedback
from graph.server.run_request import OwnId
from graph.server.server_parts import Caller, Parts

router = APIRouter(tags=["answers"], route_class=BorderRoute)


class ShouldCite(BaseModel):
    """A passage that the answer should have stood on."""

    model_config = ConfigDict(extra="forbid")

    agent_id: OwnId
    path: str = Field(min_length=1, max_length=1000, description="as citations have it")
    quote: str | None = Field(default=None, max_length=2000, description="words that stand there")


class FeedbackBody(BaseModel):
    """Thumbs, and what would have been right."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {"answer_id": "a-1", "verdict": "down", "correction": "28 days"}
        },
    )

    answer_id: str = Field(min_length=1, max_length=200)
    verdict: Literal["up", "down"]
    correction: str = Field(default="", max_length=5000, description="what it should have said")
    passages: list[ShouldCite] = Field(default_factory=list[ShouldCite], max_length=20)


@router.post(
    "/feedback",
    status_code=201,
    responses={404: {"model": ErrorBody}, 422: {"model": ErrorBody}},
    response_model=GivenFeedback,
)
async def give_feedback(parts: Parts, caller: Caller, said: FeedbackBody) -> JsonResponse:
    """Say whether an answer was right; saying it again replaces what the same person said before."""
    said = parts.kept(said)
    passages: list[dict[str, Any]] = [one.model_dump() for one in said.passages]
    row = await parts.database.row(
        "give_feedback",
        answer_id=said.answer_id,
        by=caller,
        verdict=said.verdict,
        correction=said.correction,
        passages=Jsonb(passages),
    )
    if row is None:
        raise ApiError(
            404, f"no answer {said.answer_id} is kept", hint="take answer_id from the answer"
        )
    if said.verdict == "down":
        await parts.database.rows("forget_disliked", answer_id=said.answer_id)
    return JsonResponse(row, status_code=201)
