"""In how many chunks of a generation each word stands: how much a word tells apart."""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

_TERM: Final = np.dtype("<u4")
_COUNT: Final = np.dtype("<u4")
# A word that stands nowhere is so much rarer than one that stands in one chunk, at most.
NOWHERE: Final = 1.2


@dataclass(frozen=True)
class TermCounts:
    """Counts over one generation; of one that was never counted, every word is as rare as can be."""

    chunks: int
    holding: Mapping[int, int]
    """Chunks that hold the word, by word."""

    def changed(self, changes: Iterable[tuple[int, Iterable[int]]]) -> "TermCounts":
        """Count chunks in (1) and out (-1); each is given by its words."""
        holding, chunks = dict(self.holding), self.chunks
        for step, words in changes:
            chunks += step
            for word in words:
                holding[word] = holding.get(word, 0) + step
        return TermCounts(chunks, {word: held for word, held in holding.items() if held > 0})

    def rarity(self, term: int) -> float:
        """Return the inverse document frequency, as Qdrant computes it for words that are there.

        Of a few chunks one cannot tell how rare a word is that stands in none of them.
        """
        held = self.holding.get(term, 0)
        if held or not self.chunks:
            return self._rarity(held)
        return min(self._rarity(0), NOWHERE * self._rarity(1))

    def _rarity(self, held: int) -> float:
        return float(np.log(1 + (self.chunks - held + 0.5) / (held + 0.5)))

    def pack(self) -> bytes:
        """Return the counts as the ledger keeps them."""
        terms = np.fromiter(self.holding, _TERM, len(self.holding))
        counts = np.fromiter(self.holding.values(), _COUNT, len(self.holding))
        order = np.argsort(terms)
        return zlib.compress(terms[order].tobytes() + counts[order].tobytes(), 1)


@dataclass(frozen=True)
class PackedCounts:
    """What `pack` made, looked up without unpacking it into a dictionary."""

    chunks: int
    packed: bytes

    def get(self, terms: Iterable[int]) -> TermCounts:
        """Return the counts of these words alone."""
        asked = np.fromiter(terms, _TERM)
        places = np.searchsorted(self._terms, asked)
        known = places < len(self._terms)
        known[known] = self._terms[places[known]] == asked[known]
        held = self._counts[places[known]]
        return TermCounts(self.chunks, dict(zip(asked[known].tolist(), held.tolist(), strict=True)))

    def all(self) -> TermCounts:
        return TermCounts(
            self.chunks, dict(zip(self._terms.tolist(), self._counts.tolist(), strict=True))
        )

    @property
    def _terms(self) -> NDArray[np.uint32]:
        return self._both[0]

    @property
    def _counts(self) -> NDArray[np.uint32]:
        return self._both[1]

    @cached_property
    def _both(self) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        numbers = np.frombuffer(zlib.decompress(self.packed) if self.packed else b"", _TERM)
        half = len(numbers) // 2
        return numbers[:half], numbers[half:]
