"""What is moved outside of a run is told on Dagster's page of `live_alias`, and no check stays without a result."""

from typing import Any

import dagster as dg
import pytest
from qdrant_client import models

from dagster_kb.publishing.alias_moves import aliases_of
from dagster_kb.publishing.ways_back import WayBack
from dagster_kb.upkeep.evaluations import ANSWERS_WELL
from dagster_kb.upkeep.freshness import FRESH, POINTS
from dagster_kb.upkeep.freshness_told import TELL, without_result
from dagster_kb.upkeep.hot_deletion import HotDeletion
from dagster_kb.upkeep.live_told import newest_told, open_incidents
from dagster_kb.upkeep.refreshes import PARTITION, REFRESH
from tests.doubles.writer_world import WriterWorld
from tests.integration.test_failures_become_incidents import chosen_on_pages

pytestmark = pytest.mark.stack
PAGE = "# Tea\n\nGreen tea is brewed at eighty degrees for two minutes.\n"
MORE = PAGE + "\n## Black\n\nBlack tea wants boiling water.\n"


class Pages:
    """Ticks the sensor as the daemon does, runs what it asks for, and reads the page."""

    def __init__(self, world: WriterWorld) -> None:
        self.world = world
        self.cursor: str | None = None

    def tick(self) -> dict[str, tuple[bool, str | None]]:
        """Return what was told: by check, whether it holds and what was said."""
        world = self.world
        resources = world.definitions.resources or {}
        with dg.build_sensor_context(
            instance=world.instance, cursor=self.cursor,
            resources={name: resources[name] for name in ("folder", "ledger", "store")},
        ) as context:  # fmt: skip
            result: Any = world.definitions.get_sensor_def("freshness")(context)
        if isinstance(result, dg.SkipReason):
            return {}
        self.cursor = result.cursor
        told: dict[str, tuple[bool, str | None]] = {}
        for request in result.run_requests:
            done = world.definitions.resolve_job_def(TELL).execute_in_process(
                run_config=request.run_config, instance=world.instance
            )
            for one in done.get_asset_check_evaluations():
                told[one.check_name] = (one.passed, one.description)
                assert one.target_materialization_data, "the page shows it as missing"
        return told

    def live(self) -> dict[str, Any]:
        record = newest_told(self.world.instance, self.world.agent)
        assert record
        assert record.asset_materialization
        return {name: one.value for name, one in record.asset_materialization.metadata.items()}


@pytest.fixture
def pages(world: WriterWorld) -> Pages:
    world.publish({"tea.md": PAGE})
    pages = Pages(world)
    pages.tick()
    return pages


def test_a_way_back_is_told(world: WriterWorld, pages: Pages):
    world.publish({"tea.md": MORE})
    pages.tick()
    assert pages.live()["generation"] == 2
    WayBack(world.ledger, world.store, world.embedder).roll_back(
        world.agent, reason="wrong words", by="ann"
    )
    assert pages.tick()[FRESH][0]
    now = pages.live()
    assert (now["generation"], now["served"]) == (1, True)
    assert "rolled back from generation 2" in now["open_incidents"]
    assert "kb resume" in now["paused"]
    assert pages.tick() == {}


@pytest.mark.usefixtures("pages")
def test_an_incident_leads_to_its_run_and_says_what_to_do(world: WriterWorld):
    run = world.instance.get_runs(limit=1)[0].run_id
    number = world.ledger.incidents.open(
        world.agent, "run_failed", "it failed", "mend it", facts={"dagster_run": run}, by="dagster"
    )
    told = open_incidents(world.ledger, world.agent)
    assert told["open_incidents"] == f"{number}: it failed"
    assert told[f"incident_{number}_next"] == "mend it"
    assert told[f"incident_{number}_run"] == dg.MetadataValue.dagster_run(run)


def test_a_run_of_the_asset_is_not_told_twice(world: WriterWorld, pages: Pages):
    world.publish({"tea.md": MORE})
    before = newest_told(world.instance, world.agent)
    assert pages.tick() == {}
    after = newest_told(world.instance, world.agent)
    assert before
    assert after
    assert before.storage_id == after.storage_id


def test_what_was_deleted_by_hand_differs_from_git(world: WriterWorld, pages: Pages):
    world.publish({"tea.md": MORE})
    pages.tick()
    before = pages.live()["dagster/row_count"]
    point = next(one for one, payload in world.served().items() if "Black" in payload["text_chunk"])
    HotDeletion(world.ledger, world.store).delete(point, reason="not ours", by="ann")
    passed, said = pages.tick()[FRESH]
    assert not passed
    assert "deleted by hand of" in str(said)
    assert pages.live()["dagster/row_count"] < before


def test_an_agent_without_a_folder_is_not_told_as_fresh(world: WriterWorld, pages: Pages):
    world.repository.remove(f"knowledge/{world.agent}/tea.md")
    world.commit({})
    passed, said = pages.tick()[FRESH]
    assert not passed
    assert "no folder" in str(said)


def test_a_check_that_a_failed_run_left_without_a_result_is_told_again(
    world: WriterWorld, pages: Pages
):
    world.commit({"agent.yaml": "purpse: Answers about tea.\n"})
    pages.tick()
    assert not world.ingest().success
    assert without_result(world.instance).keys() == {world.agent}
    assert pages.tick().keys() == {FRESH, POINTS}
    assert without_result(world.instance) == {}
    assert pages.tick() == {}


def test_so_is_how_well_it_answers_which_runs_from_the_pages_ask_too(
    world: WriterWorld, pages: Pages
):
    world.commit({"agent.yaml": "purpse: Answers about tea.\n"})
    pages.tick()
    assert not chosen_on_pages(world).success
    passed, said = pages.tick()[ANSWERS_WELL]
    assert not passed
    assert "never measured" in str(said)
    assert pages.tick() == {}


def test_a_pause_is_told_though_all_is_as_git_says(world: WriterWorld, pages: Pages):
    world.ledger.incidents.pause(world.agent, "looked at", "ann")
    passed, said = pages.tick()[FRESH]
    assert passed
    assert "generation 1 is what git says; paused by ann: looked at" in str(said)
    assert world.ingest().success
    assert without_result(world.instance).keys() == {world.agent}, "a skipped run asks nothing"
    assert pages.tick()[FRESH] == (passed, said)
    assert pages.tick() == {}
    world.ledger.incidents.resume(world.agent, "ann")
    assert "paused" not in str(pages.tick()[FRESH][1])


def test_an_alias_that_somebody_moved_is_told_and_put_back(world: WriterWorld, pages: Pages):
    live, other = world.live(), f"{world.agent}_of_somebody"
    names = aliases_of("default", world.agent)
    size = models.VectorParams(size=4, distance=models.Distance.DOT)
    world.store.client.create_collection(other, vectors_config={"dense": size})
    world.store.point_aliases(names[:1], other)
    passed, said = pages.tick()[POINTS]
    assert not passed
    assert other in str(said)
    assert [world.store.aliases()[name] for name in names] == [live.collection] * 2
    assert pages.tick()[POINTS] == (True, f"{' and '.join(names)} → {live.collection}")
    assert pages.tick() == {}
    world.store.drop(other)


def test_a_run_that_is_under_way_is_not_waited_for(world: WriterWorld, pages: Pages):
    job = world.definitions.resolve_job_def(REFRESH)
    world.instance.create_run_for_job(
        job, status=dg.DagsterRunStatus.STARTED, tags={PARTITION: world.agent}
    )
    name = aliases_of("default", world.agent)[0]
    world.store.drop_aliases([name])
    with world.ledger.agent_lock(world.agent):
        assert not pages.tick()[POINTS][0]
    assert name not in world.store.aliases()
