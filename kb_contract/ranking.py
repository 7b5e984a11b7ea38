"""One order out of what is known of passages: how readers rank, and so how the writer's gates ask.

A passage's relevance adds up three likenesses that mean the same in every collection, so that one
threshold says of any question whether there is an answer at all: the cosine of both texts; BM25 as
a share of what a good passage reaches; and how near each word of the question is to some word of
the passage, in context (late interaction).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from kb_contract.agent_manifest import Blend
from kb_contract.embedding_space import searched_text
from kb_contract.sentence_models.word_vectors import Rows, WordVectors, unpacked
from kb_contract.sparse_words import document_weights, question_weights
from kb_contract.term_counts import TermCounts

Numbers = NDArray[np.floating]
# What one word gives at most, by Qdrant's BM25 with its own k.
MOST_OF_A_WORD: Final = 2.2
# No passage holds more than about so many words of a long question.
WORDS_OF_A_PASSAGE: Final = 8
# So many places are given to passages that hold what those above them do not.
SPREAD_PLACES: Final = 10
_NO_SCALE: Final = 1e-9


@dataclass(frozen=True)
class Question:
    """What a question asks for: its words, how much each tells apart, and their vectors."""

    rarity: Mapping[int, float]
    rows: Rows
    weights: Numbers
    """How much each of the rows counts; they add up to 1."""

    @classmethod
    def of(cls, text: str, words: WordVectors, counts: TermCounts) -> "Question":
        rarity = {term: counts.rarity(term) for term in question_weights(text)}
        each = [sum(rarity.get(one, 0.0) for one in question_weights(word)) for word in words.words]
        weights = np.asarray(each, np.float32)
        whole = weights.sum()
        return cls(rarity, words.rows, weights / whole if whole > 0 else weights)

    @property
    def much_of_bm25(self) -> float:
        """What a passage reaches that holds as much of the question as one passage can."""
        length = float(np.linalg.norm(list(self.rarity.values()) or [0.0]))
        return MOST_OF_A_WORD * float(np.sqrt(WORDS_OF_A_PASSAGE)) * length


@dataclass(frozen=True)
class Candidate:
    """A passage that may be found, and both scores of the collection."""

    chunk_id: str
    cosine: float
    bm25: float
    words: bytes = b""
    """The packed vectors of its words; none where they were never made."""
    text: Callable[[], str] = field(default=str, repr=False)
    """All that is searched of it."""


@dataclass(frozen=True)
class Ranked:
    """A passage in its place."""

    chunk_id: str
    cosine: float
    relevance: float
    """0 to 1, the same in every collection."""


def relevance(question: Question, found: Sequence[Candidate], blend: Blend) -> Numbers:
    """Say of each passage how well it fits the question."""
    much = question.much_of_bm25
    cosine = np.array([one.cosine for one in found])
    held = np.array([one.bm25 / much if much else 0.0 for one in found])
    alike = _likeness(question, found)
    known = ~np.isnan(alike)
    both = blend.meaning * cosine + blend.words * held
    parts = blend.meaning + blend.words + np.where(known, blend.likeness, 0.0)
    return (both + np.where(known, blend.likeness * np.nan_to_num(alike), 0.0)) / parts


def shortlist(
    question: Question, found: Sequence[Candidate], blend: Blend, size: int
) -> list[Candidate]:
    """Take the best by both scores of the collection: only of these is more read."""
    fit = relevance(question, found, blend) if found else np.empty(0)
    return [found[one] for one in _best_first(found, fit)[:size]]


def both_scores(cosine: Mapping[str, float], bm25: Mapping[str, float]) -> list[Candidate]:
    """Make candidates of the two lists of scores that a collection gave."""
    ids = {**cosine, **bm25}
    return [Candidate(one, cosine.get(one, 0.0), bm25.get(one, 0.0)) for one in ids]


def with_row(found: Candidate, row: Mapping[str, Any]) -> Candidate:
    """Add to a candidate what the ledger knows of it."""
    return replace(found, words=bytes(row["words"]), text=lambda: searched_text(row))


def ranked(
    question: Question, found: Sequence[Candidate], blend: Blend, *, threshold: float
) -> list[Ranked]:
    """Order passages best first; nothing is found when not even the best fits well enough."""
    if not found:
        return []
    fit = relevance(question, found, blend)
    if fit.max() < threshold:
        return []
    best = _best_first(found, fit)
    order = _spread(question, [found[one] for one in best], fit[best], blend.spread)
    placed = (best[one] for one in order)
    return [Ranked(found[one].chunk_id, found[one].cosine, float(fit[one])) for one in placed]


def _best_first(found: Sequence[Candidate], fit: Numbers) -> list[int]:
    return sorted(range(len(found)), key=lambda one: (-fit[one], found[one].chunk_id))


def _likeness(question: Question, found: Sequence[Candidate]) -> Numbers:
    """Sum up how near each word of the question is to the nearest word of the passage."""
    alike = np.full(len(found), np.nan)
    there = [place for place, one in enumerate(found) if one.words]
    if not there or not len(question.rows):
        return alike
    passages = unpacked([found[one].words for one in there], question.rows.shape[1])
    near = question.rows @ np.concatenate(passages).T
    starts = np.cumsum([0, *(len(one) for one in passages[:-1])])
    alike[there] = question.weights @ np.maximum.reduceat(near, starts, axis=1)
    return alike


def _spread(
    question: Question, found: Sequence[Candidate], fit: Numbers, spread: float
) -> list[int]:
    """Give way to passages that hold words of a long question which those above them do not."""
    strength = spread * max(0.0, 1 - WORDS_OF_A_PASSAGE / max(1, len(question.rarity)))
    left = list(range(len(found)))
    if not strength or len(left) < 2:
        return left
    held = _held(question, found)
    fit, held = fit / (fit.std() + _NO_SCALE), held / (held.sum(axis=1).std() + _NO_SCALE)
    taken, seen = list[int](), np.zeros(held.shape[1])
    while left and len(taken) < SPREAD_PLACES:
        gain = np.maximum(0, held[left] - seen).sum(axis=1)
        best = left.pop(int(np.argmax(fit[left] + strength * gain)))
        seen = np.maximum(seen, held[best])
        taken.append(best)
    return [*taken, *left]


def _held(question: Question, found: Sequence[Candidate]) -> Numbers:
    """Say what each passage holds of each word of the question, in units of BM25."""
    rows: list[list[float]] = []
    for one in found:
        weights = document_weights(one.text())
        rows.append([weights.get(term, 0.0) * much for term, much in question.rarity.items()])
    return np.array(rows)
