"""Is this quote there, word for word? Nothing else decides whether a citation is shown."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final, Literal

Verdict = Literal["found", "misattributed", "stitched", "altered", "not_found"]

# All that may differ between a quote and its source; whitespace and Markdown escapes besides.
_LIGATURES: Final = ("ff", "fi", "fl", "ffi", "ffl", "st", "st")
_SAME: Final = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"'),
    **dict(zip("\ufb00\ufb01\ufb02\ufb03\ufb04\ufb05\ufb06", _LIGATURES, strict=True)),
}
_ESCAPED: Final = re.compile(r"\\[!-/:-@\[-`{-~]")
_GAP: Final = re.compile(r"\s*(?:\[?(?:\.\.\.|…)\]?|\s/\s)\s*")
# Where words and numbers go on: what stands before a place, and what after it.
_GOES_ON: Final = tuple(
    (re.compile(left), re.compile(right))
    for left, right in (
        (r"\w$|\w[-\u2010\u2011]\s{0,3}$", r"[^\W_]"),
        (r"\d$", r"[.,]\d|%|[-\u2010\u2011\u2013]\d"),
        (r"\d[.,\u2010\u2011\u2013]$|[-\u2212]$", r"\d"),
        (r"(?<!\d)\d{1,3} $", r"\d{3}(?!\d)"),
        (r"(?<!\d)\d{1,3}$", r" \d{3}(?!\d)"),
    )
)
# A quote may end before `-closing`, since that denies nothing, and not begin with the rest of `non-`.
_CUT_OFF: Final = (re.compile(r"\w$"), re.compile(r"[-\u2010\u2011]\w"))
# Shorter pieces stand in every text, so finding them shows nothing.
PIECE_WORDS: Final = 3
ALTERED_LIKENESS: Final = 0.8
# How a longer quote fails is not worth the time to find out.
MOST_WORDS: Final = 150


@dataclass(frozen=True)
class Checked:
    """What became of a quote; the offsets are into the passage's own text."""

    verdict: Verdict
    start: int = 0
    end: int = 0


@dataclass(frozen=True)
class _Normal:
    """A normalised text; `places[i]` is where its i-th character stands in the original."""

    text: str
    places: tuple[int, ...]

    def original(self, start: int, end: int, whole: str) -> tuple[int, int]:
        stop = self.places[end] if end < len(self.places) else len(whole)
        first = self.places[start]
        return first, first + len(whole[first:stop].rstrip())


def check(quote: str, text: str, others: Iterable[str] = ()) -> Checked:
    """Look for the quote in its passage's text, and say how it fails when it is not there."""
    place = locate(quote, text)
    if place:
        return Checked("found", *place)
    wanted, sources = _normal(quote).text.strip(), [_normal(one).text for one in (text, *others)]
    if any(_stands(wanted, one) for one in sources[1:]):
        return Checked("misattributed")
    pieces = [piece.strip() for piece in _GAP.split(wanted) if piece.strip()]
    if len(pieces) > 1 and all(_anywhere(piece, sources) for piece in pieces):
        return Checked("stitched")
    words = wanted.split()
    if len(words) > MOST_WORDS:
        return Checked("not_found")
    if _altered(wanted, sources[0]):
        return Checked("altered")
    return Checked("stitched" if _made_of_pieces(words, sources) else "not_found")


def locate(quote: str, text: str) -> tuple[int, int] | None:
    """Return where the quote stands in the text, whole words only; None when it does not."""
    there, wanted = _normal(text), _normal(quote).text.strip()
    place = _find(wanted, there.text)
    return None if place < 0 else there.original(place, place + len(wanted), text)


def _find(wanted: str, text: str) -> int:
    """Where normalised words begin in a normalised text; -1 when they are not there."""
    place = text.find(wanted) if wanted else -1
    while place >= 0 and not whole_words(text, place, place + len(wanted)):
        place = text.find(wanted, place + 1)
    return place


def _stands(wanted: str, text: str) -> bool:
    return _find(wanted, text) >= 0


def _anywhere(wanted: str, sources: Sequence[str]) -> bool:
    return any(_stands(wanted, one) for one in sources)


def whole_words(text: str, start: int, end: int) -> bool:
    """`compliant` must not be found in `non-compliant`, nor `1.5` or `.5` in `11.5`, nor `250` in `1 250`."""
    begin = text[max(0, start - 5) : start], text[start : start + 5]
    finish = text[max(0, end - 5) : end], text[end : end + 5]
    places = [(begin, one) for one in (*_GOES_ON, _CUT_OFF)] + [(finish, one) for one in _GOES_ON]
    return not any(
        left.search(before) and right.match(after) for (before, after), (left, right) in places
    )


@lru_cache(maxsize=512)
def _normal(text: str) -> _Normal:
    characters: list[str] = []
    places: list[int] = []
    place = 0
    while place < len(text):
        step = 2 if _ESCAPED.match(text, place) else 1
        char = text[place + step - 1]
        shown = " " if char.isspace() else _SAME.get(char, char)
        if not (shown == " " and characters[-1:] == [" "]):
            characters.extend(shown)
            places.extend([place] * len(shown))
        place += step
    return _Normal("".join(characters), tuple(places))


def _made_of_pieces(words: Sequence[str], sources: Sequence[str]) -> bool:
    """Whether a quote is made of real pieces, of one passage or of several, that do not stand together."""
    place, pieces = 0, 0
    while place < len(words):
        end = place
        while end < len(words) and _anywhere(" ".join(words[place : end + 1]), sources):
            end += 1
        if end - place < min(PIECE_WORDS, max(len(words) - place, 1)):
            return False
        place, pieces = end, pieces + 1
    return pieces > 1


def _altered(quote: str, text: str) -> bool:
    """Whether nearly all its words stand in their order in one place of about its length."""
    wanted, there = (re.findall(r"\w+", one.lower()) for one in (quote, text))
    if not wanted:
        return False
    matcher = SequenceMatcher(None, there, wanted, autojunk=False)
    anchor = matcher.find_longest_match()
    slack = max(2, len(wanted) // 4)
    start = max(0, anchor.a - anchor.b - slack)
    matcher.set_seq1(there[start : anchor.a - anchor.b + len(wanted) + slack])
    same = sum(block.size for block in matcher.get_matching_blocks())
    one_word_of_few = same >= PIECE_WORDS and len(wanted) - same <= 1
    return one_word_of_few or same / len(wanted) >= ALTERED_LIKENESS
