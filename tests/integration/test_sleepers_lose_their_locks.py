"""A process that stops in the middle of a transaction does not hold the others up for ever."""

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import SecretStr

from graph.checkpoints import checkpoint_pool
from graph.postgres_session import PASSING_ERRORS
from graph.server.database import server_pool
from kb.migrate import migrate

pytestmark = [pytest.mark.stack, pytest.mark.timeout(180)]
LOCK = "select pg_advisory_xact_lock(41)"


@pytest.fixture(scope="module")
def url(postgres: Any) -> str:
    url = postgres.url("sleepers")
    migrate(url)
    return url


POOLS: dict[str, Callable[[str], Any]] = {
    "server": lambda url: server_pool(SecretStr(url), largest=2),
    "checkpoints": lambda url: checkpoint_pool(url, largest=2),
}


@pytest.mark.parametrize("kind", sorted(POOLS))
async def test_a_sleeper_loses_its_lock_and_its_transaction(kind: str, url: str):
    async with POOLS[kind](url) as pool:
        async with pool.connection() as sleeper:
            await sleeper.execute("begin")
            await sleeper.execute(LOCK)  # and from here on the process does nothing, as if stopped
            async with pool.connection() as other, other.transaction():
                await other.execute(LOCK)
            with pytest.raises(PASSING_ERRORS):
                await sleeper.execute("select 1")
        async with pool.connection() as fresh:
            assert (await (await fresh.execute("select 1 as one")).fetchone()) == {"one": 1}
