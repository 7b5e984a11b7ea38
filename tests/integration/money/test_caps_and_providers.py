"""Two processes ask fifty at once, of providers that bill more than we count: by their own books no cap is passed."""

import asyncio

import pytest

from graph.gateways.chat_model import RoutedChatModel
from graph.gateways.postgres import LazyPool
from graph.gateways.usage_ledger import PostgresBooks
from graph.ports import NoAnswer
from kb_contract.chat_models.books import Bound, BudgetSpent, Receipt
from kb_contract.chat_models.budgets import Budget
from kb_contract.chat_models.prices import Count
from kb_contract.chat_models.profiles import Profile
from tests.doubles.loopback_provider import LoopbackProvider
from tests.doubles.loopback_replies import Reply
from tests.doubles.quick_processes import quick_processes
from tests.doubles.spending_process import spend_at_once
from tests.integration.money.conftest import balance, budget, order

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
CAP = 0.02
MAX_TOKENS = 200
PROMPT = "What do the passages say of it? " * 70
REPLIES = {
    "counts half more in prompts": lambda most: Reply(text="It is so.", prompts_so=1.5),
    "fills what it may write": lambda most: Reply(text="word " * (most - 1)),
    "writes twice what it may": lambda most: Reply(text="word " * (2 * most - 1)),
}


async def use_up(model: RoutedChatModel) -> None:
    for _ in range(50):
        await model.write(system=PROMPT, user="u", tier="standard", deadline=120)


@pytest.mark.parametrize("kind", [
    pytest.param(kind, marks=[] if kind.startswith("writes") else [pytest.mark.full]) for kind in REPLIES
])  # fmt: skip
async def test_fifty_at_once_out_of_two_processes_pass_no_cap(
    pool: LazyPool, provider: LoopbackProvider, database_url: str, kind: str
) -> None:
    provider.script = lambda call: REPLIES[kind](call["max_tokens"])
    model = {"model": "openai/primary", "api_base": provider.api_base, "api_key": "k", "input_price": 1,
             "output_price": 2, "max_tokens": MAX_TOKENS}  # fmt: skip
    cap = Budget(name="all", cap=CAP)
    asking = [
        quick_processes().Process(
            target=spend_at_once,
            args=(database_url, {"primary": {"standard": model}}, PROMPT, 25, (cap,)),
        )
        for _ in range(2)
    ]
    for one in asking:
        one.start()
    for one in asking:
        await asyncio.to_thread(one.join)
    assert [one.exitcode for one in asking] == [0, 0]
    assert 0 < provider.dollars() <= CAP
    assert len(provider.calls) < 50, "not everybody gets some"
    # Most of it can be used all the same, however long those waited who asked at once.
    profile = Profile.model_validate({"primary": {"standard": model}})
    alone = RoutedChatModel(profile, PostgresBooks(pool, budgets=(cap,)))
    with pytest.raises(NoAnswer, match="no room"):
        await use_up(alone)
    await alone.close()
    billed = provider.dollars()
    assert CAP * 3 / 4 <= billed <= CAP
    assert await balance(pool) == (pytest.approx(billed, rel=0.01), 0.0)


async def test_where_there_is_room_for_less_than_the_worst_one_goes_alone(pool: LazyPool) -> None:
    books = PostgresBooks(pool, budgets=(budget(cap=0.15),))
    wanted = order(0.10, bound=Bound(456, 456, 0.40))
    alone = await books.hold(wanted)
    assert await balance(pool) == (0.0, 0.15)
    with pytest.raises(BudgetSpent) as refused:
        await books.hold(order(0.01))
    assert refused.value.momentary
    await books.settle(Receipt(alone, Count(100, 30, 0, "provider"), 0.03, "answered", 0.1))
    await books.settle(
        Receipt(await books.hold(wanted), Count(100, 30, 0, "provider"), 0.03, "answered", 0.1)
    )
    with pytest.raises(BudgetSpent, match=r"0\.0600 of 0\.15 dollars spent, 0\.0000 held") as spent:
        await books.hold(wanted)
    assert not spent.value.momentary


async def test_what_a_provider_took_beyond_our_count_is_looked_for_before_one_goes_alone(
    pool: LazyPool,
) -> None:
    books = PostgresBooks(pool, budgets=(budget(cap=1.0),))
    wanted = order(0.10, bound=Bound(456, 456, 0.40))
    first = await books.hold(wanted)
    # Half more in the prompt, twice as much written.
    await books.settle(Receipt(first, Count(150, 200, 0, "provider"), 0.175, "answered", 0.1))
    small = PostgresBooks(pool, budgets=(budget(name="small", cap=0.19),))
    with pytest.raises(BudgetSpent, match=r"0\.1925 wanted, and 0\.4000 at worst"):
        await small.hold(wanted)  # a tenth more than 0.05 * 1.5 + 0.05 * 2
    enough = PostgresBooks(pool, budgets=(budget(name="enough", cap=0.195),))
    await enough.hold(wanted)


async def test_a_first_question_fits_into_a_cent(
    pool: LazyPool, provider: LoopbackProvider
) -> None:
    """Prices of a cheap model of today, and all of an answer's 2000 tokens."""
    cheap = {"model": "openai/primary", "api_base": provider.api_base, "api_key": "k", "input_price": 0.15,
             "output_price": 0.6}  # fmt: skip
    provider.says("fine")
    cap = Budget(name="all", cap=0.01, scope="service")
    await asyncio.to_thread(
        spend_at_once, str(pool.database_url.get_secret_value()), {"primary": {"standard": cheap}}, PROMPT, 3, (cap,)
    )  # fmt: skip
    assert len(provider.calls) == 3
