"""Where authors of Markdown and MDX comment words out."""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markdown_it.token import Token

from dagster_kb.chunking.splitting import Span
from dagster_kb.readers.source_text import Lines

_CODE: Final = frozenset({"fence", "code_block"})
_MARKS: Final = re.compile(r"\\.|`+|<!--", re.DOTALL)
# In MDX a comment is JavaScript's, in braces, and goes on over empty lines and fences.
_MDX_MARKS: Final = re.compile(r"\\.|`+|<!--|\{\s*/\*", re.DOTALL)
_MDX_END: Final = re.compile(r"\*/\s*\}")
# Code may stand within a block of HTML of MDX, and only between so many ticks.
_FENCE: Final = 3
_TICKS: Final = re.compile("`+")
# A link that leads nowhere and has only a title: `[//]: # (words)`; lines may end in a lone \r too.
_NOWHERE: Final = re.compile(
    r"(?:^|(?<=\r))[ \t>]*\[[^\]\r\n]{1,200}\]:[ \t]*(?:\#|<>)[ \t]+"
    r"(?:\"[^\"]{0,1000}\"|'[^']{0,1000}'|\([^()]{0,1000}\)|\([^\r\n]{0,1000}\))[ \t]*(?=[\r\n]|\Z)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class _Region:
    """Lines in which a comment may begin; in a block of HTML ticks mean nothing."""

    start: int
    end: int
    is_html: bool


def comments(text: str, lines: Lines, tokens: Sequence[Token], *, mdx: bool) -> Iterator[Span]:
    """Give what is commented out; a block comment that never ends reaches to the end of its block."""
    marks = _MDX_MARKS if mdx else _MARKS
    ends = [one.end() for one in _MDX_END.finditer(text, lines.starts[0])] if mdx else []
    done = lines.starts[0]
    for region in _regions(lines, tokens):
        for span in _in_region(text, region, max(region.start, done), marks, ends):
            yield span
            done = span[1]
    yield from _leading_nowhere(text, lines, tokens)


def is_open(text: str, comment: Span) -> bool:
    """Tell whether a comment has no end."""
    return text.startswith("<!--", comment[0]) and not text.endswith("-->", 0, comment[1])


def _regions(lines: Lines, tokens: Iterable[Token]) -> Iterator[_Region]:
    for one in tokens:
        if not one.map:
            continue
        if one.type in ("inline", "html_block"):
            yield _Region(*lines.span(*one.map), is_html=one.type == "html_block")
        elif one.type == "table":
            rows = (lines.span(row, row + 1) for row in range(*one.map))
            yield from (_Region(*row, is_html=False) for row in rows)


def _in_region(
    text: str, region: _Region, at: int, marks: re.Pattern[str], ends: Sequence[int]
) -> Iterator[Span]:
    ticks = _Ticks.of(text, region) if marks is _MDX_MARKS or not region.is_html else None
    while at < region.end and (found := marks.search(text, at, region.end)):
        mark, at = found[0], found.end()
        if mark.startswith("`"):
            is_code = not region.is_html or len(mark) >= _FENCE
            at = ticks.close(mark, at) if ticks and is_code else at
        elif mark.startswith("\\"):
            at = found.start() + 1 if region.is_html else at
        elif mark.startswith("{"):
            after = bisect_right(ends, at + 1)
            if after < len(ends):
                yield found.start(), (at := ends[after])
        else:
            # `<!-->` is one too.
            close = text.find("-->", found.start() + 2, region.end)
            if close < 0 and not region.is_html:
                return
            yield found.start(), (at := close + 3 if close >= 0 else region.end)


@dataclass(frozen=True)
class _Ticks:
    """Where code within a line begins and ends: at as many ticks."""

    places: dict[int, list[int]]

    @classmethod
    def of(cls, text: str, region: _Region) -> "_Ticks":
        places: defaultdict[int, list[int]] = defaultdict(list)
        for one in _TICKS.finditer(text, region.start, region.end):
            places[len(one[0])].append(one.start())
        return cls(places)

    def close(self, mark: str, at: int) -> int:
        """Go past the code that a mark opens, or past the mark where nothing closes it."""
        same = self.places.get(len(mark), [])
        after = bisect_left(same, at)
        return same[after] + len(mark) if after < len(same) else at


def _leading_nowhere(text: str, lines: Lines, tokens: Iterable[Token]) -> Iterator[Span]:
    codes = [lines.span(*one.map) for one in tokens if one.map and one.type in _CODE]
    for one in _NOWHERE.finditer(text, lines.starts[0]):
        before = bisect_left(codes, (one.start() + 1,)) - 1
        if before < 0 or one.start() >= codes[before][1]:
            yield one.span()
