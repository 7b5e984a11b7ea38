"""Whether a sentence has the words of its quote, and who does what to whom turned round."""

import re
from collections.abc import Sequence
from typing import Final

from graph.retrieval.terms import terms

# So much of the words of both must be shared: of other words, another order says nothing.
_COPY: Final = 0.85
_WORD: Final = re.compile(r"\w+(?:[-'\u2019]\w+)*")
# These are no terms, and what stands on which side of them matters.
_BETWEEN: Final = frozenset(
    [
        "to",
        "from",
        "by",
        "than",
        "for",
        "against",
        "over",
        "under",
        "into",
        "onto",
        "of",
        "with",
        "at",
    ]
)
# What turns a sentence round and keeps its meaning.
_TURNS: Final = re.compile(r"\b(?:who|whom|whose|which|that)\b|['\u2019]s\b", re.IGNORECASE)
_BY: Final = re.compile(r"\bby\b", re.IGNORECASE)
# `For each record, …` may stand in front or behind.
_FRONTED: Final = re.compile(
    r"^(?:in|on|at|for|after|before|by|during|if|when|since|until|with|from|under|within|once|as|whenever)\b[^,]*,",
    re.IGNORECASE,
)
_PASSIVE: Final = re.compile(
    r"\b(?:is|are|was|were|be|been|being|gets?|got)\s+(?:\w+ly\s+)?\w+(?:ed|en|own|ought|aid|ade|ept|ent|ut)\b",
    re.IGNORECASE,
)
# Members of a list have no order, and clauses of their own have roles of their own.
_LISTED: Final = re.compile(
    r"[,;:/]|\b(?:and|or|but|while|whereas|nor|as well as)\b", re.IGNORECASE
)


def turned_round(sentence: str, quote: str) -> bool:
    """Whether something that stood before a word stands behind it, and the other way round.

    What only moves to the front or the end (`in March`) changes places with nothing.
    """
    sentence, quote = _without_comma(sentence), _without_comma(quote)
    if _LISTED.search(sentence) or _LISTED.search(quote):
        return False
    ours, theirs = terms(sentence), terms(quote)
    if len(ours & theirs) < _COPY * max(len(ours), len(theirs), 1):
        return False
    if _ways_of(sentence) != _ways_of(quote):
        return False
    said, there = _in_order(sentence), _in_order(quote)
    shared = [one for one in said if one in there]
    there = [one for one in there if one in shared]
    return any(_changed_sides(pivot, shared, there) for pivot in shared)


def _without_comma(text: str) -> str:
    return _FRONTED.sub(lambda found: found[0][:-1], text.strip(" ."))


def _ways_of(text: str) -> tuple[int, bool, int]:
    """How it is built; `by` turns a sentence round where it is in the passive."""
    passive = bool(_PASSIVE.search(text))
    return len(_TURNS.findall(text)), passive, len(_BY.findall(text)) if passive else 0


def _changed_sides(pivot: str, said: Sequence[str], there: Sequence[str]) -> bool:
    before, after = _sides(pivot, said)
    was_before, was_after = _sides(pivot, there)
    return bool(before & was_after) and bool(after & was_before)


def _sides(pivot: str, words: Sequence[str]) -> tuple[frozenset[str], frozenset[str]]:
    at = words.index(pivot)
    names = [one for one in words if one not in _BETWEEN]
    before = frozenset(one for one in words[:at] if one in names)
    return before, frozenset(names) - before - {pivot}


def _in_order(text: str) -> list[str]:
    """Words that count, each once, as their stem; what stands twice tells no order."""
    found = list[str]()
    for word in _WORD.findall(text):
        low = word.lower()
        stem = low if low in _BETWEEN else ",".join(str(one) for one in sorted(terms(word)))
        if stem:
            found.append(stem)
    return [one for one in found if found.count(one) == 1]
