"""Whether a sentence that came beside a quote may take back what the quote says."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from graph.caching.changes import Sentence
from graph.retrieval.terms import terms

_TAKES_BACK: Final = re.compile(
    r"\b(?:no longer|not|never|deprecated|obsolete|outdated|superseded|replaced|withdrawn|repealed|void"
    r"|invalid|instead|except|unless|until|formerly|previously|archived|cancelled|suspended|draft)\b",
    re.IGNORECASE,
)
_POINTS: Final = re.compile(
    r"\b(?:this|that|these|those|it|its|they|them|their|such|same|above|below|following|preceding|former"
    r"|latter|here|everything|all|both|any|none|rules?|polic(?:y|ies)|sections?|paragraphs?|pages?"
    r"|documents?|statements?|values?|limits?|terms?|procedures?|notes?)\b",
    re.IGNORECASE,
)
OWN_SUBJECT: Final = 3
"""With fewer words of its own a sentence ("Suspended until May.") speaks of what stands beside it."""
SAME_SENTENCE: Final = 0.5
"""Of the words of two sentences, how many are in both where one is an edit of the other."""


def takes_back(fresh: Sentence, faded: Sequence[Sentence], told: Iterable[str]) -> bool:
    """Tell whether it says "not", "until", … of what was told, and its former wording did not.

    `told` are the questions and quotes of an answer.
    """
    said = _taking(fresh.text)
    if not said:
        return False
    words, about = _own(fresh.text), frozenset[int]().union(*map(terms, told))
    before = _wording_before(words, fresh.path, faded)
    if before is not None and not said - _taking(before):
        # It took the same back when the answer was given; of what it does may be new.
        new = words if _reordered(before, fresh.text) else words - _own(before)
        return bool(new & about)
    return len(words) < OWN_SUBJECT or bool(words & about or _POINTS.search(fresh.text))


def _wording_before(words: frozenset[int], path: str, faded: Sequence[Sentence]) -> str | None:
    """Return the sentence of which this one is an edit; None: it is new."""
    likest, found = SAME_SENTENCE, None
    for one in faded:
        own = _own(one.text) if one.path == path else frozenset[int]()
        alike = len(words & own) / max(1, len(words | own))
        if own and alike >= likest:
            likest, found = alike, one.text
    return found


def _reordered(before: str, after: str) -> bool:
    """Tell whether what both say is said in another order: "changed, not lent", "lent, not changed"."""
    old, new = (re.findall(r"\w+", one.casefold()) for one in (before, after))
    return [one for one in old if one in new] != [one for one in new if one in old]


def _taking(text: str) -> Counter[str]:
    return Counter(one[0].casefold() for one in _TAKES_BACK.finditer(text))


def _own(text: str) -> frozenset[int]:
    return terms(_TAKES_BACK.sub(" ", text))
