"""How the Reader's sessions in Postgres are set up: a sleeper's locks do not outlive its turn."""

import select
from typing import Any, Final

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

# A process that stops inside a transaction (SIGSTOP, a paused machine) would hold its locks, and
# with them every other worker's events. As long as it takes until it is taken for dead.
IDLE_SECONDS: Final = 4
# What trying again may mend: Postgres is away, busy, or took a sleeper's transaction back.
PASSING_ERRORS: Final = (
    psycopg.OperationalError,
    psycopg.errors.IdleInTransactionSessionTimeout,
    PoolTimeout,
)


def session_options(schema: str) -> str:
    """Return libpq's `options` for a session whose names lie in the schema."""
    return f"-c search_path={schema} -c idle_in_transaction_session_timeout={IDLE_SECONDS}s"


async def still_there(connection: psycopg.AsyncConnection[Any]) -> None:
    """Raise when a connection that lay idle is dead, so that a pool makes another.

    A server that ends a session says so, and then something can be read; asking each time would
    double the ways to the database.
    """
    if _can_be_read(connection.fileno()):
        await AsyncConnectionPool.check_connection(connection)


def _can_be_read(socket: int) -> bool:
    polling = select.poll()
    polling.register(socket, select.POLLIN)
    return bool(polling.poll(0))
