"""A lock of the ledger is free again however its block ends, and a connection that works is kept."""

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from dagster_kb.resources.ledger_database import Connection, LedgerDatabase
from dagster_kb.upkeep.looks import skips_what_is_away
from kb_contract.errors import BadInput


@pytest.fixture
def database(database_url: str) -> Iterator[LedgerDatabase]:
    made = LedgerDatabase(database_url)
    yield made
    made.close()


def backend(connection: Connection) -> int:
    row = connection.execute("select pg_backend_pid() as pid").fetchone()
    assert row is not None
    return row["pid"]


def is_free(database_url: str) -> bool:
    with psycopg.connect(database_url) as other:
        row = other.execute("select pg_try_advisory_lock(hashtextextended('k', 0))").fetchone()
    return row == (True,)


def held(database: LedgerDatabase, meanwhile: Callable[[Connection], object]) -> None:
    with database.lock("k") as connection:
        meanwhile(connection)


def test_an_ordinary_error_frees_the_lock_and_keeps_the_connection(
    database: LedgerDatabase, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    used: list[int] = []

    def refused(connection: Connection) -> None:
        used.append(backend(connection))
        assert not is_free(database_url)
        raise BadInput("no such generation", where="--to", cure="see `kb generations`")

    with caplog.at_level(logging.WARNING, "psycopg.pool"):
        for _ in range(2):
            with pytest.raises(BadInput, match="no such generation"):
                held(database, refused)
            assert is_free(database_url)
    assert caplog.text == ""
    assert used[0] == used[1]


def test_a_refused_statement_frees_the_lock_too(
    database: LedgerDatabase, database_url: str
) -> None:
    def refused(connection: Connection) -> None:
        with connection.transaction():
            connection.execute("select from nowhere")

    with pytest.raises(psycopg.errors.UndefinedTable):
        held(database, refused)
    assert is_free(database_url)


def test_a_lock_is_free_when_its_connection_broke_or_its_holder_was_stopped(
    database: LedgerDatabase, database_url: str
) -> None:
    def broken(connection: Connection) -> None:
        with psycopg.connect(database_url) as other:
            other.execute("select pg_terminate_backend(%s, 60000)", [backend(connection)])
        raise BadInput("it fails for another reason", where="here", cure="none")

    def stopped(_connection: Connection) -> None:
        raise KeyboardInterrupt

    with pytest.raises(BadInput, match="another reason"):
        held(database, broken)
    with pytest.raises(KeyboardInterrupt):
        held(database, stopped)
    with database.lock("k") as connection:
        assert not is_free(database_url)
        assert backend(connection)


def test_connections_that_are_all_in_use_are_no_outage(database_url: str) -> None:
    database = LedgerDatabase(database_url, patience=0.5)

    @skips_what_is_away
    def look() -> None:
        with ExitStack() as held:
            while True:
                held.enter_context(database.transaction())

    with pytest.raises(PoolTimeout):
        look()
    database.close()
