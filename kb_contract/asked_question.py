"""What a question asks for: its words, its parts, and what a collection is asked for because of it."""

from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from kb_contract.asking_words import telling_words
from kb_contract.codes import Codes, Number, code_words, codes_in
from kb_contract.question_parts import part_of_words, spans_of_parts
from kb_contract.sentence_models.vectors import ReadText
from kb_contract.sentence_models.word_vectors import Rows, WordVectors
from kb_contract.sparse_words import Weights, question_weights
from kb_contract.term_counts import TermCounts

Numbers = NDArray[np.floating]
# What one word gives at most, by Qdrant's BM25 with its own k.
MOST_OF_A_WORD: Final = 2.2
# No passage holds more than about so many words of a long question.
WORDS_OF_A_PASSAGE: Final = 8
# So many passages are found for each part of a question, by meaning and by words, and for its codes.
FOUND_FOR_A_PART: Final = 10


@dataclass(frozen=True)
class Part:
    """One of the things that a question asks: its words, and how much each of the rows counts."""

    terms: frozenset[int]
    weights: Numbers


@dataclass(frozen=True)
class Question:
    """What a question asks for: its words, how much each tells apart, and their vectors."""

    rarity: Mapping[int, float]
    rows: Rows
    weights: Numbers
    """How much each of the rows counts; they add up to 1."""
    telling: Numbers
    """The same of the words that do not only ask."""
    parts: tuple[Part, ...] = ()
    """None where it asks one thing."""
    wordings: tuple["Question", ...] = ()
    """The same in other words."""
    decides: bool = True
    """Whether a passage that fits these words is enough of an answer: documents may say so, a model may not."""
    codes: Codes = field(default_factory=dict[str, Set[Number]])
    """What it calls by its code."""

    @classmethod
    def of(cls, text: str, words: WordVectors, counts: TermCounts) -> "Question":
        rarity = {term: counts.rarity(term) for term in question_weights(text)}
        each = [sum(rarity.get(one, 0.0) for one in question_weights(word)) for word in words.words]
        weights = np.asarray(each, np.float32)
        parts = tuple(_parts(text, words.words, weights))
        told = telling_words(text)
        tells = [any(one in told for one in question_weights(word)) for word in words.words]
        telling = _adding_up_to_1(np.where(np.asarray(tells, bool), weights, 0.0))
        return cls(
            rarity, words.rows, _adding_up_to_1(weights), telling, parts, codes=codes_in(text)
        )

    def much_of_bm25(self, terms: Collection[int] | None = None) -> float:
        """What a passage reaches that holds as much of the question's words as one passage can."""
        asked = [much for term, much in self.rarity.items() if terms is None or term in terms]
        return MOST_OF_A_WORD * float(np.sqrt(WORDS_OF_A_PASSAGE) * np.linalg.norm(asked or [0.0]))


def _parts(text: str, words: Sequence[str], weights: Numbers) -> Iterator[Part]:
    spans = spans_of_parts(text)
    if len(spans) < 2 or not len(words):
        return
    places = np.asarray(part_of_words(text, words, spans))
    for number, (start, end) in enumerate(spans):
        own = _adding_up_to_1(np.where(places == number, weights, 0.0))
        yield Part(frozenset(question_weights(text[start:end])), own)


def _adding_up_to_1(weights: Numbers) -> Numbers:
    whole = weights.sum()
    return weights / whole if whole > 0 else weights


@dataclass(frozen=True)
class Aim:
    """A direction of meaning and some words, and how many of the nearest passages are wanted."""

    dense: list[float]
    words: Weights
    most: int


def aims(read: ReadText, question: Question, candidates: int) -> list[Aim]:
    """Aim at the question, at each of its parts, and at its codes; all of it is asked in one trip.

    The model read the parts within their question: their words' vectors give their direction, so
    that none of them is embedded.
    """
    whole = Aim(read.vector, question_weights(read.text), candidates)
    parts = [_aim_at(one, question.rows) for one in question.parts]
    codes = question_weights(code_words(read.text)) if question.codes else {}
    named = [Aim(read.vector, codes, FOUND_FOR_A_PART)] if codes else []
    return [whole, *parts, *named]


def aims_of_wordings(read: Sequence[ReadText], candidates: int) -> list[Aim]:
    """Aim at each other wording, in the same trip."""
    return [Aim(one.vector, question_weights(one.text), candidates) for one in read]


def _aim_at(part: Part, rows: Rows) -> Aim:
    direction = part.weights @ rows
    length = float(np.linalg.norm(direction)) or 1.0
    words = dict.fromkeys(sorted(part.terms), 1.0)
    return Aim((direction / length).tolist(), words, FOUND_FOR_A_PART)
