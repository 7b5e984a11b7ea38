"""What was deleted is served no more, and an agent without documents is withdrawn; what broke takes nothing away."""

from collections.abc import Sequence

import pytest
import yaml

from dagster_kb.publishing.ways_back import WayBack
from dagster_kb.resources.knowledge_folder import KnowledgeFolder
from dagster_kb.resources.ledger_retention import Keep
from dagster_kb.upkeep.freshness import Look
from dagster_kb.upkeep.retention import Retention
from kb_contract.identifiers import (
    COLOURS,
    collection_name,
    plain_alias,
    production_alias,
)
from tests.doubles.three_documents import THREE
from tests.doubles.writer_world import WriterWorld, failures, metadata, why


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.write(THREE)
    return world


def test_what_was_deleted_is_served_no_more(world: WriterWorld):
    world.publish()
    world.repository.remove(world.path("keys.md"))
    live = world.publish()
    assert not any("vault" in text for text in world.served_texts())
    assert len(world.served()) == live.chunks


def empty(world: WriterWorld) -> None:
    for name in ("keys.md", "moves.md", "notes.md"):
        world.repository.remove(world.path(name))
    world.write({"agent.yaml": yaml.safe_dump({"title": "Empty"})})


def assert_not_served(world: WriterWorld) -> None:
    assert world.ledger.generations.live(world.agent) is None
    names = {production_alias("default", world.agent), plain_alias("default", world.agent)}
    assert not names & world.store.aliases().keys()


def collections(world: WriterWorld) -> int:
    names = [collection_name("default", world.agent, one) for one in COLOURS]
    return len([one for one in names if world.store.dimension(one) is not None])


def test_an_agent_whose_documents_are_gone_is_withdrawn(world: WriterWorld):
    world.publish()
    world.publish({"moves.md": "# Moves\n\nOther words.\n"})
    empty(world)
    world.repository.commit()
    result = world.ingest()
    assert result.success, why(result)
    assert_not_served(world)
    newest, old, _ = world.ledger.generations.latest(world.agent)
    assert (newest.state, old.state) == ("retired", "retired")
    assert "nothing is published" in (newest.reason or "")
    assert old.reason == newest.reason
    assert metadata(result, "live_alias")["served"] is False
    run = world.ledger.generations.pipeline_runs(world.agent)[0]
    assert (run["status"], run["error_summary"]) == ("DONE", newest.reason)
    again = world.ingest()
    assert again.success, why(again)
    assert metadata(again, "parsed_documents")["staged"] == "unchanged"
    world.publish({"back.md": "# Back\n\nHere again.\n"})
    assert world.served_texts() == {"# Back\n\nHere again."}


def test_an_agent_whose_documents_are_all_unpublished_is_withdrawn(world: WriterWorld):
    world.publish()
    for name in ("keys.md", "moves.md", "notes.md"):
        world.write({name: "---\nstatus: draft\n---\n# Not yet\n\nLater.\n"})
    world.repository.commit()
    result = world.ingest()
    assert result.success, why(result)
    assert metadata(result, "parsed_documents")["unpublished"] == 3
    assert_not_served(world)


def many(status: str) -> dict[str, str]:
    return {f"page{n}.md": f"---\nstatus: {status}\n---\n# Page {n}\n\nWords of page {n}.\n"
            for n in range(24)}  # fmt: skip


def test_so_much_is_not_withdrawn_by_a_slip(world: WriterWorld):
    live = world.publish(many("published"))
    empty(world)
    world.commit(many("draft"))
    refused = world.ingest()
    assert not refused.success
    newest = world.ledger.generations.latest(world.agent)[0]
    assert newest.state == "failed"
    assert "keeps_size: documents fell from 27 to 0 (100%)" in (newest.reason or "")
    assert "gate: {max_shrink: 1.0}" in (newest.reason or "")
    alone = world.ingest(only=["live_alias"])
    assert "is failed: keeps_size" in failures(alone)["live_alias"]
    assert world.live().number == live.number
    assert len(world.served()) == live.chunks
    world.commit({"agent.yaml": yaml.safe_dump({"gate": {"max_shrink": 1.0}})})
    meant = world.ingest()
    assert meant.success, why(meant)
    assert_not_served(world)


def test_the_swap_alone_refuses_it_too(world: WriterWorld):
    live = world.publish(many("published"))
    empty(world)
    world.commit(many("draft"))
    world.ingest(only=["parsed_documents", "chunks", "embeddings"])
    alone = world.ingest(only=["live_alias"])
    assert "may not go live: keeps_size" in failures(alone)["live_alias"]
    assert world.live().number == live.number


def test_what_it_was_made_of_stays_for_the_grace(world: WriterWorld):
    world.publish()
    world.publish({"moves.md": "# Moves\n\nOther words.\n"})
    texts = world.served_texts()
    empty(world)
    world.repository.commit()
    assert world.ingest().success
    assert_not_served(world)
    assert collections(world) == 2
    folder = KnowledgeFolder(world.settings.knowledge_dir)
    retention = Retention(world.ledger, world.store, folder, Keep(2, 90), 24)
    assert retention.run().dropped_agents == []
    world.forget_counts()
    back = WayBack(world.ledger, world.store, world.embedder)
    assert back.roll_back(world.agent, reason="a slip", by="a person").points_written == 0
    assert (world.served_texts(), world.store.written) == (texts, [])
    world.ledger.incidents.resume(world.agent, "a person")
    assert world.ingest().success
    with world.ledger.database.transaction() as connection:
        connection.execute("update kb.retirements set ended_at = ended_at - interval '2 days'")
    assert retention.run().dropped_agents == [world.agent]
    assert collections(world) == 0


def test_a_file_that_never_could_be_read_keeps_nothing_served(world: WriterWorld):
    """Deleted pages are not served for good because of a neighbour that nobody ever saw."""
    world.publish({"broken.md": b"\x00\x01"})
    assert world.live().quarantined == 1
    empty(world)
    world.repository.commit()
    result = world.ingest()
    assert result.success, why(result)
    assert_not_served(world)
    assert metadata(world.ingest(), "parsed_documents")["staged"] == "unchanged"


def test_an_agent_that_never_had_anything_serves_nothing(world: WriterWorld):
    empty(world)
    world.repository.commit()
    result = world.ingest()
    assert result.success, why(result)
    assert_not_served(world)


def test_a_commit_that_breaks_every_document_takes_nothing_away(world: WriterWorld):
    world.publish()
    texts = world.served_texts()
    for name in ("keys.md", "moves.md"):
        world.repository.remove(world.path(name))
    world.commit({"notes.md": b"\x00\x01"})
    result = world.ingest()
    assert not result.success
    assert world.live().number == 1
    assert world.served_texts() == texts
    assert "has_points" in (world.ledger.generations.latest(world.agent)[0].reason or "")


def test_a_withdrawal_that_stopped_half_way_is_finished_by_the_next_run(world: WriterWorld):
    live = world.publish()
    empty(world)
    world.repository.commit()
    assert world.ingest().success
    world.store.recreate(live.collection or "", 384)
    world.store.point_aliases([production_alias("default", world.agent)], live.collection or "")
    assert world.ingest().success
    assert_not_served(world)


def test_rolled_back_out_of_a_withdrawal_it_is_withdrawn_again_when_a_person_resumes(
    world: WriterWorld,
):
    world.publish()
    texts = world.served_texts()
    empty(world)
    world.repository.commit()
    assert world.ingest().success
    back = WayBack(world.ledger, world.store, world.embedder)
    assert back.roll_back(world.agent, reason="a slip", by="a person").left is None
    assert world.served_texts() == texts
    folder = KnowledgeFolder(world.settings.knowledge_dir)
    world.ledger.incidents.resume(world.agent, "a person")
    assert Look.at(folder, world.ledger, world.store, 60).freshness(world.agent).state != "fresh"
    result = world.ingest()
    assert metadata(result, "parsed_documents")["staged"] == "new"
    assert_not_served(world)
    assert Look.at(folder, world.ledger, world.store, 60).freshness(world.agent).state == "fresh"


def test_a_pause_that_comes_while_it_is_withdrawn_keeps_what_is_live(world: WriterWorld):
    live = world.publish()
    texts = world.served_texts()
    empty(world)
    world.repository.commit()
    assert world.ingest(only=["parsed_documents", "chunks", "embeddings", "collection"]).success
    world.ledger.incidents.pause(world.agent, "the source is being rewritten", "a person")
    refused = world.ingest(only=["live_alias"])
    assert "it is paused by a person: the source is being rewritten" in str(failures(refused))
    assert (world.live().number, world.served_texts()) == (live.number, texts)
    world.ledger.incidents.resume(world.agent, "a person")
    result = world.ingest()
    assert result.success, why(result)
    assert_not_served(world)


def test_a_pause_that_comes_between_the_alias_and_the_ledger_puts_the_alias_back(
    world: WriterWorld, monkeypatch: pytest.MonkeyPatch
):
    live = world.publish()
    texts = world.served_texts()
    world.commit({"moves.md": "# Moves\n\nOther words.\n"})
    point_aliases = world.store.point_aliases

    def pause_meanwhile(aliases: Sequence[str], collection: str) -> None:
        monkeypatch.undo()
        point_aliases(aliases, collection)
        world.ledger.incidents.pause(world.agent, "the source is being rewritten", "a person")

    monkeypatch.setattr(
        type(world.store), "point_aliases", lambda _, *moved: pause_meanwhile(*moved)
    )
    refused = world.ingest()
    assert "it is paused by a person" in failures(refused)["live_alias"]
    assert (world.live().number, world.served_texts()) == (live.number, texts)
