"""Passages that were found a moment ago: given again only as the ledger and the caller's rights allow."""

import pytest

from dagster_kb.upkeep.hot_deletion import HotDeletion
from graph.caller import Caller, working_for
from graph.gateways.found_passages import RememberingReader
from kb_contract.errors import NotServed
from tests.doubles.composed_reader import composed_reader
from tests.doubles.writer_world import WriterWorld

QUESTION = "How often is the archive key changed?"
KEY = "# Key\n\nThe archive key is changed every {days} days.\n"
PAGES = {
    "agent.yaml": "retrieval: {limit: 6, threshold: 0.0}\ngate: {canary: 'off', max_shrink: 1.0}\n",
    "key.md": KEY.format(days=10),
    "badge.md": "# Badges\n\nA badge opens the garage from eight to six.\n",
    "lunch.md": "# Lunch\n\nThe canteen serves soup on working days.\n",
}


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.publish(PAGES)
    return world


async def test_passages_are_found_again_only_while_the_ledger_has_them_for_the_caller(
    world: WriterWorld,
) -> None:
    async with composed_reader(world) as composed:
        reader = composed.outside.reader
        assert isinstance(reader, RememberingReader)
        assert reader.found is not None
        tally = reader.found.tally

        async def found() -> list[str]:
            return [one["text"] for one in await reader.search(world.agent, QUESTION, limit=3)]

        first = await found()
        assert (await found(), tally.hits) == (first, 1)
        await reader.search(world.agent, QUESTION, limit=2)
        assert tally.hits == 1
        world.publish({"key.md": KEY.format(days=20)})
        assert any("20 days" in one for one in await found())
        assert tally.hits == 1
        [passage] = await reader.search(world.agent, QUESTION, limit=1)
        HotDeletion(world.ledger, world.store).delete(passage["chunk_id"], reason="r", by="test")
        assert not any("20 days" in one for one in await found())
        assert tally.hits == 1


async def test_passages_that_others_found_are_none_for_whom_may_not_ask_that_agent(
    world: WriterWorld,
) -> None:
    async with composed_reader(world) as composed:
        reader = composed.outside.reader
        assert isinstance(reader, RememberingReader)
        assert reader.found is not None
        assert await reader.search(world.agent, QUESTION)
        elsewhere = Caller("guest", agents=frozenset({"hr"}))
        with working_for(elsewhere), pytest.raises(NotServed):
            await reader.search(world.agent, QUESTION)
        own = Caller("member", agents=frozenset({world.agent}))
        with working_for(own):
            assert await reader.search(world.agent, QUESTION)
        assert reader.found.tally.hits == 1
