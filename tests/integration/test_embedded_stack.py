"""`kb up`, `kb status`, `kb down` on real processes: killed in every way, and nothing left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from kb.embedded import take_over
from kb.embedded.overview import Overview
from kb.embedded.part_runner import STACK_MARK
from kb.processes import processes_marked
from kb.state_file import StackState, read_state
from tests.conftest import wait_for

pytestmark = pytest.mark.stack
ROOT = Path(__file__).parents[2]
PARTS = ("--only", "postgres,qdrant")
COLLECTION = {"vectors": {"dense": {"size": 2, "distance": "Cosine"}}}
OURS = ("DATABASE_URL", "QDRANT_URL", "QDRANT_API_KEY", "QDRANT_BIN", "KB_HOME")


@dataclass(frozen=True)
class Stack:
    home: Path

    def kb(self, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        inherited = {name: value for name, value in os.environ.items() if name not in OURS}
        return subprocess.run(
            [sys.executable, "-m", "kb", *arguments], cwd=ROOT, text=True, capture_output=True,
            env={**inherited, "KB_HOME": str(self.home), "PATH": "/usr/bin:/bin", **more}, timeout=90,
        )  # fmt: skip

    def up(self) -> dict[str, Any]:
        done = self.kb("up", "--detach", *PARTS, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    @property
    def state(self) -> StackState:
        return read_state(self.home)

    def pid(self, part: str) -> int:
        state = self.state
        found = state.supervisor_pid if part == "supervisor" else state.parts[part].pid
        return found or 0

    def healthy(self) -> bool:
        return Overview(self.state).healthy()

    def processes(self) -> list[int]:
        return [one.pid for one in processes_marked({STACK_MARK: take_over.stack_id(self.home)})]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    with tempfile.TemporaryDirectory(prefix="kb-stack-") as folder:
        Path(folder).chmod(0o755)
        ours = Stack(Path(folder) / "home")
        yield ours
        ours.kb("down")
        assert ours.processes() == []


@pytest.fixture
def running(stack: Stack) -> Stack:
    assert stack.up()["healthy"]
    return stack


def postgres_url(database_url: str) -> str:
    return database_url.rsplit("/", 1)[0] + "/postgres"


def write(stack: Stack, line: str) -> None:
    addresses = stack.state.addresses
    assert addresses
    with psycopg.connect(postgres_url(addresses.database_url)) as connection:
        connection.execute("create table if not exists lines (line text)")
        connection.execute("insert into lines values (%s)", (line,))
    with qdrant(stack) as client:
        made = client.put(f"/collections/{line}", json=COLLECTION)
        assert made.status_code in (200, 409), made.text


def qdrant(stack: Stack) -> httpx.Client:
    addresses = stack.state.addresses
    assert addresses
    key = addresses.qdrant_api_key or ""
    return httpx.Client(base_url=addresses.qdrant_url, headers={"api-key": key}, timeout=10)


def lines(stack: Stack) -> set[str]:
    addresses = stack.state.addresses
    assert addresses
    with psycopg.connect(postgres_url(addresses.database_url)) as connection:
        in_postgres = {row[0] for row in connection.execute("select line from lines").fetchall()}
    with qdrant(stack) as client:
        listed = client.get("/collections").raise_for_status().json()["result"]["collections"]
    return in_postgres & {one["name"] for one in listed}


@pytest.mark.parametrize("part", ["postgres", pytest.param("qdrant", marks=pytest.mark.full)])
def test_a_killed_part_comes_back_with_its_data(running: Stack, part: str):
    write(running, f"before_{part}")
    killed = running.pid(part)
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: running.pid(part) not in (0, killed), f"{part} was not started again")
    wait_for(running.healthy, f"{part} is not healthy again")
    assert running.kb("status").returncode == 0
    assert running.state.parts[part].restarts >= 1
    assert f"before_{part}" in lines(running)


def test_what_a_killed_supervisor_left_goes_on_under_the_next(running: Stack):
    before = [running.pid(part) for part in ("postgres", "qdrant")]
    supervisor = running.pid("supervisor")
    os.kill(supervisor, signal.SIGKILL)
    assert running.kb("status").returncode == 1, "nobody looks after the parts"
    assert running.up()["notes"] == ["after an earlier supervisor: postgres, qdrant went on"]
    assert [running.pid(part) for part in ("postgres", "qdrant")] == before
    assert running.pid("supervisor") != supervisor
    os.kill(before[1], signal.SIGKILL)
    wait_for(
        lambda: running.pid("qdrant") not in (0, before[1]), "an adopted part is looked after too"
    )
    wait_for(running.healthy, "healthy again")


def test_a_second_up_says_that_it_runs_already(running: Stack):
    supervisor = running.pid("supervisor")
    for arguments in (("up", "--detach", *PARTS), ("up", *PARTS)):
        second = running.kb(*arguments)
        assert second.returncode == 0
        assert "already running" in second.stderr
    assert running.pid("supervisor") == supervisor


def test_down_ends_everything_even_after_the_supervisor_was_killed(running: Stack):
    os.kill(running.pid("supervisor"), signal.SIGKILL)
    assert running.kb("down").returncode == 0
    assert running.processes() == []
    assert running.kb("status").returncode == 1
    refused = running.kb("migrate", "--json")
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["error"]["cure"].startswith("run `kb up`")


def test_an_orderly_down_leaves_nothing_and_no_password_in_sight(running: Stack):
    status = json.loads(running.kb("status", "--json").stdout)
    assert {row["part"]: row["state"] for row in status["parts"]} == {
        "supervisor": "healthy", "postgres": "healthy", "qdrant": "healthy",
    }  # fmt: skip
    password = running.state.postgres_password
    assert password
    shown = running.kb("status").stdout + json.dumps(status)
    shown += "".join(path.read_text() for path in (running.home / "logs").iterdir())
    assert password not in shown
    assert (running.home / "stack.json").stat().st_mode & 0o777 == 0o600
    assert running.kb("down").returncode == 0
    assert running.processes() == []


def test_two_ups_at_once_make_one_stack(stack: Stack):
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: stack.up(), range(2)))
    assert all(one["healthy"] for one in both)
    assert both[0]["parts"][0]["pid"] == both[1]["parts"][0]["pid"]
    stack.kb("down")


def test_a_port_that_a_person_chose_and_somebody_has_is_an_error_that_says_so(stack: Stack):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = stack.kb("up", *PARTS, QDRANT_PORT=port)
    assert refused.returncode == 2
    assert f"QDRANT_PORT={port}" in refused.stderr
    assert f"pid {os.getpid()}" in refused.stderr
    assert stack.processes() == []


def test_servers_that_are_not_ours_are_watched_and_not_started(
    stack: Stack, database_url: str, qdrant_url: str
):
    elsewhere = {"DATABASE_URL": database_url, "QDRANT_URL": qdrant_url}
    done = stack.kb("up", "--detach", "--only", "migrations,qdrant", "--json", **elsewhere)
    rows = {row["part"]: row for row in json.loads(done.stdout)["parts"]}
    assert rows["postgres"]["healthy"]
    assert rows["postgres"]["pid"] is None
    doctor = json.loads(stack.kb("doctor", "--json", **elsewhere).stdout)
    levels = {one["about"]: one["level"] for one in doctor["findings"]}
    assert levels["migrations"] == levels["role kb_reader"] == levels["Postgres"] == "ok"
    assert stack.kb("down").returncode == 0
    with httpx.Client() as client:
        assert client.get(f"{qdrant_url}/readyz").status_code == 200
