"""A `kb ingest` that was killed, wherever it ran, keeps its agent and the model from nobody for long."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import dagster as dg
import psycopg
import pytest
from dagster._core.utils import make_new_run_id
from dagster._utils.tags import TagConcurrencyLimitsCounter

from dagster_kb.resources.command_life import alive, is_alive
from dagster_kb.resources.ledger_database import LedgerDatabase
from dagster_kb.upkeep.dead_commands import PATIENCE, PROCESS, dead_runs
from kb.command_runs import end_runs_of_dead_commands, this_command
from kb.dagster_home import dagster_environment
from tests.conftest import wait_for
from tests.doubles.writer_world import WriterWorld
from tests.integration.test_command_stopped import LONG, WAITS, rows_of, start

UNDER_WAY = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])
HOLDERS = "select pid from pg_locks where locktype = 'advisory' and granted and pid <> pg_backend_pid() and database = (select oid from pg_database where datname = current_database())"


@pytest.fixture
def database(database_url: str) -> Iterator[LedgerDatabase]:
    with closing(LedgerDatabase(database_url)) as opened:
        yield opened


class Looks:
    """The sensor, tick by tick, at times of ours."""

    def __init__(self, world: WriterWorld, instance: dg.DagsterInstance) -> None:
        self.world = world
        self.instance = instance
        self.cursor: str | None = None

    def look(self, later: float, monkeypatch: pytest.MonkeyPatch) -> list[dg.DagsterRun]:
        """Tick, and return the runs that are still under way."""
        context = dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, resources={"ledger": self.world.ledger}
        )
        now = time.time() + later
        with monkeypatch.context() as patched:
            patched.setattr(time, "time", lambda: now)
            self.world.definitions.get_sensor_def("dead_commands")(context)
        self.cursor = context.cursor
        return list(self.instance.get_runs(UNDER_WAY))


def blocks_the_next(instance: dg.DagsterInstance, runs: list[dg.DagsterRun], agent: str) -> bool:
    """Whether Dagster itself would leave the sensor's next run of the agent in its queue."""
    queue = instance.get_concurrency_config().run_queue_config
    assert queue is not None
    waiting = dg.DagsterRun(
        job_name="refresh_knowledge", run_id=make_new_run_id(),
        tags={"kb/agent": agent, "dagster/partition": agent},
    )  # fmt: skip
    return TagConcurrencyLimitsCounter(queue.tag_concurrency_limits, runs).is_blocked(waiting)


@pytest.mark.stack
@pytest.mark.timeout(600)
def test_a_killed_command_gives_its_agent_and_its_place_at_the_model_back(
    world: WriterWorld, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
):
    world.commit({f"page{n}.md": f"# Page {n}\n\nWords of page {n} alone.\n" for n in range(40)})
    home = tmp_path / "home"
    for name, value in dagster_environment(home / "dagster", database_url).items():
        monkeypatch.setenv(name, value)
    with psycopg.connect(database_url) as holder:
        holder.execute("lock table kb.embeddings in share mode")  # nothing more is kept
        command = start(world, home)
        wait_for(lambda: rows_of(database_url, WAITS) > 0, "a batch is embedded", LONG)
        with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
            looks = Looks(world, instance)
            for later in (0, 2 * PATIENCE):
                assert len(looks.look(later, monkeypatch)) == 1  # it lives
            assert instance.event_log_storage.get_concurrency_run_ids()
            command.kill()
            command.communicate()
            wait_for(lambda: bool(dead_runs(instance, world.ledger.database)), "its lock is free")
            runs = looks.look(0, monkeypatch)
            assert blocks_the_next(instance, runs, world.agent)
            runs = looks.look(2 * PATIENCE, monkeypatch)
            assert not blocks_the_next(instance, runs, world.agent)
            assert instance.event_log_storage.get_concurrency_run_ids() == set()
            [ended] = instance.get_runs()
            assert ended.status is dg.DagsterRunStatus.FAILURE


def test_a_command_of_another_host_is_judged_by_its_lock(
    world: WriterWorld, database: LedgerDatabase
):
    job = world.definitions.resolve_job_def("refresh_knowledge")

    def run(*status: dg.DagsterRunStatus, **tags: str) -> str:
        return world.instance.create_run_for_job(job, tags=tags, status=status[0]).run_id

    started, canceling = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING
    gone = run(started, **{PROCESS: "elsewhere:1:1.00"})
    stopped = run(canceling, **{PROCESS: "elsewhere:1:1.00"})
    run(started, **{PROCESS: "elsewhere:2:1.00"})
    run(started)
    with alive(database, "elsewhere:2:1.00"):
        assert {one.run_id for one in dead_runs(world.instance, database)} == {gone, stopped}


def started(world: WriterWorld, command: str) -> str:
    job = world.definitions.resolve_job_def("refresh_knowledge")
    status = dg.DagsterRunStatus.STARTED
    return world.instance.create_run_for_job(job, tags={PROCESS: command}, status=status).run_id


def under_way(world: WriterWorld) -> set[str]:
    return {one.run_id for one in world.instance.get_runs(UNDER_WAY)}


def test_a_process_that_lives_here_is_not_ended_for_a_lost_lock(
    world: WriterWorld, database: LedgerDatabase
):
    host, number, began = this_command().rsplit(":", 2)
    lives = started(world, this_command())
    started(world, f"{host}:{number}:{float(began) - 60:.2f}")  # its number is another one's now
    waited: list[float] = []
    assert end_runs_of_dead_commands(world.instance, database, waited.append) == 1
    assert (under_way(world), waited) == ({lives}, [])


def test_a_command_elsewhere_is_looked_at_once_more(world: WriterWorld, database: LedgerDatabase):
    back = started(world, "elsewhere:1:1.00")
    started(world, "elsewhere:2:1.00")
    with ExitStack() as locks:

        def wait(seconds: float) -> None:
            assert seconds == PATIENCE
            locks.enter_context(alive(database, "elsewhere:1:1.00"))

        assert end_runs_of_dead_commands(world.instance, database, wait) == 1
    assert under_way(world) == {back}


@pytest.mark.timeout(120)
def test_a_command_that_cannot_say_that_it_lives_is_told_why(database: LedgerDatabase):
    with pytest.raises(psycopg.DataError, match="NUL"), alive(database, "no\0name"):
        pass


def test_a_command_that_lives_says_so_again_when_its_connection_broke(
    database: LedgerDatabase, database_url: str
):
    with alive(database, "here"), psycopg.connect(database_url, autocommit=True) as admin:
        assert is_alive(database, "here")
        [(before,)] = admin.execute(HOLDERS).fetchall()
        admin.execute("select pg_terminate_backend(%s)", (before,))
        wait_for(lambda: admin.execute(HOLDERS).fetchall() not in ([], [(before,)]), "it is back")
        assert is_alive(database, "here")
    assert not is_alive(database, "here")
