"""Generations written by hand in the shape of the ledger and of the collections."""

import asyncio
import json
import uuid
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from pydantic import SecretStr
from qdrant_client import AsyncQdrantClient, QdrantClient, models
from qdrant_edge import Bm25, Bm25Config

from graph.gateways.knowledge_reader import PostgresQdrantReader
from graph.gateways.postgres import READER_ROLE, LazyPool
from kb_contract.embedding_space import BM25_AVERAGE_LENGTH
from kb_contract.identifiers import chunk_id, production_alias, sha256_text
from kb_contract.payload import DENSE, SPARSE, ChunkMetadata, ChunkPayload
from tests.doubles.in_memory_knowledge import DIMENSION, WordEmbedder

PAGES = {
    "keys.md": "Signing keys are rotated every 90 days.",
    "backups.md": "Backups are kept for thirty days in two places.",
    "visitors.md": "Visitors wear a badge and are never alone.",
}
BM25 = Bm25(Bm25Config(avg_len=BM25_AVERAGE_LENGTH))


@dataclass
class HandWritten:
    """Writes generations in the shape of the ledger and of the collections."""

    database_url: str
    qdrant: QdrantClient
    agent: str
    number: int = 0
    collections: list[str] = field(default_factory=list)

    def collection(self, pages: dict[str, str], colour: str) -> str:
        name = f"{self.agent}_{colour}"
        self.qdrant.create_collection(
            name,
            vectors_config={
                DENSE: models.VectorParams(size=DIMENSION, distance=models.Distance.COSINE)
            },
            sparse_vectors_config={SPARSE: models.SparseVectorParams(modifier=models.Modifier.IDF)},
        )
        self.collections.append(name)
        self.qdrant.upsert(name, [self._point(*page) for page in pages.items()], wait=True)
        return name

    def alias(self, collection: str) -> None:
        move = models.CreateAlias(
            collection_name=collection, alias_name=production_alias("default", self.agent)
        )
        self.qdrant.update_collection_aliases([models.CreateAliasOperation(create_alias=move)])

    def ledger(self, pages: dict[str, str], *, quarantined: str = "") -> int:
        """Make the pages the live generation."""
        self.number += 1
        with psycopg.connect(self.database_url) as db:
            db.execute(
                "update kb.generations set state = 'retired' where agent_id = %s", [self.agent]
            )
            row = db.execute(
                "insert into kb.generations (workspace_id, agent_id, number, state, git_sha, tree_sha, manifest,"
                " config_digest, space, documents, chunks, quarantined, dagster_run_id, live_at)"
                " values ('default', %s, %s, 'live', %s, 't', %s, 'c', '{}', %s, %s, %s, %s, now())"
                " returning generation_id",
                [self.agent, self.number, f"sha{self.number}", self._manifest(), len(pages), len(pages),
                 int(bool(quarantined)), f"run-{self.number}"],
            ).fetchone()  # fmt: skip
            assert row
            for position, (path, text) in enumerate(pages.items()):
                self._chunk(db, row[0], position, path, text)
            if quarantined:
                db.execute(
                    "insert into kb.generation_documents values (%s, %s, 'b', null, 'quarantined', 'not UTF-8')",
                    [row[0], quarantined],
                )
        return self.number

    def _manifest(self) -> str:
        return json.dumps(
            {"agent_id": self.agent, "title": "Security desk", "purpose": "keys", "tags": ["safety"],
             "retrieval": {"limit": 2, "candidates": 10, "threshold": 0.2}}
        )  # fmt: skip

    def _chunk(
        self, db: psycopg.Connection, generation: int, position: int, path: str, text: str
    ) -> None:
        document = uuid.uuid5(uuid.NAMESPACE_URL, text)
        db.execute(
            "insert into kb.documents (document_id, workspace_id, file_sha256, blob_sha, reader, source_name,"
            " mime, size_bytes, title, front_matter) values (%s, 'default', %s, 'b', 'r', %s, 'text/markdown', 9, '',"
            " %s) on conflict do nothing",
            [document, sha256_text(text), path, json.dumps({"tags": ["rules"], "version": "2.1"})],
        )
        db.execute(
            "insert into kb.chunks values (%s, 0, %s, 10, %s, %s, %s, 'e', 9) on conflict do nothing",
            [document, ["Rules"], 10 + len(text), text, sha256_text(text)],
        )
        db.execute(
            "insert into kb.generation_documents values (%s, %s, 'b', %s, 'published', null)",
            [generation, path, document],
        )
        db.execute(
            "insert into kb.generation_chunks values (%s, %s, %s, %s, 0, %s, 'p')",
            [generation, position, self.chunk(path, text), document, path],
        )

    def chunk(self, path: str, text: str) -> uuid.UUID:
        return chunk_id("default", self.agent, path, ["Rules"], 0, sha256_text(text))

    def _point(self, path: str, text: str) -> models.PointStruct:
        words = BM25.embed_document(text)
        metadata = ChunkMetadata(
            title="", agent_id=self.agent, workspace_id="default", document_id="d", path=path,
            ordinal=0, start=10, end=10 + len(text), text_sha256=sha256_text(text),
        )  # fmt: skip
        [dense] = asyncio.run(WordEmbedder().embed([text]))
        return models.PointStruct(
            id=str(self.chunk(path, text)),
            vector={
                DENSE: dense,
                SPARSE: models.SparseVector(indices=words.indices, values=words.values),
            },
            payload=ChunkPayload(text_chunk=text, metadata=metadata).model_dump(mode="json"),
        )


@contextmanager
def hand_written(database_url: str, qdrant_url: str, agent: str) -> Generator[HandWritten]:
    """Give a hand to write with, and tidy up after it."""
    qdrant = QdrantClient(url=qdrant_url, check_compatibility=False)
    world = HandWritten(database_url, qdrant, agent)
    yield world
    for name in world.collections:
        qdrant.delete_collection(name)
    qdrant.close()


@asynccontextmanager
async def reader_of(database_url: str, qdrant_url: str) -> AsyncGenerator[PostgresQdrantReader]:
    """Give the real reader, which looks at the ledger anew each time."""
    pool = LazyPool(SecretStr(database_url), role=READER_ROLE)
    qdrant = AsyncQdrantClient(url=qdrant_url, check_compatibility=False)
    yield PostgresQdrantReader(pool, qdrant, WordEmbedder(), "default", clock=_never_cached())
    await qdrant.close()
    await pool.close()


def _never_cached() -> Any:
    ticks = iter(range(0, 10_000_000, 1000))
    return lambda: float(next(ticks))
