"""One step's work by its agent: bounded in time, tried again, and never more than a failed result."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from traceback import format_exception
from typing import Any, cast

import structlog
from langgraph.errors import GraphBubbleUp
from opentelemetry import trace

from graph.planning.workflow_plan import WorkflowStep
from graph.ports import AgentDirectory
from graph.scheduler.agent_output import checked
from graph.scheduler.retries import Retries
from graph.scheduler.step_results import finished, plain_result
from graph.state import StepResult
from kb_contract.errors import NotServed, ScriptoriumError
from kb_contract.kept_secrets import KeptSecrets

log = structlog.get_logger(__name__)
tracer = trace.get_tracer(__name__)

# What an agent gives back is believed to be a result only after it was looked at.
RunAgent = Callable[[dict[str, Any]], Awaitable[Any]]


@dataclass(frozen=True)
class StepWork:
    """Gives steps to agents."""

    run_agent: RunAgent
    directory: AgentDirectory
    retries: Retries
    question_key: str
    """Names the question, whichever run works on it; effects are keyed by it and the step."""
    secrets: KeptSecrets = field(default_factory=KeptSecrets)
    """What no result may hold, whatever a tool said back."""

    async def __call__(
        self,
        step: WorkflowStep,
        inputs: Mapping[str, StepResult],
        *,
        seconds: float,
        approval: dict[str, Any] | None,
    ) -> StepResult:
        """Work within `seconds`; what goes wrong becomes a failed result, so the rest goes on."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        with tracer.start_as_current_span(
            f"step {step.agent}",
            attributes={"step.id": step.step_id, "agent.id": step.agent},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            written = await self._bounded(step, inputs, seconds, approved=approval is not None)
            span.set_attribute("step.status", written["status"])
        kept = cast("StepResult", {**written, **self._without_secrets(written)})
        return finished(step, kept, seconds=loop.time() - began, approval=approval)

    def _without_secrets(self, written: StepResult) -> dict[str, Any]:
        # Words of documents stay as they are: quotes are held against them.
        ours = replace(self.secrets, shapes=())
        told = {"text": ours.hidden(written["text"]), "data": ours.hidden(written["data"])}
        return {**told, "error": self.secrets.hidden(written["error"])}

    async def _bounded(
        self,
        step: WorkflowStep,
        inputs: Mapping[str, StepResult],
        seconds: float,
        *,
        approved: bool,
    ) -> StepResult:
        if seconds <= 0:
            return plain_result(step, "failed", error="no time was left for it")
        limit = asyncio.timeout(seconds)
        try:
            async with limit:
                written = await self.retries(lambda: self._attempt(step, inputs, approved=approved))
                return checked(step, written)
        except GraphBubbleUp:
            raise  # an agent asks something, or the run is being cancelled
        except Exception as error:  # noqa: BLE001 - any agent may fail in any way; the plan goes on
            if limit.expired():
                return plain_result(step, "failed", error=f"it took longer than {seconds:g} s")
            _log(step, error)
            return plain_result(step, "failed", error=_words(error))

    async def _attempt(
        self, step: WorkflowStep, inputs: Mapping[str, StepResult], *, approved: bool
    ) -> Any:
        agent = await self.directory.find(step.agent)
        if agent is None:
            raise NotServed(
                f"there is no agent {step.agent!r} now",
                where=f"step {step.step_id}",
                cure="ask again, so that a new plan is made",
            )
        return await self.run_agent(
            {
                "step_id": step.step_id,
                "agent": agent.model_dump(mode="json"),
                "capability": step.capability,
                "question": step.question,
                "parameters": step.parameters,
                "inputs": dict(inputs),
                "model_tier": step.model_tier,
                "effect_key": f"{self.question_key}/{step.step_id}",
                "tools": step.tools,
                "approved": approved,
            }
        )


def _words(error: Exception) -> str:
    # Errors of ours say what, where and how to mend it; of others only the kind is sure to say something.
    return str(error) if isinstance(error, ScriptoriumError) else f"{type(error).__name__}: {error}"


def _log(step: WorkflowStep, error: Exception) -> None:
    # Written out here, since a pretty traceback shows every local: people's text, and seconds.
    lines = "" if isinstance(error, ScriptoriumError) else "".join(format_exception(error))
    log.warning(
        "step failed", step=step.step_id, agent=step.agent, error=repr(error), traceback=lines
    )
