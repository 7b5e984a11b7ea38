"""The books of a provider beside ours: after faults, dead processes and late answers."""

import asyncio
import json
import random
import time

import pytest

from graph.gateways.postgres import LazyPool
from graph.gateways.usage_ledger import PostgresBooks
from graph.ports import NoAnswer
from kb_contract.chat_models.books import Receipt
from kb_contract.chat_models.prices import Count
from tests.doubles.loopback_provider import LoopbackProvider
from tests.doubles.loopback_replies import Reply
from tests.doubles.quick_processes import quick_processes
from tests.doubles.spending_process import spend
from tests.integration.money.conftest import balance, budget, model_of, order

pytestmark = pytest.mark.stack


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
        process = quick_processes().Process(
            target=spend, args=(database_url, provider.api_base, 12)
        )
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
