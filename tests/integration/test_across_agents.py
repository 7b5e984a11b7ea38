"""Passages of several agents side by side: one whose figures run high does not drown another."""

from collections.abc import AsyncIterator

import pytest

from graph.agents.rag import Rag
from graph.gateways.knowledge_reader import PostgresQdrantReader
from graph.ports import AgentTask
from graph.retrieval.across_agents import comparable
from tests.doubles.hash_embedder import HashedQuestions
from tests.doubles.live_reader import live_reader
from tests.doubles.writer_world import WriterWorld, why

QUESTION = "Where does the lantern hang?"
LOUD, QUIET = (
    {"lantern.md": f"# Lantern\n\nThe lantern hangs {where}.\n",
     "agent.yaml": f"retrieval: {{threshold: 0.05{more}}}\ngate: {{canary: 'off'}}\n"}
    for where, more in (("in the hall", ", calibration: {own: 0.9, others: 0.6}"),
                        ("in the shed", ""))
)  # fmt: skip


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.write(LOUD, f"{world.agent}_loud")
    world.publish(QUIET)
    result = world.ingest(f"{world.agent}_loud")
    assert result.success, why(result)
    return world


@pytest.fixture
async def reader(world: WriterWorld) -> AsyncIterator[PostgresQdrantReader]:
    async with live_reader(world) as reader:
        yield reader


async def test_what_fits_as_well_stands_behind_where_everything_fits_well(
    world: WriterWorld, reader: PostgresQdrantReader
) -> None:
    [quiet] = await reader.search(world.agent, QUESTION)
    [loud] = await reader.search(f"{world.agent}_loud", QUESTION)
    assert loud.get("relevance", 0.0) == pytest.approx(quiet.get("relevance"), abs=0.1)
    assert comparable(quiet) == quiet.get("relevance")
    assert sorted([loud, quiet], key=lambda one: -comparable(one))[0] == quiet
    agents = {one.agent_id: one for one in await reader.agents()}
    rag, fits = Rag(reader, HashedQuestions()), list[float]()
    for name in (world.agent, f"{world.agent}_loud"):
        task = AgentTask("s", agents[name], "knowledge", QUESTION, {}, {}, "standard")
        fits.append((await rag(task))["data"]["fit"])
    assert fits[0] > fits[1] > 0, "so do the answers that are made of them"
