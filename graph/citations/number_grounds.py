"""Whether each number of a sentence stands in what it rests on: value, scale, sign, unit and whose it is."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from graph.citations.amounts import CLOCK, SCALES, Amount
from graph.citations.quantities import Facts, facts_of
from graph.citations.units import SIGNS, currency_of, unit_of
from graph.citations.word_lists import listed
from graph.retrieval.terms import terms

_CLAUSE: Final = re.compile(r"[,;:|\n]|\b(?:and|but|while|whereas|or)\b")
_UNIT_WORD: Final = re.compile(rf"(?:\b[A-Z]{{1,2}})?{SIGNS}|%|[A-Za-zµ°]+")
# `in millions`, above a table whose cells have the digits alone.
# `5 mg a day`: as much as `per day`, which is an amount of its own.
_PACE: Final = re.compile(
    r"\b(?:an? (hour|day|week|month|year)|annual|per annum)\b(?!-)", re.IGNORECASE
)
_COUNTED: Final = re.compile(r"(?:\d|\b(?:once|twice|times)\b)[^.;:]{0,40}$", re.IGNORECASE)
_FRACTION: Final = listed(
    "half|halves|(?:a|one|two) thirds?|(?:a|one|three) quarters? of|(?:a|one) (?:fifth|tenth|hundredth)|double|triple"
    "|twofold|threefold|dozens?"
)
_SHARES: Final = tuple(
    (listed(words), Amount(Fraction(percent), "%", "exact", 0, 0, words, Fraction(percent)))
    for words, percent in (
        ("half|halves", 50), ("(?:a|one) quarter(?: of)?", 25), ("three quarters(?: of)?", 75),
        ("(?:a|one) fifth", 20), ("(?:a|one) tenth", 10), ("(?:a|one) hundredth", 1),
    )
)  # fmt: skip
_SCALE_ABOVE: Final = re.compile(r"\b(thousand|million|billion|trillion)s\b", re.IGNORECASE)
_FALLS: Final = re.compile(
    r"\b(?:fell|fall\w*|drop\w*|declin\w*|decreas\w*|reduc\w*|shr[aiu]nk\w*|lost|los[es]\w*|down|below"
    r"|deficit|negative|minus|lower\w*|outflows?)\b",
    re.IGNORECASE,
)


_HALF: Final = re.compile(r"\b\d+\s?([ap])\.?\s?m\b", re.IGNORECASE)
_UP: Final = listed(
    "later|newer|higher|above|up|upwards?|greater|more|longer|onwards?|over|after|larger|beyond"
)
_DOWN: Final = listed("earlier|older|lower|below|less|fewer|shorter|under|before|down|smaller")
_ONWARDS: Final = re.compile(
    r"\d\S*\s(?:\w+\s)?(?:or|and)\s(?:any(?:thing)?\s)?(\w+)\b(?!\s\w+ed\b)"
)
_RISING: Final = re.compile(
    r"\d ?\+|\b(?:least|minimum|no earlier|not before|since|from|starting)\b", re.IGNORECASE
)
_FALLING: Final = re.compile(
    r"\b(?:most|maximum|no later|up to|until|till|within|by)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Held:
    """Numbers that quotes and headings give, and what the words beside them lend to bare ones."""

    facts: Sequence[Facts]
    units: frozenset[tuple[str, Fraction]]
    scales: frozenset[int]
    falls: bool
    paces: Sequence[Amount]
    words: str

    @classmethod
    def of(cls, sources: Iterable[str], question: str) -> "Held":
        """The question's own numbers prove nothing; its words may say in which unit is asked."""
        texts = list(sources)
        words = "\n".join((*texts, question))
        return cls(
            [facts_of(one) for one in texts], frozenset(_units_in(words)),
            frozenset(SCALES[one.lower()] for one in _SCALE_ABOVE.findall(words)),
            bool(_FALLS.search("\n".join(texts))), _paces("\n".join(texts)), "\n".join(texts).lower(),
        )  # fmt: skip

    def holds(self, sentence: str) -> bool:
        """Whether all numbers of a sentence stand here."""
        said = facts_of(sentence)
        dates = {date for one in self.facts for date in one.dates}
        years = {one[:4] for one in dates}
        if any(one not in dates and not _within(one, dates, years) for one in said.dates):
            return False
        held = [*(amount for one in self.facts for amount in one.amounts), *self.paces]
        versions = {version for one in self.facts for version in one.versions}
        if not set(said.versions) <= versions | {one.said.strip() for one in held}:
            return False
        if not said.labels <= {label for one in self.facts for label in one.labels}:
            return False
        held += [one for share, one in _SHARES if share.search(self.words)]
        if any(
            one[0].lower() not in self.words and not _is_share_of(one[0], held)
            for one in _FRACTION.finditer(sentence)
        ):
            return False
        if not {(one.value, one.unit) for one in _paces(sentence, counted=True)} <= {
            (one.value, one.unit) for one in held
        }:
            return False
        falls = bool(_FALLS.search(sentence))
        return all(
            one.said in versions or any(self._same(one, other, falls=falls) for other in held)
            for one in said.amounts
        )

    def _same(self, said: Amount, held: Amount, *, falls: bool) -> bool:
        # A fall of 12 is a change by -12, and the other way round.
        turned = falls if said.number > 0 else self.falls
        if {said.bound, held.bound} == {"least", "most"}:
            return False
        if said.unit and held.unit:
            return said.unit == held.unit and _equal(said.value, held.value, turned=turned)
        if said.unit and not self._lends(said):
            return False
        if _equal(said.number, held.number, turned=turned):
            return True
        lent = self.scales if said.is_scaled and not held.is_scaled else ()
        return any(_equal(said.number, held.number * scale, turned=turned) for scale in lent)

    def _lends(self, said: Amount) -> bool:
        """Whether a unit that the number itself has not is named beside it: a column of `EUR`."""
        if said.unit == CLOCK:
            # `9 to 11 a.m.` says of both that they are in the morning.
            half = _HALF.search(said.said)
            # And no more than the hour: `10` is not `10:30`.
            return (
                half is not None
                and said.number.denominator == 1
                and half[1].lower() in {one[1] for one in _HALF.finditer(self.words)}
            )
        factor = said.value / said.number if said.number else Fraction(1)
        return said.unit in {"time", "workday"} or (said.unit, factor) in self.units


def _is_share_of(said: str, held: Sequence[Amount]) -> bool:
    return any(
        share.fullmatch(said)
        and any(other.unit == "%" and other.value == one.value for other in held)
        for share, one in _SHARES
    )


def goes_on(sentence: str, quotes: str) -> bool:
    """Whether it goes on from a number where the quote stops, or the other way: `or earlier` for `or later`."""
    ways = [one[1] for one in _ONWARDS.finditer(sentence)]
    for words, also in ((_UP, _RISING), (_DOWN, _FALLING)):
        if any(words.fullmatch(one) for one in ways) and not (
            any(words.fullmatch(one[1]) for one in _ONWARDS.finditer(quotes)) or also.search(quotes)
        ):
            return True
    return False


def _equal(one: Fraction, other: Fraction, *, turned: bool) -> bool:
    return one == other or (turned and one == -other)


def _paces(text: str, *, counted: bool = False) -> list[Amount]:
    found = [
        one for one in _PACE.finditer(text) if not counted or _COUNTED.search(text[: one.start()])
    ]
    known = [(one, unit_of(one[1] or "year")) for one in found]
    return [
        Amount(factor, unit, "exact", one.start(), one.end(), one[0], Fraction(1))
        for one, (unit, factor) in ((one, known) for one, known in known if known)
    ]


def _units_in(text: str) -> Iterable[tuple[str, Fraction]]:
    for word in _UNIT_WORD.findall(text):
        if currency := currency_of(word):
            yield currency, Fraction(1)
        elif known := unit_of(word):
            yield known


def _within(date: str, known: set[str], years: set[str]) -> bool:
    return date in years or any(
        one.startswith(date) or one.endswith(date.lstrip("-")) for one in known
    )


def says_of_another(sentence: str, quote: str) -> bool:
    """Whether the quote gives a number to one thing, and the sentence to another of its things."""
    there = facts_of(quote).amounts
    return any(_is_of_another(one, sentence, quote, there) for one in facts_of(sentence).amounts)


def _is_of_another(amount: Amount, sentence: str, quote: str, there: Sequence[Amount]) -> bool:
    alike = [one for one in there if one.unit == amount.unit]
    own = [one for one in alike if one.value == amount.value]
    if not own or len(alike) < 2:
        return False
    around = _around(sentence, amount)
    here = [_around(quote, one) for one in own]
    others = [_around(quote, one) for one in alike if one not in own]
    return any(_is_nearer(around, mine=mine, other=other) for mine in here for other in others)


def _is_nearer(around: frozenset[int], *, mine: frozenset[int], other: frozenset[int]) -> bool:
    """Whether it has words that only the other clause has, and lacks some that only its own has."""
    return bool(around & (other - mine)) and bool((mine - other) - around)


def _around(text: str, amount: Amount) -> frozenset[int]:
    """Return the words of the clause that a number stands in."""
    before = [one.end() for one in _CLAUSE.finditer(text, 0, amount.start)]
    after = _CLAUSE.search(text, amount.end)
    clause = text[before[-1] if before else 0 : after.start() if after else len(text)]
    return terms(facts_of(clause).rest)
