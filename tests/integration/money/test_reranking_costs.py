"""What a provider's reranker takes, in the books on a real Postgres."""

import pytest

from graph.gateways.postgres import LazyPool
from graph.gateways.provider_reranker import ProviderReranker
from graph.gateways.reranking import SPENT, Reranking
from graph.gateways.usage_ledger import PostgresBooks
from kb_contract.chat_models.profiles import Deployment
from kb_contract.named_queries import named_queries
from kb_contract.ranking import Ranked
from tests.doubles.rerank_provider import rerank_provider
from tests.integration.money.conftest import balance, budget

pytestmark = pytest.mark.stack


async def test_requests_are_rows_until_the_budget_is_spent_and_none_goes_out_after_it(
    pool: LazyPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COHERE_API_KEY", "test")
    found = [Ranked(str(one), 0.5, 0.5) for one in range(3)]
    with rerank_provider() as provider:
        # A query costs 0.002 dollars: there is room for two.
        books = PostgresBooks(pool, budgets=(budget(cap=0.005),))
        model = Deployment(model="cohere/rerank-v3.5", api_base=provider.base)
        reranker = ProviderReranker(model, books)
        ranked_by: list[str] = []
        for _ in range(4):
            _, by = await Reranking(reranker, "api", 60.0).order("q", found, lambda one: "a text")
            ranked_by.append(by)
            await reranker.close()
        assert ranked_by == ["api", "api", SPENT, SPENT]
        assert len(provider.calls) == 2
    assert await balance(pool) == pytest.approx((0.004, 0.0))
    rows = await pool.rows(
        "select step_id, outcome, sent_at is not null as sent from ops.usage", {}
    )
    assert rows == [{"step_id": "rerank", "outcome": "answered", "sent": True}] * 2
    asked = {
        "workspace": books.workspace_id,
        "by": "type",
        "since": "-infinity",
        "until": None,
        "limit": 9,
    }
    [row] = await pool.rows(named_queries("costs")["costs"], asked)
    assert (row["name"], row["requests"], row["cost"]) == ("rerank", 2, pytest.approx(0.004))
