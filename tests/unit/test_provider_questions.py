"""A provider's vectors of questions: remembered, on the account of the step at work, and clearly missed."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from graph.gateways.provider_questions import ProviderQuestions
from graph.ports import WORKING_STEP
from kb_contract.chat_models.profiles import Deployment
from kb_contract.embedding_space import nearness_key
from kb_contract.errors import KnowledgeUnavailable
from kb_contract.provider_embeddings.patience import Patience
from kb_contract.provider_embeddings.provider import EmbeddingProvider
from kb_contract.provider_embeddings.spaces import provider_space
from tests.doubles.embedding_provider import LoopbackEmbeddings, Refusal, embedding_provider
from tests.doubles.hash_embedder import HashEmbedder
from tests.doubles.kept_books import KeptBooks

pytestmark = pytest.mark.timeout(180)
MODEL = "litellm/cohere/of-our-own"


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackEmbeddings]:
    monkeypatch.setenv("COHERE_API_KEY", "test")
    with embedding_provider() as running:
        yield running


@pytest.fixture
async def books() -> KeptBooks:
    return KeptBooks()


@pytest.fixture
async def questions(
    running: LoopbackEmbeddings, books: KeptBooks
) -> AsyncIterator[ProviderQuestions]:
    model = Deployment(model="cohere/of-our-own", api_base=running.base("/v2/embed"))
    provider = EmbeddingProvider(model, provider_space(MODEL, 384), books, Patience(2, 0.05, 5.0))
    made = ProviderQuestions(MODEL, provider=provider)
    yield made
    await made.close()


async def test_a_question_is_asked_once_and_as_a_question(
    running: LoopbackEmbeddings, questions: ProviderQuestions
) -> None:
    [first], [again] = [await questions.read(["How long is leave?"]) for _ in range(2)]
    assert first.vector == again.vector == pytest.approx(
        HashEmbedder().embed(["How long is leave?"])[0].tolist(), abs=1e-6
    )  # fmt: skip
    assert first.words.words == ()
    [call] = running.calls
    assert call["input_type"] == "search_query"
    assert questions.size().entries == 1


async def test_sentences_are_compared_as_passages(
    running: LoopbackEmbeddings, questions: ProviderQuestions
) -> None:
    assert len(await questions.embed(["one", "two", "one"])) == 3
    [call] = running.calls
    assert (call["input_type"], call["texts"]) == ("search_document", ["one", "two"])


async def test_the_agent_at_work_pays(questions: ProviderQuestions, books: KeptBooks) -> None:
    token = WORKING_STEP.set(("s1", "harbour"))
    await questions.embed(["ships"])
    assert WORKING_STEP.get() == ("s1", "harbour")
    WORKING_STEP.reset(token)
    await questions.embed(["leave"])
    assert books.who == [("embed", "harbour"), ("embed", "retrieval")]


async def test_without_the_provider_knowledge_is_not_there_and_that_is_said(
    running: LoopbackEmbeddings, questions: ProviderQuestions
) -> None:
    running.always = Refusal(503)
    with pytest.raises(KnowledgeUnavailable, match=r"EMBEDDING_MODEL: .*does not answer"):
        await questions.read(["q"])
    running.always = None
    assert len(await questions.read(["q"])) == 1


async def test_who_asks_pays_and_waits_for_nobody_else(
    running: LoopbackEmbeddings, questions: ProviderQuestions, books: KeptBooks
) -> None:
    running.may_answer.clear()

    async def asked(agent: str) -> None:
        WORKING_STEP.set(("s1", agent))
        await questions.read([f"a question of {agent}"])

    async with asyncio.TaskGroup() as group:
        for agent in ("hr", "harbour"):
            group.create_task(asked(agent))
        for _ in range(2):
            assert await asyncio.to_thread(running.arrived.acquire, timeout=60)
        running.may_answer.set()
    assert sorted(one[1] for one in books.who if one) == ["harbour", "hr"]


async def test_warming_up_asks_nobody(
    running: LoopbackEmbeddings, questions: ProviderQuestions
) -> None:
    await questions.warm()
    assert running.calls == []
    assert await questions.near_by() == nearness_key(questions.provider.space.model_dump())
