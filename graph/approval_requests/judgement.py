"""What we say to a person about a step: impact, risk, what we would do, and what happens next.

Rules, not a model: the words come from the plan and the registry, never from documents or tools.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

from graph.planning.workflow_plan import AgentCapability, WorkflowPlan, WorkflowStep
from graph.state import StepResult

Level = Literal["low", "medium", "high"]
REFRESH: Final = "refresh_knowledge"
_IMPACT: Final = {
    "action": "It changes something outside of this conversation.",
    "tool": "It calls a tool outside of this conversation.",
}
_NO_IMPACT: Final = "It reads, and writes nothing but its part of the answer."
_REFRESH_IMPACT: Final = (
    "The writer reads the agent's folder again. What it builds goes live only when it passes its "
    "checks, and `kb rollback` takes it back."
)


def impact_of(step: WorkflowStep, agent: AgentCapability | None) -> str:
    """Say what changes in the world when the step is done."""
    if step.parameters.get("action") == REFRESH:
        return _REFRESH_IMPACT
    if _changes(step, agent):
        return _IMPACT["action"]
    return _IMPACT.get(step.capability, _NO_IMPACT)


def risk_of(
    step: WorkflowStep, agent: AgentCapability | None, evidence: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """How much can go wrong, and why we think so."""
    level: Level = "medium" if step.capability == "tool" else "low"
    because: list[str] = []
    if step.parameters.get("action") == REFRESH:
        because.append("it can be taken back: kb rollback")
    elif _changes(step, agent):
        level = "high"
        because.append("what it changes may not be taken back from here")
    if any(one["uncommitted"] for one in evidence):
        because.append("it rests on text that is not committed")
        level = "medium" if level == "low" else level
    if agent is None:
        because.append(f"there is no agent {step.agent!r} now")
        level = "high"
    return {"level": level, "because": because or ["it changes nothing"]}


def recommendation_of(
    risk: Mapping[str, Any],
    evidence: Sequence[Mapping[str, Any]],
    needed: Mapping[str, StepResult],
    missing: Sequence[str],
) -> dict[str, str]:
    """What we would do. The person decides."""
    if missing:
        because = f"what it was to stand on is missing: {', '.join(missing)}"
        return {"decision": "reject", "because": because}
    if risk["level"] == "high":
        because = "it may not be taken back; read the arguments before you approve"
        return {"decision": "look_closer", "because": because}
    if needed and not evidence:
        return {"decision": "look_closer", "because": "no passage stands behind it"}
    return {"decision": "approve", "because": "; ".join(risk["because"])}


def next_of(plan: WorkflowPlan, step: WorkflowStep) -> dict[str, str]:
    """Say what happens after each answer."""
    after = [one.step_id for one in plan.steps if step.step_id in one.depends_on]
    then = f"then {', '.join(after)} {'goes' if len(after) == 1 else 'go'} on" if after else ""
    done = f"; {then}" if then else "; then the answer is written"
    stops = step.policy == "required" and after
    left_out = f"{', '.join(after)} cannot work without it" if stops else "the rest goes on"
    return {
        "approve": f"{step.agent} does it with the arguments shown{done}",
        "edit": f"{step.agent} does it with your arguments, which must fit args_schema{done}",
        "reject": f"it is not done; {left_out}, and the answer says so",
        "respond": f"it is not done; your words stand in its place{done}",
    }


def _changes(step: WorkflowStep, agent: AgentCapability | None) -> bool:
    named = step.parameters.get("tool")
    cards = agent.tools if agent else ()
    card = next((one for one in cards if one.name == named), None)
    return step.capability == "action" or (card is not None and card.changes)
