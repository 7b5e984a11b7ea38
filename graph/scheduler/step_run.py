"""One step from its dependencies to its result."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graph.planning.workflow_plan import WorkflowPlan, WorkflowStep
from graph.scheduler.approval import Answered, Approvals, as_edited, record_of
from graph.scheduler.durable_task import Blocked, durable
from graph.scheduler.failure_policy import reason_to_skip, usable_inputs
from graph.scheduler.progress import Progress
from graph.scheduler.refreshing import REFRESHED, Refreshing, says_the_same
from graph.scheduler.step_results import finished, plain_result
from graph.scheduler.step_work import StepWork
from graph.state import StepResult


@dataclass(frozen=True)
class Bounds:
    """How much may happen at once, and until when."""

    slots: asyncio.Semaphore
    deadline: float
    """On the clock of the event loop; work only, for no one waits here for a person."""
    draining: Callable[[], bool]
    """Whether the process is asked to end: then nothing new begins."""

    def seconds_for(self, step: WorkflowStep) -> float:
        left = self.deadline - asyncio.get_running_loop().time()
        return min(step.timeout_seconds, left)

    def stop_when_draining(self) -> None:
        if self.draining():
            raise Blocked


@dataclass(frozen=True)
class StepRun:
    """Runs steps of one plan; each is given the results of the steps that it depends on."""

    plan: WorkflowPlan
    work: StepWork
    bounds: Bounds
    progress: Progress

    async def __call__(self, step: WorkflowStep, needed: Mapping[str, StepResult]) -> StepResult:
        self.bounds.stop_when_draining()
        if reason := reason_to_skip(self.plan, step, needed):
            result = plain_result(step, "skipped", error=reason)
        elif step.requires_approval or step.capability == "action":
            result = await self._when_approved(step, usable_inputs(needed))
        else:
            result = await self._worked(step, usable_inputs(needed), approval=None)
        self.progress.ended(step, result)
        return result

    async def _when_approved(
        self, step: WorkflowStep, inputs: Mapping[str, StepResult]
    ) -> StepResult:
        approved, answered, seen = await self._asked(step, inputs)
        decision = answered.decision
        record = record_of(approved, answered)
        if decision.type == "reject":
            said = plain_result(step, "rejected", error=decision.message or "a person rejected it")
            return finished(step, said, seconds=0.0, approval=record)
        if decision.type == "respond":
            said = plain_result(step, "done", text=decision.message or "")
            return finished(step, said, seconds=0.0, approval=record)
        result = await self._worked(approved, seen, approval=record)
        fresh = {name: one for name, one in seen.items() if one is not inputs.get(name)}
        return {**result, "data": {**result["data"], REFRESHED: fresh}} if fresh else result

    async def _asked(
        self, step: WorkflowStep, inputs: Mapping[str, StepResult]
    ) -> tuple[WorkflowStep, Answered, Mapping[str, StepResult]]:
        """Ask until what the person saw is what the step stands on: a refresh may change it."""
        approvals = Approvals(self.plan, self.progress, self.work.directory)
        seen, times = inputs, 0
        while True:
            answered = await approvals.decide(step, seen, again=times)
            step = as_edited(step, answered.decision)
            goes_on = answered.decision.type in {"approve", "edit"}
            if not goes_on or answered.decision.knowledge == "as_pinned":
                return step, answered, seen
            times += 1
            fresh = usable_inputs(await self._refreshed(step, seen, times))
            if says_the_same(seen, fresh):
                return step, answered, fresh
            seen = fresh

    async def _refreshed(
        self, step: WorkflowStep, seen: Mapping[str, StepResult], times: int
    ) -> Mapping[str, StepResult]:
        async def work_again(one: WorkflowStep, needed: Mapping[str, StepResult]) -> StepResult:
            async def work() -> StepResult:
                self.progress.started(one)
                seconds = self.bounds.seconds_for(one)
                return await self.work(one, needed, seconds=seconds, approval=None)

            async with self.bounds.slots:
                self.bounds.stop_when_draining()
                return await durable(f"refresh:{one.step_id}:{step.step_id}:{times}", work)

        return await Refreshing(self.plan, work_again)(step, seen)

    async def _worked(
        self,
        step: WorkflowStep,
        inputs: Mapping[str, StepResult],
        *,
        approval: dict[str, Any] | None,
    ) -> StepResult:
        async def work() -> StepResult:
            self.progress.started(step)
            seconds = self.bounds.seconds_for(step)
            return await self.work(step, inputs, seconds=seconds, approval=approval)

        async with self.bounds.slots:
            self.bounds.stop_when_draining()
            return await durable(f"work:{step.step_id}", work)
