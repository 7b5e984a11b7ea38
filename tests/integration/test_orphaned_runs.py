"""Runs whose processes were killed: ended by max_runtime while the daemon lives, else at boot."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import psutil
import pytest
import yaml

from kb import processes
from kb.dagster_home import dagster_environment, write_dagster_home
from kb.processes import spawn
from tests.conftest import wait_for

pytestmark = [pytest.mark.stack, pytest.mark.timeout(480)]
ROOT = Path(__file__).parents[2]
PATIENCE = 150


@pytest.fixture
def home(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Our generated dagster.yaml, with a shorter longest run."""
    config = yaml.safe_load(write_dagster_home(tmp_path, database_url).read_text())
    section = {**config["run_monitoring"], "max_runtime_seconds": 20, "poll_interval_seconds": 1}
    addition = tmp_path / "shorter.yaml"
    addition.write_text(yaml.safe_dump({"run_monitoring": section}))
    write_dagster_home(tmp_path, database_url, addition)
    for name, value in dagster_environment(tmp_path, database_url).items():
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.fixture
def daemon(home: Path) -> Iterator[psutil.Process]:
    process = spawn(
        [sys.executable, "-m", "dagster._daemon", "run", "-m", "tests.doubles.endless_job"],
        env=os.environ, log=home / "daemon.log", cwd=ROOT, die_with_parent=True,
    )  # fmt: skip
    family = psutil.Process(process.pid)
    yield family
    processes.stop(processes.with_descendants(family), signal.SIGKILL, within=30)
    process.wait(timeout=10)


def under_way(instance: dg.DagsterInstance, *, but: set[str]) -> str | None:
    """The run whose step is at work."""
    for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
        if run.run_id not in but and any(
            one.dagster_event and one.dagster_event.is_step_start
            for one in instance.all_logs(run.run_id)
        ):
            return run.run_id
    return None


def status(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run is not None
    return run.status


def test_no_run_stays_started_for_ever(home: Path, daemon: psutil.Process):
    with dg.DagsterInstance.from_config(str(home)) as instance:
        found: list[str] = []
        wait_for(lambda: _found(instance, found, set()), "a first run", PATIENCE)
        first = found.pop()

        # The code server and the worker die, and the daemon lives: nobody is left to tell.
        processes.signal_all(daemon.children(recursive=True), signal.SIGKILL)
        assert status(instance, first) is dg.DagsterRunStatus.STARTED
        ended = dg.DagsterRunStatus.FAILURE
        wait_for(lambda: status(instance, first) is ended, "max_runtime ends it", PATIENCE)
        assert daemon.is_running()

        # All dies at once, as in a power cut; at the next boot `recover` ends what was left.
        wait_for(lambda: _found(instance, found, {first}), "a second run", PATIENCE)
        second = found.pop()
        processes.stop(processes.with_descendants(daemon), signal.SIGKILL, within=30)
        assert status(instance, second) is dg.DagsterRunStatus.STARTED
        recover = [sys.executable, "-m", "kb.dagster_recovery", "--fail-orphans"]
        subprocess.run(recover, check=True, timeout=60)
        assert status(instance, second) is ended
        assert status(instance, first) is ended


def _found(instance: dg.DagsterInstance, found: list[str], but: set[str]) -> bool:
    run_id = under_way(instance, but=but)
    found.extend([run_id] if run_id else [])
    return run_id is not None
