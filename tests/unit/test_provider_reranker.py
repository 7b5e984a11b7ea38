"""A provider's reranker stands in the books as its chat models do: a row for each request, and no redirect."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence

import pytest

from graph.gateways.provider_reranker import ProviderReranker
from graph.gateways.reranking import FAILED, SPENT, Reranking
from graph.ports import WORKING_STEP
from kb_contract.chat_models.books import BudgetSpent, Held, Order
from kb_contract.chat_models.failures import ProviderFailure
from kb_contract.chat_models.profiles import Deployment
from kb_contract.ranking import Ranked
from tests.doubles.kept_books import KeptBooks
from tests.doubles.rerank_provider import RerankProvider, rerank_provider

pytestmark = pytest.mark.timeout(180)
TEXTS = ["a long text", "text", "longest text of all"]
A_QUERY = 0.002


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[RerankProvider]:
    monkeypatch.setenv("COHERE_API_KEY", "test")
    with rerank_provider() as running:
        yield running


@pytest.fixture
async def books() -> KeptBooks:
    return KeptBooks()


@pytest.fixture
async def reranker(provider: RerankProvider, books: KeptBooks) -> AsyncIterator[ProviderReranker]:
    made = reranker_of(provider, books)
    yield made
    await made.close()


def reranker_of(
    provider: RerankProvider, books: KeptBooks, model: str = "cohere/rerank-v3.5"
) -> ProviderReranker:
    return ProviderReranker(Deployment(model=model, api_base=provider.base), books)


def best_first(scores: Sequence[float]) -> list[int]:
    return sorted(range(len(scores)), key=lambda at: -scores[at])


async def test_one_request_is_one_row_of_the_agent_at_work(
    provider: RerankProvider, books: KeptBooks, reranker: ProviderReranker
) -> None:
    token = WORKING_STEP.set(("s1", "harbour"))
    scores = await reranker.score("q", TEXTS)
    assert WORKING_STEP.get() == ("s1", "harbour")
    WORKING_STEP.reset(token)
    await reranker.close()
    assert best_first(scores) == [1, 0, 2]
    [order], [receipt] = books.orders, books.receipts
    assert books.who == [("rerank", "harbour")]
    assert books.sent == [receipt.held]
    assert (order.model, order.most_dollars) == ("cohere/rerank-v3.5", A_QUERY)
    assert (receipt.outcome, receipt.dollars, receipt.count.source) == (
        "answered", A_QUERY, "estimated",
    )  # fmt: skip
    assert receipt.count.prompt == order.prompt_tokens > len(TEXTS)


@pytest.mark.parametrize(
    ("billed", "dollars", "source"),
    [
        ({"search_units": 2}, 2 * A_QUERY, "provider"),
        ({"search_units": 10**9}, A_QUERY, "estimated"),
        ({"search_units": -1, "total_tokens": -1}, A_QUERY, "estimated"),
    ],
)
async def test_what_the_provider_bills_is_believed_where_it_can_be_true(
    provider: RerankProvider, books: KeptBooks, reranker: ProviderReranker,
    billed: dict[str, int], dollars: float, source: str,
) -> None:  # fmt: skip
    provider.meta = {"billed_units": billed}
    await reranker.score("q", TEXTS)
    await reranker.close()
    [receipt] = books.receipts
    assert (receipt.dollars, receipt.count.source) == (dollars, source)


async def test_a_model_without_a_price_is_put_down_as_an_estimate_of_nothing(
    provider: RerankProvider, books: KeptBooks
) -> None:
    reranker = reranker_of(provider, books, "cohere/of-our-own")
    await reranker.score("q", TEXTS)
    await reranker.close()
    [receipt] = books.receipts
    assert (receipt.dollars, receipt.count.source) == (0.0, "estimated")
    assert receipt.count.prompt > 0


async def test_a_redirect_is_not_followed_and_costs_nothing(
    provider: RerankProvider, books: KeptBooks, reranker: ProviderReranker
) -> None:
    provider.status = 307
    with pytest.raises(ProviderFailure):
        await reranker.score("q", TEXTS)
    await reranker.close()
    assert [one["path"] for one in provider.calls] == ["/v2/rerank"]
    [receipt] = books.receipts
    assert (receipt.outcome, receipt.dollars, receipt.count.prompt) == ("failed", 0.0, 0)


async def test_after_a_wrong_key_nobody_asks_again_at_once(
    provider: RerankProvider, books: KeptBooks, reranker: ProviderReranker
) -> None:
    provider.status = 401
    with pytest.raises(ProviderFailure, match="401"):
        await reranker.score("q", TEXTS)
    with pytest.raises(ProviderFailure, match="is not asked"):
        await reranker.score("q", TEXTS)
    assert (len(provider.calls), len(books.orders)) == (1, 1)


async def test_scores_of_other_texts_are_none_and_are_paid(
    provider: RerankProvider, books: KeptBooks, reranker: ProviderReranker
) -> None:
    provider.first_index = 1
    found = [Ranked(str(one), 0.5, 0.5) for one in range(3)]
    ranked = Reranking(reranker, "api", 60.0)
    assert await ranked.order("q", found, lambda one: TEXTS[int(one.chunk_id)]) == (found, FAILED)
    await reranker.close()
    assert [(one.outcome, one.dollars) for one in books.receipts] == [("failed", A_QUERY)]


async def test_who_gives_up_pays_for_what_went_out(
    provider: RerankProvider, books: KeptBooks, reranker: ProviderReranker
) -> None:
    provider.may_answer.clear()
    asking = asyncio.create_task(reranker.score("q", TEXTS))
    assert await asyncio.to_thread(provider.asked.wait, 60)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await reranker.close()
    assert [(one.outcome, one.dollars) for one in books.receipts] == [("abandoned", A_QUERY)]


class SpentBooks(KeptBooks):
    async def hold(self, order: Order) -> Held:
        raise BudgetSpent("nothing is left", over="reject", where="LLM_PROFILES", cure="wait")


async def test_where_the_budget_is_spent_nobody_is_asked_and_that_is_said(
    provider: RerankProvider,
) -> None:
    ranked = Reranking(reranker_of(provider, SpentBooks()), "api", 60.0)
    found = [Ranked(str(one), 0.5, 0.5) for one in range(3)]
    for _ in range(2):  # who is refused does not rest: there may be room for the next
        by_blend = await ranked.order("q", found, lambda one: TEXTS[int(one.chunk_id)])
        assert by_blend == (found, SPENT)
    assert provider.calls == []


async def test_what_it_does_not_take_says_nothing_of_the_model(
    provider: RerankProvider, reranker: ProviderReranker
) -> None:
    provider.status = 400
    for _ in range(5):
        with pytest.raises(ProviderFailure):
            await reranker.score("q", TEXTS)
    provider.status = 200
    assert best_first(await reranker.score("q", TEXTS)) == [1, 0, 2]
