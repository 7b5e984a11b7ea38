"""Does what a person approved, once; refuses what cannot be done here, and says what can."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from graph.agents.step_results import step_result
from graph.planning.operation_names import REFRESH, operation_named
from graph.planning.workflow_plan import AgentCapability
from graph.ports import AgentTask, KnowledgeReader, Operations
from graph.state import StepResult
from kb_contract.errors import BadInput

POSSIBLE: Final = (
    "refresh the knowledge of an agent, pause, resume or verify an agent, or roll it back "
    "('refresh the knowledge of <agent>', 'roll back <agent> to generation 3')"
)
DONE: Final = {
    REFRESH: "refresh the knowledge of",
    "pause": "pause",
    "resume": "resume",
    "verify": "verify",
    "rollback": "roll back",
}
LONGEST_REASON: Final = 500


@dataclass(frozen=True)
class OperationsAgent:
    """The scheduler asks for approval before it gets here; the key makes the effect happen once."""

    operations: Operations
    reader: KnowledgeReader

    async def __call__(self, task: AgentTask) -> StepResult:
        action = _action(task)
        if action not in DONE:
            asked = (action or task.question)[:120]
            return _refused(task, f"{asked!r} cannot be done from here. Possible: {POSSIBLE}.")
        live = await self.reader.agents()
        named = _named(task, live)
        if len(named) != 1:
            return _refused(task, _which(named, live))
        agent = named[0]
        done = await self.operations.perform(
            action, _arguments(task, action, agent.agent_id), key=_key(task, agent.agent_id)
        )
        text = (
            f"Asked the writer to {DONE[action]} {agent.agent_id} "
            f"(request {done['key']}, {done['status']})."
        )
        return step_result(task, "done", text, data={"operation": done})


def _action(task: AgentTask) -> str:
    """Return what to do; words of documents never come here, only the plan's and the person's."""
    said = str(task.parameters.get("action") or "")
    if said:
        return said if said in DONE else operation_named(said) or said
    return operation_named(task.question) or ""


def _arguments(task: AgentTask, action: str, agent_id: str) -> dict[str, Any]:
    """What the writer needs; it is all in what the person approved."""
    given: dict[str, Any] = {"agent_id": agent_id}
    if action in {"pause", "rollback"}:
        said = str(task.parameters.get("reason") or f"asked for: {task.question}")
        given["reason"] = " ".join(said.split())[:LONGEST_REASON]
    number = task.parameters.get("to")
    if action == "rollback" and type(number) is int and number > 0:
        given["to"] = number
    return given


def _refused(task: AgentTask, why: str) -> StepResult:
    return step_result(task, "nothing_found", f"Nothing was done: {why}")


def _named(task: AgentTask, live: Sequence[AgentCapability]) -> list[AgentCapability]:
    said = task.parameters.get("agent_id") or task.parameters.get("agent")
    words = f" {_words(str(said or task.question))} "
    return [
        one
        for one in live
        if f" {_words(one.agent_id)} " in words or f" {_words(one.title)} " in words
    ]


def _which(named: Sequence[AgentCapability], live: Sequence[AgentCapability]) -> str:
    found = ", ".join(one.agent_id for one in named) or "none"
    return f"which agent is meant? Named: {found}. There are: {', '.join(one.agent_id for one in live)}."


def _key(task: AgentTask, agent_id: str) -> str:
    if not task.effect_key:
        raise BadInput(
            "an action came without the key that makes it happen once",
            where=f"step {task.step_id} for {agent_id}",
            cure="the scheduler must give the task a key",
        )
    return task.effect_key


def _words(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))
