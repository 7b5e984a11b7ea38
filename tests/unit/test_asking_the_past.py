"""Which past is meant, and that it is known wherever a run reads."""

import asyncio
from datetime import UTC, datetime
from typing import Any, TypedDict

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph

from graph.agents.agents_graph import build_agents_graph
from graph.agents.step_results import step_result, task_to_json
from graph.gateways.asked_time import READING_AS_OF, asked_as_of, read_as_of
from graph.ports import AgentTask
from graph.run_context import RunContext
from graph.scheduler.durable_task import durable
from graph.state import StepResult
from kb_contract.errors import BadInput
from tests.doubles.in_memory_knowledge import InMemoryKnowledge

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "kind", "moment"),
    [("7", "generation", None), (" 12 ", "generation", None), ("df14287", "commit", None),
     ("0" * 40, "commit", None), ("20260101", "commit", None),
     ("2026-01-31", "moment", datetime(2026, 1, 31, tzinfo=UTC)),
     ("2026-01-31T12:00+01:00", "moment", datetime(2026, 1, 31, 11, tzinfo=UTC))],
)  # fmt: skip
def test_number_commit_and_moment_are_told_apart(
    said: str, kind: str, moment: datetime | None
) -> None:
    found = read_as_of(said, NOW)
    assert (found.kind, found.moment) == (kind, moment)


@pytest.mark.parametrize(
    "said", ["", "0", "yesterday", "abc", "2026-06-16", "-3", "1.5", "DF14287"]
)
def test_what_is_none_of_them_is_said(said: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_as_of(said, NOW)
    assert refused.value.cure


class Seen(TypedDict):
    seen: list[str | None]


@pytest.mark.parametrize("context", [{"as_of": "3"}, {}, None])
def test_nodes_tasks_and_agents_of_a_run_know_it(context: dict[str, Any] | None) -> None:
    knowledge = InMemoryKnowledge()
    knowledge.add_document("a", "a.md", "text")
    seen: list[str | None] = []

    async def agent(task: AgentTask) -> StepResult:
        seen.append(asked_as_of())
        return step_result(task, "done", "text")

    agents = build_agents_graph({"rag": agent}).copy({"checkpointer": False})
    task = AgentTask("s", knowledge.capabilities["a"], "knowledge", "q", {}, {}, "cheap")

    async def node(_: Seen) -> Seen:
        seen.append(asked_as_of())

        async def work() -> None:
            seen.append(asked_as_of())
            await agents.ainvoke({"task": task_to_json(task)})

        await durable("work", work)
        return {"seen": seen}

    graph = StateGraph(Seen, context_schema=RunContext)
    graph.add_node("node", node)
    graph.add_edge(START, "node")
    graph.add_edge("node", END)
    compiled = graph.compile(checkpointer=InMemorySaver())
    config: Any = {"configurable": {"thread_id": "t"}}
    asyncio.run(compiled.ainvoke({"seen": []}, config, context=context))  # type: ignore[arg-type]
    assert seen == [(context or {}).get("as_of")] * 3


def test_outside_of_a_run_a_request_says_it() -> None:
    assert asked_as_of() is None
    token = READING_AS_OF.set("5")
    assert asked_as_of() == "5"
    READING_AS_OF.reset(token)
