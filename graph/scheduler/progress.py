"""What a run says while it works: one event per thing that happens, each with its lane."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from graph.planning.workflow_plan import WorkflowPlan, WorkflowStep
from graph.state import StepResult

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Progress:
    """Writes events into the run's custom stream; a lane is everything of one agent."""

    write: Callable[[Any], None]

    def planned(self, plan: WorkflowPlan) -> None:
        self.write({"type": "plan", "lane": "plan", "plan": plan.model_dump(mode="json")})

    def started(self, step: WorkflowStep) -> None:
        self._say("step_started", step, capability=step.capability, question=step.question)

    def ended(self, step: WorkflowStep, result: StepResult) -> None:
        kind = "step_failed" if result["status"] == "failed" else "step_finished"
        self._say(
            kind,
            step,
            status=result["status"],
            seconds=result["seconds"],
            passages=len(result["passages"]),
            error=result["error"],
        )

    def asked(self, step: WorkflowStep, request: dict[str, Any]) -> None:
        self._say("approval_asked", step, request=request)

    def answered(self, step: WorkflowStep, decision: str) -> None:
        self._say("approval_answered", step, decision=decision)

    def _say(self, kind: str, step: WorkflowStep, **more: Any) -> None:
        self.write(
            {"type": kind, "step": step.step_id, "agent": step.agent, "lane": step.agent, **more}
        )
        shown = {key: one for key, one in more.items() if key not in {"request", "question"}}
        log.info(kind, step=step.step_id, agent=step.agent, **shown)
