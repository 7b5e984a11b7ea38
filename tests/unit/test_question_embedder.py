import asyncio
from collections.abc import Sequence

import numpy as np

from graph.gateways.query_embedder import REMEMBERED, QuestionEmbedder
from kb_contract.sentence_models.vectors import Vectors
from kb_contract.sentence_models.word_vectors import NO_WORDS, WordVectors


class Lengths:
    """A model whose vectors say how long a text is; it remembers what it was given."""

    runs_on = "counting"

    def __init__(self) -> None:
        self.batches: list[list[str]] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.batches.append(list(texts))
        return np.array([[len(one), 1.0] for one in texts], np.float32)

    def read(self, texts: Sequence[str]) -> tuple[Vectors, list[WordVectors]]:
        return self.embed(texts), [NO_WORDS] * len(texts)


class WithLengths(QuestionEmbedder):
    def __init__(self) -> None:
        super().__init__()
        self.lengths = Lengths()

    def _model(self) -> Lengths:
        return self.lengths


async def test_agents_that_ask_the_same_at_once_pay_for_it_once() -> None:
    embedder = WithLengths()
    found = await asyncio.gather(*(embedder.read(["How long?"]) for _ in range(8)))
    assert embedder.lengths.batches == [["How long?"]]
    assert {one.vector[0] for [one] in found} == {9.0}


async def test_several_questions_are_one_call_and_keep_their_order() -> None:
    embedder = WithLengths()
    await embedder.read(["bb"])
    found = await embedder.read(["ccc", "bb", "a", "ccc"])
    assert [one.text for one in found] == ["ccc", "bb", "a", "ccc"]
    assert embedder.lengths.batches == [["bb"], ["ccc", "a"]]


async def test_what_was_asked_long_ago_is_forgotten() -> None:
    embedder = WithLengths()
    await embedder.embed(["first"])
    await embedder.embed([str(number) for number in range(REMEMBERED)])
    await embedder.embed(["first"])
    assert embedder.lengths.batches[-1] == ["first"]
