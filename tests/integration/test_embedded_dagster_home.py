"""Dagster on our generated configuration: its schema, and runs that a dead machine left."""

import subprocess
import sys
from pathlib import Path

import dagster as dg
import psycopg
import pytest

from kb.dagster_home import dagster_environment, write_dagster_home

pytestmark = pytest.mark.stack


@dg.job
def nothing() -> None:
    """Stands for any job."""


@pytest.fixture
def instance(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> dg.DagsterInstance:
    write_dagster_home(tmp_path, database_url)
    for name, value in dagster_environment(tmp_path, database_url).items():
        monkeypatch.setenv(name, value)
    return dg.DagsterInstance.from_config(str(tmp_path))


def recover(*options: str) -> None:
    subprocess.run([sys.executable, "-m", "kb.dagster_recovery", *options], check=True, timeout=60)


def test_runs_that_nobody_runs_any_more_are_ended_and_others_left(
    instance: dg.DagsterInstance, database_url: str
):
    statuses = {
        dg.DagsterRunStatus.STARTED: dg.DagsterRunStatus.FAILURE,
        dg.DagsterRunStatus.STARTING: dg.DagsterRunStatus.FAILURE,
        dg.DagsterRunStatus.CANCELING: dg.DagsterRunStatus.CANCELED,
        dg.DagsterRunStatus.NOT_STARTED: dg.DagsterRunStatus.NOT_STARTED,
        dg.DagsterRunStatus.SUCCESS: dg.DagsterRunStatus.SUCCESS,
    }
    with instance:
        runs = {
            instance.create_run_for_job(nothing, status=status).run_id: status
            for status in statuses
        }
        recover()
        assert {run.run_id: run.status for run in instance.get_runs()} == runs
        recover("--fail-orphans")
        after = {run.run_id: run.status for run in instance.get_runs()}
        assert after == {run: statuses[status] for run, status in runs.items()}
        assert instance.get_settings("run_monitoring")["max_runtime_seconds"] == 7200
        assert instance.telemetry_enabled is False
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            "select table_schema from information_schema.tables where table_name = 'runs' "
            "and table_schema in ('dagster', 'public')"
        ).fetchall()
    assert found == [("dagster",)]
