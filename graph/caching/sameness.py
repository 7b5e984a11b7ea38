"""Whether two questions are one: in doubt they are not, since a wrong answer costs more than a new one.

Vectors only say which questions to compare. Here every word of the one must have its equal in the
other, in an order that means the same, and what turns a question round must be the same in both:
negations, numbers, names, quantities, tense, obligation, what is asked for, and in which language.
"""

from collections.abc import Sequence

from graph.caching.odd_marks import capitals_alike, spelled_alike
from graph.caching.question_reading import ENGLISH, Reading, Word, is_small, read
from graph.caching.small_words import NEAR
from graph.caching.word_keys import is_participle, key_of


def same_question(first: str, second: str) -> bool:
    """Whether one answer serves both."""
    a, b = read(first), read(second)
    if a.letters != b.letters or a.marks != b.marks or not spelled_alike(a.units, b.units):
        return False
    if not capitals_alike(a.capitals, b.capitals):
        return False
    if a.plain == b.plain:
        return a.language == b.language and _named(a, b) and _named(b, a)
    if not {a.language, b.language} <= ENGLISH or not a.words:
        return False
    return (
        _asked_alike(a.asks, b.asks)
        and a.turns == b.turns
        and a.persons == b.persons
        and _done_alike(a, b)
        and sorted(a.keys) == sorted(b.keys)
        and _named(a, b)
        and _named(b, a)
        and _same_places(a.words, b.words)
        and _same_order(a, b)
    )


def _asked_alike(first: frozenset[str], second: frozenset[str]) -> bool:
    """A noun alone asks what it is."""
    return (first or frozenset({"what"})) == (second or frozenset({"what"}))


def _done_alike(a: Reading, b: Reading) -> bool:
    """Who "is paid" does not pay: only a way, a place or a moment is the same for both."""
    if {"who", "what", "whose", "who to", "what to"} & a.asks and a.helped != b.helped:
        return False
    if a.suffered == b.suffered:
        return True
    done_to, done_by = (a, b) if a.suffered else (b, a)
    if done_by.suffered or done_to.subject or not done_by.active:
        return False
    return all(
        one.startswith(("how", "where", "when", "why", "yes or no")) for one in a.asks | b.asks
    )


def _named(one: Reading, other: Reading) -> bool:
    """Every name of the one stands in the other, as it is written."""
    there = set(other.plain) | {word.said for word in other.words}
    keys = {word.key for word in other.words}
    return all(
        name in other.names if is_small(name) else name in there or key_of(name) in keys
        for name in one.names
        if name != "i"
    )


def _same_places(first: Sequence[Word], second: Sequence[Word]) -> bool:
    """No word stands behind "to" in the one and behind "for" in the other."""
    places: dict[str, set[str]] = {}
    for word in second:
        places.setdefault(word.key, set()).add(word.before)
    return all(
        not word.before
        or "" in places[word.key]
        or any(_near(word.before, one) for one in places[word.key])
        for word in first
    )


def _near(first: str, second: str) -> bool:
    return first == second or {first, second} in NEAR


def _same_order(a: Reading, b: Reading) -> bool:
    """The same order; or one part with its preposition moved; or one verb, "is kept" for "do I keep"."""
    same = a.keys == b.keys
    return same or _one_part_moved(a.words, b.words) or _verb_moved(a, b) or _verb_moved(b, a)


def _one_part_moved(first: Sequence[Word], second: Sequence[Word]) -> bool:
    size, wanted = len(first), [one.key for one in second]
    for cut in range(1, size):
        if [one.key for one in (*first[cut:], *first[:cut])] != wanted:
            continue
        # The part that moved keeps its preposition in both places.
        heads = ((first[0], second[size - cut]), (first[cut], second[0]))
        if any(one.before and one.before == other.before for one, other in heads):
            return True
    return False


def _verb_moved(passive: Reading, active: Reading) -> bool:
    for word in passive.words if active.active else ():
        if word.behind_be and is_participle(word.said):
            rest = [one for one in passive.keys if one != word.key]
            if rest == [one for one in active.keys if one != word.key]:
                return True
    return False
