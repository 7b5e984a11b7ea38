"""Dagster's tables are looked at once by each process, and runs are kept as ever."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from kb.dagster_home import dagster_environment, write_dagster_home
from kb.dagster_output import KeptOutput
from kb.dagster_storage import KnownEventLog

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


def _about_tables(statements: list[str]) -> list[str]:
    """Questions about tables of events; that of the runs is Dagster's own to ask about."""
    ours = ("asset_check_executions", "asset_event_tags", "asset_keys")
    return [one for one in statements if "pg_catalog" in one and any(name in one for name in ours)]
