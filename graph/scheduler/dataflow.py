"""All steps of a plan at once: each waits for its own dependencies and for nothing else."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from langgraph.errors import GraphInterrupt
from langgraph.types import Interrupt

from graph.planning.workflow_plan import WorkflowPlan, WorkflowStep
from graph.scheduler.durable_task import Blocked, durable
from graph.scheduler.refreshing import with_refreshed
from graph.scheduler.step_run import StepRun
from graph.state import StepResult

# What a step ends with; nothing when it cannot end in this run, since a person is asked first.
Outcome = StepResult | None


@dataclass(frozen=True)
class Dataflow:
    """One run through a plan.

    Steps are started in the plan's order, which is how a later run finds what is already done.
    """

    plan: WorkflowPlan
    run_step: StepRun
    outcomes: dict[str, asyncio.Future[Outcome]] = field(
        default_factory=dict[str, asyncio.Future[Outcome]]
    )

    async def run(self) -> dict[str, StepResult]:
        """Give back every step's result, or ask people for what is missing."""
        loop = asyncio.get_running_loop()
        self.outcomes.update({one.step_id: loop.create_future() for one in self.plan.steps})
        steps = [asyncio.ensure_future(self._settle(one)) for one in self.plan.steps]
        try:
            ended = await asyncio.gather(*steps, return_exceptions=True)
        finally:
            for one in steps:
                one.cancel()
        return with_refreshed({one["step_id"]: one for one in _results_or_raise(ended)})

    async def _settle(self, step: WorkflowStep) -> StepResult:
        """Run the step, and tell the steps that wait for it how it ended."""
        outcome: Outcome = None
        try:
            outcome = await durable(f"step:{step.step_id}", lambda: self._when_ready(step))
            return outcome
        finally:
            self.outcomes[step.step_id].set_result(outcome)

    async def _when_ready(self, step: WorkflowStep) -> StepResult:
        needed: dict[str, StepResult] = {}
        for one in step.depends_on:
            # Shielded, since a step that is cancelled must not take the others' outcome with it.
            outcome = await asyncio.shield(self.outcomes[one])
            if outcome is None:
                raise Blocked
            needed[one] = outcome
        return await self.run_step(step, needed)


def _results_or_raise(ended: Sequence[StepResult | BaseException]) -> list[StepResult]:
    errors = [one for one in ended if isinstance(one, BaseException)]
    questions = [one for one in errors if isinstance(one, GraphInterrupt)]
    for one in errors:
        if not isinstance(one, GraphInterrupt):
            raise one
    if questions:
        raise GraphInterrupt(tuple(_distinct(questions)))
    return [one for one in ended if not isinstance(one, BaseException)]


def _distinct(questions: Sequence[GraphInterrupt]) -> list[Interrupt]:
    return list({asked.id: asked for one in questions for asked in one.args[0]}.values())
