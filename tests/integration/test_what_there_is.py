"""The catalogue and the live state, read from a real ledger."""

import json
from collections.abc import AsyncIterator

import pytest

from graph.agents.catalogue import catalogue_text
from graph.gateways.knowledge_reader import PostgresQdrantReader
from graph.gateways.postgres import LazyPool
from graph.gateways.service_probes import QdrantProbe
from graph.gateways.system_state import PostgresSystemState
from tests.doubles.hand_written import PAGES, HandWritten, reader_of


@pytest.fixture
async def reader(database_url: str, qdrant_url: str) -> AsyncIterator[PostgresQdrantReader]:
    async with reader_of(database_url, qdrant_url) as one:
        yield one


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
    reader: PostgresQdrantReader, ops: LazyPool, written: HandWritten, qdrant_url: str
) -> None:
    written.ledger(PAGES)
    state = await PostgresSystemState(reader.pool, ops, "default", QdrantProbe(qdrant_url)).read()
    assert state["generations"][0]["agent_id"] == written.agent
    assert state["queue"][0]["runs_waiting"] == 0
    up = {row["service"]: row["state"] for row in state["services"]}
    assert up == {"postgres": "up", "qdrant": "up"}
    assert json.dumps(state)


async def test_a_service_that_is_gone_is_said_and_the_rest_is_read(
    reader: PostgresQdrantReader, ops: LazyPool
) -> None:
    nowhere = QdrantProbe("http://127.0.0.1:9")
    state = await PostgresSystemState(reader.pool, ops, "default", nowhere).read()
    qdrant = next(row for row in state["services"] if row["service"] == "qdrant")
    assert qdrant["state"] == "not reachable"
    assert "Connect" in qdrant["error"]
    assert state["queue"]


@pytest.mark.parametrize(
    ("question", "paths"),
    [
        ("Which documents mention badges?", ["visitors.md"]),
        ("Is rotating signing keys covered anywhere?", ["keys.md"]),
        ("Which pages are about days?", ["backups.md", "keys.md"]),
        ("Do we have anything about badges in the security desk?", ["visitors.md"]),
        ("Which documents mention zebras?", []),
        ("Which documents mention keys and badges?", []),
        ("Which documents mention 100%_of it?", []),
    ],
)
async def test_documents_are_found_by_what_stands_in_them(
    reader: PostgresQdrantReader, written: HandWritten, question: str, paths: list[str]
) -> None:
    written.ledger(PAGES)
    rows = await reader.catalogue(question)
    assert sorted(row["path"] for row in rows) == paths
    assert {row["kind"] for row in rows} <= {"mentions"}


async def test_what_changed_is_told_against_what_was_live_before(
    reader: PostgresQdrantReader, written: HandWritten
) -> None:
    written.ledger(PAGES)
    [first] = await reader.catalogue("What changed recently?")
    assert (first["kind"], first["generation"], first["since_generation"]) == ("unchanged", 1, None)
    assert catalogue_text([first]).startswith("No document differs from what was live before")
    kept = {path: text for path, text in PAGES.items() if path != "visitors.md"}
    written.ledger({**kept, "keys.md": "Signing keys are rotated every 30 days.", "new.md": "New."})
    rows = await reader.catalogue("What has changed in the security desk?")
    assert {row["path"]: row["change"] for row in rows} == {
        "keys.md": "changed", "new.md": "added", "visitors.md": "removed",
    }  # fmt: skip
    assert {(row["since_generation"], row["generation"]) for row in rows} == {(1, 2)}
    written.ledger({**kept, "keys.md": "Signing keys are rotated every 30 days.", "new.md": "New."})
    [same] = await reader.catalogue("What changed since the last generation?")
    assert (same["kind"], same["generation"], same["since_generation"]) == ("unchanged", 3, 2)
