"""Numbers of a sentence as facts: amounts with their units, dates, versions, and labels."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, Literal

from graph.citations.units import unit_of

Bound = Literal["exact", "least", "most"]
_MONTH: Final = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:tember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_MONTHS: Final = "janfebmaraprmayjunjulaugsepoctnovdec"
_ISO: Final = re.compile(r"(?<![\w.-])(\d{4})-(\d{2})(?:-(\d{2}))?(?![\w-])")
_DAY_FIRST: Final = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?({_MONTH})\.?(?:,?\s+(\d{{4}}))?\b", re.IGNORECASE
)
_MONTH_FIRST: Final = re.compile(
    rf"\b({_MONTH})\.?\s+(?:(\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,?\s+(\d{{4}}))?|(\d{{4}}))\b",
    re.IGNORECASE,
)
_VERSION: Final = re.compile(
    r"\bv(?=\d)(\d+(?:\.\d+)*)\b|\b(?:version|release)s?\s+v?(\d+(?:\.\d+)*)\b"
    r"|(?<![\w.,])(\d+(?:\.\d+){2,})(?![\w.]*\w)",
    re.IGNORECASE,
)
# `Python 3.10` is a version; `3.10` at the end of `costs 3.10` is an amount.
_NAMED_VERSION: Final = re.compile(
    r"(?<=[a-z0-9+#] )\b([A-Z]\w*)\s+(\d+\.\d+)(?![\w.,]*\d)(?!\s*%)"
)
_LABEL: Final = re.compile(
    r"\b(step|section|chapter|page|figure|table|tier|level|phase|part|item|article|annex|appendix"
    r"|room|building|floor|type|class|grade|category|stage|rule|clause|line|no\.|number|nr|iso|rfc"
    r"|sop|priority|severity|question|option|form|patch|ticket|issue|bug|build|order|invoice|day|week|month|round|sprint|quarter)\.?\s+#?(\d+(?:\.\d+)*|(?-i:[A-Z]))(?![\w%])",
    re.IGNORECASE,
)
_YEAR: Final = re.compile(
    r"(?:(?<=in )|(?<=since )|(?<=until )|(?<=by )|(?<=from )|(?<=during )|(?<=before )|(?<=after )"
    r"|(?<![\w.,$€£-])(?!\d{4}\s+\w+s\b))(?:19|20)\d{2}(?![\w-]|[.,]\d|\s*(?:%|percent))",
    re.IGNORECASE,
)
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
_SCALES: Final = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9}
_WORD: Final = rf"(?:{'|'.join(_TENS)})(?:[ -](?:{'|'.join(_ONES[1:10])}))?|{'|'.join(_ONES)}"
_AMOUNT: Final = re.compile(
    rf"(?P<sign>[$€£])?\s?(?<![\w.])(?:(?P<digits>[-\u2212]?\d+(?:[,\u202f ]\d{{3}}(?!\d))*(?:\.\d+)?)"
    rf"|(?P<words>\b(?:{_WORD})\b))"
    rf"(?:[ -](?P<scale>{'|'.join(_SCALES)}|k)\b)?"
    r"(?P<tail>[ -]?(?:(?P<kind>business|working|calendar|consecutive|full)[ -])?(?:%|[A-Za-zµ°]+))?",
    re.IGNORECASE,
)
_LEAST: Final = re.compile(
    r"\b(?:at least|no(?:t)? (?:less|fewer) than|more than|minimum|min|longer than)\W*"
    r"(?:\w+\W+){0,4}$",
    re.IGNORECASE,
)
_MOST: Final = re.compile(
    r"\b(?:at most|no(?:t)? (?:more|later|longer) than|less than|fewer than|under|within|up to"
    r"|maximum|max|below)\W*(?:\w+\W+){0,4}$",
    re.IGNORECASE,
)
_CURRENCIES: Final = {"$": "usd", "€": "eur", "£": "gbp"}
_OR_MORE: Final = re.compile(r"\W*(?:\w+\W+)?or (more|longer|less|fewer)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Amount:
    """A number with what it counts; `value` is in the unit's base, so that 24 hours are 1 day."""

    value: Fraction
    unit: str
    bound: Bound
    start: int
    end: int
    said: str

    @property
    def is_measured(self) -> bool:
        """Whether the unit is one of the table, and not just a word that follows."""
        return self.unit != ""


@dataclass(frozen=True)
class Facts:
    """All that a sentence gives a number for."""

    amounts: tuple[Amount, ...] = ()
    dates: tuple[str, ...] = ()
    """ISO, as far as they go: 2026, 2026-03, 2026-03-01; --03-01 without a year."""
    versions: tuple[str, ...] = ()
    labels: frozenset[str] = field(default_factory=frozenset[str])
    """`tier 1`: part of what the sentence is about, never an amount."""
    rest: str = ""
    """The sentence without all of them."""


def facts_of(text: str) -> Facts:
    """Find dates first, then versions and labels: what is left are amounts."""
    left = _Left(text)
    dates = list(_dates(left))
    versions = [_first(one) for one in left.take(_VERSION)]
    versions += [one[2] for one in left.take(_NAMED_VERSION, keep=1)]
    labels = frozenset(f"{one[1]} {one[2]}".lower() for one in left.take(_LABEL))
    dates += [one[0] for one in left.take(_YEAR)]
    amounts = [*_often(left), *_amounts(left, text)]
    return Facts(
        tuple(sorted(amounts, key=lambda one: one.start)),
        tuple(dates),
        tuple(versions),
        labels,
        left.text,
    )


@dataclass
class _Left:
    """A text of which what was understood is blanked out, so that places stay as they are."""

    text: str

    def take(self, pattern: re.Pattern[str], keep: int = 0) -> list[re.Match[str]]:
        found = list(pattern.finditer(self.text))
        for one in found:
            start = one.end(keep) if keep else one.start()
            self.blank(start, one.end())
        return found

    def blank(self, start: int, end: int) -> None:
        self.text = self.text[:start] + " " * (end - start) + self.text[end:]


def _first(found: re.Match[str]) -> str:
    return next(one for one in found.groups() if one)


def _dates(left: _Left) -> Iterator[str]:
    for one in left.take(_ISO):
        yield "-".join(part for part in one.groups() if part)
    for one in left.take(_DAY_FIRST):
        yield _date(one[3], one[2], one[1])
    for one in left.take(_MONTH_FIRST):
        yield _date(one[3] or one[4], one[1], one[2])


def _date(year: str | None, month: str, day: str | None) -> str:
    number = _MONTHS.index(month[:3].lower()) // 3 + 1
    parts = [year or "-", f"{number:02}", *([f"{int(day):02}"] if day else [])]
    return "-".join(parts)


def _often(left: _Left) -> Iterator[Amount]:
    for one in left.take(_OFTEN):
        adverb = (one[2] or "").lower()
        said = (one[1] or adverb).lower()
        word = _ADVERBS.get(said) or said.removesuffix("ly")
        unit, factor = ("time", Fraction(2)) if one[3] else _known(word)
        yield Amount(factor, unit, "exact", one.start(), one.end(), one[0])


def _known(word: str) -> tuple[str, Fraction]:
    return unit_of(word) or ("", Fraction(1))


def _amounts(left: _Left, text: str) -> Iterator[Amount]:
    before = 0
    matches = list(_AMOUNT.finditer(left.text))
    for number, found in enumerate(matches):
        unit, factor, end = _unit(found)
        if not unit and (found["words"] or "").lower() in {"one", "zero"}:
            continue  # `one of them` counts nothing
        if not unit and number + 1 < len(matches) and _is_range(text, end, matches[number + 1]):
            unit, factor, _ = _unit(matches[number + 1])
        yield Amount(
            _value(found) * factor, unit, _bound(text, before, found.start(), end),
            found.start(), end, text[found.start() : end].strip(),
        )  # fmt: skip
        left.blank(found.start(), end)
        before = end


def _is_range(text: str, end: int, following: re.Match[str]) -> bool:
    """Whether `10` stands before `to 20 days`, and so means days too."""
    return bool(re.fullmatch(r"\s*(?:to|and|or|-|\u2013)?\s*", text[end : following.start()]))


def _value(found: re.Match[str]) -> Fraction:
    digits, words, scale = found["digits"], found["words"], (found["scale"] or "").lower()
    if digits:
        value = Fraction(re.sub(r"[,\u202f ]", "", digits).replace("\u2212", "-"))
    else:
        value = Fraction(sum(_word(one) for one in re.split(r"[ -]", words.lower())))
    return value * (1000 if scale == "k" else _SCALES.get(scale, 1))


def _word(word: str) -> int:
    return _ONES.index(word) if word in _ONES else 10 * (_TENS.index(word) + 2)


def _unit(found: re.Match[str]) -> tuple[str, Fraction, int]:
    """Return the unit, what it is of its base, and where the amount with a real unit ends."""
    number_ends = found.start("tail") if found["tail"] else found.end()
    if found["sign"]:
        return _CURRENCIES[found["sign"]], Fraction(1), number_ends
    tail = re.split(r"[ -]", (found["tail"] or "").strip(" -"))[-1]
    known = unit_of(tail)
    if known is None:
        return "", Fraction(1), number_ends
    if (found["kind"] or "").lower() in {"business", "working"}:
        return "workday", Fraction(1), found.end()
    return known[0], known[1], found.end()


def _bound(text: str, before: int, start: int, end: int) -> Bound:
    ahead = text[before:start]
    after = _OR_MORE.match(text, end)
    if after:
        return "least" if after[1].lower() in {"more", "longer"} else "most"
    least, most = _LEAST.search(ahead), _MOST.search(ahead)
    if least and most:
        return "least" if least.start() > most.start() else "most"
    return "least" if least else "most" if most else "exact"
