"""The server's way to Postgres: one checked pool, and statements by name."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, cast

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool
from pydantic import SecretStr

from graph.caller import current_caller
from graph.postgres_session import session_options, still_there
from kb_contract.named_queries import named_queries

Row = dict[str, Any]
Connection = psycopg.AsyncConnection[DictRow]
Pool = AsyncConnectionPool[Connection]
# Jobs are put in the queue on our own connections, and its functions name no schema.
SESSION = session_options("procrastinate")
PLACES = (
    "server", "plans", "approvals", "evaluations", "costs", "contents", "door", "caches", "schedules",
    "assistants", "retention",
)  # fmt: skip


@dataclass(frozen=True)
class Statements:
    """Runs statements of PLACES on one connection.

    Each is told the workspace and the caller's agents, so that no route can forget them.
    """

    connection: Connection
    workspace: str

    async def rows(self, name: str, **values: Any) -> list[Row]:
        cursor = await self.connection.execute(_statement(name), self._with_caller(values))
        return await cursor.fetchall() if cursor.description else []

    async def stream(self, name: str, **values: Any) -> AsyncIterator[Row]:
        """Row by row, where all of them take too much room."""
        async with self.connection.cursor() as cursor:
            async for row in cursor.stream(_statement(name), self._with_caller(values)):
                yield row

    async def row(self, name: str, **values: Any) -> Row | None:
        found = await self.rows(name, **values)
        return found[0] if found else None

    def _with_caller(self, values: dict[str, Any]) -> dict[str, Any]:
        caller = current_caller()
        whose = {"workspace": self.workspace, "caller": caller.name, "scope": caller.scope}
        return {**whose, **values}


@dataclass(frozen=True)
class Database:
    """Statements by name, alone or together in a transaction."""

    pool: Pool
    workspace: str

    async def rows(self, name: str, **values: Any) -> list[Row]:
        async with self.pool.connection() as connection:
            return await Statements(connection, self.workspace).rows(name, **values)

    async def row(self, name: str, **values: Any) -> Row | None:
        async with self.pool.connection() as connection:
            return await Statements(connection, self.workspace).row(name, **values)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Statements]:
        async with self.pool.connection() as connection, connection.transaction():
            yield Statements(connection, self.workspace)


@cache
def _statement(name: str) -> bytes:
    found = [one[name] for one in map(named_queries, PLACES) if name in one]
    return found[0].encode()


def server_pool(database_url: SecretStr, *, largest: int) -> Pool:
    """Make the pool, not yet open; one that died is not handed out."""
    return AsyncConnectionPool(
        database_url.get_secret_value(),
        connection_class=cast("type[Connection]", psycopg.AsyncConnection),
        kwargs={"autocommit": True, "row_factory": dict_row, "options": SESSION},
        min_size=1,
        max_size=largest,
        timeout=10.0,
        open=False,
        check=still_there,
        name="scriptorium-server",
    )
