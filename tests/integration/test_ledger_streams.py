"""Rows of the ledger come in pieces, and whoever has enough leaves a connection that works."""

from collections.abc import Iterator

import psycopg
import pytest

from dagster_kb.resources.ledger_database import LedgerDatabase

BATCH = 7
TEXTS = [f"{number:03}" for number in range(50)]


@pytest.fixture
def database(database_url: str) -> Iterator[LedgerDatabase]:
    made = LedgerDatabase(database_url)
    yield made
    made.close()


def streamed(database: LedgerDatabase, most: int) -> list[str]:
    found: list[str] = []
    with database.stream("unknown_scans", BATCH, version=0, digests=TEXTS) as rows:
        for row in rows:
            found.append(row["digest"])
            if len(found) == most:
                break
    return found


def backend(database: LedgerDatabase) -> int:
    with database.transaction() as connection:
        row = connection.execute("select pg_backend_pid() as pid").fetchone()
    assert row is not None
    return row["pid"]


def test_all_rows_come_once(database: LedgerDatabase) -> None:
    assert sorted(streamed(database, len(TEXTS) + 1)) == TEXTS


@pytest.mark.parametrize("most", [1, BATCH, BATCH + 1])
def test_who_has_enough_leaves_a_connection_that_works(database: LedgerDatabase, most: int) -> None:
    before = backend(database)
    assert len(streamed(database, most)) == most
    assert backend(database) == before
    assert len(streamed(database, len(TEXTS) + 1)) == len(TEXTS)


def test_a_reader_that_fails_leaves_a_connection_that_works(database: LedgerDatabase) -> None:
    before = backend(database)
    with (
        pytest.raises(ValueError, match="invalid literal"),
        database.stream("unknown_scans", BATCH, version=0, digests=TEXTS) as rows,
    ):
        int(next(rows)["digest"] + "x")
    assert backend(database) == before


def test_a_refused_statement_is_told(database: LedgerDatabase) -> None:
    with (
        pytest.raises(psycopg.DataError),
        database.stream("chunks_by_id", BATCH, generation="none") as rows,
    ):
        next(rows)
