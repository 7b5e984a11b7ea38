"""How the writer speaks to Postgres: a few connections, statements by name."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, cast

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool, PoolTimeout

from dagster_kb.resources.idle_connection import is_silent
from kb_contract.named_queries import named_queries
from kb_contract.setting_errors import required

Row = dict[str, Any]
Connection = psycopg.Connection[DictRow]
LOCK_SECONDS: Final = 600


def statement(name: str) -> bytes:
    """Return the writer's statement of that name."""
    return named_queries("writer")[name].encode()


@dataclass(frozen=True)
class LedgerDatabase:
    """Connects at first use; a connection that a restarted Postgres broke is replaced."""

    url: str = field(repr=False)
    patience: float = 30.0
    """Seconds that a statement waits for a connection."""
    lock_patience: int = LOCK_SECONDS
    """Seconds that whoever wants a lock waits for its holder."""

    @cached_property
    def _pool(self) -> ConnectionPool[Connection]:
        return self._connections("writer", at_most=8)

    @cached_property
    def _locks(self) -> ConnectionPool[Connection]:
        """Those that hold locks, or held one: a run takes several, one after the other."""
        return self._connections("writer-lock", at_most=32, configure=self._wait_for_locks)

    def _connections(
        self, name: str, at_most: int, configure: Callable[[Connection], None] | None = None
    ) -> ConnectionPool[Connection]:
        return ConnectionPool(
            required("DATABASE_URL", self.url),
            connection_class=Connection,
            # A statement that is alone is its own transaction: one way there and back, not three.
            kwargs={"row_factory": dict_row, "connect_timeout": 10, "application_name": name,
                    "autocommit": True},
            min_size=0,
            max_size=at_most,
            timeout=self.patience,
            configure=configure,
            check=_still_there,
            open=True,
        )  # fmt: skip

    def _wait_for_locks(self, connection: Connection) -> None:
        wait = f"{self.lock_patience}s"
        connection.execute("select set_config('lock_timeout', %s, false)", (wait,))

    @contextmanager
    def _connection(self, pool: ConnectionPool[Connection]) -> Generator[Connection]:
        """Take one of a pool; where none came, Postgres itself may say why, or all are in use."""
        with ExitStack() as held:
            try:
                connection = held.enter_context(pool.connection())
            except PoolTimeout:
                Connection.connect(self.url, connect_timeout=10).close()
                raise
            yield connection

    @contextmanager
    def transaction(self) -> Generator[Connection]:
        """One connection with one transaction; committed when the block ends well."""
        with self._connection(self._pool) as connection, connection.transaction():
            yield connection

    def close(self) -> None:
        """Let go of every connection; the next use connects again."""
        for name in ("_pool", "_locks"):
            # Frozen, so it cannot be deleted in the ordinary way.
            opened: ConnectionPool[Connection] | None = self.__dict__.pop(name, None)
            if opened is not None:
                opened.close()

    def rows(self, name: str, /, **values: Any) -> list[Row]:
        with self._connection(self._pool) as connection:
            return rows(connection, name, **values)

    def one(self, name: str, /, **values: Any) -> Row | None:
        with self._connection(self._pool) as connection:
            return one(connection, name, **values)

    def run(self, name: str, /, **values: Any) -> None:
        with self._connection(self._pool) as connection:
            run(connection, name, **values)

    @contextmanager
    def stream(self, name: str, size: int, /, **values: Any) -> Generator[Iterator[Row]]:
        """Rows of a statement, so many at a time: memory stays flat, and few rows come in one go."""
        with (
            self._connection(self._pool) as connection,
            connection.cursor() as cursor,
            closing(
                cast("Generator[Row]", cursor.stream(statement(name), values, size=size))
            ) as rows,
        ):
            yield rows

    @contextmanager
    def session(self) -> Generator[Connection]:
        """Open a connection of its own: what it holds is freed when this process dies."""
        url = required("DATABASE_URL", self.url)
        with Connection.connect(
            url, row_factory=dict_row, autocommit=True, application_name="writer-lock"
        ) as connection:
            yield connection

    @contextmanager
    def lock(self, key: str) -> Generator[Connection]:
        """Hold the advisory lock of that key; it is freed when this process dies."""
        with self._connection(self._locks) as connection:
            try:
                run(connection, "lock_agent", key=key)
                yield connection
                # Fails when the connection broke meanwhile, so a writer without its lock is told.
                run(connection, "unlock_agent", key=key)
            except Exception:
                _let_go(connection)
                raise
            except BaseException:
                connection.close()  # and with it the lock; who was told to stop waits for nobody
                raise


def _let_go(connection: Connection) -> None:
    """Free what it holds; a connection that cannot be asked to is closed, which frees it too."""
    try:
        run(connection, "unlock_all")
    except psycopg.Error:
        connection.close()


def _still_there(connection: Connection) -> None:
    """Where the server said something meanwhile, see what: a broken connection is thrown away."""
    if not is_silent(connection.fileno()):
        connection.execute("")


def rows(connection: Connection, name: str, /, **values: Any) -> list[Row]:
    """Run a statement and return every row."""
    return connection.execute(statement(name), values).fetchall()


def one(connection: Connection, name: str, /, **values: Any) -> Row | None:
    """Run a statement and return its first row."""
    return connection.execute(statement(name), values).fetchone()


def run(connection: Connection, name: str, /, **values: Any) -> int:
    """Run a statement and return how many rows it touched."""
    return connection.execute(statement(name), values).rowcount


def run_many(connection: Connection, name: str, values: Sequence[Mapping[str, Any]]) -> None:
    """Run a statement for each set of values."""
    if values:
        connection.cursor().executemany(statement(name), values)
