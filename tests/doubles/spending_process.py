"""A process that asks a provider, one question after the other until it is killed, or many at once."""

import asyncio
import contextlib
from typing import Any

from pydantic import SecretStr

from graph.gateways.chat_model import RoutedChatModel
from graph.gateways.postgres import LazyPool
from graph.gateways.usage_ledger import PostgresBooks
from graph.ports import NoAnswer
from kb_contract.chat_models.budgets import Budget
from kb_contract.chat_models.profiles import Profile
from tests.doubles.kept_books import loopback_profile
from tests.doubles.loopback_provider import LoopbackProvider


def spend(database_url: str, api_base: str, calls: int, budgets: tuple[Budget, ...] = ()) -> None:
    asyncio.run(_spend(database_url, api_base, calls, budgets))


def spend_at_once(
    database_url: str, profile: dict[str, Any], prompt: str, calls: int, budgets: tuple[Budget, ...]
) -> None:
    asyncio.run(_spend_at_once(database_url, profile, prompt, calls, budgets))


async def _spend_at_once(
    database_url: str, profile: dict[str, Any], prompt: str, calls: int, budgets: tuple[Budget, ...]
) -> None:
    pool = LazyPool(SecretStr(database_url), seconds=60)
    books = PostgresBooks(pool, budgets=budgets)
    model = RoutedChatModel(Profile.model_validate(profile), books)

    async def ask() -> None:
        with contextlib.suppress(NoAnswer):
            await model.write(system=prompt, user="u", tier="standard", deadline=120)

    await asyncio.gather(*(ask() for _ in range(calls)))
    await model.close()
    await pool.close()


async def _spend(database_url: str, api_base: str, calls: int, budgets: tuple[Budget, ...]) -> None:
    pool = LazyPool(SecretStr(database_url))
    profile = loopback_profile(LoopbackProvider(api_base=api_base))
    model = RoutedChatModel(profile, PostgresBooks(pool, budgets=budgets))
    for _ in range(calls):
        await model.write(system="s", user="u", tier="cheap", deadline=60)
    await pool.close()
