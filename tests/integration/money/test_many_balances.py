"""Many paid threads, users and days: no budget and no day is hidden by the others."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from graph.gateways.postgres import LazyPool
from graph.gateways.usage_ledger import PostgresBooks
from kb.client import Client
from kb_contract.chat_models.budgets import Budget
from tests.doubles.in_memory_knowledge import InMemoryKnowledge
from tests.doubles.whole_reader import reader_settings, whole_reader
from tests.integration.money.conftest import budget, order

pytestmark = pytest.mark.stack
FILE = """
profiles: {}
budgets:
  - {name: per-session, scope: session, period: ever, cap: 5}
  - {name: service, scope: service, period: ever, cap: 10}
"""
ASKS = budget(name="service", cap=10.0, period="ever", over="ask")


async def many_balances(pool: LazyPool, service: float) -> None:
    """As three hundred paid threads leave them, whose budget comes first in the alphabet."""
    await pool.run(
        "insert into ops.budget_balances (budget, subject, begins, spent, held)"
        " select 'per-session', 'default/' || n, 'ever', n / 100.0, 0 from generate_series(1, 300) n"
        " union all select 'service', 'default/*', 'ever', %(spent)s, 0.5",
        {"spent": service},
    )


async def test_a_budget_that_asks_looks_at_its_own_balance(pool: LazyPool) -> None:
    await many_balances(pool, 9.0)
    sessions = Budget(name="per-session", scope="session", period="ever", cap=5)
    books = PostgresBooks(pool, budgets=(sessions, ASKS))
    assert await books.asks([("keeper", order(0.2))]) == ""
    assert "9.5000 of 10 dollars" in await books.asks([("keeper", order(0.2)), ("b", order(0.4))])
    assert await books.asks([]) == ""


async def test_every_budget_is_shown_however_many_balances_another_has(
    pool: LazyPool, database_url: str, tmp_path: Path
) -> None:
    await many_balances(pool, 9.0)
    file = tmp_path / "models.yaml"
    file.write_text(FILE, encoding="utf-8")
    settings = reader_settings(database_url, llm_profiles=str(file))
    async with whole_reader(settings, InMemoryKnowledge()) as url:
        said = await asyncio.to_thread(Client(url=url).costs)
        async with httpx.AsyncClient(base_url=url) as client:
            shown = (await client.get("/metrics")).text.splitlines()
    of_sessions = [one for one in said["budgets"] if one["budget"] == "per-session"]
    assert [one["subject"] for one in of_sessions[:2]] == ["300", "299"]
    assert len(of_sessions) == 50
    [service] = [one for one in said["budgets"] if one["budget"] == "service"]
    assert (service["spent"], service["held"], service["used"]) == (9.0, 0.5, 0.95)
    assert 'scriptorium_budget_used{budget="service"} 0.95' in shown
    assert 'scriptorium_budget_used{budget="per-session"} 0.6' in shown


async def test_of_many_days_the_newest_are_shown(pool: LazyPool, database_url: str) -> None:
    await pool.run(
        "insert into ops.usage (call_id, workspace_id, model, tier, role, prompt_tokens, completion_tokens,"
        " cost, source, outcome, at)"
        " select gen_random_uuid(), 'default', 'm', 'cheap', 'primary', 1, 1, 0.5, 'provider', 'answered',"
        "  now() - make_interval(days => n) from generate_series(0, 119) n",
        {},
    )
    today = datetime.now(UTC)
    async with whole_reader(reader_settings(database_url), InMemoryKnowledge()) as url:
        since = (today - timedelta(days=365)).isoformat()
        said = await asyncio.to_thread(Client(url=url).costs, by="day", since=since)
    days = [row["name"] for row in said["rows"]]
    assert (len(days), days) == (100, sorted(days))
    assert days[-1] == today.strftime("%Y-%m-%d")
