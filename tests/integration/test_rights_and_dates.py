"""Who may read which document when: from front matter through the writer to what a reader finds."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from qdrant_client import models

from graph.entrypoint import gateways_of
from graph.gateways.knowledge_reader import PostgresQdrantReader
from graph.settings import ReaderSettings, load_settings
from kb_contract.errors import BadSetting
from kb_contract.identifiers import production_alias
from tests.doubles.live_reader import live_reader
from tests.doubles.writer_world import WriterWorld

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
QUESTION = "Which badge opens the door of the archive?"
PAGES = {
    "open": "",
    "hr": "audience: [hr]",
    "legal": "audience: [Legal, board]",
    "future": "effective: 2026-06-16",
    "past": "expires: 2026-06-15T12:00:00Z",
    "now": "effective: 2026-06-15T14:00:00+02:00\nexpires: 2026-06-15T12:00:01Z",
    "hr_past": "audience: hr\nexpires: 2026-01-01",
    "draft": "status: draft",
    "hr_draft": "status: draft\naudience: hr",
}


def page(name: str, front: str) -> str:
    return f"---\ntitle: Title {name}\nversion: {name}-1\ntags: [tag-{name}]\n{front}\n---\n" \
           f"The badge {name} opens the door of the archive.\n"  # fmt: skip


class Caller:
    """Groups and a clock that a test turns."""

    def __init__(self) -> None:
        self.groups: tuple[str, ...] = ("everyone",)
        self.time = NOW

    def belongs_to(self) -> tuple[str, ...]:
        return self.groups

    def now(self) -> datetime:
        return self.time


@pytest.fixture
def qdrant_url(either_qdrant: str) -> str:
    return either_qdrant


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.write({"agent.yaml": "retrieval: {limit: 20, threshold: 0.1}\n"})
    world.publish({f"{name}.md": page(name, front) for name, front in PAGES.items()})
    return world


@pytest.fixture
def caller() -> Caller:
    return Caller()


@pytest.fixture
async def reader(world: WriterWorld, caller: Caller) -> AsyncIterator[PostgresQdrantReader]:
    async with live_reader(world, caller=caller.belongs_to, now=caller.now) as reader:
        yield reader


async def found(reader: PostgresQdrantReader, world: WriterWorld) -> set[str]:
    passages = await reader.search(world.agent, QUESTION)
    for one in passages:
        stored = await reader.chunk_text(world.agent, one["generation"], one["chunk_id"])
        assert stored, "what is found can be quoted"
    return {Path(one["path"]).stem for one in passages}


EVERYBODYS = {"open", "now"}


async def test_a_caller_finds_what_is_for_him_and_holds_now(
    reader: PostgresQdrantReader, world: WriterWorld, caller: Caller
):
    assert len(world.served()) == len(PAGES) - 2, "drafts are kept and not served"
    assert await found(reader, world) == EVERYBODYS
    caller.groups = ("everyone", "hr")
    assert await found(reader, world) == EVERYBODYS | {"hr"}
    caller.groups = ("everyone", "board", "hr")
    assert await found(reader, world) == EVERYBODYS | {"hr", "legal"}
    caller.groups = ()
    assert await found(reader, world) == set()


async def test_time_alone_brings_and_takes_documents(
    reader: PostgresQdrantReader, world: WriterWorld, caller: Caller
):
    caller.time = NOW - timedelta(microseconds=1)
    assert await found(reader, world) == {"open", "past"}
    caller.time = NOW + timedelta(seconds=1)
    assert await found(reader, world) == {"open"}
    caller.time = datetime(2026, 6, 16, tzinfo=UTC)
    assert await found(reader, world) == {"open", "future"}


async def test_the_payload_says_it_in_one_way(world: WriterWorld):
    said = {Path(one["metadata"]["path"]).stem: one["metadata"] for one in world.served().values()}
    assert said["open"]["audience"] == ["everyone"]
    assert said["legal"]["audience"] == ["board", "legal"]
    assert said["now"]["effective"] == "2026-06-15T12:00:00Z"
    assert said["past"]["expires"] == "2026-06-15T12:00:00Z"
    assert said["open"]["effective"] is said["open"]["expires"] is None


async def test_what_the_filter_missed_is_not_quoted(
    reader: PostgresQdrantReader, world: WriterWorld
):
    """Payloads that were tampered with let everything through; the ledger does not."""
    everyone = {"metadata": {"audience": ["everyone"], "effective": None, "expires": None}}
    alias = production_alias("default", world.agent)
    for point, payload in world.served().items():
        metadata = {**payload["metadata"], **everyone["metadata"]}
        world.store.client.set_payload(alias, {"metadata": metadata}, points=[point], wait=True)
    raw = world.store.client.count(alias, count_filter=models.Filter(
        must=[models.FieldCondition(key="metadata.audience", match=models.MatchAny(any=["everyone"]))]
    ))  # fmt: skip
    assert raw.count == len(PAGES) - 2
    assert await found(reader, world) == EVERYBODYS


async def test_a_quote_is_refused_when_its_document_no_longer_holds(
    reader: PostgresQdrantReader, world: WriterWorld, caller: Caller
):
    one = next(one for one in await reader.search(world.agent, QUESTION) if "now.md" in one["path"])
    place = (world.agent, one["generation"], one["chunk_id"])
    assert await reader.chunk_text(*place)
    caller.time = NOW + timedelta(days=1)
    assert await reader.chunk_text(*place) is None


async def test_nearness_says_nothing_of_what_a_caller_may_not_read(
    reader: PostgresQdrantReader, world: WriterWorld, caller: Caller
):
    words = "The badge hr opens the door of the archive."
    strange = (await reader.affinity(words, [world.agent]))[world.agent]
    caller.groups = ("everyone", "hr")
    own = (await reader.affinity(words, [world.agent]))[world.agent]
    assert strange < own


# What each question names to those who may see it.
CATALOGUE = {
    "Which documents are there?": "hr.md",
    "What topics are covered?": "tag-legal",
    "Which versions are there?": "hr-1",
    "What is quarantined or unpublished?": "hr_draft",
    "How many documents are there?": "",
    "Show the generations": "",
}


async def test_the_catalogue_names_nothing_that_a_caller_may_not_see(
    reader: PostgresQdrantReader, world: WriterWorld, caller: Caller
):
    for question in CATALOGUE:
        rows = json.dumps(await reader.catalogue(question))
        for hidden in ("hr", "legal", "future", "past"):
            for name in (f"Title {hidden}", f"{hidden}.md", f"tag-{hidden}", f"{hidden}-1"):
                assert name not in rows, question
    caller.groups = ("everyone", "hr", "legal")
    caller.time = datetime(2026, 6, 16, tzinfo=UTC)
    for question, name in CATALOGUE.items():
        mine = json.dumps(await reader.catalogue(question))
        assert name in mine
        assert "past" not in mine


def test_the_servers_groups_come_from_its_setting(monkeypatch: pytest.MonkeyPatch):
    settings = ReaderSettings(
        database_url=SecretStr("postgresql://a:b@127.0.0.1:9/x"), qdrant_url="http://127.0.0.1:9",
        kb_audience="HR, legal",
    )  # fmt: skip
    assert gateways_of(settings).reader.caller() == ("everyone", "hr", "legal")
    nothing = settings.model_copy(update={"kb_audience": ""})
    assert gateways_of(nothing).reader.caller() == ("everyone",)
    for name, value in {
        "DATABASE_URL": "x",
        "QDRANT_URL": "y",
        "KB_AUDIENCE": "every body",
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(BadSetting, match=r"KB_AUDIENCE='every body'.*cannot be a group"):
        load_settings()


def test_a_requests_words_change_nobodys_groups():
    """Groups are asked of the composition root alone: no port takes them from a caller."""
    import inspect

    from graph.ports import KnowledgeReader
    from graph.run_context import RunContext

    told: set[Any] = {*inspect.signature(RunContext).parameters}
    for name in ("search", "affinity", "chunk_text", "catalogue"):
        told |= {*inspect.signature(getattr(KnowledgeReader, name)).parameters}
    assert not {"groups", "audience", "rights"} & told
