"""What stands around a found passage can be quoted, at its own true place."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from graph.agents.rag import Rag
from graph.citations.verification import Verification
from graph.gateways.knowledge_reader import PostgresQdrantReader
from graph.ports import AgentTask
from graph.state import Passage
from tests.doubles.hash_embedder import HashedQuestions
from tests.doubles.kept_books import loopback_model
from tests.doubles.live_reader import live_reader
from tests.doubles.loopback_provider import loopback_provider
from tests.doubles.writer_world import WriterWorld

GATE = "gate: {canary: 'off', max_shrink: 1.0}\n"
QUESTION = "How is the harbour crane greased?"
FILLING = "It is written down so that whoever comes next finds all of it in one place, without asking the others about any of this. "
PAGE = (
    f"# Machines\n\n## Pumps\n\nThe pumps run at night. {FILLING}\n\n## Crane\n\n"
    f"The harbour crane is greased by hand. {FILLING}\n\n"
    f"Wear the yellow gloves for that. {FILLING}\n\n"
    f"### Winter\n\nBelow zero the crane stays still. {FILLING}\n\n"
    f"## Lifts\n\nLifts are inspected in May. {FILLING}\n"
)


@pytest.fixture
async def reader(world: WriterWorld) -> AsyncIterator[PostgresQdrantReader]:
    async with live_reader(world) as reader:
        yield reader


def publish(world: WriterWorld, context: str, limit: int = 1) -> None:
    said = f"retrieval: {{limit: {limit}, threshold: 0.05, context: {context}}}\n{GATE}"
    world.publish({"machines.md": PAGE, "agent.yaml": said})


async def read(world: WriterWorld, reader: PostgresQdrantReader) -> list[Passage]:
    return await reader.around(await reader.search(world.agent, QUESTION))


def headings(passages: list[Passage]) -> list[str]:
    return [one["heading_path"][-1] for one in passages]


async def test_as_much_is_read_as_the_agent_wants(
    world: WriterWorld, reader: PostgresQdrantReader
) -> None:
    publish(world, "chunk")
    [found] = await read(world, reader)
    assert "The harbour crane" in found["text"]
    publish(world, "neighbours")
    beside = await read(world, replace(reader))
    assert (beside[0]["heading_path"][-1], beside[1]["chunk_id"]) == ("Pumps", found["chunk_id"])
    assert len(beside) == 3
    publish(world, "section")
    section = await read(world, replace(reader))
    assert {*headings(section)} == {"Crane", "Winter"}, "its heading's own, and what is below it"
    for one in (*beside, *section):
        assert PAGE[one["start"] : one["end"]] == one["text"]
    assert [one["start"] for one in section] == sorted(one["start"] for one in section)
    assert {one.get("ranked_by") for one in section} == {"blend", "beside"}


async def test_no_passage_comes_twice(world: WriterWorld, reader: PostgresQdrantReader) -> None:
    publish(world, "section", limit=4)
    found = await read(world, reader)
    assert len({one["chunk_id"] for one in found}) == len(found)


async def test_a_model_may_quote_what_stands_beside_and_its_offsets_are_true(
    world: WriterWorld, reader: PostgresQdrantReader
) -> None:
    publish(world, "section")
    [agent] = [one for one in await reader.agents() if one.agent_id == world.agent]
    quote = "Below zero the crane stays still."
    with loopback_provider() as provider:
        names = [f"p{number}" for number in range(1, 9)]
        claims = [{"text": quote, "quotes": [{"passage": name, "quote": quote}]} for name in names]
        provider.says(json.dumps({"claims": claims}))
        model = loopback_model(provider)
        task = AgentTask("s", agent, "knowledge", QUESTION, {}, {}, "standard")
        done = await Rag(reader, HashedQuestions(), model)(task)
        await model.close()
    assert done["status"] == "done"
    verified = await Verification(reader)(done["claims"], [done])
    [citation] = verified.citations.values()
    assert PAGE[citation["start"] : citation["end"]] == citation["quote"] == quote
    assert citation["heading_path"][-1] == "Winter"
