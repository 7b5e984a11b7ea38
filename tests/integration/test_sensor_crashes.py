"""kill -9 of the sensor daemon wherever it can be: one commit is one run."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from kb.dagster_home import dagster_environment, write_dagster_home
from tests.doubles.dying_daemon import SENSOR
from tests.doubles.git_repository import GitRepository

pytestmark = pytest.mark.stack
POINTS = (
    pytest.param("TICK_CREATED", marks=pytest.mark.full),
    pytest.param("TICK_HELD", marks=pytest.mark.full),
    "RUN_CREATED",
    pytest.param("RUN_LAUNCHED", marks=pytest.mark.full),
)


def iterate(environment: dict[str, str], point: str, *offsets: int) -> int:
    command = [sys.executable, "-m", "tests.doubles.dying_daemon", point, *map(str, offsets)]
    done = subprocess.run(
        command, env={**os.environ, **environment}, cwd=Path(__file__).parents[2], check=False,
        timeout=100, capture_output=True, text=True,
    )  # fmt: skip
    print(done.stderr[-6000:])
    return done.returncode


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_daemon_launches_one_run(
    point: str, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    repository = GitRepository(tmp_path / "repo")
    repository.write({"knowledge/a/x.md": "# One\n"})
    sha = repository.commit()
    write_dagster_home(tmp_path / "home", database_url)
    environment = {
        **dagster_environment(tmp_path / "home", database_url),
        "DATABASE_URL": database_url, "QDRANT_URL": "http://127.0.0.1:1",
        "KNOWLEDGE_DIR": str(repository.root / "knowledge"), "KB_HOME": str(tmp_path / "home"),
    }  # fmt: skip
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert iterate(environment, point, 0) == -9
    assert iterate(environment, "none", 40, 80) == 0
    with dg.DagsterInstance.get() as instance:
        runs = instance.get_runs(dg.RunsFilter(tags={"dagster/sensor_name": SENSOR}))
    assert [(one.tags["kb/agent"], one.tags["kb/commit"]) for one in runs] == [("a", sha)]
