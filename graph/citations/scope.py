"""Whether a sentence keeps the conditions that its quote puts a statement under."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from graph.citations.polarity import is_negated
from graph.citations.quantities import facts_of
from graph.retrieval.sentences import units
from graph.retrieval.terms import terms

# A sentence rests on a clause of a quote from so much of its words on.
RESTS: Final = 0.5
_ENDS: Final = re.compile(r"[,;:|\n()\u2014]|\b(?:but|while|whereas)\b", re.IGNORECASE)
_CONDITION: Final = re.compile(
    r"\b(?:if|unless|provid(?:ed|ing)(?: that)?|(?:as|so) long as|except(?:ing)?(?: for)?|excluding|apart from"
    r"|in case(?: of)?|on condition(?: that)?|subject to|until|when(?:ever)?"
    r"|once (?=(?:the|an?|it|they|you|we|all|this|that|your)\b))\b[^,;:.()\n\u2014]*",
    re.IGNORECASE,
)
# `Unused` is `not used`; and `if not` denies here, though `if not` alone denies nothing.
_UN: Final = re.compile(r"\bun(?=[a-z]{4})|\bnot ", re.IGNORECASE)

_EXCEPTION: Final = re.compile(
    r"\b(?:except(?:ing)?(?: for)?|excluding|apart from|with the exception of|other than|save (?:for )?those"
    r"|but not|barring)\b([^,;:.()\n\u2014]*)",
    re.IGNORECASE,
)
_STATEMENTS: Final = re.compile(r";|,? (?:and|but(?! not)|while|whereas) ", re.IGNORECASE)
_IF: Final = re.compile(r"\b(?<!except )(?:if|when(?:ever)?|provided|as long as)\b", re.IGNORECASE)
_UNLESS: Final = re.compile(r"\b(?:unless|except\w*)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Piece:
    """A clause of a quote, with the conditions that its sentence puts it under."""

    text: str
    sentence: str
    conditions: tuple[str, ...]

    @cached_property
    def words(self) -> frozenset[int]:
        return terms(facts_of(self.text).rest)

    def carries(self, said: frozenset[int]) -> bool:
        return bool(self.words) and len(self.words & said) >= RESTS * len(self.words)


def pieces_of(quotes: Sequence[str]) -> list[Piece]:
    """Cut quotes into clauses; what stands in a condition is no clause of its own."""
    return [one for quote in quotes for unit in units(quote) for one in _cut(unit.of(quote))]


def _cut(sentence: str) -> Iterator[Piece]:
    conditions = tuple(one[0] for one in _CONDITION.finditer(sentence))
    rest = _CONDITION.sub("\n", sentence)
    place = 0
    for found in _ENDS.finditer(rest):
        yield Piece(rest[place : found.start()], sentence, conditions)
        place = found.end()
    yield Piece(rest[place:], sentence, conditions)


def drops_exception(sentence: str, used: Sequence[Piece], question: str) -> bool:
    """Whether what it rests on has an exception, and it names neither that nor any other."""
    if _EXCEPTION.search(sentence):
        return False
    said = terms(f"{sentence} {question}")
    excepted = [
        _first_excepted(found[1])
        for one in used
        for found in _EXCEPTION.finditer(_statement_of(one))
    ]
    return any(one and not one & said for one in excepted)


def _statement_of(piece: Piece) -> str:
    """The part of its sentence that has a subject of its own: an exception is from that alone."""
    parts = _STATEMENTS.split(piece.sentence)
    return max(parts, key=lambda one: len(terms(one) & piece.words))


def _first_excepted(words: str) -> frozenset[int]:
    return next((found for one in words.split() if (found := terms(one))), frozenset[int]())


def drops_condition(sentence: str, used: Sequence[Piece], question: str) -> bool:
    """Whether a clause that it rests on is said under a condition of which it has nothing."""
    said, asked = terms(sentence), f"{sentence} {question}"
    return any(_lacks(one, asked) and not _also_said(one, used, said, asked) for one in used)


def _lacks(piece: Piece, asked: str) -> bool:
    """Whether words of a condition are missing, or its `not`: `unused` is `not used`."""
    told = _UN.sub("never ", asked)
    for condition in piece.conditions:
        plain = _UN.sub("never ", condition)
        wanted = terms(plain)
        if wanted and len(wanted & terms(told)) * 2 < len(wanted):
            return True
        if wanted and is_negated(plain) and not is_negated(told):
            return True
    return False


def _also_said(piece: Piece, used: Sequence[Piece], said: frozenset[int], asked: str) -> bool:
    """Whether another clause says as much of the same with nothing missing."""
    own = piece.words & said
    return any(own <= one.words and not _lacks(one, asked) for one in used if one is not piece)


def adds_condition(sentence: str, known: str) -> bool:
    """Whether it hangs what it says on something that nothing speaks of."""
    there = terms(_UN.sub("never ", known))
    wanted = [
        terms(_UN.sub("never ", facts_of(one[0]).rest)) for one in _CONDITION.finditer(sentence)
    ]
    return any(one and len(one & there) * 2 < len(one) for one in wanted)


def turns_condition(sentence: str, used: Sequence[Piece]) -> bool:
    """Whether it holds where the quote says that it does not: `unless` for `if`."""
    there = [one.sentence for one in used]
    if not there or is_negated(sentence) or any(is_negated(one) for one in there):
        return False
    return any(
        bool(own.search(sentence)) and not other.search(sentence)
        and all(other.search(one) and not own.search(one) for one in there)
        for own, other in ((_IF, _UNLESS), (_UNLESS, _IF))
    )  # fmt: skip
