"""Says what is known: agents, documents, tags, versions, generations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from graph.agents.step_results import step_result
from graph.ports import AgentTask, KnowledgeReader
from graph.state import StepResult

SHOWN_ROWS: Final = 50
_NOTHING: Final = "Nothing that is listed, and that you may read, answers this; when nothing is listed at all, run `kb ingest`."
_HEADS: Final = {
    "mentions": "documents that mention it",
    "unchanged": "no document differs from what was live before; live now",
}


@dataclass(frozen=True)
class Catalogue:
    """Answers from rows of the ledger, so it has nothing to quote and nothing to make up."""

    reader: KnowledgeReader

    async def __call__(self, task: AgentTask) -> StepResult:
        rows = await self.reader.catalogue(task.question)
        if not rows:
            return step_result(task, "nothing_found", _NOTHING)
        return step_result(task, "done", catalogue_text(rows), data={"rows": rows})


def catalogue_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as a list that a person reads."""
    kind = _HEADS.get(str(rows[0].get("kind")), str(rows[0].get("kind", "entries")))
    lines = [f"- {_line(row)}" for row in rows[:SHOWN_ROWS]]
    if len(rows) > SHOWN_ROWS:
        lines.append(f"- … and {len(rows) - SHOWN_ROWS} more")
    return "\n".join([f"{kind.capitalize()} ({len(rows)}):", *lines])


def _line(row: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name.replace('_', ' ')}: {_short(name, value)}"
        for name, value in row.items()
        if name != "kind" and value not in (None, "", [])
    )


def _short(name: str, value: Any) -> str:
    if isinstance(value, list):
        return " ".join(map(str, cast("list[object]", value)))
    return str(value)[:12] if name == "git_sha" else str(value)
