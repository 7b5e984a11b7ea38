"""Says what runs now. Reads only."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph.agents.catalogue import catalogue_text
from graph.agents.step_results import step_result
from graph.ports import AgentTask, SystemState
from graph.state import StepResult


@dataclass(frozen=True)
class System:
    """Live generations, colours, last runs, and the queue."""

    state: SystemState

    async def __call__(self, task: AgentTask) -> StepResult:
        parts = await self.state.read()
        asked = {name: rows for name, rows in parts.items() if name in _asked(task.question)}
        chosen = _of_named_agents(asked or parts, task.question)
        texts = [
            catalogue_text([{"kind": name, **row} for row in rows])
            if rows
            else f"{name.capitalize()}: none"
            for name, rows in chosen.items()
        ]
        return step_result(task, "done", "\n\n".join(texts), data=dict(chosen))


def _asked(question: str) -> set[str]:
    words = question.lower()
    if re.search(r"\bworkers?\b", words):
        return {"workers", "queue"}
    signs = {
        "generations": ("generation", "live", "serving", "served"),
        "colours": ("colour", "color", "blue", "green", "alias"),
        "runs": ("run", "ingest", "pipeline", "failed", "last"),
        "queue": ("queue", "waiting", "pending", "busy", "backlog"),
        "workers": ("heartbeat",),
        "clock": ("time", "date", "day is"),
    }
    return {part for part, one in signs.items() if any(sign in words for sign in one)}


def _of_named_agents(
    parts: Mapping[str, Sequence[dict[str, Any]]], question: str
) -> dict[str, list[dict[str, Any]]]:
    """Keep the rows of the agents that the question names, when it names any."""
    words = set(re.findall(r"[a-z0-9_-]+", question.lower()))
    known = {str(row["agent_id"]) for rows in parts.values() for row in rows if "agent_id" in row}
    named = known & words or known
    return {
        name: [row for row in rows if row.get("agent_id") in {*named, None}]
        for name, rows in parts.items()
    }
