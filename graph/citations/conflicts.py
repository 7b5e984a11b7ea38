"""Sources that contradict each other: the same thing, with another number, date, version or a `not`.

Meant to miss rather than to cry wolf: two sentences are compared only when one is about the same as
the other, under the same conditions. What is declared here is all that is looked at.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from graph.citations.amounts import Amount
from graph.citations.kinds import KINDS
from graph.citations.polarity import clauses, denies, opposite
from graph.citations.quantities import Facts, facts_of
from graph.citations.two_subjects import Titled, of_two_things
from graph.retrieval.terms import terms

ConflictKind = Literal["number", "date", "version", "denial", "opposite"]
# How much of the shorter sentence the longer one must be about.
SAME_SUBJECT: Final = 0.75
SAME_WORDS: Final = 0.8
FEWEST_SHARED: Final = 2
_SHORTEST_MONTH: Final = 28 * 86_400
_LONGEST_MONTH: Final = 31 * 86_400
# A number is blanked out before: `for 30 days` is no condition, `for guests` is one.
_CONDITION: Final = re.compile(
    r"\b(?:for|during|in case of|in|on|at|before|after|outside|inside|with|without|from|to) (?=\w)(?!least|most)"
    r"((?:[\w'-]+ ?){1,4})",
    re.IGNORECASE,
)
_HEDGE: Final = re.compile(
    r"\b(?:if|when|unless|except|only|until|where|provided|as of|otherwise|instead|used to"
    r"|formerly|previously|no longer|planned|will|about|around|example|e\.g)\b",
    re.IGNORECASE,
)
# What such a sentence is about stands before it.
_LEANS: Final = re.compile(r"\W*(?:it|its|this|that|these|those|they|he|she)\b", re.IGNORECASE)
_MODAL: Final = re.compile(
    r"\b(?:must|may|might|can|could|shall|should|will|would|has to|have to|needs? to|be|been|being)\b",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[A-Za-z][\w'-]*")


@dataclass(frozen=True)
class Said:
    """A sentence of a source, with where it stands."""

    text: str
    source: tuple[str, str]
    """Agent and path: one document does not contradict itself."""
    title: str = ""
    headings: tuple[str, ...] = ()

    @property
    def place(self) -> str:
        return " > ".join((self.title, *self.headings))


@dataclass(frozen=True)
class Difference:
    """How two sentences differ, and what each says there."""

    kind: ConflictKind
    values: tuple[str, str]


def difference(one: Said, other: Said) -> Difference | None:
    """Return what two sources contradict each other in; None when they do not."""
    if one.source == other.source or _folded(one.text) == _folded(other.text):
        return None
    first, second = facts_of(one.text), facts_of(other.text)
    if first.labels != second.labels or _other_kind(one, other, first.rest, second.rest):
        return None
    places = [facts_of(each.place).versions for each in (one, other)]
    if all(places) and places[0] != places[1]:
        return None
    if _LEANS.match(one.text) or _LEANS.match(other.text) or _two_things(one, other, first, second):
        return None
    if _conditions(first.rest, second.rest) != _conditions(second.rest, first.rest):
        return None
    apart = _number(first, second) if _same_subject(first.rest, second.rest) else None
    return apart or _of_words(one.text, other.text)


def _two_things(one: Said, other: Said, first: Facts, second: Facts) -> bool:
    shared = _subject(first.rest) & _subject(second.rest)
    return of_two_things(Titled(one.text, one.title), Titled(other.text, other.title), shared)


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))


def _same_subject(first: str, second: str) -> bool:
    ours, theirs = _subject(first), _subject(second)
    shared = ours & theirs
    smaller = min(len(ours), len(theirs))
    if len(shared) < min(FEWEST_SHARED, max(1, smaller)) or len(shared) < SAME_SUBJECT * smaller:
        return False
    # Where both say more than the other, what they share must outweigh it.
    own = (len(ours - theirs), len(theirs - ours))
    if all(own) and len(shared) < 3 * max(own):
        return False
    return _qualified(first, shared) == _qualified(second, shared)


def _subject(text: str) -> frozenset[int]:
    return terms(_MODAL.sub(" ", text))


def _qualified(text: str, shared: frozenset[int]) -> frozenset[int]:
    """Return words that stand right before a shared one: `test keys` are not `root keys`."""
    words = _WORD.findall(_MODAL.sub(" ", text))
    found = [
        terms(word) - shared for word, following in pairwise(words) if terms(following) & shared
    ]
    return frozenset[int]().union(*found)


def _conditions(text: str, other: str) -> tuple[frozenset[int], frozenset[str]]:
    """Return words of its own that a sentence puts under a condition, and how it hedges."""
    theirs = terms(other)
    found = [terms(one[1]) - theirs for one in _CONDITION.finditer(text)]
    hedges = frozenset(one[0].lower() for one in _HEDGE.finditer(text))
    return frozenset[int]().union(*found), hedges


def _other_kind(one: Said, other: Said, first_text: str, second_text: str) -> bool:
    """Whether they speak of two things of one kind, by their words or by the headings above."""
    first, second = (
        _plain_words(f"{a.place} {b}") for a, b in ((one, first_text), (other, second_text))
    )
    own, theirs = _plain_words(first_text), _plain_words(second_text)
    for kind in KINDS:
        ours, others = first & kind, second & kind
        if ours and others and not ours & others:
            return True
        if (own & kind) != (theirs & kind):
            return True
    return _names_of(one.place) != _names_of(other.place) and bool(
        _names_of(one.place) and _names_of(other.place)
    )


def _plain_words(text: str) -> frozenset[str]:
    return frozenset(
        form
        for word in re.findall(r"[a-z]+", text.lower())
        for form in (word, word.removesuffix("s"))
    )


def _names_of(place: str) -> frozenset[str]:
    """Return codes in headings, as X200 or SOP-02: each is a thing of its own."""
    return frozenset(re.findall(r"\b(?=[A-Z\d-]*\d)[A-Z]{1,6}-?\d+\w*\b", place))


def _number(first: Facts, second: Facts) -> Difference | None:
    dates = _apart(first.dates, second.dates)
    versions = _apart(first.versions, second.versions)
    amounts = _amounts_apart(first.amounts, second.amounts)
    # Another date or version beside another number is the reason for it.
    if amounts:
        return None if (first.dates, first.versions) != (second.dates, second.versions) else amounts
    if first.amounts and second.amounts and _said(first.amounts) != _said(second.amounts):
        return None
    if dates and not versions and _one_each(first.dates, second.dates):
        return Difference("date", dates)
    if versions and not dates and _one_each(first.versions, second.versions):
        return Difference("version", versions)
    return None


def _apart(first: Sequence[str], second: Sequence[str]) -> tuple[str, str] | None:
    if not first or not second:
        return None
    if any(one.startswith(other) or other.startswith(one) for one in first for other in second):
        return None
    return ", ".join(first), ", ".join(second)


def _one_each(first: Sequence[str], second: Sequence[str]) -> bool:
    return len(first) == len(second) == 1


def _said(amounts: Sequence[Amount]) -> set[tuple[object, str]]:
    return {(one.value, one.unit) for one in amounts}


def _amounts_apart(first: Sequence[Amount], second: Sequence[Amount]) -> Difference | None:
    """Compare what both measure in the same unit; a number that both give says that they agree."""
    units = [one.unit for one in first if any(one.unit == other.unit for other in second)]
    for unit in dict.fromkeys(units):
        ours, theirs = _of_unit(first, unit), _of_unit(second, unit)
        # Two numbers of a unit are a range or a list: which stands against which is not sure.
        if len(ours) != len(theirs) or len(ours) > 2:
            continue
        if not {one.value for one in ours} & {one.value for one in theirs} and all(
            _exclude(one, other) for one, other in zip(ours, theirs, strict=True)
        ):
            return Difference("number", (_words(ours), _words(theirs)))
    return _spans_apart(first, second)


def _spans_apart(first: Sequence[Amount], second: Sequence[Amount]) -> Difference | None:
    """Compare days with months: 90 days may be 3 months, and are never a year."""
    if len(first) != 1 or len(second) != 1 or {first[0].bound, second[0].bound} != {"exact"}:
        return None
    days, months = sorted((first[0], second[0]), key=lambda one: one.unit != "second")
    if (days.unit, months.unit) != ("second", "month"):
        return None
    if _SHORTEST_MONTH * months.value <= days.value <= _LONGEST_MONTH * months.value:
        return None
    return Difference("number", (first[0].said, second[0].said))


def _of_unit(amounts: Sequence[Amount], unit: str) -> list[Amount]:
    return [one for one in amounts if one.unit == unit]


def _words(amounts: Sequence[Amount]) -> str:
    return ", ".join(one.said for one in amounts)


def _exclude(one: Amount, other: Amount) -> bool:
    """Whether both cannot hold: at least 12 and at most 64 can."""
    if one.bound == other.bound:
        return one.value != other.value
    if {one.bound, other.bound} == {"least", "most"}:
        least, most = (one, other) if one.bound == "least" else (other, one)
        return least.value > most.value
    exact, bounded = (one, other) if one.bound == "exact" else (other, one)
    return exact.value < bounded.value if bounded.bound == "least" else exact.value > bounded.value


def _of_words(one: str, other: str) -> Difference | None:
    """Compare sentences that have the same words but for a denial, or for one word and its opposite."""
    found = opposite(one, other)
    ours, theirs = (_content(text, found or ()) for text in (one, other))
    if len(ours & theirs) < max(FEWEST_SHARED - bool(found), SAME_WORDS * len(ours | theirs)):
        return None
    if denies(one, other):
        return Difference("denial", (_stance(one), _stance(other)))
    return Difference("opposite", found) if found else None


def _content(text: str, without: Sequence[str]) -> frozenset[int]:
    plain = _MODAL.sub(" ", text)
    words = frozenset[int]().union(*(clause.words for clause in clauses(plain)))
    return words - frozenset[int]().union(*(terms(one) for one in without))


def _stance(text: str) -> str:
    return "no" if any(one.is_denied for one in clauses(text)) else "yes"
