"""A provider's vectors: a row in the books for each request, patience where it may pass, clear words where not."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy as np
import pytest
from pydantic import SecretStr

from kb_contract.chat_models.books import BudgetSpent, Held, Order
from kb_contract.chat_models.breaker import PROBE_LOOK, BreakerRules
from kb_contract.chat_models.profiles import Deployment, Profile
from kb_contract.chat_models.switchboard import Switchboard
from kb_contract.errors import BadInput, BadSetting, BadVector, Unavailable
from kb_contract.provider_embeddings.patience import Patience
from kb_contract.provider_embeddings.provider import REQUESTS_AT_ONCE, EmbeddingProvider
from kb_contract.provider_embeddings.spaces import (
    TEXTS_IN_A_REQUEST,
    most_tokens,
    provider_space,
)
from kb_contract.provider_embeddings.tokens import beginning, usual_counter
from tests.doubles.embedding_provider import LoopbackEmbeddings, Refusal, embedding_provider
from tests.doubles.hash_embedder import HashEmbedder
from tests.doubles.kept_books import KeptBooks

pytestmark = pytest.mark.timeout(180)
SMALL = "openai/text-embedding-3-small"
OURS = "openai/of-our-own"
A_MILLION = 0.02
TEXTS = ["ships lie in the harbour", "leave lasts thirty days"]
QUICK = Patience(tries=3, longest=0.05, in_all=10.0)


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackEmbeddings]:
    for name in ("OPENAI_API_KEY", "COHERE_API_KEY", "VOYAGE_API_KEY"):
        monkeypatch.setenv(name, "sk-test")
    with embedding_provider() as running:
        yield running


@pytest.fixture
async def books() -> KeptBooks:
    return KeptBooks()


def provider_of(
    running: LoopbackEmbeddings, books: Any, model: str = OURS, dimension: int = 384,
    path: str = "/v1", **more: Any,
) -> EmbeddingProvider:  # fmt: skip
    space = provider_space(f"litellm/{model}", dimension)
    return EmbeddingProvider(
        Deployment(model=model, api_base=running.base(path), **more), space, books, QUICK
    )


@pytest.fixture
async def provider(
    running: LoopbackEmbeddings, books: KeptBooks
) -> AsyncIterator[EmbeddingProvider]:
    made = provider_of(running, books)
    yield made
    await made.board.finished()


async def test_each_text_has_its_row_of_length_one_whatever_their_order(
    running: LoopbackEmbeddings, provider: EmbeddingProvider
) -> None:
    running.backwards = True
    rows = await provider.embed(TEXTS, "passage")
    assert np.allclose(rows, HashEmbedder().embed(TEXTS), atol=1e-6)
    assert np.allclose(np.linalg.norm(rows, axis=1), 1)
    assert (await provider.embed([], "passage")).shape == (0, 384)
    assert len(running.calls) == 1


async def test_a_request_is_a_row_with_what_the_provider_counted(
    running: LoopbackEmbeddings, books: KeptBooks
) -> None:
    provider = provider_of(running, books, SMALL, dimension=0)
    await provider.embed(TEXTS, "passage")
    await provider.board.finished()
    [order], [receipt] = books.orders, books.receipts
    assert order.model == SMALL
    assert books.sent == [receipt.held]
    assert (receipt.outcome, receipt.count.source, receipt.count.prompt) == (
        "answered", "provider", sum(len(one.split()) for one in TEXTS),
    )  # fmt: skip
    assert receipt.dollars == pytest.approx(receipt.count.prompt * A_MILLION / 1e6)
    assert order.bound.dollars >= order.most_dollars > 0
    assert order.prompt_tokens == sum(usual_counter()(one) for one in TEXTS)


async def test_what_the_provider_cannot_have_counted_is_not_believed(
    running: LoopbackEmbeddings, books: KeptBooks
) -> None:
    provider = provider_of(running, books)
    await provider.embed([",a" * 2000] * 12, "passage")  # twelve words, as it counts
    await provider.board.finished()
    [receipt] = books.receipts
    assert receipt.count.source == "estimated"
    assert receipt.count.prompt > 100


async def test_many_texts_are_a_few_requests_side_by_side(
    running: LoopbackEmbeddings, provider: EmbeddingProvider
) -> None:
    texts = [f"text {at}" for at in range(TEXTS_IN_A_REQUEST * 9 + 1)]
    running.may_answer.clear()
    asking = asyncio.create_task(provider.embed(texts, "passage"))
    for _ in range(REQUESTS_AT_ONCE):
        assert await asyncio.to_thread(running.arrived.acquire, timeout=60)
    running.may_answer.set()
    assert np.allclose(await asking, HashEmbedder().embed(texts), atol=1e-6)
    assert len(running.calls) == 10
    assert running.most_together == REQUESTS_AT_ONCE


@pytest.mark.parametrize(
    ("model", "path", "passage", "question"),
    [
        (OURS, "/v1", None, None),
        ("cohere/embed-english-v3.0", "/v2/embed", "search_document", "search_query"),
        ("voyage/voyage-3", "/v1", "document", "query"),
    ],
)
async def test_a_provider_is_told_which_texts_are_questions_where_it_wants_to_know(
    running: LoopbackEmbeddings, books: KeptBooks,
    model: str, path: str, passage: str | None, question: str | None,
) -> None:  # fmt: skip
    provider = provider_of(running, books, model, path=path)
    rows = await provider.embed(TEXTS, "passage")
    await provider.embed(TEXTS, "question")
    assert [one.get("input_type") for one in running.calls] == [passage, question]
    assert np.allclose(rows, HashEmbedder().embed(TEXTS), atol=1e-6)
    await provider.board.finished()
    assert {one.count.source for one in books.receipts} == {"provider"}


async def test_fewer_numbers_are_asked_for_only_where_the_model_has_more(
    running: LoopbackEmbeddings, books: KeptBooks
) -> None:
    short = await provider_of(running, books, SMALL, dimension=256).embed(TEXTS, "passage")
    whole = await provider_of(running, books, SMALL, dimension=1536).embed(TEXTS, "passage")
    ours = await provider_of(running, books).embed(TEXTS, "passage")
    assert [one.get("dimensions") for one in running.calls[:1]] == [256]
    assert running.calls[2].get("dimensions") is None
    assert (short.shape[1], whole.shape[1], ours.shape[1]) == (256, 1536, 384)


async def test_vectors_of_another_length_name_the_setting(
    running: LoopbackEmbeddings, provider: EmbeddingProvider
) -> None:
    running.dimension = 768
    with pytest.raises(BadSetting, match=r"EMBEDDING_DIMENSION: .*768 numbers, not 384.*768"):
        await provider.embed(TEXTS, "passage")


@pytest.mark.parametrize(
    "refusal", [Refusal(429, {"retry-after": "0.01"}), Refusal(503), Refusal(500)]
)
async def test_what_may_pass_is_asked_again(
    running: LoopbackEmbeddings, provider: EmbeddingProvider, books: KeptBooks, refusal: Refusal
) -> None:
    running.refusals.append(refusal)
    assert (await provider.embed(TEXTS, "passage")).shape == (2, 384)
    await provider.board.finished()
    assert [one.outcome for one in books.receipts] == ["failed", "answered"]
    assert books.receipts[0].dollars == 0


@pytest.mark.parametrize(
    ("status", "error", "said"),
    [
        (401, BadSetting, r"EMBEDDING_MODEL: .*refuses us .*401.*key"),
        (404, BadSetting, r"EMBEDDING_MODEL: .*refuses us"),
        (400, BadInput, r"does not take this"),
        (503, Unavailable, r"does not answer"),
    ],
)
async def test_what_is_in_vain_says_what_to_do(
    running: LoopbackEmbeddings, provider: EmbeddingProvider, status: int, error: Any, said: str
) -> None:
    running.always = Refusal(status)
    with pytest.raises(error, match=said):
        await provider.embed(TEXTS, "passage")
    assert len(running.calls) == (3 if status == 503 else 1)


async def test_a_provider_that_wants_a_long_rest_is_not_waited_for(
    running: LoopbackEmbeddings, provider: EmbeddingProvider
) -> None:
    running.always = Refusal(429, {"retry-after": "300"})
    with pytest.raises(Unavailable):
        await provider.embed(TEXTS, "passage")
    with pytest.raises(Unavailable, match="is not asked for"):
        await provider.embed(TEXTS, "passage")
    assert len(running.calls) == 1


async def test_vectors_that_do_not_come_are_paid_and_no_vectors(
    running: LoopbackEmbeddings, books: KeptBooks
) -> None:
    running.left_out = 1
    provider = provider_of(running, books, input_price=1.0)
    with pytest.raises(BadVector, match="2 texts gave 1 vectors"):
        await provider.embed(TEXTS, "passage")
    await provider.board.finished()
    [receipt] = books.receipts  # whoever asked asks for less at once
    assert (receipt.outcome, receipt.dollars > 0) == ("failed", True)
    assert provider.board.numbers()[0]["state"] == "closed"


async def test_a_key_of_its_own_goes_along_and_is_shown_nowhere(
    running: LoopbackEmbeddings, books: KeptBooks
) -> None:
    provider = provider_of(running, books, api_key=SecretStr("sk-of-its-own"))
    await provider.embed(TEXTS, "passage")
    assert running.calls[0]["key"] == "Bearer sk-of-its-own"
    assert "sk-of-its-own" not in repr(provider)


async def test_who_gives_up_pays_for_what_went_out_and_waits_for_nothing(
    running: LoopbackEmbeddings, books: KeptBooks
) -> None:
    provider = provider_of(running, books, input_price=1.0)
    running.may_answer.clear()
    asking = asyncio.create_task(provider.embed(TEXTS, "passage"))
    assert await asyncio.to_thread(running.arrived.acquire, timeout=60)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    running.may_answer.set()
    await provider.board.finished()
    assert [(one.outcome, one.dollars > 0) for one in books.receipts] == [("abandoned", True)]


class SpentBooks(KeptBooks):
    def __init__(self, times: int, *, momentary: bool) -> None:
        super().__init__()
        self.times, self.momentary = times, momentary

    async def hold(self, order: Order) -> Held:
        if self.times > 0:
            self.times -= 1
            raise BudgetSpent(
                "the budget team is spent", over="reject", momentary=self.momentary,
                where="LLM_PROFILES", cure="raise its cap",
            )  # fmt: skip
        return await super().hold(order)


async def test_a_budget_that_is_spent_is_said_and_nobody_is_asked(
    running: LoopbackEmbeddings,
) -> None:
    provider = provider_of(running, SpentBooks(99, momentary=False))
    with pytest.raises(BadSetting, match=r"LLM_PROFILES: the budget team is spent → raise its cap"):
        await provider.embed(TEXTS, "passage")
    assert running.calls == []


async def test_a_budget_that_others_hold_for_a_moment_is_waited_for(
    running: LoopbackEmbeddings,
) -> None:
    provider = provider_of(running, SpentBooks(2, momentary=True))
    assert (await provider.embed(TEXTS, "passage")).shape == (2, 384)


class AwayBooks(KeptBooks):
    async def goes_out(self, held: Held) -> None:
        raise ConnectionError("the books are away")


async def test_what_the_books_do_not_take_down_is_not_sent(running: LoopbackEmbeddings) -> None:
    books = AwayBooks()
    provider = provider_of(running, books)
    with pytest.raises(ConnectionError, match="the books are away"):
        await provider.embed(TEXTS, "passage")
    await provider.board.finished()
    assert running.calls == []
    assert [(one.outcome, one.count.prompt) for one in books.receipts] == [("abandoned", 0)]
    assert provider.board.numbers()[0]["state"] == "closed"


async def test_a_text_is_cut_where_the_model_stops_reading(
    running: LoopbackEmbeddings, books: KeptBooks
) -> None:
    long = "日本語 words " * 3000
    provider = provider_of(running, books)
    await provider.embed([long, "short"], "passage")
    sent, short = running.texts
    assert long.startswith(sent)
    assert usual_counter()(sent) <= most_tokens(provider.space.model) == 512
    assert short == "short"
    assert beginning("🦊" * 600, 512) != "🦊" * 600


async def test_a_silent_provider_is_late_and_may_have_worked(
    running: LoopbackEmbeddings, books: KeptBooks
) -> None:
    provider = provider_of(running, books, timeout=0.2, input_price=1.0)
    running.may_answer.clear()
    with pytest.raises(Unavailable, match="no answer in time"):
        await provider.embed(TEXTS, "passage")
    running.may_answer.set()
    await provider.board.finished()
    assert len(books.receipts) == 3
    assert all(one.outcome == "failed" and one.dollars > 0 for one in books.receipts)


async def test_what_was_never_sent_lies_at_the_settings_and_not_at_the_provider(
    running: LoopbackEmbeddings, books: KeptBooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    provider = provider_of(running, books)
    with pytest.raises(BadSetting, match=r"EMBEDDING_MODEL: .*before anything was sent.*key"):
        await provider.embed(TEXTS, "passage")
    await provider.board.finished()
    assert running.calls == []
    assert [(one.outcome, one.count.prompt) for one in books.receipts] == [("failed", 0)]
    assert provider.board.numbers()[0]["state"] == "closed"


async def test_waiting_for_a_model_that_nobody_may_ask_takes_no_try(
    running: LoopbackEmbeddings, books: KeptBooks
) -> None:
    """Four requests fail, so the breaker opens; while one of them probes, the others look again and again."""
    provider = provider_of(running, books)
    rules = BreakerRules(rest=0.05)
    board = Switchboard(Profile(primary={"standard": provider.model}), rules=rules)
    object.__setattr__(provider, "board", board)
    running.refusals.extend([Refusal(503)] * 4)
    running.quick = 4
    running.may_answer.clear()
    texts = [f"text {at}" for at in range(TEXTS_IN_A_REQUEST * 4)]
    asking = asyncio.create_task(provider.embed(texts, "passage"))
    for _ in range(5):
        assert await asyncio.to_thread(running.arrived.acquire, timeout=60)
    await asyncio.sleep(QUICK.tries * 2 * PROBE_LOOK)  # so slow is the one that probes
    assert board.numbers()[0]["state"] == "half_open"
    running.may_answer.set()
    assert (await asking).shape == (len(texts), 384)


@pytest.mark.parametrize("text", ["files/abc", "gs://bucket/a.png", "data:image/png;base64,AAAA"])
async def test_a_text_that_looks_like_a_place_is_sent_as_words(
    running: LoopbackEmbeddings, books: KeptBooks, text: str
) -> None:
    provider = provider_of(running, books, "cohere/of-our-own", path="/v2/embed")
    await provider.embed(["words", text], "passage")
    [call] = running.calls
    assert call["texts"] == ["words", f"\n{text}"]
    assert "images" not in call
