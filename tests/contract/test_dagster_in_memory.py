"""The instance that tests run jobs in tells what Dagster's own tells, during a run and after it."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import dagster as dg
import pytest
from dagster._check import CheckError
from dagster._core.events import DagsterEventType

from tests.doubles.dagster_in_memory import instance_in_memory

AGENTS = dg.DynamicPartitionsDefinition(name="agents")
MATERIALIZED = DagsterEventType.ASSET_MATERIALIZATION
FIRST, LAST = dg.AssetKey("first"), dg.AssetKey("last")


def _told(instance: dg.DagsterInstance, partition: str) -> dict[str, Any]:
    """Give what can be asked about an asset, without what is another one each time."""
    one = dg.AssetRecordsFilter(FIRST, asset_partitions=[partition])
    tags = instance.event_log_storage.get_latest_tags_by_partition(
        FIRST, MATERIALIZED, ["dagster/data_version"], asset_partitions=[partition]
    )
    runs = {run.run_id: run.job_name for run in instance.get_runs()}
    return {
        "latest": [
            (found.storage_id, found.partition_key, found.asset_materialization.metadata)
            for found in instance.fetch_materializations(one, limit=1).records
            if found.asset_materialization
        ],
        "all": [
            found.storage_id for found in instance.fetch_materializations(FIRST, limit=9).records
        ],
        "tags": tags,
        "assets": [
            (
                made.asset_entry.asset_key,
                made.asset_entry.last_materialization_record.storage_id,
                runs[made.asset_entry.last_run_id],
            )
            for made in instance.get_asset_records([FIRST])
        ],
        "partitions": (
            instance.get_dynamic_partitions("agents"),
            instance.has_dynamic_partition("agents", partition),
            instance.has_dynamic_partition("agents", "nobody"),
        ),
        "made": instance.get_materialized_partitions(FIRST),
    }


def _definitions(told: list[dict[str, Any]]) -> dg.JobDefinition:
    @dg.asset(partitions_def=AGENTS, name="first")
    def first(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        version = dg.DataVersion(f"of {context.partition_key}")
        return dg.MaterializeResult(metadata={"rows": 3}, data_version=version)

    @dg.asset(partitions_def=AGENTS, name="last", deps=[first])
    def last(context: dg.AssetExecutionContext) -> None:
        told.append(_told(context.instance, context.partition_key))
        if context.partition_key == "bad":
            raise dg.Failure("it is bad")

    @dg.asset_check(asset=first, partitions_def=AGENTS)
    def holds(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=context.partition_key != "red")

    every = dg.Definitions(
        [first, last], asset_checks=[holds],
        jobs=[dg.define_asset_job("all", dg.AssetSelection.all(), partitions_def=AGENTS)],
    )  # fmt: skip
    return every.resolve_job_def("all")


def _after(instance: dg.DagsterInstance) -> dict[str, Any]:
    """Give what tables tell once all is over."""
    check = dg.AssetCheckKey(FIRST, "holds")
    evaluated = instance.event_log_storage.get_asset_check_execution_history(check, limit=9)
    events = [instance.all_logs(run.run_id) for run in instance.get_runs()]
    last = instance.get_asset_records([LAST, FIRST])
    return {
        "checks": [(one.status, one.partition, one.event is not None) for one in evaluated],
        "events": [[one.dagster_event_type for one in of_run] for of_run in events],
        "status": [run.status for run in instance.get_runs()],
        "steps": [
            (step.step_key, step.status)
            for run in instance.get_runs()
            for step in instance.get_run_step_stats(run.run_id)
        ],
        "made": sorted(one.asset_entry.asset_key.to_user_string() for one in last),
        "never made": list(instance.get_asset_records([dg.AssetKey("nothing")])),
    }


def _day(instance: dg.DagsterInstance) -> dict[str, Any]:
    """Give all that a few runs and their readers are told."""
    told: list[dict[str, Any]] = []
    job = _definitions(told)
    instance.add_dynamic_partitions("agents", ["green", "red", "bad"])
    instance.add_dynamic_partitions("agents", ["green"])
    for partition in ("green", "red", "bad", "green"):
        job.execute_in_process(partition_key=partition, instance=instance, raise_on_error=False)
    told.extend(_told(instance, one) for one in ("green", "red", "never"))
    instance.delete_run(
        next(one.run_id for one in instance.get_runs() if one.tags["dagster/partition"] == "red")
    )
    told.append(_told(instance, "red"))
    instance.delete_dynamic_partition("agents", "red")
    told.append(_told(instance, "red"))
    return {"told": told, **_after(instance)}


def test_both_tell_the_same_of_the_same_day():
    with instance_in_memory() as ours, dg.DagsterInstance.ephemeral() as theirs:
        assert _day(ours) == _day(theirs)


@pytest.mark.parametrize("make", [instance_in_memory, dg.DagsterInstance.ephemeral])
def test_who_watches_a_run_hears_of_all_of_it(make: Callable[[], dg.DagsterInstance]):
    @dg.op
    def alone() -> None: ...

    @dg.job
    def job() -> None:
        alone()

    heard: list[tuple[str, str]] = []
    with make() as instance:
        run = instance.create_run_for_job(job)
        instance.event_log_storage.watch(
            run.run_id, None, lambda event, at: heard.append((event.dagster_event_type, at))
        )
        instance.report_run_failed(run)
        told = instance.all_logs(run.run_id)
    assert [kind for kind, _ in heard] == [one.dagster_event_type for one in told]


class Odd(StrEnum):
    ODD = "odd"


@pytest.mark.parametrize("make", [instance_in_memory, dg.DagsterInstance.ephemeral])
def test_what_cannot_be_written_fails_the_step_and_takes_nothing_along(
    make: Callable[[], dg.DagsterInstance],
):
    @dg.asset
    def odd() -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata={"kind": dg.TextMetadataValue(Odd.ODD)})

    with make() as instance:
        ran = dg.materialize([odd], instance=instance, raise_on_error=False)
        assert not ran.success
        told = [one.dagster_event_type for one in instance.all_logs(ran.run_id)]
    assert DagsterEventType.STEP_START in told
    assert DagsterEventType.ASSET_MATERIALIZATION not in told


@pytest.mark.parametrize("make", [instance_in_memory, dg.DagsterInstance.ephemeral])
def test_tags_that_are_not_known_are_refused(make: Callable[[], dg.DagsterInstance]):
    with make() as instance:
        instance.add_dynamic_partitions("agents", ["green"])
        _definitions([]).execute_in_process(partition_key="green", instance=instance)
        with pytest.raises(CheckError):
            instance.event_log_storage.get_latest_tags_by_partition(
                FIRST, MATERIALIZED, ["colour"], asset_partitions=["green"]
            )
        assert [
            (one.storage_id, one.asset_entry.asset_key)
            for one in instance.get_asset_records([LAST, FIRST])
        ] == [(1, FIRST), (2, LAST)]
