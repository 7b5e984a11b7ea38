"""The first edit of an agent pays for what was edited: the colour that it is written into was filled before."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_kb.publishing.colour_ahead import WORTH_IT, ColourAhead
from dagster_kb.publishing.ways_back import WayBack
from dagster_kb.resources.vector_store import Point, VectorStore
from dagster_kb.telemetry import Stages
from dagster_kb.upkeep.hot_deletion import HotDeletion
from kb_contract.identifiers import DEFAULT_WORKSPACE, Colour, collection_name
from kb_contract.named_queries import named_queries
from tests.doubles.git_repository import GitRepository
from tests.doubles.writer_world import CountingStore, WriterWorld, log_lines, why

PAGES = {
    f"page{number:03d}.md": f"# Page {number}\n\nThe valve of machine {number} opens at {number} bar.\n"
    for number in range(WORTH_IT + 20)
}
EDIT = {"page007.md": "# Page 7\n\nThe valve of machine 7 is gone.\n"}


@dataclass(frozen=True)
class StoreThatLoses(CountingStore):
    """Fails whenever points are written to these colours."""

    loses: set[Colour] = field(default_factory=lambda: {"green"})
    before_it_fails: list[Callable[[], None]] = field(default_factory=list)

    def write(self, collection: str, points: Sequence[Point]) -> None:
        if any(collection.endswith(one) for one in self.loses):
            for look in self.before_it_fails:
                look()
            raise ConnectionError("the store is away")
        super().write(collection, points)


Losing = tuple[WriterWorld, StoreThatLoses]


def collection(world: WriterWorld, colour: Colour) -> str:
    return collection_name(DEFAULT_WORKSPACE, world.agent, colour)


def held(world: WriterWorld, colour: Colour) -> dict[str, object]:
    found = VectorStore.points(world.store, collection(world, colour), payloads=True)
    return {one.chunk_id: one.payload for one in found}


def states(world: WriterWorld) -> dict[str, str]:
    return {one["colour"]: one["state"] for one in world.ledger.aliases.colours(world.agent)}


def filled(world: WriterWorld, ran: Any) -> list[dict[str, Any]]:
    return [one for one in log_lines(world, ran.run_id) if one["event"] == "vector.ahead"]


def test_both_colours_hold_what_was_published_first(world: WriterWorld):
    world.commit(PAGES)
    ran = world.ingest()
    assert ran.success, why(ran)
    assert [one["points"] for one in filled(world, ran)] == [len(PAGES)]
    assert world.live().colour == "blue"
    assert held(world, "green") == held(world, "blue") == world.served()
    with world.ledger.database.transaction() as connection:
        asked = named_queries("past")["where_it_lies"].encode()
        where = {"generation": world.live().generation_id}
        found = connection.execute(asked, where).fetchall()
    assert [one["collection"] for one in found] == [world.live().collection]


def test_the_first_edit_writes_what_was_edited_and_reads_no_other(world: WriterWorld):
    world.publish(PAGES)
    assert world.publish(EDIT).colour == "green"
    assert len(world.store.written) == len(world.store.deleted) == 1
    assert world.store.reads == []
    assert len(world.served()) == len(held(world, "blue")) == len(PAGES)


def test_the_way_back_and_on_is_as_it_always_was(world: WriterWorld):
    world.publish(PAGES)
    first = world.served()
    world.publish(EDIT)
    world.forget_counts()
    back = WayBack(world.ledger, world.store, world.embedder)
    assert back.roll_back(world.agent, reason="a trial", by="a test").points_written == 0
    assert world.served() == first
    world.ledger.incidents.resume(world.agent, "a test")
    world.publish({"page008.md": "# Page 8\n\nThe valve of machine 8 leaks.\n"})
    assert len(world.store.written) == len(world.store.deleted) == 1
    said = world.served_texts()
    assert len(world.served()) == len(PAGES)
    assert {one for one in said if "is gone" in one or "leaks" in one} == {
        "# Page 7\n\nThe valve of machine 7 is gone.", "# Page 8\n\nThe valve of machine 8 leaks.",
    }  # fmt: skip


def test_a_small_agent_has_one_colour_until_it_is_edited(world: WriterWorld):
    world.commit({"page.md": "# Page\n\nThe valve opens at 7 bar.\n"})
    assert filled(world, world.ingest()) == []
    assert collection(world, "green") not in world.store.collections()


@pytest.fixture
def losing(tmp_path: Path, database_url: str, qdrant_url: str, agent_id: str) -> Iterator[Losing]:
    repository, store = GitRepository(tmp_path / "repo"), StoreThatLoses(qdrant_url)
    world = WriterWorld(repository, database_url, qdrant_url, agent_id, store=store)
    yield world, store
    world.close()


def test_what_stops_it_stops_no_publication_and_the_next_run_mends_it(losing: Losing):
    world, store = losing
    world.commit(PAGES)
    ran = world.ingest()
    assert ran.success, why(ran)
    assert len(world.served()) == len(PAGES)
    said = [
        one["reason"] for one in log_lines(world, ran.run_id) if one["event"] == "ahead.stopped"
    ]
    assert {*said} == {"ConnectionError: the store is away"}
    store.loses.clear()
    world.publish(EDIT)
    assert len(held(world, "green")) == len(world.served()) == len(PAGES)
    assert any("machine 7 is gone" in one for one in world.served_texts())


def test_what_is_served_is_told_before_the_other_colour_is_filled(losing: Losing):
    world, store = losing
    served = dg.AssetKey("live_alias")
    told = list[Any]()
    store.before_it_fails.append(
        lambda: told.append(world.instance.get_latest_materialization_event(served))
    )
    world.publish(PAGES)
    assert told
    assert all(one.asset_materialization.partition == world.agent for one in told)


def test_words_are_deleted_though_the_other_colour_is_half_filled(losing: Losing):
    world, _ = losing
    world.publish(PAGES)
    assert states(world)["green"] == "writing"
    point = next(iter(world.served()))
    deletion = HotDeletion(world.ledger, world.store)
    deletion.delete(point, reason="private", by="a test")
    assert world.served().keys() == held(world, "blue").keys()
    assert len(world.served()) == len(PAGES) - 1
    assert states(world)["blue"] == "clean"


def test_what_is_served_by_a_paused_agent_is_not_written_again(losing: Losing):
    world, store = losing
    world.publish(PAGES)
    store.loses.clear()
    world.ledger.incidents.pause(world.agent, "a trial", "a test")
    ahead = ColourAhead(world.ledger, world.store, Stages())
    ahead.fill(world.agent)
    assert held(world, "green") == {}
    world.ledger.incidents.resume(world.agent, "a test")
    ahead.fill(world.agent)
    assert held(world, "green") == world.served()
