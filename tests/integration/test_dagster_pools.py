"""Places in a pool: one statement each where nobody waits, and never one too many."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster_postgres import PostgresEventLogStorage
from sqlalchemy import event
from sqlalchemy.engine import Engine

from kb.dagster_home import dagster_environment, write_dagster_home
from kb.dagster_pools import QuickPools
from kb.dagster_storage import KnownEventLog

pytestmark = pytest.mark.stack
POOL = "oven"


@pytest.fixture
def log(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[KnownEventLog]:
    write_dagster_home(tmp_path, database_url)
    for name, value in dagster_environment(tmp_path, database_url).items():
        monkeypatch.setenv(name, value)
    with dg.DagsterInstance.from_config(str(tmp_path)) as opened:
        found = opened.event_log_storage
        assert isinstance(found, KnownEventLog)
        yield found


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """What is asked of Postgres by anybody of this process, through SQLAlchemy."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield statements
    event.remove(Engine, "before_cursor_execute", note)


def takes(log: PostgresEventLogStorage, run: str) -> bool:
    return log.claim_concurrency_slot(POOL, run, "bake").is_claimed


def holders(log: KnownEventLog) -> set[str]:
    return {one.run_id for one in log.get_concurrency_info(POOL).claimed_slots}


def test_a_place_is_taken_and_given_back_in_few_statements(log: KnownEventLog, asked: list[str]):
    log.set_concurrency_slots(POOL, 2)
    asked.clear()
    assert takes(log, "first")
    assert len(asked) == 1
    assert holders(log) == {"first"}
    asked.clear()
    log.free_concurrency_slot_for_step("first", "bake")
    assert len(asked) == 2
    info = log.get_concurrency_info(POOL)
    assert (info.active_slot_count, info.pending_step_count, info.assigned_step_count) == (0, 0, 0)


def test_who_waits_is_let_in_before_who_comes(log: KnownEventLog):
    log.set_concurrency_slots(POOL, 1)
    assert takes(log, "first")
    assert not takes(log, "waits")
    log.free_concurrency_slot_for_step("first", "bake")
    assert not takes(log, "comes")
    assert takes(log, "waits")
    log.free_concurrency_slot_for_step("waits", "bake")
    assert takes(log, "comes")


def test_a_step_that_asks_again_has_one_place(log: KnownEventLog):
    log.set_concurrency_slots(POOL, 2)
    assert takes(log, "first")
    assert takes(log, "first")
    assert holders(log) == {"first"}
    assert takes(log, "second")


def test_a_pool_that_was_made_smaller_loses_the_place_with_its_step(log: KnownEventLog):
    log.set_concurrency_slots(POOL, 2)
    assert takes(log, "first")
    assert takes(log, "second")
    log.set_concurrency_slots(POOL, 1)
    assert not takes(log, "next")
    for one in ("first", "second"):
        log.free_concurrency_slot_for_step(one, "bake")
    assert takes(log, "next")
    assert not takes(log, "late")
    assert log.get_concurrency_info(POOL).slot_count == 1
    assert holders(log) == {"next"}


def test_a_pool_that_there_is_not_lets_nobody_in(log: KnownEventLog):
    assert not takes(log, "first")


def test_who_began_to_wait_when_the_last_had_gone_is_let_in(log: KnownEventLog):
    """Dagster looks for room and begins to wait in two transactions; a place may come free between."""
    log.set_concurrency_slots(POOL, 1)
    log.add_pending_step(POOL, "late", "bake", 0, should_assign=False)
    assert not takes(log, "late")
    assert takes(log, "late")
    assert holders(log) == {"late"}


def test_beside_dagsters_own_way_there_is_never_one_too_many(log: KnownEventLog):
    places, runs, held, most = 2, 12, set[str](), list[int]()
    log.set_concurrency_slots(POOL, places)
    at = threading.Lock()

    def bakes(number: int) -> None:
        run = f"run-{number}"
        own, quick = (
            PostgresEventLogStorage.claim_concurrency_slot,
            QuickPools.claim_concurrency_slot,
        )
        # It is asked again until it is let in, as Dagster asks; its own way alone may never be.
        ways = cycle((quick, own) if number % 2 else (own, quick))
        while not next(ways)(log, POOL, run, "bake").is_claimed:
            pass
        with at:
            held.add(run)
            most.append(len(held))
        with at:
            held.discard(run)
        log.free_concurrency_slot_for_step(run, "bake")

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(bakes, range(runs)))
    assert len(most) == runs
    assert max(most) <= places
    assert holders(log) == set()
