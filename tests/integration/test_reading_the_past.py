"""Asking the past: the same passages with the same scores as then, whatever was published since."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from dagster_kb.definitions import folder_of
from dagster_kb.publishing.alias_moves import retire
from dagster_kb.resources.ledger_retention import Keep
from dagster_kb.upkeep.hot_deletion import HotDeletion
from dagster_kb.upkeep.retention import Retention
from graph.gateways.asked_time import READING_AS_OF
from graph.state import Passage
from kb_contract.errors import BadInput, NotServed
from tests.doubles.composed_reader import ComposedReader, composed_reader
from tests.doubles.writer_world import WriterWorld

QUESTION = "How often is the archive key changed, and who keeps it?"
AGENT = "retrieval: {limit: 10, threshold: 0.0}\ngate: {canary: 'off', max_shrink: 1.0}\n"
PAGES = {
    "agent.yaml": AGENT,
    "who.md": "# Keeper\n\nThe archive key is kept by the porter.\n",
    "badge.md": "# Badges\n\nA badge opens the archive from eight to six.\n",
}


def page(days: int) -> dict[str, str]:
    extra = {f"more{days}.md": f"# More {days}\n\nThe archive has {days} shelves for keys.\n"}
    return {"key.md": f"# Key\n\nThe archive key is changed every {days} days.\n", **extra}


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.publish({**PAGES, **page(10)})
    return world


@pytest.fixture
async def reader(world: WriterWorld) -> AsyncIterator[ComposedReader]:
    async with composed_reader(world) as reader:
        yield reader
        await reader.outside.reader.copies.collect(0)


async def found(reader: ComposedReader, world: WriterWorld, as_of: str | None) -> list[Passage]:
    token = READING_AS_OF.set(as_of)
    try:
        return await reader.outside.reader.search(world.agent, QUESTION)
    finally:
        READING_AS_OF.reset(token)


def forget_what_was_read(reader: ComposedReader) -> None:
    """As if a minute had passed."""
    live: Any = reader.outside.reader
    live.live.clock = lambda: time.monotonic() + 60


def seen(passages: list[Passage]) -> list[tuple[str, float, int, str]]:
    return [(one["chunk_id"], one["score"], one["generation"], one["text"]) for one in passages]


async def copies(reader: ComposedReader) -> list[str]:
    there = (await reader.outside.qdrant.get_collections()).collections
    return sorted(one.name for one in there if "__as_of__" in one.name)


async def test_the_same_after_five_swaps_and_a_night_of_retention(
    world: WriterWorld, reader: ComposedReader
) -> None:
    first = world.live()
    world.publish(page(20))
    then = seen(await found(reader, world, None))
    second, moment = world.live(), datetime.now(UTC)
    for days in (30, 40, 50, 60, 70):
        world.publish(page(days))
    world.ledger.ways_back.pin(second, "test", reason="", ends_at=None)
    keep = Keep(generations=2, days=0, grace_hours=0)
    went = Retention(world.ledger, world.store, folder_of(world.settings), keep, 0).run()
    assert 1 in went.generations[world.agent]
    assert 2 not in went.generations[world.agent]
    world.forget_counts()
    assert seen(await found(reader, world, None)) != then
    for as_of in ("2", second.git_sha, second.git_sha[:9], moment.isoformat()):
        assert seen(await found(reader, world, as_of)) == then
    assert await copies(reader) == [f"{world.agent}__as_of__{second.generation_id}"]
    # Dropped and made again, it is still the same.
    assert len(await reader.outside.reader.copies.collect(0)) == 1
    assert await copies(reader) == []
    assert seen(await found(reader, world, "2")) == then
    assert world.embedder.texts == []
    with pytest.raises(NotServed, match="only its history is kept") as gone:
        await found(reader, world, "1")
    assert f"in git at {first.git_sha[:12]}" in str(gone.value)


async def test_what_the_other_colour_still_holds_is_read_there(
    world: WriterWorld, reader: ComposedReader
) -> None:
    then = seen(await found(reader, world, None))
    world.publish(page(20))
    assert seen(await found(reader, world, "1")) == then
    assert await copies(reader) == []
    # That colour is taken for the next generation: from then on a copy is read.
    world.publish(page(30))
    assert seen(await found(reader, world, "1")) == then
    assert len(await copies(reader)) == 1


async def test_many_who_ask_at_once_make_one_copy(
    world: WriterWorld, reader: ComposedReader
) -> None:
    then = seen(await found(reader, world, None))
    for days in (20, 30):
        world.publish(page(days))
    answers = await asyncio.gather(*(found(reader, world, "1") for _ in range(6)))
    assert [seen(one) for one in answers] == [then] * 6
    rows = await reader.outside.ops.rows("select state from ops.past_collections", {})
    assert [row["state"] for row in rows] == ["ready"]


async def test_a_copy_goes_by_itself_when_its_time_is_over(
    world: WriterWorld, reader: ComposedReader
) -> None:
    for days in (20, 30):
        world.publish(page(days))
    reader.outside.reader.copies.keep_seconds = 0
    await found(reader, world, "1")
    async with asyncio.timeout(30):
        while await copies(reader):
            await asyncio.sleep(0.1)
    assert await reader.outside.ops.rows("select 1 from ops.past_collections", {}) == []


async def test_the_night_drops_what_a_reader_left(
    world: WriterWorld, reader: ComposedReader
) -> None:
    for days in (20, 30):
        world.publish(page(days))
    await found(reader, world, "1")
    night = Retention(world.ledger, world.store, folder_of(world.settings), Keep(20, 90), 24)
    assert night.run().copies == []
    await reader.outside.ops.rows(
        "update ops.past_collections set used_at = now() - interval '2 days' returning 1", {}
    )
    assert len(night.run().copies) == 1
    assert await copies(reader) == []


async def test_a_copy_that_was_cut_short_is_made_again(
    world: WriterWorld, reader: ComposedReader
) -> None:
    then = seen(await found(reader, world, None))
    for days in (20, 30):
        world.publish(page(days))
    await found(reader, world, "1")
    [copy] = await copies(reader)
    await reader.outside.qdrant.delete_collection(copy)
    assert seen(await found(reader, world, "1")) == then


async def test_an_answer_of_the_past_cites_it_and_says_so(
    world: WriterWorld, reader: ComposedReader
) -> None:
    first = world.live()
    for days in (20, 30):
        world.publish(page(days))
    now = await reader.ask("How often is the archive key changed?", agent=world.agent)
    then = await reader.ask("How often is the archive key changed?", agent=world.agent, as_of="1")
    assert "every 30 days" in now["answer"]
    assert "every 10 days" in then["answer"]
    assert {one["generation"] for one in then["citations"]} == {1}
    assert {one["sha"] for one in then["citations"]} == {first.git_sha}
    kept = await reader.outside.ops.rows("select as_of from ops.answers order by created_at", {})
    assert [row["as_of"] for row in kept] == [None, "1"]


async def test_what_was_deleted_or_is_for_others_since_is_not_brought_back(
    world: WriterWorld, reader: ComposedReader
) -> None:
    passages = await found(reader, world, None)
    badge = next(one for one in passages if one["path"].endswith("badge.md"))
    world.publish({"who.md": "---\naudience: [porters]\n---\n# Keeper\n\nKept by the porter.\n"})
    world.publish(page(30))
    past = await found(reader, world, "1")
    assert not any(one["path"].endswith("who.md") for one in past)
    assert any(one["chunk_id"] == badge["chunk_id"] for one in past)
    HotDeletion(world.ledger, world.store).delete(
        badge["chunk_id"], reason="secret", by="test", agent=world.agent
    )
    assert not any(one["chunk_id"] == badge["chunk_id"] for one in await found(reader, world, "1"))
    token = READING_AS_OF.set("1")
    gone = await reader.outside.reader.chunk_text(world.agent, 1, badge["chunk_id"])
    READING_AS_OF.reset(token)
    assert gone is None


async def test_an_agent_that_is_for_others_since_is_not_there(
    world: WriterWorld, reader: ComposedReader
) -> None:
    assert await found(reader, world, "1")
    world.publish({"agent.yaml": f"audience: [board]\n{AGENT}"})
    forget_what_was_read(reader)
    with pytest.raises(NotServed, match="was not served then"):
        await found(reader, world, "1")


async def test_an_agent_that_was_for_others_when_it_was_served_last_stays_theirs(
    world: WriterWorld, reader: ComposedReader
) -> None:
    retire(world.ledger, world.store, world.agent, "its folder is gone")
    assert await found(reader, world, "1"), "whoever could ask it then may read its past"
    world.publish({"agent.yaml": f"audience: [board]\n{AGENT}"})
    retire(world.ledger, world.store, world.agent, "its folder is gone again")
    forget_what_was_read(reader)
    with pytest.raises(NotServed, match="was not served then"):
        await found(reader, world, "1")


async def test_an_agent_whose_past_is_gone_keeps_no_other_from_answering(
    world: WriterWorld, reader: ComposedReader
) -> None:
    """Its own question says why; whoever asks many is answered by those that have it."""
    other = f"{world.agent}_b"
    world.write({"badge.md": "# Badges\n\nA badge opens the archive from eight to six.\n"}, other)
    world.commit()
    assert world.ingest(other).success
    with world.ledger.database.transaction() as connection:
        connection.execute(
            "update kb.generations set pruned_at = now() where agent_id = %s", (other,)
        )
    token = READING_AS_OF.set("1")
    near = await reader.outside.reader.affinity(QUESTION, [world.agent, other])
    with pytest.raises(NotServed, match="only its history is kept"):
        await reader.outside.reader.search(other, QUESTION)
    with pytest.raises(NotServed, match="only its history is kept"):
        await reader.outside.reader.affinity(QUESTION, [other])
    READING_AS_OF.reset(token)
    assert near[world.agent] > 0 == near[other]


async def test_what_some_documents_do_not_know_is_no_gap(
    world: WriterWorld, reader: ComposedReader
) -> None:
    question = "How often is the moon painted?"
    for only, gaps in (({"tags": ["none"]}, 0), ({}, 1)):
        said = await reader.ask(question, agent=world.agent, only=only)
        assert said["status"] == "refused"
        kept = await reader.outside.ops.rows("select question from ops.knowledge_gaps", {})
        assert len(kept) == gaps


@pytest.mark.parametrize(
    ("as_of", "error"),
    [("yesterday", BadInput), ("2999-01-01", BadInput), ("", None), ("77", NotServed),
     ("1999-01-01", NotServed), ("abcdef1", NotServed), ("x" * 70, BadInput)],
)  # fmt: skip
async def test_a_past_that_is_not_there_is_said(
    world: WriterWorld, reader: ComposedReader, as_of: str, error: type[Exception] | None
) -> None:
    if error is None:
        assert await found(reader, world, as_of)
        return
    with pytest.raises(error) as said:
        await found(reader, world, as_of)
    assert said.value.cure  # type: ignore[attr-defined]
