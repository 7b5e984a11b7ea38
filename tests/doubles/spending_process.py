"""A process that asks a provider one question after the other, until it is killed."""

import asyncio

from pydantic import SecretStr

from graph.gateways.chat_model import RoutedChatModel
from graph.gateways.postgres import LazyPool
from graph.gateways.usage_ledger import PostgresBooks
from kb_contract.chat_models.budgets import Budget
from tests.doubles.kept_books import loopback_profile
from tests.doubles.loopback_provider import LoopbackProvider


def spend(database_url: str, api_base: str, calls: int, budgets: tuple[Budget, ...] = ()) -> None:
    asyncio.run(_spend(database_url, api_base, calls, budgets))


async def _spend(database_url: str, api_base: str, calls: int, budgets: tuple[Budget, ...]) -> None:
    pool = LazyPool(SecretStr(database_url))
    profile = loopback_profile(LoopbackProvider(api_base=api_base))
    model = RoutedChatModel(profile, PostgresBooks(pool, budgets=budgets))
    for _ in range(calls):
        await model.write(system="s", user="u", tier="cheap", deadline=60)
    await pool.close()
