"""Binds a plan to the tools that its agents have when it is made."""

from typing import Final

from graph.planning.registry import Registry
from graph.planning.workflow_plan import AgentCapability, WorkflowPlan, WorkflowStep

# Only these steps may call anything, and those of classes: reading a document never does.
_CALLING: Final = frozenset({"tool", "action", "reasoning"})
_CLASS: Final = "class:"


def with_tool_grants(plan: WorkflowPlan, registry: Registry) -> WorkflowPlan:
    """Write into each step which tools it may call, and what each of them was then.

    A step that names a tool which changes something becomes an action that a person approves.
    """
    steps = tuple(_granted(step, registry.find(step.agent)) for step in plan.steps)
    asks = plan.requires_approval or any(step.requires_approval for step in steps)
    return plan.model_copy(update={"steps": steps, "requires_approval": asks})


def _granted(step: WorkflowStep, agent: AgentCapability | None) -> WorkflowStep:
    if agent is None or not (step.capability in _CALLING or agent.kind.startswith(_CLASS)):
        return step.model_copy(update={"tools": {}})
    named = str(step.parameters.get("tool") or "")
    granted = {one.name: one.fingerprint for one in agent.tools if not named or one.name == named}
    changes = any(one.name == named and one.changes for one in agent.tools)
    held = step.requires_approval or changes
    return step.model_copy(update={"tools": granted, "requires_approval": held})
