"""Plans and question types, outside of any run. `/classify /plan /validate /optimize`."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from graph.server.border import BorderRoute
from graph.server.encoding import JsonResponse
from graph.server.errors import ApiError
from graph.server.replies.planning import BetterPlan, Classified, JudgedPlan, MadePlan
from graph.server.server_parts import Parts, Planning, ServerParts

router = APIRouter(tags=["planning"], route_class=BorderRoute)


class Asked(BaseModel):
    """A question."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"question": "How many days of leave?"}}
    )

    question: str = Field(min_length=1, max_length=100_000)


class GivenPlan(BaseModel):
    """A plan of the caller's."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "plan": {"query": "How many days?", "steps": [{"step_id": "s1", "agent": "hr"}]}
            }
        },
    )

    plan: dict[str, Any]


def _planning(parts: ServerParts) -> Planning:
    if parts.planning is None:
        raise ApiError(503, "this server was started without a planner", hint="start it: kb serve")
    return parts.planning


@router.post("/classify", response_model=Classified)
async def classify(parts: Parts, asked: Asked) -> JsonResponse:
    """Type of the question, how sure that is, and which path decided."""
    return JsonResponse(await _planning(parts).classify(asked.question))


@router.post("/plan", response_model=MadePlan)
async def plan(parts: Parts, asked: Asked) -> JsonResponse:
    """The plan that would answer it, with estimate and picture."""
    return JsonResponse(await _planning(parts).plan(asked.question))


@router.post("/validate", response_model=JudgedPlan)
async def validate(parts: Parts, given: GivenPlan) -> JsonResponse:
    """What is wrong with a plan."""
    return JsonResponse(await _planning(parts).validate(given.plan))


@router.post("/optimize", response_model=BetterPlan)
async def optimize(parts: Parts, given: GivenPlan) -> JsonResponse:
    """A shorter plan for the same answer."""
    return JsonResponse(await _planning(parts).optimize(given.plan))
