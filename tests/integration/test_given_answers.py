"""Every answer that was given is flagged when what it quotes stands no more, kept or not."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from dagster_kb.publishing.alias_moves import retire
from dagster_kb.publishing.ways_back import WayBack
from dagster_kb.upkeep.hot_deletion import HotDeletion
from graph.gateways.answer_log import PostgresAnswerLog
from graph.ports import FinishedAnswer
from graph.server.cache_rounds import CacheRounds, Limits
from tests.doubles.composed_reader import ComposedReader, composed_reader
from tests.doubles.writer_world import WriterWorld

AGENT = "retrieval: {limit: 6, threshold: 0.0}\ngate: {canary: 'off', max_shrink: 1.0}\n"
QUESTION, OTHER = "How often is the archive key changed?", "When does a badge open the garage?"
KEY = "# Key\n\nThe archive key is changed every {days} days.{more}\n"
PAGES = {
    "agent.yaml": AGENT,
    "key.md": KEY.format(days=10, more=""),
    "badge.md": "# Badges\n\nA badge opens the garage from eight to six.\n",
}


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.publish(PAGES)
    return world


KEPT_OR_NOT = pytest.mark.parametrize("reader", [3600, 0], ids=["kept", "none kept"], indirect=True)


@pytest.fixture
async def reader(world: WriterWorld, request: Any) -> AsyncIterator[ComposedReader]:
    async with composed_reader(world, result_cache_ttl=getattr(request, "param", 3600)) as reader:
        yield reader
        kept = reader.outside.kept
        if kept is not None and kept.similar is not None:
            await reader.outside.qdrant.delete_collection(kept.similar.collection)


async def look(reader: ComposedReader) -> None:
    limits = Limits(100, 10**8)
    await CacheRounds(reader.outside.kept, reader.outside.ops, "default", limits).round()


async def stale(reader: ComposedReader) -> dict[str, str]:
    rows = await reader.outside.ops.rows(
        "select answer_id, stale_why from ops.answers where stale_at is not null", {}
    )
    return {one["answer_id"]: one["stale_why"] for one in rows}


async def partly(reader: ComposedReader, whole: dict[str, Any]) -> str:
    """An answer of which a part could not be told, on a thread that is there."""
    [thread] = await reader.outside.ops.rows("select thread_id from ops.threads limit 1", {})
    part = FinishedAnswer(
        answer_id="partly", thread_id=thread["thread_id"], run_id="", trace_id="",
        question=f"{QUESTION} And by whom?", query_type="simple_lookup", status="partial",
        answer=whole["answer"], plan={}, usage={}, timings={}, citations=whole["citations"],
    )  # fmt: skip
    await PostgresAnswerLog(reader.outside.ops, "default").keep(part)
    return part.answer_id


@KEPT_OR_NOT
async def test_a_quoted_edit_flags_old_partial_and_unkept_answers(
    world: WriterWorld, reader: ComposedReader
) -> None:
    old = await reader.ask(QUESTION)
    await reader.outside.ops.run("update ops.cached_answers set expires_at = now()", {})
    unkept = await reader.ask(QUESTION, cache="no-store")
    part = await partly(reader, unkept)
    replaced = await reader.ask(QUESTION)
    newest = await reader.ask(QUESTION, cache="no-cache")
    other = await reader.ask(OTHER, cache="no-store")
    past = await reader.ask(QUESTION, as_of="1")
    await look(reader)
    assert await stale(reader) == {}

    # In the same chunk and file, beside what is quoted: it stands.
    world.publish({"key.md": KEY.format(days=10, more=" Tea is free.")})
    await look(reader)
    assert await stale(reader) == {}

    world.publish({"key.md": KEY.format(days=20, more=" Tea is free.")})
    await look(reader)
    found = await stale(reader)
    assert {old["answer_id"], unkept["answer_id"], part, replaced["answer_id"]} <= set(found)
    assert newest["answer_id"] in found
    assert not {other["answer_id"], past["answer_id"]} & set(found)
    assert all("every 10 days" in why for why in found.values())
    events = await reader.outside.ops.rows("select * from ops.cache_events", {})
    assert {one["answer_id"] for one in events} == set(found)
    assert {(one["event"], one["agent_id"], one["generation"]) for one in events} == {
        ("stale", world.agent, 3)
    }
    assert all(one["told_at"] for one in events)
    await look(reader)
    assert len(await reader.outside.ops.rows("select 1 from ops.cache_events", {})) == len(events)


async def test_an_answer_that_comes_late_is_looked_at_too(
    world: WriterWorld, reader: ComposedReader
) -> None:
    slow = await reader.ask(QUESTION, cache="no-store")
    world.publish({"key.md": KEY.format(days=20, more="")})
    await look(reader)
    late = await partly(reader, slow)
    await look(reader)
    assert set(await stale(reader)) == {slow["answer_id"], late}
    await reader.outside.ops.run(
        "update ops.looked_through set looked_at = now() - interval '1 day'", {}
    )
    await look(reader)  # nothing is to be looked at; the next one begins here
    assert await reader.outside.ops.rows(
        "select 1 from ops.looked_through where looked_at < now() - interval '1 hour'", {}
    ) == []  # fmt: skip


async def test_a_way_back_a_deletion_and_a_retirement_go_the_same_way(
    world: WriterWorld, reader: ComposedReader
) -> None:
    world.publish({"key.md": KEY.format(days=20, more="")})
    first = await reader.ask(QUESTION, cache="no-store")
    await look(reader)
    WayBack(world.ledger, world.store, world.embedder).roll_back(
        world.agent, 1, reason="wrong", by="test"
    )
    await look(reader)
    assert list(await stale(reader)) == [first["answer_id"]]

    second = await reader.ask(QUESTION, cache="no-store")
    [cited] = second["citations"]
    badge = await reader.ask(OTHER, cache="no-store")
    HotDeletion(world.ledger, world.store).delete(cited["chunk_id"], reason="secret", by="test")
    await look(reader)
    found = await stale(reader)
    assert set(found) == {first["answer_id"], second["answer_id"]}
    assert found[second["answer_id"]] == "what it quotes was deleted"

    retire(world.ledger, world.store, world.agent, "no longer")
    await look(reader)
    assert (await stale(reader))[badge["answer_id"]] == f"{world.agent} is served no longer"


async def test_what_was_pruned_is_judged_by_the_quote_alone(
    world: WriterWorld, reader: ComposedReader
) -> None:
    first = await reader.ask(QUESTION, cache="no-store")
    await reader.ask(OTHER, cache="no-store")
    await look(reader)
    changed = {"badge.md": PAGES["badge.md"] + "\nTea is free.\n"}
    world.publish({"key.md": KEY.format(days=20, more=""), **changed})
    await reader.outside.ops.run("delete from kb.generation_chunks where generation_id in"
                                 " (select generation_id from kb.generations where number = 1)", {})  # fmt: skip
    await look(reader)
    assert set(await stale(reader)) == {first["answer_id"]}
