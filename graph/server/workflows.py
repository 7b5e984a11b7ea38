"""Runs, and the plan of one with how far each step is. `/workflows…`."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse, Response

from graph.planning.picture import mermaid
from graph.planning.progress_of_plan import progress_of
from graph.server.border import BorderRoute
from graph.server.encoding import JsonResponse
from graph.server.errors import ApiError
from graph.server.replies.planning import PlanAtWork, RecentRuns
from graph.server.run_request import PathId
from graph.server.server_parts import Parts

PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/json": {}, "text/plain": {"schema": {"type": "string"}}}}
}
RunStatus = Literal["pending", "running", "success", "error", "timeout", "interrupted"]
router = APIRouter(tags=["planning"], route_class=BorderRoute)


@router.get("/workflows", response_model=RecentRuns)
async def list_runs(
    parts: Parts,
    status: RunStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> JsonResponse:
    """Runs of every session, newest first, each with its question."""
    rows = await parts.database.rows("recent_runs", status=status, limit=limit, offset=offset)
    return JsonResponse({"runs": rows})


@router.get("/workflows/{run_id}/graph", responses=PICTURE, response_model=PlanAtWork)
async def workflow_graph(
    parts: Parts,
    run_id: PathId,
    format: Literal["json", "mermaid"] = "json",  # noqa: A002 - the name that callers use
) -> Response:
    """Steps with status and seconds, and the same as a Mermaid picture."""
    run = await parts.database.row("run_of_graph", run_id=run_id)
    if run is None:
        raise ApiError(404, f"there is no run {run_id!r}", hint="see GET /threads/{id}/runs")
    rows = await parts.database.rows("plan_events", run_id=run_id, thread_id=run["thread_id"])
    plan, states = progress_of(row["data"] for row in rows)
    if plan is None:
        raise ApiError(404, f"run {run_id!r} has no plan yet", hint="ask again when it works")
    picture = mermaid(plan, states)
    if format == "mermaid":
        return PlainTextResponse(picture)
    steps: list[dict[str, Any]] = [
        {
            "step_id": one.step_id,
            "agent": one.agent,
            "capability": one.capability,
            "depends_on": list(one.depends_on),
            "requires_approval": one.requires_approval,
            "estimate": one.estimate.model_dump(),
            **states[one.step_id],
        }
        for one in plan.steps
    ]
    body = {"run_id": run_id, "thread_id": run["thread_id"], "run_status": run["status"]}
    done = sum(one.get("seconds") is not None for one in steps)
    return JsonResponse(
        {**body, "plan": plan.model_dump(mode="json"), "digest": plan.digest(), "steps": steps,
         "finished": done, "of": len(steps), "mermaid": picture}
    )  # fmt: skip
