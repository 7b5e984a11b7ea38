"""Real parts for tests: one Postgres and one Qdrant per session, a fresh database per test."""

import asyncio
import gc
import inspect
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import certifi
import httpx
import psycopg
import pytest
from hypothesis import settings
from psycopg import sql
from xdist.scheduler import LoadScopeScheduling

from kb.embedded import postgres as own_postgres
from kb.embedded.postgres_place import choose_place
from kb.migrate import migrate
from kb.processes import spawn
from tests.doubles.qdrant_servers import running
from tests.doubles.quick_folder import quick_folder

TEMPLATE: LiteralString = "template_scriptorium"
# A test's database may be lost with the machine, so it need not wait for the disk.
TEST_OPTIONS = {"fsync": "off", "synchronous_commit": "off", "max_connections": "200"}

# A busy machine takes a fifth of a second for anything.
settings.register_profile("any machine", deadline=None, max_examples=50)
settings.register_profile("full", deadline=None, max_examples=500, derandomize=False)
settings.load_profile("any machine")


@dataclass(frozen=True)
class RunningPostgres:
    """The session's cluster, with a migrated template in it."""

    cluster: own_postgres.PostgresCluster
    process: subprocess.Popen[bytes]
    log: Path

    def url(self, database: str = "postgres") -> str:
        return self.cluster.url(database)

    def execute(self, statement: LiteralString, name: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as admin:
            admin.execute(sql.SQL(statement).format(name=sql.Identifier(name)))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition: Callable[[], bool], what: str, within: float = 90) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {within} s"
        time.sleep(0.02)


async def until(condition: Callable[[], Any], within: float = 90) -> None:
    """Wait for a condition (or for one that is awaited), and let everything else go on meanwhile."""
    deadline = time.monotonic() + within
    while not (await holds if inspect.isawaitable(holds := condition()) else holds):
        assert time.monotonic() < deadline, f"not within {within} s"
        await asyncio.sleep(0.02)


class OneStack(LoadScopeScheduling):
    """Hands tests out file by file, but all of end_to_end to one process: they share a stack."""

    def _split_scope(self, nodeid: str) -> str:
        folder = "tests/end_to_end/"
        return folder if nodeid.startswith(folder) else nodeid.partition("::")[0]


class ToldAtOnce:
    """Says what failed as it fails: who waits for the rest may mend it, or end the run, and knows."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        terminal = self.config.pluginmanager.get_plugin("terminalreporter")
        if report.failed and terminal:
            terminal.ensure_newline()
            terminal.write_sep("_", f"{report.nodeid} ({report.when})")
            terminal.write_line(report.longreprtext)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="the rest of the matrices too")


def pytest_configure(config: pytest.Config) -> None:
    """Let clients read one certificate, not all of the world's: tests ask nobody but this machine."""
    if config.getoption("--full"):
        settings.load_profile("full")
    config.pluginmanager.register(ToldAtOnce(config))
    if "SSL_CERT_FILE" in os.environ:
        return
    folder = Path(tempfile.mkdtemp(prefix="kb-certificate-"))
    end = "-----END CERTIFICATE-----\n"
    one = folder / "one.pem"
    one.write_text(Path(certifi.where()).read_text("utf-8").partition(end)[0] + end, "utf-8")
    os.environ["SSL_CERT_FILE"] = str(one)
    config.add_cleanup(lambda: shutil.rmtree(folder))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the rest of a matrix to `make full`: each of its tests has a sister that stays."""
    left = [one for one in items if one.get_closest_marker("full")]
    if left and not config.getoption("--full"):
        config.hook.pytest_deselected(items=left)
        items[:] = [one for one in items if not one.get_closest_marker("full")]


def pytest_collection_finish() -> None:
    """Spare the garbage collector the tests and what they loaded: none of it goes before the end."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneStack:
    """Decide who runs what, where several processes run tests."""
    return OneStack(config, log)


@pytest.fixture(scope="session")
def short_home() -> Iterator[Path]:
    """A folder that another account can enter (pytest's own is private), in memory where that is."""
    home = quick_folder("kb-test-")
    home.chmod(0o755)
    yield home
    shutil.rmtree(home)


@pytest.fixture(scope="session")
def postgres(short_home: Path) -> Iterator[RunningPostgres]:
    """A running cluster; `url(database)` is the way in."""
    cluster = own_postgres.PostgresCluster(
        choose_place(short_home), free_port(), own_postgres.new_password(), TEST_OPTIONS
    )
    cluster.prepare()
    log = short_home / "postgres.log"
    process = spawn(
        cluster.command(),
        env=cluster.environment(),
        log=log,
        cwd=cluster.place.folder,
        account=cluster.place.account,
        die_with_parent=True,
    )
    try:
        own_postgres.wait_until_ready(cluster, process, log)
        migrate(cluster.url(TEMPLATE))
        yield RunningPostgres(cluster, process, log)
    finally:
        process.send_signal(signal.SIGQUIT)  # at once: the data is thrown away
        process.wait(timeout=60)


@contextmanager
def fresh_database(postgres: RunningPostgres) -> Iterator[str]:
    """Make a migrated database; it is dropped at the end, whoever is still connected."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    postgres.execute(f"create database {{name}} template {TEMPLATE} strategy file_copy", name)
    yield postgres.url(name)
    postgres.execute("drop database {name} with (force)", name)


@pytest.fixture
def database_url(postgres: RunningPostgres) -> Iterator[str]:
    """A database for this test alone."""
    with fresh_database(postgres) as url:
        yield url


@pytest.fixture(scope="module")
def file_database_url(postgres: RunningPostgres) -> Iterator[str]:
    """A database for all tests of this file, each of which empties what it filled."""
    with fresh_database(postgres) as url:
        yield url


@pytest.fixture(scope="session")
def qdrant_url(short_home: Path) -> Iterator[str]:
    """A running Qdrant: the owner process."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    data = ("--data", str(short_home / "qdrant"))
    process = spawn(
        [sys.executable, "-m", "kb.embedded.qdrant_owner", *data, "--port", str(port)],
        env={**os.environ, "QDRANT_OWNER_API_KEY": ""},
        log=short_home / "qdrant.log",
        cwd=Path(__file__).parents[1],
        die_with_parent=True,
    )
    try:
        wait_for(lambda: _answers(process, f"{url}/readyz"), "Qdrant ready")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture(scope="module", params=["server", pytest.param("owner", marks=pytest.mark.full)])
def either_qdrant(request: pytest.FixtureRequest) -> Iterator[str]:
    """The real server, for this file alone; nearly every other test has our owner process."""
    with running(request.param) as server:
        yield server.url


def _answers(process: subprocess.Popen[bytes], url: str) -> bool:
    assert process.poll() is None, f"ended with {process.returncode}: {process.args}"
    try:
        return httpx.get(url, timeout=10).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture
def agent_id() -> str:
    """An agent's id that no other test has."""
    return f"agent_{uuid.uuid4().hex[:10]}"
