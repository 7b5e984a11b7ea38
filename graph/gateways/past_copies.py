"""Copies of generations that no colour holds any more: made of what was kept, and gone after use."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import numpy as np
import structlog
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.http.exceptions import ApiException

from graph.ending_tasks import end
from graph.gateways.postgres import Connection, LazyPool
from graph.retrieval.terms import sparse_document
from kb_contract.embedding_space import EmbeddingSpace, searched_text
from kb_contract.errors import NotServed, ScriptoriumError
from kb_contract.identifiers import past_collection
from kb_contract.named_queries import named_queries
from kb_contract.payload import DENSE, INDEXED_FIELDS, SPARSE
from kb_contract.points import chunk_payload

log = structlog.get_logger(__name__)
PAGE: Final = 500
_FIRST: Final = UUID(int=0)


@dataclass
class PastCopies:
    """Makes a copy once, whoever asks; embeds nothing."""

    ledger: LazyPool
    ops: LazyPool
    qdrant: AsyncQdrantClient
    workspace: str
    keep_seconds: float = 900
    _tidying: asyncio.Task[None] | None = field(default=None, init=False)

    async def of(self, generation: Mapping[str, Any]) -> str:
        """Return the collection that holds the generation; made now where there is none."""
        collection = past_collection(
            self.workspace, generation["agent_id"], generation["generation_id"]
        )
        async with self._held(collection) as connection:
            if await self._is_whole(connection, collection, generation["chunks"]):
                await connection.execute(_sql("use_copy"), {"collection": collection})
            else:
                await self._make(connection, collection, generation)
        if self._tidying is None or self._tidying.done():
            self._tidying = asyncio.create_task(self._tidy())
        return collection

    async def close(self) -> None:
        """Stop waiting for copies to be idle; whoever asks the past next, or the night, drops them."""
        if self._tidying is not None:
            await end(self._tidying)
            self._tidying = None

    async def _tidy(self) -> None:
        """Drop copies when their time is over, until there are none."""
        idle = named_queries("past")["idle_copies"]
        try:
            while await self.ops.rows(idle, {"seconds": 0}):
                await asyncio.sleep(self.keep_seconds + 1)
                await self.collect()
        except (ScriptoriumError, ApiException) as error:
            log.warning("copies of the past are left", error=str(error)[:200])

    async def collect(self, idle_seconds: float | None = None) -> list[str]:
        """Drop copies that nobody used for a while."""
        idle = {"seconds": self.keep_seconds if idle_seconds is None else idle_seconds}
        gone: list[str] = []
        for row in await self.ops.rows(named_queries("past")["idle_copies"], idle):
            which = {**idle, "collection": row["collection"]}
            async with self._held(row["collection"]) as connection:
                cursor = await connection.execute(_sql("forget_copy"), which)
                if await cursor.fetchone() is not None:
                    await self.qdrant.delete_collection(row["collection"])
                    gone.append(row["collection"])
        return gone

    @asynccontextmanager
    async def _held(self, collection: str) -> AsyncGenerator[Connection]:
        async with self.ops.connection() as connection, connection.transaction():
            await connection.execute(_sql("hold_copy"), {"collection": collection})
            yield connection

    async def _is_whole(self, connection: Connection, collection: str, chunks: int) -> bool:
        cursor = await connection.execute(_sql("known_copy"), {"collection": collection})
        known = await cursor.fetchone()
        if known is None or known["state"] != "ready":
            return False
        if not await self.qdrant.collection_exists(collection):
            return False
        # A hot deletion takes points out of copies too; more than it was made of, it cannot hold.
        return (await self.qdrant.count(collection, exact=True)).count <= chunks

    async def _make(
        self, connection: Connection, collection: str, generation: Mapping[str, Any]
    ) -> None:
        """Write the points; killed anywhere, its row does not come to be and it is made again."""
        space = EmbeddingSpace.model_validate(generation["space"])
        await self._empty(collection, space)
        written = 0
        async for rows in self._pages(generation["generation_id"], space):
            points = [self._point(generation["agent_id"], row) for row in rows]
            await self.qdrant.upsert(collection, points, wait=True)
            written += len(points)
        if written != generation["chunks"]:
            await self.qdrant.delete_collection(collection)
            raise NotServed(
                f"of generation {generation['number']} {written} of {generation['chunks']} chunks are kept",
                where=generation["agent_id"],
                cure="choose a newer one; `kb pin` keeps what is still whole",
            )
        values = {"collection": collection, "generation": generation["generation_id"]}
        await connection.execute(_sql("keep_copy"), {**values, "state": "ready"})
        log.info("copy of the past made", collection=collection, points=written)

    async def _empty(self, collection: str, space: EmbeddingSpace) -> None:
        if await self.qdrant.collection_exists(collection):
            await self.qdrant.delete_collection(collection)
        dense = models.VectorParams(size=space.dimension, distance=models.Distance.COSINE)
        await self.qdrant.create_collection(
            collection,
            vectors_config={DENSE: dense},
            sparse_vectors_config={SPARSE: models.SparseVectorParams(modifier=models.Modifier.IDF)},
        )
        for name, schema in INDEXED_FIELDS:
            kind = models.PayloadSchemaType(schema)
            await self.qdrant.create_payload_index(collection, name, kind, wait=True)

    async def _pages(
        self, generation: int, space: EmbeddingSpace
    ) -> AsyncIterator[list[dict[str, Any]]]:
        statement, after = named_queries("past")["past_points"], _FIRST
        which = {"generation": generation, "space": space.space_id, "limit": PAGE}
        while rows := await self.ledger.rows(statement, {**which, "after": after}):
            yield rows
            after = rows[-1]["chunk_id"]

    def _point(self, agent: str, row: Mapping[str, Any]) -> models.PointStruct:
        dense = np.frombuffer(row["vector"], dtype="<f4")
        return models.PointStruct(
            id=str(row["chunk_id"]),
            vector={DENSE: dense.tolist(), SPARSE: sparse_document(searched_text(row))},
            payload=chunk_payload(self.workspace, agent, row).model_dump(mode="json"),
        )


def _sql(name: str) -> bytes:
    return named_queries("past")[name].encode()
