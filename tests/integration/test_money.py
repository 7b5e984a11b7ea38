"""Money on a real Postgres: races, caps, dead processes, and the books of a provider beside ours."""

import asyncio
import json
import multiprocessing
import random
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from graph.gateways.chat_model import RoutedChatModel
from graph.gateways.postgres import LazyPool
from graph.gateways.usage_ledger import PostgresBooks
from graph.ports import APPROVED_STEP, WORKING_STEP, NoAnswer
from kb.client import Client, ServerSaid
from kb_contract.chat_models.books import BudgetSpent, Order, Receipt
from kb_contract.chat_models.budgets import Budget
from kb_contract.chat_models.prices import Count
from kb_contract.named_queries import named_queries
from tests.doubles.in_memory_knowledge import InMemoryKnowledge
from tests.doubles.kept_books import loopback_profile
from tests.doubles.loopback_provider import LoopbackProvider, loopback_provider
from tests.doubles.loopback_replies import Reply
from tests.doubles.spending_process import spend
from tests.doubles.whole_reader import reader_settings, whole_reader

pytestmark = pytest.mark.stack
PROCESSES = multiprocessing.get_context("spawn")


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[LazyPool]:
    made = LazyPool(SecretStr(database_url), max_size=16, seconds=60)
    yield made
    await made.close()


@pytest.fixture(scope="module")
def provider() -> Iterator[LoopbackProvider]:
    with loopback_provider() as running:
        yield running


@pytest.fixture(autouse=True)
def _fresh(provider: LoopbackProvider) -> None:
    provider.calls.clear()
    provider.bills.clear()


def order(dollars: float = 0.10, **more: Any) -> Order:
    return Order(**{
        "model": "m", "tier": "standard", "role": "primary", "prompt_tokens": 100, "most_completion": 100,
        "prompt_dollars": dollars / 2, "most_dollars": dollars, "seconds": 5, **more,
    })  # fmt: skip


def budget(**more: Any) -> Budget:
    return Budget.model_validate({"name": "all", "cap": 1.0, **more})


async def balance(pool: LazyPool) -> tuple[float, float]:
    [row] = await pool.rows(
        "select sum(spent)::float as spent, sum(held)::float as held from ops.budget_balances", {}
    )
    return row["spent"] or 0.0, row["held"] or 0.0


async def test_fifty_requests_at_once_never_pass_a_cap(pool: LazyPool) -> None:
    # Two budgets that the same requests count in, in the order that would let them block each other.
    budgets = (budget(name="b", scope="service"), budget(name="a", scope="service", cap=0.75))
    desks = [PostgresBooks(pool, budgets=budgets if n % 2 else budgets[::-1]) for n in range(10)]

    async def one(number: int) -> float:
        books = desks[number % 10]
        try:
            held = await books.hold(order(0.05))
        except BudgetSpent:
            return 0.0
        await books.settle(Receipt(held, Count(10, 10), 0.05, "answered", 0.1))
        return 0.05

    paid = await asyncio.gather(*(one(number) for number in range(50)))
    assert sum(paid) == pytest.approx(0.75)
    rows = await pool.rows(
        "select budget, spent::float as spent, held::float as held from ops.budget_balances order by 1",
        {},
    )
    assert [(row["budget"], row["held"]) for row in rows] == [("a", 0.0), ("b", 0.0)]
    assert all(row["spent"] == pytest.approx(0.75) for row in rows)


async def test_what_was_held_and_not_used_is_free_again(pool: LazyPool) -> None:
    books = PostgresBooks(pool, budgets=(budget(cap=0.15),))
    held = await books.hold(order(0.10))
    with pytest.raises(BudgetSpent, match="has no room"):
        await books.hold(order(0.10))
    receipt = Receipt(held, Count(5, 5), 0.02, "answered", 0.1)
    await asyncio.gather(books.settle(receipt), books.settle(receipt))
    assert await balance(pool) == pytest.approx((0.02, 0.0))
    await books.hold(order(0.10))


@pytest.mark.parametrize(
    ("scope", "step", "refused"),
    [
        ("agent", ("s", "one"), True),
        ("agent", ("s", "other"), False),
        ("user", ("s", "one"), False),
    ],
)
async def test_a_budget_looks_at_its_own_subject_alone(
    pool: LazyPool, scope: str, step: tuple[str, str], refused: bool
) -> None:
    books = PostgresBooks(pool, budgets=(budget(scope=scope, subject="one", cap=0.05),))
    token = WORKING_STEP.set(step)
    try:
        if refused:
            with pytest.raises(BudgetSpent):
                await books.hold(order(0.10))
        else:
            await books.hold(order(0.10))
    finally:
        WORKING_STEP.reset(token)


async def test_a_new_day_has_its_own_balance(pool: LazyPool) -> None:
    days = iter([datetime(2026, 3, 1, 23, 59, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)])
    books = PostgresBooks(pool, budgets=(budget(period="day", cap=0.10),), now=lambda: next(days))
    await books.hold(order(0.10))
    await books.hold(order(0.10))
    rows = await pool.rows("select begins from ops.budget_balances order by 1", {})
    assert [row["begins"] for row in rows] == ["2026-03-01", "2026-03-02"]


async def test_who_gives_up_waiting_for_money_holds_none(
    pool: LazyPool, provider: LoopbackProvider
) -> None:
    books = PostgresBooks(pool, budgets=(budget(),))
    held = await books.hold(order())
    await books.settle(Receipt(held, Count(5, 5), 0.02, "answered", 0.1))
    model = RoutedChatModel(loopback_profile(provider), books)

    async with pool.connection() as other, other.transaction():
        await other.execute("select from ops.budget_balances for update")
        with pytest.raises(NoAnswer):  # nobody gets the money before the transaction ends
            await model.write(system="s", user="u", tier="cheap", deadline=0.5)
    await model.close()

    assert await balance(pool) == (0.02, 0.0)
    assert await pool.rows("select from ops.usage where outcome = 'open'", {}) == []
    assert provider.calls == []


async def test_two_workspaces_share_no_balance(pool: LazyPool) -> None:
    budgets = (budget(scope="service", cap=0.15, over="ask", warn_at=0.5),)
    ours, theirs = (PostgresBooks(pool, name, budgets) for name in ("a", "b"))
    held = await ours.hold(order(0.10))
    await theirs.hold(order(0.10))
    with pytest.raises(BudgetSpent, match="the budget all has no room"):
        await ours.hold(order(0.10))
    await ours.settle(Receipt(held, Count(10, 10), 0.09, "answered", 0.1))
    assert "nearly spent: 0.1000 of 0.15" in await theirs.asks([("x", order(0.10))])
    for workspace, shown in (("a", [0.09]), ("b", [0.0]), ("c", [])):
        values = {"workspace": workspace, "begins": [budgets[0].begins(datetime.now(UTC))]}
        rows = await pool.rows(named_queries("costs")["balances"], values)
        assert [(one["subject"], one["spent"]) for one in rows] == [("*", one) for one in shown]


def model_of(
    pool: LazyPool, provider: LoopbackProvider, *budgets: Budget, **more: Any
) -> RoutedChatModel:
    return RoutedChatModel(loopback_profile(provider, **more), PostgresBooks(pool, budgets=budgets))


async def ask(model: RoutedChatModel, tier: str = "strong", seconds: float = 20) -> str:
    return (await model.write(system="s", user="u", tier=tier, deadline=seconds)).text


async def test_over_budget_a_cheaper_model_answers_and_then_none(
    pool: LazyPool, provider: LoopbackProvider
) -> None:
    models = {
        tier: {"model": f"openai/{tier}", "api_base": provider.api_base, "api_key": "k", "input_price": 0,
               "output_price": price, "max_tokens": 1000}
        for tier, price in (("strong", 1000.0), ("cheap", 10.0))
    }  # fmt: skip
    profile = loopback_profile(provider).model_validate({"primary": models})
    # One strong request may take a dollar, a cheap one a cent.
    cap = budget(cap=0.02, over="cheaper", warn_at=0.5)
    books = PostgresBooks(pool, budgets=(cap,))
    model = RoutedChatModel(profile, books)
    provider.says("fine")
    assert await ask(model) == "fine"
    assert provider.calls[-1]["model"] == "cheap"
    await books.hold(order(0.015, tier="cheap"))
    with pytest.raises(NoAnswer, match="budget all has no room"):
        await ask(model)
    assert len(provider.calls) == 1


async def test_throttled_it_waits_for_room(pool: LazyPool, provider: LoopbackProvider) -> None:
    provider.says("fine")
    cap = budget(cap=0.02, over="throttle")
    model = model_of(pool, provider, cap, output_price=10.0, max_tokens=1000)
    held = await model.books.hold(order(0.015))
    waiting = asyncio.create_task(ask(model))
    done, _ = await asyncio.wait([waiting], timeout=0.2)
    assert not done
    assert not provider.calls
    await model.books.settle(Receipt(held, Count(1, 1), 0.0, "answered", 0.1))
    assert await waiting == "fine"


async def test_a_budget_that_asks_lets_pass_what_a_person_approved(pool: LazyPool) -> None:
    books = PostgresBooks(pool, budgets=(budget(cap=0.15, over="ask"),))
    assert not await books.asks([("a", order(0.10))])
    assert "nearly spent" in await books.asks([("a", order(0.10)), ("b", order(0.10))])
    await books.hold(order(0.10))
    with pytest.raises(BudgetSpent):
        await books.hold(order(0.10))
    token = APPROVED_STEP.set(True)
    try:
        await books.hold(order(0.10))
    finally:
        APPROVED_STEP.reset(token)
    assert await balance(pool) == pytest.approx((0.0, 0.2))


async def test_a_warning_comes_once(pool: LazyPool) -> None:
    books = PostgresBooks(pool, budgets=(budget(warn_at=0.5),))
    for _ in range(3):
        held = await books.hold(order(0.3))
        await books.settle(Receipt(held, Count(1, 1), 0.3, "answered", 0.1))
    rows = await pool.rows(
        "select warned_at is not null as warned, spent::float as spent from ops.budget_balances", {}
    )
    assert rows == [{"warned": True, "spent": pytest.approx(0.9)}]
    told = await pool.rows("select entry::jsonb as entry from ops.audit", {})
    assert [(one["entry"]["kind"], one["entry"]["budget"]) for one in told] == [
        ("budget_near", "all")
    ]
    assert (told[0]["entry"]["workspace_id"], told[0]["entry"]["subject"]) == ("default", "*")


async def test_the_books_agree_with_the_providers_after_faults(
    pool: LazyPool, provider: LoopbackProvider
) -> None:
    """Faults in one of five requests; what we put down is within one percent of what is billed."""
    dice = random.Random(7)
    good = json.dumps(
        {"claims": [{"text": f"Sentence {n} of several.", "findings": ["f1"]} for n in range(8)]}
    )
    faults = [
        Reply(status=500), Reply(status=429), Reply(raw=b"<html>"), Reply(text=good, cut_at=1500),
        Reply(text=good, usage=False), Reply(text=good, broken_at=4), Reply(text=None),
        Reply(text=good, usage={"prompt_tokens": 10**8, "completion_tokens": 0, "total_tokens": 1}),
    ]  # fmt: skip
    provider.script = lambda _: dice.choice(faults) if dice.random() < 0.2 else Reply(text=good)
    model = model_of(pool, provider)
    question = "What do the passages say of this? " * 20

    async def one() -> None:
        try:
            await model.write(system="s" * 500, user=question, tier="cheap", deadline=30)
        except NoAnswer:
            return

    for _ in range(20):
        await asyncio.gather(*(one() for _ in range(5)))
    await model.close()
    [row] = await pool.rows(
        "select sum(cost)::float as cost, count(*)::int as n,"
        " (count(*) filter (where outcome = 'open'))::int as open from ops.usage", {},
    )  # fmt: skip
    assert (row["n"], row["open"]) == (len(provider.calls), 0)
    assert row["cost"] == pytest.approx(provider.dollars(), rel=0.01)


@pytest.mark.timeout(300)
async def test_what_dead_processes_asked_is_put_down_too(
    pool: LazyPool, provider: LoopbackProvider, database_url: str
) -> None:
    """Processes that are killed while they ask; the provider bills them all the same."""
    provider.script = lambda _: Reply(text="An answer of some words. " * 10, drip_seconds=0.01)
    for number in range(4):
        process = PROCESSES.Process(target=spend, args=(database_url, provider.api_base, 12))
        process.start()
        before = len(provider.calls)
        deadline = time.monotonic() + 60
        while (
            len(provider.calls) < before + (12 if number == 0 else 5)
            and time.monotonic() < deadline
        ):
            await asyncio.sleep(0.01)
        if number == 0:
            await asyncio.to_thread(process.join, 60)
        else:
            process.kill()
            await asyncio.to_thread(process.join, 60)
    await pool.rows(
        "update ops.usage set expires_at = now() - interval '1 s' where outcome = 'open' returning 1",
        {},
    )
    [lost] = await pool.rows("select ops.settle_lost_money() as lost", {})
    assert lost["lost"] >= 1
    [row] = await pool.rows(
        "select sum(cost)::float as cost, count(*)::int as n,"
        " (count(*) filter (where outcome = 'lost' and source = 'estimated'))::int as lost from ops.usage", {},
    )  # fmt: skip
    assert row["lost"] == lost["lost"]
    # A request may be held and killed before it is sent; none is sent without being held.
    assert row["n"] >= len(provider.calls)
    # What was killed in the moment between being marked as sent and being sent is down as such requests cost.
    [sent] = await pool.rows("select count(sent_at)::int as n from ops.usage", {})
    unsent = (sent["n"] - len(provider.calls)) * provider.dollars() / len(provider.calls)
    assert unsent >= 0
    assert 0.99 * provider.dollars() <= row["cost"] <= 1.01 * (provider.dollars() + unsent)


async def test_an_answer_that_comes_late_sets_the_lost_row_right(pool: LazyPool) -> None:
    books = PostgresBooks(pool, budgets=(budget(),))
    held = await books.hold(order(0.2))
    await books.goes_out(held)
    await pool.rows("update ops.usage set expires_at = now() - interval '1 s' returning 1", {})
    await pool.rows("select ops.settle_lost_money()", {})
    assert await balance(pool) == pytest.approx((0.2, 0.0))
    await books.settle(Receipt(held, Count(7, 7), 0.03, "answered", 0.1))
    assert await balance(pool) == pytest.approx((0.03, 0.0))


QUESTION = "How often are signing keys rotated?"
TRUE = "Signing keys are rotated every 90 days."
HOUSE = """
profiles:
  house:
    primary: {{model: openai/first, api_base: "{one}", api_key: k, input_price: 1, output_price: 2}}
    emergency: {{model: openai/last, api_base: "{two}", api_key: k, input_price: 1, output_price: 2}}
budgets:
  - {{name: per-user, scope: user, subject: anna, period: day, cap: 0.0045, over: reject}}
"""


def _check_events(events: list[dict[str, Any]]) -> None:
    drafts = [one for one in events if one.get("draft")]
    assert {one["lane"] for one in drafts} == {"keeper"}
    assert "".join(one["text"] for one in drafts) == "They are rotated every 90 days."
    assert any(one.get("type") == "model_state" and one["state"] == "open" for one in events)


async def _check_costs(anna: Client, answer: dict[str, Any], provider: LoopbackProvider) -> None:
    said: dict[str, Any] = {}
    names = {
        "user": "anna",
        "agent": "keeper",
        "model": "openai/last",
        "session": answer["thread_id"],
    }
    for by, name in {**names, "type": answer["query_type"]}.items():
        said = await asyncio.to_thread(anna.costs, by=by)
        paid = {row["name"]: row["cost"] for row in said["rows"]}
        assert paid[name] == pytest.approx(provider.dollars()), by
    assert answer["usage"]["cost"] == pytest.approx(provider.dollars())
    assert said["total"]["requests"] == 2
    assert said["costly_questions"][0]["question"] == QUESTION
    assert said["budgets"][0]["subject"] == "anna"
    models = (await asyncio.to_thread(anna.health))["models"]
    states = [(one["model"].split()[0], one["state"]) for one in models["states"]]
    assert states == [("openai/first", "open")]
    async with httpx.AsyncClient(base_url=anna.url) as client:
        shown = (await client.get("/metrics")).text.splitlines()
    [opened] = [one for one in shown if "model_state{" in one and 'state="open"' in one]
    assert "openai/first" in opened
    assert opened.endswith(" 1.0")
    assert 'scriptorium_model_requests{model="openai/last",outcome="answered"} 1.0' in shown
    assert any(one.startswith('scriptorium_budget_used{budget="per-user"}') for one in shown)
    done = {(one["model"], one["outcome"]) for one in models["last_hour"]}
    assert done == {("openai/first", "failed"), ("openai/last", "answered")}


async def test_a_question_to_the_whole_reader_is_streamed_paid_and_attributed(
    provider: LoopbackProvider, database_url: str, tmp_path: Path
) -> None:
    knowledge = InMemoryKnowledge()
    knowledge.add_document(
        "keeper", "knowledge/keeper/keys.md", f"# Keys\n\n{TRUE} Ask the lead.\n"
    )
    claims = [
        {"text": "They are rotated every 90 days.", "quotes": [{"passage": "p1", "quote": TRUE}]}
    ]
    provider.says(json.dumps({"claims": claims}))
    file = tmp_path / "models.yaml"
    events: list[dict[str, Any]] = []
    with loopback_provider() as broken:
        broken.says(Reply(status=401))
        file.write_text(HOUSE.format(one=broken.api_base, two=provider.api_base), encoding="utf-8")
        settings = reader_settings(
            database_url, llm_profile="house", llm_profiles=str(file), classify_llm_below=0
        )
        async with whole_reader(settings, knowledge) as url:
            anna, bert = Client(url=url, user="anna"), Client(url=url, user="bert")
            answer = await asyncio.to_thread(
                anna.ask, QUESTION, agent="keeper", on_event=lambda one: events.append(dict(one))
            )
            assert answer["status"] == "completed"
            assert "every 90 days. [1]" in answer["answer"]
            assert "The emergency model openai/last answered" in answer["answer"]
            _check_events(events)
            await _check_costs(anna, answer, provider)
            # One request may take up to four tenths of a cent: Anna's day is over, Bert's is not.
            refused = await asyncio.to_thread(anna.ask, QUESTION, agent="keeper")
            assert "answered without its language model" in refused["answer"]
            assert "per-user" in refused["answer"]
            assert refused["citations"]
            other = await asyncio.to_thread(bert.ask, QUESTION, agent="keeper")
            assert "per-user" not in other["answer"]


async def test_costs_refuse_what_they_do_not_know(database_url: str) -> None:
    async with whole_reader(reader_settings(database_url), InMemoryKnowledge()) as url:
        with pytest.raises(ServerSaid):
            await asyncio.to_thread(Client(url=url).costs, by="colour")
        nothing = await asyncio.to_thread(Client(url=url).costs)
    assert (nothing["rows"], nothing["budgets"], nothing["total"]["cost"]) == ([], [], 0.0)
