"""Kept answers as callers of the server see them: headers, figures, and answers that hold no more."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest

from graph.server.cache_rounds import CacheRounds
from kb.client import AsyncClient, Client
from kb.reader_process import cache_rounds
from tests.conftest import free_port
from tests.doubles.composed_reader import ComposedReader, composed_reader
from tests.doubles.whole_reader import serving
from tests.doubles.writer_world import WriterWorld

pytestmark = pytest.mark.stack
AGENT = "retrieval: {limit: 6, threshold: 0.0}\ngate: {canary: 'off', max_shrink: 1.0}\n"
QUESTION = "How often is the archive key changed?"
KEY = "# Key\n\nThe archive key is changed every {days} days.\n"
PAGES = {
    "agent.yaml": AGENT,
    "key.md": KEY.format(days=10),
    "badge.md": "# Badges\n\nA badge opens the garage from eight to six.\n",
}


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.publish(PAGES)
    return world


@asynccontextmanager
async def served(
    world: WriterWorld, **settings: Any
) -> AsyncIterator[tuple[ComposedReader, httpx.AsyncClient]]:
    async with (
        composed_reader(world, result_cache_ttl=3600, api_port=free_port(), **settings) as reader,
        serving(reader.settings, reader.outside) as url,
        httpx.AsyncClient(base_url=url, timeout=60) as client,
    ):
        yield reader, client
        kept = reader.outside.kept
        assert kept is not None
        assert kept.similar is not None
        await reader.outside.qdrant.delete_collection(kept.similar.collection)


async def ask(client: httpx.AsyncClient, question: str = QUESTION, header: str = "") -> Any:
    body = {"assistant_id": "scriptorium", "input": {"question": question}}
    headers = {"cache-control": header} if header else {}
    reply = await client.post("/runs/wait", json=body, headers=headers)
    assert reply.status_code == 200, reply.text
    return reply.json()


def rounds(reader: ComposedReader) -> CacheRounds:
    """As the worker has them."""
    return cache_rounds(reader.settings, reader.outside)


async def the_python_clients_say_the_same(url: str, listed: list[dict[str, Any]]) -> None:
    [agent] = {one["agent_id"] for one in listed}
    since = min(datetime.fromisoformat(one["stale_at"]) for one in listed)
    waiting, other = Client(url), AsyncClient(url)
    assert await asyncio.to_thread(waiting.stale_answers) == listed
    assert await asyncio.to_thread(waiting.stale_answers, agent=agent, since=since) == listed
    assert await other.stale_answers(agent=agent, since=since) == listed
    assert await other.stale_answers(limit=1) == listed[:1]
    never = datetime(2999, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    assert await other.stale_answers(since=never) == []
    assert await asyncio.to_thread(waiting.stale_answers, agent="another") == []


async def test_a_header_says_what_may_be_kept_and_given(world: WriterWorld) -> None:
    async with served(world) as (_, client):
        assert (await ask(client, header="only-if-cached"))["status"] == "refused"
        assert not (await ask(client, header="no-store"))["cached"]
        assert not (await ask(client, header="max-age=60"))["cached"]  # nothing was kept before
        assert (await ask(client))["cached"]
        assert (await ask(client, header="Only-If-Cached, max-age=600"))["cached"]
        assert not (await ask(client, header="no-cache"))["cached"]
        assert not (await ask(client, header="max-age=0"))["cached"]
        assert (await ask(client, header="stale-if-error=5, private, x"))["cached"]
        body = {"assistant_id": "scriptorium", "input": {"question": QUESTION}}
        refused = await client.post("/runs/wait", json={**body, "context": {"cache": "maybe"}})
        assert "maybe" in refused.text
        assert refused.status_code in (400, 422)


async def test_the_clients_that_people_use_are_given_kept_answers(world: WriterWorld) -> None:
    """They stream, and say of every stream that nobody is to store it."""
    async with served(world) as (_, client):
        url = str(client.base_url)
        waiting, other = Client(url), AsyncClient(url)
        assert not (await asyncio.to_thread(waiting.ask, QUESTION, cache="no-store"))["cached"]
        assert not (await asyncio.to_thread(waiting.ask, QUESTION))["cached"]
        assert (await asyncio.to_thread(waiting.ask, QUESTION))["cached"]
        assert (await other.ask(QUESTION))["cached"]
        assert not (await other.ask(QUESTION, cache="no-cache"))["cached"]
        body = {"assistant_id": "scriptorium", "input": {"question": QUESTION}}
        for said, cached in {"no-store": True, "max-age=0": False}.items():
            headers = {"accept": "text/event-stream", "cache-control": said}
            reply = await client.post("/runs/stream", json=body, headers=headers)
            assert ('"cached":true' in reply.text.replace(" ", "")) is cached


async def test_metrics_and_costs_tell_of_every_cache(world: WriterWorld) -> None:
    async with served(world) as (reader, client):
        for _ in range(3):
            await ask(client)
        await rounds(reader).tell_figures()
        said = (await client.get("/metrics")).text
        shown = [line for line in said.splitlines() if 'cache="answers"' in line]
        figures = {
            line.split('figure="')[1].split('"')[0]: float(line.split()[-1]) for line in shown
        }
        assert (figures["hits"], figures["misses"], figures["entries"]) == (2, 1, 1)
        named = {
            line.split('cache="')[1].split('"')[0]
            for line in said.splitlines()
            if 'cache="' in line
        }
        assert named == {
            "answers", "answers_in_memory", "similar", "plans", "question_vectors", "passages", "tool_results",
        }  # fmt: skip
        costs = (await client.get("/costs")).json()
        assert {one["cache"] for one in costs["caches"]} == named
        [answers] = [one for one in costs["caches"] if one["cache"] == "answers"]
        assert answers["hit_rate"] == pytest.approx(2 / 3, abs=1e-3)


async def test_answers_that_hold_no_more_are_listed_and_told(
    world: WriterWorld, agent_id: str
) -> None:
    async with served(world) as (reader, client):
        first = await ask(client)
        given_again = await ask(client)
        await ask(client, "When does a badge open the garage?")
        assert (await client.get("/answers/stale")).json() == {"answers": []}

        world.publish({"key.md": KEY.format(days=20)})
        await rounds(reader).round()

        listed = (await client.get("/answers/stale")).json()["answers"]
        assert {one["answer_id"] for one in listed} == {
            first["answer_id"],
            given_again["answer_id"],
        }
        assert {(one["agent_id"], one["generation"]) for one in listed} == {
            (agent_id, world.live().number)
        }
        assert all("10 days" in one["why"] for one in listed)
        other = await client.get("/answers/stale", params={"agent": "another"})
        assert other.json() == {"answers": []}
        later = await client.get("/answers/stale", params={"since": "2999-01-01T00:00:00Z"})
        assert later.json() == {"answers": []}
        await the_python_clients_say_the_same(str(client.base_url).rstrip("/"), listed)
        told = await reader.outside.ops.rows(
            "select entry::jsonb as entry from ops.audit where entry->>'kind' = 'answers_stale'", {}
        )
        assert [(one["entry"]["answers"], one["entry"]["answer_ids"]) for one in told] == [
            (1, [first["answer_id"]])
        ]
        await rounds(reader).round()
        assert (
            len(
                await reader.outside.ops.rows(
                    "select 1 from ops.audit where entry->>'kind' = 'answers_stale'", {}
                )
            )
            == 1
        )


@pytest.mark.parametrize(
    ("head", "goes"),
    [
        ("---\naudience: [board]\n---\n", False),
        ("---\neffective: 2999-01-01\n---\n", True),
    ],
)
async def test_nobody_reads_in_a_reason_what_they_may_not_read(
    world: WriterWorld, head: str, goes: bool
) -> None:
    secret = "The archive key is changed every 3 days because of the merger."
    async with served(world) as (reader, client):
        first = await ask(client)

        world.publish({"secret.md": f"{head}# Key\n\n{secret}\n"})
        await rounds(reader).round()

        shown = (await client.get(f"/answers/{first['answer_id']}")).json()
        assert (shown["stale_at"] is not None) is goes
        assert "merger" not in str(shown)
        events = await reader.outside.ops.rows("select why from ops.cache_events", {})
        assert "merger" not in str(events)
        assert (await ask(client))["cached"] is not goes
