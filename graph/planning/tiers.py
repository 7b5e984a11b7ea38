"""Which tier of models a step is worth, and why; what its agent says of itself stands above it."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from graph.planning.registry import Registry
from graph.planning.workflow_plan import WorkflowPlan, WorkflowStep
from kb_contract.agent_manifest import ModelTier

SEVERAL: Final = 2
MANY_SIDES: Final = 3
MANY_STEPS: Final = 4


def with_tiers(plan: WorkflowPlan, registry: Registry, given: Collection[str] = ()) -> WorkflowPlan:
    """Give steps their tiers, and say why, but for those `given` theirs by whoever wrote the plan."""
    steps: list[WorkflowStep] = []
    reasons: list[str] = []
    for step in plan.steps:
        if step.step_id in given:
            steps.append(step)
            continue
        tier, why = _own(step, registry) or planned_tier(step, plan)
        steps.append(step.model_copy(update={"model_tier": tier}))
        reasons += [f"{_said_of(step)}{tier} models: {why}"] if why else []
    return plan.model_copy(update={"steps": tuple(steps), "reasons": (*plan.reasons, *reasons)})


def reasons_left(before: WorkflowPlan, steps: Collection[WorkflowStep]) -> tuple[str, ...]:
    """Return the plan's reasons without those of tiers that its steps have no more."""
    kept = {(one.step_id, one.model_tier) for one in steps}
    gone = [one for one in before.steps if (one.step_id, one.model_tier) not in kept]
    return tuple(why for why in before.reasons if not why.startswith(tuple(map(_said_of, gone))))


def planned_tier(step: WorkflowStep, plan: WorkflowPlan) -> tuple[ModelTier, str]:
    """Return what the step is worth by its place in the plan; the usual tier needs no reason."""
    findings = len(step.depends_on)
    if step.capability == "reasoning" and findings >= SEVERAL:
        return "strong", f"it reasons over {findings} findings"
    if step.capability == "comparison" and findings >= MANY_SIDES:
        return "strong", f"it compares {findings} findings"
    if step.capability == "synthesis":
        return _of_joining(plan.shape, len(plan.steps))
    alone = len(plan.steps) == 1 and plan.query_type == "simple_lookup"
    if alone and step.capability == "knowledge":
        return "cheap", "a single lookup only quotes"
    return "standard", ""


def synthesis_tier(plan: Mapping[str, Any], *, conflicts: int) -> tuple[str, str]:
    """Return what wording the whole answer is worth, when it is known what the steps found."""
    if conflicts:
        return "strong", "findings contradict each other"
    steps: Sequence[Mapping[str, Any]] = plan.get("steps", ())
    if len(steps) == 1:
        return steps[0].get("model_tier", "standard"), "it only rewords what one step found"
    return _of_joining(plan.get("shape"), len(steps))


def _of_joining(shape: str | None, steps: int) -> tuple[ModelTier, str]:
    if shape == "mixed" and steps >= MANY_STEPS:
        return "strong", f"it joins a mixed plan of {steps} steps"
    return "standard", ""


def _said_of(step: WorkflowStep) -> str:
    return f"{step.step_id} asks "


def _own(step: WorkflowStep, registry: Registry) -> tuple[ModelTier, str] | None:
    agent = registry.find(step.agent)
    own = agent.model_tier if agent else None
    return (own, f"{step.agent} says so of itself") if own else None
