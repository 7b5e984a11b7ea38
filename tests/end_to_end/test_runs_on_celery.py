"""The whole stack with deploy/dagster-celery.yaml: a Celery worker runs a refresh, the alias moves.

Both come with our packages for development; no code of ours knows of them.
"""

import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from kb import processes
from kb.processes import ProcessIdentity, spawn
from tests.doubles.git_repository import GitRepository
from tests.doubles.going_without import go_without
from tests.end_to_end.conftest import GARDEN, GARDEN_GOLDEN, ROOT, Stack, eventually, free_port

PROGRAMS = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
pytestmark = [pytest.mark.full, pytest.mark.stack, pytest.mark.timeout(600)]
RUNS = """{ runsOrError(limit: 20) { ... on Runs { results {
  runId status tags { key value } } } } }"""


@dataclass(frozen=True)
class CeleryStack:
    """A stack whose runs are Celery tasks, and the log of the one worker."""

    stack: Stack
    worker_log: Path

    def runs(self) -> list[dict[str, Any]]:
        told = httpx.post(f"{self.stack.dagster_url}/graphql", json={"query": RUNS}, timeout=30)
        found = told.raise_for_status().json()["data"]["runsOrError"]["results"]
        return [{**run, "tags": {tag["key"]: tag["value"] for tag in run["tags"]}} for run in found]

    def live(self) -> tuple[int, str] | None:
        """Number and collection of the generation that is served."""
        done = self.stack.kb("generations", "garden", "--json", check=False)
        rows: list[dict[str, Any]] = (
            json.loads(done.stdout)["generations"] if done.returncode == 0 else []
        )
        return next(
            ((one["number"], one["collection"]) for one in rows if one["state"] == "live"), None
        )


@pytest.fixture(scope="module")
def celery_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CeleryStack]:
    broker = shutil.which("redis-server", path=PROGRAMS)
    if broker is None or importlib.util.find_spec("dagster_celery") is None:
        go_without("no broker for Celery, or no dagster-celery", "pip install -e '.[dev]'")
    folder = tmp_path_factory.mktemp("celery")
    repository = GitRepository(folder / "repository")
    repository.write({
        "knowledge/garden/agent.yaml": "purpose: Answers questions about watering plants.\n",
        "knowledge/garden/watering.md": GARDEN,
        "knowledge/garden/golden.yaml": GARDEN_GOLDEN,
    })  # fmt: skip
    repository.commit("the beginning")
    redis, api, pages = free_port(), free_port(), free_port()
    environment = {
        **{key: value for key, value in os.environ.items()
           if key not in {"DATABASE_URL", "QDRANT_URL"}},
        "PATH": PROGRAMS,
        "API_PORT": str(api),
        "DAGSTER_PORT": str(pages),
        "KB_HOME": str(folder / "home"),
        "KNOWLEDGE_DIR": str(repository.root / "knowledge"),
        "SENSOR_SECONDS": "2",
        "DAGSTER_YAML": str(ROOT / "deploy" / "dagster-celery.yaml"),
        "CELERY_BROKER": f"redis://127.0.0.1:{redis}/0",
        "CELERY_BACKEND": f"redis://127.0.0.1:{redis}/1",
    }  # fmt: skip
    stack = Stack(
        folder / "home", repository, environment,
        f"http://127.0.0.1:{api}", f"http://127.0.0.1:{pages}",
    )  # fmt: skip
    started: list[subprocess.Popen[bytes]] = []
    try:
        started.append(_start(stack, folder / "redis.log", broker, "--port", str(redis),
                              "--bind", "127.0.0.1", "--save", ""))  # fmt: skip
        stack.kb("up", "--detach")
        log = folder / "worker.log"
        started.append(_start(
            stack, log, sys.executable, "-m", "kb", "dagster", "exec", "--",
            "dagster-celery", "worker", "start", "-A", "dagster_celery.app",
            "-y", str(ROOT / "deploy" / "celery-worker.yaml"), "--", "--concurrency", "1",
        ))  # fmt: skip
        yield CeleryStack(stack, log)
    finally:
        for process in reversed(started):
            _end(process)
        stack.kb("down", check=False)


def _start(stack: Stack, log: Path, *command: str) -> subprocess.Popen[bytes]:
    return spawn(command, env=stack.environment, log=log, cwd=ROOT, die_with_parent=True)


def _end(process: subprocess.Popen[bytes]) -> None:
    identity = ProcessIdentity.of(process.pid)
    found = identity.process() if identity else None
    if found:
        processes.stop(processes.with_descendants(found), signal.SIGTERM, within=10)
    process.wait(timeout=10)


def test_a_refresh_runs_on_a_celery_worker_and_the_alias_moves(celery_stack: CeleryStack):
    began = time.monotonic()
    first = eventually(celery_stack.live, seconds=240, every=2)
    assert first[0] == 1
    (run,) = [one for one in celery_stack.runs() if one["tags"].get("kb/agent") == "garden"]
    eventually(lambda: celery_stack.runs()[0]["status"] == "SUCCESS", seconds=60)
    task = run["tags"]["dagster-celery/task_id"]
    said = celery_stack.worker_log.read_text("utf-8", "replace")
    assert f"Task execute_job[{task}] received" in said
    assert run["runId"] in said

    stack = celery_stack.stack
    stack.repository.write({
        "knowledge/garden/watering.md": GARDEN.replace("two litres", "three litres"),
    })  # fmt: skip
    stack.repository.commit("more water")
    second = eventually(
        lambda: now if (now := celery_stack.live()) and now[0] == 2 else None,
        seconds=240, every=2,
    )  # fmt: skip
    assert second[1] != first[1], "the other colour is served now"
    answer = stack.kb("ask", "How much water do tomatoes want?").stdout
    assert "three litres" in answer
    assert "Traceback" not in celery_stack.worker_log.read_text("utf-8", "replace")
    print(f"two refreshes on Celery in {time.monotonic() - began:.0f} s")
