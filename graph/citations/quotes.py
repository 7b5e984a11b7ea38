"""Is this quote there, word for word? Nothing else decides whether a citation is shown."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal

from graph.state import Passage

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


def check(quote: str, passage: Passage, others: Iterable[Passage] = ()) -> Checked:
    """Look for the quote in its passage, and say how it fails when it is not there."""
    place = locate(quote, passage["text"])
    if place:
        return Checked("found", *place)
    if any(locate(quote, other["text"]) for other in others):
        return Checked("misattributed")
    if _stitched(quote, passage["text"]):
        return Checked("stitched")
    return Checked("altered" if _altered(quote, passage["text"]) else "not_found")


def locate(quote: str, text: str) -> tuple[int, int] | None:
    """Return where the quote stands in the text, whole words only; None when it does not."""
    wanted, there = _normal(quote).text.strip(), _normal(text)
    if not wanted:
        return None
    place = there.text.find(wanted)
    while place >= 0:
        end = place + len(wanted)
        if whole_words(there.text, place, end):
            return there.original(place, end, text)
        place = there.text.find(wanted, place + 1)
    return None


def whole_words(text: str, start: int, end: int) -> bool:
    """`compliant` must not be found in `non-compliant`, nor `1.5` in `11.5`."""
    before, after = text[:start][-2:], text[end : end + 2]
    left = bool(re.search(r"\w[-\u2010\u2011]?$", before)) and text[start].isalnum()
    right = after[:1].isalnum() and text[end - 1].isalnum()
    number_left = text[start].isdigit() and bool(re.search(r"\d[.,]$|[-\u2212]$", before))
    number_right = text[end - 1].isdigit() and bool(re.match(r"[.,]\d|%", after))
    return not (left or right or number_left or number_right)


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


def _stitched(quote: str, text: str) -> bool:
    """Whether the quote is made of real pieces that do not stand together."""
    pieces = [piece for piece in _GAP.split(quote) if piece.strip()]
    if len(pieces) > 1:
        return all(locate(piece, text) for piece in pieces)
    words = quote.split()
    return len(words) <= MOST_WORDS and _made_of_pieces(words, text)


def _made_of_pieces(words: Sequence[str], text: str) -> bool:
    place, pieces = 0, 0
    while place < len(words):
        end = len(words)
        while end > place and not locate(" ".join(words[place:end]), text):
            end -= 1
        if end - place < min(PIECE_WORDS, len(words) - place):
            return False
        place, pieces = end, pieces + 1
    return pieces > 1


def _altered(quote: str, text: str) -> bool:
    wanted, there = (re.findall(r"\w+", _normal(one).text.lower()) for one in (quote, text))
    if not wanted or len(wanted) > MOST_WORDS:
        return False
    matcher = SequenceMatcher(None, there, wanted, autojunk=False)
    same = sum(block.size for block in matcher.get_matching_blocks())
    return same / len(wanted) >= ALTERED_LIKENESS
