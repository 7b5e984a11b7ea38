"""Words that a PDF's lines break: whether the hyphen is a typesetter's or the word's own."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from dagster_kb.readers.pdf_lines import Line

HYPHEN: Final = "\xad"
"""How the end of a broken line is marked."""
# So that a paragraph of many lines is not searched from its beginning at each of them.
_LONGEST_WORD: Final = 100
_WORD: Final = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


@dataclass(frozen=True)
class BrokenWords:
    """Joins them as the rest of the document writes them."""

    known: frozenset[str]
    usual: bool | None
    """Whether this typesetter breaks words at all, or only at hyphens of their own."""

    @classmethod
    def of(cls, lines: Iterable[Line]) -> "BrokenWords":
        """Look at all words where any is broken."""
        said = [line.text for line in lines]
        if not any(one.endswith(HYPHEN) for one in said):
            return cls(frozenset(), None)
        # What stands at a line's end or head may be half a word.
        whole = {word.casefold() for one in said for word in _WORD.findall(one)[1:-1]}
        known = frozenset(whole | {half for one in whole for half in one.split("-")})
        halves = [_halves(*both) for both in pairwise(said) if both[0].endswith(HYPHEN)]
        told = Counter(_is_told(known, *both) for both in halves if both)
        broken, own = told[False], told[True]
        return cls(known, None if broken == own else broken > own)

    def joined(self, words: str, more: str) -> str:
        """Go on with the next line."""
        if not words.endswith(HYPHEN):
            return f"{words} {more}" if words else more
        words = words.removesuffix(HYPHEN)
        return words + ("-" if self._is_own(words, more) else "") + more

    def _is_own(self, words: str, more: str) -> bool:
        """Tell `cloud-` and `native` from `hydrau-` and `lic`; in doubt it is."""
        halves = _halves(words, more)
        if halves is None:
            return True
        told = _is_told(self.known, *halves)
        if told is not None:
            return told
        ends, begins = _WORD.findall(words[-_LONGEST_WORD:])[-1], _WORD.findall(more)[0]
        compound = "-" in ends + begins
        if compound or self.usual is False:
            return True
        return not self.usual and not self.known.isdisjoint(halves)


def _halves(words: str, more: str) -> tuple[str, str] | None:
    """Return the parts beside the hyphen: `other-than-` and `temporarily` have `than` there."""
    first, second = _WORD.findall(words[-_LONGEST_WORD:])[-1:], _WORD.findall(more)[:1]
    if not first or not second or not more[0].islower():
        return None
    return first[0].casefold().rpartition("-")[2], second[0].casefold().partition("-")[0]


def _is_told(known: frozenset[str], one: str, other: str) -> bool | None:
    if f"{one}-{other}" in known:
        return True
    if one + other in known:
        return False
    return True if {one, other} <= known else None
