"""Says what runs now. Reads only."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from graph.agents.catalogue import catalogue_text
from graph.agents.step_results import step_result
from graph.planning.own_state import asked_parts, is_told
from graph.ports import AgentTask, SystemState
from graph.state import StepResult

_NAMES: Final = ("agent_id", "service")


@dataclass(frozen=True)
class System:
    """Live generations, colours, last runs, the queue, and what all of it stands on."""

    state: SystemState

    async def __call__(self, task: AgentTask) -> StepResult:
        parts = await self.state.read()
        asked = {name: rows for name, rows in parts.items() if name in asked_parts(task.question)}
        if not is_told(task.question):
            return step_result(task, "nothing_found", _nothing(parts))
        chosen = _of_named_agents(asked or parts, task.question)
        texts = [
            catalogue_text([{"kind": name, **row} for row in rows])
            if rows
            else f"{name.capitalize()}: none"
            for name, rows in chosen.items()
        ]
        return step_result(task, "done", "\n\n".join(texts), data=dict(chosen))


def _nothing(parts: Mapping[str, object]) -> str:
    return (
        "The live state that can be read here is Scriptorium's own, and none of it tells this."
        f" There are: {', '.join(parts)}. Name one, or ask for the status of the system."
    )


def _of_named_agents(
    parts: Mapping[str, Sequence[dict[str, Any]]], question: str
) -> dict[str, list[dict[str, Any]]]:
    """Keep the rows of the agents, and of the services, that the question names, when it names any."""
    words = set(re.findall(r"[a-z0-9_-]+", question.lower()))
    known = {
        str(row[key]) for rows in parts.values() for row in rows for key in _NAMES if key in row
    }
    named = known & words or known
    return {
        name: [row for row in rows if _name(row) in {*named, None}] for name, rows in parts.items()
    }


def _name(row: Mapping[str, Any]) -> str | None:
    return next((str(row[key]) for key in _NAMES if key in row), None)
