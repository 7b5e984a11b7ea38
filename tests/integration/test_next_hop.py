"""Evidence that no word of the question leads to: from the first passage along the names in it."""

from collections.abc import AsyncIterator
from dataclasses import replace

import dagster as dg
import pytest

from dagster_kb.assets.entities import LINK
from graph.gateways.entity_links import PostgresEntityLinks
from graph.gateways.knowledge_reader import PostgresQdrantReader
from graph.selection import EVERYTHING, Selection
from tests.doubles.live_reader import live_reader
from tests.doubles.writer_world import QUIET, WriterWorld

QUESTION = "Where is the office of the team that owns the invoice machine?"
GATE = "gate: {canary: 'off', max_shrink: 1.0}\n"
PAGES = {
    "machine.md": "# Machine\n\nThe invoice machine that the team owns is run by Red Falcon.\n",
    "falcon.md": "# Falcon\n\nRed Falcon sits in the north office.\n",
    "secret.md": "---\naudience: [board]\n---\n# Secret\n\nRed Falcon has a second office.\n",
    **{
        f"team{number}.md": f"# Team\n\nThe team {word} owns the {word} machine.\n"
        for number, word in enumerate(("letter", "stamp", "parcel", "coffee"))
    },
}


def publish(world: WriterWorld, hops: int) -> None:
    said = f"retrieval: {{limit: 3, candidates: 3, threshold: 0.05, hops: {hops}}}\n{GATE}"
    world.publish({**PAGES, "agent.yaml": said})
    world.definitions.resolve_job_def(LINK).execute_in_process(
        partition_key=world.agent, instance=world.instance, run_config=dg.RunConfig(loggers=QUIET)
    )


@pytest.fixture
async def reader(world: WriterWorld) -> AsyncIterator[PostgresQdrantReader]:
    async with live_reader(world) as plain:
        yield replace(plain, links=PostgresEntityLinks(plain.pool, "default"))


async def found(
    world: WriterWorld, reader: PostgresQdrantReader, only: Selection = EVERYTHING
) -> list[str]:
    passages = await reader.search(world.agent, QUESTION, only=only)
    return [one["path"].rsplit("/", 1)[-1] for one in passages]


async def test_without_hops_only_what_the_question_leads_to_is_found(
    world: WriterWorld, reader: PostgresQdrantReader
) -> None:
    publish(world, 0)
    assert "falcon.md" not in await found(world, reader)


async def test_names_of_the_first_passages_lead_to_what_they_leave_open(
    world: WriterWorld, reader: PostgresQdrantReader
) -> None:
    publish(world, 2)
    paths = await found(world, reader)
    assert (paths[0], paths[-1], len(paths)) == ("machine.md", "falcon.md", 3)
    assert "secret.md" not in paths, "rights hold for every hop"
    tagged = await found(world, reader, Selection(versions=("9",)))
    assert tagged == [], "and so does what is looked at"
