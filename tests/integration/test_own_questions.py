"""An agent is asked about itself before it goes live; what comes of it says from where on it answers."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from qdrant_client import AsyncQdrantClient

from dagster_kb.publishing.own_questions import ASKED, FEWEST
from graph.gateways.knowledge_reader import PostgresQdrantReader
from graph.gateways.postgres import READER_ROLE, LazyPool
from kb_contract.calibration import USUAL_THRESHOLD, OwnQuestions
from tests.doubles.composed_reader import HashedQuestions
from tests.doubles.git_repository import GitRepository
from tests.doubles.writer_world import WriterWorld, metadata

GATE = "gate: {canary: 'off', max_shrink: 1.0}\n"
THINGS = [f"{colour}{thing}" for colour in ("brass", "copper", "silver", "wooden", "painted", "old")
          for thing in ("lantern", "compass", "violin", "kettle", "anchor", "mirror")]  # fmt: skip
PAGES = {
    f"{one}.md": f"# {one}\n\nThe {one} hangs beside the {other} above the {third} of the hall.\n"
    for one, other, third in zip(THINGS, THINGS[1:] + THINGS[:1], THINGS[2:] + THINGS[:2], strict=True)
}  # fmt: skip


@pytest.fixture
def world(
    tmp_path: Path, database_url: str, qdrant_url: str, agent_id: str
) -> Iterator[WriterWorld]:
    world = WriterWorld(GitRepository(tmp_path / "repo"), database_url, qdrant_url, agent_id)
    world.write({"agent.yaml": GATE})
    yield world
    world.close()


@pytest.fixture
async def reader(world: WriterWorld) -> AsyncIterator[PostgresQdrantReader]:
    pool = LazyPool(world.settings.database_url, role=READER_ROLE)
    qdrant = AsyncQdrantClient(url=world.settings.qdrant_url, check_compatibility=False)
    yield PostgresQdrantReader(pool, qdrant, HashedQuestions(), "default")
    await qdrant.close()
    await pool.close()


def measured(world: WriterWorld) -> OwnQuestions:
    own = world.live().own_questions
    assert own
    return own


async def test_readers_answer_from_where_the_writer_measured(
    world: WriterWorld, reader: PostgresQdrantReader
) -> None:
    world.commit(PAGES)
    result = world.ingest()
    own, shown = measured(world), metadata(result, "collection")
    assert FEWEST <= own.asked <= ASKED
    assert own.middle is not None
    assert own.threshold != USUAL_THRESHOLD, "short pages that name each other run otherwise"
    assert shown["answers_from"] == own.threshold
    assert shown["own_questions"] == own.asked
    live = await reader._live()
    assert live[world.agent].retrieval.refuses_below == own.threshold


def test_a_change_takes_over_what_a_generation_like_it_said(world: WriterWorld) -> None:
    first = world.publish(PAGES)
    second = world.publish(
        {"brasslantern.md": "# Lamp\n\nThe lamp stands on a table by the door.\n"}
    )
    assert second.number > first.number
    assert measured(world) == first.own_questions
    assert len(world.embedder.texts) == 1, "no question was made again"


def test_an_agent_that_grew_is_asked_again(world: WriterWorld) -> None:
    world.publish({name: PAGES[name] for name in list(PAGES)[:FEWEST]})
    before = measured(world)
    world.publish(PAGES)
    assert measured(world).generation > before.generation
    assert measured(world).asked > before.asked


def test_few_passages_cannot_tell_and_what_is_said_is_not_measured(world: WriterWorld) -> None:
    few = {name: PAGES[name] for name in list(PAGES)[:3]}
    world.publish(few)
    own = measured(world)
    assert (own.asked, own.middle, own.threshold) == (0, None, USUAL_THRESHOLD)
    said = world.publish({**PAGES, "agent.yaml": f"retrieval: {{threshold: 0.2}}\n{GATE}"})
    assert said.own_questions is None
