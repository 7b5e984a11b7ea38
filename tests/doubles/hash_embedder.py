"""An embedder that hashes words: deterministic, quick, and near where texts share words."""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import lru_cache

import numpy as np

from dagster_kb.chunking.tokens import TokenCounter
from dagster_kb.resources.embedder import Vectors
from graph.gateways.query_embedder import QuestionEmbedder
from kb_contract.embedding_space import EmbeddingSpace
from kb_contract.sentence_models.vectors import ReadText
from kb_contract.sentence_models.word_vectors import NO_WORDS
from tests.doubles.direct_lanes import DirectLanes
from tests.doubles.word_counter import count_words, word_counter

DIMENSION = 384
_WORD = re.compile(r"\w+")


class HashEmbedder:
    """Each word turns a few of the 384 axes; `texts` remembers all that was embedded,
    `warmed` for how much it was to make itself ready."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.questions: list[str] = []
        self.warmed: list[int] = []
        self.before_embedding: Callable[[], None] | None = None

    @property
    def space(self) -> EmbeddingSpace:
        return EmbeddingSpace(
            model="tests/hash-of-words", weights_sha256="0" * 64,
            dimension=DIMENSION, max_tokens=256,
        )  # fmt: skip

    @property
    def tokenizer(self) -> str:
        return "words"

    @property
    def max_tokens(self) -> int:
        return self.space.max_tokens

    @property
    def dollars_a_token(self) -> float:
        return 0.0

    @property
    def token_counting(self) -> Callable[[], TokenCounter]:
        return word_counter

    def count_tokens(self, text: str) -> int:
        return count_words(text)

    def embed(self, texts: Sequence[str]) -> Vectors:
        if self.before_embedding:
            self.before_embedding()
        self.texts.extend(texts)
        return np.stack([_vector(text) for text in texts])

    def read(self, questions: Sequence[str]) -> list[ReadText]:
        """Read questions whole: these vectors know nothing of words in context."""
        self.questions.extend(questions)
        return ReadText.all(questions, (self.embed(questions), [NO_WORDS] * len(questions)))

    @property
    def passages(self) -> list[str]:
        """What was embedded to be found, and not to find."""
        return list((Counter(self.texts) - Counter(self.questions)).elements())

    @contextmanager
    def lanes(self, texts: int) -> Generator[DirectLanes]:
        yield DirectLanes(self.embed)

    def warm(self, texts: int) -> None:
        self.warmed.append(texts)

    def close(self) -> None:
        """Nothing was opened."""


class HashedQuestions(QuestionEmbedder):
    """The reader's embedder, with the writer's hashes of words for a model."""

    def _embedded(self, texts: list[str]) -> list[list[float]]:
        return HashEmbedder().embed(texts).tolist()

    def _questions(self, texts: list[str]) -> list[ReadText]:
        return HashEmbedder().read(texts)


def _vector(text: str) -> Vectors:
    vector = np.zeros(DIMENSION, dtype=np.float32)
    vector[0] = 0.01  # a text without words has a direction too
    for word, times in Counter(_WORD.findall(text.lower())).items():
        for axis, turn in _turns(word):
            vector[axis] += turn * times
    return (vector / np.linalg.norm(vector)).astype(np.float32)


@lru_cache(maxsize=20_000)
def _turns(word: str) -> list[tuple[int, float]]:
    digest = hashlib.sha256(word.encode()).digest()
    return [
        (int.from_bytes(digest[place : place + 2], "big") % DIMENSION,
         1.0 if digest[place + 8] % 2 else -1.0)
        for place in range(0, 8, 2)
    ]  # fmt: skip
