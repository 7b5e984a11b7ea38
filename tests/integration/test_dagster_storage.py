"""Dagster's storage does less for each event, and runs are kept as ever."""

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any, TextIO

import dagster as dg
import psycopg
import pytest
from dagster import EventLogEntry
from dagster._core.errors import DagsterInvariantViolationError
from dagster._core.events import StepMaterializationData
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    SensorInstigatorData,
)
from sqlalchemy import event
from sqlalchemy.engine import Engine

from dagster_kb.resources.ledger_database import LedgerDatabase
from kb.command_runs import end_runs_of_dead_commands
from kb.dagster_home import dagster_environment, write_dagster_home
from kb.dagster_output import KeptOutput
from kb.dagster_storage import KnownEventLog
from tests.conftest import wait_for

pytestmark = pytest.mark.stack


@dg.asset
def tea(context: dg.AssetExecutionContext) -> None:
    """Says something in the log, and prints."""
    context.log.info("brewed")
    print("poured")


@dg.asset_check(asset=tea)
def is_hot() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


@pytest.fixture
def instance(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dg.DagsterInstance]:
    write_dagster_home(tmp_path, database_url)
    for name, value in dagster_environment(tmp_path, database_url).items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.from_config(str(tmp_path)) as opened:
        yield opened


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """What is asked of Postgres by anybody of this process, through SQLAlchemy."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        statements.append(f"{statement} {values}")

    event.listen(Engine, "before_cursor_execute", note)
    yield statements
    event.remove(Engine, "before_cursor_execute", note)


def test_a_second_run_does_not_ask_what_the_tables_look_like(
    instance: dg.DagsterInstance, asked: list[str]
):
    assert isinstance(instance.event_log_storage, KnownEventLog)
    first = dg.materialize([tea, is_hot], instance=instance)
    asked_first = _about_tables(asked)
    asked.clear()
    second = dg.materialize([tea, is_hot], instance=instance)
    assert first.success
    assert second.success
    assert asked_first
    assert not _about_tables(asked)
    kept = instance.all_logs(second.run_id)
    assert any(one.user_message == "brewed" for one in kept)
    checks = instance.event_log_storage.get_asset_check_execution_history(
        dg.AssetCheckKey(tea.key, "is_hot"), limit=5
    )
    assert {one.run_id for one in checks} == {first.run_id, second.run_id}


@dg.multi_asset_check(specs=[dg.AssetCheckSpec(name, asset=tea) for name in ("is_wet", "is_red")])
def looks() -> Iterator[dg.AssetCheckResult]:
    yield dg.AssetCheckResult(check_name="is_wet", passed=True, metadata={"cups": 2})
    yield dg.AssetCheckResult(check_name="is_red", passed=False)


def test_checks_that_come_together_are_kept_together(
    instance: dg.DagsterInstance, asked: list[str]
):
    with dg.DagsterInstance.ephemeral() as elsewhere:
        done = dg.materialize([tea, is_hot, looks], instance=elsewhere, raise_on_error=False)
        events = elsewhere.all_logs(done.run_id)
        theirs = _statuses(elsewhere, done.run_id)
    asked.clear()
    instance.event_log_storage.store_event_batch(events)
    instance.event_log_storage.get_logs_for_run(done.run_id)
    about = [one.split()[0] for one in asked if "asset_check_executions" in one]
    assert about == ["INSERT", "UPDATE"]
    assert _statuses(instance, done.run_id) == theirs
    assert {name: passed for name, (passed, _) in theirs.items()} == {
        "is_hot": "SUCCEEDED", "is_wet": "SUCCEEDED", "is_red": "FAILED",
    }  # fmt: skip
    assert theirs["is_wet"][1] == {"cups": dg.IntMetadataValue(2)}


def _statuses(instance: dg.DagsterInstance, run: str) -> dict[str, tuple[str, Any]]:
    found: dict[str, tuple[str, Any]] = {}
    for name in ("is_hot", "is_wet", "is_red"):
        [one] = instance.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(tea.key, name), limit=5
        )
        assert one.run_id == run
        assert one.evaluation
        found[name] = (one.status.value, dict(one.evaluation.metadata))
    return found


def test_what_no_run_planned_is_kept_beside_what_was_kept_before(instance: dg.DagsterInstance):
    """From outside of runs; and of a run that did not say before that it would check."""
    key = dg.AssetCheckKey(tea.key, "is_hot")
    for passed in (True, False):
        instance.report_runless_asset_event(
            dg.AssetCheckEvaluation(
                asset_key=tea.key, check_name="is_hot", passed=passed, metadata={}
            )
        )
    with dg.DagsterInstance.ephemeral() as elsewhere:
        done = dg.materialize([tea, is_hot], instance=elsewhere)
        events = elsewhere.all_logs(done.run_id)
    planned = dg.DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED
    unplanned = [one for one in events if one.dagster_event_type != planned]
    instance.event_log_storage.store_event_batch(unplanned)
    kept = instance.event_log_storage.get_asset_check_execution_history(key, limit=9)
    assert [one.status.value for one in kept] == ["SUCCEEDED", "FAILED", "SUCCEEDED"]


def test_what_is_not_there_is_asked_for_again(instance: dg.DagsterInstance, asked: list[str]):
    log = instance.event_log_storage
    assert isinstance(log, KnownEventLog)
    assert not log.has_table("not_yet")
    asked.clear()
    assert not log.has_table("not_yet")
    assert asked


def test_what_a_step_prints_is_found_by_dagsters_page(instance: dg.DagsterInstance):
    done = dg.materialize([tea], instance=instance)
    manager = instance.compute_log_manager
    assert isinstance(manager, KeptOutput)
    captured = next(one for one in done.all_events if one.event_type_value == "LOGS_CAPTURED")
    key = [done.run_id, "compute_logs", captured.logs_captured_data.file_key]
    assert manager.is_capture_complete(key)


def test_events_are_kept_in_their_order_in_few_statements(
    instance: dg.DagsterInstance, asked: list[str]
):
    asked.clear()
    done = dg.materialize([tea, is_hot], instance=instance)
    written = [one for one in asked if one.startswith("INSERT INTO event_logs")]
    assert len(written) < len(done.all_events) / 2
    assert not [one for one in asked if one.startswith("NOTIFY")]
    kept = [one.dagster_event for one in instance.all_logs(done.run_id) if one.is_dagster_event]
    told = [one.message for one in done.all_events]
    assert [one.message for one in kept if one and one.message in told] == told


def test_whoever_looks_from_elsewhere_sees_a_step_at_work(
    instance: dg.DagsterInstance, tmp_path: Path
):
    with dg.DagsterInstance.from_config(str(tmp_path)) as elsewhere:

        @dg.asset
        def slow_tea(context: dg.AssetExecutionContext) -> None:
            context.log.info("still brewing")
            wait_for(lambda: said(elsewhere, context.run.run_id, "still brewing"), "seen elsewhere")

        assert dg.materialize([slow_tea], instance=instance).success


def said(instance: dg.DagsterInstance, run: str, text: str) -> bool:
    return any(one.user_message == text for one in instance.all_logs(run))


def test_a_process_that_ends_leaves_nothing_unwritten(instance: dg.DagsterInstance, tmp_path: Path):
    done = dg.materialize([tea], instance=instance)
    script = (
        "import sys, dagster as dg\n"
        "instance = dg.DagsterInstance.from_config(sys.argv[1])\n"
        "run = instance.get_run_by_id(sys.argv[2])\n"
        "instance.report_engine_event('goodbye', run)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path), done.run_id], check=True)
    assert any("goodbye" in (one.message or "") for one in instance.all_logs(done.run_id))


def test_a_connection_that_the_server_ended_is_replaced(
    instance: dg.DagsterInstance, database_url: str
):
    assert dg.materialize([tea], instance=instance).success
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )
    assert dg.materialize([tea], instance=instance).success


def test_runs_that_write_of_the_same_assets_never_wait_in_a_ring(
    instance: dg.DagsterInstance, tmp_path: Path
):
    troubles: list[Exception] = []

    def write(log: dg.DagsterInstance, names: Sequence[str]) -> None:
        try:
            for _ in range(40):
                log.event_log_storage.store_event_batch([made(name) for name in names])
                log.event_log_storage.store_event(made(names[0], run=""))
        except Exception as error:  # noqa: BLE001 - told by the main thread
            troubles.append(error)

    with dg.DagsterInstance.from_config(str(tmp_path)) as other:
        threads = [
            threading.Thread(target=write, args=(instance, "abcdef")),
            threading.Thread(target=write, args=(other, "fedcba")),
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    assert troubles == []


def test_a_sensor_whose_first_state_was_half_written_starts_all_the_same(
    instance: dg.DagsterInstance, database_url: str
):
    """A daemon that is killed between two statements leaves the one table with a row, the other without."""
    state = first_state("changes")
    instance.add_instigator_state(state)
    with psycopg.connect(database_url, autocommit=True) as connection:
        assert connection.execute("delete from dagster.instigators").rowcount == 1
    assert instance.all_instigator_state() == []
    instance.add_instigator_state(state)
    assert instance.all_instigator_state() == [state]
    with pytest.raises(DagsterInvariantViolationError, match="already present"):
        instance.add_instigator_state(state)


def first_state(name: str) -> InstigatorState:
    origin = RegisteredCodeLocationOrigin("code")
    sensor = RemoteInstigatorOrigin(RemoteRepositoryOrigin(origin, "__repository__"), name)
    return InstigatorState(
        sensor, InstigatorType.SENSOR, InstigatorStatus.DECLARED_IN_CODE,
        SensorInstigatorData(min_interval=30),
    )  # fmt: skip


def test_a_pool_that_two_processes_meet_first_is_there_for_both(
    instance: dg.DagsterInstance, database_url: str
):
    with ThreadPoolExecutor(1) as thread, psycopg.connect(database_url) as other:
        other.execute(
            'insert into dagster.concurrency_limits (concurrency_key, "limit", using_default_limit) '
            "values ('embedder', 1, true)"
        )
        late = thread.submit(
            instance.event_log_storage.initialize_concurrency_limit_to_default, "embedder"
        )
        wait_for(lambda: somebody_waits(database_url), "the second one waits for the first")
        other.commit()
        assert late.result(timeout=60)


def test_whoever_waits_for_a_pool_asks_again_as_soon_as_it_has_waited(instance: dg.DagsterInstance):
    """Dagster's own asks for its pause without one, and takes a core for as long as it waits."""
    log = instance.event_log_storage
    log.set_concurrency_slots("one-at-a-time", 1)
    assert log.claim_concurrency_slot("one-at-a-time", "first", "step").is_claimed
    late = log.claim_concurrency_slot("one-at-a-time", "second", "step")
    assert not late.is_claimed
    assert late.sleep_interval == 0
    log.free_concurrency_slot_for_step("first", "step")
    assert log.claim_concurrency_slot("one-at-a-time", "second", "step").is_claimed


def test_python_is_told_how_to_log_once_whatever_runs_beside_each_other(
    instance: dg.DagsterInstance,
):
    """To say it again closes handlers that another run writes with; the two wait for each other."""
    closed: list[str] = []

    class OfAnotherRun(logging.StreamHandler[TextIO]):
        def close(self) -> None:
            closed.append("closed")
            super().close()

    instance.get_handlers()
    handler = OfAnotherRun()
    instance.get_handlers()
    assert closed == []
    handler.close()


def test_a_command_takes_no_notice_of_slots_that_runs_held_when_they_ended(
    instance: dg.DagsterInstance, database_url: str
):
    """Two runs of a command that is killed have all slots there are, and there may be no daemon."""
    log, pool = instance.event_log_storage, "of-two"
    log.set_concurrency_slots(pool, 2)
    job = dg.JobDefinition(graph_def=dg.GraphDefinition("nothing"))
    held = {status: instance.create_run_for_job(job, status=status).run_id
            for status in (dg.DagsterRunStatus.CANCELED, dg.DagsterRunStatus.STARTED)}  # fmt: skip
    for one in held.values():
        assert log.claim_concurrency_slot(pool, one, "step").is_claimed
    assert not log.claim_concurrency_slot(pool, "next", "step").is_claimed
    with closing(LedgerDatabase(database_url)) as database:
        end_runs_of_dead_commands(instance, database)
    assert log.claim_concurrency_slot(pool, "next", "step").is_claimed
    assert held[dg.DagsterRunStatus.STARTED] in log.get_concurrency_run_ids()
    assert held[dg.DagsterRunStatus.CANCELED] not in log.get_concurrency_run_ids()


def somebody_waits(database_url: str) -> bool:
    with psycopg.connect(database_url) as admin:
        row = admin.execute("select count(*) from pg_locks where not granted").fetchone()
    return bool(row and row[0])


def made(name: str, run: str = "a run") -> EventLogEntry:
    told = StepMaterializationData(dg.AssetMaterialization(name))
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION.value
    return EventLogEntry(
        error_info=None, level=20, user_message="", run_id=run, timestamp=1.0,
        dagster_event=dg.DagsterEvent(kind, "job", event_specific_data=told),
    )  # fmt: skip


def _about_tables(statements: list[str]) -> list[str]:
    """Questions about tables of events; that of the runs is Dagster's own to ask about."""
    ours = ("asset_check_executions", "asset_event_tags", "asset_keys")
    return [one for one in statements if "pg_catalog" in one and any(name in one for name in ours)]
