"""Nothing goes live that does not pass its gates, whoever asks."""

import pytest
import yaml
from qdrant_client import models

from dagster_kb.publishing.collection_evidence import sighting
from dagster_kb.publishing.made_again import reconcile
from dagster_kb.publishing.publication import Publication, record
from dagster_kb.publishing.release_checks import GATES, Verdict
from kb_contract.identifiers import production_alias
from tests.doubles.writer_world import WriterWorld, failures, why

KEYS = (
    "# Keys\n\nRotate the signing keys every ninety days.\n\n## Where\n\nThey lie in the vault.\n"
)


def golden(question: str, path: str, quote: str | None = None) -> str:
    one = {"question": question, "path": path} | ({"quote": quote} if quote else {})
    return yaml.safe_dump({"questions": [one]})


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.write({"keys.md": KEYS})
    return world


def alias_of(world: WriterWorld) -> str | None:
    return world.store.aliases().get(production_alias("default", world.agent))


def publication_of(world: WriterWorld) -> Publication:
    return (world.definitions.resources or {})["publication"]


def test_a_golden_question_that_finds_nothing_holds_the_alias_and_is_named(world: WriterWorld):
    world.publish({"golden.yaml": golden("How often are signing keys rotated?", "keys.md")})
    before = alias_of(world)
    world.commit({
        "keys.md": "# Keys\n\nOther words altogether.\n",
        "golden.yaml": golden("How often are keys rotated?", "keys.md", "every ninety days"),
    })  # fmt: skip
    result = world.ingest()
    assert not result.success
    assert alias_of(world) == before
    assert any("ninety days" in text for text in world.served_texts())
    failed = world.ledger.generations.latest(world.agent)[0]
    assert failed.state == "failed"
    assert "How often are keys rotated?" in (failed.reason or "")
    run = world.ledger.generations.pipeline_runs(world.agent)[0]
    assert run["status"] == "FAILED"
    assert "live_alias" not in [one.asset_key.to_user_string()
                                for one in result.get_asset_materialization_events()]  # fmt: skip


def test_the_swap_alone_refuses_after_a_failed_check(world: WriterWorld):
    world.publish()
    before = alias_of(world)
    world.commit({"golden.yaml": golden("Where is the moon?", "moon.md")})
    assert not world.ingest().success
    alone = world.ingest(only=["live_alias"])
    assert not alone.success
    assert "Where is the moon?" in failures(alone)["live_alias"]
    assert alias_of(world) == before


def test_the_swap_alone_looks_for_itself(world: WriterWorld):
    """Checks never ran, and somebody touched the collection meanwhile."""
    world.commit()
    chain = ["parsed_documents", "chunks", "embeddings", "collection"]
    world.ingest(only=chain)
    staged = world.ledger.generations.latest(world.agent)[0]
    assert staged.collection
    assert staged.state in ("staged", "checked")
    some = world.store.sample(staged.collection, 1)[0].chunk_id
    world.store.client.set_payload(
        staged.collection, {"text_chunk": "forged"}, points=[some], wait=True
    )
    alone = world.ingest(only=["live_alias"])
    assert not alone.success
    assert "holds_exactly" in failures(alone)["live_alias"]
    assert alias_of(world) is None
    again = world.ingest()
    assert again.success, why(again)
    assert "forged" not in world.served_texts()


def test_a_writer_between_the_check_and_the_swap_makes_it_look_again(world: WriterWorld):
    world.commit()
    world.ingest(only=["parsed_documents", "chunks", "embeddings", "collection"])
    staged = world.ledger.generations.latest(world.agent)[0]
    exactly = next(gate for gate in GATES if gate.name == "holds_exactly")
    seen = sighting(world.ledger, staged, "this run")
    assert seen
    record(world.ledger, staged, [(exactly, Verdict(passed=True, description="seen"))], seen)

    def looks(run: str) -> bool:
        world.forget_counts()
        world.store.looked_at.clear()
        now = world.ledger.generations.by_id(staged.generation_id)
        publication_of(world).pass_gates(now, run)
        return bool(world.store.looked_at or world.store.reads)

    assert not looks("this run")
    assert looks("another run")
    record(world.ledger, staged, [(exactly, Verdict(passed=True, description="seen"))], seen)
    with world.ledger.agent_lock(world.agent):
        world.ledger.aliases.mark(staged, staged.colour or "blue", "clean")
    assert looks("this run")


def test_a_strange_point_is_noticed(world: WriterWorld):
    world.commit()
    world.ingest(only=["parsed_documents", "chunks", "embeddings", "collection"])
    staged = world.ledger.generations.latest(world.agent)[0]
    some = world.store.sample(staged.collection or "", 1)[0]
    world.store.client.upsert(
        staged.collection or "",
        [models.PointStruct(id="11111111-1111-4111-8111-111111111111",
                            vector={"dense": [0.1] * 384}, payload=dict(some.payload))],
        wait=True,
    )  # fmt: skip
    alone = world.ingest(only=["live_alias"])
    assert "1 strange" in failures(alone)["live_alias"]


def test_the_alias_is_put_back_to_what_the_ledger_says(world: WriterWorld):
    live = world.publish()
    world.publish({"keys.md": KEYS + "\nMore.\n"})
    now = world.live()
    assert live.collection != now.collection
    world.store.point_aliases(
        [production_alias("default", world.agent), world.agent], live.collection or ""
    )
    found = {one.agent: one.action for one in reconcile(world.ledger, world.store)}
    assert found[world.agent] == "moved back"
    assert alias_of(world) == now.collection
    assert reconcile(world.ledger, world.store)[0].action == "right"
