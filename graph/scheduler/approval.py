"""Asks a person before a step works; the answer is kept before anything is done with it."""

from dataclasses import dataclass
from typing import Any

from langgraph.types import interrupt

from graph.approval_requests import Decision, answer_schema, approval_request
from graph.planning.workflow_plan import WorkflowPlan, WorkflowStep
from graph.scheduler.durable_task import durable
from graph.scheduler.progress import Progress


@dataclass(frozen=True)
class Approvals:
    """Asks about steps of one plan, each in a tiny task of its own.

    LangGraph keeps an answer only when the task that took it ends, so nothing else may be in it.
    """

    plan: WorkflowPlan
    progress: Progress

    async def decide(self, step: WorkflowStep) -> Decision:
        request = approval_request(self.plan, step)

        async def announce() -> None:
            self.progress.asked(step, request)

        async def ask() -> dict[str, Any]:
            answer = interrupt(request, response_schema=answer_schema(step.agent))
            decision = answer.decisions[0]
            self.progress.answered(step, decision.type)
            return {"step_id": step.step_id, **decision.model_dump(mode="json", exclude_none=True)}

        await durable(f"announce:{step.step_id}", announce)
        return Decision.model_validate(await durable(f"approve:{step.step_id}", ask))


def as_edited(step: WorkflowStep, decision: Decision) -> WorkflowStep:
    """Give the step the arguments that the person wants; what the edit leaves out stays."""
    if decision.edited_action is None:
        return step
    return step.model_copy(update=decision.edited_action.args.model_dump(exclude_none=True))


def record_of(step: WorkflowStep, decision: Decision) -> dict[str, Any]:
    """What the result keeps of the approval: the decision, and what was really done."""
    return {
        "decision": decision.type,
        "message": decision.message,
        "arguments": {"question": step.question, "parameters": step.parameters},
    }
