"""Kept answers after edits of front matter alone, and between processes that keep and refresh them."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from graph.gateways.answer_cache.served import ServedKnowledge
from graph.gateways.postgres import READER_ROLE, LazyPool
from tests.doubles.composed_reader import ComposedReader, composed_reader
from tests.doubles.writer_world import WriterWorld

AGENT = "retrieval: {limit: 6, threshold: 0.0}\ngate: {canary: 'off', max_shrink: 1.0}\n"
QUESTION = "How often is the archive key changed?"
KEY = "# Key\n\nThe archive key is changed every 10 days.\n"
LATER = "---\n{front}\n---\n# Key\n\nThe archive key is changed every 5 days.\n"
LUNCH = "---\ntags: [{tag}]\n---\n# Lunch\n\nThe canteen serves soup on working days.\n"


def hidden(front: str) -> dict[str, str]:
    return {"later.md": LATER.format(front=front)}


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.commit({"agent.yaml": AGENT, "key.md": KEY, "lunch.md": LUNCH.format(tag="food")})
    return world


@pytest.fixture
async def reader(world: WriterWorld) -> AsyncIterator[ComposedReader]:
    async with composed_reader(world, result_cache_ttl=3600) as reader:
        yield reader
        kept = reader.outside.kept
        assert kept is not None
        assert kept.similar is not None
        await reader.outside.qdrant.delete_collection(kept.similar.collection)


async def points(reader: ComposedReader) -> int:
    kept = reader.outside.kept
    assert kept is not None
    assert kept.similar is not None
    return (await reader.outside.qdrant.count(kept.similar.collection)).count


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("effective: 2190-01-01", "effective: 2020-01-01"),
        ("audience: [board]", "audience: [everyone]"),
    ],
)
async def test_what_holds_by_its_front_matter_alone_takes_the_answer(
    world: WriterWorld, reader: ComposedReader, before: str, after: str
) -> None:
    world.publish(hidden(before))
    first = await reader.ask(QUESTION)
    assert "5 days" not in first["answer"]
    world.publish({"lunch.md": LUNCH.format(tag="soup")})
    assert (await reader.ask(QUESTION))["cached"]
    world.publish(hidden(after))
    again = await reader.ask(QUESTION)
    assert not again["cached"]
    assert "5 days" in again["answer"]


async def test_an_answer_lives_no_longer_than_until_what_was_published_since_begins_to_hold(
    world: WriterWorld, reader: ComposedReader
) -> None:
    world.publish()
    await reader.ask(QUESTION)
    soon = datetime.now(UTC) + timedelta(minutes=5)
    front = f"tags: [food]\nexpires: {soon.isoformat()}"
    world.publish({"lunch.md": LUNCH.replace("tags: [{tag}]", front)})
    assert (await reader.ask(QUESTION))["cached"]
    [row] = await reader.outside.ops.rows("select expires_at from ops.cached_answers", {})
    assert row["expires_at"] <= soon


class CountingPool(LazyPool):
    """The real pool; it counts how often it is read."""

    reads = 0

    async def rows(self, statement: str, values: Mapping[str, Any]) -> list[dict[str, Any]]:
        self.reads += 1
        return await super().rows(statement, values)


async def test_what_is_served_is_read_for_its_next_turn_once_until_that_has_passed(
    world: WriterWorld,
) -> None:
    now = datetime.now(UTC)
    first, second = now + timedelta(minutes=5), now + timedelta(minutes=9)
    lunch = LUNCH.replace("tags: [{tag}]", f"expires: {first.isoformat()}")
    live = world.publish({"lunch.md": lunch, **hidden(f"effective: {second.isoformat()}")})
    pool = CountingPool(world.settings.database_url, role=READER_ROLE)
    served = ServedKnowledge(pool, world.settings.workspace_id)
    looks = [
        (now, first, 1),
        (now + timedelta(minutes=4), first, 1),
        (first, second, 2),
        (now + timedelta(minutes=8), second, 2),
        (second, None, 3),
        (second + timedelta(days=900), None, 3),
        (now, first, 4),  # a clock that was put back
    ]
    for moment, turn, reads in looks:
        assert await served.next_turn([live.generation_id], moment) == turn
        assert pool.reads == reads
    await pool.close()


async def test_what_another_process_keeps_anew_is_found_though_an_older_one_is_remembered(
    world: WriterWorld, reader: ComposedReader
) -> None:
    world.publish()
    await reader.ask(QUESTION)
    async with composed_reader(world, result_cache_ttl=3600) as other:
        newer = await other.ask(QUESTION, cache="no-cache")
        given = await reader.ask(QUESTION, cache="only-if-cached")
    assert given["cached"]
    assert given["cache"]["answer_id"] == newer["answer_id"]


async def test_refreshed_and_forgotten_answers_leave_nothing_that_hides_others(
    world: WriterWorld, reader: ComposedReader
) -> None:
    world.publish()
    for _ in range(3):
        await reader.ask(QUESTION, cache="no-cache")
    assert await points(reader) == 1
    empty: dict[str, Any] = {}
    await reader.outside.ops.run("delete from ops.cached_answers", empty)
    other = await reader.ask("Please tell me how often the archive key is changed.")
    assert not other["cached"]
    assert await points(reader) == 1
