"""Asks a person before a step works; the answer is kept before anything is done with it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from langgraph.types import interrupt

from graph.approval_requests.answers import (
    ApprovalAnswer,
    Decision,
    answer_schema,
    decided_digest,
)
from graph.approval_requests.request import approval_request, first_form
from graph.approval_requests.shown_action import ShownAction, shown_action
from graph.planning.workflow_plan import WorkflowPlan, WorkflowStep
from graph.ports import AgentDirectory
from graph.scheduler.durable_task import durable
from graph.scheduler.progress import Progress
from graph.state import StepResult


@dataclass(frozen=True)
class Answered:
    """What a person decided, and the digest of what may now be done."""

    decision: Decision
    digest: str
    decided_by: str | None = None


@dataclass(frozen=True)
class Approvals:
    """Asks about steps of one plan, each in a tiny task of its own.

    LangGraph keeps an answer only when the task that took it ends, so nothing else may be in it.
    """

    plan: WorkflowPlan
    progress: Progress
    directory: AgentDirectory

    async def decide(
        self, step: WorkflowStep, needed: Mapping[str, StepResult], *, again: int = 0
    ) -> Answered:
        """Ask, with what the step stands on; `again` counts how often this step was asked before."""
        place = f"{step.step_id}:{again}" if again else step.step_id

        async def announce() -> dict[str, Any]:
            agent = await self.directory.find(step.agent)
            request = approval_request(self.plan, step, agent, needed)
            self.progress.asked(step, request)
            return request

        # The request is kept, so whatever code or knowledge answers later, it is what was shown.
        kept: dict[str, Any] | None = await durable(f"announce:{place}", announce)
        request = kept or first_form(self.plan, step)
        shown = shown_action(request)
        assert shown is not None  # noqa: S101 - a request of ours names its action

        async def ask() -> dict[str, Any]:
            answer = interrupt(request, response_schema=answer_schema(shown))
            self.progress.answered(step, answer.decisions[0].type)
            return _kept(step, shown, answer)

        said = await durable(f"approve:{place}", ask)
        decision = Decision.model_validate(said)
        digest = said.get("digest") or decided_digest(shown, decision)
        return Answered(decision, digest, said.get("decided_by"))


def _kept(step: WorkflowStep, shown: ShownAction, answer: ApprovalAnswer) -> dict[str, Any]:
    decision = answer.decisions[0]
    return {
        "step_id": step.step_id,
        **decision.model_dump(mode="json", exclude_none=True),
        "digest": decided_digest(shown, decision),
        "decided_by": answer.decided_by,
    }


def is_decision(kept: Any) -> bool:
    """Tell whether this is what the task of an approval kept."""
    return isinstance(kept, Mapping) and {"step_id", "type", "digest"} <= set(
        cast("Mapping[str, Any]", kept)
    )


def as_edited(step: WorkflowStep, decision: Decision) -> WorkflowStep:
    """Give the step the arguments that the person wants; what the edit leaves out stays."""
    if decision.edited_action is None:
        return step
    return step.model_copy(update=decision.edited_action.args.model_dump(exclude_none=True))


def record_of(step: WorkflowStep, answered: Answered) -> dict[str, Any]:
    """What the result keeps of the approval: the decision, and what was really done."""
    record = {
        "decision": answered.decision.type,
        "message": answered.decision.message,
        "arguments": {"question": step.question, "parameters": step.parameters},
        "digest": answered.digest,
    }
    return record | ({"decided_by": answered.decided_by} if answered.decided_by else {})
