"""Answers that are given again: only while they hold, only to whom they may be, and seen to be so."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dagster_kb.publishing.alias_moves import retire
from dagster_kb.publishing.ways_back import WayBack
from dagster_kb.upkeep.hot_deletion import HotDeletion
from graph.gateways.found_passages import RememberingReader
from graph.server.cache_rounds import CacheRounds, Limits, Watched
from kb_contract.named_queries import named_queries
from tests.doubles.composed_reader import ComposedReader, composed_reader
from tests.doubles.writer_world import WriterWorld

AGENT = "retrieval: {limit: 6, threshold: 0.0}\ngate: {canary: 'off', max_shrink: 1.0}\n"
QUESTION = "How often is the archive key changed?"
KEY = "# Key\n\nThe archive key is changed every {days} days.\n"
PAGES = {
    "agent.yaml": AGENT,
    "key.md": KEY.format(days=10),
    "badge.md": "# Badges\n\nA badge opens the garage from eight to six.\n",
    "lunch.md": "# Lunch\n\nThe canteen serves soup on working days.\n",
}


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.publish(PAGES)
    return world


@pytest.fixture
async def reader(world: WriterWorld) -> AsyncIterator[ComposedReader]:
    async with composed_reader(world, result_cache_ttl=3600) as reader:
        yield reader
        kept = reader.outside.kept
        assert kept is not None
        assert kept.similar is not None
        await reader.outside.qdrant.delete_collection(kept.similar.collection)


def rounds(reader: ComposedReader, **more: Any) -> CacheRounds:
    kept = reader.outside.kept
    assert kept is not None
    watched = {name: Watched(tally, kept.memory.size) for name, tally in kept.tallies.items()}
    return CacheRounds(
        kept, reader.outside.ops, "default", Limits(100, 10**8, more.pop("warm_most", 0)), watched,
        **more,
    )  # fmt: skip


async def rows(reader: ComposedReader, statement: str) -> list[dict[str, Any]]:
    return await reader.outside.ops.rows(statement, {})


def stands(world: WriterWorld, answer: dict[str, Any]) -> None:
    """Every quote of it is found in git where it says."""
    assert answer["citations"]
    for one in answer["citations"]:
        text = world.repository.show(one["sha"], one["path"])
        assert text[one["start"] : one["end"]] == one["quote"]
        assert one["generation"] == world.live().number


async def test_the_second_who_asks_is_given_the_same_answer_and_can_see_it(
    world: WriterWorld, reader: ComposedReader
) -> None:
    first = await reader.ask(QUESTION)
    assert (first["status"], first.get("cached")) == ("completed", False)
    heard: list[dict[str, Any]] = []
    config: Any = {"configurable": {"thread_id": "again"}}
    async for event in reader.graph.astream(
        {"question": QUESTION},
        config,
        stream_mode="custom",
        context={},  # type: ignore[arg-type]
    ):
        heard.append(event)  # type: ignore[arg-type]
    [said] = [one for one in heard if one["type"] == "cached"]
    assert (said["hit"], said["answer_id"]) == ("exact", first["answer_id"])
    assert heard[-1]["type"] == "final"
    assert heard[-1]["cached"]
    second = await reader.ask(QUESTION + " ")
    assert second["cached"]
    assert second["cache"]["age_seconds"] >= 0
    assert {"saved_cost", "saved_seconds"} <= set(second["cache"])
    assert (second["answer"], second["citations"]) == (first["answer"], first["citations"])
    assert (second["usage"]["calls"], second["usage"]["cost"]) == (0, 0.0)
    assert second["answer_id"] != first["answer_id"]
    stands(world, second)
    given = await rows(reader, "select cached_from from ops.answers order by created_at")
    assert [one["cached_from"] for one in given] == [None, *[first["answer_id"]] * 2]
    assert len(await rows(reader, "select 1 from ops.usage where cached and cost = 0")) == 2


async def test_an_edited_sentence_takes_exactly_the_answers_that_quote_it(
    world: WriterWorld, reader: ComposedReader
) -> None:
    first = await reader.ask(QUESTION)
    other = await reader.ask("When does a badge open the garage?")
    assert other["status"] == "completed"
    world.publish({"key.md": KEY.format(days=20)})
    [gone] = await rounds(reader).round()
    assert gone.entry_id == first["answer_id"]
    stale = await rows(
        reader, "select answer_id, stale_why from ops.answers where stale_at is not null"
    )
    assert [one["answer_id"] for one in stale] == [first["answer_id"]]
    assert "every 10 days" in stale[0]["stale_why"]
    [event] = await rows(reader, "select * from ops.cache_events")
    assert (event["event"], event["agent_id"], event["generation"]) == ("stale", world.agent, 2)
    again, still = (
        await reader.ask(QUESTION),
        await reader.ask("When does a badge open the garage?"),
    )
    assert (again["cached"], still["cached"]) == (False, True)
    assert "20 days" in again["answer"]
    stands(world, still)


async def test_nobody_waits_for_a_round_to_hear_what_is_true(
    world: WriterWorld, reader: ComposedReader
) -> None:
    await reader.ask(QUESTION)
    world.publish({"key.md": KEY.format(days=20)})
    again = await reader.ask(QUESTION)
    assert not again["cached"]
    assert "20 days" in again["answer"]
    assert len(await rows(reader, "select 1 from ops.answers where stale_at is not null")) == 1


async def test_an_uncited_paragraph_takes_none_wherever_it_stands(
    world: WriterWorld, reader: ComposedReader
) -> None:
    first = await reader.ask(QUESTION)
    for page in (
        {"lunch.md": "# Lunch\n\nThe canteen serves salad on working days.\n"},
        # In the same chunk, before and behind what is quoted: it moves, and still stands.
        {"key.md": "# Key\n\nPorters sit at the gate.\n\nThe archive key is changed every 10 days.\n\nTea is free.\n"},
        {"more.md": "# Tea\n\nTea is served at four.\n"},
    ):  # fmt: skip
        world.publish(page)
        assert await rounds(reader).round() == []
        again = await reader.ask(QUESTION)
        assert again["cached"]
        assert again["answer"] == first["answer"]
        stands(world, again)
    assert await rows(reader, "select 1 from ops.answers where stale_at is not null") == []


async def test_a_new_sentence_that_answers_better_takes_the_answer(
    world: WriterWorld, reader: ComposedReader
) -> None:
    await reader.ask(QUESTION)
    world.publish(
        {"keys.md": "# Keys\n\nSince June the archive key is changed often, every 5 days.\n"}
    )
    [gone] = await rounds(reader).round()
    assert gone.question == QUESTION
    [row] = await rows(reader, "select stale_why from ops.answers where stale_at is not null")
    assert "something new" in row["stale_why"]
    assert not (await reader.ask(QUESTION))["cached"]


async def test_a_way_back_a_deletion_and_a_retirement_go_the_same_way(
    world: WriterWorld, reader: ComposedReader
) -> None:
    await reader.ask(QUESTION)
    world.publish({"key.md": KEY.format(days=20)})
    assert "20 days" in (await reader.ask(QUESTION))["answer"]
    WayBack(world.ledger, world.store, world.embedder).roll_back(
        world.agent, 1, reason="wrong", by="test"
    )
    back = await reader.ask(QUESTION)
    assert not back["cached"]
    assert "10 days" in back["answer"]
    assert (await reader.ask(QUESTION))["cached"]
    [cited] = back["citations"]
    HotDeletion(world.ledger, world.store).delete(cited["chunk_id"], reason="secret", by="test")
    assert len(await rounds(reader).round()) == 1
    gone = await reader.ask(QUESTION)
    assert not gone["cached"]
    assert "10 days" not in gone["answer"]
    badge = "When does a badge open the garage?"
    assert (await reader.ask(badge))["status"] == "completed"
    retire(world.ledger, world.store, world.agent, "no longer")
    assert not (await reader.ask(badge)).get("cached")
    assert await rows(reader, "select 1 from ops.cached_answers") == []


async def test_groups_and_agents_never_share_an_answer(
    world: WriterWorld, reader: ComposedReader
) -> None:
    world.publish({"pay.md": "---\naudience: [hr]\n---\n# Pay\n\nThe porter earns nine coins.\n"})
    question = "What does the porter earn?"
    async with composed_reader(world, result_cache_ttl=3600, kb_audience="hr") as hr:
        told = await hr.ask(question)
        assert "nine coins" in told["answer"]
        assert (await hr.ask(question))["cached"]
        other = await reader.ask(question)
        assert not other["cached"]
        assert "nine coins" not in other["answer"]
        assert not (await hr.ask(question, agent=world.agent))["cached"]
        # What is for others from now on is not given again either.
        world.publish(
            {"pay.md": "---\naudience: [board]\n---\n# Pay\n\nThe porter earns nine coins.\n"}
        )
        assert not (await hr.ask(question))["cached"]


async def test_a_document_that_expires_ends_the_answers_that_knew_it(
    world: WriterWorld, reader: ComposedReader
) -> None:
    ends = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()
    world.publish({"tea.md": f"---\nexpires: {ends}\n---\n# Tea\n\nTea is free for porters.\n"})
    await reader.ask(QUESTION)
    [row] = await rows(reader, "select expires_at from ops.cached_answers")
    assert row["expires_at"] <= datetime.now(UTC) + timedelta(minutes=5)


async def test_what_a_caller_says_of_caches_holds(
    world: WriterWorld, reader: ComposedReader
) -> None:
    missing = await reader.ask(QUESTION, cache="only-if-cached")
    assert missing["status"] == "refused"
    assert "kept" in missing["answer"]
    await reader.ask(QUESTION, cache="no-store")
    assert not (await reader.ask(QUESTION))["cached"]
    assert (await reader.ask(QUESTION))["cached"]
    assert not (await reader.ask(QUESTION, cache="no-cache"))["cached"]
    assert not (await reader.ask(QUESTION, cache="max-age=0"))["cached"]
    assert (await reader.ask(QUESTION, cache="only-if-cached, max-age=60"))["cached"]
    assert not (await reader.ask(QUESTION, as_of="1"))["cached"]


async def test_who_asks_the_same_at_once_waits_for_the_first(
    world: WriterWorld, reader: ComposedReader
) -> None:
    answers = await asyncio.gather(*(reader.ask(QUESTION) for _ in range(6)))
    assert len({one["answer"] for one in answers}) == 1
    assert sorted(one["cached"] for one in answers) == [False, *[True] * 5]


async def test_other_words_find_the_same_answer_and_near_ones_do_not(
    world: WriterWorld, reader: ComposedReader
) -> None:
    first = await reader.ask(QUESTION)
    same = await reader.ask("Please tell me how often the archive key is changed.")
    assert same["cached"]
    assert (same["cache"]["hit"], same["cache"]["question"]) == ("similar", QUESTION)
    assert same["answer"] == first["answer"]
    other = await reader.ask("How often is the archive key not changed?")
    assert not other["cached"]


async def test_what_one_process_forgets_no_other_remembers(
    world: WriterWorld, reader: ComposedReader
) -> None:
    first = await reader.ask(QUESTION)
    assert (await reader.ask(QUESTION))["cached"]
    statement = named_queries("caches")["forget_disliked"]
    await reader.outside.ops.run(statement, {"answer_id": first["answer_id"]})
    assert not (await reader.ask(QUESTION))["cached"]


async def test_figures_are_added_up_and_rooms_have_ends(
    world: WriterWorld, reader: ComposedReader
) -> None:
    for question in (QUESTION, QUESTION, "When does a badge open the garage?"):
        await reader.ask(question)
    work = rounds(reader)
    await work.round()
    [known] = await rows(reader, "select * from ops.cache_figures where cache = 'answers'")
    assert (known["hits"], known["misses"]) == (1, 2)
    await work.round()
    [known] = await rows(reader, "select * from ops.cache_figures where cache = 'answers'")
    assert (known["hits"], known["misses"]) == (1, 2)
    work.limits = Limits(1, 10**8)
    await work.round()
    assert len(await rows(reader, "select 1 from ops.cached_answers")) == 1


async def test_the_most_wanted_are_worked_out_anew_when_nothing_else_is_to_do(
    world: WriterWorld, reader: ComposedReader
) -> None:
    for _ in range(3):
        await reader.ask(QUESTION)
    world.publish({"key.md": KEY.format(days=20)})
    warmed: list[str] = []

    async def warm(one: Any) -> None:
        warmed.append(one.question)
        await reader.ask(one.question, cache="no-cache")

    await rounds(reader, warm=warm, warm_most=1).round()
    assert warmed == [QUESTION]
    again = await reader.ask(QUESTION)
    assert again["cached"]
    assert "20 days" in again["answer"]


async def test_without_qdrant_the_same_words_are_still_found(world: WriterWorld) -> None:
    async with composed_reader(world, result_cache_ttl=3600) as reader:
        kept = reader.outside.kept
        assert kept is not None
        assert kept.similar is not None
        kept.similar.qdrant = type(kept.similar.qdrant)(
            url="http://127.0.0.1:1", check_compatibility=False
        )
        await reader.ask(QUESTION)
        assert (await reader.ask(QUESTION))["cached"]


async def test_passages_are_neither_given_nor_kept_where_the_caller_wants_none(
    world: WriterWorld,
) -> None:
    async with composed_reader(world) as composed:
        reader = composed.outside.reader
        assert isinstance(reader, RememberingReader)
        assert reader.found is not None
        for caches, hits, kept in (
            ("no-store", 0, 0), ("no-cache", 0, 1), (None, 1, 1), ("no-cache", 1, 1), ("no-store", 1, 1),
        ):  # fmt: skip
            await composed.ask(QUESTION, cache=caches)
            assert (reader.found.tally.hits, reader.found.size().entries) == (hits, kept), caches
