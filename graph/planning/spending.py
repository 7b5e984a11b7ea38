"""Steps that a model is paid for, and a person's agreement to them."""

from typing import Final

from graph.planning.workflow_plan import WorkflowPlan, WorkflowStep

_PAID: Final = frozenset({"knowledge", "reasoning", "synthesis", "tool"})


def paid_steps(plan: WorkflowPlan) -> list[WorkflowStep]:
    """Return the steps in which a model may be asked."""
    return [one for one in plan.steps if one.capability in _PAID]


def asked_for(plan: WorkflowPlan, why: str) -> WorkflowPlan:
    """Return the plan with its paid steps behind an approval."""
    paid = {one.step_id for one in paid_steps(plan)}
    steps = tuple(
        one.model_copy(update={"requires_approval": True}) if one.step_id in paid else one
        for one in plan.steps
    )
    return plan.model_copy(
        update={"steps": steps, "requires_approval": True, "reasons": (*plan.reasons, why)}
    )
