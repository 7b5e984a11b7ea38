"""The vectors of a text's words: what late interaction compares, packed to two bits in a thousand.

A bit says on which side of zero a number lies; neighbours share a vector. On labelled collections
that orders passages as well as the numbers themselves, in 2 KB a passage.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kb_contract.sparse_words import question_weights

Rows = NDArray[np.float32]
NEIGHBOURS: Final = 2


@dataclass(frozen=True)
class WordVectors:
    """Pieces of words in context, each of length 1, and the word that each is a piece of."""

    words: tuple[str, ...]
    rows: Rows

    def pack(self) -> bytes:
        """Return what is kept of a passage."""
        if not len(self.rows):
            return b""
        return np.packbits(_joined(self.rows) > 0, axis=1).tobytes()


NO_WORDS: Final = WordVectors((), np.empty((0, 0), dtype=np.float32))


def unpacked(packed: Sequence[bytes], dimension: int) -> tuple[Rows, list[int]]:
    """Return the rows of all passages below one another, of length 1, and where each passage begins."""
    width = (dimension + 7) // 8
    whole = np.frombuffer(b"".join(packed), np.uint8).reshape(-1, width)
    rows = _eights(dimension).take(whole, axis=0).reshape(len(whole), 8 * width)[:, :dimension]
    ends = np.cumsum([len(one) // width for one in packed])
    return rows, [0, *ends.tolist()][: len(packed)]


@lru_cache
def _eights(dimension: int) -> Rows:
    """Say what eight numbers each byte stands for: looking them up is many times quicker than reckoning."""
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1).astype(np.float32)
    return (2 * bits - 1) / np.float32(np.sqrt(dimension))


def telling_pieces(encoding: Any, text: str) -> tuple[list[int], tuple[str, ...]]:
    """Return the places of pieces whose words tell something: no marks, and no stop words."""
    spans: dict[int, tuple[int, int]] = {}
    for word, (start, end) in zip(encoding.word_ids, encoding.offsets, strict=True):
        if word is not None:
            spans[word] = (spans.get(word, (start, end))[0], end)
    words = {word: text[start:end] for word, (start, end) in spans.items()}
    places = [
        place for place, word in enumerate(encoding.word_ids)
        if word is not None and _tells(words[word].lower())
    ]  # fmt: skip
    return places, tuple(words[encoding.word_ids[place]] for place in places)


@lru_cache(100_000)
def _tells(word: str) -> bool:
    return bool(question_weights(word))


def _joined(rows: Rows) -> Rows:
    whole = len(rows) - len(rows) % NEIGHBOURS
    pairs = rows[:whole].reshape(-1, NEIGHBOURS, rows.shape[1]).mean(axis=1)
    return np.concatenate([pairs, rows[whole:]])
