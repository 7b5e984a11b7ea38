"""What an agent gives back, and how tasks travel as plain JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, Protocol, cast

from langgraph.config import get_stream_writer

from graph.planning.workflow_plan import AgentCapability
from graph.ports import AgentTask
from graph.state import Claim, Passage, StepResult, StepStatus, Usage


class Agent(Protocol):
    """Does one step. Says what went wrong by raising; the scheduler makes a failed result of it."""

    async def __call__(self, task: AgentTask) -> StepResult: ...


def step_result(  # noqa: PLR0913 - the parts of a result
    task: AgentTask,
    status: StepStatus,
    text: str,
    *,
    claims: Sequence[Claim] = (),
    passages: Sequence[Passage] = (),
    data: dict[str, Any] | None = None,
    usage: Sequence[Usage] = (),
) -> StepResult:
    """Make the result of a step."""
    return {
        "step_id": task.step_id,
        "agent_id": task.agent.agent_id,
        "capability": task.capability,
        "status": status,
        "text": text,
        "claims": list(claims),
        "passages": list(passages),
        "data": data or {},
        "error": None,
        "usage": list(usage),
        "seconds": 0.0,
    }


def task_to_json(task: AgentTask) -> dict[str, Any]:
    """Write a task as JSON, for a checkpoint."""
    return {**asdict(task), "agent": task.agent.model_dump(mode="json")}


def task_from_json(task: dict[str, Any]) -> AgentTask:
    """Read what `task_to_json` wrote."""
    fields: dict[str, Any] = {**task, "agent": AgentCapability.model_validate(task["agent"])}
    return AgentTask(**fields)


def findings_of(task: AgentTask) -> list[Claim]:
    """Return the claims of the inputs, in their order."""
    return [claim for one in task.inputs.values() for claim in one["claims"]]


def missing_inputs(task: AgentTask) -> list[str]:
    """Return the steps that should have brought something and did not."""
    return [step for step, one in task.inputs.items() if one["status"] != "done"]


def emit(task: AgentTask, kind: str, **details: Any) -> None:
    """Tell whoever watches the run; outside of a graph nobody does."""
    try:
        writer = get_stream_writer()
    except (RuntimeError, KeyError):
        return
    lane = {"step": task.step_id, "agent": task.agent.agent_id, "lane": task.agent.agent_id}
    writer(cast("dict[str, Any]", {"type": kind, **lane, **details}))
