"""A command says that it lives, to every host: by a lock that ends with its connection."""

import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final

import psycopg

from dagster_kb.resources.ledger_database import Connection, LedgerDatabase, run

# How soon a lock is taken again that a restarted Postgres forgot.
SECONDS_BETWEEN_LOOKS: Final = 2.0
# So Postgres notices within a minute that the other machine lost its power.
_NOTICE_SILENCE: Final = (
    "set tcp_keepalives_idle = 30", "set tcp_keepalives_interval = 10", "set tcp_keepalives_count = 3",
)  # fmt: skip


@contextmanager
def alive(database: LedgerDatabase, name: str) -> Generator[None]:
    """While the block runs `is_alive` says so; a kill ends that too."""
    over = threading.Event()
    held = threading.Event()
    with ThreadPoolExecutor(1, "command-life") as threads:
        keeping = threads.submit(_keep, database, name, held, over)
        keeping.add_done_callback(lambda _: held.set())
        held.wait()
        if keeping.done():
            keeping.result()  # it cannot be said, and why is told
        try:
            yield
        finally:
            over.set()


def is_alive(database: LedgerDatabase, name: str) -> bool:
    """Whether somebody holds the lock of that command."""
    found = database.one("is_lock_free", key=_key(name))
    return not (found and found["is_free"])


def _keep(
    database: LedgerDatabase, name: str, held: threading.Event, over: threading.Event
) -> None:
    while not over.is_set():
        try:
            with database.session() as connection:
                _take(connection, name)
                held.set()
                while not over.wait(SECONDS_BETWEEN_LOOKS):
                    connection.execute("")
                run(connection, "unlock_agent", key=_key(name))
        except (psycopg.OperationalError, psycopg.InterfaceError):
            held.set()  # the work meets the same trouble, and tells of it
            over.wait(SECONDS_BETWEEN_LOOKS)


def _take(connection: Connection, name: str) -> None:
    for wish in _NOTICE_SILENCE:
        connection.execute(wish)
    run(connection, "lock_agent", key=_key(name))


def _key(name: str) -> str:
    return f"command:{name}"
