"""Names of documents: found once, led along by readers, and gone with their source."""

from collections.abc import AsyncIterator
from typing import Any

import dagster as dg
import pytest

from dagster_kb.assets.entities import LINK
from dagster_kb.upkeep.hot_deletion import HotDeletion
from graph.gateways.entity_links import PostgresEntityLinks
from graph.gateways.postgres import READER_ROLE, LazyPool
from tests.doubles.writer_world import QUIET, WriterWorld

AGENT = "gate: {canary: 'off', max_shrink: 1.0}\n"
PAGES = {
    "agent.yaml": AGENT,
    "sla.md": "# Promise\n\nThe Service Level Agreement (SLA) was signed by Alice Moreau.\n",
    "alice.md": "# People\n\nAlice Moreau leads the North Harbour office.\n",
    "time.md": "# Times\n\nThe SLA promises an answer within an hour, see SOP-03.\n",
    "whole.md": "# Whole\n\nAsk for the Service Level Agreement at the desk.\n",
    "board.md": "---\naudience: [board]\n---\n# Board\n\nAlice Moreau sits on the board.\n",
}


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.publish(PAGES)
    return world


@pytest.fixture
async def links(world: WriterWorld) -> AsyncIterator[PostgresEntityLinks]:
    pool = LazyPool(world.settings.database_url, role=READER_ROLE)
    yield PostgresEntityLinks(pool, "default")
    await pool.close()


def look(world: WriterWorld) -> dict[str, int]:
    """Run the job; how many documents each asset looked through."""
    result = world.definitions.resolve_job_def(LINK).execute_in_process(
        partition_key=world.agent, instance=world.instance, run_config=dg.RunConfig(loggers=QUIET)
    )
    return {
        event.asset_key.to_user_string(): int(
            event.materialization.metadata["documents_looked_through"].value  # type: ignore[arg-type]
        )
        for event in result.get_asset_materialization_events()
        if event.asset_key
    }


def chunk(world: WriterWorld, name: str) -> str:
    return next(one for one, payload in world.served().items()
                if payload["metadata"]["path"].endswith(name))  # fmt: skip


async def test_names_lead_from_chunk_to_chunk(
    world: WriterWorld, links: PostgresEntityLinks
) -> None:
    assert look(world) == {"entities": 5, "entity_links": 5}
    [hop] = await links.linked(world.agent, [chunk(world, "alice.md")])
    assert (hop.chunk_id, hop.names) == (chunk(world, "sla.md"), ("alice moreau",))
    assert hop.weight > 0
    found = await links.linked(world.agent, [chunk(world, "whole.md")])
    # The acronym alone stands in one of them.
    assert {one.chunk_id for one in found} == {chunk(world, "sla.md"), chunk(world, "time.md")}
    assert await links.linked(world.agent, []) == []


async def test_only_what_is_new_is_looked_through(world: WriterWorld) -> None:
    look(world)
    assert look(world) == {"entities": 0, "entity_links": 0}
    world.publish({"alice.md": PAGES["alice.md"] + "\nShe knows Bob Tanaka.\n"})
    assert look(world) == {"entities": 1, "entity_links": 1}


async def test_names_go_with_their_source(world: WriterWorld, links: PostgresEntityLinks) -> None:
    look(world)
    world.repository.remove(world.path("time.md"))
    world.publish()
    look(world)
    found = await links.linked(world.agent, [chunk(world, "whole.md")])
    assert [one.chunk_id for one in found] == [chunk(world, "sla.md")]
    gone: Any = chunk(world, "alice.md")
    HotDeletion(world.ledger, world.store).delete(gone, reason="r", by="t", agent=world.agent)
    with world.ledger.database.transaction() as connection:
        left = connection.execute("select 1 from kb.entities where said = 'North Harbour'")
        assert left.fetchall() == []
