"""Numbers of a sentence as facts: amounts with their units, dates, versions, and labels."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from graph.citations.amounts import Amount, amounts_in, clocks_in, often_in
from graph.citations.units import CODES

_MONTH: Final = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:tember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_MONTHS: Final = "janfebmaraprmayjunjulaugsepoctnovdec"
_ISO: Final = re.compile(r"(?<![\w.-])(\d{4})-(\d{2})(?:-(\d{2}))?(?![\w-])")
# `31/12/2024`; which of `03/04/2024` is the month nobody can tell.
_WITH_SLASHES: Final = re.compile(
    r"(?<![\w./])(?:(1[3-9]|2\d|3[01])[/.](0?[1-9]|1[0-2])|(0?[1-9]|1[0-2])/(1[3-9]|2\d|3[01]))"
    r"[/.](\d{4})(?![\w/])"
)
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
    rf"(?<=[a-z0-9+#] )\b(?!(?:{CODES})\b)([A-Z]\w*)\s+(\d+\.\d+)(?![\w.,]*\d)"
    r"(?!\s*(?:%|per ?cent|(?:thousand|million|billion|trillion|mn|mio|bn|tn|k|m)\b))"
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


@lru_cache(maxsize=2048)
def facts_of(text: str) -> Facts:
    """Find dates first, then versions and labels: what is left are amounts."""
    left = _Left(text)
    dates = list(_dates(left))
    versions = [_first(one) for one in left.take(_VERSION)]
    versions += [one[2] for one in left.take(_NAMED_VERSION, keep=1)]
    labels = frozenset(f"{one[1]} {one[2]}".lower() for one in left.take(_LABEL))
    dates += [one[0] for one in left.take(_YEAR)]
    amounts = [*left.cut(clocks_in(left.text)), *left.cut(often_in(left.text))]
    amounts += left.cut(amounts_in(left.text, text))
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

    def cut(self, amounts: Iterable[Amount]) -> list[Amount]:
        found = list(amounts)
        for one in found:
            self.blank(one.start, one.end)
        return found

    def blank(self, start: int, end: int) -> None:
        self.text = self.text[:start] + " " * (end - start) + self.text[end:]


def _first(found: re.Match[str]) -> str:
    return next(one for one in found.groups() if one)


def _dates(left: _Left) -> Iterator[str]:
    for one in left.take(_ISO):
        yield "-".join(part for part in one.groups() if part)
    for one in left.take(_WITH_SLASHES):
        day, month = (one[1], one[2]) if one[1] else (one[4], one[3])
        yield f"{one[5]}-{int(month):02}-{int(day):02}"
    for one in left.take(_DAY_FIRST):
        yield _date(one[3], one[2], one[1])
    for one in left.take(_MONTH_FIRST):
        yield _date(one[3] or one[4], one[1], one[2])


def _date(year: str | None, month: str, day: str | None) -> str:
    number = _MONTHS.index(month[:3].lower()) // 3 + 1
    parts = [year or "-", f"{number:02}", *([f"{int(day):02}"] if day else [])]
    return "-".join(parts)
