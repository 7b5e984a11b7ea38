"""Looks again at what is live now, for an approval that came back after the knowledge had changed."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from graph.approval_requests.evidence import evidence_of
from graph.planning.workflow_plan import WorkflowPlan, WorkflowStep
from graph.scheduler.failure_policy import usable_inputs
from graph.state import StepResult

REFRESHED: Final = "refreshed"
# Only these read and change nothing, so that they may work twice.
_READS: Final = frozenset({"knowledge", "catalogue", "reasoning", "comparison", "synthesis"})

WorkAgain = Callable[[WorkflowStep, Mapping[str, StepResult]], Awaitable[StepResult]]


@dataclass(frozen=True)
class Refreshing:
    """Repeats the steps that one step stands on."""

    plan: WorkflowPlan
    work_again: WorkAgain

    async def __call__(
        self, step: WorkflowStep, needed: Mapping[str, StepResult]
    ) -> dict[str, StepResult]:
        """Return the results anew, where they come from steps that may be repeated."""
        steps = {one.step_id: one for one in self.plan.steps}
        fresh: dict[str, StepResult] = {}
        for name in step.depends_on:
            if name in needed and self._may_repeat(steps[name], steps):
                await self._repeat(steps[name], steps, fresh)
        return {**needed, **fresh}

    async def _repeat(
        self, step: WorkflowStep, steps: Mapping[str, WorkflowStep], fresh: dict[str, StepResult]
    ) -> None:
        for name in step.depends_on:
            await self._repeat(steps[name], steps, fresh)
        if step.step_id not in fresh:
            mine = {name: fresh[name] for name in step.depends_on}
            fresh[step.step_id] = await self.work_again(step, usable_inputs(mine))

    def _may_repeat(self, step: WorkflowStep, steps: Mapping[str, WorkflowStep]) -> bool:
        reads = step.capability in _READS and not step.requires_approval
        return reads and all(self._may_repeat(steps[one], steps) for one in step.depends_on)


def says_the_same(old: Mapping[str, StepResult], new: Mapping[str, StepResult]) -> bool:
    """Whether a person who was shown the one has also seen the other."""
    return _words(old) == _words(new)


def _words(results: Mapping[str, StepResult]) -> list[tuple[Any, ...]]:
    return sorted((one["agent_id"], one["chunk_id"], one["quote"]) for one in evidence_of(results))


def with_refreshed(results: Mapping[str, StepResult]) -> dict[str, StepResult]:
    """Put results that were made anew in the place of the old ones."""
    fresh: dict[str, StepResult] = {}
    kept: dict[str, StepResult] = {}
    for name, one in results.items():
        data = dict(one["data"])
        fresh |= cast("dict[str, StepResult]", data.pop(REFRESHED, {}))
        kept[name] = cast("StepResult", {**one, "data": data})
    return {**kept, **{name: one for name, one in fresh.items() if name in kept}}
