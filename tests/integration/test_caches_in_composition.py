"""The caches as the worker puts them together: warming, lifetimes, figures, and who shares an answer with whom."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kb.reader_process import cache_rounds
from tests.doubles.composed_reader import ComposedReader, composed_reader
from tests.doubles.writer_world import WriterWorld

AGENT = "retrieval: {limit: 6, threshold: 0.0}\ngate: {canary: 'off', max_shrink: 1.0}\n"
QUESTION, OTHER = "How often is the archive key changed?", "When does a badge open the garage?"
KEY = "# Key\n\nThe archive key is changed every {days} days.\n"
BADGE = "# Badges\n\nA badge opens the garage from {hour} to six.\n"
PAGES = {"agent.yaml": AGENT, "key.md": KEY.format(days=10), "badge.md": BADGE.format(hour="eight")}
LONG = 60.0


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    world.publish(PAGES)
    return world


@asynccontextmanager
async def reading(world: WriterWorld, **settings: Any) -> AsyncIterator[ComposedReader]:
    async with composed_reader(world, **{"result_cache_ttl": 3600, **settings}) as reader:
        yield reader
        kept = reader.outside.kept
        assert kept is not None
        assert kept.similar is not None
        await reader.outside.qdrant.delete_collection(kept.similar.collection)


@asynccontextmanager
async def rounds_of_a_worker(reader: ComposedReader) -> AsyncIterator[None]:
    rounds = cache_rounds(reader.settings, reader.outside)
    task = asyncio.create_task(rounds.run(reader.settings.database_url))
    try:
        yield
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(happened: Callable[[], Awaitable[Any]]) -> Any:
    async with asyncio.timeout(LONG):
        while not (found := await happened()):
            await asyncio.sleep(0.05)
    return found


async def kept_questions(reader: ComposedReader) -> dict[str, str]:
    rows = await reader.outside.ops.rows("select question, entry_id from ops.cached_answers", {})
    return {one["question"]: one["entry_id"] for one in rows}


async def test_the_worker_works_out_anew_what_was_wanted_most_after_a_swap(
    world: WriterWorld,
) -> None:
    async with reading(world, answer_cache_warm=1) as reader:
        for question in (QUESTION, QUESTION, QUESTION, OTHER, OTHER):
            await reader.ask(question)
        before = await kept_questions(reader)
        assert set(before) == {QUESTION, OTHER}

        async with rounds_of_a_worker(reader):
            await asyncio.to_thread(
                world.publish,
                {"key.md": KEY.format(days=20), "badge.md": BADGE.format(hour="nine")},
            )

            async def warmed() -> bool:
                now = await kept_questions(reader)
                return QUESTION in now and not set(now.values()) & set(before.values())

            await until(warmed)

        # The one that was given twice was worked out; the other, given once, was not.
        assert set(await kept_questions(reader)) == {QUESTION}
        again = await reader.ask(QUESTION)
        assert again["cached"]
        assert "20 days" in again["answer"]
        assert again["citations"][0]["generation"] == world.live().number
        told = await reader.outside.ops.rows("select answer_id from ops.cache_events", {})
        assert {one["answer_id"] for one in told} >= set(before.values())


async def test_nothing_is_worked_out_beside_a_run_nor_for_other_groups(world: WriterWorld) -> None:
    async with (
        reading(world, answer_cache_warm=5) as reader,
        composed_reader(world, result_cache_ttl=3600, kb_audience="hr") as hr,
    ):
        for _ in range(2):
            await reader.ask(QUESTION)
            await hr.ask(OTHER)
        rounds = cache_rounds(reader.settings, reader.outside)
        [thread] = await reader.outside.ops.rows("select thread_id from ops.threads limit 1", {})
        begun = {"run": "under-way", "thread": thread["thread_id"]}
        await reader.outside.ops.run(
            "insert into ops.runs (run_id, thread_id, assistant_id, status, kwargs)"
            " values (%(run)s, %(thread)s, 'scriptorium', 'running', '{}')",
            begun,
        )
        world.publish({"key.md": KEY.format(days=20), "badge.md": BADGE.format(hour="nine")})
        gone = await rounds.round()
        assert {one.question for one in gone} == {QUESTION, OTHER}
        assert await kept_questions(reader) == {}

        await reader.outside.ops.run("delete from ops.runs where run_id = %(run)s", begun)
        for _ in range(2):
            await reader.ask(QUESTION)
            await hr.ask(OTHER)
        world.publish({"key.md": KEY.format(days=30), "badge.md": BADGE.format(hour="ten")})
        await rounds.round()
        assert set(await kept_questions(reader)) == {QUESTION}


async def test_an_answer_lives_as_long_as_its_type_says_and_no_second_longer(
    world: WriterWorld,
) -> None:
    async with reading(world) as reader:
        kept = reader.outside.kept
        assert kept is not None
        first = await reader.ask(QUESTION)
        assert (first["query_type"], first["status"]) == ("simple_lookup", "completed")
        [row] = await reader.outside.ops.rows(
            "select created_at, expires_at from ops.cached_answers", {}
        )
        ends = row["expires_at"]
        assert abs((ends - row["created_at"]).total_seconds() - 3600) < LONG

        kept.now = lambda: ends - timedelta(seconds=1)
        assert (await reader.ask(QUESTION))["cached"]
        kept.now = lambda: ends
        assert not (await reader.ask(QUESTION, cache="no-store"))["cached"]
        looked = await reader.ask(QUESTION, cache="only-if-cached")
        assert looked["status"] == "refused"
        await cache_rounds(reader.settings, reader.outside).round()
        assert await kept_questions(reader) == {}


@pytest.mark.parametrize("head", ["expires", pytest.param("effective", marks=pytest.mark.full)])
async def test_no_answer_outlives_the_next_date_of_a_document(
    world: WriterWorld, head: str
) -> None:
    turns = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=30)
    tea = "# Tea\n\nTea is free for porters.\n"
    world.publish({"tea.md": f"---\n{head}: {turns.isoformat()}\n---\n{tea}"})
    async with reading(world) as reader:
        kept = reader.outside.kept
        assert kept is not None
        first = await reader.ask(QUESTION)
        kept.now = lambda: turns - timedelta(seconds=1)
        assert (await reader.ask(QUESTION))["cached"]
        kept.now = lambda: turns
        assert (await reader.ask(QUESTION, cache="only-if-cached"))["status"] == "refused"
        # It is not called wrong: what it quotes still stands where it says.
        stale = await reader.outside.ops.rows(
            "select answer_id from ops.answers where stale_at is not null", {}
        )
        assert first["answer_id"] not in {one["answer_id"] for one in stale}


async def test_every_cache_tells_its_figures(world: WriterWorld) -> None:
    async with reading(world) as reader:
        rounds = cache_rounds(reader.settings, reader.outside)
        await reader.ask(QUESTION)
        await reader.ask(QUESTION)
        await reader.ask(f"Please tell me, {QUESTION.lower()}")
        await reader.ask(QUESTION, cache="max-age=0")
        await rounds.tell_figures()
        told = await reader.outside.ops.rows("select * from ops.cache_figures", {})
        found = {one["cache"]: one for one in told}
        counted = {name: (one["hits"], one["misses"]) for name, one in found.items()}
        assert counted["answers"] == (2, 1)
        assert counted["similar"] == (1, 2)
        assert counted["answers_in_memory"][0] >= 1
        # What is worked out twice is planned and embedded once, and its passages are found once.
        assert counted["plans"] == (1, 1)
        assert counted["question_vectors"][0] >= 1
        assert counted["passages"][1] >= 1
        assert counted["tool_results"] == (0, 0)
        assert found["question_vectors"]["entries"] > 0
        assert found["plans"]["entries"] == 1


@pytest.mark.parametrize(
    "rule",
    [
        {"unsupported_claims": "mark"},
        pytest.param({"conflict_rule": "version"}, marks=pytest.mark.full),
    ],
)
async def test_answers_of_other_rules_are_not_shared(
    world: WriterWorld, rule: dict[str, Any]
) -> None:
    async with reading(world) as reader, reading(world, **rule) as other:
        await reader.ask(QUESTION)
        assert not (await other.ask(QUESTION))["cached"]
        assert (await other.ask(QUESTION))["cached"]
        assert (await reader.ask(QUESTION))["cached"]


async def test_answers_of_other_models_are_not_shared(world: WriterWorld, tmp_path: Path) -> None:
    file = tmp_path / "models.yaml"
    file.write_text("profiles: {}\n", "utf-8")
    async with reading(world, llm_profiles=str(file)) as reader:
        await reader.ask(QUESTION)
        file.write_text("profiles: {}\n# another edition\n", "utf-8")
        async with reading(world, llm_profiles=str(file)) as other:
            assert not (await other.ask(QUESTION))["cached"]
        assert (await reader.ask(QUESTION))["cached"]


async def test_answers_in_other_languages_and_to_other_groups_are_not_shared(
    world: WriterWorld,
) -> None:
    german = "Wie oft wird der archive key changed?"
    async with reading(world) as reader, reading(world, kb_audience="hr, board") as hr:
        first = await reader.ask(QUESTION)
        assert first["status"] == "completed"
        assert not (await reader.ask(german))["cached"]
        assert not (await hr.ask(QUESTION))["cached"]
        async with reading(world, kb_audience="board,hr") as same:
            assert (await same.ask(QUESTION))["cached"]


def told_by(done: dict[str, Any]) -> dict[str, Any]:
    """All of an answer but its ids and times."""
    of_its_own = {"answer_id", "timings", "usage", "cache", "trace_id", "run_id", "messages"}
    said = [(one.type, one.content) for one in done["messages"]]
    plain = {name: value for name, value in done.items() if name not in of_its_own}
    return {**plain, "messages": said}


async def test_an_offline_answer_is_the_same_twice_and_streamed_in_words(
    world: WriterWorld,
) -> None:
    async with composed_reader(world) as reader:
        config: Any = {"configurable": {"thread_id": "streamed"}}
        heard: list[Any] = []
        async for event in reader.graph.astream(
            {"question": QUESTION},
            config,
            stream_mode="custom",
            context={},  # type: ignore[arg-type]
        ):
            heard.append(event)
        told = "".join(
            one["text"] for one in heard if one["type"] == "token" and one["lane"] == "answer"
        )
        first, second = await reader.ask(QUESTION), await reader.ask(QUESTION)
        assert first["status"] == "completed"
        assert told == first["answer"]
        assert (first["cached"], second["cached"]) == (False, False)
        assert first["answer_id"] != second["answer_id"]
        assert told_by(first) == told_by(second)
