"""Runs the plan: agents work in parallel, people are asked, and no finished step works again."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from langgraph.runtime import Runtime

from graph.planning.workflow_plan import WorkflowPlan
from graph.ports import AgentDirectory
from graph.run_context import RunContext
from graph.scheduler.dataflow import Dataflow
from graph.scheduler.progress import Progress
from graph.scheduler.retries import Retries
from graph.scheduler.step_run import Bounds, StepRun
from graph.scheduler.step_work import RunAgent, StepWork
from graph.state import State
from kb_contract.kept_secrets import KeptSecrets


@dataclass(frozen=True)
class Execute:
    """The scheduler as a node; the caller may ask for less than the settings allow."""

    directory: AgentDirectory
    retries: Retries = field(default_factory=Retries)
    max_parallel: int = 4
    timeout: float = 300
    secrets: KeptSecrets = field(default_factory=KeptSecrets)

    async def __call__(
        self, state: State, runtime: Runtime[RunContext], run_agent: RunAgent
    ) -> dict[str, Any]:
        began = time.monotonic()
        plan = WorkflowPlan.model_validate(state.plan)
        progress = Progress(runtime.stream_writer)
        progress.planned(plan)
        work = StepWork(run_agent, self.directory, self.retries, state.answer_id, self.secrets)
        step_run = StepRun(plan, work, self._bounds(runtime), progress)
        results = await Dataflow(plan, step_run).run()
        seconds = round(time.monotonic() - began, 3)
        return {"results": results, "timings": {**state.timings, "execute": seconds}}

    def _bounds(self, runtime: Runtime[RunContext]) -> Bounds:
        wanted = RunContext.model_validate(runtime.context or {})
        seconds = min(wanted.timeout or self.timeout, self.timeout)
        return Bounds(
            slots=asyncio.Semaphore(min(wanted.max_parallel or 64, self.max_parallel)),
            deadline=asyncio.get_running_loop().time() + seconds,
            draining=lambda: runtime.drain_requested,
        )
