"""Whether a sentence has the words of its quote, and who does what to whom turned round."""

import re
from typing import Final

from graph.retrieval.terms import terms

# So much of the words of both must be shared: of other words, another order says nothing.
_COPY: Final = 0.85
_WORD: Final = re.compile(r"\w+(?:[-'\u2019]\w+)*")
# What stands behind these hangs on them, wherever the phrase stands: `in 2024`, `to the branch`.
_GOVERN: Final = frozenset(
    ["to", "from", "by", "than", "for", "against", "over", "under", "into", "onto", "of", "with", "at", "in", "on",
     "within", "after", "before", "during", "since", "until", "about", "between", "near", "per", "through", "via",
     "if", "when", "whenever", "unless", "because"]
)  # fmt: skip
# Of these the one takes another's place: what goes from A to B does not go from B to A.
_PLACES: Final = frozenset(("to", "from", "than", "by", "against", "over", "under"))
# `before the first two months`: so many words behind a preposition belong to it.
_REACH: Final = 3
# What turns a sentence round and keeps its meaning.
_TURNS: Final = re.compile(r"\b(?:who|whom|whose|which|that)\b|['\u2019]s\b", re.IGNORECASE)
_BY: Final = re.compile(r"\bby\b", re.IGNORECASE)
_PASSIVE: Final = re.compile(
    r"\b(?:is|are|was|were|be|been|being|gets?|got)\s+(?:\w+ly\s+)?\w+(?:ed|en|own|ought|aid|ade|ept|ent|ut)\b",
    re.IGNORECASE,
)
# `For each record, …` may stand in front or behind.
_FRONTED: Final = re.compile(
    r"^(?:in|on|at|for|after|before|by|during|if|when|since|until|with|from|under|within|once|as|whenever)\b[^,]*,",
    re.IGNORECASE,
)
# Members of a list have no order, and clauses of their own have roles of their own.
_LISTED: Final = re.compile(
    r"[,;:/]|\b(?:and|or|but|while|whereas|nor|as well as)\b", re.IGNORECASE
)
# Stems in their order, each with the preposition that it hangs on, if any.
_Words = dict[str, str]


def turned_round(sentence: str, quote: str) -> bool:
    """Whether something that stood before a word stands behind it, and the other way round.

    What only moves to the front or the end (`in March`) changes places with nothing.
    """
    said, there = _without_comma(sentence), _without_comma(quote)
    if _LISTED.search(said) or _LISTED.search(there) or _ways_of(said) != _ways_of(there):
        return False
    ours, theirs = terms(said), terms(there)
    if len(ours & theirs) < _COPY * max(len(ours), len(theirs), 1):
        return False
    words, others = _in_order(said), _in_order(there)
    return _places_taken(words, others) or _sides_changed(words, others)


def _without_comma(text: str) -> str:
    return _FRONTED.sub(lambda found: found[0][:-1], text.strip(" ."))


def _ways_of(text: str) -> tuple[int, bool, int]:
    """How it is built; `by` turns a sentence round where it is in the passive."""
    passive = bool(_PASSIVE.search(text))
    return len(_TURNS.findall(text)), passive, len(_BY.findall(text)) if passive else 0


def _places_taken(said: _Words, there: _Words) -> bool:
    """Whether two words took each other's preposition."""
    moved = {
        (there[one], said[one])
        for one in said.keys() & there.keys()
        if said[one] != there[one] and {said[one], there[one]} <= _PLACES
    }
    return any((now, was) in moved for was, now in moved)


def _sides_changed(said: _Words, there: _Words) -> bool:
    """Whether a word went behind another one, and a second the other way; phrases may stand anywhere."""
    shared = [one for one in said if one in there]
    was = [one for one in there if one in said]
    free = {one for one in shared if not (said[one] and there[one])}
    for pivot in shared:
        before, was_before = set(shared[: shared.index(pivot)]), set(was[: was.index(pivot)])
        if (free & before) - was_before and (free & was_before) - before:
            return True
    return False


def _in_order(text: str) -> _Words:
    """Words that count; what stands twice tells no order."""
    found, twice = _Words(), set[str]()
    governor, since = "", 0
    for word in _WORD.findall(text):
        low = word.lower()
        if low in _GOVERN:
            governor, since = low, 0
        elif stem := ",".join(str(one) for one in sorted(terms(word))):
            since += 1
            twice |= {stem} & found.keys()
            found[stem] = governor if since <= _REACH else ""
    return {stem: hangs_on for stem, hangs_on in found.items() if stem not in twice}
