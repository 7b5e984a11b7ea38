"""Old runs go with all that Dagster kept of them; what an asset's page shows now stays."""

import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from sqlalchemy import select

from dagster_kb.partitions import AGENTS, agents
from dagster_kb.upkeep.housekeeping import Purge
from kb.dagster_home import dagster_environment, write_dagster_home

pytestmark = pytest.mark.stack
DAY = 24 * 3600


@dg.asset(partitions_def=agents)
def water() -> None:
    """Stands for the first asset of a chain."""


@dg.asset(partitions_def=agents, deps=[water])
def tea(context: dg.AssetExecutionContext) -> None:
    """Stands for the last; it is hot when the run says so."""
    context.log.info("brewed")


@dg.asset_check(asset=tea, partitions_def=agents)
def is_hot(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=context.run.tags.get("cold") is None)


@pytest.fixture
def instance(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.DagsterInstance]:
    write_dagster_home(tmp_path, database_url)
    for name, value in dagster_environment(tmp_path, database_url).items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.from_config(str(tmp_path)) as opened:
        opened.add_dynamic_partitions(AGENTS, ["ann", "ben"])
        yield opened


def brew(
    instance: dg.DagsterInstance, agent: str, *, only: dg.AssetSelection | None = None, **tags: str
) -> str:
    done = dg.materialize(
        [water, tea, is_hot], selection=only, partition_key=agent, instance=instance, tags=tags
    )
    return done.run_id


def purge(instance: dg.DagsterInstance, *, days_later: float, newest: int = 1) -> int:
    return Purge(instance, days=30, newest=newest).run(time.time() + days_later * DAY)


def runs(instance: dg.DagsterInstance) -> set[str]:
    return {run.run_id for run in instance.get_runs()}


def check_rows(instance: dg.DagsterInstance) -> list[tuple[str, str]]:
    table = AssetCheckExecutionsTable.c
    storage = instance.event_log_storage
    assert isinstance(storage, SqlEventLogStorage)
    with storage.index_connection() as connection:
        found = connection.execute(select(table.partition, table.run_id).order_by(table.id))
        return [(row[0], row[1]) for row in found]


def test_what_made_any_asset_that_is_shown_stays_though_other_runs_came_since(
    instance: dg.DagsterInstance,
):
    tea_of_ann = brew(instance, "ann", only=dg.AssetSelection.assets(tea.key))
    for _ in range(2):
        newest = brew(instance, "ann", only=dg.AssetSelection.assets(water.key))
    assert purge(instance, days_later=40) == 1
    assert runs(instance) == {tea_of_ann, newest}


def test_young_runs_stay(instance: dg.DagsterInstance):
    mine = {brew(instance, "ann") for _ in range(3)}
    assert purge(instance, days_later=29) == 0
    assert runs(instance) == mine


def test_old_runs_go_with_events_logs_and_checks(instance: dg.DagsterInstance):
    old = [brew(instance, "ann") for _ in range(3)]
    newest = {brew(instance, "ann"), brew(instance, "ben")}
    storage = Path(instance.storage_directory())
    assert (storage / old[0]).is_dir()
    assert purge(instance, days_later=31) == 3
    assert runs(instance) == newest
    assert all(instance.all_logs(one) == [] for one in old)
    assert not any((storage / one).exists() for one in old)
    assert {run for _, run in check_rows(instance)} == newest
    assert purge(instance, days_later=31) == 0


def test_what_a_page_leans_on_stays_however_old(instance: dg.DagsterInstance):
    """Deleting a run would make its partitions look as if they were never built."""
    built_water = brew(instance, "ann")
    only_tea = dg.AssetSelection.assets("tea")
    later = [brew(instance, "ann", only=only_tea) for _ in range(2)]
    check = brew(instance, "ann", only=only_tea, cold="yes")
    last = brew(instance, "ann", only=only_tea.without_checks())
    assert purge(instance, days_later=400) == 3
    assert runs(instance) == {built_water, last}
    assert not {*later, check} & runs(instance)
    for asset in (water, tea):
        done = instance.get_materialized_partitions(asset.key)
        assert done == {"ann"}
    shown = instance.event_log_storage.get_latest_asset_check_execution_by_key([is_hot.check_key])
    record = shown[is_hot.check_key]
    assert record.evaluation is not None
    assert (record.evaluation.passed, record.evaluation.partition) == (False, "ann")


def test_the_last_runs_of_each_agent_stay_and_others_do_not(instance: dg.DagsterInstance):
    @dg.job
    def nothing() -> None:
        """Is about no agent."""

    nothing.execute_in_process(instance=instance)
    made = [brew(instance, "ann") for _ in range(5)]
    assert purge(instance, days_later=31, newest=3) == 3
    assert runs(instance) == set(made[-3:])


def test_runs_under_way_are_never_touched(instance: dg.DagsterInstance):
    @dg.job
    def endless() -> None:
        """Is never executed here."""

    waiting = instance.create_run_for_job(endless, status=dg.DagsterRunStatus.STARTED)
    assert purge(instance, days_later=31) == 0
    assert runs(instance) == {waiting.run_id}


def test_a_long_backlog_goes_in_small_batches(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("dagster_kb.upkeep.housekeeping.PAGE", 2)
    made = [brew(instance, "ann") for _ in range(8)]
    first = Purge(instance, days=30, newest=1, at_most=5)
    assert first.run(time.time() + 31 * DAY) == 5
    assert runs(instance) == set(made[5:])
    assert purge(instance, days_later=31) == 2
