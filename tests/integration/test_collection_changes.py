"""What a change costs in the collection, and what hands of others do not get past."""

import uuid
from collections.abc import Iterator
from typing import Any, cast

import pytest
from qdrant_client import models

from dagster_kb.publishing.collection_audit import SAMPLE, SMALL
from dagster_kb.publishing.serving_checks import ServingChecks
from dagster_kb.publishing.ways_back import WayBack
from dagster_kb.resources import vector_store
from kb_contract.embedding_space import space_key
from kb_contract.identifiers import COLOURS, collection_name, other_colour
from tests.conftest import TEMPLATE, RunningPostgres
from tests.doubles.git_repository import GitRepository
from tests.doubles.writer_world import WriterWorld, metadata, why

PAGES = 34


def new_word() -> str:
    return f"word{uuid.uuid4().hex}"


def page(number: int, word: str = "first") -> str:
    sections = [f"## Part {part}\n\nPage {number} says {word} in part {part}, and goes on: " +
                " ".join(f"w{number}x{part}x{n}" for n in range(12)) + ".\n" for part in range(8)]  # fmt: skip
    return f"# Page {number}\n\n" + "\n".join(sections)


@pytest.fixture(scope="module")
def shared(
    tmp_path_factory: pytest.TempPathFactory, postgres: RunningPostgres, either_qdrant: str
) -> Iterator[WriterWorld]:
    """One agent for all tests of a Qdrant, too large for a sample to be all of it."""
    name, repository = f"test_{uuid.uuid4().hex[:12]}", tmp_path_factory.mktemp("changes") / "repo"
    postgres.execute(f"create database {{name}} template {TEMPLATE}", name)
    agent = f"agent_{uuid.uuid4().hex[:10]}"
    world = WriterWorld(GitRepository(repository), postgres.url(name), either_qdrant, agent)
    world.publish({f"page{number}.md": page(number) for number in range(PAGES)})
    assert world.live().chunks > SMALL
    yield world
    world.close()
    postgres.execute("drop database {name} with (force)", name)


@pytest.fixture
def world(shared: WriterWorld) -> WriterWorld:
    """Both colours are as they should be, whatever the test before did."""
    for _ in COLOURS:
        shared.publish({"page0.md": page(0, new_word())})
    shared.forget_counts()
    return shared


def inactive(world: WriterWorld) -> str:
    return collection_name("default", world.agent, other_colour(world.live().colour))


def live_collection(world: WriterWorld) -> str:
    name = world.live().collection
    assert name
    return name


def silently_edit(world: WriterWorld, collection: str, path: str = "page7.md") -> None:
    """Change one payload by hand; count and stamp stay."""
    (one, *_), _ = world.store.client.scroll(
        collection, models.Filter(must=[models.FieldCondition(
            key="metadata.path", match=models.MatchValue(value=world.path(path)))]), limit=1,
    )  # fmt: skip
    world.store.client.set_payload(collection, {"text_chunk": "forged"}, points=[one.id], wait=True)


def age_whole_looks(world: WriterWorld) -> None:
    with world.ledger.database.transaction() as connection:
        connection.execute("update kb.colours set verified_at = now() - interval '2 days'")


def serves_its_manifest(world: WriterWorld) -> bool:
    live = world.live()
    return (
        set(world.served()) == set(world.ledger.documents.manifest(live.generation_id))
        and "forged" not in world.served_texts()
    )


def facts_of(world: WriterWorld) -> dict[str, Any]:
    return world.live().checks["holds_exactly"]["facts"]


def test_a_change_looks_at_what_changed_and_at_a_sample(world: WriterWorld):
    world.publish({"page1.md": page(1, new_word())})
    changed = set(world.store.written) | set(world.store.deleted)
    assert 8 <= len(changed) <= 40
    assert world.store.reads == []
    assert changed <= set(world.store.looked_at)
    # The writer's look and the gate's, each with its sample.
    assert len(world.store.looked_at) <= len(changed) + 2 * SAMPLE + 10
    facts = facts_of(world)
    assert (facts["looked_at"], facts["missing"]) == ("stamp", 0)
    assert facts["points_read"] <= SAMPLE
    assert facts["whole_look_at"].startswith("20")
    assert serves_its_manifest(world)


def test_a_forced_build_looks_at_all(world: WriterWorld):
    silently_edit(world, inactive(world))
    result = world.ingest(force=True)
    assert result.success, why(result)
    assert len(world.store.reads) == 1
    assert len(world.store.written) == 1 + len(set(world.store.written) - _of(world, "page7.md"))
    assert serves_its_manifest(world)


def test_a_way_back_looks_at_all(world: WriterWorld):
    """What was edited while it lay idle is mended, and looked for whether a sample saw it or not."""
    back = inactive(world)
    silently_edit(world, back)
    way = WayBack(world.ledger, world.store, world.embedder)
    done = way.roll_back(world.agent, reason="wrong words", by="operator")
    world.ledger.incidents.resume(world.agent, "operator")
    assert (done.collection, live_collection(world), done.points_written) == (back, back, 1)
    assert set(world.store.reads) == {back}
    assert serves_its_manifest(world)
    assert world.embedder.texts == []


def test_a_way_back_is_served_before_every_point_is_looked_at(world: WriterWorld):
    """However much it holds: what readers wait for is what the stamp, the count and a sample cost."""
    reads = list[int]()
    point_aliases, kept = world.store.point_aliases, world.store.reads
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(world.store), "point_aliases", lambda _, *moved: (
            reads.append(len(kept)), point_aliases(*moved)))  # fmt: skip
        way = WayBack(world.ledger, world.store, world.embedder)
        done = way.roll_back(world.agent, reason="wrong words", by="operator")
    world.ledger.incidents.resume(world.agent, "operator")
    # They are pointed there once more after the look: what it mended may have been made anew.
    assert (reads, len(kept), done.points_written) == ([0, 1], 1, 0)
    assert len(world.store.looked_at) <= 2 * SAMPLE
    assert serves_its_manifest(world)
    # What was seen then counts as a whole look: the checks after it go by its stamp.
    checks = ServingChecks(world.ledger, world.store, world.embedder).run(world.agent, seen=True)
    assert checks["points"].passed
    assert len(kept) == 1


def _of(world: WriterWorld, path: str) -> set[str]:
    return {key for key, one in world.served().items()
            if one["metadata"]["path"] == world.path(path)}  # fmt: skip


def test_a_night_looks_at_what_nobody_looked_at_for_long(world: WriterWorld):
    quiet = world.ingest(deep=True)
    assert quiet.success
    assert world.store.reads == []  # the last whole look is young
    silently_edit(world, live_collection(world))
    age_whole_looks(world)
    number = world.live().number
    result = world.ingest(deep=True)
    assert result.success, why(result)
    assert world.live().number == number + 1
    assert serves_its_manifest(world)
    assert world.embedder.texts == []
    incident = world.ledger.incidents.listed(world.agent)[0]
    assert incident["kind"] == "collection_changed"
    assert "1 changed" in incident["summary"]


def test_a_night_that_finds_all_in_order_says_so_and_builds_nothing(world: WriterWorld):
    age_whole_looks(world)
    number = world.live().number
    assert world.ingest(deep=True).success
    assert (len(world.store.reads), world.live().number) == (1, number)
    assert world.ingest(deep=True).success
    assert world.store.reads == []


def make_again(world: WriterWorld, collection: str) -> None:
    """Drop a collection and make it again with as many points, as a careless hand would."""
    points, _ = world.store.client.scroll(collection, limit=10_000, with_vectors=True)
    aliases = [one for one, to in world.store.aliases().items() if to == collection]
    world.store.client.delete_collection(collection)
    world.store.recreate(collection, 384)
    forged: list[Any] = [
        models.PointStruct(id=one.id, vector=cast("Any", one.vector), payload={**(one.payload or {}), "x": 1})
        for one in points
    ]  # fmt: skip
    world.store.client.upsert(collection, forged, wait=True)
    if aliases:
        world.store.point_aliases(aliases, collection)


def test_a_live_collection_that_was_made_again_is_noticed_at_once(world: WriterWorld):
    make_again(world, live_collection(world))
    result = world.ingest()
    assert result.success, why(result)
    assert serves_its_manifest(world)
    assert not any("x" in one for one in world.served().values())
    assert world.embedder.texts == []


def test_the_other_colour_that_was_made_again_is_not_built_upon(world: WriterWorld):
    make_again(world, inactive(world))
    world.publish({"page1.md": page(1, new_word())})
    assert not any("x" in one for one in world.served().values())
    assert serves_its_manifest(world)


def test_a_point_that_somebody_took_or_added_is_noticed_at_once(world: WriterWorld):
    collection = inactive(world)
    some = world.store.sample(collection, 2)
    world.store.client.delete(collection, [some[0].chunk_id], wait=True)
    world.publish({"page1.md": page(1, new_word())})
    assert serves_its_manifest(world)
    collection = inactive(world)
    stranger = models.PointStruct(id=7, vector={"dense": [0.1] * 384}, payload={"text_chunk": "?"})
    world.store.client.upsert(collection, [stranger], wait=True)
    world.publish({"page1.md": page(1, new_word())})
    assert len(world.store.written) < 40  # the rest of the colour was mended, not written again
    assert serves_its_manifest(world)


def test_another_stamp_on_what_is_served_costs_one_look(world: WriterWorld):
    world.store.stamp(live_collection(world), "somebody else's")
    number = world.live().number
    assert world.ingest().success
    assert (len(world.store.reads), world.live().number) == (1, number)
    assert world.ingest().success
    assert world.store.reads == []


def test_the_gate_looks_at_all_when_the_stamp_is_another(world: WriterWorld):
    world.commit({"page1.md": page(1, new_word())})
    world.ingest(only=["parsed_documents", "chunks", "embeddings", "collection"])
    staged = world.ledger.generations.latest(world.agent)[0]
    silently_edit(world, staged.collection or "")
    world.store.stamp(staged.collection or "", "somebody else's")
    assert not world.ingest(only=["live_alias"]).success
    failed = world.ledger.generations.latest(world.agent)[0]
    assert failed.checks["holds_exactly"]["facts"]["changed"] == 1
    assert world.ingest().success
    assert serves_its_manifest(world)


def chunk_rows_read(world: WriterWorld) -> int:
    """How often the tables of chunks were looked into, by any statement of any connection."""
    world.ledger.database.close()  # a connection tells of its reads when it ends, at the latest
    with world.ledger.database.transaction() as connection:
        row = connection.execute(
            "select sum(seq_scan + coalesce(idx_scan, 0) + seq_tup_read + coalesce(idx_tup_fetch, 0))"
            " as reads from pg_stat_user_tables where schemaname = 'kb'"
            " and relname in ('chunks', 'generation_chunks', 'chunk_runs', 'embeddings')"
        ).fetchone()
    return int(row["reads"]) if row else 0


def test_an_unchanged_agent_reads_no_chunk_and_no_point(world: WriterWorld):
    before = chunk_rows_read(world)
    assert before > 0
    result = world.ingest()
    assert result.success, why(result)
    assert metadata(result, "parsed_documents")["staged"] == "unchanged"
    assert chunk_rows_read(world) == before
    assert (world.store.reads, world.store.looked_at) == ([], [])
    assert (world.store.written, world.store.deleted, world.embedder.texts) == ([], [], [])


def test_a_colour_that_was_left_half_written_is_mended(world: WriterWorld):
    """The next writer finds what is right and writes the rest."""
    staged = world.ledger.generations.live(world.agent)
    assert staged
    colour = other_colour(staged.colour)
    with world.ledger.agent_lock(world.agent):
        world.ledger.aliases.mark(staged, colour, "writing")
    world.publish({"page1.md": page(1, new_word())})
    assert len(world.store.reads) == 1
    assert len(world.store.written) < 40
    assert serves_its_manifest(world)


def test_both_colours_have_a_stamp_of_their_own(world: WriterWorld):
    stamps: set[str | None] = set()
    for colour in COLOURS:
        known = world.ledger.aliases.colour(world.agent, colour)
        there = world.store.describe(collection_name("default", world.agent, colour))
        assert known
        assert there
        assert known["stamp"] == there.stamp
        stamps.add(there.stamp)
    assert len(stamps) == 2
    assert None not in stamps


def test_a_collection_that_was_half_made_is_made_again(
    world: WriterWorld, monkeypatch: pytest.MonkeyPatch
):
    """Its writer died between the collection and its indexes: filters would be slow for ever."""
    live = world.live()
    next_one = collection_name(
        world.settings.workspace_id, world.agent, other_colour(live.colour or "")
    )
    half = (("metadata.agent_id", "keyword"), ("metadata.tags", "no kind of index"))
    monkeypatch.setattr(vector_store, "INDEXED_FIELDS", half)
    with pytest.raises(ValueError, match="no kind of index"):
        world.store.recreate(next_one, 384, space_key(live.space))
    monkeypatch.undo()
    assert world.publish({"page0.md": page(0, new_word())}).collection == next_one
    indexed = world.store.client.get_collection(next_one).payload_schema
    assert {field for field, _ in vector_store.INDEXED_FIELDS} == set(indexed)
