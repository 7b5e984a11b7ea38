"""The real reader on a real Postgres and a real Qdrant, over a generation written by hand."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import psycopg
import pytest
from pydantic import SecretStr
from qdrant_client import AsyncQdrantClient

from dagster_kb.resources.ledger import open_ledger
from graph.gateways.answer_log import PostgresAnswerLog
from graph.gateways.knowledge_reader import PostgresQdrantReader
from graph.gateways.operations import RequestedOperations
from graph.gateways.postgres import LazyPool
from graph.ports import FinishedAnswer
from kb_contract.citation import Citation
from kb_contract.errors import BadInput, KnowledgeUnavailable, NotServed
from tests.doubles.hand_written import PAGES, HandWritten, reader_of
from tests.doubles.in_memory_knowledge import WordEmbedder


@pytest.fixture
async def reader(database_url: str, qdrant_url: str) -> AsyncIterator[PostgresQdrantReader]:
    async with reader_of(database_url, qdrant_url) as one:
        yield one


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


async def test_an_agent_that_was_renamed_is_refused_with_its_new_name(
    reader: PostgresQdrantReader, written: HandWritten, database_url: str
) -> None:
    written.ledger(PAGES)
    ledger = open_ledger(database_url, "default")
    ledger.names.renamed("before", written.agent, "c" * 40)
    ledger.database.close()
    with pytest.raises(
        NotServed, match=f"is called '{written.agent}' now .* ask '{written.agent}'"
    ):
        await reader.search("before", "keys")


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
