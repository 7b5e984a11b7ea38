"""A Qdrant that answers 5xx for a moment fails no generation, takes nothing back, and pauses nobody."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from dagster_kb.definitions import build_definitions
from dagster_kb.publishing.live_canary import LiveCanary, make_up_all
from dagster_kb.publishing.ways_back import WayBack
from dagster_kb.triggers.second_tries import may_pass
from kb_contract.errors import KnowledgeUnavailable
from kb_contract.identifiers import production_alias
from tests.doubles.faulty_store import FaultyStore, lose_points
from tests.doubles.git_repository import GitRepository
from tests.doubles.silent_address import silent_address
from tests.doubles.stumbling_qdrant import StumblingQdrant, stumbling_qdrant
from tests.doubles.writer_world import WriterWorld, failures, why

PAGES = {f"page{n}.md": f"# Page {n}\n\nThe words of page {n} are here.\n" for n in range(6)}
MOVED = "POST /collections/aliases"
STATUSES = [503, 502, 500, 504, 429]
# One in so many of a run's requests; it has no divisor with the number of statuses, so each is told.
FEW = 9
PARTS = 3


@pytest.fixture
def front(qdrant_url: str) -> Iterator[StumblingQdrant]:
    with stumbling_qdrant(qdrant_url) as front:
        yield front


@pytest.fixture
def world(
    tmp_path: Path, database_url: str, front: StumblingQdrant, agent_id: str,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[WriterWorld]:  # fmt: skip
    """A writer that has something live, and whose steps are tried again without a wait."""
    monkeypatch.setattr(dg.RetryPolicy, "calculate_delay", lambda *_: 0)
    world = WriterWorld(GitRepository(tmp_path / "repo"), database_url, front.url, agent_id)
    world.store = FaultyStore(front.url)
    world.definitions = build_definitions(
        world.settings, embedder=world.embedder, store=world.store, ledger=world.ledger
    )
    world.publish(PAGES)
    yield world
    front.stands()
    world.close()


def edit(world: WriterWorld, words: str) -> None:
    world.commit({"page0.md": f"# Page 0\n\n{words}\n"})


def step_failures(result: Any) -> list[dg.DagsterEvent]:
    return [one for one in result.all_events if one.is_step_failure]


def assert_nobody_is_troubled(world: WriterWorld) -> None:
    assert world.ledger.incidents.listed(world.agent) == []
    assert world.ledger.incidents.paused(world.agent) is None


def assert_served(world: WriterWorld, words: str) -> None:
    assert f"# Page 0\n\n{words}" in world.served_texts()
    assert set(world.served()) == set(world.ledger.documents.manifest(world.live().generation_id))


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("first", "every"),
    [(0, FEW), *(pytest.param(one, PARTS, marks=pytest.mark.full) for one in range(PARTS))],
)
def test_at_any_request_once_the_run_goes_live_all_the_same(
    world: WriterWorld, front: StumblingQdrant, first: int, every: int
):
    edit(world, "A first time, to count.")
    before = len(front.asked)
    assert world.ingest().success
    requests = len(front.asked) - before
    for nth in range(first, requests, every):
        edit(world, f"Edited at {nth}.")
        front.stumbles_at(nth, STATUSES[nth % len(STATUSES)])
        result = world.ingest()
        assert result.success, (nth, front.asked[-requests:], why(result))
        front.stands()
        assert_served(world, f"Edited at {nth}.")
        assert world.live().checks["live_canary"]["passed"]
    assert_nobody_is_troubled(world)


# From which request on nothing goes through; the canary alone asks through the alias.
STEPS = {
    "parsed_documents": "GET /",
    "collection": "PUT /",
    "live_alias": MOVED,
    "the live canary": "POST /collections/{alias}/",
}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("step", [
    pytest.param(one, marks=[] if "live" in one else [pytest.mark.full]) for one in STEPS
])  # fmt: skip
def test_for_long_the_run_is_one_to_be_tried_again(
    world: WriterWorld, front: StumblingQdrant, step: str
):
    number = world.live().number
    edit(world, "Edited.")
    front.stumbles_from(STEPS[step].format(alias=production_alias("default", world.agent)))
    result = world.ingest()
    front.stands()
    failed = step_failures(result)
    assert may_pass(failed), why(result)
    assert {one.step_key for one in failed} == {"live_alias" if " " in step else step}
    assert "Qdrant answers 503" in why(result)
    assert_nobody_is_troubled(world)
    assert world.live().number == number + (step == "the live canary")
    again = world.ingest()
    assert again.success, why(again)
    assert_served(world, "Edited.")
    assert world.live().checks["live_canary"]["passed"]
    assert_nobody_is_troubled(world)


def test_at_the_start_an_outage_is_told_and_takes_nothing_back(
    world: WriterWorld, front: StumblingQdrant
):
    edit(world, "Edited.")
    front.stumbles_from(f"POST /collections/{production_alias('default', world.agent)}/")
    world.ingest()
    canary = LiveCanary(world.ledger, world.store, world.embedder)
    with pytest.raises(KnowledgeUnavailable, match=r"answers 503 .*`kb status`"):
        make_up_all(canary)
    front.stands()
    assert make_up_all(canary) == {}
    assert_served(world, "Edited.")
    assert_nobody_is_troubled(world)


def test_while_it_takes_something_back_the_next_try_finishes(
    world: WriterWorld, front: StumblingQdrant
):
    good = world.live()
    edit(world, "Edited.")
    assert isinstance(world.store, FaultyStore)

    def lose_points_and_stumble(store: Any, collection: str) -> None:
        lose_points(store, collection)
        # The swap back finds it in trouble twice.
        front.stumbles_twice_at(MOVED)

    world.store.faults.append(lose_points_and_stumble)
    result = world.ingest()
    assert "failed its live canary" in failures(result)["live_alias"]
    assert world.live().number == good.number
    (incident,) = world.ledger.incidents.listed(world.agent)
    assert (incident["kind"], incident["facts"]["done"]) == ("automatic_rollback", True)
    assert world.ledger.incidents.paused(world.agent)


def test_a_rollback_by_hand_says_what_is_away_and_is_finished_by_the_same_command(
    world: WriterWorld, front: StumblingQdrant
):
    good = world.live()
    edit(world, "Edited.")
    assert world.ingest().success
    way = WayBack(world.ledger, world.store, world.embedder)
    front.stumbles_from(MOVED)
    with pytest.raises(KnowledgeUnavailable, match="Qdrant answers 503"):
        way.roll_back(world.agent, reason="wrong words", by="operator")
    front.stands()
    done = way.roll_back(world.agent, reason="wrong words", by="operator")
    assert (done.live, world.live().number) == (good.number, good.number)
    (incident,) = world.ledger.incidents.listed(world.agent)
    assert incident["facts"]["done"] is True


def test_what_the_request_itself_is_wrong_about_stays_a_refusal(qdrant_url: str):
    store = FaultyStore(qdrant_url)
    assert store.describe("no_such_collection") is None
    with pytest.raises(Exception, match="404"):
        store.count("no_such_collection")


def test_a_store_that_nobody_listens_at_is_away_too():
    said = "QDRANT_URL http://127.0.0.1:1: Qdrant does not answer"
    with pytest.raises(KnowledgeUnavailable, match=said):
        FaultyStore("http://127.0.0.1:1").collections()


def test_one_that_takes_connections_and_says_nothing_is_named_in_time(
    tmp_path: Path, database_url: str, agent_id: str
):
    """Dagster ends a sensor after a minute, and would say no more than that."""
    with silent_address() as url:
        world = WriterWorld(GitRepository(tmp_path / "repo"), database_url, url, agent_id)
        world.commit(PAGES)
        resources = {one: (world.definitions.resources or {})[one]
                     for one in ("folder", "ledger", "store")}  # fmt: skip
        began = time.monotonic()
        with dg.build_sensor_context(instance=world.instance, resources=resources) as context:
            said: Any = world.definitions.get_sensor_def("freshness")(context)
        assert f"QDRANT_URL {url}: Qdrant does not answer (ReadTimeout" in said.skip_message
        assert time.monotonic() - began < 40
        world.ledger.database.close()
