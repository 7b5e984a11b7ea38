import asyncio
import time

import pytest

from graph.gateways import query_embedder
from graph.gateways.query_embedder import QuestionEmbedder
from graph.retrieval.answer_sentences import answer_sentences
from kb_contract.embedding_space import DEFAULT_MODEL, KNOWN_DIGESTS
from kb_contract.errors import BadSetting
from tests.doubles.in_memory_knowledge import InMemoryKnowledge

pytestmark = pytest.mark.model


def cosine(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


async def test_vectors_are_those_of_the_known_model_and_the_loop_goes_on() -> None:
    embedder = QuestionEmbedder()
    texts = ["That is a happy person", "That is a very happy person", "Today is a sunny day"]
    embedding = asyncio.create_task(embedder.embed(texts))
    longest = 0.0
    while not embedding.done():
        began = time.monotonic()
        await asyncio.sleep(0.01)
        longest = max(longest, time.monotonic() - began)
    first, second, third = await embedding
    assert cosine(first, second) == pytest.approx(0.943, abs=0.01)
    assert cosine(first, third) == pytest.approx(0.257, abs=0.01)
    assert cosine(first, first) == pytest.approx(1.0, abs=1e-6)
    assert (await embedder.embed(texts[:1]))[0] is first
    # Importing holds the interpreter's lock now and then, but never for the whole load.
    assert longest < 5


async def test_callers_together_load_it_once() -> None:
    embedder = QuestionEmbedder()
    vectors = await asyncio.gather(*(embedder.embed([f"text {one}"]) for one in range(12)))
    assert len({tuple(one[0]) for one in vectors}) == 12


async def test_a_model_that_is_not_there_is_named() -> None:
    with pytest.raises(BadSetting, match="EMBEDDING_MODEL"):
        await QuestionEmbedder("nobody/no-such-model").embed(["x"])


async def test_the_sentence_is_chosen_by_its_meaning() -> None:
    knowledge = InMemoryKnowledge()
    text = "# Secrets\n\nKeys are precious. A signing key is replaced after ninety days. Ask Ann.\n"
    [passage] = knowledge.add_document("a", "x.md", text)
    embedder = QuestionEmbedder()
    best = await answer_sentences(
        "How often must we rotate signing keys?", [{**passage, "score": 0.5}], embedder, limit=1
    )
    assert [one.text for one in best] == ["A signing key is replaced after ninety days."]


async def test_what_others_push_out_of_memory_meanwhile_is_still_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(query_embedder, "REMEMBERED", 2)
    embedder = QuestionEmbedder()
    await embedder.embed(["kept"])
    first = embedder.embed(["one", "two", "three"])
    second = embedder.embed(["kept", "four"])
    vectors = await asyncio.gather(first, second)
    assert [len(one) for one in vectors] == [3, 2]


# The last: it lets go of the model that all others share.
async def test_other_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KNOWN_DIGESTS, DEFAULT_MODEL, "0" * 64)
    query_embedder._loaded.cache_clear()
    with pytest.raises(BadSetting, match="sha256"):
        await QuestionEmbedder().embed(["x"])
