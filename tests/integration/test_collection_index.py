"""The graph of near vectors is as agent.yaml says, and another one costs no embedding."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dagster_kb.publishing.ways_back import WayBack
from kb_contract.index_settings import IndexSettings
from tests.doubles.git_repository import GitRepository
from tests.doubles.writer_world import WriterWorld, failures, metadata, why

PAGES = 12
OTHER = IndexSettings(m=32, ef_construct=200, full_scan_threshold=20)
SETTINGS = "index: {m: 32, ef_construct: 200, full_scan_threshold: 20}\n"


def page(number: int, word: str = "first") -> str:
    return f"# Page {number}\n\nThis is what page {number} says, the {word} time.\n"


@pytest.fixture
def world(
    tmp_path: Path, database_url: str, either_qdrant: str, agent_id: str
) -> Iterator[WriterWorld]:
    world = WriterWorld(GitRepository(tmp_path / "repo"), database_url, either_qdrant, agent_id)
    world.publish({f"page{number}.md": page(number) for number in range(PAGES)})
    yield world
    world.close()


def index_of_live(world: WriterWorld) -> IndexSettings:
    there = world.store.describe(world.live().collection or "")
    assert there
    return there.index


def recreated(world: WriterWorld, files: dict[str, str]) -> bool:
    world.commit(files)
    result = world.ingest()
    assert result.success, why(result)
    return bool(metadata(result, "collection")["recreated"])


def test_another_index_is_another_generation_that_embeds_nothing(world: WriterWorld):
    assert index_of_live(world) == IndexSettings()
    before = world.served()
    assert recreated(world, {"agent.yaml": SETTINGS})
    assert world.live().number == 2
    assert world.embedder.passages == []
    assert index_of_live(world) == OTHER
    assert world.served() == before

    # The colour that has the old graph is made anew in its turn; then differences are enough again.
    assert recreated(world, {"page1.md": page(1, "second")})
    assert not recreated(world, {"page1.md": page(1, "third")})
    assert (index_of_live(world), len(world.store.written)) == (OTHER, 1)


def test_the_way_back_serves_the_old_index_as_it_was_built(world: WriterWorld):
    recreated(world, {"agent.yaml": SETTINGS})
    back = WayBack(world.ledger, world.store, world.embedder)
    assert back.roll_back(world.agent, reason="r", by="b").points_written == 0
    assert index_of_live(world) == IndexSettings()


def test_without_a_graph_all_vectors_are_compared(world: WriterWorld):
    recreated(world, {"agent.yaml": "index: {m: 0}\n"})
    assert index_of_live(world).m == 0
    question = page(7)
    vector = [float(one) for one in world.embedder.embed([question])[0]]
    found = world.store.search(world.live().collection or "", question, vector, 1)
    assert found[0].payload["metadata"]["path"] == world.path("page7.md")


def test_a_wrong_value_is_refused_with_what_is_allowed(world: WriterWorld):
    world.commit({"agent.yaml": "index: {m: 500}\n"})
    assert "index.m: Input should be less than or equal to 128" in str(failures(world.ingest()))
    assert world.live().number == 1
