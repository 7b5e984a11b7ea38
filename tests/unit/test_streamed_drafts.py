"""What a model writes is told while it writes it: through LangGraph, in the lane of its agent."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from graph.agents.agents_graph import build_agents_graph
from graph.agents.rag import Rag
from graph.agents.step_results import task_to_json
from graph.ports import AgentTask
from tests.doubles.in_memory_knowledge import InMemoryKnowledge, WordEmbedder
from tests.doubles.kept_books import KeptBooks, loopback_model
from tests.doubles.loopback_provider import LoopbackProvider, loopback_provider
from tests.doubles.loopback_replies import Reply

TRUE = "Signing keys are rotated every 90 days."


@pytest.fixture
def provider() -> Iterator[LoopbackProvider]:
    with loopback_provider() as running:
        yield running


async def told(
    provider: LoopbackProvider, books: KeptBooks
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    reader = InMemoryKnowledge()
    reader.add_document("keeper", "knowledge/keeper/keys.md", f"# Keys\n\n{TRUE} Ask the lead.\n")
    graph = build_agents_graph(
        {"rag": Rag(reader, WordEmbedder(), loopback_model(provider, books=books))}
    )
    asked = "How often are signing keys rotated?"
    task = AgentTask("s1", reader.capabilities["keeper"], "knowledge", asked, {}, {}, "standard")
    events: list[dict[str, Any]] = []
    result: dict[str, Any] = {}
    async for mode, part in graph.astream(
        {"task": task_to_json(task)}, stream_mode=["custom", "values"]
    ):
        if mode == "custom":
            events.append(part)
        elif "result" in part:
            result = part["result"]
    return events, result


async def test_drafts_come_in_the_agents_lane(provider: LoopbackProvider) -> None:
    claim = {
        "text": "They are rotated every 90 days, says the page.",
        "quotes": [{"passage": "p1", "quote": TRUE}],
    }
    whole = json.dumps({"claims": [claim]})
    provider.says(Reply(text=whole, broken_at=9), whole)
    books = KeptBooks()
    events, result = await told(provider, books)
    assert result["data"]["written_by"] == "model"
    lane = [one for one in events if one["type"] in {"token", "draft_dropped"}]
    assert {(one["lane"], one["step"]) for one in lane} == {("keeper", "s1")}
    kinds = [one["type"] for one in lane]
    again = lane[kinds.index("draft_dropped") + 1 :]
    assert "".join(one["text"] for one in again) == claim["text"]
    assert len(again) > 1
    assert all(one["draft"] for one in again)
    assert books.who == [("s1", "keeper")] * 2


async def test_a_model_that_opens_its_breaker_is_told_of(provider: LoopbackProvider) -> None:
    provider.says(Reply(status=401))
    events, result = await told(provider, KeptBooks())
    [change] = [one for one in events if one["type"] == "model_state"]
    assert (change["state"], change["model"], change["lane"]) == (
        "open",
        "openai/primary",
        "models",
    )
    assert "AuthenticationError" in result["data"]["fell_back"]
    assert result["claims"]
