"""The real reader of what a `WriterWorld` serves; it hashes words as the writer does."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from qdrant_client import AsyncQdrantClient

from graph.gateways.knowledge_reader import PostgresQdrantReader
from graph.gateways.postgres import READER_ROLE, LazyPool
from tests.doubles.hash_embedder import HashedQuestions
from tests.doubles.writer_world import WriterWorld


class CountingQdrant(AsyncQdrantClient):
    """The real client; it counts its trips."""

    trips = 0

    async def query_batch_points(self, *arguments: Any, **named: Any) -> Any:
        self.trips += 1
        return await super().query_batch_points(*arguments, **named)


def counting_qdrant(world: WriterWorld) -> CountingQdrant:
    return CountingQdrant(url=world.settings.qdrant_url, check_compatibility=False)


@asynccontextmanager
async def live_reader(world: WriterWorld, **parts: Any) -> AsyncGenerator[PostgresQdrantReader]:
    """Read with further parts of the reader (`rewording`, `caller`, …) by their names."""
    pool, qdrant = LazyPool(world.settings.database_url, role=READER_ROLE), counting_qdrant(world)
    yield PostgresQdrantReader(pool, qdrant, HashedQuestions(), "default", **parts)
    await qdrant.close()
    await pool.close()
