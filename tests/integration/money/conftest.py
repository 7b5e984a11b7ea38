"""Money on a real Postgres, and a provider that keeps books of its own."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from graph.gateways.chat_model import RoutedChatModel
from graph.gateways.postgres import LazyPool
from graph.gateways.usage_ledger import PostgresBooks
from kb_contract.chat_models.books import Bound, Order
from kb_contract.chat_models.budgets import Budget
from tests.doubles.kept_books import loopback_profile
from tests.doubles.loopback_provider import LoopbackProvider, loopback_provider


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
    bound = Bound(100, 100, more.get("most_dollars", dollars))
    return Order(**{
        "model": "m", "tier": "standard", "role": "primary", "prompt_tokens": 100, "most_completion": 100,
        "prompt_dollars": dollars / 2, "most_dollars": dollars, "seconds": 5, "bound": bound, **more,
    })  # fmt: skip


def budget(**more: Any) -> Budget:
    return Budget.model_validate({"name": "all", "cap": 1.0, **more})


async def balance(pool: LazyPool) -> tuple[float, float]:
    [row] = await pool.rows(
        "select sum(spent)::float as spent, sum(held)::float as held from ops.budget_balances", {}
    )
    return row["spent"] or 0.0, row["held"] or 0.0


def model_of(
    pool: LazyPool, provider: LoopbackProvider, *budgets: Budget, **more: Any
) -> RoutedChatModel:
    return RoutedChatModel(loopback_profile(provider, **more), PostgresBooks(pool, budgets=budgets))


async def ask(model: RoutedChatModel, tier: str = "strong", seconds: float = 20) -> str:
    return (await model.write(system="s", user="u", tier=tier, deadline=seconds)).text
