"""Balances that somebody else has locked just when an answer came: it is given, and settled later."""

import asyncio
import threading

import psycopg
import pytest

from graph.gateways.postgres import LazyPool
from tests.doubles.loopback_provider import LoopbackProvider
from tests.doubles.loopback_replies import Reply
from tests.integration.money.conftest import ask, balance, budget, model_of

pytestmark = pytest.mark.stack


async def test_an_answer_is_given_while_its_balance_is_locked(
    pool: LazyPool, provider: LoopbackProvider, database_url: str
) -> None:
    loop, asked, locked = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def script(_: object) -> Reply:
        loop.call_soon_threadsafe(asked.set)
        locked.wait(60)
        return Reply(text="fine")

    provider.script = script
    model = model_of(pool, provider, budget())
    asking = asyncio.create_task(ask(model, seconds=120))
    await asked.wait()
    async with await psycopg.AsyncConnection.connect(database_url) as other:
        await other.execute("select from ops.budget_balances for update")
        locked.set()
        assert await asking == "fine"
        assert (await balance(pool))[1] > 0
    await model.close()
    assert await balance(pool) == (pytest.approx(provider.dollars()), 0.0)
    rows = await pool.rows("select outcome, source from ops.usage", {})
    assert rows == [{"outcome": "answered", "source": "provider"}]
