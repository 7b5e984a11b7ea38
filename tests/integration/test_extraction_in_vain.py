"""What a provider can do to a run of extraction: strange letters, refusals, errors, a price that nobody agreed to."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dagster_kb.extraction.desk import ExtractionDesk
from dagster_kb.extraction.extractor import Extractor
from dagster_kb.extraction.job import CONCURRENCY, ExtractionJob, Tally, name_wanted
from dagster_kb.extraction.prompts_on_file import Prompt, prompt_named
from dagster_kb.extraction.work import ExtractionWork, Outcome, Wish
from dagster_kb.resources.ledger_extractions import MOST_PAID
from dagster_kb.resources.ledger_money import MoneyLedger
from kb_contract.errors import BadInput, Unavailable
from kb_contract.extraction_settings import ExtractionSettings
from tests.doubles.loopback_provider import LoopbackProvider, loopback_provider
from tests.doubles.loopback_replies import Reply
from tests.doubles.reading_model import models_file, obedient, shown
from tests.doubles.writer_world import WriterWorld

PASSAGES = 12
Run = Callable[..., Outcome]


@pytest.fixture
def provider() -> Iterator[LoopbackProvider]:
    with loopback_provider() as running:
        running.script = lambda call: Reply(text=obedient(call))
        yield running


@pytest.fixture
def world(world: WriterWorld) -> WriterWorld:
    pages = {f"p{n:02}.md": f"# Page {n}\n\nText {n} of many.\n" for n in range(PASSAGES)}
    world.publish({**pages, "agent.yaml": "gate: {canary: 'off'}\n"})
    return world


@pytest.fixture
def desk(world: WriterWorld, provider: LoopbackProvider, tmp_path: Path) -> ExtractionDesk:
    money = MoneyLedger(world.ledger.database, world.ledger.workspace)
    return ExtractionDesk(money, "house", models_file(tmp_path, provider))


@pytest.fixture
def run(world: WriterWorld, desk: ExtractionDesk) -> Run:
    def run(wish: Wish | None = None, **settings: Any) -> Outcome:
        generation = world.live()
        wanted = ExtractionSettings.model_validate({"enabled": True, **settings})
        work = ExtractionWork(world.ledger.extractions, desk, generation, wanted, "a-run")
        return work.run(wish or Wish())

    return run


def answers_but(number: int, reply: Callable[[dict[str, Any]], Reply]) -> Any:
    """Answer well, but of one page."""

    def script(call: dict[str, Any]) -> Reply:
        return reply(call) if f"Text {number} " in shown(call) else Reply(text=obedient(call))

    return script


def rows(world: WriterWorld, statement: str) -> list[dict[str, Any]]:
    with world.ledger.database.transaction() as connection:
        return connection.execute(statement.encode()).fetchall()


def test_letters_that_no_database_keeps_cost_no_run(
    run: Run, world: WriterWorld, provider: LoopbackProvider
) -> None:
    odd = {"summary": "a\x00b", "facts": ["\x00c\x1b[31m"], "keywords": ["\ud83d\ude00"]}
    provider.script = answers_but(3, lambda call: Reply(text=obedient(call, **odd)))
    outcome = run()
    assert (outcome.tally.done, outcome.totals.done) == (PASSAGES, PASSAGES)
    [kept] = rows(world, "select parsed from kb.extractions where parsed ->> 'summary' = 'ab'")
    assert kept["parsed"]["facts"] == ["c\x1b[31m"]
    provider.script = answers_but(3, lambda call: Reply(text=obedient(call, summary="\x00")))
    assert run().tally.asked == 0


def test_a_passage_that_is_refused_holds_back_the_others_only_for_a_while(
    run: Run, world: WriterWorld, provider: LoopbackProvider
) -> None:
    provider.script = answers_but(3, lambda _: Reply(status=400, text="against our policy"))
    for _ in range(MOST_PAID - 1):
        with pytest.raises(Unavailable, match="1 of the passages have no answer yet"):
            run(situate=True)
    outcome = run(situate=True)
    assert (outcome.situated, outcome.totals.error) == (PASSAGES - 1, 1)
    calls = len(provider.calls)
    assert calls == PASSAGES - 1 + MOST_PAID
    [refused] = rows(world, "select * from kb.extractions where status = 'ERROR'")
    assert (refused["attempts"], refused["cost"], refused["usage"]) == (MOST_PAID, 0, [])
    assert run(situate=True).tally.asked == 0
    assert run(Wish(again=True)).tally.errors == 1
    assert len(provider.calls) == calls + 1


def test_what_is_asked_for_again_is_settled_before_it_is(
    run: Run, world: WriterWorld, provider: LoopbackProvider
) -> None:
    seen: list[list[dict[str, Any]]] = []

    def fails_once(call: dict[str, Any]) -> Reply:
        failed = "select cost::float as cost from ops.usage where outcome = 'failed'"
        seen.append(rows(world, failed))
        return Reply(status=500) if len(seen) == 1 else Reply(text=obedient(call))

    provider.script = answers_but(3, fails_once)
    assert run().totals.done == PASSAGES
    assert seen == [[], [{"cost": 0.0}]]


def test_the_first_error_stops_every_run_until_it_is_mended(
    run: Run, provider: LoopbackProvider
) -> None:
    provider.script = answers_but(3, lambda _: Reply(text="no json"))
    with pytest.raises(BadInput, match="stopped at its first error"):
        run(stop_on_first_error=True)
    calls = len(provider.calls)
    with pytest.raises(BadInput, match=r"p03\.md: the answer: Invalid JSON"):
        run(stop_on_first_error=True)
    assert len(provider.calls) == calls
    provider.script = lambda call: Reply(text=obedient(call))
    assert run(Wish(again=True), stop_on_first_error=True).totals.done == PASSAGES


def test_answers_that_are_longer_than_was_estimated_are_not_paid_for_unasked(
    run: Run, provider: LoopbackProvider
) -> None:
    long = {"prompt_tokens": 700, "completion_tokens": 1200, "total_tokens": 1900}
    each = (700 + 2 * 1200) / 1e6
    provider.script = lambda call: Reply(text=obedient(call), usage=long)
    limit = 1.01 * run(ask_above=0.0001).estimate.dollars
    assert not provider.calls
    held = run(ask_above=limit)
    assert "that a run may cost unasked" in held.held_back
    assert limit < held.tally.cost <= limit + CONCURRENCY * each
    assert 0 < held.totals.pending < PASSAGES
    # A person's word is one for whatever it costs.
    assert run(Wish(approved=True), ask_above=limit).totals.done == PASSAGES


def test_four_passages_are_read_at_once_and_no_fifth(run: Run, provider: LoopbackProvider) -> None:
    together = threading.Barrier(CONCURRENCY)
    under_way, most = set[int](), list[int]()

    def script(call: dict[str, Any]) -> Reply:
        under_way.add(threading.get_ident())
        most.append(len(under_way))
        together.wait(60)
        under_way.discard(threading.get_ident())
        together.wait(60)
        return Reply(text=obedient(call))

    provider.script = script
    assert run().totals.done == PASSAGES
    assert max(most) == CONCURRENCY


def test_an_outage_that_the_writer_meets_is_in_the_readers_health(
    run: Run, world: WriterWorld, provider: LoopbackProvider
) -> None:
    provider.says(Reply(status=401))
    assert run().tally.stopped
    [state] = rows(world, "select model, state, why, until > now() as rests from ops.model_states")
    assert state["model"].startswith("openai/reader")
    assert (state["state"], state["rests"]) == ("open", True)
    assert "401" in state["why"]


def test_another_prompt_is_asked_once_and_the_way_back_is_free(
    run: Run, world: WriterWorld, desk: ExtractionDesk, provider: LoopbackProvider
) -> None:
    assert run().tally.done == PASSAGES
    first = desk.extractor(ExtractionSettings(enabled=True))
    assert first.board is not None
    other = Extractor(Prompt("other", prompt_named("chunk_extract_v1").text + "\nBe short.\n"),
                      first.tier, first.board)  # fmt: skip

    def read(extractor: Extractor) -> Tally:
        generation, store = world.live(), world.ledger.extractions
        name_wanted(store, generation, extractor)
        books = desk.books(world.agent, "another-run", approved=False)
        waiting = store.waiting(generation, extractor.key, again=False)
        return ExtractionJob(store, extractor, books).run(waiting)

    assert read(other).done == PASSAGES
    assert len(provider.calls) == 2 * PASSAGES
    assert read(other).asked == run().tally.asked == 0
    world.publish({"p03.md": "# Page 3\n\nText 3 of some.\n"})
    assert (read(other).done, run().tally.done) == (1, 1)
    assert len(provider.calls) == 2 * PASSAGES + 2
