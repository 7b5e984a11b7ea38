"""Caps that no race passes: what is held, freed, shared, warned of and waited for."""

import asyncio
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from graph.gateways.chat_model import RoutedChatModel
from graph.gateways.postgres import LazyPool
from graph.gateways.usage_ledger import PostgresBooks
from graph.ports import APPROVED_STEP, WORKING_STEP, NoAnswer
from kb_contract.chat_models.books import BudgetSpent, NoRoom, Receipt
from kb_contract.chat_models.prices import Count
from kb_contract.named_queries import named_queries
from tests.doubles.kept_books import loopback_profile
from tests.doubles.loopback_provider import LoopbackProvider
from tests.integration.money.conftest import ask, balance, budget, model_of, order

pytestmark = pytest.mark.stack


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
        values = {
            "workspace": workspace,
            "begins": [budgets[0].begins(datetime.now(UTC))],
            "limit": 9,
        }
        rows = await pool.rows(named_queries("costs")["balances"], values)
        assert [(one["subject"], one["spent"]) for one in rows] == [("*", one) for one in shown]


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


async def test_who_waits_for_room_says_it_once_and_another_kind_anew(pool: LazyPool) -> None:
    books = PostgresBooks(pool, budgets=(budget(cap=0.15, over="throttle"),))
    held = await books.hold(order(0.10))

    async def refused(told: NoRoom | None) -> tuple[NoRoom, int]:
        with capture_logs() as logs, pytest.raises(BudgetSpent) as no_room:
            await books.hold(order(0.10, told=told))
        return no_room.value.kind, len(logs)

    assert [await refused(None), await refused("budget_waits")] == [
        ("budget_waits", 1), ("budget_waits", 0),
    ]  # fmt: skip
    await books.settle(Receipt(held, Count(10, 10), 0.10, "answered", 0.1))
    assert await refused("budget_waits") == ("budget_spent", 1)


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
