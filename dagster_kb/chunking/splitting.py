"""Cuts a block that is too long at the best places that it has."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from dagster_kb.chunking.blocks import Block, BlockKind
from dagster_kb.chunking.graphemes import cut_at_most, is_boundary
from dagster_kb.chunking.tokens import TokenCounter, weight

Span = tuple[int, int]
_Place = re.Pattern[str] | tuple[int, ...]

_ITEM: Final = re.compile(r"(?:\r\n?|\n)(?=(?:[-*+]|\d{1,9}[.)])[ \t])")
_EMPTY_LINE: Final = re.compile(r"(?:\r\n?|\n)[ \t]*(?:\r\n?|\n)\s*?(?=[ \t]*\S)")
_LINE: Final = re.compile(r"\r\n?|\n")
_SENTENCE: Final = re.compile(r"[.!?…][\"'”’)\]*_]*\s+|[。！？]")  # noqa: RUF001 (those of CJK)
_CLAUSE: Final = re.compile(r"[;:,—–)\]|]\s+|[；，、]")  # noqa: RUF001
_WORD: Final = re.compile(r"\s+")

# From the best place to cut to the last resort; after these only characters are left.
_BY_LINES: Final = (_EMPTY_LINE, _LINE, _SENTENCE, _CLAUSE, _WORD)
_BY_SENTENCES: Final = (_EMPTY_LINE, _SENTENCE, _LINE, _CLAUSE, _WORD)
_PLACES: Final[dict[BlockKind, tuple[re.Pattern[str], ...]]] = {
    "prose": _BY_SENTENCES,
    "quote": _BY_SENTENCES,
    "list": (_ITEM, *_BY_LINES),
    "code": _BY_LINES,
    "html": _BY_LINES,
    "table": (_LINE, _CLAUSE, _WORD),
    "heading": (_WORD,),
}


@dataclass(frozen=True)
class Splitter:
    """Splits into spans of at most `limit` tokens that lie one after the other."""

    count: TokenCounter

    def split(self, block: Block, text: str, span: Span, limit: int) -> list[Span]:
        """Split a block's `text[start:end]`; between the spans lies nothing but whitespace."""
        places = (block.rows, *_PLACES[block.kind]) if block.rows else _PLACES[block.kind]
        pieces = self._pieces(text, span, limit, places)
        return [one for one in (trimmed(text, piece) for piece in pieces) if one]

    def weigh(self, text: str, span: Span) -> int:
        return weight(self.count, text[span[0] : span[1]])

    def _pieces(
        self, text: str, span: Span, limit: int, places: tuple[_Place, ...]
    ) -> Iterator[Span]:
        """Pack neighbours while they fit; split further what does not fit alone."""
        if not places:
            yield from self._windows(text, span, limit)
            return
        start, total = span[0], 0
        for piece in cut(text, span, places[0]):
            size = self.weigh(text, piece)
            if total and total + size > limit:
                yield start, piece[0]
                start, total = piece[0], 0
            if size > limit:
                yield from self._pieces(text, piece, limit, places[1:])
                start = piece[1]
            else:
                total += size
        if start < span[1]:
            yield start, span[1]

    def _windows(self, text: str, span: Span, limit: int) -> Iterator[Span]:
        """Cut a text without any place to cut, such as base64, between its characters."""
        start, end = span
        while start < end:
            size = limit * 4
            stop = cut_at_most(text, start, min(start + size, end))
            while size > 1 and self.weigh(text, (start, stop)) > limit:
                size = size * 3 // 4
                stop = cut_at_most(text, start, min(start + size, end))
            yield start, stop
            start = stop


def trimmed(text: str, span: Span) -> Span | None:
    """Leave out blank lines before and whitespace after; the first line keeps its indentation."""
    start, end = span
    words = text[start:end].rstrip()
    if not words:
        return None
    blanks = words[: len(words) - len(words.lstrip())]
    line = max(blanks.rfind("\n"), blanks.rfind("\r")) + 1
    return start + line, start + len(words)


def cut(text: str, span: Span, place: _Place) -> Iterator[Span]:
    """Cut at every such place that is the end of a whole character."""
    start, end = span
    for at in _places(text, span, place):
        if start < at < end and is_boundary(text, at):
            yield start, at
            start = at
    if start < end:
        yield start, end


def _places(text: str, span: Span, place: _Place) -> Iterator[int]:
    if isinstance(place, re.Pattern):
        return (one.end() for one in place.finditer(text, *span))
    return iter(place[bisect_right(place, span[0]) : bisect_left(place, span[1])])
