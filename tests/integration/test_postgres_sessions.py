"""Connections that the server ended are not handed out, though none is asked whether it lives."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr

from graph.checkpoints import checkpoint_pool
from graph.gateways.postgres import LazyPool
from graph.server.database import server_pool

pytestmark = pytest.mark.stack
ENDS_ALL = """
select pg_terminate_backend(pid, 60000) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid()"""


@asynccontextmanager
async def of_answers(url: str) -> AsyncIterator[Any]:
    pool = LazyPool(SecretStr(url), seconds=60)
    yield pool
    await pool.close()


@asynccontextmanager
async def of_the_server(url: str) -> AsyncIterator[Any]:
    async with server_pool(SecretStr(url), largest=2) as pool:
        yield pool


@pytest.mark.parametrize("pool_of", [of_answers, of_the_server, checkpoint_pool])
async def test_every_pool_makes_another(database_url: str, pool_of: Any) -> None:
    async with pool_of(database_url) as pool:
        sessions = set[str]()
        for _ in range(5):
            async with pool.connection() as connection:
                found = await connection.execute("select pg_backend_pid() as session")
                sessions.add(str(await found.fetchone()))
            async with await psycopg.AsyncConnection.connect(
                database_url, autocommit=True
            ) as admin:
                await admin.execute(ENDS_ALL)
    assert len(sessions) == 5
