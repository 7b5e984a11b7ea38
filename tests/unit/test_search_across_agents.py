"""`POST /search` over several agents: passages stand in the order that compares across them, not agent by agent."""

from types import SimpleNamespace
from typing import Any

import httpx
from fastapi import FastAPI

from graph.agents.registry import LiveRegistry
from graph.server import search
from tests.doubles.in_memory_knowledge import InMemoryKnowledge

QUESTION = "Where does the lantern hang?"


def publish(knowledge: InMemoryKnowledge, agent: str, **comparable: float) -> None:
    """Publish a page for each; all are as near to the question, but not as much to be trusted."""
    for name in comparable:
        knowledge.add_document(agent, f"{name}.md", f"The lantern does hang in the {name}.")
    for one in knowledge.chunks[agent, knowledge.capabilities[agent].generation or 0]:
        one["relevance"] = 0.9
        one["comparable"] = comparable[one["path"].removesuffix(".md")]


async def found(knowledge: InMemoryKnowledge, **wanted: Any) -> dict[str, Any]:
    app = FastAPI()
    app.include_router(search.router)
    app.state.parts = SimpleNamespace(reader=knowledge, agents=LiveRegistry(knowledge))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        reply = await client.post("/search", json={"query": QUESTION, **wanted})
    assert reply.status_code == 200, reply.text
    return reply.json()


async def test_passages_of_agents_are_merged_by_what_compares() -> None:
    knowledge = InMemoryKnowledge()
    publish(knowledge, "a", hall=0.4, shed=0.1)
    publish(knowledge, "b", yard=0.8, barn=0.3)
    said = await found(knowledge)
    assert said["agents"] == ["a", "b"], "agent by agent, a's would stand first"
    assert [one["path"] for one in said["passages"]] == ["yard.md", "hall.md", "barn.md", "shed.md"]
    assert [one["comparable"] for one in said["passages"]] == [0.8, 0.4, 0.3, 0.1]


async def test_the_best_of_all_are_kept_where_few_are_wanted() -> None:
    knowledge = InMemoryKnowledge()
    publish(knowledge, "a", hall=0.4, shed=0.1)
    publish(knowledge, "b", yard=0.8, barn=0.3)
    assert [one["path"] for one in (await found(knowledge, limit=1))["passages"]] == ["yard.md"]
