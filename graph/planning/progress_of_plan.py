"""How far a plan is, out of the events that its runs wrote."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from graph.planning.workflow_plan import WorkflowPlan

StepStates = dict[str, dict[str, Any]]


def progress_of(events: Iterable[Mapping[str, Any]]) -> tuple[WorkflowPlan | None, StepStates]:
    """Return the last plan that was begun and the state of each of its steps.

    The same plan announced again is the same work gone on with; another one begins anew.
    """
    plan: WorkflowPlan | None = None
    states: StepStates = {}
    for event in events:
        if event.get("type") == "plan":
            announced = _plan(event.get("plan"))
            if announced is not None and (plan is None or announced.digest() != plan.digest()):
                plan = announced
                states = {one.step_id: {"status": "waiting"} for one in plan.steps}
        elif (step := states.get(str(event.get("step")))) is not None:
            step.update(_state(event))
    return plan, states


def _plan(data: Any) -> WorkflowPlan | None:
    try:
        return WorkflowPlan.model_validate(data)
    except ValidationError:  # of an older version: it cannot be shown
        return None


def _state(event: Mapping[str, Any]) -> dict[str, Any]:
    kind = event.get("type")
    if kind == "step_started":
        return {"status": "running"}
    if kind == "approval_asked":
        return {"status": "awaiting_approval"}
    if kind == "approval_answered":
        return {"status": "waiting", "decision": event.get("decision")}
    if kind in ("step_finished", "step_failed"):
        ended = {"status": event.get("status"), "seconds": event.get("seconds")}
        return {**ended, "error": event["error"]} if event.get("error") else ended
    return {}
