"""What turns text into vectors: the port that the writer uses."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from kb_contract.embedding_space import EmbeddingSpace

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Makes unit vectors of one space, and counts tokens as its model does."""

    @property
    def space(self) -> EmbeddingSpace:
        """Whose vectors these are; asking must not load the model."""
        ...

    @property
    def tokenizer(self) -> str:
        """Which tokenizer counts: part of how documents were cut."""
        ...

    def count_tokens(self, text: str) -> int: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row per text, float32, of length 1."""
        ...


def to_bytes(vectors: Vectors) -> list[bytes]:
    """Return each vector as the ledger keeps it: little-endian float32."""
    return [row.astype("<f4").tobytes() for row in vectors]


def from_bytes(data: bytes) -> list[float]:
    """Return a vector that the ledger kept."""
    return np.frombuffer(data, dtype="<f4").tolist()
