"""Parts that many integration tests stand on.

A file that wants more in its world, or another Qdrant under it, furnishes a fixture of the same name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from graph.gateways.postgres import LazyPool
from tests.doubles.git_repository import GitRepository

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.doubles.hand_written import HandWritten
    from tests.doubles.writer_world import WriterWorld


@pytest.fixture
def world(
    tmp_path: Path, database_url: str, qdrant_url: str, agent_id: str
) -> Iterator[WriterWorld]:
    """Give a writer with a repository of its own, in which its agent has no files yet."""
    from tests.doubles.writer_world import WriterWorld  # Dagster, only for those who ask for it

    world = WriterWorld(GitRepository(tmp_path / "repo"), database_url, qdrant_url, agent_id)
    yield world
    world.close()


@pytest.fixture
def written(database_url: str, qdrant_url: str, agent_id: str) -> Iterator[HandWritten]:
    """Give a hand that writes generations in the shape of the ledger and of the collections."""
    from tests.doubles.hand_written import hand_written

    with hand_written(database_url, qdrant_url, agent_id) as hand:
        yield hand


@pytest.fixture
async def ops(database_url: str) -> AsyncIterator[LazyPool]:
    """Connect as the server does."""
    pool = LazyPool(SecretStr(database_url))
    yield pool
    await pool.close()
