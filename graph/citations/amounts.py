"""Amounts of a sentence: numbers with their sign, scale, unit and bound, as values that can be compared."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from graph.citations.units import CODES, SIGNS, currency_of, unit_of

Bound = Literal["exact", "least", "most"]
# How often, without a number: `weekly`, `every day`, `per hour`.
_OFTEN: Final = re.compile(
    r"\b(?:(?:every|each|per) (second|minute|hour|day|night|week|month|quarter|year)"
    r"|(hourly|daily|nightly|weekly|monthly|quarterly|yearly|annually)|(twice))\b",
    re.IGNORECASE,
)
_ADVERBS: Final = {"daily": "day", "nightly": "day", "night": "day", "annually": "year"}
_ONES: Final = (
    ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
     "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
)  # fmt: skip
_TENS: Final = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
SCALES: Final = {
    name: value
    for names, value in (
        ("hundred", 100), ("thousand k", 10**3), ("million mn mio m", 10**6),
        ("billion bn mrd b", 10**9), ("trillion tn", 10**12),
    )
    for name in names.split()
}  # fmt: skip
_WORD: Final = rf"(?:{'|'.join(_TENS)})(?:[ -](?:{'|'.join(_ONES[1:10])}))?|{'|'.join(_ONES)}"
_SIGN: Final = rf"(?:\b[A-Z]{{1,2}})?(?:{SIGNS})|(?-i:\b(?:{CODES})\b)"
# `m` and `b` are a scale beside a currency only: 5 m are metres.
_SCALE: Final = (
    rf"[ -]?(?:hundred|thousand|million|billion|trillion|mn|mio|bn|mrd|tn|(?(sign)[mb]"
    rf"|[mb](?= ?(?:{SIGNS}|(?-i:(?:{CODES})\b))))|(?<!-)k)"
)
_AMOUNT: Final = re.compile(
    rf"(?P<minus>(?<![\w.)])[-\u2212]\s?(?={SIGNS})|\b(?:minus|negative)\s)?(?P<sign>{_SIGN})?\s?(?<![\w.])"
    rf"(?:(?P<digits>[-\u2212]?\d+(?:[,\u202f ]\d{{3}}(?!\d))*(?:\.\d+)?)|(?P<words>\b(?:{_WORD})\b))"
    rf"(?P<scale>{_SCALE}\b)?(?P<tail>[ -]?(?:(?P<kind>business|working|calendar|consecutive|full)[ -])?"
    rf"(?:%|{SIGNS}|[A-Za-zµ°]+))?",
    re.IGNORECASE,
)
_LEAST: Final = re.compile(
    r"\b(at least|no(?:t)? (?:less|fewer) than|more than|minimum|min|longer than)\W*"
    r"(?:\w+\W+){0,4}$",
    re.IGNORECASE,
)
_MOST: Final = re.compile(
    r"\b(at most|no(?:t)? (?:be |last |take |exceed )?(?:more|later|longer|higher|greater|larger|wider|heavier) than|not exceed|less than|fewer than|under|within|up to"
    r"|maximum|max|below)\W*(?:\w+\W+){0,4}$",
    re.IGNORECASE,
)
CLOCK: Final = "clock"
_CLOCK: Final = re.compile(
    r"(?<![\w:.,])(?:(?P<hour>0?[1-9]|1[0-2])(?:[:.](?P<minute>[0-5]\d))?\s?(?P<half>[ap])\.?\s?m\b\.?"
    r"|(?P<of_24>[01]?\d|2[0-3]):(?P<of_hour>[0-5]\d)(?![\w:]|[.,]\d| ?h\b))",
    re.IGNORECASE,
)
_RATIO: Final = re.compile(
    r"\b(?:ratio|scale|dilut\w+|mix\w*|proportion|score)\b[^.;]{0,20}$", re.IGNORECASE
)
# `5th`, `3x`: what is longer behind a digit is part of a name.
_LONGEST_ENDING: Final = 2
_FEWER: Final = frozenset(("less", "fewer", "lower", "below", "under", "shorter", "earlier"))
_OR_MORE: Final = re.compile(
    r"\W*(?:\w+\W+)?or (more|longer|greater|higher|above|over|up|later|newer|less|fewer|lower|below|under|shorter|earlier|older)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Amount:
    """A number with what it counts; `value` is in the unit's base, so that 24 hours are 1 day."""

    value: Fraction
    unit: str
    bound: Bound
    start: int
    end: int
    said: str
    number: Fraction = Fraction(0)
    """As it is written, with sign and scale, whatever the unit."""
    is_scaled: bool = False


def often_in(text: str) -> Iterator[Amount]:
    """Find how often: `every day`, `weekly`."""
    for one in _OFTEN.finditer(text):
        adverb = (one[2] or "").lower()
        said = (one[1] or adverb).lower()
        word = _ADVERBS.get(said) or said.removesuffix("ly")
        unit, factor = ("time", Fraction(2)) if one[3] else _known(word)
        yield Amount(factor, unit, "exact", one.start(), one.end(), one[0], Fraction(1))


def clocks_in(text: str) -> Iterator[Amount]:
    """Find times of the day, in minutes: `10 p.m.` is `22:00`."""
    for one in _CLOCK.finditer(text):
        if _RATIO.search(text[: one.start()]):
            continue
        hour, minute = int(one["hour"] or one["of_24"]), int(one["minute"] or one["of_hour"] or 0)
        half = (one["half"] or "").lower()
        since = hour if not half else hour % 12 + (12 if half == "p" else 0)
        yield Amount(
            Fraction(since * 60 + minute), CLOCK, "exact", one.start(), one.end(), one[0],
            hour + Fraction(minute, 60),
        )  # fmt: skip


def _known(word: str) -> tuple[str, Fraction]:
    return unit_of(word) or ("", Fraction(1))


def amounts_in(left: str, text: str) -> Iterator[Amount]:
    """Find amounts in what is left of a text when dates and the like are blanked out."""
    before = 0
    matches = list(_AMOUNT.finditer(left))
    for number, found in enumerate(matches):
        unit, factor, end = _unit(found)
        if _is_identifier(found, unit):
            continue
        if not unit and not found["scale"] and (found["words"] or "").lower() in {"one", "zero"}:
            continue  # `one of them` counts nothing
        if not unit and number + 1 < len(matches) and _is_range(text, end, matches[number + 1]):
            unit, factor, _ = _unit(matches[number + 1])
        value = _value(found)
        yield Amount(
            value * factor, unit, _bound(text, before, found.start(), end),
            found.start(), end, text[found.start() : end].strip(), value, bool(found["scale"]),
        )  # fmt: skip
        before = end


def _is_identifier(found: re.Match[str], unit: str) -> bool:
    """Whether `9abc55` begins here: a name with a digit in front says no number."""
    tail, behind = found["tail"] or "", found.string[found.end() : found.end() + 1]
    if (behind.isalnum() or behind == "_") and (not tail or tail[0].isalpha()):
        return True  # and `5 km2` is none
    return bool(found["digits"]) and not unit and tail[:1].isalpha() and len(tail) > _LONGEST_ENDING


def _is_range(text: str, end: int, following: re.Match[str]) -> bool:
    """Whether `10` stands before `to 20 days`, and so means days too."""
    return bool(re.fullmatch(r"\s*(?:to|and|or|-|\u2013)?\s*", text[end : following.start()]))


def _value(found: re.Match[str]) -> Fraction:
    digits, words, scale = found["digits"], found["words"], (found["scale"] or "").strip(" -")
    if digits:
        value = Fraction(re.sub(r"[,\u202f ]", "", digits).replace("\u2212", "-"))
    else:
        value = Fraction(sum(_word(one) for one in re.split(r"[ -]", words.lower())))
    return (-value if found["minus"] else value) * SCALES.get(scale.lower(), 1)


def _word(word: str) -> int:
    return _ONES.index(word) if word in _ONES else 10 * (_TENS.index(word) + 2)


def _unit(found: re.Match[str]) -> tuple[str, Fraction, int]:
    """Return the unit, what it is of its base, and where the amount with a real unit ends."""
    number_ends = found.start("tail") if found["tail"] else found.end()
    if found["sign"]:
        return currency_of(found["sign"]) or "", Fraction(1), number_ends
    tail = re.split(r"[ -]", (found["tail"] or "").strip(" -"))[-1]
    known = unit_of(tail)
    if currency := currency_of(tail):
        return currency, Fraction(1), found.end()
    if known is None:
        return "", Fraction(1), number_ends
    if (found["kind"] or "").lower() in {"business", "working"}:
        return "workday", Fraction(1), found.end()
    return known[0], known[1], found.end()


def _bound(text: str, before: int, start: int, end: int) -> Bound:
    ahead = text[before:start]
    after = _OR_MORE.match(text, end)
    if after and after[1].lower() == "older":
        return "exact"  # `18 or older` is at least 18, `Chrome 90 or older` at most
    if after:
        return "most" if after[1].lower() in _FEWER else "least"
    least, most = _LEAST.search(ahead), _MOST.search(ahead)
    if least and most:
        # `No more than` has `more than` in it; else the nearer one counts.
        near, far = (least.end(1), -least.start(1)), (most.end(1), -most.start(1))
        return "least" if near > far else "most"
    return "least" if least else "most" if most else "exact"
