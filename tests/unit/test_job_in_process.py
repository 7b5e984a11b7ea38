"""One job in this process, over and over: every run is its own, and the job is described once."""

from typing import Any

import dagster as dg
import pytest

from kb.job_in_process import JobInProcess

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
NAMES = ("one", "two", "three", "four")


class Wish(dg.Config):
    fails: bool = False


@dg.asset(partitions_def=dg.StaticPartitionsDefinition(list(NAMES)))
def letters(context: dg.AssetExecutionContext, config: Wish) -> dg.MaterializeResult[Any]:
    if config.fails:
        raise dg.Failure("as asked")
    return dg.MaterializeResult(metadata={"of": context.partition_key})


@pytest.fixture
def job() -> JobInProcess:
    found = dg.Definitions(assets=[letters], jobs=[dg.define_asset_job("spell", [letters])])
    return JobInProcess(found.resolve_job_def("spell"), dg.DagsterInstance.ephemeral())


def test_every_run_is_its_own(job: JobInProcess) -> None:
    done = [job.run(name, QUIET, {"for": name}) for name in NAMES]
    assert all(one.success for one in done)
    told = [event.materialization.metadata["of"].value for one in done
            for event in one.get_asset_materialization_events()]  # fmt: skip
    assert told == list(NAMES)
    runs = [job.instance.get_run_by_id(one.run_id) for one in done]
    assert [run.tags["dagster/partition"] for run in runs if run] == list(NAMES)
    assert [run.tags["for"] for run in runs if run] == list(NAMES)
    assert len({run.job_snapshot_id for run in runs if run}) == 1


def test_a_failure_is_in_the_result_and_the_next_run_is_well(job: JobInProcess) -> None:
    wish = {**QUIET, "ops": {"letters": {"config": {"fails": True}}}}
    assert not job.run("one", wish, {}).success
    assert job.run("one", QUIET, {}).success


def test_a_partition_that_is_none_is_refused(job: JobInProcess) -> None:
    with pytest.raises(dg.DagsterUnknownPartitionError):
        job.run("five", QUIET, {})
