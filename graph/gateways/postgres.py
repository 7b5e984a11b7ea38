"""A pool of connections that opens on first use, in the event loop that uses it."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout
from pydantic import SecretStr

from graph.postgres_session import still_there
from kb_contract.errors import KnowledgeUnavailable

Connection = psycopg.AsyncConnection[DictRow]
Pool = AsyncConnectionPool[Connection]
READER_ROLE = "kb_reader"


@dataclass
class LazyPool:
    """Connections to Postgres; each is checked before it is handed out."""

    database_url: SecretStr
    role: str | None = None
    """Role to take on, so that a mistake of ours cannot change what it may only read."""
    max_size: int = 4
    seconds: float = 10.0
    _pool: Pool | None = field(default=None, init=False)
    _loop: asyncio.AbstractEventLoop | None = field(default=None, init=False)

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Connection]:
        """Hand out a connection; what goes wrong with Postgres is said as one kind of error."""
        try:
            pool = await self._opened()
            async with pool.connection(timeout=self.seconds) as connection:
                yield connection
        except (PoolTimeout, psycopg.OperationalError) as error:
            raise KnowledgeUnavailable(
                f"Postgres does not answer ({type(error).__name__}: {str(error)[:200]})",
                where="DATABASE_URL",
                cure="see `kb status`; is Postgres up and reachable?",
            ) from error

    async def rows(self, statement: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Run one statement and return its rows."""
        async with self.connection() as connection:
            cursor = await connection.execute(statement.encode(), values)
            return await cursor.fetchall()

    async def run(self, statement: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Run one statement that may change something; its rows, if it returns any."""
        async with self.connection() as connection:
            cursor = await connection.execute(statement.encode(), values)
            return await cursor.fetchall() if cursor.description else []

    async def close(self) -> None:
        """Give all connections back; the next use opens the pool again."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.close()

    async def _opened(self) -> Pool:
        loop = asyncio.get_running_loop()
        if self._pool is None or self._loop is not loop:
            self._pool, self._loop = self._made(), loop
        # Opening an open pool does nothing, so first users may come together.
        await self._pool.open()
        return self._pool

    def _made(self) -> Pool:
        options = {"options": f"-c role={self.role}"} if self.role else {}
        return AsyncConnectionPool(
            self.database_url.get_secret_value(),
            connection_class=psycopg.AsyncConnection[DictRow],
            kwargs={"autocommit": True, "row_factory": dict_row, **options},
            min_size=0,
            max_size=self.max_size,
            timeout=self.seconds,
            open=False,
            check=still_there,
            name=f"scriptorium-{self.role or 'ops'}",
        )
