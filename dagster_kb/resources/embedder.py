"""What turns text into vectors: the port that the writer uses."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dagster_kb.chunking.tokens import TokenCounter
from kb_contract.embedding_space import EmbeddingSpace
from kb_contract.errors import BadVector
from kb_contract.sentence_models.vectors import Reading as Reading
from kb_contract.sentence_models.vectors import ReadText as ReadText
from kb_contract.sentence_models.vectors import Vectors as Vectors

# Float32 leaves this much of the length 1.
_NEARLY: float = 1e-3


class Lanes(Protocol):
    """Where batches are embedded, one or several at a time, while the caller does other things."""

    @property
    def runs_on(self) -> str:
        """In words: the runtime, the kind of numbers, how many processes."""
        ...

    @property
    def processes(self) -> int: ...

    @property
    def texts_at_once(self) -> int:
        """How many texts make a batch, at most."""
        ...

    @property
    def width(self) -> int:
        """How many batches to hand in before waiting for the first: enough that none idles."""
        ...

    def submit(self, texts: Sequence[str]) -> Future[Reading]: ...


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

    @property
    def max_tokens(self) -> int:
        """So much of a text the model reads."""
        ...

    @property
    def dollars_a_token(self) -> float | None:
        """What a provider takes for one, if that is known; a model that runs here costs nothing."""
        ...

    @property
    def token_counting(self) -> Callable[[], TokenCounter]:
        """Makes the same counter in another process: it can be pickled, and loads no model."""
        ...

    def count_tokens(self, text: str) -> int: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row per text, float32, of length 1."""
        ...

    def read(self, questions: Sequence[str]) -> list[ReadText]:
        """Embed questions together with their words, as readers do."""
        ...

    def lanes(self, texts: int) -> AbstractContextManager[Lanes]:
        """Make ready for so many texts: on more cores where that pays."""
        ...

    def warm(self, texts: int) -> None:
        """Begin to make ready for about so many texts, and return at once."""
        ...

    def close(self) -> None:
        """Let go of what was made ready."""
        ...


def checked(vectors: Vectors, texts: int, dimension: int) -> Vectors:
    """Refuse what would spoil a search: wrong shapes, numbers that are none, no direction."""
    if vectors.shape != (texts, dimension):
        raise BadVector(
            f"{texts} texts gave vectors of shape {vectors.shape}, wanted ({texts}, {dimension})"
        )
    if not np.isfinite(vectors).all():
        raise BadVector("the model gave a vector with NaN or infinity")
    lengths = np.linalg.norm(vectors, axis=1)
    if (np.abs(lengths - 1) > _NEARLY).any():
        raise BadVector(
            f"the model gave a vector of length {lengths[np.abs(lengths - 1).argmax()]}"
        )
    return vectors


def to_bytes(vectors: Vectors) -> list[bytes]:
    """Return each vector as the ledger keeps it: little-endian float32."""
    return [row.astype("<f4").tobytes() for row in vectors]


def from_bytes(data: bytes) -> NDArray[np.float32]:
    """Return a vector that the ledger kept."""
    return np.frombuffer(data, dtype="<f4")
