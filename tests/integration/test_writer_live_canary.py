"""After the swap: what does not answer through the alias is taken back, whatever happened to it."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from dagster_kb.definitions import build_definitions
from dagster_kb.publishing.live_canary import LiveCanary, make_up_all
from dagster_kb.resources.ledger import open_ledger
from dagster_kb.resources.vector_store import VectorStore
from kb_contract.generation import Generation
from kb_contract.identifiers import production_alias
from tests.doubles import faulty_store
from tests.doubles.dying_writer import Place, run
from tests.doubles.faulty_store import Fault, FaultyStore
from tests.doubles.git_repository import GitRepository
from tests.doubles.sudden_death import Death
from tests.doubles.writer_world import WriterWorld, failures, why

TOPICS = ["amber", "badger", "cedar", "donkey", "ember", "falcon", "ginger", "hazel", "iris",
          "jasper", "kettle", "lemon", "maple", "nectar"]  # fmt: skip
PAGES = {f"{one}.md": f"# About {one}\n\nThe {one} is kept in room {n} of the house.\n"
         for n, one in enumerate(TOPICS)}  # fmt: skip
NEW = {name: f"{text}\nNobody else has a key.\n" for name, text in PAGES.items()}
FAULTS = [
    (faulty_store.lose_points, "points, not"),
    (faulty_store.lose_the_collection, "where"),
    (faulty_store.turn_vectors_round, "questions made of documents found them"),
    (faulty_store.steal_the_alias, "should be"),
]


@pytest.fixture
def world(
    tmp_path: Path, database_url: str, qdrant_url: str, agent_id: str
) -> Iterator[WriterWorld]:
    world = WriterWorld(GitRepository(tmp_path / "repo"), database_url, qdrant_url, agent_id)
    world.store = FaultyStore(qdrant_url)
    world.definitions = build_definitions(
        world.settings, embedder=world.embedder, store=world.store, ledger=world.ledger
    )
    yield world
    world.close()


def break_next_swap(world: WriterWorld, fault: Fault) -> None:
    assert isinstance(world.store, FaultyStore)
    world.store.faults.append(fault)


def newest(world: WriterWorld) -> Generation:
    return world.ledger.generations.latest(world.agent)[0]


def alias_of(world: WriterWorld) -> str | None:
    return world.store.aliases().get(production_alias("default", world.agent))


@pytest.mark.parametrize(("fault", "said"), FAULTS)
def test_what_does_not_answer_is_taken_back(world: WriterWorld, fault: Fault, said: str):
    good = world.publish(PAGES)
    before = world.served_texts()
    world.commit(NEW)
    break_next_swap(world, fault)
    result = world.ingest()
    assert not result.success
    told = failures(result)["live_alias"]
    assert "failed its live canary" in told
    assert said in told
    assert f"generation {good.number} ({good.git_sha[:12]}) is served again" in told
    assert f"kb resume {world.agent}" in told
    assert world.live().number == good.number
    assert alias_of(world) == world.live().collection
    assert world.served_texts() == before
    failed = newest(world)
    assert (failed.state, failed.checks["live_canary"]["passed"]) == ("failed", False)
    [incident] = world.ledger.incidents.listed(world.agent)
    assert incident["kind"] == "automatic_rollback"
    assert world.ledger.incidents.paused(world.agent)
    assert world.ledger.generations.pipeline_runs(world.agent)[0]["status"] == "FAILED"


def test_without_a_way_back_it_stays_and_the_next_build_is_the_cure(world: WriterWorld):
    world.commit(PAGES)
    break_next_swap(world, faulty_store.lose_points)
    result = world.ingest()
    told = failures(result)["live_alias"]
    assert "there is nothing to go back to, so generation 1 is still served" in told
    assert world.ledger.incidents.paused(world.agent)
    world.ledger.incidents.resume(world.agent, "a person")
    world.commit({"more.md": "# More\n\nAnother page with words.\n"})
    again = world.ingest()
    assert again.success, why(again)
    assert world.live().number == 2
    assert world.live().checks["live_canary"]["passed"]


def test_a_way_back_that_is_refused_for_good_does_not_stand_in_the_way_of_the_cure(
    world: WriterWorld,
):
    good = world.publish(PAGES)
    world.commit(NEW)

    def break_both(store: VectorStore, collection: str) -> None:
        faulty_store.lose_points(store, collection)
        faulty_store.lose_the_collection(store, good.collection or "")
        with world.ledger.database.transaction() as connection:
            connection.execute("delete from kb.embeddings")

    break_next_swap(world, break_both)
    told = failures(world.ingest())["live_alias"]
    assert "putting back what was live before failed too" in told
    assert "chunks have no vector" in told
    assert [one["facts"]["done"] for one in world.ledger.incidents.listed(world.agent)] == [True]
    world.ledger.incidents.resume(world.agent, "a person")
    world.commit({"more.md": "# More\n\nAnother page with words.\n"})
    again = world.ingest()
    assert again.success, why(again)
    assert world.live().checks["live_canary"]["passed"]


def test_what_went_back_and_cannot_be_mended_is_told_as_live(world: WriterWorld):
    good = world.publish(PAGES)
    world.commit(NEW)
    break_next_swap(world, faulty_store.make_otherwise)
    break_next_swap(world, faulty_store.lose_points)
    told = failures(world.ingest())["live_alias"]
    assert f"generation {good.number} is live again, but" in told
    assert world.live().number == good.number
    assert alias_of(world) == world.live().collection
    assert [one["facts"]["done"] for one in world.ledger.incidents.listed(world.agent)] == [True]


def test_a_golden_question_through_the_alias_counts(world: WriterWorld):
    golden = yaml.safe_dump({"questions": [{"question": "Where is amber?", "path": "amber.md"}]})
    world.publish({**PAGES, "golden.yaml": golden})
    kept = world.live().checks["live_canary"]
    assert (kept["facts"]["recall"], kept["facts"]["asked"]) == (1.0, 5)


def killed_after_the_swap(world: WriterWorld, death: Death) -> None:
    place = Place(world.repository.root, world.settings.database_url.get_secret_value(),
                  world.settings.qdrant_url, world.agent)  # fmt: skip
    assert run(place, death) == -9


@pytest.mark.parametrize("call", ["go live", "move alias"])
def test_killed_between_swap_and_canary_the_next_run_asks(world: WriterWorld, call: str):
    world.publish(PAGES)
    world.commit(NEW)
    killed_after_the_swap(world, Death(call, "after"))
    assert "live_canary" not in newest(world).checks
    again = world.ingest()
    assert again.success, why(again)
    assert world.live().number == 2
    assert world.live().checks["live_canary"]["passed"]


def test_killed_and_broken_it_goes_back_before_the_way_back_is_written_over(world: WriterWorld):
    good = world.publish(PAGES)
    before = world.served_texts()
    world.commit(NEW)
    killed_after_the_swap(world, Death("go live", "after"))
    faulty_store.turn_vectors_round(world.store, world.live().collection or "")
    world.commit({"more.md": "# More\n\nAnother page with words.\n"})
    result = world.ingest()
    assert not result.success
    assert "is served again" in failures(result)["collection"]
    assert world.live().number == good.number
    assert world.served_texts() == before


def test_at_the_start_what_never_answered_is_asked(world: WriterWorld):
    world.publish(PAGES)
    world.commit(NEW)
    killed_after_the_swap(world, Death("go live", "after"))
    canary = LiveCanary(world.ledger, world.store, world.embedder)
    url = world.settings.database_url.get_secret_value()
    hasty = open_ledger(url, world.ledger.workspace, lock_patience=1)
    with closing(hasty.database), world.ledger.agent_lock(world.agent):
        assert make_up_all(LiveCanary(hasty, world.store, world.embedder)) == {}
    assert "live_canary" not in world.live().checks, "somebody works on it, and asks"
    assert make_up_all(canary) == {}
    assert world.live().checks["live_canary"]["passed"]
    world.commit(PAGES)
    killed_after_the_swap(world, Death("go live", "after"))
    faulty_store.lose_points(world.store, world.live().collection or "")
    assert "generation 2" in make_up_all(canary)[world.agent]
    assert world.live().number == 2
