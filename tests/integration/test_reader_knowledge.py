"""The real reader on a real Postgres and a real Qdrant, over a generation written by hand."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr
from qdrant_client import AsyncQdrantClient, QdrantClient, models
from qdrant_edge import Bm25, Bm25Config

from graph.gateways.answer_log import PostgresAnswerLog
from graph.gateways.knowledge_reader import PostgresQdrantReader
from graph.gateways.operations import RequestedOperations
from graph.gateways.postgres import READER_ROLE, LazyPool
from graph.gateways.system_state import PostgresSystemState
from graph.ports import FinishedAnswer
from kb_contract.citation import Citation
from kb_contract.embedding_space import BM25_AVERAGE_LENGTH
from kb_contract.errors import BadInput, KnowledgeUnavailable, NotServed
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


@pytest.fixture
def written(database_url: str, qdrant_url: str, agent_id: str) -> Any:
    qdrant = QdrantClient(url=qdrant_url, check_compatibility=False)
    world = HandWritten(database_url, qdrant, agent_id)
    yield world
    for name in world.collections:
        qdrant.delete_collection(name)
    qdrant.close()


@pytest.fixture
async def ops(database_url: str) -> AsyncIterator[LazyPool]:
    pool = LazyPool(SecretStr(database_url))
    yield pool
    await pool.close()


@pytest.fixture
async def reader(database_url: str, qdrant_url: str) -> AsyncIterator[PostgresQdrantReader]:
    pool = LazyPool(SecretStr(database_url), role=READER_ROLE)
    qdrant = AsyncQdrantClient(url=qdrant_url, check_compatibility=False)
    yield PostgresQdrantReader(pool, qdrant, WordEmbedder(), "default", clock=_never_cached())
    await qdrant.close()
    await pool.close()


def _never_cached() -> Any:
    ticks = iter(range(0, 10_000_000, 1000))
    return lambda: float(next(ticks))


async def test_a_question_finds_the_words_of_the_ledger(
    reader: PostgresQdrantReader, written: HandWritten
) -> None:
    written.alias(await asyncio.to_thread(written.collection, PAGES, "blue"))
    written.ledger(PAGES)
    found = await reader.search(written.agent, "How often are signing keys rotated?")
    assert len(found) <= 2
    best = found[0]
    assert (best["text"], best["start"], best["end"]) == (
        PAGES["keys.md"],
        10,
        10 + len(PAGES["keys.md"]),
    )
    assert (best["path"], best["title"], best["git_sha"]) == ("keys.md", "keys.md", "sha1")
    assert (best["dagster_run_id"], best["generation"]) == ("run-1", 1)
    assert 0.2 <= best["score"] <= 1.0001
    assert len(await reader.search(written.agent, "days keys badge backups", limit=1)) == 1
    assert await reader.search(written.agent, "zebra crossing xylophone") == []


async def test_the_registry_says_what_the_manifest_said(
    reader: PostgresQdrantReader, written: HandWritten
) -> None:
    written.ledger(PAGES)
    [agent] = await reader.agents()
    assert (agent.title, agent.kind, agent.tags) == ("Security desk", "rag", ("safety",))
    assert (agent.generation, agent.chunks) == (1, 3)


async def test_a_chunk_of_a_retired_generation_can_still_be_checked(
    reader: PostgresQdrantReader, written: HandWritten
) -> None:
    first = written.ledger(PAGES)
    written.ledger({"keys.md": "Signing keys are rotated every 30 days."})
    chunk = str(written.chunk("keys.md", PAGES["keys.md"]))
    old = await reader.chunk_text(written.agent, first, chunk)
    assert old is not None
    assert old["text"] == PAGES["keys.md"]
    assert await reader.chunk_text(written.agent, 2, chunk) is None
    assert await reader.chunk_text(written.agent, first, "no-uuid' or 1=1") is None
    assert await reader.chunk_text("other", first, chunk) is None


async def test_during_a_swap_the_reader_looks_again_and_never_mixes(
    reader: PostgresQdrantReader, written: HandWritten
) -> None:
    """The alias moves first and the ledger a moment later: a reader between both waits for it."""
    new = {"keys.md": "Signing keys are rotated every 30 days."}
    blue = await asyncio.to_thread(written.collection, PAGES, "blue")
    green = await asyncio.to_thread(written.collection, new, "green")
    written.alias(blue)
    written.ledger(PAGES)
    written.alias(green)
    searching = asyncio.create_task(reader.search(written.agent, "signing keys rotated"))
    await asyncio.sleep(0)
    await asyncio.to_thread(written.ledger, new)
    assert [(one["text"], one["generation"]) for one in await searching] == [(new["keys.md"], 2)]


async def test_what_the_ledger_does_not_list_is_not_served(
    reader: PostgresQdrantReader, written: HandWritten
) -> None:
    strange = {**PAGES, "strange.md": "Signing keys are rotated by strangers every day."}
    written.alias(await asyncio.to_thread(written.collection, strange, "blue"))
    written.ledger(PAGES)
    found = await reader.search(written.agent, "signing keys rotated", limit=4)
    assert found
    assert all(one["path"] != "strange.md" for one in found)


async def test_a_missing_agent_and_a_missing_alias_say_what_to_do(
    reader: PostgresQdrantReader, written: HandWritten
) -> None:
    with pytest.raises(NotServed, match="kb ingest"):
        await reader.search(written.agent, "keys")
    written.ledger(PAGES)
    with pytest.raises(NotServed, match="kb ingest"):
        await reader.search(written.agent, "keys")
    assert await reader.affinity("keys", [written.agent]) == {written.agent: 0.0}


async def test_affinity_tells_who_is_near(
    reader: PostgresQdrantReader, written: HandWritten
) -> None:
    written.alias(await asyncio.to_thread(written.collection, PAGES, "blue"))
    written.ledger(PAGES)
    near = await reader.affinity(PAGES["keys.md"], [written.agent, "nobody"])
    assert near[written.agent] == pytest.approx(1.0, abs=1e-3)
    assert near["nobody"] == 0.0


async def test_a_dead_qdrant_is_said_in_time(
    reader: PostgresQdrantReader, written: HandWritten
) -> None:
    written.ledger(PAGES)
    nowhere = AsyncQdrantClient(url="http://127.0.0.1:9", check_compatibility=False)
    dead = PostgresQdrantReader(reader.pool, nowhere, WordEmbedder(), "default")
    async with asyncio.timeout(60):
        with pytest.raises(KnowledgeUnavailable, match="kb status"):
            await dead.search(written.agent, "keys")


async def test_a_dead_postgres_is_said_in_time() -> None:
    pool = LazyPool(SecretStr("postgresql://a:b@127.0.0.1:9/x"), seconds=0.5)
    with pytest.raises(KnowledgeUnavailable, match="kb status"):
        await pool.rows("select 1", {})
    await pool.close()


async def test_the_reader_can_change_nothing(reader: PostgresQdrantReader) -> None:
    for statement in (
        "delete from kb.generations",
        "insert into ops.answers select",
        "create table kb.x ()",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await reader.pool.rows(statement, {})


@pytest.mark.parametrize(
    ("question", "kind", "holds"),
    [
        ("Which agents are there?", "agents", "Security desk"),
        ("Which documents does the security desk have?", "documents", "visitors.md"),
        ("What topics are covered?", "tags", "rules"),
        ("Which versions do the documents have?", "versions", "2.1"),
        ("Show the generations", "generations", "live"),
        ("How many documents are there?", "counts", "3"),
        ("What is quarantined?", "quarantined", "not UTF-8"),
    ],
)
async def test_the_catalogue_answers_from_fixed_queries(
    reader: PostgresQdrantReader, written: HandWritten, question: str, kind: str, holds: str
) -> None:
    written.ledger(PAGES, quarantined="broken.md")
    rows = await reader.catalogue(question)
    assert rows
    assert {row["kind"] for row in rows} == {kind}
    assert holds in json.dumps(rows)


async def test_system_state_is_read(
    reader: PostgresQdrantReader, ops: LazyPool, written: HandWritten
) -> None:
    written.ledger(PAGES)
    state = await PostgresSystemState(reader.pool, ops, "default").read()
    assert state["generations"][0]["agent_id"] == written.agent
    assert state["queue"][0]["runs_waiting"] == 0
    assert json.dumps(state)


async def test_an_effect_happens_once_per_key(ops: LazyPool) -> None:
    operations = RequestedOperations(ops, "default")
    asked = [
        operations.perform("refresh_knowledge", {"agent_id": "a"}, key="q1/s1") for _ in range(8)
    ]
    done = await asyncio.gather(*asked)
    assert sum(one["new"] for one in done) == 1
    rows = await ops.rows("select key, action, arguments, status from ops.requested_operations", {})
    assert rows == [
        {
            "key": "q1/s1",
            "action": "refresh_knowledge",
            "arguments": {"agent_id": "a"},
            "status": "requested",
        }
    ]
    with pytest.raises(BadInput, match="something else"):
        await operations.perform("refresh_knowledge", {"agent_id": "b"}, key="q1/s1")
    with pytest.raises(BadInput, match="refresh_knowledge"):
        await operations.perform("delete_everything", {}, key="q1/s2")


async def test_an_answer_is_kept_once_with_its_citations(ops: LazyPool) -> None:
    citation: Citation = {
        "quote": "Keys.", "path": "keys.md", "sha": "s", "start": 1, "end": 6, "agent_id": "a",
        "chunk_id": str(uuid.uuid4()), "generation": 3, "run_id": "r", "score": 0.5, "heading_path": ["A"],
        "page": 3, "title": "t", "uncommitted": False,
    }  # fmt: skip
    answer = FinishedAnswer(
        "answer", "thread", "run", "trace", "q", "simple_lookup", "completed", "Keys. [1]", {"steps": []},
        [citation], {"calls": 0}, {"total": 1.0},
    )  # fmt: skip
    log = PostgresAnswerLog(ops, "default")
    await asyncio.gather(log.keep(answer), log.keep(answer))
    await log.keep(answer)
    rows = await ops.rows(
        "select generations, c.quote, c.start_offset from ops.answers join ops.citations c using (answer_id)",
        {},
    )
    assert rows == [{"generations": {"a": 3}, "quote": "Keys.", "start_offset": 1}]


def test_a_pool_lives_on_in_another_event_loop(database_url: str) -> None:
    pool = LazyPool(SecretStr(database_url))

    async def once() -> int:
        [row] = await pool.rows("select 1 as one", {})
        await pool.close()
        return row["one"]

    assert (asyncio.run(once()), asyncio.run(once())) == (1, 1)
