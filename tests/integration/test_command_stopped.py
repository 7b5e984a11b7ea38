"""Ctrl-C and SIGTERM end a real `kb ingest` in the middle of it: no child is left, and the next one goes on."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import LiteralString

import dagster as dg
import psutil
import psycopg
import pytest

from dagster_kb.upkeep.dead_commands import PROCESS
from kb.dagster_home import dagster_environment
from tests.conftest import wait_for
from tests.doubles.writer_world import WriterWorld

pytestmark = pytest.mark.stack
PAGE = "# Page {0} of {1}\n\nWords that only page {0} of {1} has, so that it has a vector alone.\n"
# Enough for two processes with a model; other agents of the command have few.
PAGES, FEW, LONG = 260, 4, 300
WAITS = "select count(*) from pg_locks where not granted and relation = 'kb.embeddings'::regclass"


def start(world: WriterWorld, home: Path) -> subprocess.Popen[str]:
    environment = {
        **os.environ, "DATABASE_URL": world.settings.database_url.get_secret_value(),
        "QDRANT_URL": world.settings.qdrant_url, "KB_HOME": str(home),
        "KNOWLEDGE_DIR": str(world.settings.knowledge_dir), "EMBEDDING_PROCESSES": "2",
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "-m", "kb", "ingest", "--yes"], env=environment, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        # A shell's background jobs ignore Ctrl-C, and their children would.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip


def runs_of(process: int, home: Path, database_url: str, monkeypatch: pytest.MonkeyPatch):
    for name, value in dagster_environment(home / "dagster", database_url).items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        return [run for run in instance.get_runs() if f":{process}:" in run.tags.get(PROCESS, "")]


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("number", "agents"),
    [
        pytest.param(signal.SIGINT, 1, marks=pytest.mark.full),
        (signal.SIGINT, 3),
        pytest.param(signal.SIGTERM, 1, marks=pytest.mark.full),
    ],
)
def test_a_stopped_command_leaves_no_child_and_the_next_one_goes_on(
    world: WriterWorld, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals, agents: int,
):  # fmt: skip
    names = [f"{world.agent}{letter}" for letter in "abc"[:agents]]
    pages = {agent: FEW if place else PAGES for place, agent in enumerate(names)}
    for agent, many in pages.items():
        world.write({f"page{n}.md": PAGE.format(n, agent) for n in range(many)}, agent)
    world.repository.commit()
    with psycopg.connect(database_url) as holder:
        holder.execute("lock table kb.embeddings in share mode")  # nothing more is kept
        stopped = start(world, tmp_path / "home")
        wait_for(lambda: rows_of(database_url, WAITS) > 0, "a batch is embedded", LONG)
        children = psutil.Process(stopped.pid).children(recursive=True)
        stopped.send_signal(number)
        said = stopped.communicate(timeout=LONG)[1]
    assert stopped.returncode == 130
    assert "stopped; what was embedded is kept" in said
    assert "Traceback" not in said
    assert len(children) > 2
    wait_for(lambda: not any(is_alive(one) for one in children), "every child is gone", LONG)
    found = runs_of(stopped.pid, tmp_path / "home", database_url, monkeypatch)
    assert {run.status for run in found} == {dg.DagsterRunStatus.CANCELED}

    out, _ = start(world, tmp_path / "home").communicate(timeout=LONG)
    assert out.count("DONE") == agents
    for agent, many in pages.items():
        live = world.ledger.generations.live(agent)
        assert live is not None
        assert (live.number, live.documents) == (1, many)
        assert world.store.count(live.collection or "") == live.chunks
    assert world.count("embeddings") == sum(pages.values())


def rows_of(database_url: str, query: LiteralString) -> int:
    with psycopg.connect(database_url) as looking:
        row = looking.execute(query).fetchone()
    return row[0] if row else 0


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
