"""What every way to run a sentence model gives: unit vectors, and the ways that there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from kb_contract.sentence_models.word_vectors import WordVectors

Vectors = NDArray[np.float32]
Backend = Literal["auto", "torch", "onnx"]


class SentenceModel(Protocol):
    """A model that is ready, or makes itself ready at the first text.

    One space may be filled by torch in bfloat16, torch in float32 and ONNX Runtime: they run the
    same weights, and their vectors of one text differ by a cosine of at most 0.0001. That moves
    a neighbour only where two texts are equally near; a test holds both against real weights.
    """

    @property
    def runs_on(self) -> str:
        """In words: the runtime and the kind of numbers."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row per text, float32, of length 1."""
        ...

    def read(self, texts: Sequence[str]) -> tuple[Vectors, list[WordVectors]]:
        """The same rows, and the vectors of each text's words from the same run of the model."""
        ...


@dataclass(frozen=True)
class Reading:
    """What is kept of texts: a vector of each, and the packed vectors of its words."""

    vectors: Vectors
    words: list[bytes]

    @classmethod
    def of(cls, found: tuple[Vectors, list[WordVectors]]) -> "Reading":
        return cls(found[0], [one.pack() for one in found[1]])


@dataclass(frozen=True)
class ReadText:
    """A question as one vector, and each of its words as one."""

    text: str
    vector: list[float]
    words: WordVectors

    @classmethod
    def all(
        cls, texts: Sequence[str], found: tuple[Vectors, list[WordVectors]]
    ) -> list["ReadText"]:
        vectors, words = found
        return [cls(*one) for one in zip(texts, vectors.tolist(), words, strict=True)]


def unit_rows(rows: NDArray[np.floating]) -> Vectors:
    """Give each row the length 1; a row without direction stays, for its receiver to refuse."""
    vectors = np.asarray(rows, dtype=np.float32)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths != 0)
