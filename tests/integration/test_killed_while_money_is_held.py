"""Processes that are killed while their money is held: nobody passes a cap meanwhile, and the books end equal."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from graph.gateways.chat_model import RoutedChatModel
from graph.gateways.postgres import LazyPool
from graph.gateways.usage_ledger import PostgresBooks
from kb_contract.chat_models.books import Bound, BudgetSpent, Order, Receipt
from kb_contract.chat_models.budgets import Budget
from kb_contract.chat_models.prices import Count
from tests.doubles.kept_books import loopback_profile
from tests.doubles.loopback_provider import LoopbackProvider, loopback_provider
from tests.doubles.loopback_replies import Reply
from tests.doubles.quick_processes import quick_processes
from tests.doubles.spending_process import spend

ANSWER = "An answer of some words. " * 10
KILLED = 3
CAP = 0.04
BUDGETS = (
    Budget(name="day", cap=CAP, period="day"),
    Budget(name="month", cap=10 * CAP, period="month"),
    Budget(name="tokens", cap=10**6, unit="tokens", period="ever"),
)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[LazyPool]:
    made = LazyPool(SecretStr(database_url), seconds=60)
    yield made
    await made.close()


@pytest.fixture
def provider() -> Iterator[LoopbackProvider]:
    with loopback_provider() as running:
        yield running


async def balances(pool: LazyPool) -> dict[str, tuple[float, float]]:
    rows = await pool.rows(
        "select budget, spent::float as spent, held::float as held from ops.budget_balances", {}
    )
    return {row["budget"]: (row["spent"], row["held"]) for row in rows}


async def open_rows(pool: LazyPool) -> int:
    [row] = await pool.rows("select count(*)::int as n from ops.usage where outcome = 'open'", {})
    return row["n"]


async def killed_under_way(pool: LazyPool, provider: LoopbackProvider, database_url: str) -> None:
    """Kill each process when the provider has its request and has begun to answer."""
    before = len(provider.calls)
    asking = [
        quick_processes().Process(target=spend, args=(database_url, provider.api_base, 1, BUDGETS))
        for _ in range(KILLED)
    ]
    for one in asking:
        one.start()
    async with asyncio.timeout(120):
        while len(provider.bills) < before + KILLED:
            await asyncio.sleep(0.02)
    for one in asking:
        one.kill()
        await asyncio.to_thread(one.join)
    assert await open_rows(pool) == KILLED


@pytest.mark.timeout(300)
async def test_the_books_end_equal_to_the_cent(
    pool: LazyPool, provider: LoopbackProvider, database_url: str
) -> None:
    books = PostgresBooks(pool, budgets=BUDGETS)
    model = RoutedChatModel(loopback_profile(provider), books)
    provider.says(ANSWER)
    for _ in range(2):
        await model.write(system="s", user="u", tier="cheap", deadline=60)
    provider.says(Reply(text=ANSWER, drip_seconds=20))
    await killed_under_way(pool, provider, database_url)

    held = (await balances(pool))["day"]
    assert held[0] == pytest.approx(provider.dollars() * 2 / (2 + KILLED), abs=1e-9)
    assert held[1] == pytest.approx(KILLED * 0.0088, rel=0.05)
    # What is held by the dead is nobody else's, and the cap is not passed.
    order = Order("m", "cheap", "primary", 100, 100, 0.001, 0.004, 60, Bound(100, 100, 0.010))
    last = await books.hold(order)
    with pytest.raises(BudgetSpent, match="the budget day has no room"):
        await books.hold(order)
    await books.settle(Receipt(last, Count(0, 0), 0.0, "abandoned", 0.1))

    await pool.rows(
        "update ops.usage set expires_at = now() - interval '1 s' where outcome = 'open' returning 1", {}
    )  # fmt: skip
    provider.says(ANSWER)
    again = RoutedChatModel(loopback_profile(provider), PostgresBooks(pool, budgets=BUDGETS))
    await again.write(system="s", user="u", tier="cheap", deadline=60)
    assert await open_rows(pool) == 0
    tokens = sum(one.prompt_tokens + one.completion_tokens for one in provider.bills)
    assert await balances(pool) == {
        "day": (pytest.approx(provider.dollars(), abs=1e-8), 0.0),
        "month": (pytest.approx(provider.dollars(), abs=1e-8), 0.0),
        "tokens": (tokens, 0.0),
    }
    await asyncio.gather(model.close(), again.close())


@pytest.mark.parametrize(
    ("period", "before", "begins"),
    [
        ("day", datetime(2028, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC), ["2028-02-28", "2028-02-29"]),
        ("day", datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), ["2026-12-31", "2027-01-01"]),
        ("month", datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), ["2026-12-01", "2027-01-01"]),
        ("month", datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC), ["2028-02-01", "2028-03-01"]),
        ("ever", datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), ["ever"]),
    ],
)  # fmt: skip
async def test_what_was_held_before_midnight_is_settled_where_it_was_held(
    pool: LazyPool, period: str, before: datetime, begins: list[str]
) -> None:
    now = [before]
    budget = Budget.model_validate({"name": "one", "cap": 0.1, "period": period})
    books = PostgresBooks(pool, budgets=(budget,), now=lambda: now[0])
    order = Order("m", "standard", "primary", 100, 100, 0.03, 0.06, 300, Bound(100, 100, 0.06))
    first = await books.hold(order)
    now[0] = before + timedelta(seconds=1)
    second = None if period == "ever" else await books.hold(order)
    for held, dollars in ((first, 0.01), (second, 0.02)):
        if held is not None:
            await books.settle(Receipt(held, Count(1, 1), dollars, "answered", 0.1))
    rows = await pool.rows(
        "select begins, spent::float as spent, held::float as held from ops.budget_balances order by 1", {}
    )  # fmt: skip
    assert [(one["begins"], one["held"]) for one in rows] == [(one, 0.0) for one in begins]
    assert [one["spent"] for one in rows] == pytest.approx([0.01, 0.02][: len(begins)])


async def test_of_a_provider_that_fails_half_of_all_half_of_the_lost_are_put_down(
    pool: LazyPool,
) -> None:
    books = PostgresBooks(pool, budgets=BUDGETS)
    order = Order("m", "cheap", "primary", 1000, 100, 0.001, 0.003, 300, Bound(1000, 100, 0.003))
    answered, nothing = Count(1000, 50), Count(0, 0)
    for outcome, count, dollars in (("answered", answered, 0.002), ("failed", nothing, 0.0)) * 2:
        held = await books.hold(order)
        await books.goes_out(held)
        await books.settle(Receipt(held, count, dollars, outcome, 0.1))
    await books.goes_out(await books.hold(order))
    # They were all under way as long as each other.
    await pool.rows(
        "update ops.usage set sent_at = settled_at - interval '1 s' where outcome <> 'open' returning 1",
        {},
    )
    await pool.rows(
        "update ops.usage set expires_at = now() - interval '1 s' where outcome = 'open' returning 1", {}
    )  # fmt: skip
    assert await pool.rows("select ops.settle_lost_money() as lost", {}) == [{"lost": 1}]
    [lost] = await pool.rows(
        "select prompt_tokens, completion_tokens, cost::float as cost, source from ops.usage"
        " where outcome = 'lost'", {},
    )  # fmt: skip
    assert lost == {
        "prompt_tokens": 500, "completion_tokens": 25, "cost": pytest.approx(0.001), "source": "estimated",
    }  # fmt: skip
    assert (await balances(pool))["day"] == (pytest.approx(0.005), 0.0)
