"""Agents that are asked side by side: one embedding, one wording, and as few trips as there can be."""

import asyncio
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from langchain_core.runnables.config import set_config_context
from pydantic import SecretStr
from qdrant_client import AsyncQdrantClient

from graph.gateways.chat_model import RoutedChatModel
from graph.gateways.knowledge_reader import PostgresQdrantReader
from graph.gateways.one_trip import MOST
from graph.gateways.postgres import READER_ROLE, Connection, LazyPool
from graph.gateways.query_embedder import QuestionEmbedder
from graph.gateways.rewording import Rewording
from graph.gateways.usage_ledger import PostgresBooks
from kb_contract.chat_models.budgets import Budget
from kb_contract.sentence_models.vectors import Vectors
from kb_contract.sentence_models.word_vectors import NO_WORDS, WordVectors
from tests.doubles.hash_embedder import HashEmbedder
from tests.doubles.kept_books import loopback_model, loopback_profile
from tests.doubles.live_reader import CountingQdrant, counting_qdrant
from tests.doubles.loopback_provider import loopback_provider
from tests.doubles.writer_world import WriterWorld, why

PLACES = ("hall", "shed", "cellar", "attic", "yard")
QUESTION = "Where does the lantern hang?"
AGENT = "retrieval: {threshold: 0.05, expansion: model}\ngate: {canary: 'off'}\n"


class Hashes:
    """A model that hashes words; it remembers each run."""

    runs_on = "hashes"

    def __init__(self) -> None:
        self.runs: list[list[str]] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.runs.append(list(texts))
        return HashEmbedder().embed(texts)

    def read(self, texts: Sequence[str]) -> tuple[Vectors, list[WordVectors]]:
        return self.embed(texts), [NO_WORDS] * len(texts)


class HashingEmbedder(QuestionEmbedder):
    """The real one over such a model."""

    def __init__(self) -> None:
        super().__init__()
        self.hashes = Hashes()

    def _model(self) -> Hashes:
        return self.hashes


class CountingPool(LazyPool):
    """The real pool; it counts how often a connection is handed out."""

    handed_out = 0

    @asynccontextmanager
    async def connection(self) -> AsyncGenerator[Connection]:
        self.handed_out += 1
        async with super().connection() as connection:
            yield connection


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    for place in PLACES:
        page = f"# Lantern\n\nThe lantern hangs in the {place}.\n"
        world.write({"lantern.md": page, "agent.yaml": AGENT}, agent_of(world, place))
    world.repository.commit()
    for place in PLACES:
        result = world.ingest(agent_of(world, place))
        assert result.success, why(result)
    return world


def agent_of(world: WriterWorld, place: str) -> str:
    return f"{world.agent}_{place}"


@asynccontextmanager
async def reader_of(
    world: WriterWorld, qdrant: AsyncQdrantClient, **parts: Any
) -> AsyncGenerator[tuple[PostgresQdrantReader, CountingPool, HashingEmbedder]]:
    pool, embedder = CountingPool(world.settings.database_url, READER_ROLE), HashingEmbedder()
    yield PostgresQdrantReader(pool, qdrant, embedder, "default", **parts), pool, embedder
    await qdrant.close()
    await pool.close()


async def test_one_question_is_read_and_worded_once_for_all_of_them(world: WriterWorld) -> None:
    with loopback_provider() as provider:
        provider.says(json.dumps({"wordings": ["The lantern's place"]}))
        model, qdrant = loopback_model(provider), counting_qdrant(world)
        async with reader_of(world, qdrant, rewording=Rewording(model, seconds=60)) as (
            reader, _, embedder,
        ):  # fmt: skip
            found = await asyncio.gather(
                *(reader.search(agent_of(world, place), QUESTION) for place in PLACES)
            )
        await model.close()
        assert len(provider.calls) == 1
    assert [one["text"].split()[-1] for [one] in found] == [f"{place}." for place in PLACES]
    assert sorted(text for run in embedder.hashes.runs for text in run) == sorted(
        [QUESTION, "The lantern's place"]
    )
    assert isinstance(qdrant, CountingQdrant)
    assert qdrant.trips == len(PLACES), "a collection can only be asked by itself"


async def test_who_is_live_is_read_once_for_all_who_ask_at_once(world: WriterWorld) -> None:
    async with reader_of(world, counting_qdrant(world), clock=lambda: 0.0) as (reader, pool, _):

        async def ask_all() -> int:
            before = pool.handed_out
            await asyncio.gather(
                *(reader.search(agent_of(world, place), QUESTION) for place in PLACES)
            )
            return pool.handed_out - before

        # Which agents there are; of each agent how often words stand in it, and its passages.
        assert await ask_all() == 1 + 2 * len(PLACES)
        assert await ask_all() == len(PLACES)


async def test_who_is_live_is_read_once_for_more_than_one_trip_takes_along(
    world: WriterWorld,
) -> None:
    async with reader_of(world, counting_qdrant(world), clock=lambda: 0.0) as (reader, pool, _):
        known = await asyncio.gather(*(reader.agents() for _ in range(3 * MOST)))
        assert pool.handed_out == 1
    assert {len(one) for one in known} == {len(PLACES)}


async def test_who_is_cut_off_does_not_end_the_call_that_others_share(world: WriterWorld) -> None:
    with loopback_provider() as provider:
        provider.says(json.dumps({"wordings": ["The lantern's place"]}))
        model = loopback_model(provider)
        rewording = Rewording(model, seconds=60)
        first, second = (asyncio.create_task(rewording.wordings(QUESTION)) for _ in range(2))
        while not rewording._under_way:
            await asyncio.sleep(0)
        first.cancel()
        assert await second == ["The lantern's place"]
        with pytest.raises(asyncio.CancelledError):
            await first
        await model.close()
        assert (len(provider.calls), rewording._under_way) == (1, {})


def asked_by(user: str, rewording: Rewording) -> asyncio.Task[list[str]]:
    """Ask in a run of this user."""
    with set_config_context(
        {"metadata": {"requested_by": user, "run_id": f"run of {user}"}}
    ) as run:
        return run.run(lambda: asyncio.create_task(rewording.wordings(QUESTION)))


async def test_who_has_no_money_left_takes_no_wording_from_another_run(database_url: str) -> None:
    pool = LazyPool(SecretStr(database_url), seconds=60)
    budgets = (Budget(name="small", scope="user", subject="poor", cap=0.000001),)
    with loopback_provider() as provider:
        provider.says(json.dumps({"wordings": ["The lantern's place"]}))
        model = RoutedChatModel(loopback_profile(provider), PostgresBooks(pool, budgets=budgets))
        rewording = Rewording(model, seconds=60)
        asked = [asked_by(user, rewording) for user in ("poor", "rich", "rich")]
        assert await asyncio.gather(*asked) == [[], *[["The lantern's place"]] * 2]
        await model.close()
        assert len(provider.calls) == 1, "the steps of one run share a call"
    await pool.close()
