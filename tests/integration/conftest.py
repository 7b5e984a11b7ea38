"""Parts that many integration tests stand on, each imported only for those who ask for it.

A file that wants more in its world, or another Qdrant under it, furnishes a fixture of the same name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    import httpx

    from graph.gateways.postgres import LazyPool
    from tests.doubles.demo_processes import DemoProcesses
    from tests.doubles.hand_written import HandWritten
    from tests.doubles.sensor_day import Day
    from tests.doubles.writer_world import WriterWorld


@pytest.fixture
def world(
    tmp_path: Path, database_url: str, qdrant_url: str, agent_id: str
) -> Iterator[WriterWorld]:
    """Give a writer with a repository of its own, in which its agent has no files yet."""
    from tests.doubles.git_repository import GitRepository
    from tests.doubles.writer_world import WriterWorld

    world = WriterWorld(GitRepository(tmp_path / "repo"), database_url, qdrant_url, agent_id)
    yield world
    world.close()


@pytest.fixture
def day(tmp_path: Path, database_url: str) -> Iterator[Day]:
    """Give sensors a day of their own, with nothing committed yet."""
    from tests.doubles.sensor_day import Day

    day = Day(tmp_path, database_url)
    yield day
    day.close()


@pytest.fixture
def written(database_url: str, qdrant_url: str, agent_id: str) -> Iterator[HandWritten]:
    """Give a hand that writes generations in the shape of the ledger and of the collections."""
    from tests.doubles.hand_written import hand_written

    with hand_written(database_url, qdrant_url, agent_id) as hand:
        yield hand


@pytest.fixture
async def ops(database_url: str) -> AsyncIterator[LazyPool]:
    """Connect as the server does."""
    from pydantic import SecretStr

    from graph.gateways.postgres import LazyPool

    pool = LazyPool(SecretStr(database_url))
    yield pool
    await pool.close()


@pytest.fixture
async def http(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """Ask a server of the demo graphs that is open to whoever is on this machine."""
    from tests.doubles.http_of_app import http_of, server_on

    async with http_of(server_on(database_url)) as client:
        yield client


@pytest.fixture(scope="module")
def processes(
    request: pytest.FixtureRequest,
    file_database_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[DemoProcesses]:
    """Run a server and a worker over the demo graphs, for this file alone."""
    from tests.doubles.demo_processes import demo_processes

    folder = tmp_path_factory.mktemp(request.module.__name__.rpartition(".")[2])
    with demo_processes(file_database_url, folder, "server", "worker") as running:
        yield running
